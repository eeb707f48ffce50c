"""The example on Spark with two local workers, and the same work on DuckDB: seconds and slope."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path

import duckdb

from benchmarks._panels import write_panel
from convergence.measures.panel import Model, fit
from convergence.measures.panel_levels import measured

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SYSTEMS = {"manufacturing": ["jobs", "output"], "services": ["software", "finance"]}
SMALLEST, LARGEST = 5, int(os.environ.get("LARGEST", "7"))
WORKERS = 2
# What the example promises: the parameters of DuckDB, but for the order in which sums are taken.
SAME = 1e-12


def on_spark(source: Path, target: Path) -> dict[str, float | str]:
    """Run the example; the session's start is timed by itself."""
    from pyspark.sql import SparkSession

    sys.path.insert(0, str(EXAMPLES))
    import spark_panel

    start = time.perf_counter()
    session = (
        SparkSession.builder.master(f"local-cluster[{WORKERS},1,1024]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", str(2 * WORKERS))
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    # A cluster gives workers as they arrive: the clock starts when the first has done something.
    session.range(1).count()
    ready = time.perf_counter()
    model = spark_panel.measure(session, str(source), str(target))
    done = time.perf_counter()
    session.stop()
    return {"start": ready - start, "work": done - ready, "model": model.to_json()}


def on_duckdb(source: Path, target: Path) -> dict[str, float | str]:
    """Fit, apply and write by year, as the example does, with as many threads as workers."""
    start = time.perf_counter()
    connection = duckdb.connect(config={"threads": WORKERS, "memory_limit": f"{WORKERS}GB"})
    connection.execute("SET preserve_insertion_order = false")
    ready = time.perf_counter()
    panel = connection.read_parquet(f"{source}/*/*.parquet", hive_partitioning=True)
    model = fit(panel, SYSTEMS, "unit", "year")
    measured(panel, model).write_parquet(str(target), partition_by=["year"])
    done = time.perf_counter()
    return {"start": ready - start, "work": done - ready, "model": model.to_json()}


def difference(one: Model, other: Model) -> float:
    """Return the largest relative difference of two models' bounds and weights."""
    return max(
        abs(a / b - 1)
        for mine, its in zip(one.indicators, other.indicators, strict=True)
        for a, b in zip(
            (mine.lower, mine.upper, mine.weight), (its.lower, its.upper, its.weight), strict=True
        )
    )


def run() -> bool:
    """Print one line for each size; return whether both engines found the same parameters."""
    if shutil.which("java") is None or importlib.util.find_spec("pyspark") is None:
        print("spark: needs PySpark and Java", file=sys.stderr)
        return False
    indicators = sum(map(len, SYSTEMS.values()))
    print(f"panel model, {indicators} indicators, entropy weights, all results written by year")
    print(f"Spark: {WORKERS} local workers of one core; DuckDB: {WORKERS} threads")
    print(
        f"{'rows':>12} {'Spark s':>8} {'start s':>8} {'DuckDB s':>9} {'ratio':>6} "
        f"{'slope':>6} {'slope':>6} {'difference':>11}"
    )
    before: dict[str, float] = {}
    same = True
    for power in range(SMALLEST, LARGEST + 1):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "panel"
            write_panel(source, chain(*SYSTEMS.values()), 10**power, is_parted=True)
            found = {}
            for engine in ("spark", "duckdb"):
                command = [
                    sys.executable,
                    "-m",
                    "benchmarks.spark",
                    engine,
                    str(source),
                    f"{folder}/{engine}",
                ]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                found[engine] = json.loads(done.stdout.splitlines()[-1])
        took = {engine: one["work"] for engine, one in found.items()}
        slopes = {
            engine: math.log10(one / before[engine]) if before else math.nan
            for engine, one in took.items()
        }
        before = took
        apart = difference(*(Model.from_json(one["model"]) for one in found.values()))
        same &= apart <= SAME
        print(
            f"{10**power:>12,} {took['spark']:>8.1f} {found['spark']['start']:>8.1f} "
            f"{took['duckdb']:>9.2f} {took['spark'] / took['duckdb']:>6.1f} "
            f"{slopes['spark']:>6.2f} {slopes['duckdb']:>6.2f} {apart:>11.1e}"
        )
    print(
        "start: until Spark's first answer, in no other column. slope: time over rows, Spark's "
        f"first; 1 is linear. difference: of bounds and weights, at most {SAME:g}."
    )
    return same


if __name__ == "__main__":
    engines = {"spark": on_spark, "duckdb": on_duckdb}
    print(json.dumps(engines[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))))
