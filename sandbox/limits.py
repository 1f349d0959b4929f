"""The limits of a program."""

from dataclasses import dataclass

MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Limits of one run of a program; a program that exceeds one has failed.

    Attributes:
        cpu_seconds: processor time, for the program and again for its tests.
        seconds: wall time for both together; more than the processor time, because the machine may
            be busy with models.
        memory: bytes of address space.
        file_size: bytes of one file.
        folder: bytes of all files in the temporary folder, the only place that can be written.
        files: number of files in the temporary folder.
        processes: processes and threads of the user; in older kernels also outside the sandbox.
        reply: bytes of one returned value.
        replies: bytes of all returned values.
    """

    cpu_seconds: int = 5
    seconds: float = 20.0
    memory: int = 512 * MB
    file_size: int = 8 * MB
    folder: int = 16 * MB
    files: int = 4096
    processes: int = 4096
    reply: int = 8 * MB
    replies: int = 64 * MB
