"""Measure a panel that is stored in parts, on Spark: nothing is collected but the parameters.

    python examples/spark_panel.py PANEL.parquet RESULTS.parquet

The panel has the columns unit, year, jobs, output, software and finance. On a cluster, run it
with ``spark-submit --master …``; here two workers on this machine stand for one.
"""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession

from convergence.measures.panel import Model, fit
from convergence.measures.panel_levels import measured

SYSTEMS = {"manufacturing": ["jobs", "output"], "services": ["software", "finance"]}


def measure(spark: SparkSession, source: str, target: str) -> Model:
    """Fit on all rows, apply row by row, and write the results by year."""
    panel = spark.read.parquet(source)
    model = fit(panel, SYSTEMS, unit="unit", period="year")
    measured(panel, model).write.partitionBy("year").parquet(target)
    return model


if __name__ == "__main__":
    session = SparkSession.builder.appName("convergence").getOrCreate()
    print(measure(session, *sys.argv[1:]))
    session.stop()
