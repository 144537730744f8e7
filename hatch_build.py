"""Build hook of the wheel: the page is built before it is packed. `make` builds that of an installed checkout."""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageHook(BuildHookInterface):
    """Builds the page into `serving/dist`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before anything is packed."""
        if version == "standard":
            runpy.run_path(str(Path(self.root) / "web" / "build.py"))["build"]()
            build_data["artifacts"].append("/serving/dist")
