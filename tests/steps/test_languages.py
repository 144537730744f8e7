import re

import pytest

from pipelines.steps.languages import guess_language

SAID = {
    "de": "Guten Tag und willkommen zu der ersten Vorlesung. Heute sehen wir, wie der Wind die Rotoren dreht und was "
    "das mit der Leistung zu tun hat, die wir auch messen können.",
    "en": "Good morning and welcome to the first lecture. Today we follow the energy from the moving air to the plug "
    "in your wall, and we will see what that has to do with the speed.",
    "fr": "Bonjour et bienvenue dans ce cours. Nous allons voir les modèles qui sont dans cette bibliothèque, et pour "
    "cela vous avez besoin de savoir ce que nous avons fait avec les données.",
    "es": "Buenos días y bienvenidos a la clase. Hoy vamos a ver los datos que hay en esta tabla, y también lo que es "
    "más importante para este curso, como la energía del viento.",
}


@pytest.mark.parametrize("language", SAID)
def test_prose_is_recognised(language):
    assert guess_language(SAID[language]) == language


@pytest.mark.parametrize("text", ["", "Hello there", "x = y + z " * 30, "слово за словом " * 20])
def test_what_is_short_or_no_known_language_is_left_open(text):
    assert guess_language(text) is None


def test_every_real_caption_file_is_in_its_own_language(shared_data):
    for language in ("en", "fr"):
        for path in (shared_data / "captions" / "hf-course" / language).glob("*.srt"):
            text = re.sub(r"[\d:,>-]+", " ", path.read_text(encoding="utf-8"))
            assert guess_language(text) == language, path.name
