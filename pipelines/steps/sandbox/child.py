"""The child's end of `sandbox`: reads its order, closes the doors, runs the function, writes frames.

Started as a script in an isolated interpreter, so that nothing of the caller (environment, working folder, start-up
files, forked memory with keys in it) comes along.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.sandbox.frames import BROKEN, END, ITEM, REFUSED, send
from pipelines.steps.sandbox.guards import close_doors


def _obey(order: dict[str, Any]) -> None:
    """Runs the ordered function and sends everything it yields."""
    module_name, _, function_name = order["target"].partition(":")
    function = getattr(importlib.import_module(module_name), function_name)
    package = sys.modules[module_name.partition(".")[0]]
    budget = close_doors(
        parent_pid=order["parent_pid"],
        cpu_s=order["cpu_s"],
        item_s=order["item_s"],
        memory_mb=order["memory_mb"],
        open_files=order["open_files"],
        readable=[Path(__file__).resolve().parents[2], *(Path(folder) for folder in package.__path__)],
    )
    source = None if order["source_fd"] is None else os.fdopen(order["source_fd"], "rb")
    for value, blob in function(source, **order["args"]):
        send(order["write_fd"], ITEM, value, blob)
        budget.one_more_item()
    send(order["write_fd"], END, None)


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
    except BaseException:
        send(order["write_fd"], BROKEN, traceback.format_exc(limit=20))
    os._exit(0)


if __name__ == "__main__":
    main()
