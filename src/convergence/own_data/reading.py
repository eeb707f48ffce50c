"""A panel from a file: CSV, Parquet or Excel, of any size, read into DuckDB and checked.

A file is read once, as text, into a compact copy on disk, so that an error can name the row and
the column, and so that nothing larger than memory has to be held in it.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

__all__ = ["Columns", "Panel", "PanelError", "opened"]

ROW = "row_of_file"
ENGINE_MEMORY = "1GB"
DELIMITERS = (",", ";", "\t", "|")
PEEK = 1 << 20
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# At least so much of the panel must be whole; what is not whole is left out, and said.
WHOLE = 0.8
# So many names stand in a message; of the rest the number.
NAMED = 4
# So far down a file its header is looked for, to say where it is.
HEADER_ROWS = 30


class PanelError(ValueError):
    """A panel that cannot be measured: what is wrong, in which row and column, what to do."""


@dataclass(frozen=True)
class Columns:
    """The columns of a panel that a measurement reads."""

    unit: str
    time: str
    numbers: tuple[str, ...]
    group: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that are names, not numbers."""
        return (self.unit, self.time, *([self.group] if self.group else []))


@dataclass(frozen=True)
class Panel:
    """A panel, whole and checked: the relation, its size, and what was left out."""

    relation: duckdb.DuckDBPyRelation
    connection: duckdb.DuckDBPyConnection
    columns: Columns
    rows: int
    units: int
    periods: tuple[int | str, ...]
    notes: tuple[str, ...]


@contextmanager
def opened(
    source: str | Path | pd.DataFrame, columns: Columns, *, whole: bool = True
) -> Iterator[Panel]:
    """Open a panel, check it, and close what it needed.

    Parameters
    ----------
    source
        A file (``.csv``, ``.tsv``, ``.txt``, ``.parquet``, ``.xlsx``, ``.xls``, ``.ods``), or a
        pandas frame.
    columns
        The columns to read. No two may be the same.
    whole
        Leave out units (or periods, where that costs less) that lack a value. A model that is
        already fitted needs no whole panel, only whole rows.

    Yields
    ------
    Panel
        Its relation has the columns under their own names, the time as whole numbers where all
        of them are, as text otherwise, and so the unit where the file has types.

    Raises
    ------
    PanelError
        One sentence: what is wrong, in which row (of the file, the header being row 1) and
        column, and what was expected.
    """
    _check_names(columns)
    with TemporaryDirectory(prefix="convergence-") as folder:
        connection = duckdb.connect()
        try:
            connection.execute(f"SET memory_limit = '{ENGINE_MEMORY}'")
            connection.execute("SET temp_directory = ?", [folder])
            relation = _typed(connection, source, columns, Path(folder))
            # Rows know their numbers by now; keeping their order would take memory.
            connection.execute("SET preserve_insertion_order = false")
            yield _checked(connection, relation, columns, whole)
        finally:
            connection.close()


def _check_names(columns: Columns) -> None:
    named = [*columns.keys, *columns.numbers]
    if twice := [one for one in named if named.count(one) > 1]:
        raise PanelError(
            f"the column {twice[0]!r} is named twice: each column has one part to play"
        )
    if not columns.numbers:
        raise PanelError("no indicator is named")


def _typed(
    connection: duckdb.DuckDBPyConnection,
    source: str | Path | pd.DataFrame,
    columns: Columns,
    folder: Path,
) -> duckdb.DuckDBPyRelation:
    if isinstance(source, pd.DataFrame):
        _require(source.columns, columns)
        for name in columns.numbers:
            if not pd.api.types.is_numeric_dtype(source[name]):
                raise PanelError(
                    f"{name}: expected a column of numbers, found {source[name].dtype}"
                )
        target = folder / "frame.parquet"
        source[[*columns.keys, *columns.numbers]].to_parquet(target, index=False)
        return _of_parquet(connection, target, columns)
    path = Path(source)
    if not path.is_file():
        raise PanelError(f"there is no file {str(path)!r}")
    with path.open("rb") as file:
        beginning = file.read(PEEK)
    _refuse(path, beginning)
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        return _of_parquet(connection, path, columns)
    if suffix in (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"):
        path, beginning = _sheet(path, folder)
    elif suffix not in (".csv", ".tsv", ".txt"):
        raise PanelError(f"{path.name}: expected a file of CSV, Parquet or Excel, found {suffix!r}")
    return _of_text(connection, path, beginning, columns, folder)


def _refuse(path: Path, beginning: bytes) -> None:
    start = beginning[:512].lstrip().lower()
    if not beginning.strip():
        raise PanelError(f"{path.name}: the file is empty")
    if start.startswith(b"version https://git-lfs"):
        raise PanelError(
            f"{path.name}: this is a pointer of Git LFS, not the file: run 'git lfs pull'"
        )
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise PanelError(f"{path.name}: this is a web page, not a table: download the file again")
    excel = beginning.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))
    if excel and path.suffix.lower() in (".csv", ".tsv", ".txt"):
        raise PanelError(
            f"{path.name}: this is a workbook under the name of a text file: rename it"
        )


def _of_parquet(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: Columns
) -> duckdb.DuckDBPyRelation:
    try:
        found = connection.read_parquet(str(path), file_row_number=True)
    except duckdb.Error:
        raise PanelError(f"{path.name}: not a Parquet file, or cut off") from None
    _require(found.columns, columns)
    types = dict(zip(found.columns, map(str, found.types), strict=True))
    for name in columns.numbers:
        if not types[name].startswith(
            ("TINY", "SMALL", "INT", "BIG", "HUGE", "UTINY", "USMALL", "UINT", "UBIG", "UHUGE",
             "FLOAT", "DOUBLE", "DECIMAL")
        ):  # fmt: skip
            raise PanelError(f"{name}: expected a column of numbers, found {types[name]}")
    for key in (columns.unit, columns.time):
        # pandas makes years with a gap among them floating: 2018.0 is 2018.
        part = f"NOT isfinite({quoted(key)}) OR {quoted(key)} <> floor({quoted(key)})"
        if types[key] in ("FLOAT", "DOUBLE") and first_row(found.filter(part)) is None:
            types[key] = "BIGINT"
    return found.select(_casts(columns, types, "file_row_number + 2"))


def _casts(columns: Columns, types: Mapping[str, str], row: str) -> str:
    wanted = dict.fromkeys(columns.keys, "VARCHAR") | dict.fromkeys(columns.numbers, "DOUBLE")
    for key in (columns.unit, columns.time):
        if types[key].endswith(("INT", "INTEGER")):
            wanted[key] = "BIGINT"
    parts = [f"CAST({quoted(name)} AS {kind}) AS {quoted(name)}" for name, kind in wanted.items()]
    return ", ".join([*parts, f"{row} AS {ROW}"])


def _sheet(path: Path, folder: Path) -> tuple[Path, bytes]:
    """Write the first sheet of a workbook as text, cell by cell."""
    try:
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
        merged = sheet.merged_cell_ranges
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, IndexError, OSError):
        raise PanelError(f"{path.name}: not a workbook that can be read, or cut off") from None
    if merged:
        (row, column), _ = merged[0]
        raise PanelError(
            f"{path.name}, sheet {sheet.name!r}: merged cells, the first at row {row + 1}, column "
            f"{column + 1}: unmerge them, so that each row has its own unit and time"
        )
    target = folder / f"{path.stem}.csv"
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([_as_text(cell) for cell in row] for row in rows)
    with target.open("rb") as file:
        return target, file.read(PEEK)


def _as_text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def _of_text(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    beginning: bytes,
    columns: Columns,
    folder: Path,
) -> duckdb.DuckDBPyRelation:
    """Read a text file once, into a Parquet file with typed columns and the rows' numbers."""
    encoding = _encoding(beginning)
    if encoding != "utf-8":
        path = _recoded(path, encoding, folder)
        with path.open("rb") as file:
            beginning = file.read(PEEK)
    first, _, rest = beginning.decode("utf-8", errors="ignore").partition("\n")
    delimiter = max(DELIMITERS, key=first.count)
    names = [name.strip() for name in next(csv.reader([first.rstrip("\r")], delimiter=delimiter))]
    if not {*columns.keys, *columns.numbers} <= set(names):
        _check_header(beginning.decode("utf-8", errors="ignore"), columns)
    _require(names, columns)
    if not rest.strip():
        raise PanelError(f"{path.name}: there is a header, but no row beneath it")
    # A comma cannot both part the columns and begin the decimals.
    point = "replace({}, ',', '.')" if delimiter == ";" else "{}"
    text = {name: f"nullif(trim({quoted(name)}), '')" for name in [*columns.keys, *columns.numbers]}
    parts = [f"{text[name]} AS {quoted(name)}" for name in columns.keys]
    parts += [
        # NaN stands for what is no number until it has been looked at; nothing is dropped.
        f"CASE WHEN {text[name]} IS NOT NULL THEN coalesce(try_cast({point.format(text[name])} "
        f"AS DOUBLE), 'nan'::DOUBLE) END AS {quoted(name)}"
        for name in columns.numbers
    ]
    target = folder / "panel.parquet"

    def scan(path: Path) -> duckdb.DuckDBPyRelation:
        header = _unique(names)
        return connection.read_csv(
            str(path),
            delimiter=delimiter,
            header=False,
            skiprows=1,
            columns=dict.fromkeys(header, "VARCHAR"),
            quotechar='"',
            escapechar='"',
            auto_detect=False,
        )

    query = ", ".join([*parts, f"row_number() OVER () + 1 AS {ROW}"])
    try:
        scan(path).select(query).write_parquet(str(target))
    except duckdb.Error as error:
        if "unicode" in str(error).lower() or "utf" in str(error).lower():
            path = _recoded(path, "gb18030", folder)
            scan(path).select(query).write_parquet(str(target))
        else:
            raise PanelError(_csv_complaint(path, error, len(names))) from None
    found = connection.read_parquet(str(target))
    bad = ", ".join(
        f"min({ROW}) FILTER (isnan({quoted(name)}) OR isinf({quoted(name)}))"
        for name in columns.numbers
    )
    at = first_row(found.aggregate(bad))
    for name, row in zip(columns.numbers, at, strict=True):
        if row is not None:
            cell = _cell(scan(path), row, name)
            raise PanelError(f"row {row}, {name}: expected a number, found {cell!r}")
    no_year = found.filter(
        f"{quoted(columns.time)} IS NOT NULL AND try_cast({quoted(columns.time)} AS BIGINT) IS NULL"
    )
    types = dict.fromkeys(names, "VARCHAR")
    if first_row(no_year) is None:
        types[columns.time] = "BIGINT"
    return found.select(_casts(columns, types, ROW))


def _check_header(text: str, columns: Columns) -> None:
    """Say so where the names stand further down, beneath a title."""
    wanted = {*columns.keys, *columns.numbers}
    for delimiter in DELIMITERS:
        with suppress(csv.Error):
            rows = csv.reader(io.StringIO(text), delimiter=delimiter)
            for at, row in enumerate(islice(rows, HEADER_ROWS), start=1):
                if wanted <= {cell.strip() for cell in row}:
                    raise PanelError(
                        f"the names of the columns stand in row {at}: delete the rows above it, "
                        "so that they are in row 1"
                    )


def _cell(scanned: duckdb.DuckDBPyRelation, row: int, name: str) -> str:
    numbered = scanned.select(f"{quoted(name)} AS cell, row_number() OVER () + 1 AS {ROW}")
    return first_row(numbered.filter(f"{ROW} = {row}"))[0].strip()


def _csv_complaint(path: Path, error: duckdb.Error, fields: int) -> str:
    text = str(error)
    line = ""
    for part in text.splitlines():
        if "line" in part.lower():
            digits = "".join(c for c in part.lower().split("line", 1)[1][:20] if c.isdigit())
            line = f"row {digits}: " if digits else ""
            break
    if "expected number of columns" in text.lower():
        return f"{line}the row has not the {fields} fields that the header names"
    if "unterminated quote" in text.lower() or "quote" in text.lower():
        return f"{line}a quotation mark is opened and not closed"
    return f"{path.name}: {line}cannot be read as a table of text"


def _unique(names: Sequence[str]) -> list[str]:
    return [name if names.count(name) == 1 and name else f"column {at}"
            for at, name in enumerate(names)]  # fmt: skip


def _encoding(beginning: bytes) -> str:
    for mark, encoding in MARKS.items():
        if beginning.startswith(mark):
            return encoding
    for encoding in ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            decoder.decode(beginning, final=len(beginning) < PEEK)
            return encoding
        except UnicodeDecodeError:
            continue
    raise PanelError("the file is neither UTF-8 nor GBK: save it as UTF-8")


def _recoded(path: Path, encoding: str, folder: Path) -> Path:
    target = folder / f"{path.stem} in utf-8.csv"
    try:
        with (
            path.open(encoding=encoding, newline="") as file,
            target.open("w", encoding="utf-8", newline="") as copy,
        ):
            while block := file.read(PEEK):
                copy.write(block)
    except UnicodeError:
        raise PanelError(
            f"{path.name}: the file is neither UTF-8 nor GBK: save it as UTF-8"
        ) from None
    return target


def _require(names: Sequence[str], columns: Columns) -> None:
    names = list(names)
    for name in [*columns.keys, *columns.numbers]:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1, 0.6)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise PanelError(
                f"there is no column {name!r}; the columns are {', '.join(map(repr, names[:20]))}"
                f"{' …' if len(names) > 20 else ''}{hint}"
            )
        if names.count(name) > 1:
            raise PanelError(f"the header names {name!r} more than once")


def _checked(
    connection: duckdb.DuckDBPyConnection,
    relation: duckdb.DuckDBPyRelation,
    columns: Columns,
    whole: bool,
) -> Panel:
    unit, time = quoted(columns.unit), quoted(columns.time)
    for key in columns.keys:
        if at := first_row(relation.filter(f"{quoted(key)} IS NULL")):
            raise PanelError(
                f"row {at[-1]}, {key}: it is empty; every row needs one (delete rows of notes or "
                "of totals)"
            )
    parts = ["count(*)", f"count(DISTINCT {unit})"]
    parts += [f"min({ROW}) FILTER ({quoted(name)} < 0)" for name in columns.numbers]
    parts += [f"min({ROW}) FILTER (NOT isfinite({quoted(name)}))" for name in columns.numbers]
    rows, units, *first = first_row(relation.aggregate(", ".join(parts)))
    if not rows:
        raise PanelError("the panel has no rows")
    wrong = {"negative": first[: len(columns.numbers)], "not finite": first[len(columns.numbers) :]}
    for what, places in wrong.items():
        for name, row in zip(columns.numbers, places, strict=True):
            if row is not None:
                value = first_row(relation.filter(f"{ROW} = {row}").select(quoted(name)))[0]
                raise PanelError(
                    f"row {row}, {name}: {value:g} is {what}; an indicator is a quantity, 0 or more"
                )
    if units < 2:
        raise PanelError(f"{columns.unit}: there is one unit only; a panel compares two or more")
    pairs = relation.aggregate(f"{unit} AS u, {time} AS t, count(*) AS n", f"{unit}, {time}")
    if twice := first_row(pairs.filter("n > 1")):
        same = relation.filter(f"{unit} = {literal(twice[0])} AND {time} = {literal(twice[1])}")
        at = first_row(same.aggregate(f"min({ROW}), max({ROW})"))
        raise PanelError(
            f"rows {at[0]} and {at[1]}: both are {columns.unit} {twice[0]}, {columns.time} "
            f"{twice[1]}; one row is expected for each unit and time"
        )
    if columns.group:
        _check_groups(relation, columns)
    # Before rows without a value go: a period that lacks them all is a gap as well.
    periods = _periods(relation, time)
    has_all = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in columns.numbers)
    complete = count(relation.filter(has_all))
    notes: list[str] = []
    if not complete:
        raise PanelError("no row has a value in every column that is named")
    if not whole and complete < rows:
        partial = relation.filter(f"NOT ({has_all})")
        without = (f"{u} {t}" for u, t in _sample(partial, unit, time))
        notes.append(
            f"{rows - complete:,} of {rows:,} rows are left out, for want of a value: "
            f"{listed(without, rows - complete)}{_empty_cells(relation, columns)}"
        )
    if whole and complete < units * len(periods):
        relation, note = _whole(relation, columns, units, len(periods), has_all)
        notes.append(note)
    relation = relation.filter(has_all)
    periods = _periods(relation, time)
    rows, units = first_row(relation.aggregate(f"count(*), count(DISTINCT {unit})"))
    kept = relation.select(", ".join(quoted(one) for one in [*columns.keys, *columns.numbers]))
    return Panel(kept, connection, columns, rows, units, tuple(periods), tuple(notes))


def _check_groups(relation: duckdb.DuckDBPyRelation, columns: Columns) -> None:
    unit, group = quoted(columns.unit), quoted(columns.group or "")
    moved = relation.aggregate(f"{unit}, min({group}) AS a, max({group}) AS b", unit).filter(
        "a <> b"
    )
    if at := first_row(moved):
        raise PanelError(
            f"{columns.group}: {columns.unit} {at[0]} is in {at[1]!r} and in {at[2]!r}; "
            "a unit stays in one group"
        )
    if count(relation.select(group).distinct()) < 2:
        raise PanelError(f"{columns.group}: there is one group only; two or more are compared")


def _periods(relation: duckdb.DuckDBPyRelation, time: str) -> list[int | str]:
    return [one for (one,) in relation.select(time).distinct().order(time).fetchall()]


def _whole(
    relation: duckdb.DuckDBPyRelation, columns: Columns, units: int, periods: int, has_all: str
) -> tuple[duckdb.DuckDBPyRelation, str]:
    """Leave out the units, or the periods, that are not whole, whichever costs fewer rows."""
    candidates = []
    for key, full, what in ((columns.unit, periods, "units"), (columns.time, units, "periods")):
        counts = relation.aggregate(
            f"{quoted(key)} AS k, count(*) FILTER ({has_all}) AS n", quoted(key)
        )
        kept, left = counts.filter(f"n = {full}").select("k"), counts.filter(f"n < {full}")
        candidates.append((full * count(kept), key, kept, left, what))
    remaining, key, kept, left, what = max(candidates, key=lambda one: one[0])
    if remaining < WHOLE * units * periods:
        missing = units * periods - count(relation.filter(has_all))
        raise PanelError(
            f"{missing:,} of {units * periods:,} pairs of {columns.unit} and {columns.time} lack a "
            f"row or a value ({_first_gap(relation, columns, has_all)}"
            f"{_empty_cells(relation, columns)}); to compare the same units over time at least "
            f"{WHOLE:.0%} must be whole: leave out what is not, or an indicator"
        )
    number = count(left)
    names = [one for (one,) in left.select("k").order("k").limit(NAMED).fetchall()]
    other = columns.time if key == columns.unit else columns.unit
    gaps = (f"{name} ({_gaps(relation, key, other, name, has_all)})" for name in names)
    note = (
        f"left out, for want of a row or a value: {counted(number, what)}: "
        f"{listed(gaps, number)}{_empty_cells(relation, columns)}"
    )
    relation = relation.join(kept.set_alias("kept"), f"{quoted(key)} = kept.k", how="semi")
    return relation, note


def _gaps(relation: duckdb.DuckDBPyRelation, key: str, other: str, name: Any, has_all: str) -> str:
    """List where a unit (or a period) has no row, or one without all values."""
    there = relation.filter(f"{quoted(key)} = {literal(name)} AND {has_all}").select(quoted(other))
    gaps = relation.select(quoted(other)).distinct().except_(there)
    return listed((str(one) for (one,) in _sample(gaps, quoted(other))), count(gaps))


def _sample(relation: duckdb.DuckDBPyRelation, *keys: str) -> list[tuple[Any, ...]]:
    order = ", ".join(keys)
    return relation.select(order).order(order).limit(NAMED).fetchall()


def _empty_cells(relation: duckdb.DuckDBPyRelation, columns: Columns) -> str:
    """Say which indicators have empty cells, and how many."""
    parts = ", ".join(f"count(*) - count({quoted(name)})" for name in columns.numbers)
    empty = {
        name: number
        for name, number in zip(columns.numbers, first_row(relation.aggregate(parts)), strict=True)
        if number
    }
    most = sorted(empty, key=lambda name: -empty[name])
    cells = (f"{name} ({empty[name]:,})" for name in most[:NAMED])
    return f"; empty cells: {listed(cells, len(empty))}" if empty else ""


def _first_gap(relation: duckdb.DuckDBPyRelation, columns: Columns, has_all: str) -> str:
    unit, time = quoted(columns.unit), quoted(columns.time)
    grid = (
        relation.select(f"{unit} AS u").distinct().order("u").limit(1000).set_alias("a")
        .join(relation.select(f"{time} AS t").distinct().set_alias("b"), "true")
    )  # fmt: skip
    there = relation.filter(has_all).select(f"{unit} AS u, {time} AS t")
    gap = first_row(grid.except_(there).order("u, t"))
    return f"as {columns.unit} {gap[0]}, {columns.time} {gap[1]}" if gap else "in many places"


def listed(names: Iterable[str], number: int) -> str:
    """Join the first few of so many names, and say how many more there are."""
    shown = list(names)
    more = f" and {number - len(shown):,} more" if number > len(shown) else ""
    return ", ".join(shown) + more


def counted(number: int, what: str) -> str:
    """Write a number of things, one of them without its plural."""
    return f"{number:,} {what if number != 1 else what.removesuffix('s')}"


def first_row(relation: duckdb.DuckDBPyRelation) -> tuple[Any, ...] | None:
    """Return the first row, if there is one."""
    rows = relation.limit(1).fetchall()
    return rows[0] if rows else None


def count(relation: duckdb.DuckDBPyRelation) -> int:
    """Return the number of rows."""
    return int(relation.aggregate("count(*)").fetchall()[0][0])


def literal(value: Any) -> str:
    """Write a value of a key column for SQL."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(int(value))


def quoted(name: str) -> str:
    """Quote a column name for SQL."""
    return '"' + name.replace('"', '""') + '"'
