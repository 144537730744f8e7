"""Admission of uploads before their first byte: what a sender says about a file, and whether they may bring it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from pipelines.core.access import adds_upload, teaches
from pipelines.core.errors import AddressRefusedError
from pipelines.core.lecture_links import check_link
from pipelines.core.publishing import place_of
from pipelines.core.uploads import DOCUMENT, LECTURE, UploadKind
from serving.accounts.access import CourseAccess, allowed, get_my_course
from serving.accounts.people import Principal
from serving.materials.intake import Form
from serving.materials.recording import Sending
from serving.problems import ProblemError
from serving.state import State

Fields = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a form's fields, or the metadata of an upload in pieces, say.

    `published` None: as usual for the role. `url`: where a lecture's recording is fetched from; None: it is sent.
    """

    kind: UploadKind
    course_id: UUID
    published: bool | None
    deck_ids: tuple[UUID, ...]
    url: str | None = None

    @classmethod
    def read(cls, kind: UploadKind, fields: Fields) -> "Said":
        """Read the fields.

        Raises:
            ProblemError: `invalid_request`.
        """
        known = {"courseId", "published"} | ({"deckIds", "url"} if kind is LECTURE else set())
        for name, values in fields.items():
            if name not in known or (len(values) > 1 and name != "deckIds"):
                raise ProblemError("invalid_request", field=name[:100])
        published = fields["published"][0] if "published" in fields else None
        if published not in (None, "true", "false"):
            raise ProblemError("invalid_request", field="published")
        listed = [each for value in fields.get("deckIds", []) for each in value.split(",") if each]
        return cls(
            kind=kind,
            course_id=_uuid("courseId", fields.get("courseId", [""])[0]),
            published=None if published is None else published == "true",
            deck_ids=tuple(_uuid("deckIds", each) for each in listed),
            url=fields["url"][0].strip() if "url" in fields else None,
        )

    async def admit(self, state: State, person: Principal) -> CourseAccess:
        """The course, where this person may bring this to it.

        Raises:
            ProblemError: `not_found`, `not_allowed`, `bad_link`.
        """
        async with state.database.transaction(as_person=person.person) as connection:
            course = await get_my_course(connection, person, self.course_id)
        allowed(adds_upload(course.role, self.kind.noun, students_add_lectures=course.students_add_lectures))
        allowed(not self.published or teaches(course.role))
        if self.url is not None:
            try:
                check_link(state.core.stores.settings, self.url)
            except AddressRefusedError:
                raise ProblemError("bad_link", field="url") from None
        for deck_id in self.deck_ids:
            work = partial(place_of, person=person.person, kind=DOCUMENT, upload_id=deck_id)
            if (await state.core.run(person, work)).course_id != self.course_id:
                raise ProblemError("not_found")
        return course

    def sending(
        self, person: Principal, course: CourseAccess, form: Form, *, partial_id: UUID | None = None
    ) -> Sending:
        """What they send, now that its files are in the store."""
        return Sending(
            kind=self.kind, person=person, course=course, form=form, published=self.published,
            deck_ids=self.deck_ids, partial_id=partial_id, url=self.url,
        )  # fmt: skip


@contextmanager
def one_of_few(state: State, person: Principal) -> Iterator[None]:
    """One upload more of this person.

    Raises:
        ProblemError: `too_many_uploads`.
    """
    if state.uploading[person.user_id] >= state.limits.uploads_per_user:
        raise ProblemError("too_many_uploads", retry_after_s=5)
    state.uploading[person.user_id] += 1
    try:
        yield
    finally:
        state.uploading[person.user_id] -= 1
        if not state.uploading[person.user_id]:
            del state.uploading[person.user_id]


def _uuid(field: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ProblemError("invalid_request", field=field) from None
