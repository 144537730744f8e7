"""Report of an evaluation for the Dagster UI: sets side by side, a picture, what was missed, and figures."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from pipelines.steps.misses import misses
from pipelines.steps.plots import draw_recall
from pipelines.steps.scoring import KINDS, recall_by_depth

DIGITS = 4
"""Decimals of a figure in the UI."""

TABLED = ("recall@1", "recall@5", "mrr@10")
"""Figures of the table that compares two sets; the width of the UI has room for three."""

SHOWN = ("recall@1", "recall@5", "recall@10", "ndcg@10", "mrr@10")


def shown(course: str, sets: Mapping[str, dict[str, Any]], figures: dict[str, Any]) -> dict[str, Any]:
    """Metadata of an evaluation.

    Args:
        sets: the figures of each set that was asked, by what it is to be called.
        figures: those that the evaluation is about, as `steps/scoring.score` tells them.
    """
    kinds = [kind for kind in KINDS if figures[kind]["n"]]
    picture = draw_recall(
        f"{course}: recall against k",
        {
            f"{kind}, {figures[kind]['n']} questions": {
                name: recall_by_depth(each["questions"], kind) for name, each in sets.items()
            }
            for kind in kinds
        },
    )
    drawn = dg.MetadataValue.md(f"![recall against k](data:image/png;base64,{base64.b64encode(picture).decode()})")
    none = figures["none"]
    return {
        "figures": dg.MetadataValue.md(_table(sets, kinds)),
        "recall against k": drawn,
        "not at the first place": dg.MetadataValue.md(_misses(figures["questions"])),
        **{f"{kind} {name}": round(figures[kind][name], DIGITS) for kind in kinds for name in SHOWN},
        **{f"{kind} wrongly refused": round(figures[kind]["refused"], DIGITS) for kind in kinds},
        **({"not in the materials, refused": round(none["refused"], DIGITS)} if none["n"] else {}),
        "questions": len(figures["questions"]),
        "search p95 (ms)": figures["latency_ms"]["p95"],
        **({"reranked": figures["reranker"]["reranked"]} if "reranker" in figures else {}),
    }


def _table(sets: Mapping[str, dict[str, Any]], kinds: Sequence[str]) -> str:
    lines = [f"| set | kind | questions | {' | '.join(TABLED)} |", "|---" * (len(TABLED) + 3) + "|"]
    for name, figures in sets.items():
        for kind in kinds:
            row = figures[kind]
            shown = [_with_interval(row[one], *row["interval"][one]) for one in TABLED]
            lines.append(f"| `{name}` | {kind} | {row['n']} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _with_interval(value: float, low: float, high: float) -> str:
    """On one line however narrow the column is."""
    return f"{value:.3f}\u00a0({low:.2f}\u2011{high:.2f})"


def _misses(rows: Sequence[Mapping[str, Any]]) -> str:
    found = misses(rows)
    if not found:
        return "Every right place came first."
    lines = ["| question | rank | answered at | came first |", "|---|---|---|---|"]
    for each in found:
        right = f"{each.expected} ({each.why or 'not found'})"
        first = f"{each.instead} ({each.why_instead})" if each.instead else "nothing"
        cells = (f"{each.id}: {each.question}", str(each.rank or "> 10"), right, first)
        lines.append("| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines)
