"""Compile the prompts of a program with DSPy optimizers."""
