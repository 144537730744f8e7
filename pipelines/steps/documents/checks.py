"""Checks of an uploaded document that need no parser: its size, and which kind its first bytes say."""

from pathlib import Path

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.documents.kinds import Kind, kind_of_file


def check_document(path: Path, *, file_name: str | None, max_bytes: int) -> Kind:
    """The kind of the document, where it may be one.

    Args:
        file_name: a file that is called a PDF must be one: else it is the page that a server sent instead of it. None:
            the content alone decides.

    Raises:
        UnreadableFileError: `empty_file`, `too_large`, `not_a_pdf`, `unknown_kind`.
        OSError: the file is not there.
    """
    size = path.stat().st_size
    if size == 0:
        raise UnreadableFileError("This file is empty.", code="empty_file")
    kind = kind_of_file(path)
    if size > max_bytes:
        raise UnreadableFileError(
            f"{subject_of(kind)} has {size / 10**6:.0f} MB; at most {max_bytes / 10**6:.0f} MB are accepted.",
            code="too_large",
        )
    if kind != "pdf" and file_name is not None and file_name.lower().endswith(".pdf"):
        raise UnreadableFileError("This file is not a PDF, whatever its name says.", code="not_a_pdf")
    if kind == "heic":
        raise UnreadableFileError(
            "Pictures in the HEIC format cannot be read. Save it as JPEG or PNG and upload that.", code="unknown_kind"
        )
    if kind is None:
        raise UnreadableFileError(
            "This file is no document that can be read, whatever its name says. Export it as PDF and upload that.",
            code="unknown_kind",
        )
    return kind


def subject_of(kind: Kind | None) -> str:
    """How sentences about a document begin."""
    return "This PDF" if kind == "pdf" else "This file"
