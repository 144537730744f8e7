"""The model of uploads in a course: what the rules give to whom, said here once more and by themselves."""

from dataclasses import dataclass, field
from typing import Any

from tests.serving.materials.life_run import FOUND_BY, PARTS, Run, words

TEACHER, BEN, CLEO = "teacher", "ben", "cleo"
PEOPLE = (TEACHER, BEN, CLEO)
"""Who belongs to the course: one who teaches it, two who study in it."""

ROOTS = ("slides", "transcripts")
"""The stages with which runs begin."""


@dataclass
class Upload:
    """An upload as it should be. `slides`, `drawn`, `chunks`, `vectors`: the mark of the bytes each was made from."""

    id: Any
    kind: str
    owner: str
    name: str
    mark: str
    published: bool
    offered: bool = False
    later: bool = False
    deleted: bool = False
    purged: bool = False
    generation: int = 1
    begun: int | None = None
    failed: int | None = None
    holder: Run | None = None
    stages: dict[str, bool] = field(default_factory=dict)
    slides: str | None = None
    drawn: str | None = None
    chunks: str | None = None
    vectors: str | None = None

    @property
    def status(self) -> str:
        """How far it has come, for people."""
        if self.failed == self.generation:
            return "failed"
        if self.begun != self.generation:
            return "waiting"
        ended = self.stages.get(FOUND_BY[self.kind], False)
        return "ready" if ended and self.chunks is not None and self.vectors == self.chunks else "running"

    def seen_by(self, person: str) -> bool:
        """In lists and by its id: one's own, the course's once it is released; who teaches also what is offered."""
        if self.deleted:
            return False
        if person == self.owner:
            return True
        if person == TEACHER:
            return self.published or self.offered
        return person in PEOPLE and self.published and not self.later

    def searched_by(self, person: str) -> bool:
        """In searches: one's own, and the course's; what is only offered is not the course's."""
        return self.seen_by(person) and (person == self.owner or self.published)

    def managed_by(self, person: str) -> bool:
        """Who may delete it and have it processed again."""
        return (person == self.owner and not self.published) or (person == TEACHER and self.seen_by(person))

    def shown_to(self, person: str) -> tuple[Any, ...]:
        """What a list says of it."""
        own = person == self.owner
        return self.name, own, self.published, self.offered, self.later, self.status

    def found(self) -> set[str]:
        """Every passage that a search finds of it: of one state of the file, and all of that."""
        return {words(self.id, self.chunks, part) for part in PARTS} if self.chunks is not None else set()


def told(upload: Upload, person: str, what: str) -> int:
    """Have the model do what a person asks for: the status of the answer."""
    if not upload.seen_by(person):
        return 404
    if what in ("offer", "take back"):
        if upload.published:
            return 409
        if person != upload.owner:
            return 403
        upload.offered = what == "offer"
    elif what in ("publish", "publish later"):
        if person != TEACHER:
            return 403
        upload.published, upload.offered, upload.later = True, False, what == "publish later"
    elif what in ("unpublish", "decline"):
        if person != TEACHER:
            return 403
        upload.published = upload.offered = upload.later = False
    elif not upload.managed_by(person):
        return 403
    elif what == "delete":
        upload.deleted = True
    elif what == "reprocess":
        upload.generation += 1
    return 204


def brought(uploads: list[Upload], new: Upload) -> tuple[int, Upload]:
    """Have the model take a file: the status of the answer, and the upload that it is."""
    theirs = [each for each in uploads if (each.owner, each.kind, each.deleted) == (new.owner, new.kind, False)]
    named = next((each for each in theirs if each.name == new.name), None)
    same = next((each for each in theirs if each.mark == new.mark), None)
    if named is not None and named.mark != new.mark and not named.managed_by(new.owner):
        return 409, named
    if same is not None:
        return 200, same
    if named is not None:
        named.mark, named.generation = new.mark, named.generation + 1
        return 201, named
    uploads.append(new)
    return 201, new


@dataclass
class Going:
    """A run on its way. `generation`, `mark`: of the upload when the stage that it is at began."""

    run: Run
    upload: Upload
    generation: int = 0
    mark: str = ""

    @property
    def holds(self) -> bool:
        """Whether the upload is still this run's to write."""
        upload = self.upload
        return not upload.deleted and upload.generation == self.generation and upload.holder is self.run

    def refused(self) -> str | None:
        """How its next transaction should be refused; None: it should not."""
        assert self.run.next is not None
        act, _, stage = self.run.next[0].partition(" ")
        if act == "begin":
            taken_over = stage not in ROOTS and self.upload.holder is not self.run
            return "SupersededError" if self.upload.deleted or taken_over else None
        if act == "read":
            return "StaleUpstreamError" if self.upload.slides != self.mark else None
        return "SupersededError" if act == "write" and not self.holds else None

    def did(self, write: str) -> None:
        """Have the model write what the run has committed."""
        act, _, stage = write.partition(" ")
        upload = self.upload
        if act == "begin":
            self.generation, self.mark = upload.generation, upload.mark
            if stage in ROOTS:
                upload.holder, upload.begun, upload.failed, upload.stages = self.run, upload.generation, None, {}
            upload.stages[stage] = False
        elif act == "end" and upload.holder is self.run:
            upload.stages[stage] = True
        elif act == "write":
            self._wrote(stage)

    def _wrote(self, stage: str) -> None:
        upload = self.upload
        if stage in ROOTS:
            upload.drawn = upload.drawn if upload.slides == self.mark else None
            upload.slides = self.mark
        elif stage == "slide_images":
            upload.drawn = self.mark
        elif stage in FOUND_BY.values():
            upload.vectors = upload.chunks
        else:
            upload.vectors = upload.vectors if upload.chunks == self.mark else None
            upload.chunks = self.mark
