"""Sandboxes for the tests here."""

from support.sandboxes import bare, walled

__all__ = ["bare", "walled"]
