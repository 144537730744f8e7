"""Proposals of questions for a course, reviewed: those that are taken are lines of the next version of its set."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from pipelines.core.errors import NotFoundError
from pipelines.core.evaluations.question_sets import (
    Extent,
    Proposal,
    ProposedPlace,
    list_extents,
    list_question_sets,
    put_question_set,
    settle_proposals,
)
from pipelines.core.postgres import Connection
from pipelines.steps.questions import Place, Question, bad_lines, base_name, parse_questions

NAME = "reviewed"
"""What versions are called that are made of reviewed proposals, as others are by their file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What a review made. `version` None: nothing was taken, so that the set is as it was."""

    taken: int
    declined: int
    version: int | None


def review(
    connection: Connection, course_id: UUID, *, take: Mapping[UUID, Sequence[int]], decline: Sequence[UUID]
) -> Reviewed:
    """Settle proposals, all or none; those that are taken are added to the newest version's lines as the next version.

    Args:
        take: by proposal the numbers, from 0, of those of its places that answer it; none: nothing in the course does.

    Raises:
        NotFoundError: a proposal is not there, or is settled already, or it has no place of this number.
        UnreadableFileError: a place is not in the course's files any more.
    """
    taken = settle_proposals(connection, course_id, list(take), "taken")
    declined = settle_proposals(connection, course_id, decline, "declined")
    if {each.id for each in [*taken, *declined]} != {*take, *decline} or len(taken) != len(take):
        raise NotFoundError("There is no such proposal, or somebody has settled it.")
    version = None
    if taken:
        kept = list_question_sets(connection, course_id)
        fresh = [line_of(each, take[each.id]) for each in sorted(taken, key=lambda each: (each.proposed_at, each.id))]
        wrong = misplaced(parse_questions(fresh, name=NAME), list_extents(connection, course_id))
        if wrong:
            raise bad_lines(NAME, wrong)
        lines = [*(kept[0].lines if kept else ()), *fresh]
        made = put_question_set(connection, course_id, file_name=NAME, lines=lines)
        version = made.version if made is not None else kept[0].version
    return Reviewed(taken=len(taken), declined=len(declined), version=version)


def usual_places(proposal: Proposal) -> list[int]:
    """The places that are taken where nobody says otherwise: what was cited, where the answer was of use."""
    if proposal.rating == "down":
        return []
    return [number for number, place in enumerate(proposal.places) if place.cited]


def line_of(proposal: Proposal, numbers: Sequence[int]) -> str:
    """A proposal as a line of a question set, answered at these of its places; the first is the one asked for."""
    if not all(0 <= number < len(proposal.places) for number in numbers):
        raise NotFoundError("The proposal has no such place.")
    row: dict[str, Any] = {"id": f"{proposal.origin}-{proposal.id}", "question": proposal.question}
    if not numbers:
        row["kind"] = "none"
    else:
        first, *others = (_evidence(proposal.places[number]) for number in numbers)
        row |= first | ({"cross_evidence": others} if others else {})
    told = {"origin": proposal.origin, "model": proposal.model, "prompt_version": proposal.prompt_version}
    return json.dumps(row | {name: value for name, value in told.items() if value}, ensure_ascii=False)


def _evidence(place: ProposedPlace) -> dict[str, Any]:
    if place.kind == "slide":
        return {"kind": "slide", "file": place.file, "pages": [place.page]}
    times = {"t_start": (place.start_ms or 0) / 1000, "t_end": (place.end_ms or 0) / 1000}
    return {"kind": "speech", "file": place.file, **times}


def misplaced(known: Sequence[Question], extents: Sequence[Extent], *, wholly: bool = False) -> list[str]:
    """Faults of questions, each with its line: about files that the course lacks, about pages or times beyond them.

    Args:
        wholly: only of questions none of whose places is there: no search can find them.
    """
    reaches: dict[tuple[str, str], int | None] = {}
    for extent in extents:
        key = (extent.kind, _known_as(extent.kind, extent.file_name))
        reaches[key] = max(filter(None, (reaches.get(key), extent.reach)), default=None)
    wrong = []
    for question in known:
        faults = [fault for place in question.places if (fault := _fault(place, reaches))]
        if not wholly or len(faults) == len(question.places):
            wrong += [f"line {question.line}: {fault}" for fault in faults[:1]]
    return wrong


def _fault(place: Place, reaches: dict[tuple[str, str], int | None]) -> str | None:
    key = (place.kind, _known_as(place.kind, place.file))
    if key not in reaches:
        return f"the course has no {'deck' if place.kind == 'slide' else 'lecture'} {place.file}"
    reach = reaches[key]
    if reach is None:
        return None
    if place.kind == "slide" and max(place.pages) > reach:
        return f"{place.file} has {reach} pages, and no page {max(place.pages)}"
    if place.kind == "speech" and place.start_s * 1000 >= reach:
        return f"{place.file} ends after {reach / 1000:.0f} s, before {place.start_s:.0f} s"
    return None


def _known_as(kind: str, file: str) -> str:
    """Captions are named like their recording."""
    name = base_name(file)
    return name if kind == "slide" else PurePosixPath(name).stem
