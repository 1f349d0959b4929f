"""Answer a table: each row is a question, and the same rows come out with their answers."""

import lazy_loader

# Loaded on first use, so that `import cope` does not pay for dspy.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
