"""What a terminal shows of uploads: one line for all, one for each at work, a lasting one for each that ended."""

import io
from datetime import UTC, datetime
from uuid import uuid4

from rich.console import Console

from pipelines.cli.progress import StageProgress
from pipelines.core.stages import Stage

FIRST, SECOND = uuid4(), uuid4()


def stage(name, note=None, *, waiting=False):
    return Stage(name=name, note=note, waiting=waiting, began_at=datetime.now(UTC))


def test_an_upload_has_one_line_while_it_is_worked_on_and_a_lasting_one_when_it_ended():
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=80, color_system=None)
    name_of = {FIRST: "week1.pdf", SECOND: "week2.pdf"}.__getitem__
    with StageProgress(console, total=2, name_of=name_of) as progress:
        lines = lambda: [task.description for task in progress._progress.tasks]  # noqa: E731
        assert lines() == ["Getting ready"]
        progress.stage(FIRST, None)
        assert lines() == ["Files"]  # a run that waits for its turn has no line
        progress.stage(FIRST, stage("slides", "5 of 9 pages"))
        assert lines() == ["Files", "  week1.pdf: reading pages, 5 of 9 pages"]
        progress.stage(SECOND, stage("slides", "The disk is full.", waiting=True))
        assert lines()[2] == "  week2.pdf: waiting to try again: The disk is full."
        progress.done(FIRST, None)
        progress.done(SECOND, "This PDF is damaged.")
        assert lines() == ["Files"]
        progress.stage(FIRST, stage("recognised_slides", "3 of 7 pictures"))
        assert lines() == ["Files", "  week1.pdf: recognising text in pictures, 3 of 7 pictures"]
        progress.over(FIRST)
        progress.over(SECOND)
        assert lines() == ["Files"]
    assert "✓ week1.pdf" in shown.getvalue() and "✗ week2.pdf: This PDF is damaged." in shown.getvalue()
