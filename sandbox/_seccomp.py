"""Build a system call filter: threads but no processes, and no calls that leave the sandbox.

A fork bomb ends at its first fork. The limit on processes does not apply to the superuser, and on
older kernels it includes the user's other processes. The filter applies to everyone. Keyrings,
shared memory of System V, message queues and files in memory are outside the namespaces or outside
the limits; `io_uring`, `userfaultfd`, `bpf` and the like are a large attack surface that no tested
program needs. Format: classic BPF, as in Linux's `seccomp(2)`; call numbers from its tables.
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

# Refused calls with their numbers on x86_64 and aarch64.
_REFUSED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "userfaultfd": (323, 282),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "seccomp": (317, 277),
    "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446),
    "personality": (135, 92),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmctl": (31, 195),
    "shmat": (30, 196),
    "semget": (64, 190),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "semop": (65, 193),
    "msgget": (68, 186),
    "msgctl": (71, 187),
    "msgrcv": (70, 188),
    "msgsnd": (69, 189),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "fanotify_init": (300, 262),
    "inotify_init1": (294, 26),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "quotactl": (179, 60),
    "acct": (163, 89),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "mbind": (237, 235),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
}
# Calls of x86 alone: iopl, ioperm, modify_ldt, uselib, inotify_init.
_REFUSED_ON_X86 = (172, 173, 154, 134, 253)


def no_new_processes(machine: str | None = None) -> bytes | None:
    """Return the filter for `machine` (by default this one); None if it is not supported."""
    found = _MACHINES.get(machine or platform.machine())
    if found is None:
        return None
    architecture, forks, clone, clone3, x32 = found
    refused = [*forks, *(x86 if x32 else arm for x86, arm in _REFUSED.values())]
    refused += _REFUSED_ON_X86 if x32 else ()
    # Each jump names its target; distances are computed when the code is complete.
    code: list[tuple[int, int, str, str]] = [
        (_LOAD, _ARCHITECTURE, "", ""),
        (_EQUAL, architecture, "", "kill"),
        (_LOAD, _NUMBER, "", ""),
        *([(_AT_LEAST, 0x40000000, "kill", "")] if x32 else []),
        *((_EQUAL, number, "refuse", "") for number in refused),
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
