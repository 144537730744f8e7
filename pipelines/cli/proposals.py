"""`studybuddy questions draft` and `review`: questions proposed for a course, by models and chats, and looked at."""

import asyncio
from typing import Annotated, Literal
from uuid import UUID, uuid4

import typer

from pipelines.answering.drafting import PROMPT_VERSION, draft
from pipelines.answering.model import ChatModel
from pipelines.answering.proposals import Reviewed, usual_places
from pipelines.answering.proposals import review as settle
from pipelines.cli.output import clock, console, errors, fail, foreign, print_json, told
from pipelines.core.courses import find_course
from pipelines.core.evaluations.question_sets import (
    Passage,
    Proposal,
    ProposedPlace,
    draft_question,
    list_passages,
    list_proposals,
)
from pipelines.core.models.clients import AsyncClients
from pipelines.core.models.meter import Meter
from pipelines.core.models.payers import find_local_person, find_means, payer_of_answers
from pipelines.core.records import Course
from pipelines.core.stores import Stores

PASSAGE_TOKENS = 30
"""A shorter passage is a title or a picture's caption."""

CourseOption = Annotated[str, typer.Option(help="Name of the course.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("draft")(draft_some)
    app.command("review")(review)


def draft_some(
    course: CourseOption,
    count: Annotated[int, typer.Option(min=1, max=500, help="How many passages to ask about.")] = 20,
    kind: Annotated[str, typer.Option(help="slide, speech or both.")] = "slide",
    json: JsonOption = False,
) -> None:
    """Have the chat model write questions from passages of a course. None is used before it is reviewed."""
    kinds: dict[str, list[Literal["slide", "speech"]]] = {
        "slide": ["slide"], "speech": ["speech"], "both": ["slide", "speech"],
    }  # fmt: skip
    if kind not in kinds:
        raise typer.BadParameter("use slide, speech or both", param_hint="--kind")
    with told(), Stores.open() as stores:
        with stores.database.transaction() as connection:
            found = find_course(connection, course)
            passages = list_passages(
                connection, found.id, kinds=kinds[kind], tokens=PASSAGE_TOKENS, seed=uuid4().hex, limit=count
            )
        meter = _meter(stores, found)
        if meter is None:
            fail("No language model is connected. Set MODEL_BASE_URL and CHAT_MODEL, then draft again.")
        with errors.status("Reading passages ..."):
            drafted = asyncio.run(_draft_all(stores, found, meter, passages))
    if json:
        print_json({"course": course, "asked": len(passages), "drafted": drafted, "model": meter.payer.model})
    elif not passages:
        console.print("There is no passage that no question was drafted from yet.")
    else:
        console.print(foreign(f"{drafted} questions from {len(passages)} passages wait to be reviewed:"))
        console.print(foreign(f'studybuddy questions review --course "{course}"'))


async def _draft_all(stores: Stores, course: Course, meter: Meter, passages: list[Passage]) -> int:
    """Draft from each passage and keep what comes at once; how many questions there are."""
    clients, drafted = AsyncClients(stores.settings), 0
    model = ChatModel(clients.of(meter.payer), meter.payer.model, meter=meter)
    try:
        for passage in passages:
            question = await draft(model, passage, course=course.name)
            if question is None:
                continue
            place = ProposedPlace(
                kind=passage.kind, file=passage.file_name, page=passage.page, start_ms=passage.start_ms,
                end_ms=passage.end_ms,
            )  # fmt: skip
            with stores.database.transaction() as connection:
                draft_question(
                    connection, course.id, question=question, place=place, model=model.name,
                    prompt_version=PROMPT_VERSION,
                )  # fmt: skip
            drafted += 1
    finally:
        await clients.close()
    return drafted


def _meter(stores: Stores, course: Course) -> Meter | None:
    with stores.database.transaction() as connection:
        means = find_means(connection, find_local_person(connection), course_id=course.id)
    payer = payer_of_answers(means, stores.settings, stores.sealer)
    return Meter.of(stores, payer, "drafting", course_id=course.id) if payer is not None else None


def review(
    course: CourseOption,
    take: Annotated[
        list[str] | None, typer.Option(help="Id of one to take: as it is, or ID:1,3 for some places, ID:none for none.")
    ] = None,
    decline: Annotated[list[UUID] | None, typer.Option(help="Id of one to decline.")] = None,
    json: JsonOption = False,
) -> None:
    """Look at questions from chats and from a model, one by one: those you take become the next version's.

    With --take and --decline nothing is asked; with --json alone what waits is listed.
    """
    with told(), Stores.open() as stores:
        with stores.database.transaction() as connection:
            found = find_course(connection, course)
            waiting = list_proposals(connection, found.id)
        if json and not take and not decline:
            print_json([_as_json(each) for each in waiting])
            return
        chosen: dict[UUID, list[int]]
        if take or decline:
            chosen, declined = dict(_chosen(each, waiting) for each in take or []), list(decline or [])
        elif not waiting:
            console.print("No question waits to be reviewed.")
            return
        else:
            chosen, declined = _asked(waiting)
        with stores.database.transaction() as connection:
            done = settle(connection, found.id, take=chosen, decline=declined)
    if json:
        print_json({"taken": done.taken, "declined": done.declined, "version": done.version})
    else:
        console.print(foreign(_told(done, course)))


def _told(done: Reviewed, course: str) -> str:
    if done.version is None:
        return f"Nothing was taken, {done.declined} declined."
    return f"{done.taken} taken, {done.declined} declined: version {done.version} of {course}."


def _chosen(said: str, waiting: list[Proposal]) -> tuple[UUID, list[int]]:
    """A proposal and the numbers of its places, from `ID`, `ID:1,3` or `ID:none`."""
    name, _, places = said.partition(":")
    try:
        proposal_id = UUID(name)
        if places:
            return proposal_id, [] if places == "none" else [int(number) - 1 for number in places.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{said} is no ID, ID:1,3 or ID:none", param_hint="--take") from None
    usual = next((usual_places(each) for each in waiting if each.id == proposal_id), [])
    return proposal_id, usual


def _asked(waiting: list[Proposal]) -> tuple[dict[UUID, list[int]], list[UUID]]:
    take: dict[UUID, list[int]] = {}
    decline: list[UUID] = []
    console.print("Enter takes it as marked; numbers (1,3) say which places answer it; none: nothing does;")
    console.print("d declines, s leaves it for later, q ends.")
    for each in waiting:
        _show(each)
        said = typer.prompt("Take", default="", show_default=False).strip().lower()
        if said == "q":
            break
        if said == "d":
            decline.append(each.id)
        elif said != "s":
            take[each.id] = _chosen(f"{each.id}:{said}" if said else str(each.id), [each])[1]
    return take, decline


def _show(proposal: Proposal) -> None:
    how = {"up": "a chat, this helped", "down": "a chat, this did not help", None: f"drafted by {proposal.model}"}
    console.print()
    console.print(foreign(proposal.question), style="bold")
    console.print(foreign(f"  from {how[proposal.rating]}"), style="dim")
    usual = usual_places(proposal)
    for number, place in enumerate(proposal.places):
        mark = "*" if number in usual else " "
        cited = "" if place.cited else " (found, not cited)"
        console.print(foreign(f"  {mark} {number + 1}. {_where(place)}{cited}"))


def _where(place: ProposedPlace) -> str:
    if place.kind == "slide":
        return f"{place.file}, page {place.page}"
    return f"{place.file}, {clock(place.start_ms)}-{clock(place.end_ms)}"


def _as_json(proposal: Proposal) -> dict[str, object]:
    usual = usual_places(proposal)
    places = [{**place.kept(), "taken": number in usual} for number, place in enumerate(proposal.places)]
    about = {"id": proposal.id, "origin": proposal.origin, "question": proposal.question, "rating": proposal.rating}
    made = {"model": proposal.model, "prompt_version": proposal.prompt_version, "proposed_at": proposal.proposed_at}
    return {**about, "places": places, **made}
