"""Questions of rated answers, shared with who teaches the course: what was asked, what was cited and what was not."""

from typing import Any
from uuid import UUID

from pipelines.core.evaluations.question_sets import ProposedPlace
from serving.database import Connection, row, rows


async def rated(connection: Connection, user_id: UUID, message_key: UUID) -> dict[str, Any] | None:
    """What `share_question` needs of an answer of this person; None: its course is gone, or it is being written."""
    answer = await row(connection, "find_answer", user_id=user_id, id="", key=message_key)
    if answer is None or answer["course_id"] is None or not answer["question"].strip():
        return None
    cited = {each["handle"] for each in await rows(connection, "list_origins", message_key=message_key)}
    ids = [UUID(hit["sourceId"]) for hit in answer["hits"]]
    everybodys = {str(each["id"]) for each in await rows(connection, "list_published", upload_ids=ids)}
    hits = [hit for hit in answer["hits"] if hit["sourceId"] in everybodys]  # a private deck is not even named
    places = [_place(hit, cited=hit["handle"] in cited) for hit in hits]
    about = {"course_id": answer["course_id"], "message_key": message_key}
    return {**about, "question": answer["question"], "places": sorted(places, key=lambda place: not place.cited)}


def _place(hit: dict[str, Any], *, cited: bool) -> ProposedPlace:
    kind, file = hit["kind"], hit["file"]
    if kind == "slide":
        return ProposedPlace(kind=kind, file=file, page=hit["page"], cited=cited)
    return ProposedPlace(kind=kind, file=file, start_ms=hit["startMs"], end_ms=hit["endMs"], cited=cited)
