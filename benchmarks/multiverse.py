"""Ten thousand specifications on 31 units × 8 periods, and their decomposition."""

from __future__ import annotations

import time

import numpy as np

from convergence.measures.coupling import KINDS
from convergence.measures.multiverse import (
    Cube,
    evaluate,
    multiverse,
    specifications,
    variance_decomposition,
)
from convergence.measures.weights import ZERO_POLICIES

CHOICES = {
    "bounds": ["pooled", "base", "each period"],
    "normalisation": ["minmax", "max"],
    "weights": ["equal", "entropy", "critic"],
    "zero": list(ZERO_POLICIES),
    "kind": list(KINDS),
    "k": [2, 3],
    "alpha": [one / 100 for one in range(20, 81, 4)],
}


def run() -> bool:
    """Print how long each step takes; return whether 10,000 specifications keep to 10 seconds."""
    random = np.random.default_rng(0)
    total = random.lognormal(3, 1, (31, 8, 8))
    people = random.lognormal(1, 1, (31, 1, 1))
    cube = Cube(
        {"total": total, "per head": total / people, "share": total / total.sum(axis=0)},
        ["making"] * 4 + ["serving"] * 4,
        [f"unit {one}" for one in range(31)],
        indicators={"all": range(8), "few": [0, 1, 4, 5]},
        samples={"all": range(31), "without the last": range(30)},
    )
    start = time.perf_counter()
    table = specifications(cube, CHOICES, "trend")
    listed = time.perf_counter()
    table = table[table["reason"] == ""].head(10_000)
    evaluate(cube, table)
    evaluated = time.perf_counter()
    answers = multiverse(cube, CHOICES, "trend")
    answered = time.perf_counter()
    variance_decomposition(answers, "rise")
    done = time.perf_counter()
    print("multiverse, 31 units × 8 periods × 8 indicators")
    print(f"list all specifications       {listed - start:>7.2f} s")
    print(f"evaluate {len(table):>6,} of them       {evaluated - listed:>7.2f} s")
    print(f"answer {len(answers):>6,} admissible ones  {answered - evaluated:>7.2f} s")
    print(f"decompose their variance      {done - answered:>7.2f} s")
    budget = evaluated - start
    print(f"10,000 specifications: {budget:.2f} s of the 10 s allowed, {10 / budget:.0f} × faster")
    return budget <= 10
