"""Findings of a lecture: what of its sound or captions could not be read, in sentences a teacher can act on."""

from collections.abc import Iterable
from typing import Protocol

from pipelines.core.records import Finding, Segment

MOST_BAD = 20
"""Pieces of a file that may be undecodable before anybody is told: a cut-off end leaves one or two."""
UNHEARD_MS = 10_000
"""Less that sounds like speech in a piece without words is a door, a cough or a bar of music."""


class Piece(Protocol):
    """What is asked of a finished piece of recognition: from when to when, how much of it sounds like speech, words."""

    @property
    def start_ms(self) -> int: ...
    @property
    def end_ms(self) -> int: ...
    @property
    def speech_ms(self) -> int: ...
    @property
    def segments(self) -> tuple[Segment, ...]: ...


def recording_findings(pieces: Iterable[Piece], *, bad_packets: int) -> list[Finding]:
    """What of a recording gave no words: stretches that sound like speech, and sound that is damaged.

    Args:
        bad_packets: pieces of the file that could not be decoded.
    """
    found = [
        Finding(
            code="no_words",
            sentence="something sounds like speech, but no words were recognised.",
            advice="If somebody speaks there, upload the recording with its captions.",
            start_ms=piece.start_ms,
            end_ms=piece.end_ms,
        )
        for piece in pieces
        if piece.speech_ms >= UNHEARD_MS and not piece.segments
    ]
    if bad_packets > MOST_BAD:
        found.append(
            Finding(
                code="damaged_sound",
                sentence=f"the sound is damaged in {bad_packets} places, and words may be missing there.",
                advice="Export the recording again and upload that.",
            )
        )
    return found


def caption_findings(
    file_name: str, *, written: str | None, spoken: str | None, left_out: int, unheard: bool = False
) -> list[Finding]:
    """What a teacher should look at although their captions were read.

    Args:
        written, spoken: languages of the captions and of the recording; None: not known, or there is no recording.
        left_out: captions that stand after the recording's end.
        unheard: there is a recording, and nothing can be heard in it.
    """
    found = []
    if unheard:
        found.append(
            Finding(
                code="silent_recording",
                sentence=f"nothing can be heard in the recording; {file_name} is its transcript.",
                advice="If somebody speaks in it, export it with its sound and upload that.",
            )
        )
    if written is not None and spoken is not None and written != spoken:
        found.append(
            Finding(
                code="other_language",
                sentence=f"{file_name} seems to be in another language ({written}) than the recording ({spoken}).",
                advice="Upload the captions that belong to it, or the recording without them.",
            )
        )
    if left_out:
        found.append(
            Finding(
                code="captions_after_end",
                sentence=f"{left_out} captions of {file_name} stand after the end of the recording and were left out.",
                advice="Upload the captions that belong to it, or the whole recording.",
            )
        )
    return found
