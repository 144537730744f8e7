"""Progress of runs on the terminal: one line for all and one for each run under way; silent where stderr is none."""

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

if TYPE_CHECKING:
    from pipelines.runtime.runs import RunNews  # Dagster takes seconds to import: only where a run is needed

STAGES = {
    "slides": "reading pages",
    "slide_images": "rendering pages",
    "slide_descriptions": "describing slides",
    "slide_chunks": "cutting into chunks",
    "slide_embeddings": "embedding",
    "lecture_audio": "decoding",
    "transcripts": "transcribing",
    "lecture_chunks": "cutting into chunks",
    "lecture_embeddings": "embedding",
    "lecture_slides": "aligning with slides",
}
"""What a step is called for people; a step that is not here shows its own name."""


class _Count(MofNCompleteColumn):
    """How many files are done; a run under way counts nothing."""

    def render(self, task: Task) -> Text:
        return Text() if task.total is None else super().render(task)


class RunProgress:
    """Shows what `run_partitions` reports. Use as a context manager; `heard` goes to `on_news`."""

    def __init__(self, console: Console, *, total: int, name_of: Callable[[str], str]) -> None:
        self._console, self._name_of = console, name_of
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            _Count(separator=" of "),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._all = self._progress.add_task("Getting ready", total=total)
        self._lines: dict[str, TaskID] = {}

    def __enter__(self) -> "RunProgress":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def heard(self, news: "RunNews") -> None:
        """One piece of news about a run."""
        name = self._name_of(news.partition_key)
        self._progress.update(self._all, description="Files")
        if news.what == "ended":
            self.finished(name, news.message, news.partition_key)
            return
        if news.partition_key not in self._lines:
            self._lines[news.partition_key] = self._progress.add_task(name, total=None)
        stage = STAGES.get(news.step or "", news.step) if news.step else "starting"
        if news.what in ("step_waits", "retried"):
            stage = f"waiting to try again: {news.message}"
        elif news.what == "step_goes_on":
            stage = f"{stage}, {news.message}"
        self._progress.update(self._lines[news.partition_key], description=f"  {name}: {stage}")

    def finished(self, name: str, failure: str | None, key: str | None = None) -> None:
        """A file is done, with or without a run."""
        if key in self._lines:
            self._progress.remove_task(self._lines.pop(key))
        self._progress.update(self._all, description="Files", advance=1)
        mark = ("✓ ", "green") if failure is None else ("✗ ", "red")
        # One print a line: what stands on an unfinished line is lost where the bars are drawn anew.
        self._console.print(Text.assemble(mark, name if failure is None else f"{name}: {failure}"))
