"""`studybuddy ask`: a cited answer, by the configured model or quoted from the materials."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Annotated

import typer
from rich.markdown import Markdown

from pipelines.answering.citations import safe_markdown
from pipelines.answering.events import Source, Text, Usage
from pipelines.answering.loop import answer
from pipelines.answering.model import ChatModel
from pipelines.answering.turn import Turn
from pipelines.cli.output import console, errors, foreign, print_json, told
from pipelines.cli.search import hit_as_json, place
from pipelines.core.control_characters import escape_controls
from pipelines.core.courses import find_course
from pipelines.core.errors import KeyMissingError, StudyBuddyError
from pipelines.core.models.clients import AsyncClients
from pipelines.core.models.meter import Meter
from pipelines.core.models.payers import find_local_person, find_means, payer_of_answers
from pipelines.core.records import Hit
from pipelines.core.search.by_name import find_hits
from pipelines.core.settings import Settings, get_settings
from pipelines.core.stores import Stores

PASSAGES = 8
"""Passages a model is given: more cost more and distract; the right one is among the first five nearly always."""


@dataclass(kw_only=True)
class Answered:
    """`text` is Markdown; `sources` are the cited hits by the number the text cites them with.

    `model` None: no language model is connected and passages are quoted. `error` ended the answer before it was whole;
    the rest is what was written until then.
    """

    text: str = ""
    sources: dict[int, Hit] = field(default_factory=dict)
    model: str | None = None
    cost_usd: float = 0.0
    error: StudyBuddyError | None = None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ask)


def ask(
    question: str,
    course: Annotated[str, typer.Option(help="Name of the course to ask.")],
    json: Annotated[bool, typer.Option("--json", help="Text, sources and model as JSON.")] = False,
) -> None:
    """Answer a question about a course, with the pages and minutes it comes from."""
    with told():
        with errors.status("Looking it up ..."):
            answered = answer_question(question, course=course, settings=get_settings())
        if json and (answered.text or answered.error is None):
            sources = [{"handle": number, **hit_as_json(hit)} for number, hit in answered.sources.items()]
            failed = {} if answered.error is None else {"error": {"code": answered.error.code}}
            found = {"text": answered.text, "model": answered.model, "cost_usd": answered.cost_usd, "sources": sources}
            print_json(found | failed)
        elif not json:
            show_answer(answered)
        if answered.error is not None:
            raise answered.error


def answer_question(question: str, *, course: str, settings: Settings) -> Answered:
    """The whole answer to a question about the course of this name. The model is given what a search finds.

    Raises:
        StudyBuddyError: no such course, database out of reach: nothing was asked.
    """
    return asyncio.run(_read(question, course, settings))


async def _read(question: str, course: str, settings: Settings) -> Answered:
    stores = Stores.open(settings)

    async def search(query: str) -> list[Hit]:
        return await asyncio.to_thread(find_hits, stores, query, course=course, limit=PASSAGES, briefly=True)

    turn = Turn(course=course, question=question, search=search)
    answered, pieces, clients = Answered(), list[str](), AsyncClients(settings)
    meter, missing = None, None
    try:
        try:
            meter = _meter(stores, course)
        except KeyMissingError as error:
            missing = error
        answered.model = meter.payer.model if meter is not None else None
        model = ChatModel(clients.of(meter.payer), meter.payer.model, meter=meter) if meter is not None else None
        async with aclosing(answer(turn, model, tools=False, missing=missing)) as events:
            async for event in events:
                if isinstance(event, Text):
                    pieces.append(event.text)
                elif isinstance(event, Source):
                    answered.sources[event.number] = event.hit
                elif isinstance(event, Usage):
                    answered.cost_usd = event.amounts.get("cost", 0.0)
    except StudyBuddyError as error:
        if not pieces:
            raise
        answered.error = error
    finally:
        await clients.close()
        stores.close()
    answered.text = safe_markdown("".join(pieces)).strip()  # several pieces as one text
    return answered


def _meter(stores: Stores, course: str) -> Meter | None:
    """Who pays: the local person, or the operator. None: no model is set.

    Raises:
        KeyMissingError, NotFoundError
    """
    with stores.database.transaction() as connection:
        found = find_course(connection, course)
        means = find_means(connection, find_local_person(connection), course_id=found.id)
    payer = payer_of_answers(means, stores.settings, stores.sealer)
    if payer is None:
        return None
    return Meter.of(stores, payer, "answer", course_id=found.id)


def show_answer(answered: Answered) -> None:
    """The answer and, below it, where each citation stands."""
    console.print(Markdown(escape_controls(answered.text, lines=True), hyperlinks=False))
    for number, hit in answered.sources.items():
        console.print(foreign(f"  [{number}] {hit.file_name}, {place(hit)}"), style="cyan")
