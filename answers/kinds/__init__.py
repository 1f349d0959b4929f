"""Kinds of answers: one file for each, and a registry by name."""
