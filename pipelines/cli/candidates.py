"""Files to upload among files and folders: decks, recordings, captions, and which captions go with which one."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pipelines.cli.files import Found, look_at, same_file, shown, walk
from pipelines.core.errors import PermanentError
from pipelines.steps.links.names import name_of

FileKind = Literal["deck", "lecture", "other"]

_DOCUMENTS = """
pdf png jpg jpeg tif tiff webp avif heic heif txt md markdown html htm xhtml ipynb
pptx ppsx potx pptm ppsm ppt pps docx docm dotx doc rtf odp otp odt ott key pages
"""
DECK_SUFFIXES = frozenset(f".{name}" for name in _DOCUMENTS.split())
"""What is worth a look; some of it is only looked at to say why it cannot be read."""
_ARCHIVES = (".zip", ".imscc")
"""Of these, what is no archive; its content says what it is."""
_RECORDINGS = """
3gp aac aif aifc aiff amr asf au avi caf flac flv m2ts m4a m4b m4v mka mkv mov mp2 mp3 mp4 mpeg mpg mts oga ogg opus ts
wav weba webm wma wmv
"""
RECORDING_SUFFIXES = frozenset(f".{name}" for name in _RECORDINGS.split())
"""What is worth a look; whether a file is a recording is told by its content."""
_LINK = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
CAPTION_SUFFIXES = (".vtt", ".srt", ".sbv", ".ttml", ".dfxp", ".json3", ".json")
"""Endings of caption files; where one lecture has several, the first kind here is taken."""
_WHEN = re.compile(
    rb"""["'](?:t?start(?:_?time|_?ms)?|begin|from|offset|time)["']\s*:\s*(?:["']?[\d.:,]+["']?)\s*[,}]""",
    re.IGNORECASE,
)
_WHAT = re.compile(rb"""["'](?:text|caption|transcript|utf8|sentence)["']\s*:\s*["']""", re.IGNORECASE)
_LOOKED_AT_BYTES = 65_536

_LANGUAGE = re.compile(r"\.([a-z]{2,3})(?:[-_][A-Za-z]{2,4})?$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing to upload. `source_name` identifies it inside its course: its path below the folder that was named.

    `captions` is the caption file that goes with a recording; captions alone are a lecture whose `path` they are.
    `note` says why a file of kind `other` is left out; empty: it is none this program reads. `code` not None: it is not
    left out but fails. `below` and `captions_below` are the folders the files were found in; None: they were named.
    `origin` says where it came from; None: from `path`. `url` is where a recording is fetched from; its `path` is then
    the name it gets, and no file. None: it is a file.
    """

    path: Path
    source_name: str
    kind: FileKind
    named: bool = field(default=True)
    captions: Path | None = None
    note: str = ""
    code: str | None = None
    below: Path | None = None
    captions_below: Path | None = None
    origin: str | None = None
    url: str | None = None

    @property
    def stem(self) -> str:
        """The source name without its ending: what a lecture, its captions and its deck may share."""
        return self.source_name.rpartition(".")[0]

    @property
    def is_captions(self) -> bool:
        """Captions without a recording."""
        return is_captions(self.path)


MembersOf = Callable[[Found, Path | None], Iterator[Candidate] | None]
"""What an archive holds, given the file and the folder it was found in; None: the file is no archive."""


def is_link(said: str) -> bool:
    """Whether it is an address and no path of a file."""
    return _LINK.match(said) is not None


def is_captions(path: Path) -> bool:
    """Whether the name is that of a caption file."""
    return path.suffix.lower() in CAPTION_SUFFIXES


def find_candidates(
    paths: Iterable[Path],
    *,
    links: Iterable[str] = (),
    captions: Path | None = None,
    members_of: MembersOf | None = None,
) -> list[Candidate]:
    """Everything below `paths`, in order; a file of another kind stays in the list as `other`.

    A recording takes the captions beside it that have its name (`week1.mp4` and `week1.vtt` or `week1.en.vtt`). A file
    that was named twice is there once. Different files may have one `source_name`: the course tells them apart by their
    folders.

    Args:
        links: addresses of recordings, which are lectures as files are.
        captions: the caption file of the one recording among `paths` and `links`.
        members_of: gives what an archive holds, see `Archives.members_of`. None: archives are files as others.

    Raises:
        PermanentError: a path does not exist, or captions were given and there is not exactly one recording.
    """
    found: dict[str, list[Candidate]] = {}
    for path in paths:
        for candidate in _below(path, members_of):
            others = found.setdefault(candidate.source_name, [])
            if not any(same_file(other.path, candidate.path) for other in others):
                others.append(candidate)
    candidates = [candidate for namesakes in found.values() for candidate in namesakes]
    candidates += [Candidate(Path(name_of(url)), name_of(url), "lecture", url=url) for url in dict.fromkeys(links)]
    return _given(candidates, captions) if captions is not None else _paired(candidates)


def beside(
    candidate: Candidate,
    others: Iterable[Candidate],
    *,
    rivals: Iterable[Candidate],
    name_of: Callable[[Candidate], str] = lambda other: other.stem,
) -> list[Candidate]:
    """Those of `others` that belong to a candidate by its name: in its folder or, where it is the only one of `rivals`
    with that name, wherever they are."""
    named = [other for other in others if name_of(other) == candidate.stem]
    near = [other for other in named if other.path.parent == candidate.path.parent]
    alone = all(rival is candidate or rival.stem != candidate.stem for rival in rivals)
    return near or (named if alone else [])


def _given(candidates: list[Candidate], captions: Path) -> list[Candidate]:
    """The candidates, their one recording with these captions."""
    if not captions.is_file() or not is_captions(captions):
        raise PermanentError(
            f"{shown(captions)} is not a caption file (.vtt, .srt, .sbv, .ttml, .dfxp, .json3 or .json).",
            code="no_such_file",
        )
    others = [c for c in candidates if c.url is not None or not same_file(c.path, captions)]
    recordings = [c for c in others if c.kind == "lecture" and not c.is_captions]
    if len(recordings) != 1:
        raise PermanentError(f"--captions goes with one recording; there are {len(recordings)}.", code="bad_captions")
    return [replace(c, captions=captions) if c is recordings[0] else c for c in others]


def _paired(candidates: list[Candidate]) -> list[Candidate]:
    """The candidates, each lecture with one caption file at most; further ones are kept as `other`."""
    recordings = [c for c in candidates if c.kind == "lecture" and not c.is_captions]
    spare = sorted(
        (c for c in candidates if c.kind == "lecture" and c.is_captions),
        key=lambda c: CAPTION_SUFFIXES.index(c.path.suffix.lower()),
    )
    taken: dict[Candidate, str] = {}
    chosen: dict[Candidate, Candidate] = {}
    for recording in recordings:
        theirs = beside(recording, spare, rivals=recordings) or beside(
            recording, spare, rivals=recordings, name_of=lambda captions: _LANGUAGE.sub("", captions.stem)
        )
        for captions in theirs:
            taken.setdefault(captions, recording.source_name)
        if theirs:
            chosen[recording] = theirs[0]
    first: dict[tuple[Path, str], Candidate] = {}
    for captions in spare:
        of_lecture = first.setdefault((captions.path.parent, captions.stem), captions)
        if of_lecture is not captions:
            taken.setdefault(captions, of_lecture.source_name)
    used = {c.path for c in chosen.values()}
    paired = [
        replace(c, captions=chosen[c].path, captions_below=chosen[c].below) if c in chosen else c for c in candidates
    ]
    return [
        replace(c, kind="other", named=False, note=f"captions of {taken[c]}, which has some already")
        if c in taken
        else c
        for c in paired
        if c.path not in used
    ]


def language_of(captions: Path) -> str | None:
    """The language a caption file's name says (`week1.en.vtt`); None when it says none."""
    found = _LANGUAGE.search(captions.stem)
    return found.group(1) if found else None


def _below(path: Path, members_of: MembersOf | None) -> Iterator[Candidate]:
    if path.is_dir():
        for found in sorted(walk(path), key=lambda found: found.path):
            yield from _each(found, path, members_of)
        return
    try:
        found = look_at(path)
    except OSError:
        raise PermanentError(f"There is no file or folder {shown(path)}.", code="no_such_file") from None
    yield from _each(found, None, members_of)


def _each(found: Found, below: Path | None, members_of: MembersOf | None) -> Iterator[Candidate]:
    members = members_of(found, below) if members_of is not None and found.why_not is None else None
    if members is None:
        yield _candidate(found, below=below)
    else:
        yield from members


def _candidate(found: Found, *, below: Path | None) -> Candidate:
    return Candidate(
        found.path,
        found.name,
        kind_of(found.path) if found.why_not is None else "other",
        named=below is None,
        note=found.why_not or "",
        code="not_a_file" if found.must_fail else None,
        below=below,
    )


def kind_of(path: Path) -> FileKind:
    """What a file is worth a look as: its ending says that, and of JSON, which may be anything, its first bytes."""
    suffix = path.suffix.lower()
    if suffix in DECK_SUFFIXES or suffix in _ARCHIVES:
        return "deck"
    if suffix == ".json" and not _says_what_when(path):
        return "other"
    return "lecture" if suffix in RECORDING_SUFFIXES or is_captions(path) else "other"


def _says_what_when(path: Path) -> bool:
    """Whether a JSON file has times and words, as a transcript has."""
    try:
        with path.open("rb") as source:
            head = source.read(_LOOKED_AT_BYTES)
    except OSError:
        return True  # opening it for its upload will say why it cannot be read
    return bool(_WHEN.search(head) and _WHAT.search(head))
