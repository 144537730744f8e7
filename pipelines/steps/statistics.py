"""Statistics of small sets of questions: how sure a mean is, and whether two runs differ by more than chance.

Seeded, so that the same answers give the same figures; tens of questions are the rule, and nothing normal is assumed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

RESAMPLES = 10_000
"""Draws of each bootstrap and each permutation test: a p of 0.05 is then right to about 0.004."""
CONFIDENCE = 0.95
SEED = 20261127


def share(values: Sequence[float]) -> float:
    """The mean; 0.0 of none."""
    return float(np.mean(values)) if values else 0.0


def interval(values: Sequence[float]) -> list[float]:
    """Percentile bootstrap interval of the mean: [low, high] at 95 %. `values` has at least one."""
    known = np.asarray(values, dtype=np.float64)
    draws = np.random.default_rng(SEED).integers(0, len(known), size=(RESAMPLES, len(known)))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known[draws].mean(axis=1), [tail, 1 - tail])
    return [round(float(low), 4), round(float(high), 4)]


def p_of_difference(before: Sequence[float], after: Sequence[float]) -> float:
    """Two-sided p of a paired permutation test: how often chance alone differs as much. 1.0 where nothing differs."""
    differences = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    if not differences.any():
        return 1.0
    signs = np.random.default_rng(SEED).choice([-1.0, 1.0], size=(RESAMPLES, len(differences)))
    by_chance = np.abs((signs * differences).mean(axis=1))
    return float((1 + np.sum(by_chance >= abs(differences.mean()) - 1e-12)) / (1 + RESAMPLES))


def compare(before: Mapping[str, Sequence[float]], after: Mapping[str, Sequence[float]]) -> dict[str, dict[str, Any]]:
    """Two runs over the same questions, by measure: `before`, `after`, `difference`, its `interval`, and `p`.

    Args:
        before: of each measure the value of each question; `after` has the same questions in the same order.
    """
    return {
        name: {
            "before": share(values),
            "after": share(after[name]),
            "difference": share(after[name]) - share(values),
            "interval": interval([new - old for old, new in zip(values, after[name], strict=True)]),
            "p": p_of_difference(values, after[name]),
        }
        for name, values in before.items()
        if values
    }
