"""Who may see, search and manage what: the rules of `core/access.py` as a table, and their SQL side."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.core.access import (
    Shelf,
    adds_upload,
    invites,
    manages_course,
    manages_upload,
    offers_upload,
    publishes_upload,
    searches_upload,
    sees_upload,
)

PRIVATE = {"published": False, "offered": False, "released": True}
OFFERED = {"published": False, "offered": True, "released": True}
PUBLISHED = {"published": True, "offered": False, "released": True}
UNRELEASED = {"published": True, "offered": False, "released": False}

TABLE = [
    # role, own, shelf: what they may do
    ("student", True, PRIVATE, "sees searches manages offers"),
    ("student", True, OFFERED, "sees searches manages offers"),
    ("student", True, PUBLISHED, "sees searches"),
    ("student", True, UNRELEASED, "sees searches"),
    ("student", False, PRIVATE, ""),
    ("student", False, OFFERED, ""),
    ("student", False, PUBLISHED, "sees searches"),
    ("student", False, UNRELEASED, ""),
    *((role, *rest) for role in ("teacher", "owner") for rest in (
        (True, PRIVATE, "sees searches manages publishes offers"),
        (True, PUBLISHED, "sees searches manages publishes"),
        (False, PRIVATE, ""),
        (False, OFFERED, "sees manages publishes"),
        (False, PUBLISHED, "sees searches manages publishes"),
        (False, UNRELEASED, "sees searches manages publishes"),
    )),
    (None, True, PRIVATE, "sees manages"),
    (None, True, PUBLISHED, ""),
    (None, False, OFFERED, ""),
    (None, False, PUBLISHED, ""),
]  # fmt: skip


@pytest.mark.parametrize(("role", "own", "shelf", "expected"), TABLE)
def test_what_a_person_may_do_with_an_upload(role, own, shelf, expected):
    upload = Shelf(own=own, **shelf)
    rules = {
        "sees": sees_upload, "searches": searches_upload, "manages": manages_upload, "publishes": publishes_upload,
        "offers": offers_upload,
    }  # fmt: skip
    assert [name for name, rule in rules.items() if rule(role, upload)] == expected.split()


def test_what_a_person_may_do_in_a_course():
    roles = ("owner", "teacher", "student", None)
    assert [role for role in roles if manages_course(role)] == ["owner"]
    assert [(role, to) for role in roles for to in ("owner", "teacher", "student") if invites(role, to)] == [
        ("owner", "owner"), ("owner", "teacher"), ("owner", "student"), ("teacher", "teacher"), ("teacher", "student"),
    ]  # fmt: skip
    assert [role for role in roles if adds_upload(role, "document", students_add_lectures=False)] == list(roles[:3])
    assert [role for role in roles if adds_upload(role, "lecture", students_add_lectures=False)] == list(roles[:2])
    assert [role for role in roles if adds_upload(role, "lecture", students_add_lectures=True)] == list(roles[:3])


def test_statements_decide_as_the_rules_do(database):
    me, other = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
    soon, before = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(hours=1)
    cases = itertools.product(
        ("owner", "teacher", "student", None), (me, other, None), (True, False), (before, None), (before, soon, None)
    )
    wrong = []
    with database.transaction() as connection:
        for role, owner, published, offered, release in cases:
            upload = Shelf(
                own=owner == me, published=published, offered=offered is not None, released=release is not soon
            )
            found = connection.execute(
                "select sees_upload(%s::uuid, %s::text, %s::uuid, %s::boolean, %s::timestamptz, %s::timestamptz),"
                " searches_upload(%s::uuid, %s::text, %s::uuid, %s::boolean, %s::timestamptz)",
                [me, role, owner, published, offered, release, me, role, owner, published, release],
            ).fetchone()
            if found != (sees_upload(role, upload), searches_upload(role, upload)):
                wrong.append((role, owner, published, offered, release, found))
    assert wrong == []
