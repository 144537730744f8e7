"""The child's end of `bounded`: reads its order, stands apart, closes the doors, runs the function, writes frames.

Started as a script in an isolated interpreter, so that nothing of the caller (environment, working folder, start-up
files, forked memory with keys in it) comes along.
"""

import errno
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.sandbox.frames import BROKEN, END, ITEM, REFUSED, UNGUARDED, send
from pipelines.steps.sandbox.guards import REQUIRED, close_doors, stand_apart

BACKGROUND = 5
"""Niceness of a child that nobody waits for: on a busy machine about a third of the time of one that somebody does."""


def _obey(order: dict[str, Any]) -> None:
    """Runs the ordered function and sends everything it yields."""
    pipe, source_fd = order["write_fd"], order["source_fd"]
    if order["background"]:
        os.nice(BACKGROUND)
    guardian = stand_apart(
        parent_pid=order["parent_pid"],
        tell=order["tell_fd"],
        close=[pipe] if source_fd is None else [pipe, source_fd],
        network=order["network"],
    )
    module_name, _, function_name = order["target"].partition(":")
    function = getattr(importlib.import_module(module_name), function_name)
    package = sys.modules[module_name.partition(".")[0]]
    folder = None if order["folder"] is None else Path(order["folder"])
    missing = close_doors(
        guardian,
        cpu_s=order["cpu_s"],
        memory_mb=order["memory_mb"],
        open_files=order["open_files"],
        readable=[Path(path) for path in (Path(__file__).resolve().parents[2], *package.__path__, *order["readable"])],
        folder=folder,
        folder_mb=order["folder_mb"],
        network=order["network"],
    )
    if not order["accept_missing_guards"] and REQUIRED.keys() & missing:
        send(pipe, UNGUARDED, missing)
        return
    source = None if source_fd is None else os.fdopen(source_fd, "rb")
    given = order["args"] if folder is None else {**order["args"], "folder": folder}
    for value, blob in function(source, **given):
        send(pipe, ITEM, value, blob)
    send(pipe, END, None)


def main() -> None:
    """Entry of the child process. It leaves at once at the end: parsers have nothing to save by cleaning up."""
    order = json.load(sys.stdin)
    try:
        _obey(order)
    except UnreadableFileError as error:
        send(order["write_fd"], REFUSED, {"code": error.code, "message": error.message})
    except MemoryError:
        sentence = "Reading this file needs more memory than one file may use, so it was given up."
        send(order["write_fd"], REFUSED, {"code": "parser_limit", "message": sentence})
    except BaseException as error:
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            sentence = "Reading this file needs more space than one file may use, so it was given up."
            send(order["write_fd"], REFUSED, {"code": "parser_limit", "message": sentence})
            os._exit(0)
        import traceback  # a fifth of the time this process needs to start, and nearly never needed

        send(order["write_fd"], BROKEN, traceback.format_exc(limit=20))
    os._exit(0)


if __name__ == "__main__":
    main()
