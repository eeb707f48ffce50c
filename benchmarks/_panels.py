"""The panel that several benchmarks measure."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

PERIODS = 10


def write_panel(
    path: Path, indicators: Iterable[str], rows: int, *, is_parted: bool = False
) -> None:
    """Write random, skewed indicators of units in ten years as Parquet.

    One file, or with `is_parted` a folder with a part for each year.
    """
    columns = ", ".join(f"exp(3 * random()) AS {name}" for name in indicators)
    parted = ", PARTITION_BY (year)" if is_parted else ""
    duckdb.execute("SELECT setseed(0.4)")
    duckdb.execute(
        f"COPY (SELECT i // {PERIODS} AS unit, 2010 + i % {PERIODS} AS year, {columns} "
        f"FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet{parted})"
    )
