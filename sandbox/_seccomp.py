"""Build a system call filter under which the program may start threads but no process.

A fork bomb ends at its first fork.
The limit on processes does not hold for the superuser, and on older kernels counts the user's other
processes too. The filter holds for everyone. Format: classic BPF, as in Linux's `seccomp(2)`; call
numbers from its tables.
"""

import platform
import struct

_LOAD, _EQUAL, _AND_TEST, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = (
    0,
    4,
    16,
)  # offsets in struct seccomp_data; the argument's low half
_CLONE_THREAD = 0x00010000

# Architecture's audit number, calls that always make a process, clone, clone3, and whether there
# are x32 calls.
_MACHINES = {
    "x86_64": (0xC000003E, (57, 58), 56, 435, True),
    "aarch64": (0xC00000B7, (), 220, 435, False),
}


def no_new_processes(machine: str | None = None) -> bytes | None:
    """Return the filter for `machine` (by default this one); None if it is not supported."""
    found = _MACHINES.get(machine or platform.machine())
    if found is None:
        return None
    architecture, forks, clone, clone3, x32 = found
    # Each jump names its target; distances are computed when the code is complete.
    code: list[tuple[int, int, str, str]] = [
        (_LOAD, _ARCHITECTURE, "", ""),
        (_EQUAL, architecture, "", "kill"),
        (_LOAD, _NUMBER, "", ""),
        *([(_AT_LEAST, 0x40000000, "kill", "")] if x32 else []),
        *((_EQUAL, number, "refuse", "") for number in forks),
        (_EQUAL, clone3, "absent", ""),  # the C library then uses clone, whose flags can be read
        (_EQUAL, clone, "", "allow"),
        (_LOAD, _FIRST_ARGUMENT, "", ""),
        (_AND_TEST, _CLONE_THREAD, "allow", "refuse"),
    ]
    ends = {"allow": _ALLOW, "refuse": _ERRNO | _EPERM, "absent": _ERRNO | _ENOSYS, "kill": _KILL}
    place = {name: len(code) + n for n, name in enumerate(ends)}
    steps = []
    for n, (operation, value, yes, no) in enumerate(code):
        jumps = (place[end] - n - 1 if end else 0 for end in (yes, no))
        steps.append(struct.pack("=HBBI", operation, *jumps, value))
    return b"".join(steps) + b"".join(
        struct.pack("=HBBI", _RETURN, 0, 0, value) for value in ends.values()
    )
