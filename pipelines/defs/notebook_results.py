"""Runs that show what researchers saved in notebooks beside the evaluations of the asset: same figures and picture."""

from uuid import UUID

import dagster as dg

from pipelines.core.embeddings.pairs import list_pairs
from pipelines.core.errors import TransientError
from pipelines.core.evaluations.notebook_results import find_notebook_result, list_untold, note_told
from pipelines.core.stores import Stores
from pipelines.defs.evaluation_report import shown
from pipelines.defs.failures import told_to_dagster
from pipelines.defs.resources import StoresResource, lasting_stores


class Saved(dg.Config):
    """Which result: its id."""

    result_id: str


@dg.op
def show_notebook_result(context: dg.OpExecutionContext, config: Saved, stores: StoresResource) -> None:
    """Notes an evaluation from a notebook in the history of `evaluation`, at its course and set."""
    database = stores.open.database
    with told_to_dagster(context), database.transaction() as connection:
        result = find_notebook_result(connection, UUID(config.result_id))
        if result is None:
            context.log.info("The course was deleted.")
            return
        pairs = [pair for pair in list_pairs(connection) if pair.course_id == result.course_id]
        keys = [pair.partition_key for pair in pairs if pair.set_name == result.set_name]
        note_told(connection, result.id)
    parameters = ", ".join(f"{name}={value!r}" for name, value in result.parameters.items())
    told = shown(result.course, {f"{result.set_name} ({result.notebook})": result.figures}, result.figures)
    context.log_event(
        dg.AssetObservation(
            "evaluation",
            partition=next(iter(keys), None),  # none where the course has no questions of its own
            description=f"{result.course} in {result.set_name}, asked from the notebook {result.notebook}.",
            metadata={**told, "set": result.set_name, "notebook": result.notebook, "parameters": parameters or "none"},
        )
    )


@dg.job(tags={"dagster/max_runtime": "900", "dagster/priority": "-2"})
def save_notebook_result() -> None:
    """One evaluation that somebody made in a notebook and saved."""
    show_notebook_result()


@dg.sensor(
    job_name=save_notebook_result.name, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING
)
def notebook_results_sensor() -> list[dg.RunRequest] | dg.SkipReason:
    """Starts a run for every result that was saved in a notebook."""
    try:
        return result_requests(lasting_stores()) or dg.SkipReason("No new result of a notebook.")
    except TransientError as error:
        return dg.SkipReason(error.message)


def result_requests(stores: Stores) -> list[dg.RunRequest]:
    """A run for each result that none has shown yet; asked for again, it is the same run."""
    with stores.database.transaction() as connection:
        waiting = list_untold(connection)
    config = {
        result_id: {"ops": {"show_notebook_result": {"config": {"result_id": str(result_id)}}}} for result_id in waiting
    }
    return [dg.RunRequest(run_key=f"notebook:{result_id}", run_config=each) for result_id, each in config.items()]
