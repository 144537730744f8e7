"""Names and texts of strangers on the terminal: nothing a person runs sends a control character that is not ours."""

import io
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from rich.progress import Progress
from rich.table import Table

from pipelines.cli.ask import Answered, show_answer
from pipelines.cli.output import SafeConsole, foreign
from pipelines.cli.passwords import read_password
from pipelines.cli.progress import StageProgress
from pipelines.core.errors import PermanentError
from pipelines.core.records import Hit
from tests.core.test_control_characters import NAMES

ON_DISK = [
    name.replace("/", "_")
    for name in [*NAMES, "[red]markup[_red] [link=x]here.pdf"]
    if not {"\0", "\ud800"} & set(name)
]


@pytest.fixture
def studybuddy(settings):
    """Run the real command; its exit status, standard output and standard error."""
    environment = {
        **os.environ,
        "STUDYBUDDY_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "DAGSTER_DATABASE_URL": settings.dagster_database_url.get_secret_value(),
        "PYTHONUTF8": "1",
    }

    def run(*arguments, **more):
        command = [Path(sys.executable).with_name("studybuddy"), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, timeout=90, check=False, **more)
        return done.returncode, done.stdout, done.stderr

    return run


def controls(output):
    """Control bytes that are not line ends, and control characters above them."""
    text = output.decode()
    return {c for c in text if not c.isprintable() and c != "\n"}


def test_loud_file_names_are_shown_and_obeyed_by_nobody(studybuddy, tmp_path):
    folder = tmp_path / "loud"
    folder.mkdir()
    for name in ON_DISK:
        (folder / f"{name}.pdf").write_bytes(b"")  # empty: it fails, with its name in the progress and the table
    for options in ((), ("--json",)):
        status, out, errors = studybuddy("ingest", "--course", "[red]loud\x1b[2J", *options, str(folder))
        assert status == 1 and b"Traceback" not in errors
        assert controls(out) | controls(errors) == set()
        assert b"\n\xe2\x9c\x93" not in out + errors  # no name begins a line of its own
        assert b"[red]markup[_red]" in out and (options or b"\\x1b]0;OWNED" in out)


def test_a_course_that_is_not_there_is_named_safely(studybuddy):
    status, out, errors = studybuddy("search", "--course", "x\x1b]0;y\x07\n✓ forged [bold]z[/bold]", "what?")
    assert status == 1 and controls(out) | controls(errors) == set()
    assert b"\n\xe2\x9c\x93" not in errors and b"[bold]z[/bold]" in errors.replace(b"\n", b"")


def shown(renderable, **options):
    console = SafeConsole(file=io.StringIO(), force_terminal=True, color_system=None, width=200, **options)
    console.print(renderable)
    return console.file.getvalue()


def test_whatever_reaches_the_console_stays_visible_even_where_nobody_thought_of_it():
    table = Table("name")
    table.add_row("a\x1b]0;OWNED\x07b\u202e")
    for renderable in (table, "a\x1b[2Jb\x9b", Progress.get_default_columns()[0]):
        assert "\x1b" not in shown(renderable) and "\x9b" not in shown(renderable) and "\u202e" not in shown(renderable)


def test_markup_in_a_name_is_text():
    assert "[link=http://evil.example]x[/link]" in shown(foreign("[link=http://evil.example]x[/link]"))


def test_a_progress_line_cannot_be_forged():
    console = SafeConsole(file=io.StringIO(), width=200)
    with StageProgress(console, total=1, name_of=str) as progress:
        progress.finished("line\n✓ forged\x1b[2J", "no\r\nsuch")
    assert console.file.getvalue() == "✗ line\\x0a✓ forged\\x1b[2J: no\\x0d\\x0asuch\n"


def test_what_a_model_says_reaches_no_terminal_raw(capsys):
    hit = Hit(
        rank=1, score=1.0, kind="slide", chunk_id=uuid4(), file_name="a\x1b[2J\n.pdf", title="t", text="x", page=1,
        pages=(1,), source_id=uuid4(), page_label="\x9b1", start_ms=None, end_ms=None, dense_rank=1, lexical_rank=1,
    )  # fmt: skip
    show_answer(Answered(text="It is **so** [1]\x1b]8;;http://evil\x07\n\n[go](http://evil.example)", sources={1: hit}))
    out = capsys.readouterr().out
    assert {c for c in out if not c.isprintable()} <= {"\n"} and "\\x1b" in out


def test_passwords_come_from_a_file_or_standard_input(tmp_path, monkeypatch):
    file = tmp_path / "word"
    file.write_text("Schlüssel 1\nsecond line\n")
    assert read_password(file, ask=False) == "Schlüssel 1"
    assert read_password(None, ask=False) is None
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"from stdin\n")))
    assert read_password(Path("-"), ask=False) == "from stdin"


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\n", None])
def test_a_password_file_without_one_is_said(tmp_path, content):
    file = tmp_path / "word"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PermanentError, match="word"):
        read_password(file, ask=False)
    with pytest.raises(PermanentError, match="once"):
        read_password(file, ask=True)


def test_no_option_takes_a_password_into_the_process_list(studybuddy):
    status, _, errors = studybuddy("ingest", "--course", "c", "--password", "canary", "x.pdf")
    assert status == 2 and b"canary" not in errors
