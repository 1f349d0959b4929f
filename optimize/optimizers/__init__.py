"""The optimizers, each a wrapped DSPy teleprompter."""
