"""Speech to files people and players open: WebVTT, SubRip, plain text and JSON. Reading them is `reading.py`."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from pipelines.core.records import Segment

TranscriptFormat = Literal["vtt", "srt", "txt", "json"]

_PARAGRAPH_GAP_MS = 2000  # a pause this long starts a new paragraph of plain text
_ENTITY_LIKE = re.compile(r"&(?=#?\w+;)")


def write_transcript(segments: Sequence[Segment], *, format_name: TranscriptFormat) -> str:
    """The segments as the text of one file; no segments make a file without cues, never an empty one for .vtt."""
    writers: dict[TranscriptFormat, Callable[[Sequence[Segment]], str]] = {
        "vtt": to_vtt,
        "srt": to_srt,
        "txt": to_txt,
        "json": to_json,
    }
    return writers[format_name](segments)


def to_vtt(segments: Iterable[Segment]) -> str:
    """WebVTT (https://www.w3.org/TR/webvtt1/): `&`, `<` and `>` escaped, one cue a segment, its speaker as voice."""
    cues = (f"{_clock(s.start_ms, '.')} --> {_clock(s.end_ms, '.')}\n{_voice(s)}{_escape(s.text)}\n" for s in segments)
    return "\n".join(["WEBVTT\n", *cues])


def to_srt(segments: Iterable[Segment]) -> str:
    """SubRip, numbered from 1. Players show entities as they stand, so only what would read as markup is escaped."""
    cues = (
        f"{number}\n{_clock(s.start_ms, ',')} --> {_clock(s.end_ms, ',')}\n{_escape_markup(s.text)}\n"
        for number, s in enumerate(segments, start=1)
    )
    return "\n".join(cues)


def to_txt(segments: Iterable[Segment]) -> str:
    """The words alone; a pause of two seconds or more starts a new paragraph."""
    paragraphs: list[list[str]] = []
    end_ms = -_PARAGRAPH_GAP_MS
    for segment in segments:
        if not paragraphs or segment.start_ms - end_ms >= _PARAGRAPH_GAP_MS:
            paragraphs.append([])
        paragraphs[-1].append(segment.text)
        end_ms = segment.end_ms
    return "".join(" ".join(paragraph) + "\n\n" for paragraph in paragraphs).removesuffix("\n")


def to_json(segments: Iterable[Segment]) -> str:
    """A JSON list of segments: integer milliseconds, words with their times, confidence and speaker (null: unknown)."""
    rows = [
        {
            "start_ms": s.start_ms,
            "end_ms": s.end_ms,
            "text": s.text,
            "confidence": s.confidence,
            "speaker": s.speaker,
            "words": [
                {"start_ms": w.start_ms, "end_ms": w.end_ms, "text": w.text, "probability": w.probability}
                for w in s.words
            ],
        }
        for s in segments
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def _clock(time_ms: int, mark: str) -> str:
    seconds, millis = divmod(time_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{millis:03d}"


def _voice(segment: Segment) -> str:
    return f"<v {_escape(segment.speaker)}>" if segment.speaker else ""


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escape_markup(text: str) -> str:
    text = _ENTITY_LIKE.sub("&amp;", text).replace("-->", "--&gt;")
    return re.sub(r"<(?=/?[A-Za-z\d])", "&lt;", text)
