"""Grades of answers for `studybuddy evaluate --answers`: written and checked by the configured model, one by one."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pipelines.answering.grading import Grade, grade, summed
from pipelines.answering.model import ChatModel
from pipelines.cli.ask import PASSAGES
from pipelines.core.errors import SettingsError
from pipelines.core.models.clients import AsyncClients
from pipelines.core.models.meter import Meter
from pipelines.core.models.payers import Payer, find_local_person, find_means, payer_of_answers
from pipelines.core.records import Course, Hit
from pipelines.core.search.by_name import find_hits
from pipelines.core.stores import Stores
from pipelines.steps.questions import Question


def grade_answers(stores: Stores, course: Course, questions: Sequence[Question]) -> dict[str, Any]:
    """`model`, `figures` (`answering/grading.summed`) and each answer's grade; the local person or the operator pays.

    Raises:
        SettingsError: no model is set.
        KeyMissingError: one is, and nobody pays for it.
        StudyBuddyError: as the model does.
    """
    with stores.database.transaction() as connection:
        means = find_means(connection, find_local_person(connection), course_id=course.id)
    payer = payer_of_answers(means, stores.settings, stores.sealer)
    if payer is None:
        raise SettingsError("No language model is connected. Set MODEL_BASE_URL and CHAT_MODEL to grade answers.")
    grades = asyncio.run(_grade_all(stores, course, questions, payer))
    return {"model": payer.model, "figures": summed(grades), "grades": [asdict(each) for each in grades]}


async def _grade_all(stores: Stores, course: Course, questions: Sequence[Question], payer: Payer) -> list[Grade]:
    async def search(query: str) -> list[Hit]:
        return await asyncio.to_thread(find_hits, stores, query, course=str(course.id), limit=PASSAGES)

    clients = AsyncClients(stores.settings)
    client = clients.of(payer)
    model, grader = (
        ChatModel(client, payer.model, meter=Meter.of(stores, payer, purpose, course_id=course.id))
        for purpose in ("answer", "grading")
    )
    try:
        return [
            await grade(question, model=model, grader=grader, search=search, course=course.name)
            for question in questions
        ]
    finally:
        await clients.close()
