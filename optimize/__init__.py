"""Prompts and thresholds from data: compile with DSPy's optimizers, calibrate with a guarantee."""

import lazy_loader

# Loaded on first use, so that calibration does not pay for the optimizers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
