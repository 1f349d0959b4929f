"""Tasks, evaluations that can be resumed, recordings of all samples and their replay."""

import lazy_loader

# Loaded on first use, because an evaluation does not need Arrow.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
