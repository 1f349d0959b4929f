"""The team: tiers of language models, their engines, and the meter of their usage."""

import lazy_loader

# Loaded on first use, so that light modules (prices, weights) do not import dspy.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
