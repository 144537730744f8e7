"""What a terminal shows of runs: one line for all, one for each under way, a lasting one for each that ended."""

import io

from rich.console import Console

from pipelines.cli.progress import RunProgress
from pipelines.runtime.runs import RunNews


def news(what, step=None, message=None, key="k1"):
    return RunNews(partition_key=key, run_id="r", what=what, step=step, message=message)


def test_a_run_has_one_line_while_it_goes_on_and_a_lasting_one_when_it_ended():
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=80, color_system=None)
    with RunProgress(console, total=2, name_of={"k1": "week1.pdf", "k2": "week2.pdf"}.__getitem__) as progress:
        assert [task.description for task in progress._progress.tasks] == ["Getting ready"]
        for each in (news("launched"), news("step_started", "slides"), news("step_goes_on", "slides", "5 of 9 pages")):
            progress.heard(each)
        assert [task.description for task in progress._progress.tasks] == [
            "Files", "  week1.pdf: reading pages, 5 of 9 pages",
        ]  # fmt: skip
        progress.heard(news("step_waits", "slides", "The disk is full.", key="k2"))
        progress.heard(news("ended"))
        progress.heard(news("ended", message="This PDF is damaged.", key="k2"))
        assert [task.description for task in progress._progress.tasks] == ["Files"]
    assert "✓ week1.pdf" in shown.getvalue() and "✗ week2.pdf: This PDF is damaged." in shown.getvalue()
