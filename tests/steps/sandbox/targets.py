"""What the sandbox tests run inside the child: well-behaved functions and hostile ones."""

import ctypes
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.core.errors import UnreadableFileError

Items = Iterator[tuple[Any, bytes]]


def count(source: BinaryIO | None, *, up_to: int) -> Items:
    for number in range(up_to):
        yield {"number": number}, b"x" * number


def read_all(source: BinaryIO) -> Items:
    yield len(data := source.read()), data


def environment(source: BinaryIO | None) -> Items:
    yield (
        {
            "names": sorted(os.environ),
            "descriptors": [str(fd) for fd in Path("/proc/self/fd").iterdir()],
            "pid": os.getpid(),
            "user": os.geteuid(),
            "groups": Path("/proc/self/status").read_text().split("Groups:")[1].split("\n")[0].split(),
        },
        b"",
    )


def spin(source: BinaryIO | None) -> Items:
    yield None, b""
    while True:
        pass


def spin_deaf(source: BinaryIO | None) -> Items:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    yield from spin(source)


def count_nothing(source: BinaryIO | None) -> Items:
    while True:
        yield None, b""


def sleep(source: BinaryIO | None, *, seconds: float) -> Items:
    yield None, b""
    time.sleep(seconds)


def steady(source: BinaryIO | None, *, items: int, seconds: float) -> Items:
    for number in range(items):
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass
        yield number, b""


def eat_memory(source: BinaryIO | None) -> Items:
    hoard = []
    while True:
        hoard.append(bytearray(50 << 20))
        yield len(hoard), b""


def flood(source: BinaryIO | None) -> Items:
    while True:
        yield None, b"x" * (1 << 20)


def crash(source: BinaryIO | None) -> Items:
    yield 1, b""
    ctypes.string_at(0)


def leave(source: BinaryIO | None) -> Items:
    yield 1, b""
    os._exit(3)


def refuse(source: BinaryIO | None) -> Items:
    yield 1, b""
    raise UnreadableFileError("This PDF has no pages.", code="zero_pages")


def stumble(source: BinaryIO | None) -> Items:
    raise KeyError("a mistake of ours")


def garbage(source: BinaryIO | None) -> Items:
    for fd in range(3, 256):
        try:
            os.write(fd, b"\x00\x00\x00\x00\x05\x00\x00\x00\x00nope!" + b"\xff" * 64)
        except OSError:
            continue
    os._exit(0)
    yield


def with_threads(source: BinaryIO | None) -> Items:
    seen: list[int] = []
    threads = [threading.Thread(target=seen.append, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield sorted(seen), b""


def attempts(source: BinaryIO | None, *, port: int, secret: str, parent: int) -> Items:
    """Tries everything a taken-over parser would try; yields what each attempt met."""
    tries: dict[str, Callable[[], object]] = {
        "connect": lambda: socket.create_connection(("127.0.0.1", port), timeout=2),
        "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "read a secret": lambda: Path(secret).read_text(),
        "read passwords": lambda: Path("/etc/passwd").read_text(),
        "look around": lambda: list(Path("/etc").iterdir()),
        "read another process": lambda: Path(f"/proc/{parent}/environ").read_bytes(),
        "write": lambda: Path(secret).with_name("written").write_text("x"),
        "run a program": lambda: subprocess.run(["/bin/true"], check=False),
        "become another program": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606  # noqa: S606
        "fork": os.fork,
        "kill the parent": lambda: os.kill(parent, signal.SIGTERM),
    }
    for name, attempt in tries.items():
        try:
            attempt()
            yield [name, "done"], b""
        except OSError as error:
            yield [name, type(error).__name__], b""


def reach_out(source: BinaryIO, *, victim: int, file: str) -> Items:
    """Makes every call of `REACHES` by its number, as a taken-over parser would; yields [name, errno or None]."""
    libc = ctypes.CDLL(None, use_errno=True)
    scratch = ctypes.create_string_buffer(256)
    known: dict[object, object] = {"victim": victim, "file": file.encode(), "source": source.fileno(), "zeros": scratch}
    for name, number, *given in REACHES:
        arguments = [known[a] if isinstance(a, str) else a for a in given]
        ctypes.set_errno(0)
        words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
        result = libc.syscall(number, *words)
        yield [name, None if result >= 0 else ctypes.get_errno()], b""


IPC_KEY = 0x5B0C

REACHES: list[tuple[Any, ...]] = [
    # signals
    ("kill", 62, "victim", 9),
    ("kill everybody", 62, -1, 9),
    ("tkill", 200, "victim", 9),
    ("tgkill", 234, "victim", "victim", 9),
    ("rt_sigqueueinfo", 129, "victim", 9, "zeros"),
    ("rt_tgsigqueueinfo", 297, "victim", "victim", 9, "zeros"),
    ("pidfd_open", 434, "victim", 0),
    ("pidfd_send_signal", 424, "source", 9, 0, 0),
    ("fcntl F_SETOWN", 72, "source", 8, "victim"),
    ("fcntl F_SETSIG", 72, "source", 10, 9),
    ("fcntl F_SETLEASE", 72, "source", 1024, 0),
    # what another process may use, and where it runs
    ("prlimit64", 302, "victim", 1, "zeros", 0),
    ("prlimit64 of its own", 302, 0, 1, "zeros", 0),
    ("setpriority", 141, 0, "victim", 19),
    ("sched_setaffinity", 203, "victim", 8, "zeros"),
    ("sched_setscheduler", 144, "victim", 3, "zeros"),
    ("ioprio_set", 251, 1, "victim", 3 << 13),
    ("ptrace", 101, 16, "victim", 0, 0),
    ("process_vm_readv", 310, "victim", "zeros", 1, "zeros", 1, 0),
    ("process_vm_writev", 311, "victim", "zeros", 1, "zeros", 1, 0),
    ("process_madvise", 440, "source", "zeros", 1, 21, 0),
    ("process_mrelease", 448, "source", 0),
    ("migrate_pages", 256, "victim", 8, "zeros", "zeros"),
    ("move_pages", 279, "victim", 0, 0, 0, 0, 0),
    ("kcmp", 312, "victim", "victim", 0, 0, 0),
    # files by name, and the one that is open
    ("chmod", 90, "file", 0o777),
    ("fchmodat", 268, -100, "file", 0o777),
    ("fchmodat2", 452, -100, "file", 0o777, 0),
    ("fchmod of the source", 91, "source", 0o777),
    ("chown", 92, "file", 1, 1),
    ("lchown", 94, "file", 1, 1),
    ("fchownat", 260, -100, "file", 1, 1, 0),
    ("fchown of the source", 93, "source", 1, 1),
    ("utime", 132, "file", "zeros"),
    ("utimes", 235, "file", "zeros"),
    ("utimensat", 280, -100, "file", "zeros", 0),
    ("utimensat of the source", 280, "source", 0, "zeros", 0),
    ("setxattr", 188, "file", b"user.x", b"y", 1, 0),
    ("fsetxattr of the source", 190, "source", b"user.x", b"y", 1, 0),
    ("removexattr", 197, "file", b"user.victim"),
    ("ioctl FS_IOC_SETFLAGS of the source", 16, "source", 0x40086602, "zeros"),
    ("truncate", 76, "file", 0),
    ("unlink", 87, "file"),
    ("rename", 82, "file", b"/tmp/elsewhere"),
    ("link", 86, "file", b"/tmp/elsewhere"),
    ("symlink", 88, "file", b"/tmp/elsewhere"),
    ("mkdir", 83, b"/tmp/elsewhere", 0o777),
    ("mknod", 133, b"/tmp/elsewhere", 0o010666, 0),
    ("open for writing", 2, "file", 1, 0),
    ("openat", 257, -100, "file", 0, 0),
    ("openat2", 437, -100, "file", "zeros", 24),
    ("name_to_handle_at", 303, -100, "file", "zeros", "zeros", 0),
    ("open_by_handle_at", 304, -100, "zeros", 0),
    ("flock of the source", 73, "source", 2),
    ("inotify_init1", 294, 0),
    ("fanotify_init", 300, 0, 0),
    # what stays behind when a process ends
    ("shmget", 29, IPC_KEY, 4096, 0o1666),
    ("msgget", 68, IPC_KEY, 0o1666),
    ("semget", 64, IPC_KEY, 1, 0o1666),
    ("mq_open", 240, b"studybuddy-test", 0o102, 0o666, 0),
    ("add_key", 248, b"user", b"studybuddy-test", b"x", 1, -4),
    ("request_key", 249, b"user", b"studybuddy-test", 0, 0),
    ("keyctl", 250, 0, -4, 1),
    # sockets, processes, namespaces, the kernel's own machinery
    ("socket", 41, 2, 1, 0),
    ("socketpair", 53, 1, 1, 0, "zeros"),
    ("fork", 57),
    ("clone with a user namespace", 56, 0x10000011, 0, 0, 0, 0),
    ("clone3", 435, "zeros", 88),
    ("execve", 59, b"/bin/true", 0, 0),
    ("execveat", 322, -100, b"/bin/true", 0, 0, 0),
    ("memfd_create", 319, b"x", 0),
    ("setsid", 112),
    ("setuid", 105, 0),
    ("capset", 126, "zeros", "zeros"),
    ("prctl PR_SET_PDEATHSIG", 157, 1, 0, 0, 0, 0),
    ("prctl PR_SET_DUMPABLE", 157, 4, 1, 0, 0, 0),
    ("seccomp", 317, 1, 0, "zeros"),
    ("unshare", 272, 0x10000000),
    ("setns", 308, "source", 0),
    ("chroot", 161, b"/"),
    ("mount", 165, 0, b"/", 0, 0x5000, 0),
    ("bpf", 321, 0, "zeros", 8),
    ("perf_event_open", 298, "zeros", "victim", -1, -1, 0),
    ("userfaultfd", 323, 0),
    ("io_uring_setup", 425, 1, "zeros"),
    ("a call that is not known yet", 500, 0),
    ("fork in the x32 set", 57 + 0x40000000),
]
"""Name, number on x86_64, arguments."""


def fill(source: BinaryIO | None, *, folder: Path, file_mb: int, files: int) -> Items:
    for number in range(files):
        with (folder / str(number)).open("wb") as target:
            for _ in range(file_mb):
                target.write(bytes(1 << 20))
    yield sum(path.stat().st_size for path in folder.iterdir()), b""
    time.sleep(30)


def use_folder(source: BinaryIO | None, *, folder: Path, elsewhere: str) -> Items:
    """Yields what each attempt met: "" where it succeeded."""

    def tool() -> None:
        script = folder / "tool"
        script.write_text("#!/bin/sh\n")
        os.execv(script, ["tool"])  # noqa: S606

    attempts: dict[str, Callable[[], object]] = {
        "write and move": lambda: (folder / "a").write_bytes(b"mine") and (folder / "a").rename(folder / "b"),
        "make and remove": lambda: (folder / "c").mkdir() or (folder / "c").rmdir(),
        "write beside": lambda: Path(elsewhere, "new").write_bytes(b"x"),
        "read beside": lambda: Path(elsewhere, "secret").read_bytes(),
        "move out": lambda: (folder / "b").rename(Path(elsewhere, "b")),
        "link out": lambda: (folder / "link").symlink_to(elsewhere),
        "hard link": lambda: os.link(folder / "b", folder / "d"),
        "pipe": lambda: os.mkfifo(folder / "pipe"),
        "change mode": lambda: (folder / "b").chmod(0o4755),
        "socket": lambda: socket.socket(socket.AF_UNIX).bind(str(folder / "socket")),
        "network": lambda: socket.create_connection(("127.0.0.1", 80), timeout=1),
        "start what it wrote": tool,
        "start a program": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
        "another process": os.fork,
    }
    met = {}
    for name, attempt in attempts.items():
        try:
            attempt()
            met[name] = ""
        except OSError as error:
            met[name] = type(error).__name__
    yield {"met": met, "left": sorted(path.name for path in folder.iterdir())}, b""
