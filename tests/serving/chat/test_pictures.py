"""Pictures that came with questions in a former deployment: shown to their owner alone, and only what is a picture."""

import base64
import io
import json
from uuid import uuid4

import httpx
import psycopg
import pytest
from PIL import Image

from serving.chat.pictures import MOST_CHARS, bytes_of, linked


def drawn(kind, size=(8, 6)):
    target = io.BytesIO()
    Image.new("RGB", size, "navy").save(target, kind)
    return target.getvalue()


def part(content, media_type="image/png"):
    return {
        "type": "file",
        "mediaType": media_type,
        "url": f"data:{media_type};base64,{base64.b64encode(content).decode()}",
    }


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
HTML = b"<!doctype html><script>alert(1)</script>"
FOREIGN = {"type": "file", "mediaType": "image/png", "url": "https://elsewhere.example/a.png"}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_its_bytes_say_what_a_picture_is(kind):
    content = drawn(kind)
    assert bytes_of(part(content, "image/svg+xml")) == (content, f"image/{kind.lower()}")


@pytest.mark.parametrize(
    "wrong",
    [
        part(SVG, "image/svg+xml"), part(SVG, "image/png"), part(HTML, "text/html"), part(b""), FOREIGN,
        part(drawn("TIFF"), "image/tiff"), {"type": "file", "url": 7}, {"type": "file"},
        {"type": "file", "url": "data:image/png;base64,%%"},
        {"type": "file", "url": "data:image/png;base64," + "A" * (MOST_CHARS + 1)},
    ],
)  # fmt: skip
def test_what_is_no_picture_is_shown_nowhere(wrong):
    assert bytes_of(wrong) is None
    assert linked([wrong], uuid4(), "c", lambda path: path)[0]["url"] == ""


def test_a_chats_pictures_are_its_owners_alone_by_links_that_end(quoting, material):
    chat, key, content = f"pictures-{uuid4().hex}", uuid4(), drawn("PNG")
    quoting.http.post("/api/sessions", json={"courseId": str(material.course_id), "id": chat}).raise_for_status()
    parts = [{"type": "text", "text": "What is this?"}, part(content), part(SVG, "image/svg+xml"), FOREIGN]
    with psycopg.connect(quoting.settings.database_url.get_secret_value()) as connection:
        connection.execute(
            "insert into chat_messages (key, session_id, id, depth, role, status, content, parts)"
            " select %s, id, 'q', 1, 'user', 'done', 'What is this?', %s from chat_sessions where client_id = %s",
            [key, json.dumps(parts), chat],
        )
        connection.execute("update chat_sessions set head_key = %s where client_id = %s", [key, chat])
    (message,) = quoting.http.get(f"/api/sessions/{chat}/messages").json()["items"]
    urls = [each["url"] for each in message["parts"] if each["type"] == "file"]
    assert urls[1:] == ["", ""] and "base64" not in json.dumps(message)
    found = httpx.get(quoting.url + urls[0])
    assert (found.status_code, found.content, found.headers["content-type"]) == (200, content, "image/png")
    assert "sandbox" in found.headers["content-security-policy"]
    assert found.headers["x-content-type-options"] == "nosniff"
    assert httpx.get(quoting.url + urls[0], headers={"if-none-match": found.headers["etag"]}).status_code == 304
    plain = urls[0].partition("?")[0]
    assert httpx.get(quoting.url + plain).status_code == 401
    assert httpx.get(quoting.url + urls[0].replace("/0?", "/1?")).status_code == 403, "signed for another"
    assert quoting.http.get(plain).content == content
    for wrong in (plain[:-1] + "1", plain[:-1] + "9", plain.replace(str(key), str(uuid4())), plain.replace(chat, "no")):
        assert quoting.http.get(wrong).status_code == 404
    assert "base64" in quoting.http.get(f"/api/sessions/{chat}/export?format=json").text, "a file to keep has them"
