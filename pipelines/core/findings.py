"""Findings of an upload: what could not be read, kept per page or stretch of time, listed and summed up for people."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from psycopg.rows import class_row

from pipelines.core.postgres import Connection
from pipelines.core.records import Document, Finding, Lecture
from pipelines.core.statements import statement


def replace_findings(connection: Connection, upload: Document | Lecture, findings: Iterable[Finding]) -> None:
    """Write what was found in an upload over what was found before.

    Call it in the transaction that writes what was read, behind its fence (`lock_document`, `lock_lecture`).
    """
    key = _key(upload)
    connection.execute(statement("delete_findings"), key)
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("insert_finding"),
            [
                {
                    **key,
                    **{name: getattr(finding, name) for name in Finding.__slots__},
                    "course_id": upload.course_id,
                    "ordinal": ordinal,
                }
                for ordinal, finding in enumerate(findings)
            ],
        )


def list_findings(connection: Connection, upload: Document | Lecture) -> list[Finding]:
    """What was found in the newest bytes of a deck or lecture, in page or time order; empty when all was read."""
    with connection.cursor(row_factory=class_row(Finding)) as cursor:
        return cursor.execute(statement("list_findings"), _key(upload)).fetchall()


def place_of(findings: Sequence[Finding]) -> str:
    """Where findings stand, for people: "page 3", "pages 2-4, 9", "12:30", "" for the upload as a whole."""
    pages = sorted({finding.page for finding in findings if finding.page is not None})
    if pages:
        runs = [[page for _, page in run] for _, run in groupby(enumerate(pages), lambda item: item[1] - item[0])]
        spans = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
        return f"page{'s' if len(pages) > 1 else ''} {', '.join(spans)}"
    times = [finding.start_ms for finding in findings if finding.start_ms is not None]
    return ", ".join(_clock(time) for time in times)


def sum_up(findings: Sequence[Finding]) -> str:
    """All findings as one text for a table's cell: each sentence once, with its pages or times; "" without any."""
    codes = dict.fromkeys((finding.code, finding.sentence) for finding in findings)
    parts = []
    for code, sentence in codes:
        same = [finding for finding in findings if (finding.code, finding.sentence) == (code, sentence)]
        place = place_of(same)
        parts.append(f"{place}: {sentence}" if place else sentence)
    return " ".join(part[:1].upper() + part[1:] for part in parts)


def _key(upload: Document | Lecture) -> dict[str, Any]:
    if isinstance(upload, Document):
        return {"document_id": upload.id, "lecture_id": None, "source_sha256": upload.sha256}
    return {"document_id": None, "lecture_id": upload.id, "source_sha256": upload.speech_sha256}


def _clock(ms: int) -> str:
    seconds = ms // 1000
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
