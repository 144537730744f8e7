"""The ledger: a row a call, and caps that calls at one time cannot pass together."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from pydantic import SecretStr

from pipelines.core.errors import CapBusyError, CapReachedError, ProviderUnavailableError, StudyBuddyError
from pipelines.core.models.estimates import Estimate, estimate_descriptions, list_costs
from pipelines.core.models.ledger import (
    UNKNOWN_USD,
    Caps,
    Planned,
    close_call,
    find_spending,
    list_calls,
    open_call,
    put_course_cap,
    put_person_cap,
)
from pipelines.core.models.meter import Meter
from pipelines.core.models.payers import Payer
from pipelines.core.postgres import Database

NO_CAPS = Caps()


@pytest.fixture
def course(database):
    with database.transaction() as connection:
        return connection.execute("insert into courses (name) values ('c') returning id").fetchone()[0]


@pytest.fixture
def person(database):
    with database.transaction() as connection:
        text = "insert into users (issuer, subject) values ('i', %s) returning id"
        return connection.execute(text, [str(uuid4())]).fetchone()[0]


def plan(person, course=None, *, own_key=True, model="m", purpose="answer"):
    return Planned(
        person_id=person, course_id=course, run_id="r", purpose=purpose, model=model, own_key=own_key
    )  # fmt: skip


def spend(database, planned, caps=NO_CAPS, *, usd=0.1, failed=False):
    with database.transaction() as connection:
        call_id = open_call(connection, planned, caps)
    with database.transaction() as connection:
        close_call(connection, call_id, failed=failed, prompt_tokens=10, completion_tokens=5, cost_usd=usd)


def spent(database, person, course=None, caps=NO_CAPS):
    with database.transaction() as connection:
        theirs, its = find_spending(connection, caps, person_id=person, course_id=course)
    return theirs, its


def test_every_call_is_a_row_and_those_under_way_are_not_listed(database, person, course):
    spend(database, plan(person, course))
    spend(database, plan(person, course), failed=True, usd=0.0)
    with database.transaction() as connection:
        open_call(connection, plan(person, course), NO_CAPS)
        since = connection.execute("select now() - interval '1 day'").fetchone()[0]
        found = list_calls(connection, person_id=person, course_id=None, since=since, limit=10)
        nobodys = list_calls(connection, person_id=uuid4(), course_id=None, since=since, limit=10)
    assert [(call.failed, call.cost_usd, call.prompt_tokens, call.course_id, call.run_id) for call in found] == [
        (True, 0.0, 10, course, "r"), (False, 0.1, 10, course, "r")]  # fmt: skip
    assert nobodys == []


@pytest.mark.parametrize("of", ["person", "course"])
def test_fifty_calls_at_one_time_do_not_pass_a_cap_together(database_url, database, person, course, of):
    planned = plan(person, course, own_key=False)
    spend(database, planned, usd=0.1)
    caps = Caps(person_usd=1.0) if of == "person" else Caps(course_usd=1.0)

    def ask(_):
        try:
            with wide.transaction() as connection:
                return open_call(connection, planned, caps)
        except StudyBuddyError as error:
            return type(error)

    with Database(database_url, max_size=50) as wide, ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(ask, range(50)))
        let_in = [each for each in outcomes if not isinstance(each, type)]
        assert len(let_in) == 9 and outcomes.count(CapBusyError) == 41
        with wide.transaction() as connection:
            for call_id in let_in:
                close_call(connection, call_id, failed=False, prompt_tokens=1, completion_tokens=1, cost_usd=0.1)
        assert ask(0) is CapReachedError
    theirs, its = spent(database, person, course)
    assert (theirs if of == "person" else its).spent_usd == pytest.approx(1.0)


def test_while_nobody_knows_what_a_model_costs_one_call_goes_at_a_time_near_the_cap(database, person):
    caps = Caps(person_usd=UNKNOWN_USD / 2)
    with database.transaction() as connection:
        first = open_call(connection, plan(person), caps)
    with pytest.raises(CapBusyError, match="Calls under way"), database.transaction() as connection:
        open_call(connection, plan(person), caps)
    with database.transaction() as connection:
        close_call(connection, first, failed=False, prompt_tokens=1, completion_tokens=1, cost_usd=0.01)
    with database.transaction() as connection:
        open_call(connection, plan(person), caps)
        open_call(connection, plan(person), caps)
    with pytest.raises(CapBusyError), database.transaction() as connection:
        open_call(connection, plan(person, model="another"), caps)


def test_a_persons_cap_is_over_all_their_calls_and_a_courses_over_those_the_operator_pays(database, person, course):
    caps = Caps(person_usd=5.0, course_usd=0.2)
    spend(database, plan(person, course, own_key=True), caps, usd=1.0)
    spend(database, plan(person, course, own_key=False), caps, usd=0.25)
    with pytest.raises(CapReachedError, match="course's limit of 0.20 USD"):
        spend(database, plan(person, course, own_key=False), caps)
    spend(database, plan(person, course, own_key=True), caps, usd=3.75)
    with pytest.raises(CapReachedError, match="Your limit of 5.00 USD"):
        spend(database, plan(person, None), caps)
    theirs, its = spent(database, person, course, caps)
    assert (theirs.spent_usd, theirs.cap_usd, its.spent_usd, its.cap_usd) == (5.0, 5.0, 0.25, 0.2)


def test_a_wished_cap_holds_where_it_is_lower_than_the_operators(database, person, course):
    with database.transaction() as connection:
        put_person_cap(connection, person, 0.05)
        put_course_cap(connection, course, 9.0)
    theirs, its = spent(database, person, course, Caps(person_usd=1.0, course_usd=2.0))
    assert (theirs.cap_usd, theirs.own_cap_usd, its.cap_usd, its.own_cap_usd) == (0.05, 0.05, 2.0, 9.0)
    assert spent(database, person)[0].cap_usd == 0.05
    with database.transaction() as connection:
        put_person_cap(connection, person, None)
    assert spent(database, person)[0].cap_usd is None


def test_yesterdays_calls_and_those_of_dead_processes_count_no_more(database, person):
    caps = Caps(person_usd=0.1)
    spend(database, plan(person), usd=0.1)
    with database.transaction() as connection:
        connection.execute("update model_calls set began_at = now() - interval '24 hours 1 second'")
        open_call(connection, plan(person), caps)
        connection.execute("update model_calls set began_at = now() - interval '61 minutes' where status = 'open'")
    spend(database, plan(person), caps)


def test_a_call_for_somebody_who_was_erased_is_nobodys(database, course):
    spend(database, plan(uuid4(), course))
    with database.transaction() as connection:
        assert connection.execute("select user_id, course_id from model_calls").fetchall() == [(None, course)]


@pytest.fixture
def meter(database, person, settings):
    """Meters of the person, who pays themselves."""

    def make(**caps):
        key = SecretStr("k")
        payer = Payer(person_id=person, key_id=uuid4(), base_url="http://127.0.0.1:9", key=key, model="m")
        return Meter(database=database, payer=payer, purpose="answer", caps=Caps(**caps), run_id="r")

    return make


def ledger(database):
    text = "select status, prompt_tokens, cost_usd::float8, own_key, run_id from model_calls order by began_at"
    with database.transaction() as connection:
        return connection.execute(text).fetchall()


def test_a_meter_writes_its_call_down_before_it_is_made_and_what_came_of_it_after(database, meter):
    with meter().call() as used:
        assert ledger(database) == [("open", 0, UNKNOWN_USD, True, "r")]
        used.take({"prompt_tokens": 7, "completion_tokens": 2, "cost": 0.02})
    assert ledger(database) == [("done", 7, 0.02, True, "r")]
    with pytest.raises(ProviderUnavailableError), meter().call():
        raise ProviderUnavailableError("away")
    assert ledger(database)[1] == ("failed", 0, 0.0, True, "r")
    with pytest.raises(CapReachedError), meter(person_usd=0.02).call():
        raise AssertionError("the call was made")
    assert len(ledger(database)) == 2


def test_a_call_that_breaks_off_counts_as_much_as_such_calls_cost(database, meter):
    async def stopped():
        async with meter().call_async() as used:
            used.take({"prompt_tokens": 7, "cost": 0.02})
        begun = asyncio.Event()

        async def answer():
            async with meter().call_async() as used:
                used.began = True
                begun.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(answer())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stopped())
    assert [row[:3] for row in ledger(database)] == [("done", 7, 0.02), ("failed", 0, 0.02)]


def test_what_was_answered_is_not_lost_when_it_cannot_be_counted(database, meter):
    with meter().call() as used:
        used.take({"prompt_tokens": 7, "cost": 0.02})
        database.close()


def test_what_describing_the_rest_would_cost_is_estimated_from_what_it_has_cost(database, person, course):
    with database.transaction() as connection:
        connection.execute(
            "with deck as (insert into documents (course_id, title, file_name, source_name, sha256, byte_count)"
            " values (%(course)s, 'd', 'd.pdf', 'd.pdf', %(sha)s, 1) returning id)"
            " insert into slides (course_id, document_id, page, title, body, furniture, text_source, junk_chars,"
            " frame_group, width_pt, height_pt, source_sha256, code_version)"
            " select %(course)s, deck.id, n, '', '', '', 'layer', 0, n, 1, 1, %(sha)s, '1'"
            " from deck, generate_series(1, 3) n",
            {"course": course, "sha": "a" * 64},
        )  # fmt: skip
        assert estimate_descriptions(connection, course, model="v") == Estimate(pages=3, cost_usd=None)
        assert list_costs(connection, course) == []
    for usd in (0.01, 0.03):
        spend(database, plan(person, course, model="v", purpose="description"), usd=usd)
    with database.transaction() as connection:
        assert estimate_descriptions(connection, course, model="v") == Estimate(pages=3, cost_usd=pytest.approx(0.06))
        assert estimate_descriptions(connection, course, model=None).cost_usd is None
        (costs,) = list_costs(connection, course)
    assert (costs.purpose, costs.calls, costs.cost_usd) == ("description", 2, pytest.approx(0.04))
