"""What the tests ask of the program's objects."""

# pyright: reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportOptionalCall=false, reportOptionalSubscript=false, reportAttributeAccessIssue=false
# pyright: reportGeneralTypeIssues=false

import builtins

__builtins__ = dict(vars(builtins))  # what a program does to the builtins is its own

import _operator

from _wire import IMMUTABLE, PARTS, find_standard, from_parts, is_standard, mro, type_path

_MAX_BATCH = 4096  # items of an iterator in a reply
_SPECIAL = (
    "call iter next len bool hash eq ne lt le gt ge contains getitem setitem delitem reversed add"
    " sub mul truediv floordiv mod divmod pow matmul and or xor lshift rshift radd rsub rmul"
    " rtruediv rfloordiv rmod rdivmod rpow rmatmul rand ror rxor rlshift rrshift iadd isub imul"
    " itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift neg pos abs invert int"
    " float complex index round trunc floor ceil str repr format bytes enter exit length_hint"
    " aenter aexit aiter anext await"
).split()


def look_up(program, name):
    space = program.module.__dict__
    return (True, space[name]) if name in space else (False, None)


def call(program, target, args, kwargs):
    return target(*args, **kwargs)


def apply(program, name, *args):
    return OPERATIONS[name](*args)


def special(program, target, name, *args):
    return getattr(type(target), name)(target, *args)


def advance(program, iterator, count):
    """Return the next items of an iterator, whether it ended, and its error."""
    items = []
    for _ in range(min(count, _MAX_BATCH)):
        try:
            items.append(next(iterator))
        except StopIteration as stop:
            return tuple(items), True, stop.value
        except BaseException as error:
            if not items:
                raise
            return tuple(items), False, error
    return tuple(items), False, None


def equal(program, left, right):
    """Return left == right, or "anything" when the program's equality holds for any value."""
    result = left == right
    if result is True and left is not right and (own_equality(left) or own_equality(right)):
        for value in (object(), altered(right)):
            try:
                if value is not None and left == value:
                    return "anything"
            except Exception:
                continue
    return result


def plain(program, value):
    """Return what an instance of a subclass is as a container or value of the standard library."""
    kinds = mro(type(value))
    for path, kind in ((type_path(kind), kind) for kind in kinds[1:]):
        if path in PARTS and is_standard(kind, path):
            return from_parts(path, PARTS[path](value))
    for base in (list, dict, set, bytearray, find_standard("_collections.deque")):
        if base in kinds:
            if base is dict:
                return {key: dict.__getitem__(value, key) for key in dict.__iter__(value)}
            return base(base.__iter__(value))
    return None


def describe(program, kind):
    """Return a type's description for the tests: name, bases, special methods, attributes."""
    kinds = mro(kind)
    base = next((b for b in IMMUTABLE if b in kinds), None)
    methods, own = [], []
    for name in _SPECIAL:
        definer = next((k for k in kinds if f"__{name}__" in vars(k)), object)
        if definer in (object, BaseException) or (base and definer in mro(base)):
            continue
        methods.append(name if vars(definer)[f"__{name}__"] is not None else "-" + name)
    if base:
        for k in kinds[: kinds.index(base)]:
            own += [name for name in vars(k) if name[:2] != "__" and hasattr(base, name)]
    bases = tuple(k for k in kind.__bases__ if k is not object)
    standard = not kind.__flags__ & 1 << 9 or is_standard(kind, type_path(kind))
    facts = (str(kind.__name__), type_path(kind), standard, own_equality_of(kind))
    return (*facts, tuple(methods), tuple(own), base and base.__name__, bases)


def run_coroutine(program, coroutine):
    if program.loop is None:
        program.loop = find_standard("asyncio.new_event_loop")()

    async def wait():
        return await coroutine

    return program.loop.run_until_complete(wait())


def seed(program, args):
    find_standard("random.seed")(*args)


def own_equality(value):
    return own_equality_of(type(value))


def own_equality_of(kind):
    """Return whether a class of the program defines equality, rather than Python."""
    for base in mro(kind):
        if "__eq__" in vars(base):
            return bool(base.__flags__ & 1 << 9) and not is_standard(base, type_path(base))
    return False


def altered(value):
    """Return a copy whose attributes all have another value; None when it has none."""
    try:
        names = vars(value)
        copy = object.__new__(type(value))
        copy.__dict__.update(dict.fromkeys(names, object()))
    except Exception:
        return None
    return copy if names else None


OPERATIONS = {
    name: getattr(_operator, name)
    for name in dir(_operator)
    if name[0] != "_" and callable(getattr(_operator, name))
}
OPERATIONS |= {
    name: vars(builtins)[name]
    for name in "len hash bool str repr format int float complex round divmod pow iter reversed"
    " bytes next isinstance issubclass dir".split()
}
VERBS = {
    "name": look_up,
    "call": call,
    "attr": lambda program, target, name: getattr(target, name),
    "set": lambda program, target, name, value: setattr(target, name, value),
    "del": lambda program, target, name: delattr(target, name),
    "op": apply,
    "special": special,
    "next": advance,
    "equal": equal,
    "plain": plain,
    "describe": describe,
    "await": run_coroutine,
    "seed": seed,
}
