"""The one place where failures are told to Dagster: what a person must act on stops, what may pass is tried again.

Only expected failures are translated (`pipelines/core/errors.py`). A bug stays the exception it is, with its trace.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

from pipelines.core.errors import PermanentError, StudyBuddyError, TransientError

MOST_RETRIES = 3
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 120.0
"""A waiting step keeps its run's place in the queue; who asks for more than this is asked again instead."""


@contextmanager
def told_to_dagster(
    context: dg.AssetExecutionContext | dg.OpExecutionContext,
    *,
    on_failure: Callable[[StudyBuddyError], None] | None = None,
    on_wait: Callable[[StudyBuddyError], None] | None = None,
    first_wait_s: float = FIRST_WAIT_S,
) -> Iterator[None]:
    """Put around an asset's body, or an op's.

    Nothing of the original exception is chained: messages are sentences for people, but what lies under them may hold
    a request, a prompt or a key, and Dagster stores what it sees.

    Args:
        on_failure: called with the error when nothing will be tried again, before Dagster is told.
        on_wait: called with the error when it will be tried again.
        first_wait_s: seconds before the first retry when the other side named none; each further one waits 3 times
            as long, and up to a quarter more or less so that runs do not return in step.

    Raises:
        dagster.Failure: for a `PermanentError`, and for a `TransientError` after `MOST_RETRIES` retries.
        dagster.RetryRequested: for a `TransientError` before that.
    """
    try:
        yield
    except TransientError as error:
        if context.retry_number >= MOST_RETRIES:
            if on_failure is not None:
                on_failure(error)
            raise _failure(error, f"{error.message} Given up after {MOST_RETRIES + 1} attempts.") from None
        wait_s = _wait_s(error, context.retry_number, first_wait_s)
        if on_wait is not None:
            on_wait(error)
        context.log.warning(f"{error.message} Trying again in {wait_s:.1f} s.")
        raise dg.RetryRequested(max_retries=MOST_RETRIES, seconds_to_wait=wait_s) from None
    except PermanentError as error:
        if on_failure is not None:
            on_failure(error)
        raise _failure(error, error.message) from None


def _wait_s(error: TransientError, retries: int, first_wait_s: float) -> float:
    wait_s = error.retry_after_s
    if wait_s is None:
        wait_s = first_wait_s * 3**retries * random.uniform(0.75, 1.25)
    return min(wait_s, LONGEST_WAIT_S)


def _failure(error: StudyBuddyError, description: str) -> dg.Failure:
    return dg.Failure(description=description, metadata={"code": error.code}, allow_retries=False)
