"""The filter of system calls, run here as the kernel would run it, for both architectures it has numbers for."""

import pytest

from pipelines.steps.sandbox.system_calls import ALLOWED, ONLY, Line, allow_list

ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
MACHINES = [(0, 0xC000003E), (1, 0xC00000B7)]
THREAD = 0x003D0F00  # what the C library asks `clone` for


def verdict(program: list[Line], number: int, arguments: tuple[int, ...] = (), machine: int = 0) -> int:
    """What the program answers a call: classic BPF, as far as the filter uses it."""
    words = [number, machine, 0, 0]
    for argument in (*arguments, *[0] * (6 - len(arguments))):
        words += [argument & 0xFFFFFFFF, argument >> 32]
    at = loaded = 0
    while True:
        operation, when_true, when_false, operand = program[at]
        at += 1
        if operation == 0x06:
            return operand
        if operation == 0x20:
            loaded = words[operand // 4]
            continue
        true = {0x15: loaded == operand, 0x35: loaded >= operand, 0x45: bool(loaded & operand)}[operation]
        skip = when_true if true else when_false
        assert 0 <= skip <= 255
        at += skip


@pytest.mark.parametrize(("column", "machine"), MACHINES, ids=["x86_64", "aarch64"])
def test_what_is_on_the_list_may_be_called_and_nothing_else(column: int, machine: int) -> None:
    program = allow_list(column, machine)
    allowed = {numbers[column]: name for name, numbers in ALLOWED.items() if numbers[column] is not None}
    for number in range(470):
        met = verdict(program, number, (THREAD,) if allowed.get(number) == "clone" else (), machine)
        name = allowed.get(number)
        if name in ONLY:
            continue
        assert met == (ENOSYS if number == 435 else ALLOW if name else EPERM), (number, name)
    assert verdict(program, 470, (), machine) == verdict(program, 5000, (), machine) == ENOSYS
    assert verdict(program, 0x40000000 + 1, (), machine) == EPERM


@pytest.mark.parametrize(("column", "machine"), MACHINES, ids=["x86_64", "aarch64"])
def test_a_call_by_the_numbers_of_another_architecture_is_refused(column: int, machine: int) -> None:
    program = allow_list(column, machine)
    assert {verdict(program, number, (), 0x40000003) for number in range(470)} == {EPERM}


@pytest.mark.parametrize(("column", "machine"), MACHINES, ids=["x86_64", "aarch64"])
@pytest.mark.parametrize(
    ("name", "arguments", "fine"),
    [
        ("clone", (THREAD,), True),
        ("clone", (17,), False),
        ("clone", (THREAD | 0x10000000,), False),
        ("clone", (THREAD | 0x00020000,), False),
        ("ioctl", (3, 0x5401), True),
        ("ioctl", (3, 0x40086602), False),
        ("ioctl", (3, 0x5412), False),  # typing into somebody's terminal
        ("ioctl", (3, 0x5401 | 1 << 32), False),
        ("fcntl", (3, 2, 1), True),
        ("fcntl", (3, 1030, 9), True),
        ("fcntl", (3, 8, 77), False),
        ("prctl", (15,), True),
        ("prctl", (1, 0), False),
        ("prlimit64", (0, 3, 0, 4096), True),
        ("prlimit64", (0, 3, 4096, 0), False),
        ("prlimit64", (0, 3, 1 << 32, 0), False),
        ("prlimit64", (77, 3, 0, 4096), False),
    ],
)
def test_calls_whose_arguments_decide_are_allowed_for_the_harmless_ones(
    column: int, machine: int, name: str, arguments: tuple[int, ...], fine: bool
) -> None:
    number = ALLOWED[name][column]
    assert number is not None
    assert verdict(allow_list(column, machine), number, arguments, machine) == (ALLOW if fine else EPERM)
