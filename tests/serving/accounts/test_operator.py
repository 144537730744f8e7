"""What operators see and set: the people of a service, and how it is."""

import time
from uuid import uuid4

import pytest


@pytest.fixture
def olga(signed):
    """An operator, by the setting OPERATORS."""
    with signed.program(subject="olga", name="Olga") as client:
        yield client


def until(found, wanted):
    deadline = time.monotonic() + 60
    while found() != wanted:
        assert time.monotonic() < deadline, found()
        time.sleep(0.05)


def test_an_operator_finds_suspends_and_promotes_a_person(signed, olga):
    name = f"Eve {uuid4().hex[:8]}"
    with signed.program(subject=f"eve-{uuid4().hex[:8]}", name=name) as eve:
        assert eve.get("/api/operator/people").json()["error"]["code"] == "not_allowed"
        found = olga.get("/api/operator/people", params={"q": name.lower()}).json()
        (person,) = found["items"]
        assert (found["found"], person["name"], person["operator"], person["namedOperator"]) == (1, name, False, False)
        where = f"/api/operator/people/{person['id']}"
        assert olga.patch(where, json={"operator": True}).status_code == 204
        until(lambda: eve.get("/api/operator/people").status_code, 200)
        assert olga.patch(where, json={"operator": False, "suspended": True}).status_code == 204
        until(lambda: eve.get("/api/me").status_code, 403)
        (person,) = olga.get("/api/operator/people", params={"q": name}).json()["items"]
        assert person["suspendedAt"] and not person["operator"]
        assert olga.patch(where, json={"suspended": False}).status_code == 204
        until(lambda: eve.get("/api/me").status_code, 200)
        done = [event["action"] for event in olga.get("/api/audit", params={"mine": True}).json()["items"]]
        assert done[0] == "person.admitted"
        assert set(done[1:4]) == {"person.suspended", "operator.ended", "operator.given"}


def test_nobody_locks_themselves_out_and_nobody_unknown_is_changed(olga):
    me = olga.get("/api/me").json()["id"]
    own = olga.patch(f"/api/operator/people/{me}", json={"operator": False})
    assert (own.status_code, own.json()["error"]["code"]) == (409, "own_account")
    assert olga.patch(f"/api/operator/people/{uuid4()}", json={"suspended": True}).status_code == 404
    (person,) = olga.get("/api/operator/people", params={"q": "olga"}).json()["items"]
    assert person["namedOperator"]


def test_the_list_is_cut_and_says_of_how_many(olga):
    found = olga.get("/api/operator/people", params={"limit": 1}).json()
    assert len(found["items"]) == 1 <= found["found"]


def test_an_operator_is_told_how_the_service_is(olga, quoting):
    found = olga.get("/api/operator/service").json()
    assert found["checks"] == {"database": True, "staying": True} and found["freeBytes"] > 0
    assert int(found["versions"]["schema"]) > 40 and found["versions"]["postgresql"][0].isdigit()
    assert found["limits"]["personDailyUsd"] is None and found["limits"]["personQuotaMb"] > 0
    assert found["counts"]["courses"] >= 1 and "dims" not in found["counts"]
    local = quoting.http.get("/api/operator/service").json()
    assert local["checks"]["dagster"] is False, "none runs beside the tests"


def test_metrics_are_for_operators(signed, olga):
    assert "studybuddy_answers_total" in olga.get("/metrics").text
    with signed.program(subject=f"eve-{uuid4().hex[:8]}") as eve:
        refused = eve.get("/metrics")
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_allowed")
