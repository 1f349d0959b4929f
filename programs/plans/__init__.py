"""Kinds of plans that are made without a model from what rooms above the signatures know."""
