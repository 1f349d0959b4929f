"""Compiled programs of the package: JSON files that `cope compile` wrote, with their metadata."""
