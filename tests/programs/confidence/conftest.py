"""The sandbox in which programs vote by their outputs."""

from support.sandboxes import bare

__all__ = ["bare"]
