"""A fork server's view of one worker: what it works on, what follows, and how long somebody has waited."""

import json
import socket
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """One work: the key its client knows it by, what is handed to the worker, and who is told of its end."""

    key: str
    payload: str
    client: socket.socket


@dataclass(slots=True)
class Worker:
    """A child that works. `job` None: it waits for work, since `since`.

    `taken` False: it was handed its job and has not taken it up yet; where it dies first, another does it.
    `nearly_done`: the job is done but for clearing up, so the next one may wait for this worker, which is warm.
    `follows`: the job that waits so, since `since`.
    """

    orders: socket.socket
    job: Job | None
    taken: bool = True
    nearly_done: bool = False
    follows: Job | None = None
    since: float = 0.0

    def hand(self, job: Job) -> bool:
        """Give a job to a worker that waits; False: it takes none, because it has closed its end or is dead."""
        with suppress(OSError):
            self.orders.sendall(json.dumps(job.payload).encode() + b"\n")
            self.job, self.taken = job, False
            return True
        return False
