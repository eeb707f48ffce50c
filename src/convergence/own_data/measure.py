"""Somebody's own panel, measured as the book measures: from a file to results and a report.

`measure` reads a file of any size, fits the model of `convergence.measures.panel` (or takes a
fitted one), and writes a folder: results for each unit and time, the fitted parameters, inequality
between groups, the range over admissible specifications, and a report that explains all of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
from duckdb import ColumnExpression as Column

from convergence.files import staging
from convergence.own_data import reading, report
from convergence.own_data.measurement import Measurement, measured
from convergence.own_data.request import PanelError, Request

__all__ = ["Measurement", "PanelError", "Request", "measure"]

# The results of a larger panel are written as Parquet: no spreadsheet opens so many rows of CSV.
CSV_ROWS = 1_000_000
# What every result has: a folder with both is an earlier result, which may be replaced.
ALWAYS = ("model.json", "report.html")


def measure(
    source: str | Path | pd.DataFrame,
    request: Request,
    out: str | Path,
    progress: Callable[[str], None] = lambda step: None,
) -> Measurement:
    """Measure a panel and write everything into a folder, all of it or nothing.

    Parameters
    ----------
    source
        A file of CSV, Parquet or Excel, or a pandas frame; one row for each unit and time.
    request
        What is to be measured.
    out
        The folder to write. One that an earlier measurement wrote is replaced; any other that
        exists is refused.
    progress
        Called with a few words before each step.

    Returns
    -------
    Measurement
        The summary that the report shows. The folder holds ``results.csv`` (``.parquet`` from a
        million rows on), ``model.json``, ``inequality.csv`` (with groups), ``range-*.csv`` (with
        ``robust``) and ``report.html``.

    Raises
    ------
    PanelError
        One sentence: what is wrong with the panel or the request, and where. It names parameters
        as Python does; its ``on_command_line`` names flags.

    Examples
    --------
    >>> import tempfile
    >>> frame = pd.DataFrame({"city": list("abab"), "year": [2020, 2020, 2021, 2021],
    ...                       "jobs": [3.0, 5, 4, 6], "software": [1.0, 2, 2, 4]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = measure(frame, Request("city", "year", ["jobs"], ["software"]), f"{folder}/out")
    ...     print(sorted(path.name for path in Path(folder, "out").iterdir()))
    ['model.json', 'report.html', 'results.csv']
    >>> found.periods[["year", "D"]].round(3).values.tolist()
    [[2020.0, 0.343], [2021.0, 0.789]]
    """
    out = Path(out)
    _check_target(out)
    name = "a data frame" if isinstance(source, pd.DataFrame) else Path(source).name
    try:
        with reading.opened(source, request.columns, whole=request.model is None) as data:
            progress(
                f"read: {data.rows:,} rows, {data.units:,} units × {len(data.periods)} periods"
            )
            # In the same folder as `out`, so that moving files costs nothing.
            with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
                stored, ready = Path(folder) / "measured.parquet", Path(folder) / "ready"
                ready.mkdir()
                found = measured(data, request, name, stored, progress)
                found = _write(found, data.connection, stored, ready)
                staging.replace_folder(ready, out)
    except ValueError as error:
        if isinstance(error, PanelError):
            raise
        raise PanelError(str(error)) from None
    return found


def _check_target(out: Path) -> None:
    if not out.parent.is_dir():
        raise PanelError(f"the folder {str(out.parent)!r}, in which to write, does not exist")
    if not out.exists():
        return
    if not out.is_dir():
        raise PanelError(f"{str(out)!r} is a file: name a folder to write")
    if any(out.iterdir()) and not all((out / name).is_file() for name in ALWAYS):
        raise PanelError(f"{str(out)!r} holds other files: name a new folder to write")


def _write(
    found: Measurement, connection: duckdb.DuckDBPyConnection, stored: Path, folder: Path
) -> Measurement:
    """Write the files of a result; return the measurement with the name of its results' file."""
    found = replace(found, results_file=_write_results(found, connection, stored, folder))
    (folder / "model.json").write_text(found.model.to_json() + "\n", "utf-8")
    if found.inequality is not None:
        found.inequality.to_csv(folder / "inequality.csv", index=False)
    for question, table in found.ranges.items():
        table.to_csv(folder / f"range-{question}.csv", index=False)
    (folder / "report.html").write_text(report.page(found), "utf-8")
    return found


def _write_results(
    found: Measurement, connection: duckdb.DuckDBPyConnection, stored: Path, folder: Path
) -> str:
    if found.rows > CSV_ROWS:
        stored.rename(folder / "results.parquet")
        return "results.parquet"
    relation = connection.read_parquet(str(stored))
    ordered = relation.sort(Column(found.request.unit), Column(found.request.time))
    ordered.write_csv(str(folder / "results.csv"), header=True)
    return "results.csv"
