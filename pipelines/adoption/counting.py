"""Counting of words in processes beside this one: the slowest step of an adoption, which needs no database.

What they found comes back as the bytes that the database takes, so that this process only passes it on.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from threading import Thread

from pgvector import SparseVector

from pipelines.adoption.arrays import pack
from pipelines.core.chunks import count_words
from pipelines.core.search.lexical import TERM_SPACE

WORTH_CHUNKS = 5_000
"""Chunks from which on it is worth to start them."""
STANDING_BACK = 10
"""Niceness of this process and of them, as soon as an adoption is large: the former system goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedWords:
    """The words of a deck or a lecture: the weights of each passage as elements of an array of sparse vectors, and in
    how many passages each term is, as two arrays' elements."""

    passages: int
    weights: bytes
    terms: int
    term: bytes
    found: bytes


def packed_words(texts: Sequence[str]) -> PackedWords:
    """Count the words of the passages of one deck or lecture."""
    counted = count_words(texts)
    return PackedWords(
        passages=len(counted.weights),
        weights=pack(SparseVector(dict(each), TERM_SPACE).to_binary() for each in counted.weights),
        terms=len(counted.found),
        term=pack(term.to_bytes(4) for term in counted.found),
        found=pack(count.to_bytes(4) for count in counted.found.values()),
    )


class Counter:
    """Counts the words of texts, of one deck or lecture a call."""

    def __init__(self, pool: ProcessPoolExecutor | None) -> None:
        self._pool = pool

    def count(self, texts: Sequence[str]) -> "Counting":
        """Begin to count their words."""
        if self._pool is not None:
            try:
                return Counting(texts, self._pool.submit(packed_words, list(texts)))
            except BrokenExecutor:  # a worker was killed: this process goes on alone
                self._pool = None
        return Counting(texts, None)


class Counting:
    """Words that are being counted."""

    def __init__(self, texts: Sequence[str], future: "Future[PackedWords] | None") -> None:
        self._texts, self._future = texts, future

    def words(self) -> PackedWords:
        """The words, which are waited for."""
        if self._future is not None:
            with suppress(BrokenExecutor):
                return self._future.result()
        return packed_words(self._texts)


@contextmanager
def counting(chunks: int, workers: int) -> Iterator[Counter]:
    """A counter for about so many chunks.

    Args:
        workers: processes beside this one; 0: none. Each imports the program's main module once more.
    """
    if workers == 0 or chunks < WORTH_CHUNKS:
        yield Counter(None)
        return
    os.setpriority(
        os.PRIO_PROCESS, 0, max(STANDING_BACK, os.getpriority(os.PRIO_PROCESS, 0))
    )  # it cannot be taken back
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent) as pool:
        yield Counter(pool)


def _end_with_parent() -> None:
    """Let this process end when the one that began it is killed: of itself it would wait for work for ever."""
    Thread(target=_end_after, args=[parent_process()], daemon=True).start()


def _end_after(parent: BaseProcess | None) -> None:
    if parent is not None:
        parent.join()
        os._exit(1)
