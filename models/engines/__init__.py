"""Engines: how models make completions."""
