"""Fixtures all rooms share: the shared course material, and a real migrated database cloned for each test."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real decks, captions, recordings and damaged files; skips where it is not laid beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not here: this test reads real course material from beside the checkout")
    return SHARED
