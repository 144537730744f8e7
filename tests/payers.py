"""Payers of tests: the operator of some settings, and meters of theirs."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from pipelines.core.models.ledger import Caps
from pipelines.core.models.meter import Meter, Purpose, Used
from pipelines.core.models.payers import Payer
from pipelines.core.settings import Settings


def operator_of(settings: Settings, model: str = "m", *, key: str | None = None) -> Payer:
    """The operator, who pays at MODEL_BASE_URL; with another key where one is given."""
    assert settings.model_base_url is not None
    own = SecretStr(key) if key is not None else settings.model_api_key
    return Payer(person_id=None, key_id=None, base_url=settings.model_base_url, key=own, model=model)


class Uncounted(Meter):
    """A meter without a ledger, for calls that only show what is sent and read."""

    @contextmanager
    def call(self) -> Iterator[Used]:
        """Around one call."""
        yield Used()


def meter_of(settings: Settings, model: str = "m", purpose: Purpose = "description") -> Meter:
    """A meter of the operator that counts nothing."""
    payer = operator_of(settings, model)
    return Uncounted(database=None, payer=payer, purpose=purpose, caps=Caps())  # type: ignore[arg-type]
