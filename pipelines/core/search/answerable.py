"""Whether a course can answer a question at all: how near a passage has to be, by what the course has words for.

A search always finds something. The more of a question's words a course has never heard, the nearer a passage must be;
where it has never heard a name that the question is about, none is near enough.
"""

import re
from collections.abc import Iterator, Mapping

from pipelines.core.search.languages import is_english
from pipelines.core.search.lexical import Question, known_share, term_counts

SUPPORT = 0.53
KNOWN_WEIGHT = 1 / 3
"""A passage has to do with a question when its cosine and a third of the known share of the question's words together
are `SUPPORT`. Measured with the local embedder; docs/decisions/0023 has the figures. Other embedders put unrelated
texts closer together; with those fewer questions are turned away.
"""
SECOND_SIMILAR = 0.24
"""The cosine that is enough among second vectors, whose questions share few words with the course."""
UNREACHABLE = 2.0

_WORD = re.compile(r"[^\W_]+(?:[-'’_][^\W_]+)*")
_ADJECTIVE_ENDINGS = ("n", "an", "ian")
"""Of a name's adjective, which is another form of it: Canadian, Indian, Gaussian, Bayesian."""
MIN_NAME_CHARS = 4


def needed_similarity(question: str, asked: Question, found: Mapping[int, int], chunks: int) -> float:
    """The cosine from which a passage of the course has to do with a question, among the first vectors.

    Args:
        found: in how many of the `chunks` chunks a term occurs, of all that `lookups` names.
    """
    if any(not any(all(found.get(term) for term in form) for form in forms) for forms in named_terms(question)):
        return UNREACHABLE
    return SUPPORT - KNOWN_WEIGHT * known_share(asked, found, chunks)


def named_lookups(question: str) -> list[int]:
    """Terms of the names in a question, in every form they are looked up in."""
    return [term for forms in named_terms(question) for form in forms for term in form]


def named_terms(question: str) -> list[list[list[int]]]:
    """For each name in a question the forms it may have in a course, each as its terms; the course has one or lacks it.

    A name is a word with a capital that does not begin its sentence, a capital inside (`BERTScore`), or a digit beside
    letters (`T5`). Empty for a question that is not in English: German writes every noun so.
    """
    if not is_english(question):
        return []
    return [
        forms
        for name in _names(question)
        if (forms := [terms for form in _forms(name) if (terms := [*term_counts(form)])])
    ]


def _names(question: str) -> Iterator[str]:
    begins = True
    for line in _WORD.finditer(question):
        word = line.group()
        inside = any(letter.isupper() for letter in word[1:]) and not question.isupper()
        mixed = any(letter.isdigit() for letter in word) and any(letter.isalpha() for letter in word)
        capital = word[0].isupper() and not begins and word.split("'")[0].split("’")[0] != "I"
        if (inside or mixed or capital) and not question.isupper():
            yield word
        begins = question[line.end() : line.end() + 1] in {".", "!", "?", ":"}


def _forms(name: str) -> list[str]:
    stem = name.casefold().removesuffix("'s").removesuffix("’s")
    forms = [name, stem]
    if name[0].isupper() and len(stem) > MIN_NAME_CHARS:
        for ending in _ADJECTIVE_ENDINGS:
            if stem.endswith(ending):
                bare = stem.removesuffix(ending)
                forms += [bare, f"{bare}a"]
    return [form for form in dict.fromkeys(forms) if len(form) >= MIN_NAME_CHARS or form in (name, stem)]
