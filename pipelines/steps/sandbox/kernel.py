"""Calls to the kernel for which Python has no function, by way of the C library."""

import ctypes
import os
from collections.abc import Callable

libc = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 8, 22, 38


def call(name: str, function: Callable[..., int], *args: object) -> int:
    """The result of one call.

    Raises:
        OSError: the kernel refused; the text begins with `name`.
    """
    result = function(*args)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return result


def prctl(name: str, option: int, value: int | bytes) -> None:
    """One `prctl` with one argument.

    Raises:
        OSError: the kernel refused.
    """
    call(name, libc.prctl, option, value, 0, 0, 0)
