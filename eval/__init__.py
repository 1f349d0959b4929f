"""Tasks, the resumable evaluation run, its records and its figures; records of all samples, and their replay."""

import lazy_loader

# Loaded on first use: an evaluation does without Arrow.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
