"""Calibrate: thresholds and numbers of samples chosen from a record, with a promise that holds."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
