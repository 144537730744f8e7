"""Known advisories of the locked packages, from a database on disk: `make audit ADVISORIES=FOLDER_OR_ZIP`.

The database is what OSV publishes for one ecosystem (`PyPI/all.zip`), as it is or unpacked. Nothing is asked over a
network: a lock says what runs where, and that goes nowhere.
"""

import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
ECOSYSTEM = "PyPI"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One locked package with one advisory. `fixed`: versions that are free of it; empty where none is known."""

    package: str
    version: str
    advisory: str
    aliases: tuple[str, ...]
    summary: str
    fixed: tuple[str, ...]

    def __str__(self) -> str:
        names = ", ".join((self.advisory, *self.aliases))
        cure = f"fixed in {', '.join(self.fixed)}" if self.fixed else "no fixed version is known"
        return f"{self.package} {self.version}: {names}: {self.summary or 'no summary'} ({cure})"


def pins(lock: str) -> list[tuple[str, str]]:
    """Name and version of everything a lock file pins; a name may come twice, for different platforms."""
    return [(canonicalize_name(name), version) for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.M)]


def advisories(database: Path) -> Iterator[dict[str, Any]]:
    """Every advisory in a folder of JSON files or in a zip of them.

    Raises `ValueError` naming the first file that is none, and `OSError` or `BadZipFile` for a database that cannot be
    read.
    """
    if database.is_dir():
        yield from (_advisory(str(path), path.read_bytes()) for path in sorted(database.rglob("*.json")))
        return
    with zipfile.ZipFile(database) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                yield _advisory(name, archive.read(name))


def audit(packages: Iterable[tuple[str, str]], database: Iterable[Mapping[str, Any]]) -> tuple[list[Finding], int]:
    """What is known of `packages`, and how many advisories of the ecosystem were looked at."""
    versions: dict[str, set[str]] = {}
    for name, version in packages:
        versions.setdefault(name, set()).add(version)
    found, seen = [], 0
    for advisory in database:
        affected = [entry for entry in advisory.get("affected", []) if _package(entry)[0] == ECOSYSTEM]
        seen += bool(affected)
        if advisory.get("withdrawn"):
            continue
        for version, name in {(v, _package(e)[1]) for e in affected for v in versions.get(_package(e)[1], ())}:
            entries = [entry for entry in affected if _package(entry)[1] == name]
            if any(_affects(entry, version) for entry in entries):
                found.append(_finding(advisory, name, version, entries))
    return sorted(found, key=lambda one: (one.package, one.version, one.advisory)), seen


def _advisory(name: str, content: bytes) -> dict[str, Any]:
    try:
        advisory = json.loads(content)
    except ValueError:
        raise ValueError(f"{name} is not JSON") from None
    if not isinstance(advisory, dict) or "id" not in advisory:
        raise ValueError(f"{name} is no OSV advisory")
    return advisory


def _package(entry: Mapping[str, Any]) -> tuple[str, str]:
    package = entry.get("package", {})
    return package.get("ecosystem", ""), canonicalize_name(package.get("name", ""))


def _affects(entry: Mapping[str, Any], version: str) -> bool:
    if version in entry.get("versions", []):
        return True
    return any(_inside(events, Version(version)) for events in _ranges(entry))


def _ranges(entry: Mapping[str, Any]) -> list[list[Mapping[str, str]]]:
    """Events of the ranges told in versions of the package; others are told in commits."""
    return [each.get("events", []) for each in entry.get("ranges", []) if each.get("type") == "ECOSYSTEM"]


def _inside(events: Iterable[Mapping[str, str]], version: Version) -> bool:
    """Whether the last event at or before `version` leaves it affected."""
    steps = []
    for event in events:
        for kind, text in event.items():
            try:
                steps.append((Version(text), kind))
            except InvalidVersion:
                return True  # a border nobody can place: better one warning too many
    affected = False
    for border, kind in sorted(steps, key=lambda step: step[0]):
        if kind == "introduced" and border <= version:
            affected = True
        elif (kind == "fixed" and border <= version) or (kind == "last_affected" and border < version):
            affected = False
    return affected


def _finding(advisory: Mapping[str, Any], name: str, version: str, entries: Iterable[Mapping[str, Any]]) -> Finding:
    events = [event for entry in entries for events in _ranges(entry) for event in events]
    return Finding(
        package=name,
        version=version,
        advisory=str(advisory["id"]),
        aliases=tuple(advisory.get("aliases", [])),
        summary=" ".join(str(advisory.get("summary", "")).split()),
        fixed=tuple(dict.fromkeys(event["fixed"] for event in events if "fixed" in event)),
    )


def main(arguments: list[str]) -> int:
    """0: nothing is known against the lock; 1: something is; 2: nothing could be looked up."""
    if not arguments:
        print(  # noqa: T201
            "No advisories were given, so nothing was audited: make audit ADVISORIES=folder-or-zip, which is OSV's"
            f" {ECOSYSTEM}/all.zip or what it holds."
        )
        return 2
    packages = pins(LOCK.read_text(encoding="utf-8"))
    try:
        found, seen = audit(packages, advisories(Path(arguments[0])))
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        print(f"The advisories in {arguments[0]} cannot be read, so nothing was audited: {error}.")  # noqa: T201
        return 2
    if not seen:
        print(f"{arguments[0]} holds no advisory of {ECOSYSTEM}, so nothing was audited.")  # noqa: T201
        return 2
    for one in found:
        print(one)  # noqa: T201
    print(f"{len(packages)} packages, {seen} advisories, {len(found)} found.")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
