"""The team: tiers of language models, their engines, and the meter that counts what they use."""

import lazy_loader

# Loaded on first use, so that light parts (prices, weights) do not pay for dspy.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
