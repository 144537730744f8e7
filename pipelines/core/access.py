"""Access: what a person may see and do in a course and with an upload. The one place that decides it.

The rules are pure functions here; what a statement needs of them is in SQL functions of the same names (migration
0023), and row security (migration 0028) says the same a second time, for statements that forget to ask.
"""

from dataclasses import dataclass
from typing import Literal

Role = Literal["student", "teacher", "owner"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where an upload stands, and whose it is.

    Args:
        own: whether who asks owns it.
        published: it is the course's; otherwise its owner's alone.
        offered: its owner offers it to the course.
        released: students may see it once it is published; False before its date.
    """

    own: bool
    published: bool
    offered: bool = False
    released: bool = True


def teaches(role: Role | None) -> bool:
    """Whether the role, None for nobody of the course, is that of one who teaches it."""
    return role in {"teacher", "owner"}


def sees_upload(role: Role | None, upload: Shelf) -> bool:
    """Whether a person finds an upload in lists and may open it.

    Their own private ones, also after they left the course; as a member what is published and released; who teaches
    also what is not released yet and what is offered. Nobody else's private ones.
    """
    if upload.own and (not upload.published or role is not None):
        return True
    if teaches(role):
        return upload.published or upload.offered
    return role is not None and upload.published and upload.released


def searches_upload(role: Role | None, upload: Shelf) -> bool:
    """Whether a person's searches and chats go through an upload: as a member, what is the course's, and their own.

    What is only offered is not searched by who teaches: it is not the course's yet.
    """
    if role is None:
        return False
    return upload.own or (upload.published and (upload.released or teaches(role)))


def manages_upload(role: Role | None, upload: Shelf) -> bool:
    """Whether a person may rename, process again, replace and delete an upload.

    Who teaches: their own, and what is published or offered. Everybody: their own while it is private.
    """
    return (upload.own and not upload.published) or (teaches(role) and sees_upload(role, upload))


def publishes_upload(role: Role | None, upload: Shelf) -> bool:
    """Whether a person may publish an upload, decline its offer, date its release, or take it from the course again."""
    return teaches(role) and sees_upload(role, upload)


def offers_upload(role: Role | None, upload: Shelf) -> bool:
    """Whether a person may offer an upload to their course, or take the offer back."""
    return role is not None and upload.own and not upload.published


def adds_upload(role: Role | None, kind: Literal["document", "lecture"], *, students_add_lectures: bool) -> bool:
    """Whether a person may bring an upload of this kind into a course. A student's deck is private until published."""
    return role is not None and (kind == "document" or teaches(role) or students_add_lectures)


def manages_course(role: Role | None) -> bool:
    """Whether a person may rename, open, archive and delete a course, and change its members' roles."""
    return role == "owner"


def invites(role: Role | None, to: Role) -> bool:
    """Whether a person may invite others to be `to`: who teaches, up to their own role."""
    return role == "owner" or (role == "teacher" and to != "owner")
