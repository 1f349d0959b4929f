"""Read answers out of replies, and compare them."""

from .code.reply import extract_program as extract_program

__all__ = ["extract_program"]
