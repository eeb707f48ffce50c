"""`convergence measure` from 10⁵ rows up: time, peak memory and slope, as its user runs it."""

from __future__ import annotations

import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._panels import write_panel

COLUMNS = ("m1", "m2", "s1", "s2")
SMALLEST, LARGEST = 5, int(os.environ.get("LARGEST", "7"))
PEAK_MB = 2000


def measured(path: Path, out: Path) -> tuple[float, float]:
    """Return the seconds and the peak memory in MB of the command."""
    command = [
        *(sys.executable, "-m", "convergence", "measure", str(path), "--unit", "unit"),
        *("--time", "year", "--manufacturing", "m1,m2", "--services", "s1,s2", "--out", str(out)),
    ]
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    seconds = time.perf_counter() - start
    # The largest of all children so far: sizes grow, and so the last one is the largest.
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def run() -> bool:
    """Print one line for each size; return whether the memory stayed bounded."""
    print(f"convergence measure, {len(COLUMNS)} indicators, Parquet, all results written")
    print(f"{'rows':>12} {'seconds':>8} {'peak MB':>8} {'slope':>6}")
    before = math.nan
    peak = 0.0
    for power in range(SMALLEST, LARGEST + 1):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "panel.parquet"
            write_panel(path, COLUMNS, 10**power)
            seconds, peak = measured(path, Path(folder) / "out")
        print(f"{10**power:>12,} {seconds:>8.1f} {peak:>8.0f} {math.log10(seconds / before):>6.2f}")
        before = seconds
    print("slope: time over rows, 1 is linear. LARGEST=8 in the environment goes on to 10⁸ rows.")
    return peak < PEAK_MB
