"""Frames between parent and child of `sandbox`: JSON and bytes on one pipe, so either end can count them."""

import json
import os
import struct
from typing import Any

HEADER = struct.Struct(">BII")
"""One frame: kind (below), bytes of JSON, bytes of blob; then the JSON and the blob."""
ITEM, END, REFUSED, BROKEN, UNGUARDED = range(5)
"""Kinds of frame: one yielded item, the regular end, an UnreadableFileError, an unexpected exception, and missing
guards that nobody accepted."""


def send(fd: int, kind: int, value: Any, blob: bytes = b"") -> None:
    """Writes one frame; blocks while the reader is busy. Raises OSError when nobody reads any more."""
    text = json.dumps(value).encode()
    data = memoryview(HEADER.pack(kind, len(text), len(blob)) + text + blob)
    while data:
        data = data[os.write(fd, data) :]
