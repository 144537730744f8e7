"""Details of one file for `studybuddy show`: the stages of its processing, and its pages or its speech."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.cli.output import foreign
from pipelines.core.description_refusals import find_description_refusal
from pipelines.core.errors import StaleUpstreamError
from pipelines.core.findings import list_findings
from pipelines.core.lecture_slides import list_linked_documents
from pipelines.core.lectures import count_lecture, find_lecture_frames
from pipelines.core.materials import Material
from pipelines.core.postgres import Connection
from pipelines.core.records import Document, Finding, Lecture, Slide
from pipelines.core.slides import count_document, read_slides
from pipelines.core.transcripts import Transcript, find_transcript

DECK_STAGES = ("slides", "slide_descriptions", "slide_chunks", "slide_embeddings", "slide_images", "recognised_slides")
LECTURE_STAGES = (
    "lecture_audio", "transcripts", "lecture_chunks", "lecture_embeddings", "lecture_frames", "lecture_slides"
)  # fmt: skip
"""Names of the assets that are made of an upload, in the order they are made (a test compares with the graph)."""

STATE_COLOURS = {"done": "green", "failed": "red", "running": "cyan", "waiting": "dim"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageShown:
    """One asset of one upload. `rows` is how many it has in the tables; `seconds` None: not ended, or not known."""

    name: str
    state: str
    rows: int
    seconds: float | None

    def as_json(self) -> dict[str, Any]:
        """This stage as programs get it."""
        return {"stage": self.name, "state": self.state, "rows": self.rows, "seconds": self.seconds}


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is told of one file. `pages` is empty for lectures, `transcript` None for decks and before it is made,
    `refusal` None unless the vision model refused to describe the deck's slides."""

    stages: Sequence[StageShown]
    pages: Sequence[Slide] = ()
    findings: Sequence[Finding] = ()
    refusal: str | None = None
    transcript: Transcript | None = None
    decks: int = 0

    def as_json(self) -> dict[str, Any]:
        """The details as programs get them; a page's `finding` is None where there is nothing to say of it.

        What was found as a whole, with codes, is the material's.
        """
        spoken = self.transcript
        return {
            "stages": [stage.as_json() for stage in self.stages],
            "descriptions_refused": self.refusal,
            "page_list": [
                {
                    "page": slide.page,
                    "printed": slide.page_label,
                    "title": slide.title,
                    "characters": len(slide.body),
                    "text_from": slide.text_source,
                    "picture": slide.image_sha256 is not None,
                    "finding": self._finding_on(slide),
                }
                for slide in self.pages
            ],
            "speech": None
            if spoken is None
            else {
                "from": spoken.source,
                "language": spoken.language,
                "model": spoken.model,
                "speech_ms": spoken.speech_ms,
                "removed": spoken.removed,
                "decks": self.decks,
            },
        }

    def show(self, console: Console) -> None:
        """The details for people: the stages as a table, then the pages something is to be said of."""
        console.print()
        console.print(_stage_table(self.stages))
        if self.refusal is not None:
            console.print()
            refused = f"The slides are not all described: {self.refusal} This is tried again later."
            console.print(foreign(refused), style="yellow")
        if self.transcript is not None:
            console.print()
            console.print(foreign(_speech_line(self.transcript, self.decks)))
        if self.pages:
            console.print()
            console.print(_page_table([(slide, self._finding_on(slide) or "") for slide in self.pages]))

    def _finding_on(self, slide: Slide) -> str | None:
        """Why a page cannot be found by its words, or not by all of them; None: it can."""
        said = [
            f"{finding.sentence} {finding.advice}".strip() for finding in self.findings if finding.page == slide.page
        ]
        if slide.junk_chars > len(slide.body):
            said.append(f"{slide.junk_chars} unreadable characters were left out.")
        if not said and slide.text_source == "none" and not slide.body and not slide.title:
            said.append("no text was found on it")
        return " ".join(said) or None


def details_of(connection: Connection, material: Material, upload: Document | Lecture) -> Details:
    """What the tables say of one file now."""
    if isinstance(upload, Document):
        counts = count_document(connection, upload)
        rows = [counts.slides, counts.descriptions, counts.chunks, counts.vectors, counts.images]
        try:
            pages = read_slides(connection, upload)
        except StaleUpstreamError:  # they are being made
            pages = []
        names: Sequence[str] = DECK_STAGES
        if not material.recognising and names[-1] not in material.stages:
            names = names[:-1]  # it has no pictures of text, or all were read with the rest
        rows.append(sum(page.text_source == "ocr" for page in pages))
        return Details(
            stages=_stages(material, names, rows[: len(names)]),
            pages=pages,
            findings=list_findings(connection, upload),
            refusal=find_description_refusal(connection, upload),
        )
    heard, seen = count_lecture(connection, upload), find_lecture_frames(connection, upload)
    scenes = seen.scenes if seen is not None else 0
    found = (int(upload.duration_ms is not None), heard.segments, heard.chunks, heard.vectors, scenes, heard.spans)
    return Details(
        stages=_stages(material, LECTURE_STAGES, found),
        transcript=find_transcript(connection, upload),
        decks=len(list_linked_documents(connection, upload.id)),
    )


def _stages(material: Material, names: Sequence[str], rows: Sequence[int]) -> list[StageShown]:
    return [
        StageShown(name=name, rows=count, **_state(material, material.stages.get(name), count))
        for name, count in zip(names, rows, strict=True)
    ]


def _state(material: Material, kept: Mapping[str, str] | None, rows: int) -> dict[str, Any]:
    if not material.begun:
        return {"state": "waiting", "seconds": None}
    if kept is None:  # not begun by this run, or made before stages were kept
        return {"state": "done" if rows and not material.stages else "waiting", "seconds": None}
    if "ended_at" not in kept:
        return {"state": "failed" if material.failure is not None else "running", "seconds": None}
    took = datetime.fromisoformat(kept["ended_at"]) - datetime.fromisoformat(kept["began_at"])
    return {"state": "done", "seconds": round(took.total_seconds(), 2)}


def _stage_table(stages: Sequence[StageShown]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("stage", "state", "rows", "seconds"):
        table.add_column(name, justify="right" if name in ("rows", "seconds") else "left")
    for stage in stages:
        seconds = "" if stage.seconds is None else f"{stage.seconds:.1f}"
        colour = STATE_COLOURS[stage.state]
        table.add_row(stage.name, f"[{colour}]{stage.state}[/{colour}]", str(stage.rows or ""), seconds)
    return table


def _page_table(pages: Sequence[tuple[Slide, str]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("page", "printed", "title", "characters", "text from", "note"):
        right = name in ("page", "characters")
        colour = "yellow" if name == "note" else None
        table.add_column(name, justify="right" if right else "left", overflow="fold", style=colour)
    words = {"layer": "the file", "ocr": "recognition", "none": ""}
    for slide, note in pages:
        title = " ".join(slide.title.split())
        table.add_row(
            str(slide.page),
            foreign(slide.page_label or ""),
            foreign(title if len(title) <= 60 else title[:59] + "…"),
            str(len(slide.body) or ""),
            words[slide.text_source],
            foreign(note),
        )
    return table


def _speech_line(transcript: Transcript, decks: int) -> str:
    source = "captions" if transcript.source == "captions" else f"recognition by {transcript.model}"
    parts = [f"Words from {source}", f"{transcript.speech_ms / 60_000:.0f} min of speech"]
    parts += [f"language {transcript.language}"] if transcript.language else []
    parts += [f"{transcript.removed} sentences left out"] if transcript.removed else []
    parts += [f"{decks} deck{'s' if decks > 1 else ''}"] if decks else []
    return ", ".join(parts) + "."
