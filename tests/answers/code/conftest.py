"""The sandbox in which programs out of replies run."""

from support.sandboxes import walled

__all__ = ["walled"]
