"""The reading end of a child's pipe: exact reads of frames, while the child stays within its limits."""

import json
import os
import select
import time
from pathlib import Path
from typing import Any, NoReturn

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.sandbox.folder import bytes_below
from pipelines.steps.sandbox.frames import HEADER
from pipelines.steps.sandbox.limits import Limits

_READ_BYTES = 1 << 20
_LOOK_S = 0.05
"""Shortest time between two looks at the CPU time of a child."""

_LOOK_AT_FOLDER_S = 0.2
"""Longest time between two looks at how much a child has written."""


class Pipe:
    """Reads what one child sends. The limits are looked at here, because a child may be no longer ours."""

    def __init__(self, fd: int, limits: Limits, subject: str, pid: int | None, folder: Path | None = None) -> None:
        """`pid` is the process whose CPU time counts; None: only the kernel's limit holds. `folder` is the child's."""
        self._fd = fd
        self._limits = limits
        self._subject = subject
        self._folder = folder
        self._clock = None if pid is None else (~pid << 3) | 2  # its CPU clock, see clock_getcpuclockid(3)
        self._buffer = bytearray()
        self._waited_s = 0.0
        self._items = 0
        self._left_bytes = limits.output_mb << 20
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN | select.POLLHUP)

    def frame(self) -> tuple[int, Any, bytes] | None:
        """The next frame, or None when the child died before finishing one.

        Raises:
            UnreadableFileError: `parser_limit`, or `damaged` for what is no frame.
        """
        head = self._read(HEADER.size)
        if head is None:
            return None
        kind, json_bytes, blob_bytes = HEADER.unpack(head)
        body = self._read(json_bytes + blob_bytes)
        if body is None:
            return None
        try:
            return kind, json.loads(body[:json_bytes]), body[json_bytes:]
        except (ValueError, RecursionError):
            raise UnreadableFileError(
                f"{self._subject} is damaged and could not be read; export it again and upload that.", code="damaged"
            ) from None

    def count_item(self) -> None:
        """An item arrived: what comes next may take its own share.

        Raises:
            UnreadableFileError: `parser_limit`, too many of them.
        """
        self._items += 1
        if self._items > self._limits.max_items:
            self._give_up(f"gives more than {self._limits.max_items:,} results")

    def _read(self, size: int) -> bytes | None:
        """Exactly `size` bytes, or None when the child closed its end before they came."""
        if size > self._left_bytes + len(self._buffer):
            self._give_up(f"gives more than {self._limits.output_mb} MiB of results")
        while len(self._buffer) < size:
            self._wait()
            piece = os.read(self._fd, _READ_BYTES)
            if not piece:
                return None
            self._left_bytes -= len(piece)
            self._buffer += piece
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _wait(self) -> None:
        """Returns when there is something to read."""
        while True:
            wall_left_s = self._limits.within(self._limits.wall_s, self._items) - self._waited_s
            cpu_left_s = self._limits.within(self._limits.cpu_s, self._items) - self._cpu_s()
            if cpu_left_s <= 0:
                self._give_up("needs more computing time than one file may use")
            if self._folder is not None and bytes_below(self._folder) > self._limits.folder_mb << 20:
                self._give_up(f"needs more than {self._limits.folder_mb} MiB of space to read")
            started = time.monotonic()
            # All processors may work for it at once.
            look_s = min(max(0.0, wall_left_s), max(_LOOK_S, cpu_left_s / (os.cpu_count() or 1)))
            if self._folder is not None:
                look_s = min(look_s, _LOOK_AT_FOLDER_S)
            ready = self._poll.poll(look_s * 1000)
            self._waited_s += time.monotonic() - started
            if ready:
                return
            if self._waited_s >= self._limits.within(self._limits.wall_s, self._items):
                self._give_up(f"takes longer than {self._waited_s:.0f} seconds to read")

    def _cpu_s(self) -> float:
        try:
            return 0.0 if self._clock is None else time.clock_gettime(self._clock)
        except OSError:  # it is gone; its pipe will say so
            return 0.0

    def _give_up(self, what: str) -> NoReturn:
        raise UnreadableFileError(f"{self._subject} {what}, so it was given up.", code="parser_limit")
