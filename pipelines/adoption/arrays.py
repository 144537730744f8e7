"""Arrays in the form in which PostgreSQL sends and takes them: passed on whole, without a look at what is in them.

A vector that is read as numbers and written again costs ten times what its bytes do, and a deployment has a million.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from psycopg.adapt import Dumper
from psycopg.pq import Format

from pipelines.core.postgres import Connection

_HEAD = struct.Struct("!iiIii")
"""Dimensions, whether there are nulls, type of the elements, how many there are, number of the first."""
_LENGTH = struct.Struct("!i")


@dataclass(frozen=True, slots=True)
class Array:
    """An array as the wire has it; its type is what the statement casts it to."""

    data: bytes


def array_of(type_oid: int, elements: bytes, count: int) -> Array:
    """An array of so many elements of this type, at least one, packed by `pack`."""
    return Array(_HEAD.pack(1, 0, type_oid, count, 1) + elements)


def pack(elements: Iterable[bytes]) -> bytes:
    """Elements as they stand in an array."""
    return b"".join(_LENGTH.pack(len(each)) + each for each in elements)


def take_arrays(connection: Connection) -> None:
    """Let statements on this connection have `Array` among their parameters."""
    connection.adapters.register_dumper(Array, _AsItIs)


class _AsItIs(Dumper):
    format = Format.BINARY

    def dump(self, obj: Array) -> bytes:
        return obj.data
