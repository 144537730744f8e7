"""The language of a text, from its commonest words: enough to tell captions of one language from another's."""

import re
from collections import Counter

_COMMONEST = {
    "de": "der die das und ist nicht ein eine wir sie es auf mit für dass von zu den auch wie aber oder werden kann",
    "en": "the and is of to that it you this for are with we can have not be what but from they will so your",
    "es": "que el los las una es por con para como pero más esto este también muy hay son del lo nos está si cuando",
    "fr": "le les des est une que pour dans pas nous vous sur avec ce qui au plus mais cette être aussi ou du donc",
    "it": "che il di è un una per non con sono come più questo questa anche della del nel gli ma dei quando possiamo",
    "nl": "het een van en is dat niet zijn op voor met we je ook maar deze naar wordt kunnen hebben wat dus dan nog",
    "pt": "que o uma não para com é os como mais isso você por mas está são também nós muito da do ou quando em",
}
_LANGUAGES: dict[str, list[str]] = {}
for _language, _words in _COMMONEST.items():
    for _word in _words.split():
        _LANGUAGES.setdefault(_word, []).append(_language)

_FEWEST_WORDS = 20
_LEAST_SHARE = 0.1  # of the words are among the commonest; prose has two to four times as many
_LEAD = 1.5  # times as many as of the next language, because neighbours share some


def guess_language(text: str) -> str | None:
    """The two-letter code of the text's language; None for a short text, an unclear one, or a language not known here.

    Knows Dutch, English, French, German, Italian, Portuguese and Spanish.
    """
    words = re.findall(r"[^\W\d_]+", text.lower())
    if len(words) < _FEWEST_WORDS:
        return None
    counts = Counter(language for word in words for language in _LANGUAGES.get(word, ()))
    (best, most), (_, second) = [*counts.most_common(2), ("", 0), ("", 0)][:2]
    return best if most >= _LEAST_SHARE * len(words) and most >= _LEAD * second else None
