"""Pictures of figures, for people who compare retrieval: PNG, in colours that colour-blind people tell apart."""

import io
from collections.abc import Mapping, Sequence

COLOURS = ("#006BA4", "#FF800E")
"""Of the palette tableau-colorblind10; each has a mark of its own too."""
MARKS = ("o", "s")

Curve = Sequence[Mapping[str, float]]
"""`k`, `recall`, `low` and `high` of each point, as `steps/scoring.recall_by_depth` tells them."""


def draw_recall(title: str, panels: Mapping[str, Mapping[str, Curve]]) -> bytes:
    """Recall against k with its 95 % interval, as PNG.

    Args:
        panels: by kind of question the curves of two sets at most, by what each is to be called.
    """
    from matplotlib.figure import Figure  # half a second that only this picture needs

    figure = Figure(figsize=(5 * max(len(panels), 1), 3.4), dpi=90, layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", parse_math=False)
    for n, (kind, curves) in enumerate(panels.items(), 1):
        axes = figure.add_subplot(1, len(panels), n)
        for colour, mark, (name, curve) in zip(COLOURS, MARKS, curves.items(), strict=False):
            ks = [point["k"] for point in curve]
            low, high = ([point[side] for point in curve] for side in ("low", "high"))
            axes.fill_between(ks, low, high, color=colour, alpha=0.2, lw=0)
            line = axes.plot(ks, [point["recall"] for point in curve], color=colour, marker=mark, label=name)
            line[0].set_label(name.replace("$", r"\$"))
        axes.set(title=kind, xlabel="k (hits looked at)", ylabel="share of questions found", ylim=(0, 1.05))
        axes.grid(axis="y", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="lower right", frameon=False, title="band: 95 % interval")
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    return drawn.getvalue()
