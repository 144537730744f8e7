"""Guards of the child process, put up before it touches a stranger's file, and the report of those that do not hold.

Every guard is the kernel's own (no helper program, no system package). `REQUIRED` ones must hold or nothing is parsed,
unless an operator accepts the risk; the others make what is left smaller, and `report` says which are missing and why.
"""

import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from pipelines.steps.sandbox.files import code_folders, shut_files, shut_signals
from pipelines.steps.sandbox.separation import Guardian, be_nobody, die_with, fork_away, leave_namespaces
from pipelines.steps.sandbox.system_calls import shut_system_calls

REQUIRED = {"landlock": "no files", "seccomp": "no network, no programs and no reach to other processes"}
"""Guards without which nothing is parsed -> what each of them gives."""

GUARDS = ("limits", "namespaces", "parent", "landlock", "signals", "user", "seccomp")
"""All guards, in the order they are put up.

`limits`: memory, CPU, descriptors, no written byte but in a folder of its own; `namespaces`: a network, processes and
IPC objects of its own, all empty; `parent`: it dies with its parent; `landlock`: no files but the program's own and
those of that folder; `signals`: none to others, once more; `user`: not root, where its parent is; `seccomp`: the system
calls of `system_calls.py` alone.
"""

_missing: dict[str, str] = {}


def report(source: BinaryIO | None) -> Iterator[tuple[dict[str, str], bytes]]:
    """A target for `run_bounded`: yields once which guards do not hold, with the reason of each."""
    del source
    yield dict(_missing), b""


def missing_sentence(missing: Mapping[str, str]) -> str | None:
    """What an operator must know of guards that are required and missing; None where there are none."""
    lost = [f"{name} ({REQUIRED[name]}): {missing[name]}" for name in REQUIRED if name in missing]
    return "; ".join(lost) or None


def stand_apart(*, parent_pid: int, tell: int, close: Sequence[int], network: bool = False) -> Guardian:
    """Forks the calling process into namespaces of its own; returns in the new one. `network`: it keeps the machine's.
    See `fork_away` for the rest."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold the file's content, outside our store
    _attempt("namespaces", lambda: leave_namespaces(network=network))
    _attempt("parent", lambda: die_with(parent_pid))
    return fork_away(tell=tell, close=close)


def close_doors(
    guardian: Guardian,
    *,
    cpu_s: int,
    memory_mb: int,
    open_files: int,
    readable: Sequence[Path],
    folder: Path | None = None,
    folder_mb: int = 0,
    network: bool = False,
) -> dict[str, str]:
    """Puts every guard this machine allows around the calling process and its later threads; there is no way back.

    Args:
        cpu_s: CPU seconds until the kernel ends it, whatever it does.
        memory_mb: address space in MiB.
        open_files: descriptors.
        readable: folders of our own code; Python's own folders are always readable, everything else is shut.
        folder: where it may write, files of at most `folder_mb` MiB. None: nowhere.
        network: whether it may reach the network.

    Returns:
        Which guards are missing, each with the reason.
    """
    _limit(cpu_s, memory_mb << 20, open_files, written_bytes=folder_mb << 20)
    _attempt("landlock", lambda: shut_files(readable, folder=folder, network=network))
    _attempt("signals", shut_signals)
    _attempt("user", lambda: be_nobody([*code_folders(), *readable, *([folder] if folder else [])]))
    _attempt("parent", guardian.die_with)  # after `user`: becoming another user makes the kernel forget it
    _attempt("seccomp", lambda: shut_system_calls(folder=folder is not None, network=network))
    return dict(_missing)


def _attempt(name: str, close: Callable[[], None]) -> None:
    """Puts up one guard; a machine that refuses is noted."""
    try:
        close()
    except (OSError, AttributeError) as error:  # AttributeError: this system's C library has no such function
        _missing[name] = str(error)


def _limit(cpu_s: int, memory_bytes: int, open_files: int, *, written_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (written_bytes, written_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))
