"""Limits of one child: time, memory, results; chosen by whoever has the file to read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one child may use; reaching any of them ends it.

    `wall_s` counts only while the caller waits for the child, so a slow consumer is not held against the file.
    `item_s` is added to `wall_s` and `cpu_s` for every item that arrived (a long deck may take long, one page may
    not), up to `total_s` for either, whatever the file claims to hold; `max_items` bounds the items. `memory_mb` is
    address space in MiB, `output_mb` all bytes that come back, in MiB. `folder_mb` is what it may write, in MiB, in
    a folder of its own; 0: it has none. `network` True: it may reach the network (`steps/links/`), where everything it
    asks for is judged by itself alone. `background` True: nobody waits for it, so other work comes first where
    processors are short. `accept_missing_guards` True: read the file even where this machine lacks a guard that is
    required (`guards.REQUIRED`).
    """

    wall_s: float = 300.0
    cpu_s: int = 120
    item_s: float = 0.0
    total_s: float = 1800.0
    max_items: int = 50_000
    memory_mb: int = 4096
    output_mb: int = 200
    open_files: int = 64
    folder_mb: int = 0
    network: bool = False
    background: bool = False
    accept_missing_guards: bool = False

    def within(self, start_s: float, items: int) -> float:
        """Seconds allowed once so many items arrived, of `wall_s` or `cpu_s`."""
        return min(self.total_s, start_s + items * self.item_s)
