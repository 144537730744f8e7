"""What a model says loads nothing, links nowhere and runs nothing, however it is cut; code, formulas and `<` survive.

The judge is a CommonMark parser with HTML switched on, with and without tables: it must find no image, no link and no
HTML in what comes out.
"""

import itertools
import re
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipelines.answering.citations import CitationFilter, Handles, safe_markdown
from pipelines.core.records import Hit

PARSERS = [MarkdownIt("commonmark", {"html": True}), MarkdownIt("commonmark", {"html": True}).enable("table")]
ACTIVE = {"image", "link_open", "html_inline", "html_block"}
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
U = "http://evil.example/?q=1"
PAYLOADS = [
    f"![x]({U})", f"![]({U})", f"![x](<{U}>)", f'![x]({U} "t")', f"![x][r]\n\n[r]: {U}", f"![r]\n\n[r]: {U}",
    f"![x][]\n\n[x]: {U}", f"!\\[x]({U})![y]({U})", f"[![x]({U})]({U})", f"![x\ny]({U})", f"![x]\n({U})",
    f"[click]({U})", f"[click]( {U} )", f"[click](<{U}>)", "[click](javascript:alert(1))", "[click](//evil.example)",
    "[click](data:text/html;base64,PHNjcmlwdD4=)", "[click](/api/sessions)", "[click](#x)", "[click]()",
    f"[c][r] and [r]\n\n[r]: {U}", f"[r]\n\n[r]:\n{U}", "[r]\n\n[r]: <//evil.example>", f"> [r]: {U}\n\n[r]",
    f"- [r]: {U}\n\n[r]", f"[a\nb]\n\n[a\nb]: {U}", f"[a\\]b]\n\n[a\\]b]: {U}", f"[{'r' * 60}]\n\n[{'r' * 60}]: {U}",
    f"[1]\n\n[1]: {U}", f"[1]({U})", f"[2][1]({U})", f"[^1]\n\n[^1]: {U}", f"**[b]({U})**", f"# [h]({U})",
    f"| a |\n|---|\n| ![x]({U}) |", f"| `a | ![x]({U}) | b` |\n|---|---|---|\n| `a | ![x]({U}) | b` |",
    f"<{U}>", "<a@evil.example>", f"<img src={U}>", f"<img src='{U}' onerror=alert(1)>", "<script>alert(1)</script>",
    "</script>", "<!-- x -->", "<?php x ?>", "<!DOCTYPE html>", "<![CDATA[x]]>", f"<a href='{U}'>x</a>",
    "<svg/onload=x>",
    "<iframe src=//evil.example>", f"<img\nsrc={U}>", "<SCRIPT>x</SCRIPT>", "<style>@import url(x)</style>", "<b>x</b>",
    "a<b and c>d", f"<\x00img src={U}>", f"!\x00[x]({U})", f"[x]\x07({U})", f"[x]\u200e({U})", f"!\u202e[x]({U})",
    f"\\`![x]({U})\\`", f"a ` b\nc ` ![x]({U}) ` d", f"`` ` ![x]({U}) ``", f"``` ![x]({U})", f"`a\\` ![x]({U}) `b`",
    f"- a\n  ```\n![x]({U})\n  ```", f"para\n    ```\n    ![x]({U})\n    ```", f"> ```\n![x]({U})\n```",
    f"[9]```\n```\n![x]({U})\n```", f"``[9]`\n```\n![x]({U})\n```", f"```\n{'x' * 300}```\n```\n![x]({U})\n```",
    f"1. a\n\n   ```\n  ![x]({U})\n   ```", f"```\na\n````\n![x]({U})\n```", f"~~~\na\n```\n~~~\n![x]({U})",
    f"```a`b\n![x]({U})\n```", f"{U} and www.evil.example", f"see:{U}", "\x1b[31mred\x1b[0m", "\x1b]0;owned\x07",
    "\x9b31mred", "a\rb\x0bc\x0c", "\u202eabc\u202c\u2066x\u2069\u061c", f"\ufeff![x]({U})",
]  # fmt: skip


@pytest.fixture(scope="module")
def handles():
    found = Handles()
    found.add([
        Hit(rank=1, score=1.0, chunk_id=uuid4(), kind="slide", source_id=uuid4(), title="t", file_name="f", text="x",
            page=1, pages=(1,), page_label=None, start_ms=None, end_ms=None, dense_rank=1, lexical_rank=None)
        for _ in range(2)
    ])  # fmt: skip
    return found


def shown(handles, *pieces):
    words = CitationFilter(handles)
    return "".join([*(words.feed(piece) for piece in pieces), words.flush()])


def active(text):
    """What of a text a renderer would make an image, a link or HTML."""
    found = []
    for parser in PARSERS:
        tokens = parser.parse(text)
        every = itertools.chain(tokens, *(token.children or () for token in tokens))
        found += [token.type for token in every if token.type in ACTIVE]
    return found


def outside_code(text):
    tokens = PARSERS[0].parse(text)
    inline = itertools.chain(*(token.children or () for token in tokens))
    return " ".join(token.content for token in inline if token.type == "text")


def test_there_are_enough_payloads_and_the_judge_has_teeth():
    assert len(set(PAYLOADS)) >= 80
    assert sum(bool(active(payload)) for payload in PAYLOADS) >= 50


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_is_inert_at_every_cut(handles, payload):
    said = f"So it is [1]. {payload} END"
    for text in (payload, said):
        whole = shown(handles, text)
        assert active(whole) == [] and CONTROLS.search(whole) is None
        assert re.search(r"https?:/|www\.\w", outside_code(whole)) is None
        for at in range(1, len(text)):
            assert shown(handles, text[:at], text[at:]) == whole
        assert shown(handles, *text) == whole
        assert active(safe_markdown(whole)) == []
    assert "END" in shown(handles, said)


@pytest.mark.parametrize(
    "text",
    [
        "`vector<int> a; f[i](x)` and ``a`b<c>``",
        "```cpp\nvector<int> a;  // http://x\nauto f = [](int x) { return a[9] < x; };\n![x](y)\n```\nDone.",
        "~~~html\n<img src=x>\n~~~",
        "1. Do:\n\n   ```py\n   x[9](y) if a<b else c\n\n   z\n   ```\n2. Then",
        "If a < b and b <= c, then a <5 and x <- y; i << 2.",
        "$a < b$ and $$\\sum_{i < n} x_i$$ and \\[ f(x) \\] and \\(y\\)",
        "With $n$ the size: `vector<int>`.\n\n$$x$$\n\n```\na<b\n```",
        "| a | b |\n|---|---|\n| `x` | 2 |",
        "He said: yes. [1]: so it is, see [2]; n! is large, 3:1, C:\\x, **bold** _it_ and a/b.",
        "Tab\there\nתוצאה and 学習 – naïve 😀 \ufb01",
    ],
)
def test_code_formulas_and_signs_stay_as_they_are(handles, text):
    assert shown(handles, text) == text == shown(handles, *text)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (f"![x]({U})", "! [x] (http: //evil.example/?q=1)"),
        ("<script>a</script>", "< script>a< /script>"),
        ("$a<b$", "$a< b$"),
        ("great![1]", "great! [1]"),
        ("[r]: x", "[r] : x"),
        ("```\na", "```\na\n```"),
    ],
)
def test_a_space_is_all_it_takes_and_nothing_is_lost(handles, said, expected):
    assert shown(handles, said) == expected


PIECES = st.sampled_from([
    "`", "``", "```", "```\n", "````\n", "~~~\n", "\n", "\n\n", " ", "  ", "    ", "- ", "1. ", "> ", "# ", "| ",
    "|---|\n", "\\", "[9]", "[1]", " [9]", "a", "$", "$$", f"![x]({U})", "<img src=x>", "[r]", f"[r]: {U}\n", "![r]",
    "]", "[", "(", "!", "x" * 60, "<", ">", ":", "---\n", "\t", "*", "_", "\x00",
])  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.lists(PIECES, max_size=14), st.lists(st.integers(0, 400), max_size=4))
@example(["- ", "a", "\n", "  ", "```\n", f"![x]({U})"], [])
def test_no_mixture_of_markup_is_active_and_no_cut_changes_it(handles, pieces, cuts):
    text = "".join(pieces)
    whole = shown(handles, text)
    assert active(whole) == []
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    assert shown(handles, *(text[a:b] for a, b in itertools.pairwise(places))) == whole
    assert active(safe_markdown(text)) == []
