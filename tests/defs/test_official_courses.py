"""The nightly sync: Dagster brings the courses to the list, and fails with the sentence when the list is broken."""

import dagster as dg
import pytest

from pipelines.core.courses import list_courses
from pipelines.core.settings import get_settings
from pipelines.definitions import defs
from pipelines.defs.official_courses import nightly_courses
from tests.defs.graphs import opened


@pytest.fixture
def nightly(tmp_path, database_url, monkeypatch):
    """Runs the job with a list of these bytes: (its result, names of the courses there are)."""
    path = tmp_path / "list.csv"
    with opened(tmp_path, database_url, monkeypatch) as (stores, instance):
        monkeypatch.setenv("OFFICIAL_COURSES", str(path))
        get_settings.cache_clear()

        def run(data):
            path.write_bytes(data)
            job = defs.resolve_job_def("sync_courses_job")
            result = job.execute_in_process(instance=instance, raise_on_error=False)
            with stores.database.transaction() as connection:
                return result, [course.name for course in list_courses(connection)]

        yield run


def test_the_job_brings_the_courses_to_the_list(nightly):
    result, courses = nightly(b"code,name\nA,Algebra\nB,Biology\n")
    assert result.success and courses == ["Algebra", "Biology"]
    result, courses = nightly(b"<html>Sign in</html>")
    assert not result.success and courses == ["Algebra", "Biology"]
    (failure,) = [event for event in result.all_node_events if event.is_failure]
    assert "no column" in failure.step_failure_data.error_display_string
    result, courses = nightly(b"code,name\nA,Algebra\n")
    assert not result.success, "a list that lost half of them"


def test_the_schedule_runs_where_there_is_a_list_alone(monkeypatch, tmp_path, database_url):
    with opened(tmp_path, database_url, monkeypatch), dg.build_schedule_context() as context:
        assert isinstance(nightly_courses(context), dg.SkipReason)
        monkeypatch.setenv("OFFICIAL_COURSES", "list.csv")
        get_settings.cache_clear()
        assert isinstance(nightly_courses(context), dg.RunRequest)
