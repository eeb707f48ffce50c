"""The documented example on Spark, run as it stands, with two workers of their own."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from benchmarks._panels import write_panel
from convergence.measures.panel import Model, fit
from convergence.measures.panel_levels import measured

pytest.importorskip("pyspark")
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "spark_panel.py"
SYSTEMS = {"manufacturing": ["jobs", "output"], "services": ["software", "finance"]}

# The workers are processes: what they need is set before Spark starts, as spark-submit does.
RUN = """
import json, sys
sys.path.insert(0, sys.argv[1])
import pyspark.sql
builder = pyspark.sql.SparkSession.builder.master("local-cluster[2,1,1024]")
for key, value in {
    "spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1", "spark.sql.shuffle.partitions": "4",
}.items():
    builder = builder.config(key, value)
session = builder.getOrCreate()
session.sparkContext.setLogLevel("ERROR")
from pyspark.sql.classic.dataframe import DataFrame
brought = []
def counted(method):
    def call(*given, **named):
        rows = method(*given, **named)
        brought.append(len(rows))
        return rows
    return call
for name in ("collect", "toArrow", "toPandas"):
    setattr(DataFrame, name, counted(getattr(DataFrame, name)))
import spark_panel
panel = session.read.parquet(sys.argv[2])
plan = spark_panel.measured(panel, spark_panel.fit(panel, spark_panel.SYSTEMS, "unit", "year"))
text = plan._jdf.queryExecution().toString()
model = spark_panel.measure(session, sys.argv[2], sys.argv[3])
workers = session.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1
print("RESULT" + json.dumps({"model": model.to_json(), "plan": text, "workers": workers,
                            "brought": brought}))
session.stop()
"""


def on_spark(folder: Path, source: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(EXAMPLE.parent), str(source), str(folder / "out")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.split("RESULT")[1])


def compare(folder: Path, rows: int) -> None:
    source = folder / "panel"
    write_panel(source, chain(*SYSTEMS.values()), rows, is_parted=True)
    found = on_spark(folder, source)
    assert found["workers"] == 2
    assert "Window" not in found["plan"]
    # No more comes to the driver than a row of sums, or one for each period.
    assert 1 <= max(found["brought"]) <= 10
    relation = duckdb.read_parquet(f"{source}/*/*.parquet", hive_partitioning=True)
    expected = fit(relation, SYSTEMS, "unit", "year")
    model = Model.from_json(found["model"])
    for mine, theirs in zip(model.indicators, expected.indicators, strict=True):
        assert (mine.column, mine.lower, mine.upper) == (theirs.column, theirs.lower, theirs.upper)
        assert mine.weight == pytest.approx(theirs.weight, rel=1e-12)
    results = duckdb.read_parquet(f"{folder}/out/*/*.parquet", hive_partitioning=True)
    sums = "count(*) AS n, sum(D) AS d, sum(closeness) AS j, sum(level) AS l"
    other = measured(relation, expected)
    np.testing.assert_allclose(
        results.aggregate(sums).fetchall()[0], other.aggregate(sums).fetchall()[0], rtol=1e-10
    )


@pytest.mark.full
@pytest.mark.parametrize("rows", [20_000, 10_000_000])
def test_the_example_gives_what_duckdb_gives(rows, tmp_path):
    if shutil.which("java") is None:
        report = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        report("not run: Spark needs Java, and there is none here")
    compare(tmp_path, rows)


def test_the_example_is_the_one_in_the_book():
    spec = importlib.util.spec_from_file_location("spark_panel", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.SYSTEMS == SYSTEMS
    chapter = (EXAMPLE.parents[1] / "chapters/reference/measure-your-own.md").read_text("utf-8")
    assert "examples/spark_panel.py" in chapter


def test_a_small_frame_gives_the_same_on_pandas():
    frame = pd.DataFrame(
        {"unit": [1, 2] * 2, "year": [2010] * 2 + [2011] * 2, "jobs": [1.0, 2, 3, 4],
         "output": [2.0, 1, 4, 3], "software": [1.0, 4, 2, 8], "finance": [3.0, 1, 2, 5]}
    )  # fmt: skip
    model = fit(frame, SYSTEMS, "unit", "year")
    one = measured(frame, model)
    other = measured(duckdb.from_df(frame), model).order("year, unit").df()
    np.testing.assert_allclose(one["level"], other["level"], rtol=1e-12)
