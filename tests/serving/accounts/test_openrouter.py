"""Connecting OpenRouter: one person, one browser, once, in time; whatever it answers; a key that is told to nobody."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.fake_issuer import FakeIssuer
from tests.fake_openrouter import FakeOpenRouter
from tests.serving.accounts.conftest import LIMITS, free_port, issuer_settings
from tests.serving.conftest import Service, running


@dataclass
class Connecting:
    """A running service whose people the issuer signs in, and the OpenRouter they connect."""

    service: Service
    issuer: FakeIssuer
    fake: FakeOpenRouter
    opened: list[httpx.Client] = field(default_factory=list)

    def person(self, name="ada", **more):
        """A client with cookies of its own that a person is signed in with."""
        headers = {"authorization": f"Bearer {self.issuer.mint(name)}"}
        self.opened.append(httpx.Client(base_url=self.service.url, headers=headers, timeout=60, **more))
        return self.opened[-1]

    def hang_up(self):
        """Close every client."""
        while self.opened:
            self.opened.pop().close()

    def begin(self, client, return_to="/settings", **more):
        """Where the person is sent to."""
        begun = client.get("/api/auth/openrouter", params={"returnTo": return_to}, **more)
        assert begun.status_code == 303, begun.text
        return begun.headers["location"]


@pytest.fixture(scope="module")
def there(serving_settings, issuer, fake):
    port = free_port()
    settings = issuer_settings(serving_settings, issuer, port, openrouter_url=fake.url, chat_model="scripted",
                               model_urls=f"{fake.url}/api/v1")  # fmt: skip
    with running(settings, replace(LIMITS, openrouter_timeout_s=1.0), port=port) as service:
        yield Connecting(service, issuer, fake)


@pytest.fixture(autouse=True)
def clean(there, fake, rows):
    yield
    there.hang_up()
    fake.answers.clear()
    fake.asked.clear()
    fake.seen.clear()
    fake.delay_s = 0.0
    rows("delete from model_keys")
    rows("delete from openrouter_attempts")


def connected(client):
    return client.get("/api/me").json()["openrouter"]["connected"]


def nothing_happened(there, client):
    return there.fake.asked["/api/v1/auth/keys"] == 0 and not connected(client)


def code_of(answer):
    return answer.json()["error"]["code"]


def test_a_click_there_and_back_connects(there, rows):
    ada = there.person()
    location = there.begin(ada, "/settings?tab=keys")
    query = parse_qs(urlsplit(location).query)
    assert set(query) == {"callback_url", "code_challenge", "code_challenge_method"}
    assert query["callback_url"][0].startswith(f"{there.service.url}/api/auth/openrouter/callback/")
    key = "sk-or-v1-" + "c" * 64
    done = ada.get(there.fake.allow(location, key=key))
    assert (done.status_code, done.headers["location"]) == (303, "/settings?tab=keys")
    assert done.headers["referrer-policy"] == "no-referrer" and done.headers["cache-control"] == "no-store"
    me = ada.get("/api/me").json()["openrouter"]
    assert me == {"connected": True, "label": "sk-or-v1-ccc..."}
    (item,) = ada.get("/api/keys").json()["items"]
    assert (item["state"], item["limitUsd"], item["remainingUsd"], item["usageUsd"]) == ("connected", 5, 4.9, 0.1)
    assert item["manageUrl"].startswith(there.fake.url + "/keys/") and key not in ada.get("/api/keys").text
    ((kept,),) = rows("select to_jsonb(k)::text from model_keys k")
    assert key not in kept and key.encode().hex() not in kept
    exchange = next(body for path, _, body in there.fake.seen if path.endswith("/auth/keys"))
    assert exchange["code_challenge_method"] == "S256" and len(exchange["code_verifier"]) == 43
    assert rows("select count(*) from openrouter_attempts") == [(0,)]


class TestNobodyElseComesBack:
    def test_without_the_cookie(self, there):
        ada = there.person()
        back = there.fake.allow(there.begin(ada))
        refused = there.person().get(back)
        assert refused.status_code == 400 and code_of(refused) == "connect_expired" and nothing_happened(there, ada)
        assert ada.get(back).status_code == 303 and connected(ada), "and the one who began is not kept from it"

    def test_as_another_person_in_the_same_browser(self, there):
        ada = there.person()
        back = there.fake.allow(there.begin(ada))
        eve = there.person("eve", cookies=ada.cookies)
        assert code_of(eve.get(back)) == "connect_expired"
        assert nothing_happened(there, ada) and not connected(eve)

    def test_in_a_browser_with_an_attempt_of_its_own(self, there):
        ada, other = there.person(), there.person()
        back = there.fake.allow(there.begin(ada))
        there.begin(other)
        assert code_of(other.get(back)) == "connect_expired" and nothing_happened(there, ada)

    def test_with_a_strangers_code(self, there):
        """Log-in CSRF: who lures a person to the stranger's address connects nothing, also with the code alone."""
        eve, ada = there.person("eve"), there.person()
        back = there.fake.allow(there.begin(eve), key="sk-or-v1-of-the-stranger")
        there.begin(ada)
        for lured in (back, "/api/auth/openrouter/callback/x?" + urlsplit(back).query):
            assert code_of(ada.get(lured)) == "connect_expired"
        assert nothing_happened(there, ada)

    def test_by_nobody(self, there):
        back = there.fake.allow(there.begin(there.person()))
        assert httpx.get(back).status_code == 401

    def test_by_a_token_of_a_program(self, there):
        ada = there.person()
        token = ada.post("/api/tokens", json={"name": "t", "scopes": ["read", "chat", "upload"]}).json()["token"]
        program = there.person()
        program.headers["authorization"] = f"Bearer {token}"
        assert program.get("/api/auth/openrouter").status_code == 403
        assert program.put("/api/keys/openrouter", json={"key": "sk-or-v1-whatever"}).status_code == 403
        assert program.delete("/api/keys/openrouter").status_code == 403

    def test_by_post(self, there):
        ada = there.person()
        back = there.fake.allow(there.begin(ada))
        assert ada.post(back, json={}).status_code == 405 and nothing_happened(there, ada)


@pytest.mark.parametrize("change", ["x", "", "A" * 43, "../callback", "%00", "A" * 5000, "nonce?nonce=2"])
def test_a_wrong_nonce_is_refused(there, change):
    ada = there.person()
    parts = urlsplit(there.fake.allow(there.begin(ada)))
    answer = ada.get(f"{parts.path.rpartition('/')[0]}/{change}{'&' if '?' in change else '?'}{parts.query}")
    assert 400 <= answer.status_code < 500 and nothing_happened(there, ada)


def test_the_same_address_twice_is_one_exchange(there):
    ada = there.person()
    back = there.fake.allow(there.begin(ada))
    assert ada.get(back).status_code == 303
    assert code_of(ada.get(back)) == "connect_expired" and there.fake.asked["/api/v1/auth/keys"] == 1


def test_ten_at_once_are_one_exchange(there):
    ada = there.person()
    back = there.fake.allow(there.begin(ada))
    there.fake.delay_s = 0.1
    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda _: there.person(cookies=ada.cookies).get(back).status_code, range(10)))
    assert sorted(statuses) == [303] + [400] * 9 and there.fake.asked["/api/v1/auth/keys"] == 1


def test_two_tabs_are_two_attempts(there):
    ada = there.person()
    first, second = (there.fake.allow(there.begin(ada)) for _ in range(2))
    assert [ada.get(back).status_code for back in (second, first)] == [303, 303]


def test_too_late_is_refused(there, rows):
    ada = there.person()
    back = there.fake.allow(there.begin(ada))
    rows("update openrouter_attempts set ends_at = now()")
    assert code_of(ada.get(back)) == "connect_expired" and nothing_happened(there, ada)


@pytest.mark.parametrize(
    "query", ["", "code=", "error=access_denied", "code[]=x", "code=x&code=y", "code=%0a", "code=" + "x" * 5000]
)
def test_what_is_no_code_is_refused_before_any_exchange(there, query):
    ada = there.person()
    back = urlsplit(there.fake.allow(there.begin(ada))).path
    assert code_of(ada.get(f"{back}?{query}")) == "connect_refused" and nothing_happened(there, ada)


def test_a_code_of_another_challenge_is_refused(there):
    """A code that was made without our challenge, or for another one: OpenRouter refuses the verifier, and so do we."""
    ada = there.person()
    back = there.fake.allow(there.begin(ada), challenge="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    assert code_of(ada.get(back)) == "connect_refused" and not connected(ada)
    assert code_of(ada.get(back)) == "connect_expired", "an attempt that failed is used, too"


def test_each_verifier_is_new_and_kept_sealed(there, rows):
    ada = there.person()
    challenges = {parse_qs(urlsplit(there.begin(ada)).query)["code_challenge"][0] for _ in range(12)}
    assert len(challenges) == 12 and all(len(each) == 43 for each in challenges)
    kept = rows("select to_jsonb(a)::text from openrouter_attempts a")
    assert len(kept) == 10, "nobody fills the table by beginning"
    ada.get(there.fake.allow(there.begin(ada)))
    verifier = next(body for path, _, body in there.fake.seen if path.endswith("/auth/keys"))["code_verifier"]
    assert not [row for (row,) in kept if verifier in row or verifier.encode().hex() in row]


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"x-forwarded-host": "evil.example"}, {"forwarded": "host=evil.example"}]
)
def test_the_address_to_come_back_to_is_ours_whatever_the_request_says(there, headers):
    begun = there.person().get("/api/auth/openrouter", headers=headers)
    assert begun.status_code == 400 or begun.status_code == 421 or "evil.example" not in begun.headers["location"]


@pytest.mark.parametrize(
    "to",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "/\t/evil.example", "\\/evil.example",
     "javascript:1", "evil.example", "/ /evil.example", "/%0d%0aset-cookie:x=y\r\n", "http:/evil.example"],
)  # fmt: skip
def test_nobody_is_led_elsewhere(there, to):
    ada = there.person()
    begun = ada.get("/api/auth/openrouter", params={"returnTo": to})
    if begun.status_code != 303:
        assert begun.status_code == 422
        return
    place = ada.get(there.fake.allow(begun.headers["location"])).headers["location"]
    assert place.startswith("/") and not place.startswith(("//", "/\\")) and "\r" not in place


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((400, JSON, b'{"error": {"message": "Invalid code_challenge_method"}}'), "connect_refused"),
        ((403, JSON, b"{}"), "connect_refused"),
        ((405, {}, b""), "connect_refused"),
        ((429, {}, b""), "openrouter_unavailable"),
        ((500, {}, b"no"), "openrouter_unavailable"),
        ((302, {"location": "http://127.0.0.1:9/"}, b""), "openrouter_unavailable"),
        ((200, {"content-type": "text/html"}, b"<html>Sign in</html>"), "openrouter_unavailable"),
        ((200, JSON, b"[]"), "openrouter_unavailable"),
        ((200, JSON, b""), "openrouter_unavailable"),
        ((200, JSON, b"{" * 100_000), "openrouter_unavailable"),
        ((200, JSON, b'{"key": "' + b"x" * 300_000 + b'"}'), "openrouter_unavailable"),
        ((200, JSON, b'{"user_id": "u"}'), "connect_refused"),
        ((200, JSON, b'{"key": null}'), "connect_refused"),
        ((200, JSON, b'{"key": ["sk-or-v1-aaaaaaaa"]}'), "connect_refused"),
        ((200, JSON, b'{"key": "without the prefix"}'), "connect_refused"),
        ((200, JSON, b'{"key": "sk-or-v1-aaaaaaaa\\r\\nx: y"}'), "connect_refused"),
        ((200, JSON, b'{"key": "sk-or-v1-that-nobody-knows"}'), "key_unusable"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_exchange_that_fails_is_said_and_keeps_nothing(there, answer, code):
    ada = there.person()
    back = there.fake.allow(there.begin(ada))
    there.fake.answers["/auth/keys"] = [answer]
    assert code_of(ada.get(back)) == code and not connected(ada)


def test_an_exchange_that_never_ends_is_given_up(there):
    ada = there.person()
    back = there.fake.allow(there.begin(ada))
    there.fake.delay_s = 1.5
    assert code_of(ada.get(back)) == "openrouter_unavailable" and not connected(ada)


def test_a_page_comes_back_to_a_page_when_it_is_refused(there):
    ada = there.person()
    back = there.fake.allow(there.begin(ada))
    ada.get(back)
    again = ada.get(back, headers={"accept": "text/html"})
    assert (again.status_code, again.headers["location"]) == (303, "/settings?openrouter=connect_expired")


def test_a_key_that_manages_keys_is_refused(there):
    ada = there.person()
    back = there.fake.allow(there.begin(ada))
    there.fake.answers["/key"] = [(200, JSON, b'{"data": {"label": "m", "is_management_key": true}}')]
    assert code_of(ada.get(back)) == "key_unusable" and not connected(ada)


def test_somebody_erased_meanwhile_gets_no_key(there, rows):
    gone = there.person("gone")
    back = there.fake.allow(there.begin(gone))
    there.fake.delay_s = 0.4
    answers = []
    asking = threading.Thread(target=lambda: answers.append(gone.get(back)))
    asking.start()
    while not there.fake.asked["/api/v1/auth/keys"]:
        pass
    rows("delete from users where subject = 'gone'")
    asking.join()
    assert answers[0].status_code in (401, 403) and rows("select count(*) from model_keys") == [(0,)]


def test_connecting_again_replaces_and_disconnecting_forgets(there, rows):
    ada = there.person()
    for key in ("sk-or-v1-first-one", "sk-or-v1-second-one"):
        ada.get(there.fake.allow(there.begin(ada), key=key))
    assert rows("select count(*) from model_keys") == [(1,)]
    assert ada.delete("/api/keys/openrouter").status_code == 204
    assert rows("select count(*) from model_keys") == [(0,)] and not connected(ada)
    assert ada.delete("/api/keys/openrouter").status_code == 204, "and once more"


def test_a_revoked_key_asks_to_be_connected_again(there):
    ada = there.person()
    ada.get(there.fake.allow(there.begin(ada), key="sk-or-v1-revoked-soon"))
    there.fake.keys.discard("sk-or-v1-revoked-soon")
    assert ada.get("/api/keys").json()["items"][0]["state"] == "reconnect" and not connected(ada)
    there.fake.keys.add("sk-or-v1-revoked-soon")
    assert ada.get("/api/keys").json()["items"][0]["state"] == "connected" and connected(ada)
    there.fake.answers["/key"] = [(503, {}, b"")]
    (item,) = ada.get("/api/keys").json()["items"]
    assert (item["state"], item["usageUsd"]) == ("connected", None), "an outage there is no verdict on the key"


class TestAPastedKey:
    def test_is_tried_and_used(self, there):
        ada = there.person()
        there.fake.keys.add("sk-or-v1-pasted-by-hand")
        assert ada.put("/api/keys/openrouter", json={"key": "sk-or-v1-pasted-by-hand"}).status_code == 204
        assert connected(ada)

    @pytest.mark.parametrize("key", ["sk-or-v1-unknown-to-them", "sk-proj-of-another-provider", "sk-or-v1-é", "    "])
    def test_that_does_not_work_is_refused_and_never_repeated(self, there, key):
        ada = there.person()
        refused = ada.put("/api/keys/openrouter", json={"key": key})
        assert code_of(refused) == "key_unusable" and key not in refused.text
        assert not connected(ada)

    @pytest.mark.parametrize(
        "body", [{}, {"key": ""}, {"key": None}, {"key": ["x"]}, {"key": "x" * 2000}, {"key": "sk-or-v1-aaaa", "id": 1}]
    )
    def test_that_is_none_is_an_invalid_request(self, there, body):
        refused = there.person().put("/api/keys/openrouter", json=body)
        assert refused.status_code == 422 and "x" * 2000 not in refused.text

    def test_of_another_provider_is_good_at_an_address_the_operator_allows(self, there):
        ada = there.person()
        there.fake.keys.add("another-key")
        url = there.fake.url + "/api/v1"
        assert ada.put("/api/keys/compatible", json={"key": "another-key", "baseUrl": url}).status_code == 204
        (item,) = ada.get("/api/keys").json()["items"]
        assert (item["provider"], item["baseUrl"], item["state"]) == ("compatible", url, "connected")
        assert not connected(ada), "that is another provider"
        assert code_of(ada.put("/api/keys/compatible", json={"key": "bad-key", "baseUrl": url})) == "key_unusable"

    @pytest.mark.parametrize(
        "url", ["http://169.254.169.254/v1", "http://127.0.0.1:1/v1", "https://api.example.com/v1", "file:///x", "x"]
    )
    def test_goes_to_no_other_address(self, there, url):
        refused = there.person().put("/api/keys/compatible", json={"key": "another-key", "baseUrl": url})
        assert code_of(refused) == "address_refused"


def test_the_models_of_ones_key_are_listed_with_prices_and_one_is_chosen(there, rows):
    ada = there.person()
    assert ada.get("/api/models").json() == {
        "items": [], "chosen": None, "courseDefault": None, "answering": None, "paidBy": None,
    }  # fmt: skip
    assert code_of(ada.put("/api/models/mine", json={"model": "plain"})) == "connect_openrouter"
    ada.get(there.fake.allow(there.begin(ada)))
    found = ada.get("/api/models").json()
    assert [model["id"] for model in found["items"]] == ["plain", "scripted"]
    assert found["items"][1] == {"id": "scripted", "name": "Scripted", "contextTokens": 100_000, "promptUsd": 1.0,
                                 "completionUsd": 2.0, "seesImages": True, "callsTools": True}  # fmt: skip
    assert (found["answering"], found["paidBy"]) == ("scripted", "own")
    assert code_of(ada.put("/api/models/mine", json={"model": "nobody/has-it"})) == "unknown_model"
    assert ada.put("/api/models/mine", json={"model": "plain"}).status_code == 204
    assert ada.get("/api/models").json()["answering"] == "plain"
    assert ada.put("/api/models/mine", json={"model": None}).status_code == 204
    assert there.fake.asked["/api/v1/models/user"] == 1, "a list is kept for some minutes"


def test_who_teaches_gives_a_course_its_model(there, rows):
    ada, ben = there.person(), there.person("ben")
    ada.get(there.fake.allow(there.begin(ada)))
    course = ada.post("/api/courses", json={"name": "Models", "open": True}).json()["id"]
    assert ben.post(f"/api/courses/{course}/members/me").status_code < 300
    assert code_of(ben.put(f"/api/courses/{course}/model", json={"model": "plain"})) == "not_allowed"
    assert code_of(ada.put(f"/api/courses/{course}/model", json={"model": "none"})) == "unknown_model"
    assert ada.put(f"/api/courses/{course}/model", json={"model": "plain"}).status_code == 204
    found = ada.get("/api/models", params={"courseId": course}).json()
    assert (found["courseDefault"], found["answering"]) == ("plain", "plain")
    assert code_of(there.person("eve").get("/api/models", params={"courseId": course})) == "not_found"
    rows("delete from courses where id = %s", [course])


def test_in_local_mode_the_browsers_own_loopback_name_is_come_back_to(serving_settings, fake):
    with running(serving_settings.model_copy(update={"openrouter_url": fake.url}), LIMITS) as service:
        for name in ("127.0.0.1", "localhost"):
            client = httpx.Client(base_url=f"http://{name}:{service.port}", headers=service.headers)
            back = fake.allow(client.get("/api/auth/openrouter").headers["location"])
            assert urlsplit(back).netloc == f"{name}:{service.port}"
            assert client.get(back).status_code == 303 and connected(client)
            client.close()
