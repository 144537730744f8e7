"""Sentences of an answer, each with the numbers it cites: what can be followed back, and what is graded."""

import re
from dataclasses import dataclass

_FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_MARKUP = re.compile(r"^\s*(?:>\s*|(?:[-*+]|#{1,6}|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?)*")
_RULE = re.compile(r"[\s|:*_=-]*")
_NUMBERS = r"(?:\s*(?:\[\d{1,4}\])+)"
_END = re.compile(rf"(?<=[.!?…])[\"”»’)\]*_]*{_NUMBERS}?(?=\s|$)|[。！？]{_NUMBERS}?")
_NUMBER = re.compile(r"\[(\d{1,4})\]")
_SHORT = re.compile(r"(?:\b(?:e\.g|i\.e|cf|vs|etc|Fig|Eq|Dr|Prof|bzw|z\.\s?B|d\.\s?h|ca|Abb|Nr|No|[A-Z])|^\d{1,3})\.$")
"""A full stop after these ends no sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of an answer, without marks of Markdown lists and headings; `handles` are the numbers it cites."""

    text: str
    handles: tuple[int, ...]


def sentences(answer: str) -> list[Sentence]:
    """The sentences of an answer in order; code is none, and a line of a quotation is one whatever it holds.

    A number after a full stop belongs to what is before it; a line that says where a quotation is from is no sentence.
    """
    found: list[Sentence] = []
    for line in _FENCED.sub("\n", answer).splitlines():
        words, quoted = _MARKUP.sub("", line).strip(), line.lstrip().startswith(">")
        if _RULE.fullmatch(words) or (quoted and words.startswith("— ")):
            continue
        found += [_sentence(piece) for piece in ([words] if quoted else _pieces(words))]
    return found


def _pieces(words: str) -> list[str]:
    pieces, start = [], 0
    for end in _END.finditer(words):
        piece = words[start : end.end()].strip()
        if not piece or _SHORT.search(piece):
            continue
        pieces.append(piece)
        start = end.end()
    rest = words[start:].strip()
    return [*pieces, rest] if rest else pieces


def _sentence(piece: str) -> Sentence:
    return Sentence(text=piece, handles=tuple(dict.fromkeys(int(number) for number in _NUMBER.findall(piece))))
