"""Read answers out of replies, and compare them."""

import lazy_loader

# Loaded on first use: `cope --help` lists the kinds of answers without reading any.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
