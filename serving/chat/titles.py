"""Titles of chats by the model that answered: asked for after the second answer, kept unless a person was first.

A chat of one question is called by that question, which says best what it is about and costs nobody a model call.
"""

from pipelines.answering.model import ChatModel
from pipelines.answering.summaries import title
from pipelines.core.errors import StudyBuddyError
from pipelines.core.records import Person
from serving.chat.turns import Begun
from serving.database import ServingDatabase, run
from serving.log import log
from serving.problems import code_of


def wants_title(begun: Begun) -> bool:
    """Whether a chat is gone on with, and called by its first question only as nobody has called it anything else."""
    before = [said for said in begun.history.messages if said.role == "user"]
    return len(before) == 1 and begun.session.titled_by == "question"


async def give_title(database: ServingDatabase, person: Person, model: ChatModel, begun: Begun, answer: str) -> None:
    """Call a chat by what it is about; where the model has no title, the question's first words stay."""
    try:
        before = [(said.role, said.content) for said in begun.history.messages]
        found = await title(model, [*before, ("user", begun.question), ("assistant", answer)])
        if found is not None:
            async with database.transaction(as_person=person) as connection:
                await run(connection, "give_title", session_id=begun.session.id, title=found)
    except StudyBuddyError as error:
        log("title_failed", run=str(begun.run_id), code=code_of(error))
