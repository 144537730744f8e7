"""Titles of chats by the model that answered: asked for after the first answer, kept unless a person was first."""

from pipelines.answering.model import ChatModel
from pipelines.answering.summaries import title
from pipelines.core.errors import StudyBuddyError
from pipelines.core.records import Person
from serving.chat.turns import Begun
from serving.database import ServingDatabase, run
from serving.log import log
from serving.problems import code_of


def wants_title(begun: Begun) -> bool:
    """Whether a chat is called by its question's first words only because nobody has called it anything else."""
    return not begun.history.messages and begun.session.titled_by == "question"


async def give_title(database: ServingDatabase, person: Person, model: ChatModel, begun: Begun, answer: str) -> None:
    """Call a chat by what it is about; where the model has no title, the question's first words stay."""
    try:
        found = await title(model, begun.question, answer)
        if found is not None:
            async with database.transaction(as_person=person) as connection:
                await run(connection, "give_title", session_id=begun.session.id, title=found)
    except StudyBuddyError as error:
        log("title_failed", run=str(begun.run_id), code=code_of(error))
