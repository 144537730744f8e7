"""The maker of docs/modules.md, from the first line of each module's docstring: `python -m tests.house.modules`."""

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "docs" / "modules.md"
HEAD = "# Every module\n\nMade from docstrings by `make map`; what the folders are for is in ARCHITECTURE.md.\n\n"


def tracked(*patterns: str) -> list[Path]:
    """Files git knows of that match `patterns` (all without one), without those that are gone."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in sorted(listed.stdout.split("\0")) if name and (ROOT / name).is_file()]


def first_sentence(path: Path) -> str:
    """The first line of a module's docstring; empty without one."""
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def table() -> str:
    """The page: one table a folder, a row for every module that is not a package's `__init__`."""
    folders: dict[str, list[str]] = {}
    for path in tracked("pipelines/*.py", "serving/*.py"):
        if path.name != "__init__.py":
            row = f"| `{path.name}` | {first_sentence(path)} |"
            folders.setdefault(path.parent.relative_to(ROOT).as_posix(), []).append(row)
    heads = (f"## `{folder}/`\n\n| module | what it holds |\n| --- | --- |\n" for folder in folders)
    return HEAD + "\n".join(head + "\n".join(rows) + "\n" for head, rows in zip(heads, folders.values(), strict=True))


if __name__ == "__main__":
    MODULES.write_text(table(), encoding="utf-8")
