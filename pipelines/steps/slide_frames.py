"""Which consecutive pages are frames of one animated slide: the same slide, printed once for every step.

Retrieval must not answer with five copies of one slide, and must not merge different slides that share a title.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FramePage:
    """What is compared of one page. `label` is the printed number and `pdf_label` the stored one; None: it has none."""

    title: str
    lines: tuple[str, ...]
    label: str | None
    pdf_label: str | None


def frame_groups(pages: Sequence[FramePage]) -> list[int]:
    """Numbers the runs of frames: pages of one slide share a number; numbers count up from 0."""
    groups: list[int] = []
    for number, page in enumerate(pages):
        same = number > 0 and _same_slide(pages[number - 1], page)
        groups.append((groups[-1] if groups else -1) + (0 if same else 1))
    return groups


def _same_slide(before: FramePage, after: FramePage) -> bool:
    if before.label and after.label and before.label != after.label:
        return False
    stored_differ = bool(before.pdf_label and after.pdf_label and before.pdf_label != after.pdf_label)
    if stored_differ and not before.label:
        return False
    same_title = bool(before.title) and before.title.casefold() == after.title.casefold()
    kept = _kept(before, after)
    if (before.label and before.label == after.label) or (before.pdf_label and before.pdf_label == after.pdf_label):
        return same_title or kept >= 0.5
    # Without numbers only the text can tell: the later page must show all of the earlier one, and that more than a
    # title, because different slides may share one.
    beyond_title = sum(line.casefold() != before.title.casefold() for line in before.lines)
    titles_agree = same_title or (before.title == after.title == "")
    return titles_agree and beyond_title >= (1 if same_title else 2) and kept == 1.0


def _kept(before: FramePage, after: FramePage) -> float:
    """The share of the earlier page's lines that the later one still shows; 0 for an empty page."""
    if not before.lines:
        return 0.0
    shown = Counter(before.lines) & Counter(after.lines)
    return shown.total() / len(before.lines)
