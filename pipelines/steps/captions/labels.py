"""Speaker labels of captions: who speaks, told from words a sentence begins with.

`Ada Beispiel: Welcome` names a speaker, `TCP: it resends what was lost` a topic. What decides is how a label is used
in the whole file, because one line looks like the other.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

_TURN = re.compile(r"^(?:(?:>>+|[-–—](?=\s|\[))\s*)+")
_BRACKETED = re.compile(r"^\[([A-Z][a-z]+(?: \d+)?)\]:?\s+")
_NUMBERED = re.compile(
    r"^((?:speaker|sprecher|sprecherin|intervenant|unknown speaker)[ _]?\d{1,3})\s*:\s*", re.IGNORECASE
)
_LABEL = re.compile(r"^((?:[^\W\d_][\w.'’()-]{0,30})(?: [\w.'’()&-]{1,30}){0,4})\s*:\s+(?=\S)")
_ROLES_TEXT = """
professor prof instructor lecturer teacher student students audience speaker moderator host guest interviewer
narrator man woman dozent dozentin professorin student studentin studierende publikum sprecher sprecherin
moderatorin gast professeur étudiant étudiante public
"""
_ROLES = frozenset(_ROLES_TEXT.split())
_TURNS = 3
"""A label that comes less often is a word before a colon."""
_MOST = 0.5
"""Of a file's cues, from which labels in front are what the service writes at every turn."""
_ACRONYM_CHARS = 5
"""Words in capitals up to this long are as often terms (TCP, HTTP) as names."""


def named_speakers(cues: Iterable[Sequence[str]]) -> frozenset[str]:
    """The labels of a file that name speakers.

    Args:
        cues: the lines of every cue, as plain text.

    A label counts after a turn mark (`>> ANN:`) wherever else it stands too, as a role (`PROFESSOR:`) said three
    times, or in a file most of whose cues begin with labels: a name of several words, or one word that is none of the
    lecture's own.
    """
    firsts = [lines[0] for lines in cues if lines]
    labels: Counter[str] = Counter()
    marked: set[str] = set()
    said: Counter[str] = Counter()
    for first in firsts:
        rest = _TURN.sub("", first)
        if match := _LABEL.match(rest):
            labels[match[1]] += 1
            if rest != first:
                marked.add(match[1])
            rest = rest[match.end() :]
        said.update(word.casefold() for word in re.findall(r"[^\W\d_]+", rest))
    people = {label for label in labels if _may_be_a_person(label, said)}
    everywhere = sum(labels[label] for label in people) >= max(_TURNS, _MOST * len(firsts))
    return frozenset(
        label
        for label, turns in labels.items()
        if label in marked or (turns >= _TURNS and _is_role(label)) or (everywhere and label in people)
    )


def without_label(line: str, speakers: frozenset[str]) -> tuple[str, str | None]:
    """(the line without turn marks and the name that says who speaks, that name or None)."""
    text = _TURN.sub("", line)
    if text != line and (match := _BRACKETED.match(text)):
        return text[match.end() :], match[1]
    if match := _NUMBERED.match(text):
        return text[match.end() :], match[1]
    match = _LABEL.match(text)
    return (text[match.end() :], match[1]) if match and match[1] in speakers else (text, None)


def _may_be_a_person(label: str, said: Counter[str]) -> bool:
    words = label.split()
    if len(words) == 1:
        acronym = label.isupper() and len(label) <= _ACRONYM_CHARS
        return not acronym and label[0].isupper() and not said[label.casefold()]
    return all(word[0].isupper() or word[0] in "(&" or len(word) <= 3 for word in words)


def _is_role(label: str) -> bool:
    return any(word.casefold().strip(".()") in _ROLES for word in label.split())
