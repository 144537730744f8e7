"""Findings of an upload: what could not be read, kept per page or stretch of time, listed and grouped for people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from pipelines.core.postgres import Connection, read_records, values_of
from pipelines.core.records import Document, Finding, Lecture
from pipelines.core.statements import statement

MOST_TIMES = 5
"""Times named in a text: an hour with a hole every minute is not told minute by minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingGroup:
    """One thing that is wrong with an upload, and everywhere it is.

    `code`, `sentence` and `advice` are those of `Finding`. `pages` (1-based) and `times` (start and end in
    milliseconds) say where; both empty: it is about the whole upload.
    """

    code: str
    sentence: str
    advice: str
    pages: tuple[int, ...]
    times: tuple[tuple[int, int], ...]

    @property
    def place(self) -> str:
        """Where, for people: "page 3", "pages 2-4, 9", "12:30"; "" for the upload as a whole."""
        if self.pages:
            return name_pages(self.pages)
        more = [f"and {len(self.times) - MOST_TIMES} more"] if len(self.times) > MOST_TIMES else []
        return ", ".join([*(_clock(start) for start, _ in self.times[:MOST_TIMES]), *more])

    @property
    def text(self) -> str:
        """Where it is, what is wrong, and what to do, as sentences."""
        said = f"{self.place}: {self.sentence}" if self.place else self.sentence
        return " ".join(part for part in (said[:1].upper() + said[1:], self.advice) if part)

    def as_json(self) -> dict[str, Any]:
        """This group as programs get it."""
        return {
            "code": self.code,
            "sentence": self.sentence,
            "advice": self.advice,
            "pages": list(self.pages),
            "times": [{"start_ms": start, "end_ms": end} for start, end in self.times],
        }


def replace_findings(connection: Connection, upload: Document | Lecture, findings: Iterable[Finding]) -> None:
    """Write what was found in an upload over what was found before.

    Call it in the transaction that writes what was read, behind its fence (`uploads.lock_upload`).
    """
    key = _key(upload)
    connection.execute(statement("delete_findings"), key)
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("insert_finding"),
            [
                {
                    **key,
                    **values_of(finding),
                    "course_id": upload.course_id,
                    "ordinal": ordinal,
                }
                for ordinal, finding in enumerate(findings)
            ],
        )


def list_findings(connection: Connection, upload: Document | Lecture) -> list[Finding]:
    """What was found in the newest bytes of a deck or lecture, in page or time order; empty when all was read."""
    return read_records(connection, Finding, "list_findings", _key(upload))


def list_course_findings(connection: Connection, course_id: UUID) -> dict[UUID, list[Finding]]:
    """The same for every deck and lecture of a course, by id; uploads of which all was read are not in it."""
    found: dict[UUID, list[Finding]] = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(statement("list_course_findings"), {"course_id": course_id}):
            values = {name: row[name] for name in Finding.__slots__}
            found.setdefault(row["upload_id"], []).append(Finding(**values))
    return found


def group_findings(findings: Sequence[Finding]) -> list[FindingGroup]:
    """Findings that say the same of different places, put together, in the order of the first of each."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.code, finding.sentence, finding.advice), []).append(finding)
    return [
        FindingGroup(
            code=code,
            sentence=sentence,
            advice=advice,
            pages=tuple(sorted({finding.page for finding in same if finding.page is not None})),
            times=tuple((f.start_ms, f.end_ms or f.start_ms) for f in same if f.start_ms is not None),
        )
        for (code, sentence, advice), same in groups.items()
    ]


def sum_up(findings: Sequence[Finding]) -> str:
    """All findings as one text for a table's cell: each sentence once, with its pages or times; "" without any."""
    return " ".join(group.text for group in group_findings(findings))


def pages_of(findings: Iterable[Finding]) -> list[int]:
    """The pages something is wrong with, in order."""
    return sorted({finding.page for finding in findings if finding.page is not None})


def name_pages(pages: Sequence[int]) -> str:
    """Pages in order as people write them: "page 3", "pages 2-4, 9"; "" without any."""
    runs = [[page for _, page in run] for _, run in groupby(enumerate(pages), lambda item: item[1] - item[0])]
    spans = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return f"page{'s' if len(pages) > 1 else ''} {', '.join(spans)}" if spans else ""


def _key(upload: Document | Lecture) -> dict[str, Any]:
    if isinstance(upload, Document):
        return {"document_id": upload.id, "lecture_id": None, "source_sha256": upload.sha256}
    return {"document_id": None, "lecture_id": upload.id, "source_sha256": upload.speech_sha256}


def _clock(ms: int) -> str:
    seconds = ms // 1000
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
