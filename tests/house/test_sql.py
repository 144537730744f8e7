"""SQL rules: one file a noun, named statements, a header that says what comes out, typed parameters."""

import re
from collections import Counter
from pathlib import Path

import pytest

from pipelines.adoption.former import SQL as ADOPTION_SQL
from pipelines.core.statements import CORE_SQL, statements
from serving.database import SQL as SERVING_SQL

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (CORE_SQL, SERVING_SQL, ADOPTION_SQL)
FILES = [path for folder in FOLDERS for path in sorted(folder.glob("*.sql"))]
STATEMENTS = [(name, text) for folder in FOLDERS for name, text in statements(folder).items()]
CODE = "\n".join(path.read_text() for folder in ("pipelines", "serving") for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize(("name", "text"), STATEMENTS, ids=[name for name, _ in STATEMENTS])
class TestEveryStatement:
    def test_opens_with_a_comment_that_says_what_comes_out(self, name, text):
        assert re.match(r"-- \S.{20,}", text)

    def test_is_one_statement(self, name, text):
        bare = re.sub(r"--.*|'(?:[^']|'')*'", "", text)
        assert ";" not in bare.strip().rstrip(";")

    def test_names_and_casts_every_parameter(self, name, text):
        bare = re.sub(r"--.*", "", text)
        assert not re.search(r"%s\b|%b\b|\$\d", bare), "parameters are named"
        uncast = [name for name, cast in re.findall(r"%\((\w+)\)[sbt](::)?", bare) if not cast]
        assert not uncast, f"cast {uncast}"

    def test_is_run_by_somebody(self, name, text):
        assert f'"{name}"' in CODE, f"nobody runs {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_begins_with_a_named_statement(path):
    assert path.read_text().startswith("-- name: ")


def test_there_are_at_most_forty_files():
    assert len(FILES) <= 40, "a statement goes to the noun it is about"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_names_are_unique_in_a_folder(folder):
    names = re.findall(r"^-- name: (\w+)$", "\n".join(p.read_text() for p in folder.glob("*.sql")), re.MULTILINE)
    assert not [name for name, count in Counter(names).items() if count > 1]
    assert len(names) == len(statements(folder))


def test_sql_lives_in_files():
    found = re.findall(r'(?<![A-Za-z])"(?:select|insert into|update|delete from) [^"]{40,}"', CODE)
    assert all("schema_migrations" in text for text in found), found
