"""Markup inside caption text: tags of the formats out, comparisons and code that only look like tags kept."""

import html
import re

_NAMES = r"i|b|u|em|strong|font|span|ruby|rt|c|v|lang"
# `<s>` is missing on purpose: in courses on language models it is a token people talk about, not strike-through.
_PAIR = re.compile(
    rf"<({_NAMES})((?:\.[\w.-]+)?(?:\s+(?:[\w-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>]+)\s*)+)?)>"
    r"((?:(?!<\1[\s.>]).)*?)</\1>",
    re.IGNORECASE | re.DOTALL,
)
_VOICE = re.compile(r"<v(?:\.[\w.-]+)?\s+([^<>]{1,80})>(?:(.*?)</v>)?", re.DOTALL)
_CLASS = re.compile(r"</?(?:c|lang)(?:[.\s][^<>]*)?>", re.IGNORECASE)
_FIRST_TAG = re.compile(rf"^\s*<(?:{_NAMES})>(?=\S)|</(?:{_NAMES})>\s*$", re.IGNORECASE | re.MULTILINE)
_TIME_TAG = re.compile(r"<\d+:[\d:.]+>")
_BREAK = re.compile(r"<br\s*/?>|\[br\]|\\[Nn](?=\s|$)", re.IGNORECASE)
_STYLE_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]")
_MOST_NESTED = 8


def plain_lines(raw: str, *, is_vtt: bool) -> tuple[list[str], str | None]:
    """(lines of plain text without empty ones, the voice a `<v Name>` names or None) of one cue as written.

    A tag counts only as a pair, with attributes as markup has them, or unclosed at the very start or end of a line
    (`<i>Hello`); in WebVTT also its voices, classes and languages. `a<b and c>d` and `the <u> tag` are speech.
    """
    text = _BREAK.sub("\n", _STYLE_OVERRIDE.sub("", _TIME_TAG.sub("", raw)))
    voice = _VOICE.search(text)
    text = _VOICE.sub(lambda match: match[2] or "", text)
    if is_vtt:
        text = _CLASS.sub("", text)
    for _ in range(_MOST_NESTED):
        text, pairs = _PAIR.subn(r"\3", text)
        if not pairs:
            break
    text = _FIRST_TAG.sub("", text)
    lines = (_one_line(line) for line in text.split("\n"))
    return [line for line in lines if line], _one_line(voice[1]) or None if voice else None


def _one_line(raw: str) -> str:
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), raw)
    return " ".join(_INVISIBLE.sub("", text).split())
