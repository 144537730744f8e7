"""Jobs on embedding sets: those of no use are retired, a course goes back to the set it was searched in before."""

import dagster as dg
from pydantic import Field

from pipelines.core.courses import find_course
from pipelines.core.embeddings.pairs import list_pairs
from pipelines.core.embeddings.pointers import course_set, roll_back
from pipelines.core.embeddings.sets import list_unused, retire_set
from pipelines.core.errors import PermanentError
from pipelines.defs.failures import told_to_dagster
from pipelines.defs.resources import StoresResource
from pipelines.defs.sets import moved


class Retirement(dg.Config):
    """Which sets to retire; none named: those that nobody has had use for in SET_RETENTION_DAYS days."""

    names: list[str] = Field(default_factory=list)


class Rollback(dg.Config):
    """The course that goes back, by name or id."""

    course: str


@dg.op
def retire_unused_sets(context: dg.OpExecutionContext, config: Retirement, stores: StoresResource) -> None:
    """Removes the vectors of sets; one that is live, or that is being built, stays, and that is said."""
    store = stores.open
    days = store.settings.set_retention_days
    with told_to_dagster(context):
        with store.database.transaction() as connection:
            unused = list_unused(connection, days=days) if days else []
        retired, kept = [], []
        for name in config.names or unused:
            try:
                with store.database.transaction() as connection:
                    retire_set(connection, name)
                retired.append(name)
            except PermanentError as error:
                kept.append(error.message)
                context.log.warning(error.message)
    context.add_output_metadata({"retired": ", ".join(retired) or "none", "kept": " ".join(kept) or "none"})


@dg.op
def roll_back_one_course(context: dg.OpExecutionContext, config: Rollback, stores: StoresResource) -> None:
    """Has a course searched in the set that it was searched in before its last promotion."""
    with told_to_dagster(context), stores.open.database.transaction() as connection:
        course = find_course(connection, config.course)
        before = course_set(connection, course.id)
        now = roll_back(connection, course)
        pairs = [pair for pair in list_pairs(connection) if pair.course_id == course.id and pair.live]
    left = before.name if before is not None else "none"
    for pair in pairs:  # none where it has no questions
        context.log_event(moved(pair, left))
    context.log.info(f"{course.name} is searched in {now.name}, and no more in {left}.")
    context.add_output_metadata({"course": course.name, "live set": now.name, "live set before": left})


@dg.job(tags={"dagster/max_runtime": "900"})
def retire_sets() -> None:
    """Embedding sets of no use: those that nobody has come back to, or those that are named."""
    retire_unused_sets()


@dg.job(tags={"dagster/max_runtime": "900"})
def roll_back_course() -> None:
    """A course goes back to the set of before its last promotion, once."""
    roll_back_one_course()


@dg.schedule(job=retire_sets, cron_schedule="10 4 * * 0", default_status=dg.DefaultScheduleStatus.RUNNING)
def weekly_retirement() -> dg.RunRequest:
    """Every Sunday."""
    return dg.RunRequest()


SET_JOBS = [retire_sets, roll_back_course]
