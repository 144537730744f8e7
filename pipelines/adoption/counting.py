"""Counting of words in processes beside this one: the slowest step of an adoption, which needs no database."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from pipelines.core.chunks import Words, count_words

WORKERS = 2
WORTH_CHUNKS = 5_000
"""Chunks from which on it is worth to start them."""


class Counter:
    """Counts the words of texts, of one deck or lecture a call."""

    def __init__(self, pool: ProcessPoolExecutor | None) -> None:
        self._pool = pool

    def count(self, texts: Sequence[str]) -> "Future[Words]":
        """Their words, soon."""
        if self._pool is not None:
            return self._pool.submit(count_words, list(texts))
        done: Future[Words] = Future()
        done.set_result(count_words(texts))
        return done


@contextmanager
def counting(chunks: int) -> Iterator[Counter]:
    """A counter for about so many chunks."""
    if chunks < WORTH_CHUNKS:
        yield Counter(None)
        return
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        yield Counter(pool)
