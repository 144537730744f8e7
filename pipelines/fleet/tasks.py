"""The Celery application of workers and launcher, and the one task: execute a run.

Dagster's own task ignores SIGINT, so that a cancelled run goes on to its end and is a success; this one has its name
and ends in order (docs/decisions/0034).
"""

import math
import signal
import time
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.exceptions import CeleryError
from celery.signals import heartbeat_sent
from dagster import DagsterInstance
from dagster._cli.api import _execute_run_command_body
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import unpack_value
from dagster._utils.interrupts import capture_interrupts
from dagster_celery.config import TASK_EXECUTE_JOB_NAME
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

QUEUE = "dagster"
RESULTS_S = 2 * 24 * 3600
"""How long the broker remembers what became of a task: longer than a run may take."""

WORKS = 1
"""Runs that a worker's process executes: the next one sees no connection that broke and no memory that was left. A
fork of the preloaded worker takes a tenth of a second."""

AWAY = (OSError, KombuError, CeleryError, RedisError)
"""What is raised where the broker cannot be asked. Nothing is concluded from it."""

CONFIGURATION = {
    # A task is taken when there is a process for it, and taken once: what waits behind a long run on one machine could
    # run on another, and a run whose machine dies is tried again by Dagster, not by Celery.
    "task_acks_late": False,
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,
    "task_track_started": True,
    "result_expires": RESULTS_S,
    "broker_connection_retry_on_startup": True,
    "worker_max_tasks_per_child": WORKS,
    "worker_redirect_stdouts": False,  # Dagster's every word would be in the worker's log twice
    "worker_hijack_root_logger": False,
    "task_default_queue": QUEUE,
    # Who launches waits for an answer of the broker no longer than this, and Dagster tries again.
    "broker_transport_options": {"socket_timeout": 5.0, "socket_connect_timeout": 5.0, "max_retries": 3},
    "redis_socket_timeout": 5.0,
    "redis_socket_connect_timeout": 5.0,
    "result_backend_transport_options": {"retry_policy": {"timeout": 5.0, "max_retries": 3}},
    "redis_retry_on_timeout": True,
}


def make_worker_app(broker: str, backend: str) -> Celery:
    """The application with the task in it.

    Args:
        broker, backend: URLs of the queue and of what became of tasks, such as `redis://host:6379/0`.
    """
    app = Celery("studybuddy", broker=broker, backend=backend, config_source=CONFIGURATION)
    app.task(execute_job, name=TASK_EXECUTE_JOB_NAME)
    return app


def now_and_then(do: Callable[[], None], *, every_s: float) -> None:
    """Have the worker that this process becomes do something short by and by, between runs too."""
    done_at = [-math.inf]

    def beat(**_: Any) -> None:
        if time.monotonic() - done_at[0] >= every_s:
            done_at[0] = time.monotonic()
            do()

    heartbeat_sent.connect(beat, weak=False)


def execute_job(execute_job_args_packed: Any) -> int:
    """Execute one run in this process; ends in order when it is cancelled (SIGINT).

    Returns:
        0 only where the run succeeded.
    """
    args = unpack_value(execute_job_args_packed, as_type=ExecuteRunArgs)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Celery's pool ignores it
    with capture_interrupts(), DagsterInstance.get() as instance:
        return int(_execute_run_command_body(args.run_id, instance, lambda _: None, set_exit_code_on_failure=True) or 0)
