"""The page's catalogues: every language says everything, nothing is said that no page uses."""

import json
import re

import pytest

from serving.problems import PROBLEMS
from tests.house.modules import ROOT, tracked

READ = {path: json.loads(path.read_text(encoding="utf-8")) for path in tracked("web/src/i18n/*.json")}
FILES = {path: words for path, words in READ.items() if path.name != "problems.json"}
LANGUAGES = {path.parent.name for path in FILES}
CATALOGUES = {
    language: {
        key: said for path, words in FILES.items() if path.parent.name == language for key, said in words.items()
    }
    for language in LANGUAGES
}
ENGLISH = CATALOGUES["en"]
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in tracked("web/src/*.ts", "web/src/*.tsx"))
USED = set(re.findall(r'"([a-zA-Z]+\.[a-zA-Z]+)"', SOURCES))
FAMILIES = tuple(re.findall(r"`([a-zA-Z]+\.)\$\{", SOURCES))
"""Beginnings of keys whose end the service says, such as `role.`."""


def forms(sentence):
    return {"": sentence} if isinstance(sentence, str) else sentence


def names(sentence):
    return {name for form in forms(sentence).values() for name in re.findall(r"\{(\w+)\}", form)}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_says_everything_in_the_same_files_with_the_same_names_in_it(language):
    for path, words in FILES.items():
        if path.parent.name == "en":
            assert set(words) == set(FILES.get(path.parents[1] / language / path.name, {})), path.name
    catalogue = CATALOGUES[language]
    assert set(catalogue) == set(ENGLISH)
    differing = {key for key in ENGLISH if names(catalogue[key]) != names(ENGLISH[key])}
    assert not differing
    assert not {key for key, sentence in catalogue.items() if not all(forms(sentence).values())}
    assert not {key for key, sentence in catalogue.items() if not isinstance(sentence, str) and "other" not in sentence}


@pytest.mark.parametrize("language", sorted(LANGUAGES - {"en"}))
def test_every_problem_of_the_service_is_said_in_every_language_but_its_own(language):
    (said,) = (words for path, words in READ.items() if path.parts[-2:] == (language, "problems.json"))
    assert set(said) == {f"problem.{code}" for code in PROBLEMS}
    assert all(sentence.endswith(".") for sentence in said.values())


def test_nothing_is_said_that_no_page_uses():
    assert not {key for key in ENGLISH if key not in USED and not key.startswith(FAMILIES)}


def test_every_sentence_a_page_asks_for_is_there():
    asked = set(re.findall(r'\bt\(\s*"([^"]+)"', SOURCES))
    assert not asked - set(ENGLISH)


def test_pages_say_nothing_past_the_catalogues():
    """Words between tags, or in an attribute that people hear or see."""
    spoken = re.compile(
        r'(?:aria-label|title|placeholder|alt)="[^"{]*[a-z]{3}[^"]*"|>\s*[A-Z][a-z]+ [a-z]+[^<>{}=;]*</'
    )
    found = {
        f"{path.relative_to(ROOT)}: {said}"
        for path in tracked("web/src/*.tsx")
        for said in spoken.findall(path.read_text())
    }
    assert not {each for each in found if "StudyBuddy" not in each}
