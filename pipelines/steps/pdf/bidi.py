"""Right-to-left text from its visual order: the Unicode bidirectional algorithm backwards, for one line.

What stands on a page from left to right becomes the order in which Arabic and Hebrew are read; numbers and Latin words
inside keep theirs, and brackets are turned where they enclose.
"""

import re
import unicodedata
from collections.abc import Sequence

_MIRRORED = {"(": ")", ")": "(", "[": "]", "]": "[", "{": "}", "}": "{", "«": "»", "»": "«", "<": ">", ">": "<"}
_OPENING = {"(": ")", "[": "]", "{": "}"}
_LEFTWARD_SCRIPTS = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_LEFTWARDS = ("R", "AL")
_NUMBERS = ("EN", "AN")
_INSIDE_NUMBERS = ("ES", "CS", "ET")


def is_leftwards(text: str) -> bool:
    """Are most of this text's letters of a script that is read from the right?"""
    if not _LEFTWARD_SCRIPTS.search(text):
        return False
    kinds = [unicodedata.bidirectional(char) for char in text]
    return sum(kind in _LEFTWARDS for kind in kinds) > sum(kind == "L" for kind in kinds)


def logical_order(clusters: Sequence[str]) -> str:
    """The reading order of a line of right-to-left text.

    Args:
        clusters: from left to right as they stand on the page, each with the points that belong to it.
    """
    kinds = [_kind(cluster) for cluster in clusters]
    order: list[tuple[str, bool]] = []
    place = len(clusters) - 1
    while place >= 0:
        if kinds[place] not in ("L", *_NUMBERS):
            order.append((clusters[place], True))
            place -= 1
            continue
        start = _run_start(kinds, place)
        order += [(cluster, False) for cluster in clusters[start : place + 1]]
        place = start - 1
    plain = "".join(cluster for cluster, _ in order)
    turned = "".join(_MIRRORED.get(cluster, cluster) if reversed_ else cluster for cluster, reversed_ in order)
    # Some programs store the bracket that is drawn, some the one that is meant.
    return turned if _balance(turned) >= _balance(plain) else plain


def _run_start(kinds: Sequence[str], end: int) -> int:
    """Where the left-to-right run that ends at `end` begins: neutral signs inside belong to it."""
    start = probe = end
    number = kinds[end] in _NUMBERS
    while probe > 0:
        probe -= 1
        if kinds[probe] in ("L", *_NUMBERS):
            number = number and kinds[probe] in _NUMBERS
            start = probe
        elif (
            kinds[probe] in _LEFTWARDS
            or (number and kinds[probe] not in _INSIDE_NUMBERS)
            or (number and start - probe > 1)
        ):
            break
    return start


def _kind(cluster: str) -> str:
    return unicodedata.bidirectional(cluster[0]) if cluster else ""


def _balance(text: str) -> int:
    """Pairs of brackets that open before they close, minus those that do not."""
    score, waiting = 0, []
    for char in text:
        if char in _OPENING:
            waiting.append(_OPENING[char])
        elif char in _OPENING.values():
            score += 1 if waiting and waiting[-1] == char else -1
            if waiting:
                waiting.pop()
    return score - len(waiting)
