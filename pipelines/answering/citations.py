"""Citations that hold: handles are a closed set, and a quotation is marked for what it is.

Belongs here: the handles of one turn, the filter between the model's words and the reader, and the check of quotations.
A handle is `[3]`; models also write `[3, 4]`, `[3-5]` and `【3†source】`, which become `[3][4]`. A number that no hit
of this turn has is taken out before it is sent, also when it arrives in pieces. Other brackets with numbers stay as
they are: in code, in `numbers[3]` and `a^{[3]}`, and several numbers of which one is no hit, such as `[10, 20]`.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from pipelines.answering.inert import Markup, inert, without_controls
from pipelines.core.records import Hit

HELD_MAX = 200
"""Most characters held back while they may still become a handle or a piece of code."""

TAIL = 40
"""Characters of what was shown that are remembered, to see what a removal would join."""

WINDOW = 24
"""Characters before a bracket that tell whether it is an index."""

QUOTE_MIN = 12
"""Shorter quoted spans are single words in inverted commas, not quotations."""

_NUMBERS = r"\s*\^?\s*\d{1,30}\s*(?:[,;–—-]\s*\d{1,30}\s*)*"
_HANDLE = re.compile(
    rf"(?P<space>[ \t\u00a0]?)(?:\[(?P<square>{_NUMBERS})\]|【(?P<lenticular>{_NUMBERS})(?:†[^】\n`]*)?】)"
)
_CODE = re.compile(r"(?P<ticks>`+)(?!`)(?:[^`\n]|(?<!`)(?!(?P=ticks)(?!`))`+)*?(?<!`)(?P=ticks)(?!`)")
_FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n`]*\n", re.MULTILINE)
_UNFINISHED = re.compile(
    r"[ \t\u00a0]?(?:\[[\s\d^,;–—-]*|【[\s\d^,;–—-]*(?:†[^】\n`]*)?)\Z"  # a handle in the making
    r"|`[^\n]*\Z"  # a piece of code, or a fence
    r"|(?:^|(?<=\n)) {0,3}~{1,2}\Z|(?:^|(?<=\n)) {0,3}~{3,}[^\n]*\Z"
    r"|[ \t\u00a0]\Z"  # a space goes together with the handle after it
)
_WORD = re.compile(r"(?P<before>.?)\b(?P<word>\w+)\Z", re.DOTALL)
WORD_MIN = 4
"""A bracket right after a shorter word is an index, as in `x[1]`; after a longer one it may be a citation."""

_SPECIAL = re.compile(r"[\[【`~<]|\](?:\(|:)|:/|www\.", re.IGNORECASE)
_SPACES = (" ", "\t", "\u00a0")
_OPEN = re.compile(r"[\[【][\s\d^,;–—-]*\Z|\A[\s\d^,;–—-]+\Z")
_QUOTE = re.compile(rf"[“„\"«](?P<quote>[^“”„\"«»\n]{{{QUOTE_MIN},400}})[”“\"»]")
_AFTER = re.compile(r"[\s.,;:!?)]{0,4}((?:\[\d{1,4}\])+)")


class Handles:
    """The hits of one turn, each under one number however often it is found."""

    def __init__(self) -> None:
        self.hits: dict[int, Hit] = {}
        self._numbers: dict[UUID, int] = {}

    def add(self, hits: list[Hit]) -> list[tuple[int, Hit]]:
        """Give each hit its number."""
        numbered = []
        for hit in hits:
            number = self._numbers.setdefault(hit.chunk_id, len(self._numbers) + 1)
            self.hits.setdefault(number, hit)
            numbered.append((number, self.hits[number]))
        return numbered


class CitationFilter:
    """Takes the model's words as they come and gives what may be shown: inert, and with true handles only.

    `cited` holds the handles shown, in order. `handles` None leaves every number as it is.
    """

    def __init__(self, handles: Handles | None) -> None:
        self._handles = handles
        self._markup = Markup()
        self._held = ""
        self._fence: str | None = None
        self._tail = ""
        self._chained = False
        self.cited: dict[int, None] = {}
        self.dropped = 0

    def feed(self, delta: str) -> str:
        """What of the words so far may be shown now; the rest is held until more comes."""
        text = self._held + without_controls(delta)
        if self._fence is None and _SPECIAL.search(self._tail[-4:] + text) is None:
            shown = text[:-1] if text.endswith(_SPACES) else text
            self._held = text[len(shown) :]
            self._markup.prose(shown, self._tail)
            self._tail = (self._tail + shown)[-TAIL:]
            self._chained = self._chained and not shown
            return shown
        return self._take(text, last=False)

    def flush(self) -> str:
        """What was held, at the end of the text. An open block of code is closed: nothing else shall fall into it."""
        if not self._held and not self._tail and self._fence is None:
            return ""
        text, self._held = self._held, ""
        shown = self._take(text, last=True)
        if self._fence is not None:
            shown += self._fence if self._tail.endswith("\n") else f"\n{self._fence}"
        self._fence, self._tail, self._chained = None, "", False
        if not self._markup.doubt:
            self._markup = Markup()
        return shown

    def _take(self, text: str, *, last: bool) -> str:
        shown: list[str] = []
        while text:
            if self._fence is not None:
                piece, text, waits = self._in_fence(text, last=last)
                shown.append(piece)
                self._tail = (self._tail + piece)[-TAIL:]
                if waits:
                    break
                continue
            line = self._tail.rpartition("\n")[2]  # what of this line was shown already: a fence begins a line
            opening = _FENCE.search(line + text)
            if opening is None:
                shown.append(self._prose(text, last=last))
                return "".join(shown)
            start, end = max(0, opening.start() - len(line)), opening.end() - len(line)
            shown.append(self._prose(text[:start], last=True) + text[start:end])
            self._markup.fence((line + text)[opening.start() : opening.end()])
            self._tail = "\n"
            self._fence, self._chained, text = opening["fence"], False, text[end:]
        self._held = text
        return "".join(shown)

    def _in_fence(self, text: str, *, last: bool) -> tuple[str, str, bool]:
        """(shown, rest, wait for more): code up to the closing fence, which must stand on a line of its own."""
        fence = self._fence or "```"
        begun = 0 if self._tail.endswith("\n") else text.find("\n") + 1  # the first line may be the rest of a long one
        pattern = re.compile(rf"^ {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*(?:\n|\Z)", re.MULTILINE)
        closing = pattern.search(text, begun) if begun or self._tail.endswith("\n") else None
        if closing and (closing.group().endswith("\n") or last):
            self._fence = None
            return self._block(text[: closing.end()], last=True), text[closing.end() :], False
        cut = text.rfind("\n") + 1
        if last or len(text) - cut > HELD_MAX:
            cut = len(text)  # no closing fence is this long a line
        return self._block(text[:cut]), text[cut:], True

    def _block(self, lines: str, *, last: bool = False) -> str:
        return lines if self._markup.fenced(lines, last=last) else inert(lines, self._tail)

    def _prose(self, text: str, *, last: bool) -> str:
        keep = ""
        if not last:
            waits = _UNFINISHED.search(self._masked(text))
            if waits and len(text) - waits.start() <= HELD_MAX:
                text, keep = text[: waits.start()], text[waits.start() :]
        self._held = keep
        start, at = self._tail, 0
        shown = start
        for code in _CODE.finditer(text):
            shown = self._checked(text[at : code.start()], shown)
            sure = self._markup.code(code.group(), shown)
            shown = shown + code.group() if sure else self._add(code.group(), shown)
            self._chained = False
            at = code.end()
        shown = self._checked(text[at:], shown)
        self._tail = shown[-TAIL:]
        return shown[len(start) :]

    def _checked(self, prose: str, shown: str) -> str:
        """`shown` and then this prose, its handles kept or taken out."""
        at = 0
        for found in _HANDLE.finditer(prose) if self._handles is not None else ():
            between = prose[at : found.start()]
            shown = self._add(between, shown)
            at = found.end()
            handle = self._handle(found, shown, chained=self._chained and not between)
            self._chained = handle is not None
            if handle is None:
                shown = self._add(found.group(), shown)
                continue
            # Taking out a handle must not leave another one behind, nor make what is around it another markup.
            joins = _OPEN.search(shown[-TAIL:]) is not None or self._markup.joins(shown)
            shown = self._add(handle or ("…" if joins else ""), shown)
        if at < len(prose):
            self._chained = False
        return self._add(prose[at:], shown)

    def _add(self, prose: str, shown: str) -> str:
        """`shown` and then this prose, made inert."""
        if not prose:
            return shown
        self._markup.prose(prose, shown)
        return shown + inert(prose, shown)

    @staticmethod
    def _masked(text: str) -> str:
        """The text with whole pieces of code blotted out, at the same length. A last tick may not be the last."""
        return _CODE.sub(lambda code: code.group() if code.end() == len(text) else "x" * len(code.group()), text)

    def _handle(self, found: re.Match[str], before: str, *, chained: bool) -> str | None:
        """The handles in a bracket with numbers, "" where none is known; None: it is no citation."""
        kept = []
        numbers = _numbers(found["square"] or found["lenticular"])
        hits = self._handles.hits if self._handles is not None else {}
        known = [number for number in numbers if number in hits]
        if found["square"] and not chained:
            beside = not found["space"] and _is_index(before, known=bool(known))
            if beside or (len(numbers) > 1 and len(known) < len(numbers)):
                return None
        for number in numbers:
            if number in hits:
                self.cited.setdefault(number)
                kept.append(f"[{number}]")
            else:
                self.dropped += 1
        return found["space"] + "".join(kept) if kept else ""


def safe_markdown(text: str) -> str:
    """A whole text of a model or a stranger, inert as Markdown and with its numbers as they are."""
    words = CitationFilter(None)
    return words.feed(text) + words.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """A quoted span of the answer; `handle` is the source that has it word for word, None when none does."""

    text: str
    handle: int | None


def quotations(answer: str, handles: Handles) -> list[Quotation]:
    """Quoted spans that a citation follows, or that some source contains, each checked against the sources' text."""
    folded = {number: fold(hit.text) for number, hit in handles.hits.items()}
    found: list[Quotation] = []
    for match in _QUOTE.finditer(answer):
        words = fold(match["quote"]).strip(" .,;:…")
        after = _AFTER.match(answer, match.end())
        near = [int(n) for n in re.findall(r"\d+", after[1])] if after else []
        order = [number for number in near if number in folded] + [number for number in folded if number not in near]
        handle = next((number for number in order if words and words in folded[number]), None)
        if near or handle is not None:
            found.append(Quotation(text=match["quote"], handle=handle))
    return found


def fold(text: str) -> str:
    """Text as quotations are compared: NFKC, case and white space folded, soft hyphens and quote styles evened out."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("\u00ad", "")
    text = text.translate({ord(c): "'" for c in "‘’‚‛`´"} | {ord(c): "-" for c in "‐‑‒–—−"})
    return " ".join(text.split())


def without_handles(text: str) -> str:
    """An earlier answer without its numbers: they named the sources of another turn."""
    return _HANDLE.sub("", text)


def renumbered(text: str, numbers: Mapping[int, int]) -> str:
    """An answer whose numbers are those of other sources: each replaced as `numbers` says, others taken out."""

    def other(found: re.Match[str]) -> str:
        known = (numbers.get(number) for number in _numbers(found["square"] or found["lenticular"]))
        kept = "".join(f"[{number}]" for number in known if number is not None)
        return found["space"] + kept if kept else ""

    return _HANDLE.sub(other, text)


def _is_index(before: str, *, known: bool) -> bool:
    """Whether a bracket right after this text is an index or part of a formula. `known`: it could be a citation."""
    if not before:
        return False
    last = before[-1]
    if not last.isalnum() and last != "_":
        return last in ")]{^\\$"
    if not known or last.isdigit():
        return True
    found = _WORD.search(before[-WINDOW:])
    if found is None or not last.isascii():  # many languages put no space between words
        return False
    return len(found["word"]) < WORD_MIN or not found["word"].isalpha() or found["before"] in ("$", ".", "@", "\\")


def _numbers(text: str) -> list[int]:
    numbers: list[int] = []
    for piece in re.split(r"[,;]", text.replace("^", "")):
        ends = [int(n) for n in re.findall(r"\d+", piece)]
        numbers += range(ends[0], min(ends[-1], ends[0] + 20) + 1) if len(ends) > 1 and ends[0] <= ends[-1] else ends
    return list(dict.fromkeys(numbers))
