"""Alphabets of languages that were written in one byte a letter: which of the old encodings makes words of bytes?"""

import re
from itertools import pairwise

_WESTERN = [
    "äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúü¿¡ªº", "áâãàçéêíóôõúüªº", "àèéìíîòóùú", "åäöéüà", "æøåéèêóòôà", "éëïóöüèáíúäê",
    "àçèéíïòóúü·", "äõöüšž",
]  # fmt: skip
"""Letters beyond ASCII of German, French, Spanish, Portuguese, Italian, Swedish and Finnish, Danish and Norwegian,
Dutch, Catalan, Estonian."""
_CENTRAL = ["ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîşţ"]
"""Of Polish, Czech, Slovak, Hungarian, Croatian and Slovene, Romanian."""
_LATIN = [
    ("cp1252", _WESTERN),
    ("cp1250", _CENTRAL),
    ("iso8859_2", _CENTRAL),
    ("cp1254", ["çğıöşüâîûİ"]),
    ("cp1257", ["ąčęėįšųūž", "āčēģīķļņšūž"]),
    ("cp1252", ["áðéíóúýþæö", "".join(_WESTERN)]),
]
"""Encodings and their languages, the commoner first; Turkish, Lithuanian, Latvian; then Icelandic, whose letters are
the bytes of Turkish ones, and several Western languages in one file."""
_FREQUENT = {
    "cp1251": "оеаинтсрвл", "koi8_r": "оеаинтсрвл", "iso8859_5": "оеаинтсрвл", "cp1253": "αοιετσνηυρ",
    "iso8859_7": "αοιετσνηυρ", "cp1255": "יוהלאמרתבש", "cp1256": "الينمرتوبع",
}  # fmt: skip
"""The ten commonest letters by encoding: Russian, Greek, Hebrew, Arabic. They are two thirds of a text."""
_LEAST_FREQUENT = 0.52
"""Less of them is a text in another encoding."""
_SIGNS = frozenset("‘’‚“”„«»‹›–—…•°·§©®™€£½¼¾²³µ×÷±´ª\xa0")
_SIGN_IN_WORD = re.compile(r"(?<=[^\W\d_])[^\w\s’‘·\-'](?=[^\W\d_])|[²³¹¼½¾±](?=[^\W\d_])|º(?=[^\W\d_])")
"""A sign inside or right before a word is a letter of another encoding."""
_FOREIGN_WORD = re.compile(r"[^\x00-\x7f\W\d_]{3,}")
_WORD = re.compile(r"[^\W\d_]{3,}")
_HALF_WIDTH = re.compile("[\uff61-\uff9f]")


def latin_encoding(data: bytes) -> tuple[str, str] | None:
    """(text, encoding) of the language whose letters explain most bytes beyond ASCII; None: none explains them."""
    best: tuple[float, str, str] | None = None
    for encoding, alphabets in _LATIN:
        text = data.decode(encoding, "replace")
        letters = [letter for letter in _SIGN_IN_WORD.sub("\ufffd", text) if letter > "\x7f"]
        for alphabet in alphabets:
            known = _SIGNS.union(alphabet, alphabet.upper())
            share = sum(letter in known for letter in letters) / max(1, len(letters))
            if best is None or share > best[0]:
                best = (share, text, encoding)
    return (best[1], best[2]) if best is not None and best[0] >= 0.9 else None


def other_script(data: bytes) -> tuple[str, str] | None:
    """(text, encoding) in another script of one byte a letter, by its commonest letters; None: it is in none."""
    best: tuple[float, str, str] | None = None
    for encoding, frequent in _FREQUENT.items():
        text = data.decode(encoding, "replace")
        letters = [letter for letter in text.lower() if letter > "\x7f" and (letter.isalpha() or letter == "\ufffd")]
        share = sum(letter in frequent for letter in letters) / max(1, len(letters))
        # Capitals inside words come of reading one Cyrillic encoding as another.
        share -= sum(a.islower() and b.isupper() for a, b in pairwise(text)) / max(1, len(letters))
        if best is None or share > best[0]:
            best = (share, text, encoding)
    return (best[1], best[2]) if best is not None and best[0] >= _LEAST_FREQUENT else None


def is_foreign(western: str) -> bool:
    """Whether this reading as Western European holds words that are accents from end to end, as no language has."""
    foreign = _FOREIGN_WORD.findall(western)
    return len(foreign) >= 2 and 3 * len(foreign) >= len([w for w in _WORD.findall(western) if max(w) > "\x7f"])


def makes_letters(text: str) -> bool:
    """Whether a reading in an East Asian encoding is more than half-width signs, into which other bytes fall."""
    return 4 * len(_HALF_WIDTH.findall(text)) < sum(letter > "\x7f" for letter in text)
