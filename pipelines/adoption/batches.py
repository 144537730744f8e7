"""Batches of an adoption: what is written in one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.adoption.counting import Counting
from pipelines.adoption.records import Chat, LeftOut, Unit

BATCH_WEIGHT = 2000
"""Messages and passages of one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is to be written in one transaction: units with their fingerprints, rows that are left out, and the words of
    passages, which may still be counted. `same`, `same_left_out`: what the ledger says already."""

    units: list[tuple[Unit, bytes]]
    left_out: list[LeftOut]
    same: list[Unit]
    same_left_out: list[LeftOut]
    words: dict[str, Counting]


def batches(items: Iterator[Unit | LeftOut]) -> Iterator[list[Unit | LeftOut]]:
    """The items in their order, so many at once that they have about `BATCH_WEIGHT`."""
    batch: list[Unit | LeftOut] = []
    weight = 0
    for item in items:
        batch.append(item)
        weight += max(1, len(item.rows)) if isinstance(item, Unit) else 1
        if isinstance(item, Unit) and isinstance(item.record, Chat):
            weight += len(item.record.messages)
        if weight >= BATCH_WEIGHT:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch
