"""`studybuddy transcript`: what was said in a lecture, as a file people and players open."""

import sys
from typing import Annotated

import typer

from pipelines.cli.output import told
from pipelines.core.control_characters import escape_controls, escape_controls_in_json
from pipelines.core.courses import find_course
from pipelines.core.lectures import find_lecture
from pipelines.core.reading.corrections import corrected_segments
from pipelines.core.records import OPERATOR, Scope
from pipelines.core.stores import Stores
from pipelines.core.transcripts import read_transcript
from pipelines.steps.captions.formats import TranscriptFormat, write_transcript

FORMATS: dict[str, TranscriptFormat] = {"vtt": "vtt", "srt": "srt", "txt": "txt", "json": "json"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(transcript)


def transcript(
    lecture: Annotated[str, typer.Argument(help="The lecture's file name, its name in the course, or its id.")],
    course: Annotated[str, typer.Option(help="Name of the course it is in.")],
    format_name: Annotated[str, typer.Option("--format", help="vtt, srt, txt or json.")] = "vtt",
) -> None:
    """Print what was said in a lecture, with its times."""
    if format_name not in FORMATS:
        raise typer.BadParameter("use vtt, srt, txt or json", param_hint="--format")
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        scope = Scope(course_id=find_course(connection, course).id, person=OPERATOR)
        found = find_lecture(connection, scope, lecture)
        segments, _ = corrected_segments(connection, found, read_transcript(connection, found))
    text = write_transcript(segments, format_name=FORMATS[format_name])
    sys.stdout.write(escape_controls_in_json(text) if format_name == "json" else escape_controls(text, lines=True))
