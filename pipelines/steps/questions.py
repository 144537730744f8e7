"""Reader of questions with known places: what a line of their file says, and everything that can be wrong with one.

A question names a file by its base name and the pages or the seconds that answer it; one of kind `none` is answered
nowhere and has to be refused.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pipelines.core.errors import UnreadableFileError
from pipelines.core.records import Kind

QuestionKind = Literal["slide", "speech", "none"]


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
    """One question and every place that answers it; the first is the one asked for, others are as good.

    `line` is where it stands in its file, from 1. Kind `none`: `places` is empty, no answer is in the materials.
    """

    id: str
    kind: QuestionKind
    question: str
    places: tuple[Place, ...]
    line: int

    @property
    def file(self) -> str | None:
        """Base name of the material asked about; None for kind `none`."""
        return self.places[0].file if self.places else None


def read_questions(path: Path) -> list[Question]:
    """Questions of a file with one JSON object a line; blank lines are skipped.

    Raises:
        UnreadableFileError: the file or a line cannot be read; the message names the lines and what is wrong.
    """
    return parse_questions(read_lines(path), name=path.name)


def read_lines(path: Path) -> list[str]:
    """Lines of a file of questions, blank ones too.

    Raises:
        UnreadableFileError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise UnreadableFileError(f"{path.name} is not text in UTF-8; save it so.") from None
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be read: {error.strerror}.") from None


def parse_questions(lines: Iterable[str], *, name: str) -> list[Question]:
    """Questions of JSON lines; `name` is what messages call them.

    Raises:
        UnreadableFileError: as `read_questions`.
    """
    questions: list[Question] = []
    wrong: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            questions.append(_question(json.loads(line), number))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            missing = f"no {error}" if isinstance(error, KeyError) else str(error)
            wrong.append(f"line {number}: {missing}")
    known: dict[str, int] = {}
    for question in questions:
        first = known.setdefault(question.id, question.line)
        if first != question.line:
            wrong.append(f"line {question.line}: the id {question.id} is used twice, first in line {first}")
    if wrong:
        raise bad_lines(name, wrong)
    if not questions:
        raise UnreadableFileError(f"{name} has no questions.", code="bad_question")
    return questions


def bad_lines(name: str, wrong: list[str], *, told: int = 10) -> UnreadableFileError:
    """The error that tells the first faults of a file, each beginning with its line."""
    more = f"; and {len(wrong) - told} more" if len(wrong) > told else ""
    return UnreadableFileError(f"{name}, {'; '.join(wrong[:told])}{more}.", code="bad_question")


def base_name(file: str) -> str:
    """The last part of a path, whichever way its slashes lean."""
    return PurePosixPath(file.replace("\\", "/")).name


def _question(row: dict[str, Any], line: int) -> Question:
    text = row["question"]
    if not isinstance(text, str) or not text.strip():
        raise ValueError("question must be a text")
    if row.get("kind") == "none":
        return Question(id=str(row["id"]), kind="none", question=text, places=(), line=line)
    place = _evidence(row)
    cross = row.get("cross_evidence") or []
    others = [other for other in (cross if isinstance(cross, list) else [cross]) if isinstance(other, dict)]
    return Question(
        id=str(row["id"]),
        kind=place.kind,
        question=text,
        places=(place, *(_evidence({"file": row["file"], **other}) for other in others)),
        line=line,
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
        raise ValueError(f"kind must be slide, speech or none, not {kind}")
    start_s, end_s = float(row["t_start"]), float(row["t_end"])
    if not 0 <= start_s < end_s:
        raise ValueError("t_start and t_end must be seconds, in order")
    return Place(kind="speech", file=file, start_s=start_s, end_s=end_s)
