"""Decoys: values among which an object of the program cannot recognize the expected one."""

import random
import secrets

_DECOYS = 15  # a program that guesses passes one comparison in sixteen
_STEPS = 2


def decoys(value):
    """Return values like `value`, none of them equal to it.

    All of them, and `value` too, are as many random steps away from one hidden value, so that it is
    not in the middle of them.
    """
    draw = random.Random(secrets.randbits(64))
    if value is None or isinstance(value, bool):
        others = [other for other in (True, False, None) if other is not value]
        return [*others, draw.randrange(2, 10**6), f"{draw.random()}", [draw.random()]]
    hidden = _changed(value, draw)
    made = []
    while len(made) < _DECOYS:
        decoy = _changed(hidden, draw)
        if not any(type(d) is type(decoy) and d == decoy for d in (value, *made)):
            made.append(decoy)
    return made


def strangers(value):
    """Return values of the type of `value` that no honest container holds all of."""
    number = 10**40 + secrets.randbits(64)
    if isinstance(value, str):
        return secrets.token_hex(8), secrets.token_hex(8)
    if isinstance(value, bytes):
        return secrets.token_bytes(8), secrets.token_bytes(8)
    if isinstance(value, (int, float)):
        return number, -number
    return (secrets.token_hex(4), number), [number], None, secrets.token_hex(8)


def _changed(value, draw):
    for _ in range(_STEPS):
        value = _step(value, draw)
    return value


def _step(value, draw):
    """Return a value of the same type, one random change away."""
    if (
        isinstance(value, bool)
        or value is None
        or (not value and not isinstance(value, (int, float)))
    ):
        return draw.choice(
            [
                None,
                True,
                False,
                True,
                False,
                draw.randrange(10**6),
                f"{draw.random()}",
                [draw.random()],
            ]
        )
    if isinstance(value, int):
        return value + draw.randrange(-20 - abs(value) // 2, 21 + abs(value) // 2)
    if isinstance(value, float):
        return round(value + draw.uniform(-1, 1) * (1 + abs(value)), draw.randrange(1, 5))
    if isinstance(value, str):
        place = draw.randrange(len(value))
        return value[:place] + _letter(value[place], draw) + value[place + 1 :]
    if isinstance(value, bytes):
        place = draw.randrange(len(value))
        return value[:place] + bytes([draw.randrange(256)]) + value[place + 1 :]
    if isinstance(value, (list, tuple)):
        items = list(value)
        place = draw.randrange(len(items))
        items[place] = _step(items[place], draw)
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        key = draw.choice(list(value))
        return {**value, key: _step(value[key], draw)}
    return draw.choice([{draw.random()}, {draw.random(): 1}, draw.random()])


def _letter(letter, draw):
    first, count = ("0", 10) if letter.isdigit() else ("A" if letter.isupper() else "a", 26)
    return chr(ord(first) + draw.randrange(count))
