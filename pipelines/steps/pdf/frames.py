"""Frames of animated slides: consecutive pages that are the same slide, printed once for every step.

Retrieval must not answer with five copies of one slide, and must not merge different slides that share a title.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class FramePage:
    """What is compared of one page. `label` is the printed number and `pdf_label` the stored one; None: it has none."""

    title: str
    lines: tuple[str, ...]
    label: str | None
    pdf_label: str | None


def frame_groups(pages: Sequence[FramePage]) -> list[int]:
    """Numbers the runs of frames: pages of one slide share a number; numbers count up from 0."""
    printed = _telling([page.label for page in pages])
    stored = _telling([page.pdf_label for page in pages])
    groups: list[int] = []
    for number, page in enumerate(pages):
        before = pages[number - 1] if number else None
        same = before is not None and _same_slide(before, page, printed=printed, stored=stored)
        groups.append((groups[-1] if groups else -1) + (0 if same else 1))
    return groups


def _telling(labels: Sequence[str | None]) -> bool:
    """Do these labels number slides, so that different ones mean different slides?

    Numbers that only count the pages do not: programs that print every step of an animation as a page do that.
    """
    repeats = any(before and before == after for before, after in pairwise(labels))
    return repeats or any(label and not label.isdigit() for label in labels)


def _same_slide(before: FramePage, after: FramePage, *, printed: bool, stored: bool) -> bool:
    if printed and before.label and after.label:
        agree: bool | None = before.label == after.label
    elif stored and before.pdf_label and after.pdf_label:
        agree = before.pdf_label == after.pdf_label
    else:
        agree = None
    same_title = bool(before.title) and before.title.casefold() == after.title.casefold()
    kept = _kept(before, after)
    if agree is not None:
        return agree and (same_title or kept >= 0.5)
    # Without numbers only the text can tell: the later page must show all of the earlier one, and that more than a
    # title, because different slides may share one.
    beyond_title = sum(line.casefold() != before.title.casefold() for line in before.lines)
    titles_agree = same_title or before.title == after.title == ""
    return titles_agree and beyond_title >= (1 if same_title else 2) and kept == 1.0


def _kept(before: FramePage, after: FramePage) -> float:
    """The share of the earlier page's lines that the later one still shows; 0 for an empty page."""
    if not before.lines:
        return 0.0
    shown = Counter(before.lines) & Counter(after.lines)
    return shown.total() / len(before.lines)
