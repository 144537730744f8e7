"""Limits of the bounded children that read strangers' files, made from the settings, and what their sandbox lacks."""

from dataclasses import replace
from functools import cache

from pipelines.core.settings import Settings
from pipelines.steps.captions import reading
from pipelines.steps.documents import office
from pipelines.steps.sandbox.bounded import missing_guards
from pipelines.steps.sandbox.guards import missing_sentence
from pipelines.steps.sandbox.limits import Limits
from pipelines.steps.speech import recordings, subtitles
from pipelines.steps.video import matching, scenes

PAGE_S = 5.0
"""Seconds of CPU and wall time that each page adds."""


def pdf_limits(settings: Settings, *, background: bool = False) -> Limits:
    """Limits for the child that reads one PDF. A page is an item when it is read, and once more when recognised.

    Args:
        background: the deck can be searched already.
    """
    limits = Limits(
        cpu_s=settings.pdf_cpu_s,
        item_s=PAGE_S,
        max_items=2 * settings.pdf_max_pages + 10,
        memory_mb=settings.pdf_memory_mb,
        background=background,
    )
    return _of_any_file(limits, settings)


def office_limits(settings: Settings) -> Limits:
    """Limits for the child that makes a PDF of one office file."""
    limits = replace(
        office.LIMITS, memory_mb=settings.pdf_memory_mb, cpu_s=max(office.LIMITS.cpu_s, settings.pdf_cpu_s)
    )
    return _of_any_file(limits, settings)


def media_limits(settings: Settings) -> Limits:
    """Limits for the child that decodes one recording."""
    return _of_any_file(recordings.LIMITS, settings)


def video_limits(settings: Settings) -> Limits:
    """Limits for the child that looks at the pictures of one recording."""
    return _of_any_file(scenes.LIMITS, settings)


def matching_limits(settings: Settings) -> Limits:
    """Limits for the child that compares pictures of a recording with pages."""
    return _of_any_file(matching.LIMITS, settings)


def captions_limits(settings: Settings) -> Limits:
    """Limits for the child that reads one caption file."""
    return _of_any_file(reading.LIMITS, settings)


def subtitles_limits(settings: Settings) -> Limits:
    """Limits for the child that reads the subtitles inside one recording."""
    return _of_any_file(subtitles.LIMITS, settings)


def link_limits(settings: Settings) -> Limits:
    """Limits for the child that fetches one recording by its link; all that may be uploaded fits."""
    return Limits(
        wall_s=settings.link_max_minutes * 60,
        total_s=settings.link_max_minutes * 60,
        cpu_s=600,
        max_items=10_000_000,
        memory_mb=2048,
        output_mb=settings.media_max_mb + 100,
        network=True,
        accept_missing_guards=settings.accept_weak_sandbox,
    )


def accepted_weakness(settings: Settings) -> str | None:
    """The required guards this machine lacks where the settings accept that; None: all hold, or nothing is read."""
    return _weakness() if settings.accept_weak_sandbox else None


@cache
def _weakness() -> str | None:
    return missing_sentence(missing_guards())


def _of_any_file(limits: Limits, settings: Settings) -> Limits:
    return replace(
        limits,
        total_s=settings.parser_max_minutes * 60,
        accept_missing_guards=settings.accept_weak_sandbox,
    )
