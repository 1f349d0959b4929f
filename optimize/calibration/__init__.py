"""Calibrate: choose thresholds and samples from a record, with a statistical guarantee."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
