"""Progress of uploads on the terminal: one line for all, one for each that is worked on.

Silent where stderr is no terminal, but for a line when a file is done.
"""

from collections.abc import Callable
from types import TracebackType
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from pipelines.core.control_characters import escape_controls
from pipelines.core.stages import Stage

STAGES = {
    "slides": "reading pages",
    "recognised_slides": "recognising text in pictures",
    "slide_images": "rendering pages",
    "slide_descriptions": "describing slides",
    "slide_chunks": "cutting into chunks",
    "slide_embeddings": "embedding",
    "lecture_audio": "reading the recording",
    "lecture_frames": "looking at the pictures",
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


class StageProgress:
    """Shows the stages of uploads. Use as a context manager."""

    def __init__(self, console: Console, *, total: int, name_of: Callable[[UUID], str]) -> None:
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
        self._lines: dict[UUID, TaskID] = {}

    def __enter__(self) -> "StageProgress":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def stage(self, key: UUID, stage: Stage | None) -> None:
        """What is done on an upload now; None: its run waits for its turn."""
        self._progress.update(self._all, description="Files")
        if key not in self._lines:
            if stage is None:
                return
            self._lines[key] = self._progress.add_task(escape_controls(self._name_of(key)), total=None)
        doing = "waiting" if stage is None else STAGES.get(stage.name, stage.name)
        if stage is not None and stage.waiting:
            doing = f"waiting to try again: {stage.note}"
        elif stage is not None and stage.note:
            doing = f"{doing}, {stage.note}"
        self._progress.update(self._lines[key], description=escape_controls(f"  {self._name_of(key)}: {doing}"))

    def done(self, key: UUID, failure: str | None) -> None:
        """An upload is done or has failed."""
        self.over(key)
        self.finished(self._name_of(key), failure)

    def over(self, key: UUID) -> None:
        """Nothing more is done on an upload of which `done` was said before."""
        if key in self._lines:
            self._progress.remove_task(self._lines.pop(key))

    def finished(self, name: str, failure: str | None) -> None:
        """A file is done, with or without a run."""
        self._progress.update(self._all, description="Files", advance=1)
        mark = ("✓ ", "green") if failure is None else ("✗ ", "red")
        # One print a line: what stands on an unfinished line is lost where the bars are drawn anew.
        self._console.print(Text.assemble(mark, escape_controls(name if failure is None else f"{name}: {failure}")))
