"""Archives among the files of a command: unpacked into a private folder, each member taken as a file of a folder."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rich.text import Text

from pipelines.cli.candidates import CAPTION_SUFFIXES, DECK_SUFFIXES, RECORDING_SUFFIXES, Candidate, kind_of
from pipelines.cli.files import Found, open_file
from pipelines.cli.output import errors, foreign
from pipelines.core.errors import StudyBuddyError
from pipelines.core.settings import Settings
from pipelines.steps.archives.unpacking import ARCHIVE_SUFFIXES, LIMITS, MAX_TOTAL_MB, Member, is_archive, unpack
from pipelines.steps.documents.kinds import office_ending

_ENDINGS = sorted((DECK_SUFFIXES | RECORDING_SUFFIXES).union(CAPTION_SUFFIXES))
_SPARE_BYTES = 500_000_000
"""Room on the disk that unpacking leaves to everybody else."""
_BACKUP = ".mbz"
_BACKUP_SENTENCE = (
    "A Moodle backup keeps its files without their names. Use 'Download course content' in Moodle and ingest that."
)


class Archives:
    """The archives of one command, unpacked as they are met; what was unpacked goes at the end. A context manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folders: list[Path] = []

    def __enter__(self) -> "Archives":
        return self

    def __exit__(self, *_: object) -> None:
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)

    def members_of(self, found: Found, below: Path | None) -> Iterator[Candidate] | None:
        """What an archive holds, as candidates; None: the file is none. One that cannot be unpacked is a candidate that
        fails; members that came before what is wrong are there all the same.

        Args:
            below: the folder the file was found in; its members then carry its name before theirs. None: it was named,
                and stands for a folder that was.
        """
        suffix = found.path.suffix.lower()
        if suffix == _BACKUP:
            return iter([_failed(found, "moodle_backup", _BACKUP_SENTENCE)])
        try:
            if suffix not in ARCHIVE_SUFFIXES or not is_archive(found.path) or office_ending(found.path) is not None:
                return None
        except OSError:
            return None  # opening it for its upload will say why
        return self._members(found, below)

    def _members(self, found: Found, below: Path | None) -> Iterator[Candidate]:
        errors.print(Text.assemble("Unpacking ", foreign(found.name)))
        folder = Path(tempfile.mkdtemp(prefix="studybuddy-archive-"))
        self._folders.append(folder)
        free_mb = max(0, shutil.disk_usage(folder).free - _SPARE_BYTES) // 10**6
        try:
            with open_file(found.path, below=below) as source:
                for member in unpack(
                    Path(f"/proc/self/fd/{source.fileno()}"),
                    folder,
                    endings=_ENDINGS,
                    max_member_mb=self._settings.media_max_mb,
                    max_total_mb=min(MAX_TOTAL_MB, free_mb),
                    limits=replace(
                        LIMITS,
                        total_s=self._settings.parser_max_minutes * 60,
                        accept_missing_guards=self._settings.accept_weak_sandbox,
                    ),
                ):
                    yield _candidate(found, member, folder, prefix="" if below is None else f"{found.name}/")
        except StudyBuddyError as error:
            yield _failed(found, error.code, error.message)


def _candidate(found: Found, member: Member, folder: Path, *, prefix: str) -> Candidate:
    path = member.path or folder / member.name
    return Candidate(
        path,
        prefix + member.name,
        kind_of(path) if member.path is not None else "other",
        named=False,
        note=member.why_not,
        code="archive_member" if member.must_fail else None,
        below=folder,
        origin=f"{found.path.absolute().as_posix()}/{member.name}",
    )


def _failed(found: Found, code: str, sentence: str) -> Candidate:
    return Candidate(found.path, found.name, "other", note=sentence, code=code)
