"""Tokens of the issuer: a good one opens, and every forged, foreign or stale one is refused like none at all."""

import time

import httpx
import pytest

from tests.fake_issuer import FakeIssuer, new_key
from tests.serving.accounts.conftest import LIMITS, free_port, issuer_settings
from tests.serving.conftest import running

OTHER = new_key()
NOW = int(time.time())


def me(signed, token):
    with signed.program(token) as client:
        return client.get("/api/me")


def test_a_token_opens_and_makes_its_person_known(signed, rows):
    found = me(signed, signed.issuer.mint("ada"))
    assert found.status_code == 200
    told = found.json()
    assert told == {
        "id": told["id"], "name": "ada of the tests", "email": "ada@example.org", "operator": False,
        "openrouter": {"connected": False, "label": None}, "language": None, "theme": None,
        "belongs": "here", "formerUrl": None,
    }  # fmt: skip
    assert me(signed, signed.issuer.mint("ada")).json()["id"] == told["id"]
    assert rows("select issuer, subject from users where id = %s", [told["id"]]) == [(signed.issuer.url, "ada")]


def test_what_the_issuer_says_of_a_person_is_kept_up_to_date_and_nothing_unsaid_is_lost(signed):
    first = me(signed, signed.issuer.mint("mia", name="Mia", email="mia@old.example")).json()
    later = me(signed, signed.issuer.mint("mia", name="Mia Marie", without=("email",))).json()
    assert (later["id"], later["name"], later["email"]) == (first["id"], "Mia Marie", "mia@old.example")


def test_names_of_strangers_are_cut_and_cleaned(signed):
    told = me(signed, signed.issuer.mint("long", name="x\x00" * 500, email=["no", "text"])).json()
    assert told["name"] == "x" * 200 and told["email"] is None


def test_who_is_named_as_operator_is_one(signed):
    assert me(signed, signed.issuer.mint("olga")).json()["operator"] is True


FORGERIES = {
    "no signature": {"algorithm": "none"},
    "signed with the public key as a secret": {"algorithm": "HS256"},
    "signed by another": {"key": OTHER},
    "names a key nobody has": {"kid": "another"},
    "names a key that is no name": {"kid": 7},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"without": ("iss",)},
    "another audience": {"aud": "else"},
    "other audiences": {"aud": ["else", "more"]},
    "no audience": {"aud": []},
    "an audience and another party": {"azp": "https://evil.example"},
    "parties in a list": {"azp": ["studybuddy-tests"]},
    "neither audience nor party": {"without": ("aud",)},
    "only another party": {"without": ("aud",), "azp": "https://evil.example"},
    "expired": {"exp": NOW - 60},
    "no end": {"without": ("exp",)},
    "an end that is no time": {"exp": "soon"},
    "an end at infinity": {"exp": float("inf")},
    "not yet": {"nbf": NOW + 86_400},
    "made in the future": {"iat": NOW + 86_400},
    "no subject": {"without": ("sub",)},
    "an empty subject": {"sub": ""},
    "a subject that is no text": {"sub": 7},
    "a subject nobody can store": {"sub": "a\x00b"},
    "an endless subject": {"sub": "a" * 300},
    "a session that is not whole": {"sts": "pending"},
    "another kind of token": {"typ": "logout+jwt"},
    "larger than any": {"padding": "x" * 20_000},
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_token_is_refused_like_none(signed, forged):
    answer = me(signed, signed.issuer.mint(**forged))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


CHANGES = {
    "other signature": lambda token: token[:-6] + "AAAAAA",
    "no signature": lambda token: token.rpartition(".")[0] + ".",
    "longer": lambda token: token + "x",
    "an empty part": lambda token: token.replace(".", "..", 1),
    "two parts": lambda token: token.partition(".")[2],
    "no token": lambda token: "a.b.c",
    "no text": lambda token: "\xff" * 40,
}


@pytest.mark.parametrize("spoil", CHANGES.values(), ids=CHANGES)
def test_a_changed_token_is_refused(signed, spoil):
    answer = httpx.get(
        f"{signed.url}/api/me", headers={"authorization": b"Bearer " + spoil(signed.issuer.mint()).encode("latin-1")}
    )
    assert answer.status_code == 401


WHOLE = {
    "Clerk's: no audience, but the page it was made for": {"without": ("aud",), "azp": "https://front.example"},
    "made for us by us": {"azp": "studybuddy-tests"},
    "for us among others": {"aud": ["else", "studybuddy-tests"]},
    "no name of its key, where there is one only": {"kid": None},
    "an access token": {"typ": "at+jwt"},
    "a whole session": {"sts": "active"},
}


@pytest.mark.parametrize("good", WHOLE.values(), ids=WHOLE)
def test_a_token_that_is_whole_is_let_in(signed, good):
    assert me(signed, signed.issuer.mint(**good)).status_code == 200


def test_a_person_is_known_for_a_while_but_never_longer_than_their_token(signed):
    token = signed.issuer.mint(exp=int(time.time()) - 3)  # within the leeway for two more seconds
    assert me(signed, token).status_code == 200
    deadline = time.monotonic() + 60
    while me(signed, token).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.fixture
def own(serving_settings):
    """A service and an issuer that a test may put to sleep."""
    issuer, port = FakeIssuer(), free_port()
    settings = issuer_settings(serving_settings, issuer, port)

    def get(token):
        headers = {"authorization": f"Bearer {token}"}
        return httpx.get(f"http://127.0.0.1:{port}/api/me", headers=headers, timeout=60).status_code

    yield issuer, get, lambda: running(settings, LIMITS, port=port)
    issuer.close()


def until(get, token, status):
    deadline = time.monotonic() + 60
    while (found := get(token)) != status:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def test_a_rotated_key_is_found_and_the_old_one_forgotten(own):
    issuer, get, start = own
    old = issuer.keys["first"]
    with start():
        until(get, issuer.mint(), 200)
        issuer.rotate("second")
        until(get, issuer.mint(), 200)  # fetched because a token named it, after the cooldown
        assert get(issuer.mint("ben", key=old, kid="first")) == 401, "of somebody who is not known from a moment ago"


def test_an_issuer_that_is_away_keeps_nobody_out_whose_key_is_known(own):
    issuer, get, start = own
    with start():
        until(get, issuer.mint(), 200)
        issuer.asleep = True
        assert get(issuer.mint("ben")) == 200
        assert [get(issuer.mint(kid=f"made up {n}")) for n in range(20)] == [401] * 20
        before, began = issuer.requests.total(), time.monotonic()
        time.sleep(LIMITS.issuer_cooldown_s)
        assert [get(issuer.mint(kid=f"made up {n}")) for n in range(20)] == [401] * 20
        most = 1 + (time.monotonic() - began) / LIMITS.issuer_cooldown_s
        assert issuer.requests.total() - before <= most, "strangers make nobody ask the issuer all the time"
        assert get(issuer.mint("cem")) == 200


def test_an_issuer_that_was_away_at_the_start_is_asked_again(own):
    issuer, get, start = own
    issuer.asleep = True
    with start():
        assert get(issuer.mint()) == 503
        assert get("nonsense") == 401
        issuer.asleep = False
        until(get, issuer.mint(), 200)


def test_who_comes_while_the_issuer_is_asked_for_the_first_time_waits_for_its_answer(own):
    issuer, get, start = own
    issuer.delay_s = 0.5
    with start():
        assert get(issuer.mint()) == 200
