"""The system calls that parsers need; every other one is refused (seccomp).

The list is what CPython, PyMuPDF, Pillow, numpy, onnxruntime with RapidOCR, and PyAV call once their doors are closed,
on glibc and musl, and the older or newer twins of those calls. Threads stay possible; processes, sockets, signals,
limits, modes, times and names of files, keys, shared memory and everything a kernel learns later do not. A call whose
first arguments decide what it does is allowed for the harmless ones alone. A child that has a folder of its own may
also make and remove files; where, is Landlock's matter.

Sources: seccomp(2), the kernel's `syscall_64.tbl` and `asm-generic/unistd.h`.
"""

import ctypes
import os
import struct
from collections.abc import Mapping

from pipelines.steps.sandbox.kernel import PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, call, libc, prctl

ALLOWED: dict[str, tuple[int | None, int | None]] = {
    # memory
    "mmap": (9, 222), "munmap": (11, 215), "mprotect": (10, 226), "mremap": (25, 216), "brk": (12, 214),
    "madvise": (28, 233), "membarrier": (324, 283),
    # reading, and writing to what is open
    "read": (0, 63), "pread64": (17, 67), "readv": (19, 65), "write": (1, 64), "writev": (20, 66), "lseek": (8, 62),
    "open": (2, None), "openat": (257, 56), "close": (3, 57), "dup": (32, 23), "getdents64": (217, 61),
    "stat": (4, None), "lstat": (6, None), "fstat": (5, 80), "newfstatat": (262, 79), "statx": (332, 291),
    "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439), "readlink": (89, None),
    "readlinkat": (267, 78), "getcwd": (79, 17), "fcntl": (72, 25), "ioctl": (16, 29),
    # threads; onnxruntime makes itself an eventfd and an epoll
    "clone": (56, 220), "futex": (202, 98), "set_robust_list": (273, 99), "set_tid_address": (218, 96),
    "rseq": (334, 293), "gettid": (186, 178), "sched_yield": (24, 124), "sched_getaffinity": (204, 123),
    "getcpu": (309, 168), "exit": (60, 93), "exit_group": (231, 94), "prctl": (157, 167), "prlimit64": (302, 261),
    "eventfd2": (290, 19), "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_wait": (232, None),
    "epoll_pwait": (281, 22), "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
    # own signal handlers
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    # what time it is, who I am, how much there is
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "nanosleep": (35, 101),
    "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153), "getrusage": (98, 165),
    "getrlimit": (97, 163), "getpid": (39, 172), "getppid": (110, 173), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "uname": (63, 160), "sysinfo": (99, 179), "getrandom": (318, 278),
}  # fmt: skip
"""Name -> number on x86_64 and on aarch64; None: the architecture has no such call."""

IN_ITS_FOLDER: dict[str, tuple[int | None, int | None]] = {
    "mkdir": (83, None), "mkdirat": (258, 34), "unlink": (87, None), "unlinkat": (263, 35), "rmdir": (84, None),
    "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276), "ftruncate": (77, 46), "fsync": (74, 82),
    "fdatasync": (75, 83), "pwrite64": (18, 68), "fadvise64": (221, 223), "statfs": (137, 43), "fstatfs": (138, 44),
    "umask": (95, 166), "pipe": (22, None), "pipe2": (293, 59),
}  # fmt: skip
"""As `ALLOWED`, for a child with a folder of its own; what LibreOffice calls besides (strace)."""

ON_THE_NETWORK: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "sendto": (44, 206), "recvfrom": (45, 207),
    "sendmsg": (46, 211), "recvmsg": (47, 212), "sendmmsg": (307, 269), "recvmmsg": (299, 243), "shutdown": (48, 210),
    "getsockname": (51, 204), "getpeername": (52, 205), "setsockopt": (54, 208), "getsockopt": (55, 209),
}  # fmt: skip
"""As `ALLOWED`, for a child that fetches; it listens to nobody."""

ONLY: dict[str, tuple[tuple[int, tuple[int, ...]], ...]] = {
    "ioctl": ((1, (0x5401, 0x5421, 0x5450, 0x5451)),),  # terminal?, (do not) wait, (do not) close on exec
    "socket": ((0, (1, 2, 10, 16)),),  # unix (a resolver's, which Landlock shuts), IPv4, IPv6, what addresses it has
    "fcntl": ((1, (0, 1, 2, 3, 4, 1030)),),  # copies and flags of descriptors; no owner to signal, no lease, no lock
    "prctl": ((0, (15, 16, 0x53564D41)),),  # names of threads and of memory
    "prlimit64": ((0, (0,)), (2, (0,))),  # reading its own limits
}
"""Name -> what must hold: (which argument, its harmless values)."""

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""os.uname().machine -> column of `ALLOWED`, the kernel's name of the architecture."""
_CLONE3, _NEWEST_KNOWN = 435, 470
_CLONE_THREAD, _CLONE_NAMESPACES = 0x00010000, 0x7E020000
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _EPERM, _ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
_AT_NUMBER, _AT_MACHINE, _AT_ARGUMENTS = 0, 4, 16

Line = tuple[int, int, int, int]
"""One BPF instruction: operation, instructions to skip when true, when false, operand."""


def shut_system_calls(*, folder: bool = False, network: bool = False) -> None:
    """Refuses the calling process and its later threads every system call that is not on the list.

    Args:
        folder: whether it has a folder of its own, to write in.
        network: whether it fetches something.

    Raises:
        OSError: the kernel refused, or the numbers of this machine are not known; everything is as before.
    """
    prctl("no_new_privs", PR_SET_NO_NEW_PRIVS, 1)
    machine = os.uname().machine
    if machine not in _MACHINES:
        raise OSError(f"no system call numbers for {machine}")
    calls = ALLOWED | (IN_ITS_FOLDER if folder else {}) | (ON_THE_NETWORK if network else {})
    install(allow_list(*_MACHINES[machine], calls=calls))


def install(program: list[Line]) -> None:
    """Puts a filter in force for the calling process.

    Raises:
        OSError: the kernel refused.
    """
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    order = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    call("seccomp", libc.prctl, PR_SET_SECCOMP, 2, order, 0, 0)


def allow_list(
    column: int, machine: int, *, calls: Mapping[str, tuple[int | None, int | None]] = ALLOWED
) -> list[Line]:
    """The filter that lets `calls` pass on one architecture. Refused calls answer EPERM; ones newer, ENOSYS."""
    lines = [(_LOAD, 0, 0, _AT_MACHINE), (_IF_EQUAL, 1, 0, machine), (_RETURN, 0, 0, _EPERM), (_LOAD, 0, 0, _AT_NUMBER)]
    for name, numbers in calls.items():
        if (number := numbers[column]) is not None:
            then = _thread_only() if name == "clone" else _if_harmless(ONLY.get(name, ()))
            lines += [(_IF_EQUAL, 0, len(then), number), *then]
    # clone3 hides its flags behind a pointer; told it is missing, the C library uses clone, whose flags can be seen.
    # The numbers from 2^30 on are the x32 set: the same calls again.
    lines += [(_IF_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ENOSYS)]
    lines += [(_IF_AT_LEAST, 0, 2, _NEWEST_KNOWN), (_IF_AT_LEAST, 1, 0, 0x40000000), (_RETURN, 0, 0, _ENOSYS)]
    return [*lines, (_RETURN, 0, 0, _EPERM)]


def _if_harmless(conditions: tuple[tuple[int, tuple[int, ...]], ...]) -> list[Line]:
    """Returns whether the call may be made; its number is gone from the accumulator when there are conditions."""
    lines: list[Line] = []
    for argument, values in conditions:
        low = _AT_ARGUMENTS + 8 * argument
        lines += [(_LOAD, 0, 0, low + 4), (_IF_EQUAL, 1, 0, 0), (_RETURN, 0, 0, _EPERM), (_LOAD, 0, 0, low)]
        for place, value in enumerate(values, start=1):
            lines.append((_IF_EQUAL, len(values) - place + 1, 0, value))
        lines.append((_RETURN, 0, 0, _EPERM))
    return [*lines, (_RETURN, 0, 0, _ALLOW)]


def _thread_only() -> list[Line]:
    """A thread of this process, in the namespaces it is in."""
    return [
        (_LOAD, 0, 0, _AT_ARGUMENTS),
        (_IF_BIT, 2, 0, _CLONE_NAMESPACES),
        (_IF_BIT, 0, 1, _CLONE_THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _EPERM),
    ]
