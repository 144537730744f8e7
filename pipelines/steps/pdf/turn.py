"""Upright pages from pages laid out on their side or upside down, so that every step sees text running rightwards."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipelines.steps.pdf.lines import Line


def main_direction(lines: Sequence[dict[str, Any]]) -> tuple[int, int]:
    """The direction most characters run in, as one of the four axis directions (dx, dy); y runs downwards."""
    if all(line["dir"] == (1.0, 0.0) for line in lines):
        return 1, 0
    votes: Counter[tuple[int, int]] = Counter()
    for line in lines:
        if line.get("wmode"):
            continue  # East Asian columns run down on an upright page
        dx, dy = line["dir"]
        votes[(round(dx), round(dy))] += sum(len(span["text"]) for span in line["spans"])
    for direction, _ in votes.most_common():
        if abs(direction[0]) + abs(direction[1]) == 1:
            return direction
    return 1, 0


def turn(lines: Sequence[Line], direction: tuple[int, int], width: float, height: float) -> tuple[float, float]:
    """Turns the lines' coordinates, in place, so that `direction` runs rightwards from a corner at (0, 0).

    Lines come with `base` holding the coordinate across their direction: x for vertical text.

    Returns:
        Width and height of the page after turning.
    """
    if direction == (1, 0):
        return width, height
    dx, dy = direction

    def turned(x: float, y: float) -> tuple[float, float]:
        return x * dx + y * dy, -x * dy + y * dx

    corners = [turned(x, y) for x in (0.0, width) for y in (0.0, height)]
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    for line in lines:
        (ax, ay), (bx, by) = turned(line.x0, line.y0), turned(line.x1, line.y1)
        line.x0, line.x1 = min(ax, bx) - left, max(ax, bx) - left
        line.y0, line.y1 = min(ay, by) - top, max(ay, by) - top
        line.base = (-dy * line.base if dx == 0 else dx * line.base) - top
    return (height, width) if dx == 0 else (width, height)
