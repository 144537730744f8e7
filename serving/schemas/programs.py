"""Arguments and results of the tools of MCP, named in that protocol's manner. Nobody can say for whom they ask."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Arguments(BaseModel):
    """Arguments of a tool; one that is not there is refused."""

    model_config = ConfigDict(extra="forbid")


Course = Annotated[str, Field(min_length=1, max_length=500, description="A course's id, or its name, of list_courses.")]
Question = Annotated[str, Field(min_length=1, max_length=20_000, description="A question, in a student's words.")]


class ListCourses(Arguments):
    """No arguments."""


class SearchMaterials(Arguments):
    """What to look for, and where."""

    course: Course
    query: Question
    limit: Annotated[int, Field(ge=1, le=20, description="Most passages.")] = 8
    kind: Annotated[Literal["slide", "speech"] | None, Field(description="Only slides, or only speech.")] = None


class ReadPage(Arguments):
    """A page of a deck."""

    document_id: Annotated[UUID, Field(description="The deck, as a search named it.")]
    page: Annotated[int, Field(ge=1, le=100_000, description="Its page, counted from 1.")]
    picture: Annotated[bool, Field(description="Bring the page as a picture, too.")] = False


class ReadMinutes(Arguments):
    """A stretch of a lecture."""

    lecture_id: Annotated[UUID, Field(description="The lecture, as a search named it.")]
    start_s: Annotated[float, Field(ge=0, le=1e6, description="From this second on.")]
    minutes: Annotated[float, Field(gt=0, le=30, description="For so many minutes.")] = 3


class Ask(Arguments):
    """A question to a course."""

    course: Course
    question: Question


class Result(BaseModel):
    """What a tool gives."""


class CourseItem(Result):
    """A course; `code`, `term`, `instructor` and `language` null: not given."""

    id: UUID
    name: str
    role: str
    code: str | None
    term: str | None
    instructor: str | None
    language: str | None


class CourseItems(Result):
    """Courses, by name."""

    courses: list[CourseItem]


class Passage(Result):
    """A passage: a page of a deck, or a stretch of a lecture in seconds. `url` opens it for people."""

    where: str
    url: str
    text: str
    document_id: UUID | None = None
    page: int | None = None
    lecture_id: UUID | None = None
    start_s: float | None = None
    end_s: float | None = None


class Passages(Result):
    """Passages that have to do with a question, best first; none: the materials do not seem to answer it."""

    course_id: UUID
    passages: list[Passage]


class PageRead(Result):
    """A page; `description`: what a vision model saw on it. `spoken_about`: where lectures showed it."""

    url: str
    course_id: UUID
    deck: str
    page: int
    page_label: str | None
    title: str
    text: str
    description: str | None
    unread: list[str]
    spoken_about: list[Passage]


class MinutesRead(Result):
    """What was said in a stretch of a lecture, and the pages that were up meanwhile."""

    url: str
    course_id: UUID
    lecture: str
    text: str
    pages: list[Passage]


class AnswerSource(Result):
    """What an answer cites; `url` opens it for people."""

    where: str
    url: str


class Answered(Result):
    """An answer as Markdown, its sources listed at its end. `notice`: why passages were quoted instead; null: they were
    not."""

    answer: str
    sources: list[AnswerSource]
    notice: str | None


class ResourceOut(BaseModel):
    """The MCP server as a resource that OAuth protects."""

    resource: str
    resource_name: Literal["StudyBuddy"] = "StudyBuddy"
    authorization_servers: list[str]
    scopes_supported: list[str] = ["openid", "profile", "email"]
    bearer_methods_supported: list[str] = ["header"]
