"""The page as files: for anybody, at any address but the API's, for ever where its name says what is in it."""

import gzip

import httpx
import pytest

from serving import page as module
from serving.page import Page
from tests.serving.conftest import running

INDEX = b'<!doctype html><script type="module" src="/assets/index-abc.js"></script>'
SCRIPT = b"console.log(1)\n" * 99


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    (folder / "assets").mkdir()
    (folder / "index.html").write_bytes(INDEX)
    (folder / "version.txt").write_text("v1")
    (folder / "assets" / "index-abc.js").write_bytes(SCRIPT)
    (folder / "assets" / "index-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    (folder / "assets" / "index-abc.js.br").write_bytes(b"brotli")
    (folder / "assets" / "font.woff2").write_bytes(b"wOF2")
    (folder.parent / "secret.js").write_text("no")
    return folder


@pytest.fixture(scope="module")
def stranger(folder, serving_settings, material):
    """Somebody who is not signed in, with a browser that only asks for what it is told to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "DIST", folder)
        with running(serving_settings) as service:
            yield httpx.Client(base_url=service.url, headers={"accept-encoding": "identity"})


@pytest.mark.parametrize("path", ["/", "/settings", "/courses/1/decks/2?page=3", "/a.b/c", "/assets", "/apiary"])
def test_every_address_of_the_page_is_the_page(stranger, path):
    answer = stranger.get(path)
    assert answer.status_code == 200 and answer.content == INDEX
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache" and answer.headers["x-page-version"] == "v1"


def test_nothing_runs_on_it_but_its_own_and_nobody_frames_it(stranger):
    said = [part.split() for part in stranger.get("/").headers["content-security-policy"].split(";")]
    policy = {name: values for name, *values in said}
    assert policy["default-src"] == ["'none'"] and policy["script-src"] == ["'self'"]
    assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert not {value for values in policy.values() for value in values} - {
        "'none'",
        "'self'",
        "'unsafe-inline'",
        "blob:",
    }
    assert "'unsafe-inline'" not in policy["script-src"]


def test_a_file_is_kept_for_ever_and_comes_as_small_as_the_browser_takes_it(stranger):
    plain = stranger.get("/assets/index-abc.js")
    assert plain.content == SCRIPT and "immutable" in plain.headers["cache-control"]
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    zipped = stranger.get("/assets/index-abc.js", headers={"accept-encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip" and zipped.content == SCRIPT
    with stranger.stream("GET", "/assets/index-abc.js", headers={"accept-encoding": "gzip, deflate, br"}) as smallest:
        assert smallest.headers["content-encoding"] == "br" and b"".join(smallest.iter_raw()) == b"brotli"
    assert stranger.get("/assets/font.woff2").headers["content-type"] == "font/woff2"


def test_the_page_is_not_sent_again_while_it_is_the_same(stranger):
    etag = stranger.get("/").headers["etag"]
    again = stranger.get("/settings", headers={"if-none-match": etag})
    assert again.status_code == 304 and not again.content
    assert "content-security-policy" in again.headers


def test_a_piece_of_an_older_page_is_gone_and_no_document(stranger):
    gone = stranger.get("/assets/index-old.js")
    assert gone.status_code == 404 and "immutable" not in gone.headers["cache-control"]
    assert "text/html" not in gone.headers["content-type"]


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/courses", "/openapi.json"])
def test_the_api_s_addresses_stay_the_api_s(stranger, path):
    answer = stranger.get(path)
    assert answer.status_code == 401 and answer.json()["error"]["code"] == "not_authenticated"
    assert answer.headers["x-page-version"] == "v1", "an open page learns that it is old"


@pytest.mark.parametrize(
    "path", ["/assets/../../secret.js", "/../secret.js", "/assets/%2e%2e/%2e%2e/secret.js", "//secret.js"]
)
def test_no_address_leads_out_of_the_folder(stranger, path):
    target = httpx.URL(str(stranger.base_url)).copy_with(raw_path=path.encode())
    assert stranger.get(target).content in (INDEX, b"Gone.")


def test_only_reading_is_the_page_s(stranger):
    assert stranger.post("/", json={}).status_code == 401
    assert stranger.head("/").status_code == 200 and not stranger.head("/").content
    assert stranger.get("/", headers={"host": "evil.example"}).status_code == 421


def test_where_none_was_built_it_says_how(tmp_path, serving_settings, material):
    page = Page.read(tmp_path)
    assert not page.version
    answer = page._response("/", httpx.Headers())
    assert answer.status_code == 503 and b"make page" in answer.body
