"""Scores of retrieval on questions whose true place is known: recall at 1, 5 and 10, and mean reciprocal rank.

A question names a file by its base name and the pages or the seconds that answer it. A slide hit counts when one of
its pages is among them, a speech hit when it overlaps the seconds. Running the questions is `core/evaluation.py`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.core.errors import UnreadableFileError
from pipelines.core.records import Hit, Kind

DEPTH = 10
"""Hits of a question that are looked at; a right one after them is a miss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an answer stands: pages of a deck, or `[start_s, end_s)` of a lecture; `file` is a base name."""

    kind: Kind
    file: str
    pages: frozenset[int] = frozenset()
    start_s: float = 0.0
    end_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question and every place that answers it; the first is the one asked for, others are as good."""

    id: str
    kind: Kind
    question: str
    places: tuple[Place, ...]

    @property
    def file(self) -> str:
        """Base name of the material asked about."""
        return self.places[0].file


def read_questions(path: Path) -> list[Question]:
    """Questions of a file with one JSON object a line; blank lines are skipped.

    Raises:
        UnreadableFileError: the file or a line cannot be read; the message names the line and what is wrong.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"{path.name} cannot be read ({type(error).__name__}).") from None
    questions: list[Question] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            questions.append(_question(json.loads(line)))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            missing = f"no {error}" if isinstance(error, KeyError) else str(error)
            raise UnreadableFileError(f"{path.name}, line {number}: {missing}.", code="bad_question") from None
    ids = [question.id for question in questions]
    if twice := {name for name in ids if ids.count(name) > 1}:
        raise UnreadableFileError(f"{path.name}: the id {min(twice)} is used twice.", code="bad_question")
    if not questions:
        raise UnreadableFileError(f"{path.name} has no questions.", code="bad_question")
    return questions


def score(
    questions: Sequence[Question], results: Sequence[Sequence[Hit]], *, files: frozenset[str] | None = None
) -> dict[str, Any]:
    """The figures of a run, as `studybuddy evaluate --json` prints them.

    Args:
        results: the hits of each question, best first.
        files: base names of the course's material; a question about another file is a miss marked `"missing": true`.
            None: not known.

    Returns:
        `slide` and `speech`, each `n`, `recall@1`, `recall@5`, `recall@10`, `mrr@10` (0.0 where n is 0), and
        `questions`: `id`, `rank` (1-based; None: not among the first ten) and `top`, the first five places.
    """
    rows: list[dict[str, Any]] = []
    ranks: dict[Kind, list[int | None]] = {"slide": [], "speech": []}
    for question, hits in zip(questions, results, strict=True):
        rank = next((n for n, hit in enumerate(hits[:DEPTH], 1) if answers(hit, question)), None)
        ranks[question.kind].append(rank)
        row: dict[str, Any] = {"id": question.id, "rank": rank, "top": [_place(hit) for hit in hits[:5]]}
        if files is not None and question.file not in files:
            row["missing"] = True
        rows.append(row)
    return {**{kind: _figures(known) for kind, known in ranks.items()}, "questions": rows}


def answers(hit: Hit, question: Question) -> bool:
    """Does this hit stand at one of the question's places?"""
    return any(_stands_at(hit, place) for place in question.places)


def _stands_at(hit: Hit, place: Place) -> bool:
    if hit.kind != place.kind:
        return False
    name = base_name(hit.file_name)
    if hit.kind == "slide":
        return name == place.file and not place.pages.isdisjoint(hit.pages)
    if PurePosixPath(name).stem != PurePosixPath(place.file).stem:  # captions are named like their recording
        return False
    assert hit.start_ms is not None and hit.end_ms is not None  # noqa: S101  speech always has both
    return hit.start_ms < place.end_s * 1000 and hit.end_ms > place.start_s * 1000


def base_name(file: str) -> str:
    """The last part of a path, whichever way its slashes lean."""
    return PurePosixPath(file.replace("\\", "/")).name


def _figures(ranks: Sequence[int | None]) -> dict[str, Any]:
    n = len(ranks)
    figures: dict[str, Any] = {"n": n}
    for k in (1, 5, 10):
        figures[f"recall@{k}"] = sum(rank is not None and rank <= k for rank in ranks) / n if n else 0.0
    figures["mrr@10"] = sum(1 / rank for rank in ranks if rank is not None) / n if n else 0.0
    return figures


def _place(hit: Hit) -> dict[str, Any]:
    where = {"page": hit.page} if hit.kind == "slide" else {"start_ms": hit.start_ms, "end_ms": hit.end_ms}
    return {"kind": hit.kind, "file": hit.file_name, **where, "score": round(hit.score, 4)}


def _question(row: dict[str, Any]) -> Question:
    place = _evidence(row)
    cross = row.get("cross_evidence") or []
    others = [other for other in (cross if isinstance(cross, list) else [cross]) if isinstance(other, dict)]
    text = row["question"]
    if not isinstance(text, str) or not text.strip():
        raise ValueError("question must be a text")
    return Question(
        id=str(row["id"]),
        kind=place.kind,
        question=text,
        places=(place, *(_evidence({"file": row["file"], **other}) for other in others)),
    )


def _evidence(row: dict[str, Any]) -> Place:
    kind = row.get("kind") or ("slide" if "pages" in row else "speech")
    file = base_name(row["file"])
    if kind == "slide":
        pages = [*row["pages"], *row.get("also_acceptable_pages", [])]
        if not pages or not all(isinstance(page, int) and page >= 1 for page in pages):
            raise ValueError("pages must be page numbers from 1")
        return Place(kind="slide", file=file, pages=frozenset(pages))
    if kind != "speech":
        raise ValueError(f"kind must be slide or speech, not {kind}")
    start_s, end_s = float(row["t_start"]), float(row["t_end"])
    if not 0 <= start_s < end_s:
        raise ValueError("t_start and t_end must be seconds, in order")
    return Place(kind="speech", file=file, start_s=start_s, end_s=end_s)
