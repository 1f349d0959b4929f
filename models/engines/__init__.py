"""Engines: how a completion is made."""
