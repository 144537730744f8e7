"""Materials of a course: its decks and lectures together, how far each has come, and which one a name means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import class_row

from pipelines.core.documents import get_document
from pipelines.core.errors import NotFoundError
from pipelines.core.findings import FindingGroup, group_findings, list_course_findings
from pipelines.core.lectures import get_lecture
from pipelines.core.names import nfc
from pipelines.core.postgres import Connection
from pipelines.core.records import Course, Document, Lecture, Person, Scope
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.statements import statement

MaterialKind = Literal["deck", "lecture"]
MaterialState = Literal["waiting", "processing", "ready", "empty", "failed"]

FOUND_BY: Mapping[str, str] = {"deck": "slide_embeddings", "lecture": "lecture_embeddings"}
"""The stage after which an upload can be searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """One upload as a list shows it: the fields of the statement `list_materials`, and what could not be read of it."""

    kind: MaterialKind
    id: UUID
    course_id: UUID
    source_name: str
    file_name: str
    byte_count: int
    uploaded_at: datetime
    pages: int
    duration_ms: int | None
    chunks: int
    vectors: int
    failure_code: str | None
    failure: str | None
    begun: bool
    stages: Mapping[str, Mapping[str, str]]
    recognising: bool
    owner_id: UUID | None
    published: bool
    offered_at: datetime | None
    release_at: datetime | None
    adopted: bool = False
    findings: Sequence[FindingGroup] = ()

    @property
    def state(self) -> MaterialState:
        """How far it has come: `ready` can be searched whole, `empty` was processed and nothing was read in it."""
        if self.failure is not None:
            return "failed"
        if not self.begun:
            return "waiting"
        if self.adopted and not self.stages:
            return "ready" if self.chunks else "empty"  # passages without a vector are found by their words
        last = self.stages.get(FOUND_BY[self.kind])
        if self.recognising or (self.stages and (last is None or "ended_at" not in last)):
            return "processing"
        if self.chunks == 0:
            return "empty" if self.stages else "processing"
        return "ready" if self.chunks <= self.vectors else "processing"

    @property
    def note(self) -> str:
        """What a person should know of it, in sentences: why it failed, what of it could not be read; "": nothing."""
        if self.failure is not None:
            return self.failure
        empty = ["No text was found in it, so it cannot be searched."] if self.state == "empty" else []
        return " ".join([*empty, *(group.text for group in self.findings)])


def list_materials(connection: Connection, scope: Scope) -> list[Material]:
    """Every deck and lecture of the scope's course that its person sees, by name; of `source_ids` where it has some."""
    found = list_course_findings(connection, scope.course_id)
    parameters = {
        "course_id": scope.course_id, "person_id": scope.person.id, "source_ids": list(scope.source_ids),
    }  # fmt: skip
    with connection.cursor(row_factory=class_row(Material)) as cursor:
        materials = cursor.execute(statement("list_materials"), parameters).fetchall()
    return [replace(material, findings=group_findings(found.get(material.id, []))) for material in materials]


def find_material(connection: Connection, course: Course, name: str, *, person: Person) -> Material:
    """The upload of a course that `name` means: its id, its name in the course, its file's, or that without ending.

    Raises:
        NotFoundError: there is none, or there are several.
    """
    name, found = nfc(name), list[Material]()
    materials = list_materials(connection, Scope(course_id=course.id, person=person))
    for names_of in (_exact_names, _file_names, _short_names):
        found = found or [material for material in materials if name in names_of(material)]
    if not found:
        raise NotFoundError(f"The course “{course.name}” has no file called {name}; `studybuddy list` shows its files.")
    if len(found) > 1:
        names = {material.source_name for material in found}
        several = ", ".join(str(m.id) if len(names) < len(found) else m.source_name for m in found)
        raise NotFoundError(f"The course has {len(found)} files called {name}: say which of {several}.")
    return found[0]


def get_upload(connection: Connection, material: Material, *, person: Person, sealer: Sealer) -> Document | Lecture:
    """The record of a listed upload.

    Raises:
        SupersededError: it was deleted meanwhile.
    """
    if material.kind == "deck":
        return get_document(connection, material.id, person=person, sealer=sealer)
    return get_lecture(connection, material.id, person=person)


def _exact_names(material: Material) -> set[Any]:
    return {str(material.id), material.source_name}


def _file_names(material: Material) -> set[Any]:
    return {material.file_name}


def _short_names(material: Material) -> set[Any]:
    return {PurePosixPath(name).with_suffix("").as_posix() for name in (material.source_name, material.file_name)}
