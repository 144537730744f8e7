"""The documents tell the truth: every module in the map, every setting explained, nothing of one machine."""

import re

import pytest

from pipelines.core.settings import Settings
from tests.house.modules import MODULES, ROOT, first_sentence, table, tracked


def test_the_table_of_modules_is_made_from_their_docstrings():
    assert MODULES.read_text() == table(), "docs/modules.md is not that of today: run `make map`"


def test_every_module_says_in_a_sentence_what_it_holds():
    without = [
        str(path.relative_to(ROOT))
        for path in tracked("pipelines/*.py", "serving/*.py")
        if path.name != "__init__.py" and not first_sentence(path)
    ]
    assert not without, f"no docstring: {without}"


NO_NOUN_PHRASE = re.compile(
    # a question or the circumstance of one, where the thing itself should stand
    r"(what|which|how|where|when|who|why|is|are|can|from|to|in|on|around|behind)\b"
    # a verb whose subject the reader has to guess
    r"|\w+s ((the|a|an|any|each|every|one|whole|what|which|it|them|with)\b|`)"
    r"|(adds|applies|asks|closes|describes|embeds|finds|gives|keeps|launches|makes|opens|puts|reads|recognises"
    r"|sends|starts|tells|turns|writes)\b",
    re.IGNORECASE,
)


def test_a_module_opens_with_the_name_of_what_it_holds_in_one_line():
    first = {
        path.relative_to(ROOT).as_posix(): first_sentence(path)
        for path in tracked("pipelines/*.py", "serving/*.py", "bench/*.py", "sample/*.py")
    }
    assert not {path: line for path, line in first.items() if NO_NOUN_PHRASE.match(line)}, "say what it is"
    assert not {path: line for path, line in first.items() if line and not line.endswith((".", "?"))}, "one line"


def test_the_map_names_no_module_that_is_gone():
    paths = [path.relative_to(ROOT).as_posix() for path in tracked("*.py")]
    named = re.findall(r"`([a-z_/]+\.py)`", (ROOT / "ARCHITECTURE.md").read_text())
    gone = {name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in paths)}
    assert not gone, f"ARCHITECTURE.md names {gone}"


GUIDES = [path for path in tracked("*.md") if path.name not in {"modules.md", "CHANGELOG.md"}]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.relative_to(ROOT).as_posix())
class TestGuides:
    def test_name_files_and_folders_that_exist(self, guide):
        text = guide.read_text()
        named = set(re.findall(r"\b((?:pipelines|serving|tests|sample|bench|docs|notebooks)/[\w./-]*\w/?)", text))
        named |= {link.partition("#")[0] for link in re.findall(r"\]\((?!https?:)([^)#][^)]*)\)", text)}
        gone = {name for name in named if not any((base / name).exists() for base in (ROOT, guide.parent))}
        gone -= {name for name in gone if list(ROOT.glob(f"{name}-*.md"))}  # a decision by its number
        assert not gone, f"{guide.name} names {gone}"

    def test_name_targets_that_make_knows(self, guide):
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        targets |= {path.stem for path in tracked("bench/*.py")}  # `make bench NAME`
        code = "\n".join(re.findall(r"^```sh\n(.*?)^```", guide.read_text(), re.MULTILINE | re.DOTALL))
        named = re.findall(r"`make ([a-z -]+)", guide.read_text()) + re.findall(r"^make ([a-z -]+)", code, re.MULTILINE)
        assert {word for words in named for word in words.split()} <= targets


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda path: path.stem[:4])
def test_a_decision_has_a_status_a_date_a_reason_and_an_end(page):
    text = page.read_text()
    assert re.search(r"^\*\*Status\.\*\* \w+, [A-Z]\w+ 20\d\d\.$", text, re.MULTILINE)
    for part in ("**Decision.**", "**Why.**", "**Think again** when"):
        assert part in text, part


def test_every_setting_is_in_readme_and_env_example():
    readme, example = (ROOT / "README.md").read_text(), (ROOT / ".env.example").read_text()
    for name in (field.upper() for field in Settings.model_fields):
        assert f"`{name}`" in readme, f"README.md does not explain {name}"
        assert re.search(rf"^#? ?{name}=", example, re.MULTILINE), f".env.example lacks {name}"


def test_only_settings_reads_the_environment():
    allowed = {"pipelines/core/settings.py"}
    sandbox = "pipelines/steps/sandbox/"
    readers = [
        path.relative_to(ROOT).as_posix()
        for path in tracked("pipelines/core/*.py", "pipelines/steps/*.py", "serving/*.py")
        if path.relative_to(ROOT).as_posix() not in allowed and re.search(r"\bos\.(environ|getenv)\b", path.read_text())
    ]
    assert not [name for name in readers if not name.startswith(sandbox)], readers


def test_nothing_names_one_machine_or_a_package_registry():
    words = ("/wo" + "rk/", "/ro" + "ot/", "pypi" + ".org", "registry.npm" + "js", "pythonhosted" + ".org")
    bad = [
        (str(path.relative_to(ROOT)), word)
        for path in tracked()
        if path.suffix not in {".pdf", ".ogg", ".webp", ".png"}
        for word in words
        if word in path.read_text(encoding="utf-8", errors="ignore")
    ]
    assert not bad, bad


def test_notebooks_are_committed_without_outputs():
    for path in tracked("notebooks/*.ipynb"):
        assert not re.search(r'"execution_count": \d', path.read_text()), f"{path.name}: clear its outputs"
