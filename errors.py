"""The errors that a user can cause; each message is one line that says what to do next."""


class CopeError(Exception):
    """Something that the user can mend. Asking again without a change does not help."""


class Unavailable(CopeError):
    """A server or service did not answer after retries. The same command goes on later where it stopped."""
