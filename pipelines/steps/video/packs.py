"""Pictures in one file: a line of JSON that describes them, then their bytes."""

import json
from collections.abc import Sequence
from typing import Any, BinaryIO

MOST_HEAD_BYTES = 8 << 20


def write_pack(target: BinaryIO, head: dict[str, Any], pictures: Sequence[bytes]) -> None:
    """Write the pictures and, as `head`, what is known of them."""
    target.write(json.dumps({**head, "sizes": [len(picture) for picture in pictures]}).encode() + b"\n")
    for picture in pictures:
        target.write(picture)


def read_pack(source: BinaryIO) -> tuple[dict[str, Any], list[bytes]]:
    """What `write_pack` wrote.

    Raises:
        ValueError: it is no such file, or is cut off.
    """
    head = json.loads(source.readline(MOST_HEAD_BYTES))
    pictures = [source.read(size) for size in head["sizes"]]
    if [len(picture) for picture in pictures] != head.pop("sizes"):
        raise ValueError("the file is cut off")
    return head, pictures
