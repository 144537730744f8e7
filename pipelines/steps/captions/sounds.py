"""Sound descriptions in captions: "[Music]" and "(door opens)" out, sentences in brackets kept.

A bracket is a sound when its words are sound words and what goes with them; "(silence in the library is golden)"
says something.
"""

import re
from collections.abc import Sequence

_SOUNDS = re.compile(
    r"(?:music\w*|applau\w*|clap\w*|laugh\w*|chuckl\w*|giggl\w*|cheer\w*|silence|nois\w*|cough\w*|sneez\w*|sigh\w*|gasp\w*|"
    r"inaudible|indistinct|unintelligible|crosstalk|whoosh\w*|whistl\w*|beep\w*|buzz\w*|ring\w*|click\w*|knock\w*|bark\w*|"
    r"typing|static|feedback|swoosh\w*|swish\w*|swip\w*|pop(?:s|ping)?|blast\w*|strik\w*|slid(?:es|ing)|snap\w*|whirr?\w*|"
    r"fizz\w*|thud\w*|chim\w*|ding\w*|creak\w*|humm?\w*|roar\w*|crash\w*|rumbl\w*|sizzl\w*|decrescendo\w*|"
    r"chatter\w*|murmur\w*|rustl\w*|bells?|jingle|sound\w*|blank_audio|"
    r"musik\w*|applaus|beifall|klatsch\w*|gelächter|lach\w*|stille|husten|räuspern|unverständlich\w*|geräusch\w*|"
    r"musique|applaudissements|rires?|silence|bruit|toux|música|aplausos|risas)"
)
_COMPANY_TEXT = """
a air an and at audience background begins bird birds class continues crowd dog dogs door doors down end ends fades
from gentle heavy high in intro laut leise light loud loudly low of off on opens closes outro over paper phone
pitched playing plays quiet quietly room soft softly speaking speech start starts stops student students telephone
the theme throat clears clearing up upbeat video water wind with im in der die das hintergrund setzt ein endet
publikum und en de la les
"""
_COMPANY = frozenset(_COMPANY_TEXT.split())
_BRACKET = re.compile(r"[\[(]([^\[\]()]{1,60})[\])]")
_SOUND_SOURCES = frozenset({"throat", "door", "doors", "phone"})
_SAYING_TEXT = "i you we it is are was that this and or but not so if by of see to has have can for as"
_SAYING = frozenset(_SAYING_TEXT.split())
_WHOLE_WORDS = 4
_NOTES = re.compile(r"[♩-♬]+")


def without_sounds(lines: Sequence[str]) -> list[str]:
    """The lines without sound descriptions and musical notes; a line that was nothing else is gone.

    A cue that is one bracket as a whole names a sound with less ceremony: "(screen whooshing)".
    """
    whole = _BRACKET.fullmatch(" ".join(lines))
    if whole and _is_short_sound(_words(whole[1])):
        return []
    cleaned = (" ".join(_NOTES.sub(" ", _BRACKET.sub(_kept, line)).split()) for line in lines)
    return [line for line in cleaned if line]


def _kept(match: re.Match[str]) -> str:
    words = _words(match[1])
    sound = any(map(_SOUNDS.fullmatch, words)) or not _SOUND_SOURCES.isdisjoint(words)
    return " " if sound and all(word in _COMPANY or _SOUNDS.fullmatch(word) for word in words) else match[0]


def _is_short_sound(words: Sequence[str]) -> bool:
    return len(words) <= _WHOLE_WORDS and any(map(_SOUNDS.fullmatch, words)) and _SAYING.isdisjoint(words)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in re.findall(r"[\w'-]+", text)]
