"""Limits of the parser of strangers' files: the settings, as limits of the bounded child."""

from pipelines.core.settings import Settings
from pipelines.steps.sandbox.bounded import Limits

PAGE_S = 5.0
"""Seconds of CPU and wall time that each page adds."""


def pdf_limits(settings: Settings) -> Limits:
    """Limits for the child that reads one PDF."""
    return Limits(cpu_s=settings.pdf_cpu_s, item_s=PAGE_S, memory_mb=settings.pdf_memory_mb)
