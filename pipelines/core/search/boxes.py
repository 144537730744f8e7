"""Boxes of a passage: where its words stand on the page, found among the kept places of the page's lines."""

from collections.abc import Sequence
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import TupleRow

from pipelines.core.postgres import Connection
from pipelines.core.records import Box
from pipelines.core.slides import boxes_of_lines
from pipelines.core.statements import statement


def boxes_of_passage(passage: str, body: str, line_boxes: Sequence[Sequence[Sequence[int]]]) -> tuple[Box, ...]:
    """Where the lines of `body` stand that the passage quotes, in reading order; empty where that is not known.

    A line counts when the passage has it as a line of its own or as a part of one; a wrong mark is worse than none.

    Args:
        body, line_boxes: of the page, as table `slides` keeps them.
    """
    lines = body.split("\n")
    if len(lines) != len(line_boxes):
        return ()
    quoted = {_folded(line) for line in passage.split("\n")}
    whole = _folded(passage)
    found = [
        boxes
        for line, boxes in zip(lines, boxes_of_lines(line_boxes), strict=True)
        if (text := _folded(line)) and (text in quoted or (len(text) >= SURE_CHARS and text in whole) or whole in text)
    ]
    return tuple(box for boxes in found for box in boxes)


SURE_CHARS = 20
"""A shorter line inside a longer one of the passage may be chance."""


def ask_lines_of_chunks(connection: Connection, course_id: UUID, chunk_ids: Sequence[UUID]) -> Cursor[TupleRow]:
    """Ask for the lines of slide chunks' pages; they may be read when the transaction is over (`boxes_of_chunks`)."""
    parameters = {"course_id": course_id, "chunk_ids": list(chunk_ids)}
    return connection.execute(statement("list_lines_of_chunks"), parameters)


def boxes_of_chunks(asked: Cursor[TupleRow]) -> dict[UUID, tuple[Box, ...]]:
    """The boxes of slide chunks on the page that stands for each; chunks of speech are left out."""
    return {row[0]: boxes_of_passage(row[1], row[2], row[3]) for row in asked.fetchall()}


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
