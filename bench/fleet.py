"""A model of load: what a thousand universities need, from what was measured on one machine. Nothing is measured here.

Run: `python -m bench.fleet [--universities 30]`; prints the table that docs/scale.md shows for a cell and for all.
"""

import argparse
from dataclasses import dataclass

HOUR_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the model stands on: *measured* figures with their command, and *assumed* habits of a university."""

    courses: int = 10
    """Courses a university, assumed: ten thousand in all."""

    hours: int = 100
    """Recorded hours a course, assumed: a million in all."""

    decks: int = 12
    """Decks a course, assumed."""

    pages: int = 40
    """Pages a deck, assumed; 13 real decks have 33."""

    students: int = 150
    """Students a course, assumed."""

    questions: float = 2.0
    """Questions a student asks a day in the busy weeks, assumed; half of them within three hours."""

    deltas: int = 300
    """Pieces of text an answer, assumed."""

    chunks_a_page: float = 1.08
    """Measured: 84 chunks of a deck of 78 pages (`bench.ingest`)."""

    chunks_an_hour: float = 64.0
    """Measured: 318 chunks of five hours of captions."""

    chunk_bytes: float = 5300.0
    """Measured: a million chunks with words, vectors and indexes are 5.3 GB (`bench.search --chunks 1000000`)."""

    run_bytes: float = 50_000.0
    """Measured: the event log of a run (`bench.ingest`, `event_log_kb`); finished runs go after RUN_RETENTION_DAYS."""

    hour_bytes: float = 60e6
    """Recorded hour in the file store, assumed: sound and slides at a low rate."""

    speech_x: float = 9.8
    """Measured: Whisper base, int8, is so many times faster than speech on two cores (faster-whisper, beam 5)."""

    page_cpu_s: float = 0.09
    """Measured: read, embed and draw a page: 3.6 s with pictures for 78 pages on two cores (`bench.ingest`)."""

    question_cpu_s: float = 0.05
    """Measured: two searches of 20 ms and their embedding; what a model computes is the provider's."""

    delta_cpu_s: float = 0.00019
    """Measured: a delta with everything stored (`bench.chat`)."""

    weeks: int = 2
    """Weeks within which a term's recordings come, assumed."""


def needs(universities: int, given: Inputs) -> dict[str, float]:
    """What so many universities need: counts, GB, cores."""
    courses = universities * given.courses
    hours, pages = courses * given.hours, courses * given.decks * given.pages
    chunks = pages * given.chunks_a_page + hours * given.chunks_an_hour
    uploads = courses * given.decks + hours
    seconds = given.weeks * 7 * 24 * HOUR_S
    asked = courses * given.students * given.questions * 0.5 / (3 * HOUR_S)
    return {
        "courses": courses,
        "recorded hours": hours,
        "uploads (partitions)": uploads,
        "chunks, millions": chunks / 1e6,
        "chunks, vectors and words, GB": chunks * given.chunk_bytes / 1e9,
        "event log before retention, GB": uploads * given.run_bytes / 1e9,
        "files, TB": hours * given.hour_bytes / 1e12,
        "cores for speech, two weeks": hours * HOUR_S * 2 / given.speech_x / seconds,
        "cores for slides, two weeks": pages * given.page_cpu_s / seconds,
        "questions a second, busiest": asked,
        "cores for questions, busiest": asked * (given.question_cpu_s + given.deltas * given.delta_cpu_s),
    }


def table(universities: int, given: Inputs | None = None) -> str:
    """The Markdown table of docs/scale.md: a cell of so many universities, and a thousand."""
    cell, whole = needs(universities, given or Inputs()), needs(1000, given or Inputs())
    lines = [f"| | a cell of {universities} | 1,000 universities |", "| --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {name} | {_short(cell[name])} | {_short(whole[name])} |" for name in cell)])


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--universities", type=int, default=30, help="in one cell")
    print(table(parser.parse_args().universities))


if __name__ == "__main__":
    main()
