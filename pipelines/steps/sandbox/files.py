"""Landlock rules of the child: reading below a few folders of code, no other file, no signal to anybody outside.

Some children have one private folder more, to write in.

Source: landlock(7). The numbers are the same on every architecture.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines.steps.sandbox.kernel import PR_SET_NO_NEW_PRIVS, call, libc, prctl

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_OWN_FOLDER = sum(1 << bit for bit in (1, 2, 3, 4, 5, 7, 8, 13, 14))
"""Read, write, make, move and remove files and folders; no links, sockets, pipes, devices, nothing to execute."""
_FS_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_NET_RIGHTS, _NET_ABI = 0b11, 4  # bind and connect TCP
_RESOLVING = tuple(
    Path(path)
    for path in (
        "/etc/resolv.conf", "/run/systemd/resolve", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf",
        "/etc/gai.conf", "/etc/services", "/etc/ssl", "/etc/pki", "/usr/share/ca-certificates", "/usr/share/pki",
    )
)  # fmt: skip
_SCOPES, _SCOPE_ABI = 0b11, 6  # abstract unix sockets and signals reach this process alone


def landlock_abi() -> int:
    """Which version of Landlock this kernel has.

    Raises:
        OSError: none.
    """
    return call("landlock", libc.syscall, _CREATE_RULESET, None, ctypes.c_size_t(0), 1)


def shut_files(readable: Sequence[Path], *, folder: Path | None = None, network: bool = False) -> None:
    """Leaves the calling process nothing but reading: `readable`, Python's own folders, and what libraries count.

    Args:
        readable: files and folders; ones that are not there do not matter.
        folder: where it may write too. None: nowhere.
        network: whether it may connect, and read how names are resolved and whose certificates are believed.

    Raises:
        OSError: the kernel refused; everything is as before.
    """
    prctl("no_new_privs", PR_SET_NO_NEW_PRIVS, 1)
    abi = landlock_abi()
    rights = [_FS_RIGHTS_BY_ABI[min(abi, max(_FS_RIGHTS_BY_ABI))]]
    if abi >= _NET_ABI:
        rights.append(0 if network else _NET_RIGHTS)
    if abi >= _SCOPE_ABI:
        rights.append(_SCOPES)
    attributes = struct.pack(f"{len(rights)}Q", *rights)
    ruleset = call("landlock", libc.syscall, _CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        for path in (*code_folders(), *readable, *_system(), *(_RESOLVING if network else ())):
            if path.exists():
                _allow_beneath(ruleset, path, _READ_FILE | (_READ_DIR if path.is_dir() else 0))
        for entry in sys.path:  # importing lists these folders; their other files (.env) stay shut
            if entry and Path(entry).is_dir():
                _allow_beneath(ruleset, Path(entry), _READ_DIR)
        if folder is not None:
            _allow_beneath(ruleset, folder, _OWN_FOLDER & rights[0])
        call("landlock", libc.syscall, _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def shut_signals() -> None:
    """Nothing to do, `shut_files` did it; raises OSError where this kernel's Landlock knows no signals."""
    if (abi := landlock_abi()) < _SCOPE_ABI:
        raise OSError(f"Landlock {abi} of this kernel has no rule for signals; version {_SCOPE_ABI} has")


def code_folders() -> set[Path]:
    """The folders of this Python and its packages."""
    return {Path(sys.prefix), Path(sys.base_prefix), *(Path(p) for p in sys.path if "site-packages" in p)}


def _system() -> list[Path]:
    """Libraries of the system; processors are counted by onnxruntime and BLAS, maps and randomness read by Python."""
    libraries = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache")
    machine = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu", "/dev/null", "/dev/urandom")
    return [Path(path) for path in (*libraries, *machine)]


def _allow_beneath(ruleset: int, path: Path, rights: int) -> None:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        call("landlock", libc.syscall, _ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, fd), 0)
    finally:
        os.close(fd)
