"""How long a read waits for more words: not at all while there is time, longer the more there is to do."""

import asyncio
import time

from pipelines.answering.pace import FREE_RUNS, PAUSE_MAX_S, Pace


def paused(runs):
    return Pace(lambda: runs).pause_s()


def test_few_answers_wait_for_nothing():
    assert paused(0) == paused(FREE_RUNS) == 0


def test_a_crowd_waits_longer_and_never_for_ever():
    assert 0 < paused(2 * FREE_RUNS) < paused(4 * FREE_RUNS) < paused(10**6) == PAUSE_MAX_S


def test_a_loop_that_is_late_makes_even_few_wait():
    async def held_up():
        pace = Pace(lambda: 1)
        watching = asyncio.create_task(pace.watch())
        for _ in range(3):
            await asyncio.sleep(0.05)
            time.sleep(0.2)
        watching.cancel()
        return pace.pause_s()

    assert asyncio.run(held_up()) > 0
