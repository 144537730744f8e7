"""SQL rules: one statement a file, named like what runs it, a header that says what comes out, typed parameters."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((*(ROOT / "pipelines/core/sql").glob("*.sql"), *(ROOT / "serving/sql").glob("*.sql")))
CODE = "\n".join(path.read_text() for folder in ("pipelines", "serving") for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
class TestEveryStatement:
    def test_opens_with_a_comment_that_says_what_comes_out(self, path):
        assert re.match(r"-- \S.{20,}", path.read_text())

    def test_is_one_statement(self, path):
        text = re.sub(r"--.*|'(?:[^']|'')*'", "", path.read_text())
        assert ";" not in text.strip().rstrip(";")

    def test_names_and_casts_every_parameter(self, path):
        text = re.sub(r"--.*", "", path.read_text())
        assert not re.search(r"%s\b|%b\b|\$\d", text), "parameters are named"
        uncast = [name for name, cast in re.findall(r"%\((\w+)\)[sbt](::)?", text) if not cast]
        assert not uncast, f"cast {uncast}"

    def test_is_run_by_somebody(self, path):
        assert f'"{path.stem}"' in CODE, f"nobody runs {path.name}"


def test_sql_lives_in_files():
    found = re.findall(r'(?<![A-Za-z])"(?:select|insert into|update|delete from) [^"]{40,}"', CODE)
    assert all("schema_migrations" in text for text in found), found
