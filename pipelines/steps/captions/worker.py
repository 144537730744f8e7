"""The bounded child's half of `reading`: one untrusted caption file to clean speech, sent in batches."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO

from pipelines.steps.captions.clean import parse_captions
from pipelines.steps.captions.records import MAX_BYTES

_BATCH = 5000
"""Segments in one frame: few enough that the caller works while the next are made."""


def segments(source: BinaryIO, *, file_name: str) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yields `{"segments": [[start_ms, end_ms, text, speaker], ...]}` in batches, then
    `{"repairs": {name: count}, "encoding": name}`.

    Raises:
        UnreadableFileError: as `parse_captions`.
    """
    result = parse_captions(source.read(MAX_BYTES + 1), file_name=file_name)
    for first in range(0, len(result.segments), _BATCH):
        batch = result.segments[first : first + _BATCH]
        yield {"segments": [[s.start_ms, s.end_ms, s.text, s.speaker] for s in batch]}, b""
    yield {"repairs": asdict(result.repairs), "encoding": result.encoding}, b""
