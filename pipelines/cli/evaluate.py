"""`studybuddy evaluate` and `evaluate-alignment`: scores on files of questions and of marked spans.

Retrieval is scored with the function the chat uses, the alignment as it stands in the tables.
"""

import json as files_json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from pipelines.answering.evaluating import course_questions, evaluate_set
from pipelines.answering.proposals import misplaced
from pipelines.cli.grading import grade_answers
from pipelines.cli.output import clock, console, errors, foreign, print_json, told
from pipelines.core.courses import find_course, list_courses
from pipelines.core.documents import list_documents
from pipelines.core.embeddings.sets import find_set
from pipelines.core.errors import NotFoundError, UnreadableFileError
from pipelines.core.evaluations.question_sets import list_extents
from pipelines.core.lecture_slides import read_lecture_slides
from pipelines.core.lectures import find_lecture
from pipelines.core.postgres import Connection
from pipelines.core.records import OPERATOR, Course, Scope
from pipelines.core.stores import Stores
from pipelines.steps.alignment.scoring import FoundSpan, read_spans, score_spans
from pipelines.steps.misses import misses
from pipelines.steps.questions import bad_lines, read_questions
from pipelines.steps.scoring import KINDS, measured
from pipelines.steps.statistics import compare

SHOWN = {**{f"recall@{k}": f"recall@{k}" for k in (1, 5, 10)}, "ndcg@10": "nDCG@10", "mrr@10": "MRR@10"}
GRADED = {
    "citation_precision": "Of an answer's citations stand at a right place",
    "citation_recall": "Of the answers cite a right place",
    "cited_statements": "Of an answer's statements cite something",
    "faithfulness": "Of those are said word for word by what they cite",
    "uncited": "Of the answers to what is not in the materials cite nothing",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(evaluate)
    app.command()(evaluate_alignment)


def evaluate(  # noqa: PLR0917  typer calls it, by name
    course: Annotated[str, typer.Option(help="Name of the course to search.")],
    questions: Annotated[
        Path | None,
        typer.Argument(
            help="JSON lines: id, kind, file, question, pages or t_start/t_end. Without it the course's own questions."
        ),
    ] = None,
    set_name: Annotated[
        str | None, typer.Option("--set", help="Embedding set to search in; without it the one that is live.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The whole result as JSON.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also what came before the right place, of each question, and why.")
    ] = False,
    answers: Annotated[
        bool, typer.Option("--answers", help="Also have the chat model write answers, and grade them. That costs.")
    ] = False,
    against: Annotated[
        Path | None, typer.Option(help="What --json printed in an earlier run: is the difference more than chance?")
    ] = None,
) -> None:
    """Score retrieval for slides and speech apart, with 95 % intervals, and what is refused."""
    with told(), Stores.open() as stores:
        earlier = _earlier(against) if against is not None else None
        with stores.database.transaction() as connection:
            found = find_course(connection, course)
            wanted = find_set(connection, set_name) if set_name is not None else None
            known = read_questions(questions) if questions is not None else course_questions(connection, found)
            wrong = misplaced(known, list_extents(connection, found.id), wholly=True)
        if len(wrong) == len(known):
            raise bad_lines(questions.name if questions is not None else f"{course}'s questions", wrong)
        with errors.status(f"Asking {len(known)} questions ..."):
            result = evaluate_set(stores, found, known, wanted).figures
        result["misplaced"] = wrong
        if answers:
            with errors.status(f"Writing and grading {len(known)} answers ..."):
                result["answers"] = grade_answers(stores, found, known)
        if earlier is not None:
            result["against"] = _differences(earlier, result["questions"])
    if json:
        print_json(result)
    else:
        _show(result)
        if explain:
            _explain(result)


def _explain(result: dict[str, Any]) -> None:
    """The questions whose right place did not come first, the worst first."""
    found = misses(result["questions"])
    if not found:
        console.print("Every right place came first.")
        return
    table = Table()
    for name in ("question", "rank", "answered at", "came first"):
        table.add_column(name, justify="right" if name == "rank" else "left", overflow="fold")
    for each in found:
        rank = str(each.rank) if each.rank is not None else ">10"
        right = f"{each.expected} ({each.why})" if each.why else each.expected
        first = f"{each.instead} ({each.why_instead})" if each.instead else "nothing"
        table.add_row(foreign(f"{each.id}: {each.question}"), rank, foreign(right), foreign(first))
    console.print(table)


def _show(result: dict[str, Any]) -> None:
    """The figures as tables, and the questions that need a look."""
    table = Table()
    for name in ("kind", "questions", *SHOWN.values(), "refused"):
        table.add_column(name, justify="left" if name == "kind" else "right")
    for kind in KINDS:
        row = result[kind]
        if row["n"]:
            shown = [f"{row[name]:.3f}\n{low:.2f}-{high:.2f}" for name, (low, high) in row["interval"].items()]
            table.add_row(kind, str(row["n"]), *shown, f"{row['refused']:.0%}")
    if result["none"]["n"]:
        table.add_row("none", str(result["none"]["n"]), *[""] * len(SHOWN), f"{result['none']['refused']:.0%}")
    console.print(table)
    console.print("Below each figure its 95 % interval over questions; refused: told that nothing was found.")
    latency = result["latency_ms"]
    console.print(f"One search took {latency['p50']:.0f} ms (median), {latency['p95']:.0f} ms (95th percentile).")
    if "reranker" in result:
        known = result["reranker"]
        console.print(foreign(f"{known['reranked']:.0%} of the questions were reranked in time by {known['model']}."))
    if result["misplaced"]:
        console.print(foreign(f"Nothing of the course can be right for: {'; '.join(result['misplaced'])}."))
    missed = [row["id"] for row in result["questions"] if row["rank"] is None and row["kind"] != "none"]
    if missed:
        console.print(foreign(f"Not among the first ten: {', '.join(missed)}"))
    for name, figure in result.get("answers", {}).get("figures", {}).items():
        if figure["n"]:
            low, high = figure["interval"]
            console.print(f"{GRADED[name]}: {figure['value']:.2f} ({low:.2f}-{high:.2f}, {figure['n']} answers).")
    for kind, measures in result.get("against", {}).items():
        for name, found in measures.items():
            sure = "more than chance" if found["p"] < 0.05 else "no more than chance"
            console.print(
                f"{kind} {SHOWN[name]}: {found['before']:.3f} before, {found['after']:.3f} now "
                f"(p = {found['p']:.3f}: {sure})."
            )


def _earlier(path: Path) -> dict[str, tuple[str, int | None]]:
    """Kind and rank of each question of an earlier run.

    Raises:
        UnreadableFileError: the file is not what `--json` prints.
    """
    try:
        rows = files_json.loads(path.read_text(encoding="utf-8"))["questions"]
        return {str(row["id"]): (row["kind"], None if row["rank"] is None else int(row["rank"])) for row in rows}
    except (OSError, ValueError, KeyError, TypeError):
        raise UnreadableFileError(f"{path.name} is not what `studybuddy evaluate --json` prints.") from None


def _differences(earlier: dict[str, tuple[str, int | None]], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """By kind the comparison over the questions that both runs asked.

    Raises:
        UnreadableFileError: they have none in common.
    """
    both = [row for row in rows if row["id"] in earlier and row["kind"] in KINDS]
    if not both:
        raise UnreadableFileError("The earlier run asked none of these questions, so there is nothing to compare.")
    return {
        kind: compare(
            measured({row["id"]: earlier[row["id"]][1] for row in both if row["kind"] == kind}),
            measured({row["id"]: row["rank"] for row in both if row["kind"] == kind}),
        )
        for kind in KINDS
    }


def evaluate_alignment(
    spans: Annotated[
        Path,
        typer.Argument(help="JSON lines: lecture or captions, deck, pages, t_start, t_end in seconds, tolerance_s."),
    ],
    course: Annotated[
        str | None, typer.Option(help="Name of the course; without it every course is looked in.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The whole result as JSON.")] = False,
) -> None:
    """Score the alignment: for which share of the marked time the right page was named."""
    with told(), Stores.open() as stores:
        marked = read_spans(spans)
        with stores.database.transaction() as connection:
            courses = [find_course(connection, course)] if course is not None else list_courses(connection)
            found = {
                name: _found_spans(stores, connection, courses, name) for name in {span.lecture for span in marked}
            }
        result = score_spans(marked, found)
    if json:
        print_json(result)
        return
    table = Table()
    for name in ("lecture", "from", "deck", "pages", "right"):
        table.add_column(name, justify="left" if name in ("lecture", "deck") else "right", overflow="fold")
    for row in result["spans"]:
        pages = ", ".join(map(str, row["pages"])) or "none"
        start = clock(round(row["t_start"] * 1000))
        table.add_row(foreign(row["lecture"]), start, foreign(row["deck"]), pages, f"{row['accuracy']:.0%}")
    console.print(table)
    console.print(f"The right page for {result['accuracy']:.1%} of {clock(result['scored_ms'])}.")


def _found_spans(stores: Stores, connection: Connection, courses: list[Course], name: str) -> list[FoundSpan]:
    """What is known of the slides of a lecture; of the first of these courses that has one of this name.

    Raises:
        NotFoundError: none has.
    """
    for course in courses:
        scope = Scope(course_id=course.id, person=OPERATOR)
        try:
            lecture = find_lecture(connection, scope, name)
        except NotFoundError:
            continue
        decks = {deck.id: deck.file_name for deck in list_documents(connection, scope, sealer=stores.sealer)}
        return [
            FoundSpan(
                start_ms=span.start_ms,
                end_ms=span.end_ms,
                file=decks.get(span.document_id) if span.document_id else None,
                page=span.page,
            )
            for span in read_lecture_slides(connection, lecture)
        ]
    raise NotFoundError(f"No lecture is named {name}.")
