"""Recordings fetched by their link, in a bounded child that has a network and nothing else."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from pipelines.core.errors import TransientError, UnreadableFileError
from pipelines.steps.sandbox.bounded import run_bounded
from pipelines.steps.sandbox.limits import Limits


class LinkUnreachableError(TransientError):
    """The server of a link does not answer now."""

    default_code = "link_unreachable"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The next bytes of a recording. `total`: bytes it will have; None: not known."""

    block: bytes
    total: int | None


def fetch(
    url: str, *, trusted: Sequence[str], max_bytes: int, max_s: float, limits: Limits
) -> Generator[Fetched, None, None]:
    """The bytes of the recording to which a link leads: media as they are, a stream's segments (HLS, DASH) joined, the
    item of a podcast's feed.

    Args:
        trusted: addresses of the operator's that may lie in a private network; all others must be public.
        max_bytes, max_s: largest and longest recording.
        limits: of the child; its `wall_s` is how long all of it may take.

    Raises:
        UnreadableFileError: `address_refused`, `link_gone`, `link_refused`, `not_media`, `too_large`, `too_long`,
            `live_stream`, `protected`, `link_unreadable`, `link_slow`.
        LinkUnreachableError
        UnguardedError: this machine lacks a guard of the child.
    """
    args = {"url": url, "trusted": list(trusted), "max_bytes": max_bytes, "max_s": max_s}
    items = run_bounded("pipelines.steps.links.worker:recording", args=args, limits=limits, subject="This link")
    try:
        for item in items:
            total = item.value.get("total") if isinstance(item.value, dict) else None
            yield Fetched(item.blob, total if isinstance(total, int) else None)
    except UnreadableFileError as error:
        if error.code == "link_unreachable":
            raise LinkUnreachableError(error.message) from None
        if error.code == "parser_limit":
            minutes = f"{limits.wall_s / 60:.0f} minutes"
            sentence = f"This link did not come to an end within {minutes}. Link a recording, or upload the file."
            raise UnreadableFileError(sentence, code="link_slow") from None
        raise
