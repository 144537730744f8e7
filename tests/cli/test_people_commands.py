"""`studybuddy people` and `studybuddy courses sync`, as an operator types them."""

import json

import pytest
from typer.testing import CliRunner

from pipelines.cli import make_app
from pipelines.core.settings import get_settings
from tests.defs.graphs import opened


@pytest.fixture
def stores(tmp_path, database_url, monkeypatch):
    with opened(tmp_path, database_url, monkeypatch) as (stores, _):
        with stores.database.transaction() as connection:
            connection.execute(
                "insert into users (issuer, subject, name, email)"
                " values ('https://issuer', 's1', E'Ada\\x1b[2J', 'ada@example.org')"
            )
        yield stores


@pytest.fixture
def type_in(stores):
    def run(*line, code=0, answer=None):
        result = CliRunner().invoke(make_app(line[:1]), line, input=answer)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output and "\x1b[2J" not in result.output
        return result.output

    return run


def test_people_are_listed_suspended_and_let_in(type_in):
    assert "ada@example.org" in type_in("people") and "suspended" not in type_in("people")
    assert "is suspended now" in type_in("people", "suspend", "ada@example.org")
    (ada,) = json.loads(type_in("people", "list", "ada", "--json"))
    assert ada["suspended_at"] and ada["subject"] == "s1"
    type_in("people", "readmit", ada["id"])
    type_in("people", "operator", "s1")
    (ada,) = json.loads(type_in("people", "list", "ada", "--json"))
    assert (ada["suspended_at"], ada["operator"]) == (None, True)
    assert "nobody called" in type_in("people", "suspend", "eve", code=1)


def test_people_are_erased_and_erased_again_after_a_restore(type_in, stores):
    (ada,) = json.loads(type_in("people", "list", "ada", "--json"))
    type_in("people", "erase", "ada@example.org", code=1, answer="n\n")
    assert "Erased: 1" in type_in("people", "erase", "ada@example.org", answer="y\n")
    assert json.loads(type_in("people", "list", "ada", "--json")) == []
    with stores.database.transaction() as connection:
        connection.execute("insert into users (id, issuer, subject) values (%s, 'https://issuer', 's1')", [ada["id"]])
    ids = f"{ada['id']}\n00000000-0000-4000-8000-000000000009\n"
    assert json.loads(type_in("people", "erase", "-", "--json", answer=ids)) == {"erased": 1}
    assert json.loads(type_in("people", "erase", "-", "--json", answer=ids)) == {"erased": 0}


def test_tokens_are_made_listed_and_revoked(type_in, stores, monkeypatch):
    made = json.loads(type_in("tokens", "make", "nightly", "--scope", "read", "--person", "s1", "--json"))
    assert made["token"].startswith("sbp_")
    assert "nightly" in type_in("tokens") and made["token"] not in type_in("tokens", "list", "--json")
    (token,) = json.loads(type_in("tokens", "list", "--person", "ada@example.org", "--json"))
    assert (token["id"], token["scopes"], token["used_at"]) == (made["id"], ["read"], None)
    with stores.database.transaction() as connection:
        kept = connection.execute(
            "select expires_at - now() < interval '91 days', t::text from access_tokens t"
        ).fetchone()
    assert kept[0] is True and made["token"] not in kept[1]
    own = json.loads(type_in("tokens", "make", "mine", "--scope", "chat", "--scope", "read", "--json"))
    (token,) = [each for each in json.loads(type_in("tokens", "list", "--json")) if each["id"] == own["id"]]
    assert token["scopes"] == ["chat", "read"]
    type_in("tokens", "revoke", own["id"])
    monkeypatch.setenv("OIDC_ISSUER", "https://issuer")
    get_settings.cache_clear()
    assert "whose it is with --person" in type_in("tokens", "make", "mine", "--scope", "read", code=1)
    assert "nobody called" in type_in("tokens", "make", "x", "--scope", "read", "--person", "eve", code=1)
    type_in("tokens", "make", "x", "--scope", "account", "--person", "s1", code=2)
    assert "Revoked" in type_in("tokens", "revoke", made["id"])
    assert "no such token" in type_in("tokens", "revoke", made["id"], code=1)
    assert json.loads(type_in("tokens", "list", "--json")) == []


def test_a_list_of_courses_is_shown_asked_about_and_taken_and_gets_owners(type_in, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("code,name\nA,Algebra\nB,Biology\n")
    assert "added     A Algebra" in type_in("courses", "sync", str(path), "--dry-run")
    assert json.loads(type_in("courses", "--json")) == []
    type_in("courses", "sync", str(path), code=1, answer="n\n")
    assert json.loads(type_in("courses", "--json")) == []
    type_in("courses", "sync", str(path), answer="y\n")
    assert [each["name"] for each in json.loads(type_in("courses", "--json"))] == ["Algebra", "Biology"]
    assert "0 courses change" in type_in("courses", "sync", str(path))
    assert "owner of Algebra" in type_in("people", "enrol", "ada@example.org", "--course", "Algebra", "--role", "owner")
    assert "keeps an owner" in type_in("people", "remove", "s1", "--course", "Algebra", code=1)
    path.write_text("code,name\nA,Algebra\n")
    assert "more than a fifth" in type_in("courses", "sync", str(path), "--yes", code=1)
    found = json.loads(type_in("courses", "sync", str(path), "--yes", "--json", "--accept-losses"))
    assert found["vanished"] == ["B Biology"]


def test_a_sync_without_a_list_says_where_to_name_one(type_in):
    assert "OFFICIAL_COURSES" in type_in("courses", "sync", code=1)
