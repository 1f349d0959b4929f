"""Confidence: how the samples of a round become an answer and a confidence."""
