"""Everything that is kept of a person: one list, by which they get it and it is erased; a test finds what it lacks."""

from dataclasses import dataclass
from typing import Literal

Fate = Literal["goes", "stays"]
"""What becomes of rows when their person is erased: they go with them, or stay and are nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Rows of a table that are a person's.

    Args:
        theirs: which they are, as a condition on row `t` with the parameter `person_id`.
        column: the column that holds the person's id; None: it is known by the row that this one belongs to.
        fate: what becomes of them with the person.
        exported: whether the person gets them; False where they hold nothing but secrets' hashes.
        hidden: columns nobody gets: secrets, and other people's ids.
    """

    table: str
    theirs: str
    column: str | None = None
    fate: Fate = "goes"
    exported: bool = True
    hidden: tuple[str, ...] = ()


def _of(table: str, column: str = "user_id", **more: object) -> Kept:
    return Kept(table=table, column=column, theirs=f"t.{column} = %(person_id)s::uuid", **more)  # type: ignore[arg-type]


_CHATS = "t.session_id in (select id from chat_sessions where user_id = %(person_id)s::uuid)"
_ANSWERS = (
    "t.message_key in (select m.key from chat_messages m join chat_sessions s on s.id = m.session_id"
    " where s.user_id = %(person_id)s::uuid)"
)

KEPT: tuple[Kept, ...] = (
    _of("users", "id"),
    _of("user_courses"),
    _of("adopted_people"),
    _of("documents", "owner_id", fate="stays", hidden=("password_sealed",)),
    _of("lectures", "owner_id", fate="stays"),
    _of("user_lectures"),
    _of("partial_uploads"),
    _of("chat_sessions"),
    Kept(table="chat_messages", theirs=_CHATS),
    Kept(table="chat_runs", theirs=_CHATS),
    Kept(table="chat_run_events", theirs="false", exported=False),  # the same words as the message's, for minutes
    Kept(table="chat_feedback", theirs=_ANSWERS),
    Kept(table="proposed_questions", theirs=_ANSWERS),
    Kept(table="message_sources", theirs=_ANSWERS),
    _of("access_tokens", hidden=("hash",)),
    _of("browser_sessions", hidden=("hash",)),
    _of("model_keys", hidden=("sealed", "key_hash")),
    _of("openrouter_attempts", exported=False),
    _of("request_buckets", exported=False),
    _of("model_calls", fate="stays"),
    _of("invitations", "created_by", fate="stays", hidden=("code_hash",)),
    _of("corrections", "corrected_by", fate="stays"),
    _of("source_reports", "reported_by"),
    _of("audit_events", "subject_id", hidden=("actor_id",)),
    _of("audit_events", "actor_id", fate="stays", hidden=("subject_id",)),
)
"""Uploads stay where they are published: they are the course's. Private ones are deleted before."""
