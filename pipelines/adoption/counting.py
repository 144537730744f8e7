"""Counting of words in processes beside this one: the slowest step of an adoption, which needs no database."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from threading import Thread

from pipelines.core.chunks import Words, count_words

WORTH_CHUNKS = 5_000
"""Chunks from which on it is worth to start them."""


class Counter:
    """Counts the words of texts, of one deck or lecture a call."""

    def __init__(self, pool: ProcessPoolExecutor | None) -> None:
        self._pool = pool

    def count(self, texts: Sequence[str]) -> "Counting":
        """Begin to count their words."""
        if self._pool is not None:
            try:
                return Counting(texts, self._pool.submit(count_words, list(texts)))
            except BrokenExecutor:  # a worker was killed: this process goes on alone
                self._pool = None
        return Counting(texts, None)


class Counting:
    """Words that are being counted."""

    def __init__(self, texts: Sequence[str], future: "Future[Words] | None") -> None:
        self._texts, self._future = texts, future

    def words(self) -> Words:
        """The words, which are waited for."""
        if self._future is not None:
            with suppress(BrokenExecutor):
                return self._future.result()
        return count_words(self._texts)


@contextmanager
def counting(chunks: int, workers: int) -> Iterator[Counter]:
    """A counter for about so many chunks.

    Args:
        workers: processes beside this one; 0: none. Each imports the program's main module once more.
    """
    if workers == 0 or chunks < WORTH_CHUNKS:
        yield Counter(None)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent) as pool:
        yield Counter(pool)


def _end_with_parent() -> None:
    """Let this process end when the one that began it is killed: of itself it would wait for work for ever."""
    Thread(target=_end_after, args=[parent_process()], daemon=True).start()


def _end_after(parent: BaseProcess | None) -> None:
    if parent is not None:
        parent.join()
        os._exit(1)
