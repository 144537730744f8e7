"""Notes of captioning services: who or what wrote the captions, which nobody said."""

import re

_CREDIT = (
    r"auto[- ]?generated|automatic(?:ally)? generated|machine[- ]generated|"
    r"(?:captions?|subtitles?|captioning|subtitling) (?:by|provided)|automatisch (?:erstellt|generiert|erzeugt)|"
    r"untertitel(?:ung)?:? (?:von|im auftrag|durch|\w+ für)|sous-titr\w+ (?:par|réalisé)|"
    r"subt[ií]tulos (?:por|realizados)|amara\.org|otter\.ai|rev\.com|"
    r"(?:transcripts?|captions?|subtitles?) (?:was|were|is|are|ha(?:s|ve) been) "
    r"(?:auto\w* |machine[- ])?(?:generated|created|produced)|"
    r"(?:dieses )?(?:transkript\w*|untertitel) (?:wurden?|ist|sind) (?:automatisch|maschinell)|"
    r"transcri(?:bed|ption) by \S+\.(?:ai|com|org|net|io)\b"
)
_TRANSCRIBED = r"transcri(?:bed|ption|pt) (?:by|from|provided|outsourc)|transkri\w+ (?:von|durch)"
_BRACKETED = re.compile(
    rf"^\s*[\[(](?=[^\[\]()]*?(?:{_CREDIT}|{_TRANSCRIBED}))[^\[\]()]{{1,300}}[\])]\s*", re.IGNORECASE
)
_WHOLE = re.compile(rf"^\W*(?:this (?:is an? )?)?(?:{_CREDIT})[^?!]{{0,160}}$", re.IGNORECASE)
_MOST_WORDS = 12
"""A longer cue says more than who wrote it. `Transcription by RNA polymerase` without brackets is biology."""


def without_note(text: str) -> str:
    """The text of a file's first or last cue without a service's note: a bracket in front, or the cue as a whole."""
    rest = _BRACKETED.sub("", text, count=1)
    return "" if _WHOLE.match(rest) and len(rest.split()) <= _MOST_WORDS else rest
