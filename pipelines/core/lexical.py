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
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

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
MAX_WORD_CHARS = 64
MIN_PART_CHARS = 3
"""Shorter parts of an identifier say nothing: the x and the j of `x_j`."""

_stemming = threading.Lock()  # a stemmer keeps its word in itself
_WORD = re.compile(r"[^\W_]+(?:[_'][^\W_]+)*")
_BRITISH_ISE = re.compile(r"is(?=(?:e|es|ed|er|ers|ing|ation|ations)$)")
_BRITISH_OUR = re.compile(r"our(?=(?:s|ed|ing|al|able|hoods?)?$)")
SPELLED_CHARS = 6
"""Shorter words ending like these are other words: rise, four, hour."""
_STOP_WORDS = """
a about also am an and any are as at be been but by can could did do does for from had has have he her his how i if in
into is it its just me my no not of on or our she should so than that the their them then there these they this to us
was we were what when where which who why will with would you your
aber als am an auf aus bei bis da dann das dass dem den der des die du durch ein eine einem einen einer eines er es fur
haben hat ich ihr im in ist kann kein keine man mit nach nicht noch nur ob oder ohne sich sie sind so um und unter von
vor war warum was welche welchem welchen welcher welches wenn wer werden wie wir wird wo zu zum zur uber
"""
"""Words of nearly every sentence, English and German, without accents as all words are compared."""
_STOP = frozenset(_STOP_WORDS.split())


def term_counts(text: str) -> Counter[int]:
    """How often each term stands in `text`. Words of nearly every sentence (English, German) are left out."""
    return Counter(term for word in _words(text) for term in _terms(word))


def document_weights(counts: Mapping[int, int]) -> dict[int, float]:
    """A chunk's side of BM25: weight of each of its terms. Empty counts give no weights."""
    length = sum(counts.values())
    norm = K1 * (1 - B + B * length / PIVOT_WORDS)
    return {term: count * (K1 + 1) / (count + norm) for term, count in counts.items()}


def question_terms(question: str) -> list[int]:
    """The distinct terms of a question, at most `MAX_QUESTION_TERMS`, in the order they are asked."""
    return list(dict.fromkeys(term_counts(question[:MAX_QUESTION_CHARS])))[:MAX_QUESTION_TERMS]


def question_weights(terms: Iterable[int], found: Mapping[int, int], chunks: int) -> dict[int, float]:
    """A question's side of BM25: how rare each term is among the `chunks` chunks of the course.

    Args:
        found: in how many chunks a term occurs; terms that occur in none get no weight.
    """
    return {
        term: math.log(1 + (chunks - found[term] + 0.5) / (found[term] + 0.5)) for term in terms if found.get(term, 0)
    }


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    accents = [ord(letter) for letter in set(plain) if unicodedata.combining(letter)]
    return _WORD.findall(plain.translate(dict.fromkeys(accents)) if accents else plain)


@lru_cache(maxsize=100_000)
def _terms(word: str) -> tuple[int, ...]:
    """The terms of one word; an identifier also counts as one word (`x_j` is printed xⱼ) and as its parts."""
    parts = [part for part in word.split("_") if len(part) >= MIN_PART_CHARS] if "_" in word else []
    known = dict.fromkeys([word.replace("_", ""), *parts])
    return tuple(_hashed(_stem(each[:MAX_WORD_CHARS])) for each in known if each not in _STOP)


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
