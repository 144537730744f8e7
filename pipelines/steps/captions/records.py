"""Records of what reading a caption file gives, and its limits: the part of captions every process may load."""

from dataclasses import dataclass, fields

from pipelines.core.records import Segment

CAPTIONS_VERSION = "3"
"""Version of reading and repairing; raise it when the same file gives other segments."""

MAX_BYTES = 20_000_000
"""Largest caption file read; a day of word-by-word captions is under 10 MB."""

MAX_CUES = 120_000
"""Most cues of one caption file; twelve hours of speech with a cue for each word have 108,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionRepairs:
    """How many cues of each kind were repaired; all zero for a clean file.

    `out_of_order` were moved, `overlapping` clipped or joined, `bad_length` (zero or negative) given a reading time,
    `negative` clipped to zero or, when they end before the recording starts, dropped; `duplicate` and `rolling`
    repeats, `sounds` ("[Music]") and `unreadable` times were dropped.
    """

    out_of_order: int = 0
    overlapping: int = 0
    bad_length: int = 0
    negative: int = 0
    duplicate: int = 0
    rolling: int = 0
    sounds: int = 0
    unreadable: int = 0

    @property
    def total(self) -> int:
        """All repairs together."""
        return sum(getattr(self, kind.name) for kind in fields(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionsResult:
    """Clean speech of one caption file: `segments` ascend, do not overlap, and each has words and a length.

    `encoding` is what the bytes were read as: a guess where it is neither UTF-8 nor marked.
    """

    segments: tuple[Segment, ...]
    repairs: CaptionRepairs
    encoding: str = "utf-8"
