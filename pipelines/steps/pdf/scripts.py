"""Raised and lowered text: `x^2`, `x_i` and `x^(t+1)`, because `x2` would be another formula."""

import re
from collections.abc import Sequence

from pipelines.steps.pdf.lines import Span

SCRIPT_SIZE = 0.85
"""Text smaller than this share of its line's may be an index or an exponent."""

_ORDINAL = re.compile("(?:st|nd|rd|th|er|re|ème|TM|SM|©|®|™)", re.IGNORECASE)
_PRIMES = ("′", "′′", "'", "∗", "*", "†", "°")


def base_span(spans: Sequence[Span]) -> Span:
    """The span that stands on the base of its line: the longest of the large ones.

    Not one that begins with a space: the library puts spaces in, at the height of the letter before them.
    """
    largest = max(span["size"] for span in spans)
    large = [span for span in spans if span["size"] > SCRIPT_SIZE * largest]
    return max(large, key=lambda span: (not span["text"].startswith(" "), len(span["text"])))


def with_scripts(spans: Sequence[Span], main: Span) -> str:
    """Joins the spans of a line and marks small text above or below its base; `main` is a span on the base."""
    base, size = main["origin"][1], main["size"]
    parts: list[tuple[str, str]] = []
    for span in spans:
        lift = (base - span["origin"][1]) / size
        mark = ""
        if span["size"] < SCRIPT_SIZE * size and span["text"] != " ":
            mark = "^" if lift > 0.2 else "_" if lift < -0.08 else ""
        if parts and parts[-1][0] == mark:
            parts[-1] = (mark, parts[-1][1] + span["text"])
        else:
            parts.append((mark, span["text"]))
    return "".join(_script(mark, text, at_start=index == 0) for index, (mark, text) in enumerate(parts))


def _script(mark: str, text: str, *, at_start: bool) -> str:
    inner = text.strip()
    if not mark or not inner or at_start or inner in _PRIMES or _ORDINAL.fullmatch(inner):
        return text
    bare = len(inner) == 1 or inner[0] in "([{" or inner.isalnum()
    return f"{mark}{inner}" + " " * text.endswith(" ") if bare else f"{mark}({inner})"
