"""Bill of materials of the lock, and the licences it comes under: `make bill` prints it as CycloneDX 1.6.

Licences are what installed packages say of themselves. What the lock holds for other platforms is in the bill by name,
version and hash alone.
"""

import json
import re
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution, distributions

from packaging.utils import canonicalize_name

from tests.house.audit import LOCK

NAMES = {
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL-3.0-or-later",
    "Dual Licensed - GNU AFFERO GPL 3.0 or Artifex Commercial License": "AGPL-3.0-or-later",
}
"""Older names of licences, as packages write them, and their SPDX identifiers."""

READ = {
    "axe-playwright-python": "MIT",
    "pymupdf-layout": "AGPL-3.0-or-later",
    "pymupdf4llm": "AGPL-3.0-or-later",
    "pyrage": "MIT",
}
"""Packages whose metadata names none: read from the file inside, or from the package that they are an empty part of."""

ALLOWED = {
    "0BSD", "AGPL-3.0-or-later", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "LGPL-3.0-only",
    "LGPL-3.0-or-later", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib",
}  # fmt: skip
"""Free licences that may be combined with ours, AGPL-3.0-or-later."""


def licence_of(package: Distribution) -> str:
    """SPDX expression of one installed package; empty where it names none that is known."""
    told = package.metadata
    if found := told.get("License-Expression"):
        return str(found)
    kinds = [text.rpartition(" :: ")[2] for text in told.get_all("Classifier") or [] if text.startswith("License ::")]
    known = sorted({NAMES[kind] for kind in kinds if kind in NAMES})
    if known:
        return " OR ".join(known)
    line = (told.get("License") or "").strip().partition("\n")[0]
    return NAMES.get(line, line) or READ.get(canonicalize_name(told["Name"]), "")


def allowed(expression: str) -> bool:
    """Whether one side of every choice in an SPDX expression is allowed; none is not."""
    one_of = [re.findall(r"[\w.-]+", choice.replace(" AND ", " ")) for choice in expression.split(" OR ")]
    return any(parts and set(parts) <= ALLOWED for parts in one_of)


def installed() -> dict[str, str]:
    """Licence of every installed package but ours, by its name."""
    found = {canonicalize_name(each.metadata["Name"]): licence_of(each) for each in distributions()}
    return {name: licence for name, licence in found.items() if name != "studybuddy"}


def bill(lock: str, licences: Mapping[str, str]) -> dict[str, object]:
    """The lock as a CycloneDX document: name, version, hashes of the files that may be installed, licence."""
    components = []
    for name, version, rest in re.findall(r"^([\w.-]+)==([^\s;\\]+)([^\n]*(?:\n    --hash[^\n]*)*)", lock, re.M):
        called = canonicalize_name(name)
        component: dict[str, object] = {
            "type": "library",
            "name": called,
            "version": version,
            "purl": f"pkg:pypi/{called}@{version}",
            "hashes": [{"alg": "SHA-256", "content": each} for each in re.findall(r"sha256:(\w{64})", rest)],
        }
        if licence := licences.get(called):
            component["licenses"] = [{"expression": licence}]
        components.append(component)
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}


if __name__ == "__main__":
    json.dump(bill(LOCK.read_text(encoding="utf-8"), installed()), sys.stdout, indent=1)
    sys.stdout.write("\n")
