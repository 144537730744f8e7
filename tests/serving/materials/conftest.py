"""People of a course, and what they upload."""

import io
from uuid import uuid4

import pytest

from tests.serving.accounts.conftest import issuer, rows, signed
from tests.serving.courses.conftest import people

__all__ = ["issuer", "people", "rows", "signed"]


def pdf(mark: str = "") -> bytes:
    """Bytes that begin as a PDF's do, unlike any others."""
    return b"%PDF-1.4\n" + (mark or uuid4().hex).encode() + b"\n%%EOF\n"


def wav() -> bytes:
    """Bytes that begin as a recording's do."""
    return b"RIFF\x24\0\0\0WAVEfmt " + uuid4().bytes


def send(who, course, content=None, *, name="deck.pdf", kind="documents", field="file", **fields):
    """Upload a file: the answer."""
    files = [(field, (name, io.BytesIO(pdf() if content is None else content), "application/octet-stream"))]
    return who.post(f"/api/{kind}", data={"courseId": course, **fields}, files=files)


@pytest.fixture
def sent(people):
    """Upload a deck that is taken: its id."""

    def upload(who, course=None, content=None, **more):
        answer = send(who, course or people.course, content, name=f"{uuid4().hex}.pdf", **more)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    return upload
