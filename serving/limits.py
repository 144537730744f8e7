"""Every number that bounds the service, with its unit and its reason. Tests pass shorter ones to `create_app`."""

from dataclasses import dataclass, field

from pipelines.answering.turn import Bounds
from pipelines.core.registry.access_tokens import MOST as MOST_TOKENS
from pipelines.http.connections import ConnectionLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times are seconds, sizes bytes or characters."""

    connections: ConnectionLimits = field(default_factory=ConnectionLimits)
    """What a connection may send before and beside a body, and how many there may be."""

    body_bytes: int = 8_000_000
    """Largest request body. The client posts the whole history with each question, so long chats need room."""

    question_chars: int = 20_000
    """Longest question."""

    history_messages: int = 20
    """Earlier messages the model is shown."""

    answer: Bounds = field(default_factory=Bounds)
    """What one answer may use."""

    hits: int = 8
    """Passages a search gives the model."""

    runs_per_user: int = 8
    """Answers being written for one person at a time."""

    runs: int = 1000
    """Answers being written in one process at a time."""

    flush_s: float = 0.2
    """Pause between writes of stream text to the database, one statement for all runs of the process."""

    beat_s: float = 1.0
    """Pause between signs of life."""

    dead_after_s: float = 3.5
    """A process silent for so long has died; its answers are closed as interrupted, and their chats take questions
    again. One that stood still for a while and lives writes over that what its reader got."""

    leave_grace_s: float = 30.0
    """How long an answer goes on when nobody reads it: a reload comes back within this time."""

    ping_s: float = 10.0
    """Pause after which a silent stream sends a comment: gateways cut streams idle for 29 to 60 seconds."""

    events_kept_s: float = 300.0
    """How long stream text outlives its run."""

    drain_s: float = 8.0
    """At shutdown, time for answers to end by themselves; then they are closed as interrupted."""

    link_s: int = 6 * 3600
    """How long a signed link to a slide image or a recording works."""

    known_s: float = 30.0
    """How long a process knows who showed a credential. Who is suspended or signs out is forgotten at once, or after
    this time where the news does not arrive."""

    session_idle_s: float = 86_400.0
    """A browser's session ends when it is not used for so long."""

    session_s: float = 7 * 86_400.0
    """A browser's session ends after so long, used or not: whom the university lets go cannot stay."""

    session_note_s: float = 300.0
    """The use of a session or token is written down again after this time."""

    sign_in_s: float = 600.0
    """From the beginning of a sign-in to its end, which a person spends at the issuer's page."""

    tokens_per_user: int = MOST_TOKENS
    """Personal access tokens of one person."""

    uploads_per_user: int = 4
    """Files that one person uploads to this process at a time."""

    partial_uploads_per_user: int = 500
    """Uploads in pieces that one person has begun and not ended: a folder of files at a time."""

    watch_s: float = 2.0
    """Pause after which an open stream of a course, or of a recording, asks whether its reader may still have it."""

    invitations_per_course: int = 200
    """Invitations of one course that are good at a time."""

    openrouter_timeout_s: float = 10.0
    """How long OpenRouter may take for an answer about a key."""

    issuer_timeout_s: float = 5.0
    """How long the issuer may take for an answer."""

    issuer_refresh_s: float = 300.0
    """Pause after which the issuer's addresses and keys are fetched again."""

    issuer_cooldown_s: float = 30.0
    """Pause between fetches that tokens cause: one with a key nobody knows must not make us ask all the time."""
