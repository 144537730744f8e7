"""Findings of a deck: the pages that could not be read, in sentences a teacher can act on."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipelines.core.records import NOT_RECOGNISED_YET, Finding, Slide
from pipelines.steps.pdf.recognise import Outcome
from pipelines.steps.pdf.text import PageText

SENTENCES = {
    "damaged_page": (
        "damaged in the file and not readable.",
        "Export or print the deck to PDF again.",
    ),
    "not_recognised": (
        "a picture of text that was not recognised, because the deck has more of them than one upload may take.",
        "Split the deck and upload its parts.",
    ),
    NOT_RECOGNISED_YET: (
        "a picture whose words, if it has any, are not read yet.",
        "What else the deck says can be searched already.",
    ),
    "unsure_text": (
        "text in a picture that cannot be read reliably (handwriting, a blurred or slanted scan).",
        "Scan it again more sharply, or type the words.",
    ),
    "no_text": (
        "something is shown, but no words were found (a photograph or a drawing).",
        "If it has words, add them as text.",
    ),
    "unknown_letters": (
        "some letters have no meaning in the file's fonts and are missing.",
        "Export the deck again with its fonts.",
    ),
}
"""What is wrong with a page and what to do about it, by the finding's code."""


def page_findings(
    pages: Sequence[PageText],
    slides: Sequence[Slide],
    *,
    damaged: Sequence[int],
    outcome: Outcome,
    shows_something: Callable[[int], bool],
) -> list[Finding]:
    """One finding for every page that has visible content without text, or letters that are missing.

    Args:
        damaged: pages (1-based) the parser gave up on.
        shows_something: asked for the position of a page without text: is there anything but its headers?
    """
    found = []
    for number, (page, slide) in enumerate(zip(pages, slides, strict=True)):
        code = None
        if slide.page in damaged:
            code = "damaged_page"
        elif number in outcome.waiting:
            code = NOT_RECOGNISED_YET
        elif number in outcome.left_out:
            code = "not_recognised"
        elif number in outcome.unsure:
            code = "unsure_text"
        elif not slide.body and shows_something(number):
            code = "no_text"
        elif any(line.doubt == "gaps" for line in page.lines):
            code = "unknown_letters"
        if code is not None:
            sentence, advice = SENTENCES[code]
            found.append(Finding(code=code, sentence=sentence, advice=advice, page=slide.page))
    return found


def given_up(findings: Sequence[Finding], reason: str) -> list[Finding]:
    """The findings after the pictures that were to be recognised could not be; `reason` is a sentence."""
    sentence = f"a picture whose words, if it has any, were not read. {reason}"
    advice = "Split the deck and upload its parts."
    return [
        replace(found, code="not_recognised", sentence=sentence, advice=advice)
        if found.code == NOT_RECOGNISED_YET
        else found
        for found in findings
    ]


def file_findings(unread_files: Sequence[str]) -> list[Finding]:
    """A finding for files inside the PDF that were not read; none without any."""
    if not unread_files:
        return []
    names = ", ".join(unread_files[:5]) + (", ..." if len(unread_files) > 5 else "")
    sentence = f"files inside this PDF were not read ({names})."
    return [Finding(code="files_inside", sentence=sentence, advice="Take them out and upload them on their own.")]
