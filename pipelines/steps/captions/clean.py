"""Caption files to clean speech: ordered, half-open, without overlaps or repeats, every repair counted.

Here: what is wrong with the times and the repeats of real caption files. Reading the formats is `cues.py`, writing
them `formats.py`. It runs in the bounded child; who has a stranger's file calls `reading.py`.
"""

from dataclasses import replace
from itertools import pairwise

from pipelines.core.errors import UnreadableFileError
from pipelines.core.records import Segment
from pipelines.steps.captions.cues import Cue, ReadCues, clean_cues, read_cues
from pipelines.steps.captions.encodings import decode_text
from pipelines.steps.captions.records import MAX_BYTES, MAX_CUES, CaptionRepairs, CaptionsResult
from pipelines.steps.captions.structured import read_json, read_ttml

_LATEST_MS = 100 * 3_600_000  # a later cue is a broken time, not a recording
_ROLLING_GAP_MS = 100  # a rolling cue follows at once; the same words after a pause are said again
_ROLLING_PAUSE_MS = 1000  # but in a file that rolls anyway, where programs leave gaps between its steps
_ROLLING_WORDS = 3  # fewer repeated words ("no, no") count as rolling only in a file that rolls anyway
_ROLLING_SHARE = 0.2  # of neighbouring cues repeating each other: this file rolls
_LONGEST_OVERLAP = 60  # words looked at; more than any screen shows
_READ_MS_PER_CHAR = 60  # about 17 characters a second, the pace captions are written for
_SHORTEST_MS = 300  # a cue clipped to less than this is spoken together with the next one


def parse_captions(data: bytes, *, file_name: str) -> CaptionsResult:
    """Read .srt, .vtt, .sbv, TTML or JSON bytes, whatever the name says, and repair what real files get wrong.

    Args:
        data: the whole file; at most `MAX_BYTES`.
        file_name: named in messages, nothing else.

    Raises:
        UnreadableFileError: `empty_file`, `too_large` (in bytes or cues), or `bad_captions` (no cue with a time and
            words).
    """
    if len(data) > MAX_BYTES:
        raise UnreadableFileError(f"{file_name} is larger than {MAX_BYTES // 10**6} MB of captions.", code="too_large")
    text, encoding = decode_text(data)
    if not text.strip("\0 \t\n"):
        raise UnreadableFileError(f"{file_name} is empty.", code="empty_file")
    read = _read(text)
    if read is None:
        raise UnreadableFileError(
            f"{file_name} has more than {MAX_CUES:,} cues; split it by recording.", code="too_large"
        )
    in_reach = [cue for cue in read.cues if max(cue.start_ms, cue.end_ms) <= _LATEST_MS]
    repairs = CaptionRepairs(sounds=read.sounds, unreadable=read.unreadable + len(read.cues) - len(in_reach))
    cues, repairs = _order(in_reach, repairs)
    cues, repairs = _drop_repeats(cues, repairs)
    segments, repairs = _separate(cues, repairs)
    if not segments:
        raise UnreadableFileError(
            f"{file_name} holds no captions: no line with a time range followed by words was found.",
            code="bad_captions",
        )
    return CaptionsResult(segments=tuple(segments), repairs=repairs, encoding=encoding)


def _read(text: str) -> ReadCues | None:
    """The cues of whichever format the text is in; None: there are too many."""
    for blocks in (read_ttml(text), read_json(text)):
        if blocks is not None:
            return clean_cues(blocks, is_vtt=False) if len(blocks) <= MAX_CUES else None
    return read_cues(text, most=MAX_CUES)


def _order(cues: list[Cue], repairs: CaptionRepairs) -> tuple[list[Cue], CaptionRepairs]:
    """Cues by start, each with a length and none before zero; cues that start together keep the file's order."""
    latest, moved, stretched, negative = -(10**12), 0, 0, 0
    fixed: list[Cue] = []
    for cue in cues:
        moved += cue.start_ms < latest
        latest = max(latest, cue.start_ms)
        end_ms = cue.end_ms
        if end_ms <= cue.start_ms:
            stretched += 1
            end_ms = cue.start_ms + min(7000, max(500, _READ_MS_PER_CHAR * len(cue.text)))
        negative += cue.start_ms < 0
        if end_ms > 0:
            fixed.append(replace(cue, start_ms=max(0, cue.start_ms), end_ms=end_ms))
    fixed.sort(key=lambda cue: cue.start_ms)
    return fixed, replace(repairs, out_of_order=moved, bad_length=stretched, negative=negative)


def _drop_repeats(cues: list[Cue], repairs: CaptionRepairs) -> tuple[list[Cue], CaptionRepairs]:
    """Cues without those written twice, and rolling ones reduced to the words that are new in them."""
    unique = list(dict.fromkeys(cues))
    pairs = [(_repeated_words(before, cue), cue.start_ms - before.end_ms) for before, cue in pairwise(unique)]
    near = sum(words > 0 and gap <= _ROLLING_PAUSE_MS for words, gap in pairs)
    rolls = near >= max(2, _ROLLING_SHARE * len(pairs))
    kept = unique[:1]
    rolling = 0
    for cue, (words, gap) in zip(unique[1:], pairs, strict=True):
        again = gap <= _ROLLING_PAUSE_MS if rolls else gap <= _ROLLING_GAP_MS and words >= _ROLLING_WORDS
        if words == 0 or not again:
            kept.append(cue)
            continue
        rolling += 1
        if rest := cue.text.split()[words:]:
            kept.append(replace(cue, lines=(" ".join(rest),)))
        else:  # the same words stay on the screen
            kept[-1] = replace(kept[-1], end_ms=max(kept[-1].end_ms, cue.end_ms))
    return kept, replace(repairs, duplicate=len(cues) - len(unique), rolling=rolling)


def _repeated_words(before: Cue, cue: Cue) -> int:
    """How many leading words of `cue` are the last words of `before`, at most."""
    old, new = before.text.split(), cue.text.split()
    if new[: len(old)] == old:
        return len(old)
    longest = min(len(old), len(new), _LONGEST_OVERLAP)
    return next((words for words in range(longest, 0, -1) if old[-words:] == new[:words]), 0)


def _separate(cues: list[Cue], repairs: CaptionRepairs) -> tuple[list[Segment], CaptionRepairs]:
    """Segments that do not overlap: a cue ends when the next begins, or joins it when nothing would be left."""
    # Start, end, texts, speaker; texts are joined at the end, or a pile of cues takes hours.
    spans: list[tuple[int, int, list[str], str | None]] = []
    overlapping = 0
    for cue in cues:
        texts, speaker = [cue.text], cue.speaker
        start_ms, end_ms = cue.start_ms, cue.end_ms
        if spans and spans[-1][1] > start_ms:
            overlapping += 1
            before_ms, before_end_ms, before, other = spans.pop()
            if start_ms - before_ms >= min(_SHORTEST_MS, before_end_ms - before_ms):
                spans.append((before_ms, start_ms, before, other))
            else:
                before.extend(texts)
                speaker = other if other == speaker else None
                start_ms, end_ms, texts = before_ms, max(before_end_ms, end_ms), before
        spans.append((start_ms, end_ms, texts, speaker))
    segments = [
        Segment(start_ms=start, end_ms=end, text=" ".join(texts), speaker=speaker)
        for start, end, texts, speaker in spans
    ]
    return segments, replace(repairs, overlapping=overlapping)
