"""Programs that people run, as npm has them: installed once, into a folder of the machine's."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def npm() -> Callable[[str, str], Path]:
    """Where a package of this name and version is: `npm("openai", "6.49.0")` is its folder `node_modules`."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed: the client cannot be run")

    def find(name: str, version: str) -> Path:
        root = Path(os.environ.get("NPM_CLIENTS_ROOT") or Path.home() / ".cache" / "npm_clients")
        folder = root / f"{name.replace('/', '_')}-{version}"
        if not (folder / "node_modules" / name).is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "package.json").write_text("{}")
            command = ["npm", "install", "--silent", "--no-package-lock", f"{name}@{version}"]
            got = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if got.returncode:
                pytest.skip(f"npm does not give {name} {version}: the client cannot be run")
        return folder / "node_modules"

    return find
