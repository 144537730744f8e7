"""Words of a text as search compares them: folded, without accents, with symbols where those make another word.

Belongs here: what counts as one word, on pages and in questions alike. Stems and weights belong to `lexical.py`.
"""

import re
import unicodedata
from collections.abc import Iterator

MIN_PART_CHARS = 3
"""Shorter parts of an identifier say nothing: the x and the j of `x_j`."""
MIN_COMPOUND_CHARS = 9
MIN_COMPOUND_PART_CHARS = 4
"""Shorter words and parts are as often something else: `Haustür` is found by its own name."""

_ENGLISH = """
a about also am an and any are as at be been but by can could did do does for from had has have he her his how i if in
into is it its just me my no not of on or our she should so than that the their them then there these they this to us
was we were what when where which who why will with would you your
"""
_GERMAN = """
aber als am an auf aus bei bis da dann das dass dem den der des die du durch ein eine einem einen einer eines er es fur
haben hat ich ihr im in ist kann kein keine man mit nach nicht noch nur ob oder ohne sich sie sind so um und unter von
vor war warum was welche welchem welchen welcher welches wenn wer werden wie wir wird wo zu zum zur uber
"""
STOP = frozenset((_ENGLISH + _GERMAN).split())
"""Words of nearly every sentence, English and German, without accents as all words are compared."""
ENGLISH = frozenset(_ENGLISH.split())
_GERMAN_ONLY = frozenset(_GERMAN.split()) - ENGLISH
_GERMAN_SHARE = 1 / 12
"""A text with more of these words among all of its words is German; slides are notes, prose has a third."""

# Ideographs, kana and Hangul: written without spaces, or with endings glued on.
_UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_UNSPACED}]+")
_VOICED = ("\u3099", "\u309a")  # what parts か from が: another letter, no accent
_TOKEN = re.compile(
    r"(?P<symbol>(?<![\w+#*.])[A-Za-z]{1,3}(?:(?:\+\+|#)(?![A-Za-z_+#*])|[*+](?![\w+#*])))"  # C++17, C#, A*, B+
    r"|(?P<dotted>(?<![\w.])\.[A-Za-z]{2,12}(?!\w))"  # .NET, .csv
    r"|(?P<number>(?<!\w)\d+(?:[.,]\d+)+(?!\w))"  # 3.14, 3,14 and 1,000: one number, not two
    r"|(?P<word>[^\W_]+(?:[_'][^\W_]+)*)"
)
_WORD = re.compile(r"[^\W_]+(?:[_'][^\W_]+)*")
_SPECIAL = re.compile(rf"[A-Za-z][#*+]|(?<![\w.])\.[A-Za-z]|\d[.,]\d|[A-Z]{{2}}|[a-z\d][A-Z]|[{_UNSPACED}]")
"""What `_TOKEN` is needed for: a line without it has plain words only, which are found four times as fast."""
_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_UMLAUT = re.compile("[äöü]")
_UMLAUTED = re.compile(r"[^\W\d_]*[äöü][^\W\d_]*")
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_LINKS = ("", "s", "es", "n", "en", "er", "e")
"""Letters that join the parts of a German compound: Optimierung-s-verfahren, Gradient-en-abstieg."""


def words(text: str, *, question: bool = False) -> list[str]:
    """The words of `text` in order, folded; those of nearly every sentence are left out.

    A word of that kind in capitals (WHO, IT, US) inside a line that is not all capitals is kept, in capitals: it is a
    name. Of a `question` that consists of nothing else (`what does the who do`) all are kept like that.
    """
    plain = _without_accents(text.replace("’", "'"))
    found: list[str] = []
    for line in plain.splitlines():
        if _SPECIAL.search(line):
            found += _words_of(line)
        else:
            found += [word for word in _WORD.findall(line.casefold()) if word not in STOP]
    if question and not found:
        return [word.upper() for word in re.findall(r"[^\W\d_]{2,}", plain)]
    return found


def parts(word: str) -> list[str]:
    """A word and, of an identifier (`read_csv`, `readCsv` as `words` gives it), its longer parts."""
    if "_" not in word:
        return [word]
    pieces = [part for part in word.split("_") if len(part) >= MIN_PART_CHARS]
    return list(dict.fromkeys([word.replace("_", ""), *pieces]))


def spelled_out(text: str) -> list[tuple[str, str]]:
    """The words of `text` that have umlauts, as `words` gives them and with ae, oe and ue: (wohler, woehler)."""
    folded = unicodedata.normalize("NFC", text).casefold()
    found = []
    for word in _UMLAUTED.findall(folded) if _UMLAUT.search(folded) else ():
        plain = _without_accents(word)
        if plain not in STOP:
            found.append((plain, _without_accents(word.translate(_SPELLED))))
    return found


def compound_parts(word: str) -> Iterator[tuple[str, str]]:
    """Every way to see `word` as two words, joined as German joins them; none for a short word."""
    if len(word) < MIN_COMPOUND_CHARS or not word.isalpha():
        return
    for cut in range(MIN_COMPOUND_PART_CHARS, len(word) - MIN_COMPOUND_PART_CHARS + 1):
        head, tail = word[:cut], word[cut:]
        for link in _LINKS:
            if head.endswith(link) and len(head) - len(link) >= MIN_COMPOUND_PART_CHARS:
                yield head.removesuffix(link) if link else head, tail


def is_german(text: str) -> bool:
    """Whether a text is German, by its commonest words; a text without them is not."""
    found = re.findall(r"[^\W\d_]+", _without_accents(text).casefold())
    return sum(word in _GERMAN_ONLY for word in found) > _GERMAN_SHARE * len(found)


def folded(text: str) -> str:
    """`text` as words are compared: without accents and capitals."""
    return _without_accents(text.replace("’", "'")).casefold()


def _words_of(line: str) -> Iterator[str]:
    tokens = list(_TOKEN.finditer(line))
    alone = len(tokens) == 1
    mixed = any(letter.islower() for letter in line) or alone
    for token in tokens:
        text = token.group()
        if token.lastgroup == "word":
            yield from _plain(text, mixed=mixed)
        elif token.lastgroup == "number":
            yield re.sub("[.,]", "", text)
        elif token.lastgroup == "dotted":
            yield from (text.casefold(), text[1:].casefold())
        else:
            yield text.casefold()


def _plain(word: str, *, mixed: bool) -> Iterator[str]:
    if _RUN.search(word):
        yield from _pairs(word)
        return
    folded = word.casefold()
    if folded in STOP:
        if len(word) > 1 and word.isupper() and mixed:
            yield word
        return
    if "_" not in word and not word.isupper() and (camel := _CAMEL.split(word))[1:]:
        long = [part for part in camel if len(part) >= MIN_PART_CHARS]
        if long:
            yield "_".join([*camel]).casefold()
            return
    yield folded


def _pairs(word: str) -> Iterator[str]:
    """A run of a script without spaces as overlapping pairs of its letters; what stands between runs as it is."""
    at = 0
    for run in _RUN.finditer(word):
        if run.start() > at:
            yield word[at : run.start()].casefold()
        letters = run.group()
        yield from (letters[n : n + 2] for n in range(len(letters) - 1)) if len(letters) > 1 else iter(letters)
        at = run.end()
    if at < len(word):
        yield word[at:].casefold()


def _without_accents(text: str) -> str:
    """Compatibility forms resolved (ligatures, full width), accents removed; letters of other scripts stay whole."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text)
    accents = [ord(letter) for letter in set(plain) if unicodedata.combining(letter) and letter not in _VOICED]
    return unicodedata.normalize("NFC", plain.translate(dict.fromkeys(accents)) if accents else plain)
