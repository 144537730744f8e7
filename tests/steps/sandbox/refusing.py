"""A machine without guards: runs a command under a filter that refuses Landlock, seccomp and namespaces."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from pipelines.steps.sandbox.kernel import PR_SET_NO_NEW_PRIVS, prctl
from pipelines.steps.sandbox.system_calls import Line, install

LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, EPERM = 0x7FFF0000, 0x00050001
REFUSED = {"x86_64": (444, 445, 446, 317, 272), "aarch64": (444, 445, 446, 277, 97)}
"""landlock_create_ruleset, landlock_add_rule, landlock_restrict_self, seccomp, unshare."""
PRCTL = {"x86_64": 157, "aarch64": 167}


def refusing(command: list[str]) -> list[str]:
    """The command line that runs `command` on such a machine."""
    return [sys.executable, str(Path(__file__).resolve()), *command]


def program(machine: str) -> list[Line]:
    lines: list[Line] = [(LOAD, 0, 0, 0)]
    for number in REFUSED[machine]:
        lines += [(EQUAL, 0, 1, number), (RETURN, 0, 0, EPERM)]
    lines += [(EQUAL, 0, 3, PRCTL[machine]), (LOAD, 0, 0, 16), (EQUAL, 0, 1, 22), (RETURN, 0, 0, EPERM)]
    return [*lines, (RETURN, 0, 0, ALLOW)]


if __name__ == "__main__":
    prctl("no_new_privs", PR_SET_NO_NEW_PRIVS, 1)
    install(program(os.uname().machine))
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606  the command of a test
