"""Guards that a child process puts up before it touches a stranger's file: limits, network, files, programs.

Every door is the kernel's own (no helper program, no system package). Where a kernel or a container refuses one, the
others still hold and `report` says which is missing and why. Two of them cut the network on their own: the system
call filter refuses `socket`, and an empty network namespace has no way out.

Sources: landlock(7), seccomp(2), user_namespaces(7), prctl(2).
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

_libc = ctypes.CDLL(None, use_errno=True)
_in_force: dict[str, str | None] = {}

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
CLONE_NEWUSER, CLONE_NEWNET, CLONE_THREAD = 0x10000000, 0x40000000, 0x00010000


def report(source: BinaryIO | None) -> Iterator[tuple[dict[str, str | None], bytes]]:
    """A target for `run_bounded`: yields once which guards are in force (None) and why others are not."""
    del source
    yield dict(_in_force), b""


class CpuBudget:
    """The CPU limit of this process, which grows with every item it has delivered."""

    def __init__(self, cpu_s: int, item_s: float) -> None:
        self._allowed_s = float(cpu_s)
        self._item_s = item_s
        self._set()

    def one_more_item(self) -> None:
        """Adds the share of one item."""
        if self._item_s:
            self._allowed_s += self._item_s
            self._set()

    def _set(self) -> None:
        # At the soft limit SIGXCPU ends the process; the hard one stays away because it could not be raised again.
        resource.setrlimit(resource.RLIMIT_CPU, (max(1, int(self._allowed_s)), resource.RLIM_INFINITY))


def close_doors(
    *, parent_pid: int, cpu_s: int, item_s: float, memory_mb: int, open_files: int, readable: Sequence[Path]
) -> CpuBudget:
    """Applies every guard this machine allows to the calling process and its later threads; there is no way back.

    Args:
        parent_pid: the process whose death must end this one.
        cpu_s, item_s: CPU seconds at the start and for each item delivered.
        memory_mb: address space in MiB.
        open_files: descriptors.
        readable: folders of our own code; Python's own folders are always readable, everything else is shut.
    """
    budget = CpuBudget(cpu_s, item_s)
    _limit(memory_mb << 20, open_files)
    _in_force["limits"] = None
    _attempt("network", _empty_network)
    _attempt("parent", lambda: _die_with(parent_pid))
    _call("no_new_privs", _libc.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _attempt("landlock", lambda: _shut_files(readable))
    _attempt("seccomp", _shut_system_calls)
    return budget


def _attempt(name: str, close: Callable[[], None]) -> None:
    """Closes one door; a machine that refuses is noted, not fatal."""
    try:
        close()
        _in_force[name] = None
    except (OSError, AttributeError, NotImplementedError) as error:
        _in_force[name] = str(error)


def _call(name: str, function: Callable[..., int], *args: object) -> int:
    result = function(*args)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return result


def _limit(memory_bytes: int, open_files: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold the file's content, outside our store
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))


def _die_with(parent_pid: int) -> None:
    """Asks the kernel to kill this process when its parent dies, and leaves at once when it already has."""
    _call("pdeathsig", _libc.prctl, PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(0)


def _empty_network() -> None:
    # A user namespace lets ordinary users have a network namespace; root may not need one but it does no harm.
    _call("unshare", _libc.unshare, CLONE_NEWUSER | CLONE_NEWNET)


# Landlock: only reading below a few folders stays allowed. Numbers are the same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FS_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_NET_RIGHTS = 0b11  # bind and connect TCP, since ABI 4


def _shut_files(readable: Sequence[Path]) -> None:
    abi = _call("landlock", _libc.syscall, _CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    attributes = struct.pack("QQ", _FS_RIGHTS_BY_ABI[min(abi, 5)], _NET_RIGHTS if abi >= 4 else 0)
    size = ctypes.c_size_t(16 if abi >= 4 else 8)
    ruleset = _call("landlock", _libc.syscall, _CREATE_RULESET, attributes, size, 0)
    python = {Path(sys.prefix), Path(sys.base_prefix), *(Path(p) for p in sys.path if "site-packages" in p)}
    system = [Path(p) for p in ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache")]
    # onnxruntime and BLAS count processors; Python and MuPDF read randomness and their own maps.
    machine = [Path(p) for p in ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu")]
    devices = [Path("/dev/null"), Path("/dev/urandom")]
    for path in (*python, *readable, *system, *machine, *devices):
        if path.exists():
            _allow_beneath(ruleset, path, _READ_FILE | (_READ_DIR if path.is_dir() else 0))
    for entry in sys.path:  # importing lists these folders; their other files (.env) stay shut
        if entry and Path(entry).is_dir():
            _allow_beneath(ruleset, Path(entry), _READ_DIR)
    _call("landlock", _libc.syscall, _RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow_beneath(ruleset: int, path: Path, rights: int) -> None:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _call("landlock", _libc.syscall, _ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, fd), 0)
    finally:
        os.close(fd)


# seccomp: system calls no parser needs, as (x86_64, aarch64) numbers; None: the architecture has no such call.
# Threads stay possible (onnxruntime starts some), processes do not.
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kill": (62, 129),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "io_uring_setup": (425, 425),
    "pidfd_open": (434, 434),
}
_MACHINES = {"x86_64": (0, 0xC000003E, 56), "aarch64": (1, 0xC00000B7, 220)}
"""platform.machine() -> (column of `_REFUSED`, the kernel's name of the architecture, number of `clone`)."""
_CLONE3 = 435
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _EPERM, _ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
_AT_NUMBER, _AT_MACHINE, _AT_FIRST_ARGUMENT = 0, 4, 16


def _shut_system_calls() -> None:
    if platform.machine() not in _MACHINES:
        raise NotImplementedError(f"no system call numbers for {platform.machine()}")
    program = _filter(*_MACHINES[platform.machine()])
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    order = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    _call("seccomp", _libc.prctl, PR_SET_SECCOMP, 2, order, 0, 0)


def _filter(column: int, machine: int, clone: int) -> list[tuple[int, int, int, int]]:
    """The filter as BPF lines (operation, lines to skip when true, when false, operand)."""
    lines = [(_LOAD, 0, 0, _AT_MACHINE), (_IF_EQUAL, 1, 0, machine), (_RETURN, 0, 0, _EPERM), (_LOAD, 0, 0, _AT_NUMBER)]
    lines += [(_IF_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _EPERM)]  # the x32 set: same calls, other numbers
    for numbers in _REFUSED.values():
        number = numbers[column]
        if number is not None:
            lines += [(_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _EPERM)]
    # clone3 hides its flags behind a pointer; told it is missing, the C library uses clone, whose flags can be seen.
    lines += [(_IF_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ENOSYS)]
    lines += [(_IF_EQUAL, 0, 3, clone), (_LOAD, 0, 0, _AT_FIRST_ARGUMENT), (_IF_BIT, 1, 0, CLONE_THREAD)]
    return [*lines, (_RETURN, 0, 0, _EPERM), (_RETURN, 0, 0, _ALLOW)]
