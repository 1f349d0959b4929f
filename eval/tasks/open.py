"""The user's own requests, which are answered in free text."""

from .open_ended import OpenEndedTask

OPEN = OpenEndedTask("open")
