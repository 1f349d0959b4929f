"""Provide small helpers that know nothing of models or questions."""
