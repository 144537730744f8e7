"""Names that try to speak to a terminal: whatever they hold, what is shown holds no control character."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.control_characters import escape_controls, escape_controls_in_json
from pipelines.core.errors import UnreadableFileError

NAMES = [
    "a\x1b]0;OWNED\x07\x1b[2J.pdf", "line\n✓ forged.pdf", "line\r✓ forged.pdf", "tab\there.pdf", "null\0.pdf",
    "bell\x07.pdf", "back\x08space.pdf", "del\x7f.pdf", "c1\x9b2J.pdf", "osc\x9d0;x\x9c.pdf", "dcs\x90x\x9c.pdf",
    "nel\x85.pdf", "rlo\u202efdp.exe", "lro\u202d.pdf", "rle\u202b.pdf", "lre\u202a.pdf", "pdf\u202c.pdf",
    "rli\u2067.pdf", "lri\u2066.pdf", "fsi\u2068.pdf", "pdi\u2069.pdf", "lrm\u200e.pdf", "rlm\u200f.pdf",
    "alm\u061c.pdf", "ls\u2028.pdf", "ps\u2029.pdf", "caf\udce9.pdf", "high\ud800.pdf", "tag\U000e0041.pdf",
    "link\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\.pdf",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_no_name_keeps_its_controls(name):
    shown = escape_controls(name)
    assert shown != name and shown.isprintable()
    shown.encode()
    assert "".join(c for c in name if c.isprintable()) in shown or "\\" in shown


def test_escapes_say_which_character_it_was():
    assert escape_controls("a\x1b[2J\x9b\u202e\udce9\U000e0041\n") == "a\\x1b[2J\\x9b\\u202e\\xe9\\U000e0041\\x0a"


@pytest.mark.parametrize("name", ["Übung 3 (ä).pdf", "讲义.pdf", "محاضرة.pdf", "שיעור.pdf", "👩‍🏫.pdf", "a b.pdf"])
def test_ordinary_names_of_any_script_stay_as_they_are(name):
    assert escape_controls(name) == name


def test_text_with_lines_keeps_them_and_nothing_else():
    assert escape_controls("one\n\ttwo\r\n\x1b[31m", lines=True) == "one\n\ttwo\\x0d\n\\x1b[31m"


def test_messages_of_failures_hold_none():
    error = UnreadableFileError("a\x1b[2J\n✓ forged.pdf is damaged.", code="damaged")
    assert error.message == str(error) == "a\\x1b[2J\\x0a✓ forged.pdf is damaged."


@given(st.text(st.characters()))
def test_nothing_gets_through(text):
    for shown in (escape_controls(text), escape_controls(text, lines=True)):
        shown.encode()
        assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in "\n\t"]


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_json_means_the_same_and_holds_no_control(text):
    document = escape_controls_in_json(json.dumps({"file": text}, ensure_ascii=False, indent=2))
    assert json.loads(document) == {"file": text}
    assert not [c for c in document if unicodedata.category(c) in ("Cc", "Zl", "Zp") and c != "\n"]


def test_a_name_that_is_no_text_is_json_all_the_same():
    document = escape_controls_in_json(json.dumps({"file": "caf\udce9.pdf"}, ensure_ascii=False))
    assert json.loads(document.encode()) == {"file": "caf\udce9.pdf"}
