"""Places that former sources name, and the passages that stand there now: only these are kept in mind."""

from dataclasses import dataclass, field
from uuid import UUID

from pipelines.adoption.former import Former
from pipelines.adoption.records import Passages
from pipelines.adoption.sources import FormerSource
from pipelines.adoption.values import as_ms, as_page, as_uuid

Place = tuple[UUID, int]
PREVIEW_CHARS = 200
"""Of a passage, as the former system kept them with a source."""


@dataclass(slots=True, kw_only=True)
class CitedPlaces:
    """Deck and page, or lecture and start in milliseconds: for each the passages there, with how they begin."""

    _found: dict[Place, list[tuple[UUID, str]]] = field(default_factory=dict)

    @classmethod
    def read(cls, former: Former) -> "CitedPlaces":
        """The places that sources name, with no passages yet."""
        places = cls()
        for deck, page, lecture, start in former.cited_places():
            for source, at in ((as_uuid(deck), as_page(page)), (as_uuid(lecture), as_ms(start))):
                if source is not None and at is not None:
                    places._found[source, at] = []
        return places

    def remember(self, passages: Passages) -> None:
        """Keep those of a deck or lecture that a source may name."""
        for each in passages.items:
            at = each.page if each.page is not None else each.start_ms
            if at is not None and (passages.source_id, at) in self._found:
                self._found[passages.source_id, at].append((each.id, each.text[: 2 * PREVIEW_CHARS]))

    def find(self, source: FormerSource) -> UUID | None:
        """The passage that a source is about: of several in its place, the one that begins as it says."""
        at = source.page if source.kind == "slide" else source.start_ms
        found = self._found.get((source.material_id, at), []) if source.material_id and at is not None else []
        words = " ".join(source.quote.split())[: PREVIEW_CHARS // 2]
        fitting = [key for key, text in found if " ".join(text.split()).startswith(words)]
        return next(iter(fitting or [key for key, _ in found]), None)
