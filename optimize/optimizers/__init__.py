"""The optimizers; each wraps a DSPy teleprompter."""
