"""The pace at which providers' streams are read: at once while there is time, in fewer, larger pieces under load.

A read costs nearly the same for one word as for ten, so waiting a little between reads is what keeps the loop free for
new questions. What is waited for follows the number of answers and how late the loop itself is.
"""

import asyncio
from collections.abc import Callable

FREE_RUNS = 60
"""Up to this many answers at a time nothing is waited for, as long as the loop keeps up."""

FREE_LAG_S = 0.01
"""So late the loop may be without being busy."""

PAUSE_PER_RUN_S = 0.0004
LAG_SHARE = 4.0
PAUSE_MAX_S = 0.5
PROBE_S = 0.1
IDLE_PROBE_S = 1.0
"""While no answer is being written, nobody needs to know."""


class Pace:
    """The pause between two reads of a stream. `count` tells how many answers are being written."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count
        self._lag_s = 0.0

    def pause_s(self) -> float:
        """Seconds to wait before the next read; 0 while the service is not busy."""
        crowd = max(0, self._count() - FREE_RUNS)
        late_s = max(0.0, self._lag_s - FREE_LAG_S)
        return min(PAUSE_MAX_S, PAUSE_PER_RUN_S * crowd + LAG_SHARE * late_s)

    async def watch(self) -> None:
        """Measure how late the loop wakes sleepers, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            pause_s = PROBE_S if self._count() else IDLE_PROBE_S
            due = loop.time() + pause_s
            await asyncio.sleep(pause_s)
            self._lag_s = 0.7 * self._lag_s + 0.3 * (loop.time() - due)
