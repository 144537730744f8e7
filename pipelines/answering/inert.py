"""Model output made inert: words that a reader's Markdown cannot turn into images, links, HTML or terminal commands.

Belongs here: which characters may not stand beside each other outside of code, and where code surely is code. A space
between two characters is enough to take their meaning as markup away; it loses nothing, changes no formula and stays
readable everywhere, also where nobody renders Markdown. Where renderers may disagree about what is code, it is treated
as text.
"""

import re

WINDOW = 40
"""Characters before a place that decide what may follow; the same wherever the words were cut."""

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PAIRS = re.compile(
    r"(?<=!)(?=\[)"  # an image
    r"|(?<=\])(?=\()"  # a link
    r"|(?<=\])(?=:)"  # a link's address, told elsewhere
    r"|(?<=<)(?=[A-Za-z/!?])"  # HTML, or an address in angle brackets
    r"|(?<=:)(?=/)"  # a bare address, which many renderers link
    r"|(?<=www)(?=\.)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?:\A|\n)[ \t>*+\-\d.)]*\[(?:[^\[\]\\]|\\.)*\]\Z", re.DOTALL)
_RUNS = re.compile(r"\$+|[^$]+")
_DISPLAY = re.compile(r"\\([\[\]])")


def without_controls(text: str) -> str:
    """Text without control characters but tab and newline, and without those that turn the writing direction."""
    return _CONTROLS.sub("", text)


def inert(text: str, before: str) -> str:
    """`text`, which follows `before`, with spaces where two characters would mean markup."""
    kept = before[-WINDOW:]
    shown, at, whole = kept, len(kept), kept + text
    for place in _PAIRS.finditer(whole, max(0, at - 1)):
        if place.start() < at:
            continue
        shown += whole[at : place.start()]
        at = place.start()
        if whole[at] != ":" or _defines(shown[-WINDOW:]):
            shown += " "
    return (shown + whole[at:])[len(kept) :]


def _defines(before: str) -> bool:
    """Whether a colon here would end the label of a link's definition, as far as can be seen."""
    return "[" not in before or _LABEL.search(before) is not None


class Markup:
    """What is known about the Markdown shown so far, as far as it decides whether code is code for every renderer."""

    def __init__(self) -> None:
        self.doubt = False  # renderers may disagree about everything that follows
        self._odd = False  # a backtick without a partner stands in this paragraph
        self._blank = True  # the line so far
        self._dollars = 0  # at the end of what was shown
        self._display = False  # a displayed formula is open

    def prose(self, text: str, before: str) -> None:
        """Text was shown after `before`."""
        for number, line in enumerate(text.split("\n")):
            if number:
                self._odd = self._odd and not self._blank
                self._blank = True
            if line and not line.isspace():
                self._blank = False
                self._odd = self._odd or "`" in line
        if "$" in text or self._dollars:
            for run in _RUNS.findall(text):
                if run[0] == "$":
                    self._dollars += len(run)
                    continue
                self._display = self._display != (self._dollars >= 2)
                self._dollars = 0
        for found in _DISPLAY.finditer(before[-1:] + text):
            self._display = found[1] == "["

    def joins(self, before: str) -> bool:
        """Whether what follows would begin a line, or lengthen a row of backticks, were it put right after `before`."""
        return self._blank or before.endswith(("`", "~", "\\", "$"))

    def code(self, span: str, before: str) -> bool:
        """Whether a piece of code within a line is code for everybody. It is shown after `before`."""
        self._blank = False
        ambiguous = "|" in span or "$" in span or "\\)" in span or "\\]" in span
        return not (self.doubt or self._odd or before.endswith("\\") or ambiguous)

    def fence(self, opening: str) -> None:
        """A block of code begins with this line."""
        if self._display or self._dollars >= 2:
            self.doubt = True
        self._indent = len(opening) - len(opening.lstrip(" "))
        self._blank = True

    def fenced(self, lines: str, *, last: bool = False) -> bool:
        """Whether these lines of a block of code are code for everybody. `last`: they end with the closing line."""
        kept = lines.split("\n")
        for line in kept if self._indent else ():
            indent = len(line) - len(line.lstrip(" "))
            if line.strip() and indent < self._indent:
                self.doubt = True  # it may stand outside of the list that the block stands in
        if last and self._indent:
            closing = next(line for line in reversed(kept) if line.strip())
            self.doubt = self.doubt or len(closing) - len(closing.lstrip(" ")) != self._indent
        return not self.doubt
