"""The words side of search: BM25 over stemmed words, exact, with weights a database can multiply.

A chunk keeps one weight a term (its saturated, length-corrected frequency); a question brings one weight a term (how
rare the term is in the course). Their inner product is the BM25 score (Robertson & Zaragoza 2009). The length
correction uses a fixed pivot, not the course's mean length, so that a chunk's weights depend on the chunk alone.
Terms are hashes of words in 1..999,999,999, the index range of pgvector's sparsevec. They are stored: whoever changes
what a term is raises the chunkers' versions, so that every source is cut and indexed again.
"""

import hashlib
import math
import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from pipelines.core.search.tokens import STOP, compound_parts, is_german, parts, spelled_out, words

TERM_SPACE = 1_000_000_000
"""Length of the sparse vectors; `terms sparsevec(1000000000)` in the migrations says the same."""
ALL_CHUNKS = 0
"""Pseudo term that counts every chunk of a source."""
K1 = 0.9
B = 0.4
"""How soon repeating a word stops counting, and how much a long chunk is held against it: slides are short."""
PIVOT_WORDS = 60
"""Words of a chunk that is neither rewarded nor punished for its length."""
MAX_QUESTION_CHARS = 20_000
MAX_QUESTION_TERMS = 200
MAX_QUESTION_PAIRS = 400
MAX_WORD_CHARS = 64
RARE_CHUNKS = 3
RARE_SHARE = 0.005
"""A term in no more chunks than these (whichever is more) is rare: it names what a question is about."""
REMEMBERED_TEXTS = 2_000
"""Passages whose terms are remembered: about 4 kB each."""
LEAST_TRUST = 0.05
"""Of words that say next to nothing; something of them is left, so that equals are told apart."""

_stemming = threading.Lock()  # a stemmer keeps its word in itself
_BRITISH_ISE = re.compile(r"is(?=(?:e|es|ed|er|ers|ing|ation|ations)$)")
_BRITISH_OUR = re.compile(r"our(?=(?:s|ed|ing|al|able|hoods?)?$)")
SPELLED_CHARS = 6
"""Shorter words ending like these are other words: rise, four, hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The words side of a question.

    `terms` are what it asks, other spellings of them included. `pairs` are, for a term, the ways to see its word as
    two words (a German compound): they count where the course does not have the word itself but both of the two.
    `spellings` are, for a term (Wohler), its word with umlauts spelled out (Woehler): both together weigh as one word,
    so that a page with the umlaut, which has both terms, comes before one with only either.
    """

    terms: tuple[int, ...]
    pairs: Mapping[int, tuple[tuple[int, int], ...]]
    spellings: Mapping[int, int] = field(default_factory=dict)

    @property
    def lookups(self) -> list[int]:
        """Every term whose number of chunks has to be known."""
        return list(
            dict.fromkeys([*self.terms, *(term for ways in self.pairs.values() for way in ways for term in way)])
        )


def term_counts(text: str, known: frozenset[str] = frozenset()) -> Counter[int]:
    """How often each term stands in `text`. Words of nearly every sentence (English, German) are left out.

    A word with umlauts counts as it is without its dots and as it is spelled without umlauts (Wohler, Woehler).

    Args:
        known: words of the whole source, where it is German: compounds then count as their parts too (`vocabulary`).
    """
    found = Counter(term for word in words(text) for term in _terms(word))
    found.update(term for _, word in spelled_out(text) for term in _terms(word))
    if known:
        for word in words(text):
            found.update(term for part in _compound(word, known) for term in _terms(part))
    return found


@lru_cache(maxsize=REMEMBERED_TEXTS)
def distinct_terms(text: str) -> frozenset[int]:
    """The terms of `text`, each once; remembered, as one search asks twice and the next finds the same passages."""
    found = {*words(text), *(word for _, word in spelled_out(text))}
    return frozenset(term for word in found for term in _terms(word))


def vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """The words of a German source, by which its compounds are taken apart; empty for other languages."""
    text = "\n".join(texts)
    return frozenset(words(text)) if is_german(text) else frozenset()


def document_weights(counts: Mapping[int, int]) -> dict[int, float]:
    """A chunk's side of BM25: weight of each of its terms. Empty counts give no weights."""
    length = sum(counts.values())
    norm = K1 * (1 - B + B * length / PIVOT_WORDS)
    return {term: count * (K1 + 1) / (count + norm) for term, count in counts.items()}


def question_terms(question: str) -> Question:
    """The distinct terms of a question, at most `MAX_QUESTION_TERMS`, in the order they are asked."""
    text = question[:MAX_QUESTION_CHARS]
    spelled = spelled_out(text)
    asked = [*words(text, question=True), *(word for _, word in spelled)][:MAX_QUESTION_TERMS]
    terms = dict.fromkeys(term for word in asked for term in _terms(word))
    room = MAX_QUESTION_PAIRS
    pairs: dict[int, tuple[tuple[int, int], ...]] = {}
    for word in dict.fromkeys(asked):
        split = [(_terms(head), _terms(tail)) for head, tail in compound_parts(word)]
        ways = tuple((head[0], tail[0]) for head, tail in split if head and tail)
        if ways and len(ways) <= room:
            pairs[_terms(word)[0]] = ways
            room -= len(ways)
    spellings = {_terms(plain)[0]: _terms(word)[0] for plain, word in spelled}
    return Question(terms=tuple(terms)[:MAX_QUESTION_TERMS], pairs=pairs, spellings=spellings)


def question_weights(question: Question, found: Mapping[int, int], chunks: int) -> dict[int, float]:
    """A question's side of BM25: how rare each term is among the `chunks` chunks of the course.

    Args:
        found: in how many chunks a term occurs; terms that occur in none get no weight.
    """
    terms = dict.fromkeys(question.terms)
    for term, ways in question.pairs.items():
        if not found.get(term, 0):
            both = [way for way in ways if all(found.get(part, 0) for part in way)]
            terms |= dict.fromkeys(part for way in both for part in way)
    weights = {term: rarity(found[term], chunks) for term in terms if found.get(term, 0)}
    for pair in question.spellings.items():
        if all(term in weights for term in pair):
            weights |= {term: weights[term] / 2 for term in pair}
    return weights


def known_share(question: Question, found: Mapping[int, int], chunks: int) -> float:
    """How much of what a question asks the course has words for: from 0 to 1, rare words count more; 1 without words.

    A word that the course does not have counts as the rarest of all.
    """
    spelled = {term: other for pair in question.spellings.items() for term, other in (pair, pair[::-1])}

    def known(term: int) -> bool:
        ways = question.pairs.get(term, ())
        return bool(found.get(term) or found.get(spelled.get(term, term))) or any(
            all(found.get(part) for part in way) for way in ways
        )

    weights = {term: rarity(found.get(term, 0), chunks) for term in question.terms}
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if known(term)) / total if total else 1.0


def rarity(found: int, chunks: int) -> float:
    """How much a term weighs that stands in `found` of `chunks` chunks."""
    return math.log(1 + (chunks - found + 0.5) / (found + 0.5))


def trust_in_words(question: Question, found: Mapping[int, int], chunks: int, *, power: float) -> float:
    """How much the words of a question count, from 0 to 1: in full where the course has a rare one of them; otherwise
    as much as the share that it knows (`known_share`), to this power.

    Common words alone say little: who asks in other words than the course has only those in common with it.
    """
    rare = max(RARE_CHUNKS, RARE_SHARE * chunks)
    if any(0 < found.get(term, 0) <= rare for term in question.terms):
        return 1.0
    return float(max(known_share(question, found, chunks), LEAST_TRUST) ** power)


def rarest_term(question: Question, found: Mapping[int, int], chunks: int) -> int | None:
    """The term that says which chunks a question is about: its rarest, where it is rare and no word is unknown.

    None where the course lacks a word of the question (it may ask about something else), or has all of them often.
    """
    known = [term for term in question.terms if found.get(term, 0)]
    spelled = {term: other for pair in question.spellings.items() for term, other in (pair, pair[::-1])}
    if not known or any(not found.get(spelled.get(term, term), 0) for term in question.terms if term not in known):
        return None
    rarest = min(known, key=found.__getitem__)
    return rarest if found[rarest] <= max(RARE_CHUNKS, RARE_SHARE * chunks) else None


def _compound(word: str, known: frozenset[str]) -> tuple[str, ...]:
    """The parts of a compound of which the source has at least one as a word of its own; both, where it has both."""
    ways = [way for way in compound_parts(word) if not known.isdisjoint(way)]
    return max(ways, key=lambda way: sum(part in known for part in way), default=())


@lru_cache(maxsize=100_000)
def _terms(word: str) -> tuple[int, ...]:
    """The terms of one word; an identifier also counts as one word (`x_j` is printed xⱼ) and as its parts."""
    return tuple(_hashed(_stem(each[:MAX_WORD_CHARS])) for each in parts(word) if each not in STOP)


def _stem(word: str) -> str:
    """The word's stem, the same for British and American spelling (optimise, behaviour, modelling)."""
    if len(word) >= SPELLED_CHARS:
        word = _BRITISH_OUR.sub("or", _BRITISH_ISE.sub("iz", word))
    with _stemming:
        stem = str(_stemmer().stemWord(word))
    return stem[:-1] if stem.endswith("ll") else stem


def _hashed(word: str) -> int:
    digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
    return 1 + int.from_bytes(digest) % (TERM_SPACE - 1)


@cache
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")
