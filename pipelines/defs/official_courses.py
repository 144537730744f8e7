"""The nightly sync of courses with the official list of a university, where OFFICIAL_COURSES names one."""

import dagster as dg

from pipelines.core.registry.official_courses import fetch_list, sync_courses
from pipelines.core.settings import get_settings
from pipelines.defs.failures import told_to_dagster
from pipelines.defs.resources import StoresResource
from pipelines.steps.course_lists import read_course_list


@dg.op
def sync_official_courses(context: dg.OpExecutionContext, stores: StoresResource) -> None:
    """Brings the courses to what the official list says; one that lost more than a fifth of them changes nothing."""
    address = stores.open.settings.official_courses
    if address is None:
        context.log.info("OFFICIAL_COURSES names no list.")
        return
    with told_to_dagster(context):
        listed = read_course_list(fetch_list(address))
        with stores.open.database.transaction() as connection:
            found = sync_courses(connection, listed)
    context.log.info(
        f"{len(found.added)} added, {len(found.changed)} changed, {len(found.restored)} under way again, "
        f"{len(found.vanished)} archived, {found.unchanged} as they were."
    )


@dg.job(tags={"dagster/max_runtime": "900"})
def sync_courses_job() -> None:
    """The courses of the official list."""
    sync_official_courses()


@dg.schedule(job=sync_courses_job, cron_schedule="15 3 * * *", default_status=dg.DefaultScheduleStatus.RUNNING)
def nightly_courses() -> dg.RunRequest | dg.SkipReason:
    """Every night, where OFFICIAL_COURSES names a list."""
    if get_settings().official_courses is None:
        return dg.SkipReason("OFFICIAL_COURSES names no list of courses.")
    return dg.RunRequest()


SCHEDULES = [nightly_courses]
