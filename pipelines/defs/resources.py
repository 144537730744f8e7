"""Resources of the assets: the stores and the speech recogniser, opened once a run and closed with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import dagster as dg
from pydantic import PrivateAttr

from pipelines.core.settings import get_settings
from pipelines.core.stores import Stores
from pipelines.core.tracing.spans import TRACE_TAG, export_spans, send_spans, span
from pipelines.steps.speech.model import SpeechModel, load_model


class StoresResource(dg.ConfigurableResource):
    """The application's database, files and secrets. Settings come from the environment, never from run config."""

    _stores: Stores | None = PrivateAttr(default=None)
    _speech_model: SpeechModel | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["StoresResource"]:
        """Open the stores for the length of one run, which goes on in the trace of what brought its upload."""
        run, settings = context.run, get_settings()
        export_spans(settings, "studybuddy-run")
        parent, run_id = (run.tags.get(TRACE_TAG), run.run_id) if run is not None else (None, None)
        try:
            with span("run", parent=parent, dagster_run=run_id), Stores.open(settings) as stores:
                self._stores = stores
                yield self
        finally:
            send_spans()

    @property
    def open(self) -> Stores:
        """The open stores; only inside a run."""
        if self._stores is None:
            raise dg.DagsterInvariantViolationError("The stores are open only inside a run.")
        return self._stores

    @property
    def speech_model(self) -> SpeechModel:
        """The speech recogniser of the settings, loaded on first use (some seconds).

        Raises:
            SettingsError: its weights are not here, or this machine lacks the device; names the setting.
        """
        if self._speech_model is None:
            settings = self.open.settings
            self._speech_model = load_model(
                settings.whisper_model,
                cache=settings.home / "models",
                device=settings.whisper_device,
                compute_type=settings.whisper_compute_type,
            )
        return self._speech_model


@cache
def lasting_stores() -> Stores:
    """Stores of the code server, opened at the first look of a sensor: opening them each time would cost more than a
    look."""
    return Stores.open()


def resources() -> dict[str, Any]:
    """The resources of the definitions, by the name assets ask for."""
    return {"stores": StoresResource()}
