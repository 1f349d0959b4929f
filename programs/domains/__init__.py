"""Kinds of questions: one file for each, and a registry by name."""
