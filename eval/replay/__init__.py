"""Replay a recording under other settings, without a model."""
