"""Health of a course, put together for who teaches it."""

from dataclasses import asdict

from pipelines.answering.proposals import usual_places
from pipelines.core.evaluations.question_sets import Proposal, list_proposals
from pipelines.core.materials import list_materials
from pipelines.core.postgres import Connection
from pipelines.core.reading.course_health import (
    list_lectures_without_slides,
    list_source_reports,
    list_unanswered_questions,
)
from pipelines.core.records import Scope
from serving.accounts.access import CourseAccess
from serving.accounts.people import Principal
from serving.dagster import dagster_url
from serving.materials.shown import shown
from serving.schemas.corrections import (
    CourseHealthOut,
    ProposalOut,
    ProposedPlaceOut,
    ReportOut,
    UnalignedOut,
    UnansweredOut,
    UnhealthyOut,
)
from serving.state import State


async def health_of(state: State, person: Principal, course: CourseAccess) -> CourseHealthOut:
    """How a course is doing. The caller has checked that the person teaches it."""

    def look(connection: Connection) -> CourseHealthOut:
        uploads = [
            shown(each, person) for each in list_materials(connection, Scope(course_id=course.id, person=person.person))
        ]
        unaligned = list_lectures_without_slides(connection, course.id, person=person.person)
        reports = list_source_reports(connection, course.id, person=person.person)
        return CourseHealthOut(
            uploads=[UnhealthyOut.model_validate(each) for each in uploads if each.note or each.findings],
            lectures_without_slides=[UnalignedOut.model_validate(each) for each in unaligned],
            questions=[UnansweredOut.model_validate(each) for each in list_unanswered_questions(connection, course.id)],
            reports=[ReportOut.model_validate(each) for each in reports],
            proposals=[_proposal(each) for each in list_proposals(connection, course.id)],
            dagster_url=dagster_url(state, person, "/assets"),
        )

    return await state.core.run(person, look)


def _proposal(proposal: Proposal) -> ProposalOut:
    usual = usual_places(proposal)
    places = [ProposedPlaceOut(**asdict(place), usual=number in usual) for number, place in enumerate(proposal.places)]
    names = ("id", "origin", "question", "rating", "model", "proposed_at")
    return ProposalOut(**{name: getattr(proposal, name) for name in names}, places=places)
