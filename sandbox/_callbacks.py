"""Functions, iterators and objects of the tests, as the program sees them: they call the tests."""

# pyright: reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportOptionalCall=false, reportOptionalSubscript=false, reportAttributeAccessIssue=false
# pyright: reportGeneralTypeIssues=false

import builtins

__builtins__ = dict(vars(builtins))  # what a program does to the builtins is its own


class TestFailed(Exception):
    """A function of the tests raised an exception that is not builtin."""


class Function:
    """A function of the tests."""

    def __init__(self, program, number, name):
        self.__name__ = self.__qualname__ = name
        self._call = program, number

    def __call__(self, *args, **kwargs):
        program, number = self._call
        return program.call_tests("function", number, args, kwargs)


class Iterator:
    """An iterator of the tests."""

    def __init__(self, program, number, name):
        self._call = program, number

    def __iter__(self):
        return self

    def __next__(self):
        program, number = self._call
        ended, value = program.call_tests("next", number, (), {})
        if ended:
            raise StopIteration(value)
        return value


class TestObject:
    """An object of a class of the tests."""

    def __init__(self, program, number, name):
        object.__setattr__(self, "_call", (program, number))

    def __getattr__(self, name):
        return _do(self, "attr", name)

    def __setattr__(self, name, value):
        _do(self, "set", name, value)

    def __delattr__(self, name):
        _do(self, "del", name)

    def __call__(self, *args, **kwargs):
        program, number = self._call
        return program.call_tests("function", number, args, kwargs)

    def __next__(self):
        return Iterator.__next__(self)


def _do(target, kind, *args):
    program, number = object.__getattribute__(target, "_call")
    return program.call_tests(kind, number, args, {})


def _operator_methods(name, function):
    def method(self, *args):
        return _do(self, "op", function, self, *args)

    def reflected(self, other):
        return _do(self, "op", function, other, self)

    setattr(TestObject, f"__{name}__", method)
    if name in _REFLECTED:
        setattr(TestObject, f"__r{name}__", reflected)


_REFLECTED = "add sub mul truediv floordiv mod pow and or xor".split()
for _name in [*_REFLECTED, *"eq ne lt le gt ge contains getitem setitem delitem neg".split()]:
    _operator_methods(_name, _name + "_" * (_name in ("and", "or")))
for _name in "len hash bool str repr iter int float abs".split():
    _operator_methods(_name, _name)
CALLBACKS = {"function": Function, "iterator": Iterator, "test_object": TestObject}
