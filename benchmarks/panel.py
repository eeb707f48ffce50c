"""Panel model from 10⁴ to 10⁷ rows, on pandas and out of core on DuckDB: time, memory, slope."""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks._panels import write_panel
from convergence.measures.panel import fit

SYSTEMS = {"making": ["m1", "m2", "m3", "m4"], "serving": ["s1", "s2", "s3", "s4"]}
# Less than the largest panel needs, so that DuckDB has to go to disk.
MEMORY = "1GB"
LARGEST = 7


def measure(engine: str, path: Path) -> dict[str, float]:
    """Fit and apply once, all results computed; run in a process of its own, for its memory."""
    start = time.perf_counter()
    if engine == "pandas":
        frame = pd.read_parquet(path)
        model = fit(frame, SYSTEMS, "unit", "year")
        fitted = time.perf_counter()
        mean = float(model.apply(frame)["D"].mean())
    else:
        connection = duckdb.connect()
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute(f"SET temp_directory = '{path.parent}'")
        frame = connection.read_parquet(str(path))
        model = fit(frame, SYSTEMS, "unit", "year")
        fitted = time.perf_counter()
        result = path.with_suffix(".result")
        model.apply(frame).write_parquet(str(result))
        mean = connection.read_parquet(str(result)).aggregate("avg(D)").fetchall()[0][0]
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"fit": fitted - start, "apply": done - fitted, "peak": peak, "mean": mean}


def run() -> bool:
    """Print one line for each size and engine; return whether DuckDB kept to its memory."""
    print(f"panel model, {sum(map(len, SYSTEMS.values()))} indicators, entropy weights")
    print(f"{'rows':>10}  {'engine':<7} {'fit s':>7} {'apply s':>8} {'peak MB':>8} {'slope':>6}")
    before: dict[str, float] = {}
    for power in range(4, LARGEST + 1):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "panel.parquet"
            write_panel(path, chain(*SYSTEMS.values()), 10**power)
            means = []
            for engine in ("pandas", "duckdb"):
                command = [sys.executable, "-m", "benchmarks.panel", "measure", engine, str(path)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                found = json.loads(done.stdout)
                means.append(found["mean"])
                took = found["fit"] + found["apply"]
                slope = math.log10(took / before[engine]) if engine in before else math.nan
                before[engine] = took
                print(
                    f"{10**power:>10,}  {engine:<7} {found['fit']:>7.2f} {found['apply']:>8.2f} "
                    f"{found['peak']:>8.0f} {slope:>6.2f}"
                )
            assert math.isclose(*means, rel_tol=1e-10), means
    print(f"slope: time over rows, 1 is linear. DuckDB within {MEMORY}; same mean D to 1e-10.")
    return found["peak"] < 2000


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[2], Path(sys.argv[3]))))
