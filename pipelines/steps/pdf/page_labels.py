"""Page labels as a PDF stores them: rules of a prefix, a numbering style and a first number, each from a page on.

The library's own lookup walks all rules for every page and leaves UTF-16 prefixes undecoded, which is how LaTeX
writes them. Rules: ISO 32000-1, 12.4.2.
"""

from collections.abc import Mapping, Sequence
from typing import Any

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"))
_ROMAN_UNITS = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
MAX_NUMBER = 100_000
"""Larger numbers come from damaged rules and would make endless Roman numerals."""


def page_labels(rules: Sequence[Mapping[str, Any]], page_count: int) -> list[str]:
    """The label of every page; "" where no rule gives one.

    Args:
        rules: as `pymupdf.Document.get_page_labels` returns them (`startpage` from 0, `prefix`, `style`,
            `firstpagenum`).
        page_count: pages of the document.
    """
    starts = {int(rule["startpage"]): rule for rule in rules}
    labels: list[str] = []
    rule: Mapping[str, Any] | None = None
    first_page = 0
    for page in range(page_count):
        if page in starts:
            rule, first_page = starts[page], page
        if rule is None:
            labels.append("")
            continue
        number = int(rule.get("firstpagenum") or 1) + page - first_page
        labels.append(_decoded(str(rule.get("prefix") or "")) + _numbered(number, str(rule.get("style") or "")))
    return labels


def _numbered(number: int, style: str) -> str:
    if style == "" or not 0 < number <= MAX_NUMBER:
        return ""
    if style in "Rr":
        return _roman(number) if style == "r" else _roman(number).upper()
    if style in "Aa":
        repeats, letter = divmod(number - 1, 26)  # a to z, then aa to zz, then aaa
        return chr(ord(style) + letter) * min(repeats + 1, 20)
    return str(number)


def _roman(number: int) -> str:
    text = ""
    for value, sign in _ROMAN + _ROMAN_UNITS:
        count, number = divmod(number, value)
        text += sign * count
    return text


def _decoded(prefix: str) -> str:
    """A prefix in UTF-16 arrives as its hexadecimal digits, `<FEFF0031>`."""
    if prefix.startswith("<FEFF") and prefix.endswith(">"):
        try:
            return bytes.fromhex(prefix[5:-1]).decode("utf-16-be")
        except ValueError:
            return ""
    return prefix
