"""People of a service with an issuer: three who share a course, and one who has another."""

from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import pytest

from tests.serving.accounts.conftest import SignedInService, issuer, rows, signed

__all__ = ["issuer", "rows", "signed"]


def joined(of: httpx.Client, course: str, *, as_: str, who: httpx.Client) -> None:
    """Let a person into a course in a role."""
    code = of.post(f"/api/courses/{course}/invitations", json={"role": as_, "uses": 1}).json()["code"]
    answer = who.post(f"/api/invitations/{code}/accept")
    assert answer.json() == {"courseId": course, "role": as_}, answer.text


@dataclass
class People:
    """Clients of an owner, a teacher, two students, and of somebody of another course; `course` is theirs."""

    owner: httpx.Client
    teacher: httpx.Client
    student: httpx.Client
    mate: httpx.Client
    stranger: httpx.Client
    course: str
    other: str
    signed: SignedInService
    more: list[httpx.Client] = field(default_factory=list)

    def new(self) -> httpx.Client:
        """Somebody nobody knows yet."""
        self.more.append(self.signed.program(subject=f"new-{uuid4().hex}"))
        return self.more[-1]

    def id_of(self, who: httpx.Client) -> str:
        """The id of a person."""
        return who.get("/api/me").json()["id"]


@pytest.fixture
def people(signed) -> People:
    """New people, and a course of theirs."""
    mark = uuid4().hex[:8]
    named = [signed.program(subject=f"{name}-{mark}") for name in ("owner", "teacher", "student", "mate", "stranger")]
    course, other = (named[at].post("/api/courses", json={"name": f"Course {mark}"}).json()["id"] for at in (0, 4))
    joined(named[0], course, as_="teacher", who=named[1])
    joined(named[1], course, as_="student", who=named[2])
    joined(named[1], course, as_="student", who=named[3])
    found = People(*named, course=course, other=other, signed=signed)
    yield found
    for client in [*named, *found.more]:
        client.close()
