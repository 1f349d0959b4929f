"""Planner, Reasoner and Cascade as DSPy modules, the vote, and the presets."""

import lazy_loader

# Loaded on first use, so that reading a preset does not pay for dspy.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
