"""Definitions small enough to watch: what a partition's run does is the first word of its key."""

import os
import signal
import subprocess
import time
from pathlib import Path

import dagster as dg

from pipelines.core.errors import PermanentError, TransientError
from pipelines.defs.failures import told_to_dagster

CANARY = "sk-canary-5f1e"
partitions = dg.DynamicPartitionsDefinition(name="tiny")


def attempts_of(key):
    """How often the key's asset was begun, this time included."""
    path = Path(os.environ["STUDYBUDDY_HOME"], key)
    count = int(path.read_text()) + 1 if path.exists() else 1
    path.write_text(str(count))
    return count


def behave(context):
    key = context.partition_key
    behaviour, count = key.partition("-")[0], attempts_of(key)
    if behaviour == "diesonce" and count == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "sleeps":
        child = subprocess.Popen(["sleep", "600"])
        Path(os.environ["STUDYBUDDY_HOME"], key + ".child").write_text(str(child.pid))
        time.sleep(600)
    if behaviour == "naps":
        time.sleep(3)
    if behaviour == "permanent":
        raise_over_a_secret(PermanentError("week3.pdf is protected by a password.", code="password_required"))
    if behaviour == "transient" and count <= 2:
        raise_over_a_secret(TransientError("The provider is busy.", retry_after_s=0.01))
    if behaviour == "busy":
        raise_over_a_secret(TransientError("The provider is busy.", retry_after_s=0.01))
    if behaviour == "reports":
        context.log_event(dg.AssetObservation(context.asset_key, partition=key, description="1 of 2 minutes"))
    if behaviour == "bug":
        raise ZeroDivisionError("a bug shows")


def raise_over_a_secret(error):
    try:
        raise ValueError(f"request with {CANARY} was refused")
    except ValueError as cause:
        raise error from cause


@dg.asset(partitions_def=partitions, pool="tiny")
def first(context: dg.AssetExecutionContext) -> None:
    """Does what the key says."""
    print(f"printed by {context.partition_key}")  # noqa: T201  what this is for
    with told_to_dagster(context):
        behave(context)


@dg.asset(partitions_def=partitions, deps=[first])
def second() -> dg.MaterializeResult:
    """Comes after."""
    return dg.MaterializeResult(metadata={"rows": 1})


tiny_job = dg.define_asset_job("tiny_job", selection=[first, second])
defs = dg.Definitions(assets=[first, second], jobs=[tiny_job], executor=dg.in_process_executor)
