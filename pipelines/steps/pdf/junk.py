"""Junk that programs hide in a text layer: kilobytes of base64 beside a formula, which no reader sees.

Unfiltered, one such formula swamps a slide's chunk, its embedding and its cost.
"""

import re

from pipelines.steps.pdf.lines import Line

_BLOB = re.compile("[A-Za-z0-9+/=_-]{24,}")
_TAIL = re.compile("[A-Za-z0-9+/]+={0,2}")
_HEX = re.compile("[0-9A-Fa-f]+")
_CASES = re.compile("[a-z]+|[A-Z]+|[0-9]+|[+/=_-]+")


def drop_blobs(lines: list[Line]) -> tuple[list[Line], int]:
    """Drops what programs hide in a text layer: LaTeXiT's `<latexit ...>` elements and other base64 or hexadecimal.

    Args:
        lines: in painting order, so that a blob broken over many lines stays together; lines whose letters are not
            believed stay as they are.

    Returns:
        The lines left, and how many characters were dropped.
    """
    kept: list[Line] = []
    dropped = 0
    inside = after_blob = False
    for line in lines:
        if line.doubt == "letters":  # it looks random because its letters are called by others' names
            kept.append(line)
            continue
        before = len(line.text)
        text = line.text
        if inside or "<latexit" in text:
            text, inside = _without_element(text, inside=inside)
        if after_blob and _TAIL.fullmatch(text) and len(_CASES.findall(text)) > 0.3 * len(text):
            text = ""
        elif _BLOB.search(text):
            text = _without_blobs(text)
            after_blob = len(text) < before / 4
        else:
            after_blob = False
        dropped += before - len(text)
        if text:
            line.text = text
            kept.append(line)
    return kept, dropped


def _without_element(text: str, *, inside: bool) -> tuple[str, bool]:
    """`text` without the parts in `<latexit>` elements, and whether the next line is still in one."""
    out: list[str] = []
    while text:
        mark = "</latexit>" if inside else "<latexit"
        before, found, text = text.partition(mark)
        if not inside:
            out.append(before)
        inside = bool(found) != inside if found else inside
    return "".join(out).strip(), inside


def _without_blobs(text: str) -> str:
    words = text.split()
    joined = "".join(words)
    mixed = all(len(_CASES.findall(word)) > 2 for word in words)  # spaces were put in where glyphs stand apart
    if mixed and len(joined) >= 32 and len(joined) / len(words) >= 12 and random_looking(joined):
        return ""
    return " ".join(word for word in words if not (_BLOB.fullmatch(word) and random_looking(word)))


def random_looking(word: str) -> bool:
    """Does this run of letters and digits look like encoded bytes rather than a word, a name or a path?"""
    if _HEX.fullmatch(word):
        return len(word) > 64  # longer than any digest a slide would show
    runs = _CASES.findall(word)
    return sum(map(len, runs)) == len(word) and any(c.isdigit() for c in word) and len(runs) > 0.4 * len(word)
