"""Jupyter notebooks as HTML: Markdown cells rendered, code kept as text, of outputs only what is text."""

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.documents.marked import markdown_html

MOST_OUTPUT_CHARS = 20_000
"""Of one output; longer ones are logs and tables of numbers, which nobody looks for."""
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def notebook_html(text: str) -> str:
    """The notebook as HTML.

    Raises:
        UnreadableFileError: `damaged`.
    """
    try:
        notebook = json.loads(text)
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        return "\n".join(part for cell in cells for part in _cell(cell))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise UnreadableFileError(
            "This notebook is damaged: it is no Jupyter notebook inside. Please save it again.", code="damaged"
        ) from None


def _cell(cell: dict[str, Any]) -> Iterator[str]:
    source = _joined(cell.get("source", cell.get("input", "")))
    kind = cell["cell_type"]
    if kind == "markdown":
        yield markdown_html(source)
    elif kind == "heading":  # notebooks before version 4
        level = min(6, max(1, int(cell.get("level", 1))))
        yield f"<h{level}>{escape(source)}</h{level}>"
    else:
        yield _code(source)
        for output in cell.get("outputs", ()):
            yield _code(_COLOURS.sub("", _output(output))[:MOST_OUTPUT_CHARS])


def _output(output: dict[str, Any]) -> str:
    """What an output says in text; "" for pictures and widgets."""
    if output.get("output_type") in ("error", "pyerr"):
        return f"{output.get('ename', '')}: {output.get('evalue', '')}"
    said = output.get("text") or output.get("data", {}).get("text/plain") or ""
    shown = _joined(said)
    drawn = any(name.startswith("image/") for name in output.get("data", {}))
    return "" if drawn else shown


def _joined(value: Any) -> str:
    return value if isinstance(value, str) else "".join(str(part) for part in value)


def _code(text: str) -> str:
    return f"<pre>{escape(text)}</pre>" if text.strip() else ""
