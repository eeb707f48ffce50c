"""A panel from a file: CSV, Parquet or Excel, of any size, read into DuckDB and checked.

A text file is read once, into a compact copy on disk. So an error can name the row and the column,
and a file larger than memory is never held in it.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pandas as pd
from duckdb import ColumnExpression as Column
from duckdb import ConstantExpression as Constant
from duckdb import FunctionExpression as Function

from convergence.files import opening
from convergence.own_data.request import Columns, PanelError

__all__ = ["Panel", "opened"]

ENGINE_MEMORY = "1GB"
DELIMITERS = (",", ";", "\t", "|")
TEXTS = (".csv", ".tsv", ".txt")
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
PARQUETS = (".parquet", ".pq")
# What a cell of a key is read as where the file has types, and what an indicator must be.
WHOLE_NUMBERS = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
    "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
)  # fmt: skip
FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")
# The smallest share of the panel that must be whole. Below it the panel is refused; above it,
# units or periods with gaps are left out, with a warning.
WHOLE = 0.8
# The number of names in a message; the others are counted.
NAMED = 4
# The number of rows searched for a header that does not stand in row 1.
HEADER_ROWS = 30
# Characters that XML, and so a report and a drawing, cannot hold; it can hold tabs and line ends.
CONTROL = "[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\ufffe\uffff]"
# Kinds of faults in DuckDB's table of rejected rows, and what they mean.
FAULTS = {
    "MISSING COLUMNS": "the row has not the {fields} fields that the header names",
    "TOO MANY COLUMNS": "the row has not the {fields} fields that the header names",
    "UNQUOTED VALUE": "a quotation mark is opened and not closed",
}


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


@dataclass(frozen=True)
class _Names:
    """The names under which the checks know the columns: none of them needs a quotation mark."""

    columns: Columns

    @property
    def original(self) -> dict[str, str]:
        """The name in the file, by the name here."""
        keys = dict(zip(("unit", "time", "grouping"), self.columns.keys, strict=False))
        return keys | {f"x{at}": name for at, name in enumerate(self.columns.numbers)}

    @property
    def keys(self) -> list[str]:
        return list(self.original)[: len(self.columns.keys)]

    @property
    def numbers(self) -> list[str]:
        return list(self.original)[len(self.columns.keys) :]


@dataclass(frozen=True)
class _Source:
    """The columns as read, under the names of `_Names`, and ``place``, the number of the row.

    ``row_of`` turns such a number into the row that the reader of the file counts.
    """

    relation: duckdb.DuckDBPyRelation
    row_of: Callable[[int], int] = int


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
        Its relation has the columns under their own names. The time is a whole number if all
        times are, text otherwise. The unit is a whole number only where the file has types.

    Raises
    ------
    PanelError
        One sentence: what is wrong, in which row (of the file, the header being row 1) and
        column, and what was expected.
    """
    with TemporaryDirectory(prefix="convergence-") as folder:
        connection = duckdb.connect()
        try:
            connection.execute(f"SET memory_limit = '{ENGINE_MEMORY}'")
            connection.execute("SET temp_directory = ?", [folder])
            read = _read(connection, source, _Names(columns), Path(folder))
            # The rows carry their numbers by now; keeping their order would take memory.
            connection.execute("SET preserve_insertion_order = false")
            yield _checked(connection, read, _Names(columns), whole)
        finally:
            connection.close()


def _read(
    connection: duckdb.DuckDBPyConnection,
    source: str | Path | pd.DataFrame,
    names: _Names,
    folder: Path,
) -> _Source:
    if isinstance(source, pd.DataFrame):
        return _of_frame(connection, source, names, folder)
    path = Path(source)
    if not path.is_file():
        raise PanelError(f"there is no file {str(path)!r}")
    try:
        form = _form(path)
        if form == "parquet":
            return _of_parquet(connection, path, names)
        if form == "workbook":
            path = _sheet_as_text(path, folder)
        return _of_text(connection, path, names, folder)
    except opening.OpeningError as error:
        raise PanelError(f"{Path(source).name}: {error}") from None


def _form(path: Path) -> opening.Form:
    """Tell what the file is, and make sure that its name says so."""
    suffix = path.suffix.lower()
    named: dict[str, opening.Form] = {
        **dict.fromkeys(TEXTS, "text"),
        **dict.fromkeys(WORKBOOKS, "workbook"),
        **dict.fromkeys(PARQUETS, "parquet"),
    }
    if suffix not in named:
        raise PanelError(f"{path.name}: expected a file of CSV, Parquet or Excel, found {suffix!r}")
    form = opening.form(_beginning(path))
    if form != named[suffix]:
        kinds = {"text": "a text file", "workbook": "a workbook", "parquet": "a Parquet file"}
        raise PanelError(
            f"{path.name}: this is {kinds[form]} under the name of {kinds[named[suffix]]}: "
            "rename it"
        )
    return form


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(opening.BEGINNING)


def _of_frame(
    connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame, names: _Names, folder: Path
) -> _Source:
    _require(frame.columns, names.columns)
    for name in names.columns.numbers:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            raise PanelError(f"{name}: expected a column of numbers, found {frame[name].dtype}")
    target = folder / "frame.parquet"
    frame[[*names.columns.keys, *names.columns.numbers]].to_parquet(target, index=False)
    return _of_parquet(connection, target, names)


def _of_parquet(connection: duckdb.DuckDBPyConnection, path: Path, names: _Names) -> _Source:
    try:
        found = connection.read_parquet(str(path), file_row_number=True)
    except duckdb.Error:
        raise PanelError(f"{path.name}: not a Parquet file, or cut off") from None
    _require(found.columns, names.columns)
    types = {
        name: str(kind).partition("(")[0]
        for name, kind in zip(found.columns, found.types, strict=True)
    }
    for name in names.columns.numbers:
        if types[name] not in (*WHOLE_NUMBERS, *FRACTIONS):
            raise PanelError(f"{name}: expected a column of numbers, found {types[name]}")
    parts = []
    for name, original in names.original.items():
        key = Column(original)
        if name in names.numbers:
            kind = "DOUBLE"
        elif name == "grouping":
            kind = "VARCHAR"
        elif types[original] in FRACTIONS[:2]:
            # pandas makes years with a gap among them floating: 2018.0 is 2018.
            odd = found.filter(~Function("isfinite", key) | (key != Function("floor", key)))
            kind = "VARCHAR" if first_row(odd) else "BIGINT"
        else:
            kind = "BIGINT" if types[original] in WHOLE_NUMBERS else "VARCHAR"
        parts.append(key.cast(kind).alias(name))
    place = (Column("file_row_number") + Constant(2)).alias("place")
    return _Source(found.select(*parts, place))


def _sheet_as_text(path: Path, folder: Path) -> Path:
    """Write the first sheet of a workbook as text, cell by cell."""
    sheet = opening.first_sheet(path)
    if sheet.merged:
        (row, column), _ = sheet.merged[0]
        raise PanelError(
            f"{path.name}, sheet {sheet.name!r}: merged cells, the first at row {row + 1}, column "
            f"{column + 1}: unmerge them, so that each row has its own unit and time"
        )
    target = folder / f"{path.stem}.csv"
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([_as_text(cell) for cell in row] for row in sheet.rows)
    return target


def _as_text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


class _TextFile:
    """A text file whose header has been read: its cells, its faults, the numbers of its rows."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path, names: _Names) -> None:
        self.connection, self.path = connection, path
        beginning = _beginning(path).decode("utf-8-sig", errors="ignore")
        first, _, rest = beginning.partition("\n")
        self.delimiter = max(DELIMITERS, key=first.count)
        cells = next(csv.reader([first.rstrip("\r")], delimiter=self.delimiter))
        self.header = [name.strip() for name in cells]
        if not {*names.columns.keys, *names.columns.numbers} <= set(self.header):
            _check_header(beginning, names.columns)
        _require(self.header, names.columns)
        if not rest.strip():
            raise PanelError(f"{path.name}: there is a header, but no row beneath it")

    def scanned(self, **more: Any) -> duckdb.DuckDBPyRelation:
        """Read every cell as text; names that a table cannot have are replaced."""
        names = [
            name if name and self.header.count(name) == 1 else f"column {at}"
            for at, name in enumerate(self.header)
        ]
        return self.connection.read_csv(
            str(self.path),
            delimiter=self.delimiter,
            header=False,
            skiprows=1,
            columns=dict.fromkeys(names, "VARCHAR"),
            quotechar='"',
            escapechar='"',
            auto_detect=False,
            **more,
        )

    def number(self, name: str) -> duckdb.Expression:
        """Read a column as numbers; what is no number becomes NaN, so that it can be found."""
        cell = self.cell(name)
        # Where semicolons separate the columns, a comma begins the decimals.
        point = Function("replace", cell, Constant(","), Constant("."))
        written = point if self.delimiter == ";" else cell
        read = duckdb.CoalesceOperator(written.try_cast("DOUBLE"), Constant(float("nan")))
        return duckdb.CaseExpression(cell.isnotnull(), read)

    def cell(self, name: str) -> duckdb.Expression:
        """Read a column as text without spaces around it; an empty cell is missing."""
        return Function("nullif", Function("trim", Column(name)), Constant(""))

    def refuse_fault(self) -> None:
        """Refuse the first row that has another number of cells, or an open quotation mark."""
        with suppress(duckdb.InvalidInputException):
            count(self.scanned(store_rejects=True))
            rejected = self.connection.table("reject_errors")
            fault = first_row(rejected.select("error_type::VARCHAR, line").order("line"))
            if fault is not None and fault[0] in FAULTS:
                complaint = FAULTS[fault[0]].format(fields=len(self.header))
                raise PanelError(f"row {fault[1]}: {complaint}")

    def row_of(self, place: int) -> int:
        """Return the row of the file in which a row of the scan stands: empty rows are counted."""
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            rows = enumerate(csv.reader(file, delimiter=self.delimiter), start=1)
            with_cells = (row for row, cells in rows if cells)
            return next(islice(with_cells, place - 1, None), place)


def _of_text(
    connection: duckdb.DuckDBPyConnection, path: Path, names: _Names, folder: Path
) -> _Source:
    """Read a text file once, into a Parquet file with typed columns and the rows' numbers."""
    beginning = _beginning(path)
    encoding = opening.encoding_of(beginning, is_whole=len(beginning) < opening.BEGINNING)
    copy, target = folder / "in utf-8.csv", folder / "panel.parquet"
    is_utf8 = encoding in ("ascii", "utf-8", "utf-8-sig")
    if is_utf8 and not opening.has_odd_line_ends(beginning):
        file = _TextFile(connection, path, names)
        try:
            _write_columns(file, names, target)
            return _typed(connection.read_parquet(str(target)), file, names)
        except duckdb.InvalidInputException:
            # The first sign of GBK, or of other line ends, may stand far down the file.
            file.refuse_fault()
    opening.write_as_utf8(path, copy, encoding)
    file = _TextFile(connection, copy, names)
    try:
        _write_columns(file, names, target)
    except duckdb.InvalidInputException:
        file.refuse_fault()
        raise opening.OpeningError("a text without rows and columns", "a table: CSV") from None
    return _typed(connection.read_parquet(str(target)), file, names)


def _write_columns(file: _TextFile, names: _Names, target: Path) -> None:
    parts = [file.cell(names.original[key]).alias(key) for key in names.keys]
    parts += [file.number(names.original[number]).alias(number) for number in names.numbers]
    file.scanned().select(*parts, _place()).write_parquet(str(target))


def _place() -> duckdb.Expression:
    """Number the rows of a text; the header is row 1."""
    return duckdb.SQLExpression("row_number() OVER () + 1").alias("place")


def _typed(found: duckdb.DuckDBPyRelation, file: _TextFile, names: _Names) -> _Source:
    """Refuse what is no number, and make whole numbers of times where all are."""
    bad = (f"min(place) FILTER (isnan({name}) OR isinf({name}))" for name in names.numbers)
    places = only_row(found.aggregate(", ".join(bad)))
    for name, place in zip(names.numbers, places, strict=True):
        if place is not None:
            original = names.original[name]
            numbered = file.scanned().select(Column(original).alias("cell"), _place())
            cell = only_row(numbered.filter(Column("place") == Constant(place)))[0].strip()
            raise PanelError(
                f"row {file.row_of(place)}, {original}: expected a number, found {cell!r}"
            )
    no_year = found.filter("time IS NOT NULL AND try_cast(time AS BIGINT) IS NULL")
    time = Column("time").cast("VARCHAR" if first_row(no_year) else "BIGINT").alias("time")
    others = [Column(name) for name in (*names.keys, *names.numbers, "place") if name != "time"]
    return _Source(found.select(time, *others), file.row_of)


def _check_header(text: str, columns: Columns) -> None:
    """Say so where the names stand further down, beneath a title."""
    wanted = {*columns.keys, *columns.numbers}
    for delimiter in DELIMITERS:
        with suppress(csv.Error):
            rows = csv.reader(io.StringIO(text), delimiter=delimiter)
            for number, row in enumerate(islice(rows, HEADER_ROWS), start=1):
                if wanted <= {cell.strip() for cell in row}:
                    raise PanelError(
                        f"the names of the columns stand in row {number}: delete the rows above "
                        "it, so that they are in row 1"
                    )


def _require(header: Iterable[str], columns: Columns) -> None:
    names = [str(name) for name in header]
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
        if re.search(CONTROL, name):
            raise PanelError(f"the column {name!r} holds a control character; a name is plain text")


def _checked(
    connection: duckdb.DuckDBPyConnection, source: _Source, names: _Names, whole: bool
) -> Panel:
    columns, relation = names.columns, source.relation
    _check_keys(source, names)
    _check_names(source, names)
    rows, units = _check_values(source, names)
    _check_pairs(source, columns)
    if columns.group:
        _check_groups(relation, columns)
    # Periods without any value are gaps too: they are counted before rows without a value go.
    periods = _periods(relation)
    complete = relation.filter(_has_all(names))
    complete_rows = count(complete)
    notes: list[str] = []
    if not complete_rows:
        raise PanelError("no row has a value in every column that is named")
    if not whole and complete_rows < rows:
        notes.append(_note_of_rows(relation, names, rows, complete_rows))
    if whole and complete_rows < units * len(periods):
        complete, note = _whole(relation, names, units, len(periods))
        notes.append(note)
    rows, units = only_row(complete.aggregate("count(*), count(DISTINCT unit)"))
    kept = complete.select(*(Column(name).alias(old) for name, old in names.original.items()))
    return Panel(kept, connection, columns, rows, units, tuple(_periods(complete)), tuple(notes))


def _has_all(names: _Names) -> str:
    return " AND ".join(f"{name} IS NOT NULL" for name in names.numbers)


def _check_keys(source: _Source, names: _Names) -> None:
    for key in names.keys:
        if (found := first_row(source.relation.filter(Column(key).isnull()))) is not None:
            place = found[source.relation.columns.index("place")]
            raise PanelError(
                f"row {source.row_of(place)}, {names.original[key]}: it is empty; every row needs "
                "one (delete rows of notes or of totals)"
            )


def _check_names(source: _Source, names: _Names) -> None:
    """Refuse names that no page and no drawing can show."""
    relation = source.relation
    types = dict(zip(relation.columns, relation.types, strict=True))
    texts = [key for key in names.keys if types[key] == "VARCHAR"]
    if not texts:
        return
    firsts = [f"min(place) FILTER (regexp_matches({key}, '{CONTROL}'))" for key in texts]
    for key, place in zip(texts, only_row(relation.aggregate(", ".join(firsts))), strict=True):
        if place is not None:
            name = only_row(relation.filter(Column("place") == Constant(place)).select(key))[0]
            raise PanelError(
                f"row {source.row_of(place)}, {names.original[key]}: {name!r} holds a control "
                "character; a name is plain text (is the file damaged?)"
            )


def _check_values(source: _Source, names: _Names) -> tuple[int, int]:
    """Refuse values that are no quantity; return the number of rows and of units."""
    relation = source.relation
    wrong = {"negative": "{} < 0", "not finite": "NOT isfinite({})"}
    checks = [(what, test, name) for what, test in wrong.items() for name in names.numbers]
    firsts = [f"min(place) FILTER ({test.format(name)})" for _, test, name in checks]
    rows, units, *places = only_row(
        relation.aggregate(", ".join(["count(*)", "count(DISTINCT unit)", *firsts]))
    )
    if not rows:
        raise PanelError("the panel has no rows")
    for (what, _, name), place in zip(checks, places, strict=True):
        if place is not None:
            value = only_row(relation.filter(Column("place") == Constant(place)).select(name))[0]
            raise PanelError(
                f"row {source.row_of(place)}, {names.original[name]}: {value:g} is {what}; an "
                "indicator is a quantity, 0 or more"
            )
    if units < 2:
        raise PanelError(
            f"{names.columns.unit}: there is one unit only; a panel compares two or more"
        )
    return rows, units


def _check_pairs(source: _Source, columns: Columns) -> None:
    pairs = source.relation.aggregate(
        "unit, time, min(place), max(place), count(*) AS n", "unit, time"
    )
    if (twice := first_row(pairs.filter("n > 1"))) is not None:
        unit, time, first, last, _ = twice
        raise PanelError(
            f"rows {source.row_of(first)} and {source.row_of(last)}: both are {columns.unit} "
            f"{unit}, {columns.time} {time}; one row is expected for each unit and time"
        )


def _check_groups(relation: duckdb.DuckDBPyRelation, columns: Columns) -> None:
    ends = relation.aggregate("unit, min(grouping) AS a, max(grouping) AS b", "unit")
    if (moved := first_row(ends.filter("a <> b"))) is not None:
        unit, first, second = moved
        raise PanelError(
            f"{columns.group}: {columns.unit} {unit} is in {first!r} and in {second!r}; "
            "a unit stays in one group"
        )
    if count(relation.select("grouping").distinct()) < 2:
        raise PanelError(f"{columns.group}: there is one group only; two or more are compared")


def _periods(relation: duckdb.DuckDBPyRelation) -> list[int | str]:
    return [period for (period,) in relation.select("time").distinct().order("time").fetchall()]


def _note_of_rows(
    relation: duckdb.DuckDBPyRelation, names: _Names, rows: int, complete: int
) -> str:
    without = (
        f"{unit} {time}"
        for unit, time in _sample(relation.filter(f"NOT ({_has_all(names)})"), "unit, time")
    )
    return (
        f"{rows - complete:,} of {rows:,} rows are left out, for want of a value: "
        f"{listed(without, rows - complete)}{_empty_cells(relation, names)}"
    )


def _whole(
    relation: duckdb.DuckDBPyRelation, names: _Names, units: int, periods: int
) -> tuple[duckdb.DuckDBPyRelation, str]:
    """Leave out the units, or the periods, that are not whole, whichever costs fewer rows."""
    columns, has_all = names.columns, _has_all(names)
    candidates = []
    for key, other, full in (("unit", "time", periods), ("time", "unit", units)):
        counts = relation.aggregate(f"{key} AS k, count(*) FILTER ({has_all}) AS n", key)
        kept, left = counts.filter(f"n = {full}").select("k"), counts.filter(f"n < {full}")
        candidates.append((full * count(kept), key, other, kept, left))
    remaining, key, other, kept, left = max(candidates, key=lambda candidate: candidate[0])
    if remaining < WHOLE * units * periods:
        missing = units * periods - count(relation.filter(has_all))
        raise PanelError(
            f"{missing:,} of {units * periods:,} pairs of {columns.unit} and {columns.time} lack a "
            f"row or a value ({_first_gap(relation, columns, has_all)}"
            f"{_empty_cells(relation, names)}); to compare the same units over time at least "
            f"{WHOLE:.0%} must be whole: leave out what is not, or an indicator"
        )
    number = count(left)
    some = [name for (name,) in left.select("k").order("k").limit(NAMED).fetchall()]
    gaps = (f"{name} ({_gaps(relation, key, other, name, has_all)})" for name in some)
    note = (
        "left out, for want of a row or a value: "
        f"{counted(number, 'units' if key == 'unit' else 'periods')}: "
        f"{listed(gaps, number)}{_empty_cells(relation, names)}"
    )
    complete = relation.filter(has_all)
    return complete.join(kept.set_alias("kept"), f"{key} = kept.k", how="semi"), note


def _gaps(
    relation: duckdb.DuckDBPyRelation, key: str, other: str, name: int | str, has_all: str
) -> str:
    """List where a unit (or a period) has no row, or one without all values."""
    there = relation.filter(Column(key) == Constant(name)).filter(has_all).select(other)
    gaps = relation.select(other).distinct().except_(there)
    return listed((str(gap) for (gap,) in _sample(gaps, other)), count(gaps))


def _sample(relation: duckdb.DuckDBPyRelation, keys: str) -> list[tuple[Any, ...]]:
    return relation.select(keys).order(keys).limit(NAMED).fetchall()


def _empty_cells(relation: duckdb.DuckDBPyRelation, names: _Names) -> str:
    """Say which indicators have empty cells, and how many."""
    parts = ", ".join(f"count(*) - count({name})" for name in names.numbers)
    empty = {
        name: number
        for name, number in zip(
            names.columns.numbers, only_row(relation.aggregate(parts)), strict=True
        )
        if number
    }
    most = sorted(empty, key=lambda name: -empty[name])
    cells = (f"{name} ({empty[name]:,})" for name in most[:NAMED])
    return f"; empty cells: {listed(cells, len(empty))}" if empty else ""


def _first_gap(relation: duckdb.DuckDBPyRelation, columns: Columns, has_all: str) -> str:
    grid = (
        relation.select("unit").distinct().order("unit").limit(1000).set_alias("a")
        .join(relation.select("time").distinct().set_alias("b"), "true")
    )  # fmt: skip
    there = relation.filter(has_all).select("unit, time")
    gap = first_row(grid.except_(there).order("unit, time"))
    return f"as {columns.unit} {gap[0]}, {columns.time} {gap[1]}" if gap else "in many places"


def listed(names: Iterable[str], number: int) -> str:
    """Join the first few of `number` names, and say how many more there are."""
    shown = list(names)
    more = f" and {number - len(shown):,} more" if number > len(shown) else ""
    return ", ".join(shown) + more


def counted(number: int, what: str) -> str:
    """Write a number of things, a single one without the plural's s."""
    return f"{number:,} {what if number != 1 else what.removesuffix('s')}"


def first_row(relation: duckdb.DuckDBPyRelation) -> tuple[Any, ...] | None:
    """Return the first row, or None of an empty relation."""
    rows = relation.limit(1).fetchall()
    return rows[0] if rows else None


def only_row(relation: duckdb.DuckDBPyRelation) -> tuple[Any, ...]:
    """Return the row of a relation that has one, as sums have."""
    (row,) = relation.fetchall()
    return row


def count(relation: duckdb.DuckDBPyRelation) -> int:
    """Return the number of rows."""
    return int(only_row(relation.aggregate("count(*)"))[0])
