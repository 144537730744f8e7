"""The import table of the house: which room may import which, and which heavy libraries it may load."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

MAY_IMPORT = {
    "pipelines.core": {"pipelines.core"},
    "pipelines.steps": {"pipelines.steps", "pipelines.core.records", "pipelines.core.errors", "pipelines.core.net"},
    "pipelines.answering": {
        "pipelines.answering",
        "pipelines.core",
        "pipelines.steps.chunkers",  # sets of other chunks than the pipeline's
        # what an evaluation computes from the hits of its questions
        "pipelines.steps.questions",
        "pipelines.steps.scoring",
        "pipelines.steps.statistics",
    },
    "pipelines.adoption": {"pipelines.adoption", "pipelines.core", "pipelines.answering.quoting"},
    "pipelines.defs": {
        "pipelines.defs",
        "pipelines.steps",
        "pipelines.core",
        "pipelines.answering",
        "pipelines.adoption",
    },
    "pipelines.http": {"pipelines.http"},
    "pipelines.runtime": {"pipelines.runtime", "pipelines.core", "pipelines.http"},
    "pipelines.fleet": {"pipelines.fleet"},
    "pipelines.definitions": {"pipelines.defs"},
    "pipelines.cli": {"pipelines", "serving.run", "serving.programs.stdio"},
    "serving": {
        "serving",
        "pipelines.core",
        "pipelines.http",
        "pipelines.answering",
        # what a file is, by its first bytes: uploads are refused by the rules that the pipeline reads them by
        "pipelines.steps.documents.checks",
        "pipelines.steps.documents.kinds",
        "pipelines.steps.speech.sniff",
        "pipelines.steps.captions.records",
        "pipelines.steps.captions.formats",  # captions of a transcript, for players
        "pipelines.steps.links.names",  # what a lecture by link is called until it has been fetched
    },
    "notebooks": {"pipelines.core", "pipelines.steps", "pipelines.answering"},
}
HEAVY = {
    "dagster": {"pipelines.defs", "pipelines.runtime", "pipelines.fleet", "pipelines.definitions"},
    "celery": {"pipelines.fleet"},
    "pymupdf": {"pipelines.steps"},
    "faster_whisper": {"pipelines.steps"},
    "rapidocr": {"pipelines.steps"},
    "av": {"pipelines.steps"},
    "pandas": {"pipelines.steps", "pipelines.defs", "notebooks"},
    "onnxruntime": {"pipelines.core", "pipelines.steps"},
    "fastapi": {"serving"},
    "starlette": {"serving"},
    "typer": {"pipelines.cli"},
}


def _sources():
    for folder in ("pipelines", "serving"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "node_modules" not in path.parts:
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
                yield name, path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        yield f"notebooks.{path.stem}", "\n".join(line for line in "\n".join(code).splitlines() if line[:1] not in "%!")


def _imports(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def _inside(name, rooms):
    return any(name == room or name.startswith(room + ".") for room in rooms)


def _room(module):
    rooms = [room for room in MAY_IMPORT if _inside(module, [room]) or (room == "pipelines.cli" and "cli" in module)]
    return max(rooms, key=len) if rooms else None


@pytest.mark.parametrize(("module", "text"), list(_sources()), ids=lambda value: value if "\n" not in value else "")
def test_a_module_imports_only_from_the_rooms_its_own_room_may_use(module, text):
    room = _room(module)
    if room is None:
        assert module in {"pipelines"}, f"{module} stands in no room of the house; see ARCHITECTURE.md"
        return
    for name in _imports(text):
        if name.startswith(("pipelines.", "serving.", "notebooks.")):
            assert _inside(name, MAY_IMPORT[room]), f"{module} ({room}) may not import {name}"
        for library, rooms in HEAVY.items():
            if _inside(name, [library]):
                assert _inside(module, rooms) or room in rooms, f"{module} ({room}) may not load {library}"


def test_the_map_tells_the_import_table():
    rows = re.findall(r"^\| `([a-z/]+)/` \|[^|]*\| ([^|]+) \|", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    told = {room.replace("/", "."): set(words.split(", ")) for room, words in rows}
    kept = {
        room: {name.removeprefix("pipelines.") for name in names}
        for room, names in MAY_IMPORT.items()
        if room != "pipelines.definitions"
    }
    assert told == kept


def test_the_service_loads_no_pipeline_library():
    code = "import serving.app, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"dagster", "pymupdf", "faster_whisper", "pandas", "av", "rapidocr"} & set(loaded.stdout.split())
    assert "mcp" not in loaded.stdout.split(), "who asks no MCP server does not wait for one"
    assert not {"authlib", "jwt"} & set(loaded.stdout.split()), "one person alone needs no issuer's libraries"


def test_no_room_is_a_heap():
    """More files side by side than a person reads through; prefixes of their names are rooms of their own."""
    folders = [path for top in ("pipelines", "serving") for path in (ROOT / top).rglob("*") if path.is_dir()]
    sizes = {str(folder.relative_to(ROOT)): len(list(folder.glob("*.py"))) for folder in folders}
    assert {name: size for name, size in sizes.items() if size > 40} == {}
