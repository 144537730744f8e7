"""Reader of caption files for processes that hold keys: the parser runs in the bounded child, its report is checked."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from pipelines.core.errors import UnreadableFileError
from pipelines.core.records import Segment
from pipelines.steps.captions.records import MAX_BYTES, CaptionRepairs, CaptionsResult
from pipelines.steps.sandbox.bounded import run_bounded
from pipelines.steps.sandbox.limits import Limits

MAX_SPEAKER_CHARS = 100

LIMITS = Limits(wall_s=60, cpu_s=30, memory_mb=2048, output_mb=150)
"""Twenty times what the largest honest file needs (1.5 s); text outside ASCII arrives up to six times as long."""


def read_captions(path: Path, *, file_name: str, limits: Limits = LIMITS) -> CaptionsResult:
    """Read a .srt, .vtt, .sbv, TTML or JSON file, whatever its name says, and repair what real files get wrong.

    Args:
        path: the file.
        file_name: how messages name it, nothing else.
        limits: of the child process.

    Raises:
        UnreadableFileError: `empty_file`, `too_large`, `bad_captions` (no cue with a time and words), `parser_limit`,
            `damaged`.
        OSError: the file is not there.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UnreadableFileError(f"{file_name} is larger than {MAX_BYTES // 10**6} MB of captions.", code="too_large")
    segments: list[Segment] = []
    repairs, encoding = CaptionRepairs(), "utf-8"
    try:
        for item in run_bounded(
            "pipelines.steps.captions.worker:segments",
            source=path,
            args={"file_name": file_name},
            limits=limits,
            subject=file_name,
        ):
            if "repairs" in item.value:
                repairs = CaptionRepairs(**{name: int(count) for name, count in item.value["repairs"].items()})
                encoding = str(item.value["encoding"])[:40]
            else:
                segments += [checked_segment(*raw) for raw in item.value["segments"]]
    except (TypeError, KeyError, ValueError, AttributeError):
        raise _upset(file_name) from None
    if not segments or any(after.start_ms < before.end_ms for before, after in pairwise(segments)):
        raise _upset(file_name)
    return CaptionsResult(segments=tuple(segments), repairs=repairs, encoding=encoding)


def checked_segment(start_ms: Any, end_ms: Any, text: Any, speaker: Any) -> Segment:
    """One segment of the child's report, which is not trusted."""
    name = None if speaker is None else str(speaker)[:MAX_SPEAKER_CHARS]
    segment = Segment(start_ms=int(start_ms), end_ms=int(end_ms), text=str(text), speaker=name)
    if not 0 <= segment.start_ms < segment.end_ms or not segment.text:
        raise ValueError("not a segment")
    return segment


def _upset(file_name: str) -> UnreadableFileError:
    return UnreadableFileError(f"{file_name} could not be read as captions.", code="damaged")
