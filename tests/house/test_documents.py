"""The documents tell the truth: every module in the map, every setting explained, nothing of one machine."""

import re
import subprocess
from pathlib import Path

from pipelines.core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def _tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_every_module_is_on_the_map():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    modules = [path for path in _tracked("pipelines/*.py", "serving/*.py") if path.name != "__init__.py"]
    missing = [str(path.relative_to(ROOT)) for path in modules if path.name not in text]
    assert not missing, f"ARCHITECTURE.md does not name {missing}"


def test_the_map_names_no_module_that_is_gone():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    names = {path.name for path in _tracked("*.py")}
    gone = {name for name in re.findall(r"`?\b([a-z_]+\.py)\b", text) if name not in names}
    assert not gone, f"ARCHITECTURE.md names {gone}"


def test_every_setting_is_in_readme_and_env_example():
    readme, example = (ROOT / "README.md").read_text(), (ROOT / ".env.example").read_text()
    for name in (field.upper() for field in Settings.model_fields):
        assert f"`{name}`" in readme, f"README.md does not explain {name}"
        assert re.search(rf"^#? ?{name}=", example, re.MULTILINE), f".env.example lacks {name}"


def test_only_settings_reads_the_environment():
    allowed = {"settings.py"}
    readers = [
        path.name
        for path in _tracked("pipelines/core/*.py", "pipelines/steps/*.py", "serving/*.py")
        if path.name not in allowed and re.search(r"\bos\.(environ|getenv)\b", path.read_text())
    ]
    assert not [name for name in readers if not name.startswith("sandbox")], readers


def test_nothing_names_one_machine_or_a_package_registry():
    words = ("/wo" + "rk/", "/ro" + "ot/", "pypi" + ".org", "registry.npm" + "js", "pythonhosted" + ".org")
    bad = [
        (str(path.relative_to(ROOT)), word)
        for path in _tracked()
        if path.suffix not in {".pdf", ".ogg", ".webp", ".png"}
        for word in words
        if word in path.read_text(encoding="utf-8", errors="ignore")
    ]
    assert not bad, bad


def test_notebooks_are_committed_without_outputs():
    for path in _tracked("notebooks/*.ipynb"):
        assert not re.search(r'"execution_count": \d', path.read_text()), f"{path.name}: clear its outputs"
