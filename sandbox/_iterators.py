"""Iterators and awaitables of the program, as the tests use them."""

from _remote import info_of

_BATCH_FROM = 8  # items of an iterator that are fetched one by one
_MAX_BATCH = 4096
_MAX_ITEMS = 1_000_000  # of one iterator


def next_item(self):
    buffer = self._cope_buffer
    if buffer.items:
        return buffer.items.pop()
    if buffer.end:
        error, buffer.end = buffer.end, None
        raise error
    count = 1
    if info_of(type(self)).standard and buffer.taken >= _BATCH_FROM:
        count = min(2 * buffer.taken, _MAX_BATCH)
    items, ended, rest = info_of(type(self)).link.ask("next", self, count)
    buffer.taken += len(items)
    if buffer.taken > _MAX_ITEMS:
        raise ValueError(f"more than {_MAX_ITEMS:,} values")
    buffer.items = list(items[::-1])
    if ended:
        buffer.end = StopIteration(rest)
    elif isinstance(rest, BaseException):
        buffer.end = rest
    return next_item(self)


def awaited(self):
    return info_of(type(self)).link.ask("await", self)
    yield


class Buffer:
    """The items of an iterator that were fetched already, and how it ended."""

    def __init__(self):
        self.items, self.end, self.taken = [], None, 0
