"""Failures are told to Dagster once: what a person must act on stops, what may pass is tried again, bugs show."""

import dagster as dg

from pipelines.core.errors import PermanentError, TransientError
from pipelines.defs.failures import LONGEST_WAIT_S, MOST_RETRIES, told_to_dagster


def run_asset(body, **options):
    """Materialize one asset around `body`; (did it succeed, how often it began, its last failure, what was noted)."""
    begun, noted = [], []

    @dg.asset
    def it(context: dg.AssetExecutionContext) -> None:
        begun.append(context.retry_number)
        with told_to_dagster(context, on_failure=noted.append, **options):
            body(len(begun))

    result = dg.materialize([it], raise_on_error=False)
    failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    return result.success, len(begun), (failures or [None])[-1], noted


def raises(error, times=99):
    def body(attempt):
        if attempt <= times:
            raise error

    return body


def test_a_permanent_failure_ends_at_once_with_its_sentence_and_code():
    ok, attempts, failure, noted = run_asset(raises(PermanentError("a.pdf is empty.", code="empty_file")))
    assert (ok, attempts) == (False, 1)
    assert failure.user_failure_data.description == "a.pdf is empty."
    assert failure.user_failure_data.metadata["code"].value == "empty_file"
    assert [error.code for error in noted] == ["empty_file"]


def test_a_transient_failure_is_tried_again_and_leaves_no_note_when_it_passes():
    ok, attempts, _, noted = run_asset(raises(TransientError("Busy."), times=2), first_wait_s=0.001)
    assert (ok, attempts, noted) == (True, 3, [])


def test_a_transient_failure_is_given_up_after_the_last_retry():
    ok, attempts, failure, noted = run_asset(raises(TransientError("Busy.", code="rate_limited")), first_wait_s=0.001)
    assert (ok, attempts) == (False, MOST_RETRIES + 1)
    assert failure.user_failure_data.description == "Busy. Given up after 4 attempts."
    assert [error.code for error in noted] == ["rate_limited"]


def waits_of(error, **options):
    """Seconds Dagster is asked to wait before each retry of an asset that always raises `error`."""
    waits = []

    @dg.asset
    def it(context: dg.AssetExecutionContext) -> None:
        try:
            with told_to_dagster(context, **options):
                raise error
        except dg.RetryRequested as retry:
            waits.append(retry.seconds_to_wait)
            raise dg.RetryRequested(max_retries=retry.max_retries, seconds_to_wait=0) from None

    assert not dg.materialize([it], raise_on_error=False).success
    return waits


def test_the_wait_is_what_the_other_side_asked_for():
    assert waits_of(TransientError("Busy.", retry_after_s=7.0)) == [7.0] * MOST_RETRIES


def test_an_absurd_wait_is_cut_short():
    assert waits_of(TransientError("Busy.", retry_after_s=86_400.0)) == [LONGEST_WAIT_S] * MOST_RETRIES


def test_a_wait_of_our_own_grows_threefold_and_never_in_step():
    first, second, third = waits_of(TransientError("Busy."), first_wait_s=2.0)
    assert 1.5 <= first <= 2.5 < 4.5 <= second <= 7.5 < 13.5 <= third <= 22.5


def test_a_bug_stays_what_it_is():
    ok, attempts, failure, noted = run_asset(raises(ZeroDivisionError("a bug shows")))
    assert (ok, attempts, noted) == (False, 1, [])
    assert failure.user_failure_data is None
    assert "ZeroDivisionError" in failure.error_display_string
