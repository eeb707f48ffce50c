"""Dagum's decomposition from 10³ to 10⁶ units, against the double sums written out."""

from __future__ import annotations

import math
import time

import numpy as np

from convergence.measures.inequality import dagum

GROUPS = 4
# The double sums need n² numbers at once, 8 n² bytes.
LARGEST_PLAIN = 10_000


def plain(y: np.ndarray, groups: np.ndarray) -> tuple[float, float, float]:
    """Compute the three components as the formulas are printed, pair by pair."""
    within = between = transvariation = 0.0
    total = y.sum()
    for j in range(GROUPS):
        for h in range(j, GROUPS):
            a, b = y[groups == j], y[groups == h]
            difference = np.abs(a[:, None] - b).mean()
            gini = difference / (a.mean() + b.mean())
            p, s = (len(a) / len(y), len(b) / len(y)), (a.sum() / total, b.sum() / total)
            if j == h:
                within += gini * p[0] * s[0]
                continue
            affluence = abs(a.mean() - b.mean()) / difference
            share = gini * (p[0] * s[1] + p[1] * s[0])
            between += share * affluence
            transvariation += share * (1 - affluence)
    return within, between, transvariation


def run() -> bool:
    """Print one line for each size; return whether a million units took seconds."""
    random = np.random.default_rng(0)
    print(f"Dagum decomposition, {GROUPS} groups")
    print(f"{'units':>10} {'seconds':>9} {'slope':>6} {'double sums s':>14} {'ratio':>8}")
    before = math.nan
    for power in range(3, 7):
        size = 10**power
        y, groups = random.lognormal(3, 1, size), random.integers(0, GROUPS, size)
        start = time.perf_counter()
        found = dagum(y, groups)
        took = time.perf_counter() - start
        other = ratio = ""
        if size <= LARGEST_PLAIN:
            start = time.perf_counter()
            expected = plain(y, groups)
            naive = time.perf_counter() - start
            other, ratio = f"{naive:.3f}", f"{naive / took:.0f} ×"
            assert np.allclose(found[1:4], expected, rtol=1e-9)
        print(f"{size:>10,} {took:>9.4f} {math.log10(took / before):>6.2f} {other:>14} {ratio:>8}")
        before = took
    print("slope: time over units, 1 is linear.")
    return took < 10
