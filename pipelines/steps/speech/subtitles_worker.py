"""The bounded child's half of `subtitles`: the text tracks of one untrusted recording as clean speech."""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from pipelines.core.errors import UnreadableFileError
from pipelines.core.records import Segment
from pipelines.steps.captions.clean import parse_captions
from pipelines.steps.captions.records import MAX_BYTES, MAX_CUES

CODECS = ("mov_text", "subrip", "srt", "webvtt", "text", "ass", "ssa")
"""FFmpeg's names of the tracks that are text; others are pictures."""
_BATCH = 5000
_STYLES = re.compile(r"\{\\[^}]*\}")
_ASS_FIELDS = 8
"""Commas before the text of a line of (Advanced) SubStation Alpha inside Matroska."""


def tracks(source: BinaryIO, *, demuxer: str, file_name: str) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yields for each track with words its number `track`, whether players show it (`default`) and whether it is for
    foreign words only (`forced`), then its segments in batches, `[start_ms, end_ms, text, speaker]` each.

    Args:
        demuxer: FFmpeg's name of the recording's format.
        file_name: as for `parse_captions`.
    """
    import av

    try:
        container = av.open(source, mode="r", format=demuxer, metadata_errors="ignore")
    except (av.FFmpegError, ValueError):
        return
    with container:
        chosen = {
            stream.index: stream
            for stream in container.streams.subtitles
            if stream.codec_context is not None and stream.codec_context.name in CODECS
        }
        if not chosen:
            return
        for other in container.streams:
            if other.index not in chosen:
                other.discard = av.stream.Discard.all
        start_ms = (container.start_time or 0) / 1000
        cues = _cues(container, chosen, start_ms)
        for index, stream in chosen.items():
            try:
                result = parse_captions(_subrip(cues[index]), file_name=file_name)
            except UnreadableFileError:
                continue
            shown = stream.disposition
            yield (
                {
                    "track": index,
                    "default": bool(shown & av.stream.Disposition.default),
                    "forced": bool(shown & av.stream.Disposition.forced),
                },
                b"",
            )
            for first in range(0, len(result.segments), _BATCH):
                batch = result.segments[first : first + _BATCH]
                yield {"segments": [[s.start_ms, s.end_ms, s.text, s.speaker] for s in batch]}, b""


def _cues(container: Any, chosen: dict[int, Any], start_ms: float) -> dict[int, list[Segment]]:
    """The cues of each track as they are; what cannot be read is left out, a cut-off end ends it."""
    import av

    found: dict[int, list[Segment]] = {index: [] for index in chosen}
    try:
        for packet in container.demux(list(chosen.values())):
            stream = packet.stream
            if packet.pts is None or len(found[stream.index]) >= MAX_CUES:
                continue
            text = _text(bytes(packet), stream.codec_context.name)
            if not text:
                continue
            begin = float(packet.pts * packet.time_base) * 1000 - start_ms
            length = float((packet.duration or 0) * packet.time_base) * 1000
            if begin >= 0:
                found[stream.index].append(Segment(start_ms=round(begin), end_ms=round(begin + length), text=text))
    except (av.FFmpegError, ValueError):
        pass
    return found


def _subrip(cues: list[Segment]) -> bytes:
    """The cues as SubRip, markup and all, for the reader of caption files."""
    text = "".join(f"{_clock(cue.start_ms)} --> {_clock(cue.end_ms)}\n{cue.text}\n\n" for cue in cues)
    return text.encode()[:MAX_BYTES]


def _clock(ms: int) -> str:
    return f"{ms // 3_600_000}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


def _text(data: bytes, codec: str) -> str:
    """The words of one packet, as a cue of SubRip may hold them."""
    if codec == "mov_text":
        data = data[2 : 2 + int.from_bytes(data[:2], "big")]
    text = data.decode("utf-8", "replace").replace("\0", "")
    if codec in ("ass", "ssa"):
        text = text.split(",", _ASS_FIELDS)[-1] if text.count(",") >= _ASS_FIELDS else text
        text = _STYLES.sub("", text).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
