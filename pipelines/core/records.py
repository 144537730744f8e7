"""The frozen records all rooms speak. Rows become these at once; no dict crosses a room.

Times are integer milliseconds in half-open ranges `[start_ms, end_ms)`; pages are physical and 1-based, and
`page_label` is the number printed on the slide (None when nothing is printed). Ids are UUIDs.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

Kind = Literal["slide", "speech"]
Role = Literal["main", "multilingual"]
TextSource = Literal["layer", "ocr", "none"]
SpeechSource = Literal["captions", "speech"]
Box = tuple[float, float, float, float]
"""left, top, right, bottom, in shares of the page as it is shown, from its upper left corner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One course; `id` is the shard key of everything retrieval touches. `language` None means not given."""

    id: UUID
    name: str
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One uploaded deck. `generation` grows with every new upload under the same `source_name`.

    `source_name` identifies the upload inside its course (a relative path when a folder was ingested); `file_name` is
    its base name. `password` opens protected files and is None for others; `failure` is the sentence the last run
    ended with, None when it did not fail. `origin` is the path the file was taken from, None where it is not known.
    `stage` and `run_id` say for which of its assets a Dagster run holds this
    record (`uploads.begin_stage`); both None for everybody else.
    """

    id: UUID
    course_id: UUID
    title: str
    file_name: str
    source_name: str
    sha256: str
    byte_count: int
    generation: int
    password: str | None = field(default=None, repr=False)
    deleted_at: datetime | None = None
    failure_code: str | None = None
    failure: str | None = None
    origin: str | None = None
    stage: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lecture:
    """One recording, or captions alone. `media_sha256` None: no recording; `captions_sha256` None: no captions.

    `language` None means detect. `duration_ms` None means not measured yet. `prefer_speech` True transcribes the
    recording although captions were given. `origin`, `stage` and `run_id` as for documents.
    """

    id: UUID
    course_id: UUID
    title: str
    file_name: str
    source_name: str
    media_sha256: str | None
    captions_sha256: str | None
    captions_name: str | None
    byte_count: int
    generation: int
    language: str | None = None
    prefer_speech: bool = False
    duration_ms: int | None = None
    deleted_at: datetime | None = None
    failure_code: str | None = None
    failure: str | None = None
    origin: str | None = None
    stage: str | None = None
    run_id: str | None = None

    @property
    def speech_source(self) -> SpeechSource:
        """Where its words come from: captions a person gave, unless recognition is preferred and there is sound."""
        wanted = self.captions_sha256 is None or (self.prefer_speech and self.media_sha256 is not None)
        return "speech" if wanted else "captions"

    @property
    def speech_sha256(self) -> str:
        """The file its words come from; rows made from another one are of an older upload."""
        return (self.media_sha256 if self.speech_source == "speech" else self.captions_sha256) or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """One page of a deck as a reader sees it.

    `body` is text in reading order without headers and footers (empty string: the page carries no text);
    `furniture` holds those. `frame_group` numbers runs of consecutive pages that are frames of one animated slide;
    pages of one slide share it. `junk_chars` counts characters dropped from a junk text layer. `image_sha256` names
    the rendered page (WebP) in the file store; None before rendering. `section` is the outline entry the page stands
    under, None without an outline. `line_boxes` says for each line of `body` where it stands: boxes (left, top, right,
    bottom) in shares of the page as shown, none where that is not known; empty for a page where nothing is known.
    """

    page: int
    page_label: str | None
    title: str
    body: str
    furniture: str
    section: str | None
    text_source: TextSource
    junk_chars: int
    frame_group: int
    image_sha256: str | None
    width_pt: float
    height_pt: float
    line_boxes: tuple[tuple[Box, ...], ...] = ()


NOT_RECOGNISED_YET = "not_recognised_yet"
"""Code of findings that are no fault: pages whose picture is still to be read, while the others can be searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something of an upload that could not be read or that a teacher should look at.

    `code` is a short stable name for programs; `sentence` says what is wrong and goes on after its place ("Page 3:
    ..."); `advice` is a sentence of what to do, "" where nothing can be done. `page` (1-based) or `start_ms` and
    `end_ms` say where; all None: the whole upload.
    """

    code: str
    sentence: str
    advice: str = ""
    page: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideDescription:
    """What a vision model said about one rendered page. `reused` True: it came from the item cache."""

    page: int
    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    reused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One spoken word with its time and the recogniser's probability in [0, 1]."""

    start_ms: int
    end_ms: int
    text: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One piece of speech. `words` is empty for captions; `confidence` in [0, 1], None for captions.

    `speaker` is who says it, as captions name them; None where nobody is named.
    """

    start_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...] = ()
    confidence: float | None = None
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What retrieval finds: one slide (or part of a long one), or a minute of speech.

    `text` is what a reader sees quoted; `context` (course, deck, section, neighbours) is embedded and indexed in
    front of it but not quoted. Slides have `page`, `pages` and `page_label`; speech has `start_ms` and `end_ms`; the
    others are None or empty. `source_id` is the document or the lecture.
    """

    id: UUID
    course_id: UUID
    kind: Kind
    source_id: UUID
    ordinal: int
    title: str
    context: str
    text: str
    token_count: int
    page: int | None = None
    pages: tuple[int, ...] = ()
    page_label: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None

    @property
    def search_text(self) -> str:
        """What is embedded and indexed: context and text together."""
        return f"{self.context}\n{self.text}" if self.context else self.text


def make_chunk_id(source_id: UUID, chunker_version: str, search_text: str, nth: int) -> UUID:
    """The id of a chunk, made from what is embedded: an unchanged chunk keeps its id, and with it its vector.

    Args:
        nth: how many earlier chunks of the source have the same `search_text`.
    """
    return uuid5(source_id, f"{chunker_version}\n{nth}\n{search_text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideSpan:
    """While `[start_ms, end_ms)` of a lecture this page was on screen. `page` None: no slide."""

    start_ms: int
    end_ms: int
    document_id: UUID | None
    page: int | None
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialCourse:
    """A course as an official list has it. `key`: by which it is known again; all else None: the list does not say."""

    key: str
    name: str
    code: str | None = None
    term: str | None = None
    instructor: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSet:
    """The vectors of one model, one dimension and one version of their text; of each role one set is live.

    `role` is `main` for what every question is compared with, `multilingual` for what those are compared with that are
    not in English. `live`: courses without a set of their own are searched in it. `added`: a person added it by name;
    False: the settings did. `base_url` None: its vectors are asked for where the settings say. `chunker` names the
    rules its chunks are cut by.
    """

    id: int
    name: str
    model: str
    dims: int
    search_text_version: str
    role: Role
    live: bool
    base_url: str | None
    chunker: str
    added: bool
    retired_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks. `id` None: not one person, but one of the program's own: `OPERATOR` or `PIPELINE`."""

    id: UUID | None
    name: Literal["person", "operator", "pipeline"] = "person"


OPERATOR = Person(id=None, name="operator")
"""Who sits at the command line: sees every upload, searches as the local person, never in what others keep private."""
PIPELINE = Person(id=None, name="pipeline")
"""What makes rows of uploads, whoever's they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a search or a list may look, and for whom. `kinds` empty means every kind; `source_ids` empty means every
    deck and lecture that the person may search. `set_id` is the embedding set to compare with; None: the one the course
    is searched in when the search begins."""

    course_id: UUID
    person: Person
    kinds: tuple[Kind, ...] = ()
    source_ids: tuple[UUID, ...] = ()
    set_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One retrieved chunk. `score` is the fused score (higher is better, comparable inside one result only).

    `similarity` is the cosine of question and chunk in [-1, 1], None when not measured: words alone have found it.
    `dense_rank` and `lexical_rank` are 1-based; None when that side did not return the chunk. For speech,
    `document_id` and `page` name the slide on screen when the lecture is aligned, and for a slide `start_ms` and
    `end_ms` say when it was spoken about, in lecture `lecture_id`; None otherwise. `named`: the question names this
    place by its page, its minute, or a word that stands in few chunks and in this one. `needed`: the cosine from which
    a passage has to do with the question at all (above 1: none does, whatever it says). `boxes`: where the words of a
    slide stand on its page; empty for speech and where that is not known. `rerank_score`: what a
    reranker gave it; None: none is set, it did not answer in time, or the hit is not among those it is asked about.
    `set_id`: the embedding set it was found in.
    """

    rank: int
    score: float
    chunk_id: UUID
    kind: Kind
    source_id: UUID
    title: str
    file_name: str
    text: str
    page: int | None
    pages: tuple[int, ...]
    page_label: str | None
    start_ms: int | None
    end_ms: int | None
    dense_rank: int | None
    lexical_rank: int | None
    similarity: float | None = None
    document_id: UUID | None = None
    lecture_id: UUID | None = None
    named: bool = False
    needed: float = 0.0
    rerank_score: float | None = None
    boxes: tuple[Box, ...] = ()
    set_id: int | None = None
