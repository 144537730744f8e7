"""Files that are not what they are called: refused for what they hold, and nothing of them is kept."""

import pytest

from tests.serving.materials.conftest import pdf, send, wav
from tests.serving.materials.test_uploads import VTT, kept

HTML = b"<!doctype html><title>Sign in</title><script>alert(1)</script>"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
BINARIES = {
    "a program of Linux": b"\x7fELF\x02\x01\x01" + bytes(64),
    "a program of Windows": b"MZ\x90\0\x03\0\0\0" + bytes(64),
    "a program of Macs": b"\xcf\xfa\xed\xfe\x07\0\0\1" + bytes(64),
    "a class of Java": b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(64),
    "WebAssembly": b"\0asm\1\0\0\0" + bytes(64),
    "a database": b"SQLite format 3\0" + bytes(64),
    "gzip": b"\x1f\x8b\x08\0" + bytes(64),
    "a zip of anything": b"PK\x03\x04" + bytes(60),
    "a book": b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/epub+zip" + bytes(40),
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(64),
    "a disk image": bytes(600) + b"\x55\xaa" + bytes(64),
    "MIDI": b"MThd\0\0\0\6\0\1" + bytes(64),
    "Flash": b"FWS\x0a" + bytes(64),
}
"""Neither a document nor a recording."""
NO_DECKS = {
    **{name: (content, "a.pptx", "unknown_kind") for name, content in BINARIES.items()},
    "a page called a PDF": (HTML, "a.pdf", "not_a_pdf"),
    "a program called a PDF": (BINARIES["a program of Linux"], "a.pdf", "not_a_pdf"),
    "a picture called a PDF": (PNG, "a.pdf", "not_a_pdf"),
    "a drawing called a PDF": (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "a.pdf", "not_a_pdf"),
    "captions called a PDF": (VTT, "a.pdf", "not_a_pdf"),
    "a PDF behind too much else": (bytes(2000) + pdf(), "a.pdf", "not_a_pdf"),
    "a page in front of a PDF": (HTML + b" " * 2000 + pdf(), "a.pdf", "not_a_pdf"),
    "sound called a PDF": (wav(), "a.pdf", "not_a_pdf"),
    "sound called slides": (wav(), "a.pptx", "unknown_kind"),
    "nothing at all": (b"", "a.pdf", "empty_file"),
}
NO_LECTURES = {
    **BINARIES,
    "a PDF": pdf(),
    "a picture": PNG,
    "a photograph": b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(64),
    "a picture in RIFF": b"RIFF\x40\0\0\0WEBPVP8 " + bytes(64),
    "a page": HTML,
    "a notebook": b'{"cells": [{"cell_type": "code"}]}',
    "slides of old": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
}


@pytest.mark.parametrize("what", NO_DECKS)
def test_what_is_no_deck_is_refused_whatever_its_name_says(people, what):
    content, name, code = NO_DECKS[what]
    before = kept(people)
    answer = send(people.teacher, people.course, content, name=name)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code), answer.text
    assert kept(people) == before, "what is refused does not stay"


@pytest.mark.parametrize("what", NO_LECTURES)
def test_what_is_no_lecture_is_refused_whatever_its_name_says(people, what):
    before = kept(people)
    answer = send(people.teacher, people.course, NO_LECTURES[what], name="week1.mp3", kind="lectures")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_media"), answer.text
    assert kept(people) == before, "what is refused does not stay"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_captions_of_any_encoding_may_be_a_lecture(people, encoding):
    content = VTT.decode().encode(encoding)
    answer = send(people.teacher, people.course, content, name=f"{encoding}.vtt", kind="lectures")
    assert answer.status_code == 201, answer.text
