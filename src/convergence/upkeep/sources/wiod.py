"""The table ``io_wiod``, from the workbooks of the World Input–Output Database.

Release 2016 comes in two kinds of workbook, either of which will do:

- *national* tables, one workbook a country with all its years (``CHN_NIOT_nov16.xlsx``);
- *world* tables, one workbook a year with all countries (``WIOT2014_Nov16_ROW.xlsb``): a country's
  imports are added up over the countries they come from, its exports over buyers.

Sheets and headers are found by what stands in them; the names of the files say the country of the
first kind and the year of the second, as the publisher names them. With all the workbooks in a
folder, these lines rebuild the table::

    from pathlib import Path
    from convergence.upkeep.sources import wiod
    from convergence.tables import load

    rows = wiod.build(Path("wiod").glob("*_NIOT_*.xlsx"), load("io_sectors_international"))
    wiod.write(rows, "data/io_wiod.parquet")

Source: Timmer, Dietzenbacher, Los, Stehrer and de Vries, "An Illustrated User Guide to the World
Input–Output Database", *Review of International Economics* 23 (2015), 575–605. Licence CC BY 4.0.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from convergence import inputoutput, tables
from convergence.files import opening, staging
from convergence.tables import TableError
from convergence.upkeep.books import Books
from convergence.upkeep.sources.figures import Reading, WholeTable

__all__ = ["LEFT_OUT", "National", "WorkbookError", "build", "content", "figures", "read", "write"]

USES = {
    "CONS_h": "consumption",
    "CONS_np": "consumption",
    "CONS_g": "consumption",
    "GFCF": "fixed_capital_formation",
    "INVEN": "inventories",
    "EXP": "exports",
}
TABLE = "io_wiod"
KEY = ["country", "year", "flow", "row", "column"]
PAIR = ["country", "year"]
SEVEN_DIGITS = 1e-5
# Rows below the industries. Residents buy PURR abroad, foreigners PURNR in the country.
TAXES_MARGINS = ("TXSP", "EXP_adj", "PURR", "PURNR", "IntTTM")
BELOW = (*TAXES_MARGINS, "VA", "GO")
LEFT_OUT = {
    ("ROU", 2014): "other services miss 3,853 million US$, 45 % of their output",
}
# The rest of the world is not a country: its table holds what is left.
NO_COUNTRY = ("ROW", "TOT")


class WorkbookError(TableError):
    """A workbook is not what WIOD publishes."""


class National(NamedTuple):
    """One country's table of one year, at the industries of the workbook, in million US$."""

    country: str
    year: int
    domestic: pd.DataFrame  # industries × industries, uses of `USES` and GO
    imported: pd.DataFrame  # the same without GO
    below: pd.DataFrame  # `BELOW` × industries


def build(workbooks: Iterable[str | Path], sectors: pd.DataFrame) -> pd.DataFrame:
    """Build the table ``io_wiod`` from workbooks, added up to the sectors of the book.

    Parameters
    ----------
    workbooks
        Paths of national or of world workbooks.
    sectors
        ``sector`` and ``wiod``, its industries with spaces between: as `tables.load` gives
        ``io_sectors_international``.

    Returns
    -------
    pandas.DataFrame
        ``country``, ``year``, ``flow`` (``domestic``, ``imported``, ``total``), ``row``,
        ``column``, ``value`` [million US$], sorted by all but the last. Without the tables of
        `LEFT_OUT`.

    Raises
    ------
    WorkbookError
        If a workbook is not of the described form, or if two hold the same table: with file,
        sheet and cell; or if a table does not balance: rows to 0.01 % of output, columns to 0.1 %
        of the economy's.
    """
    sector_of = {
        industry: sector
        for sector, industries in zip(sectors["sector"], sectors["wiod"], strict=True)
        for industry in (industries.split() if isinstance(industries, str) else ())
    }
    held: dict[tuple[str, int], Path] = {}
    parts = []
    for path in map(Path, workbooks):
        for table in read(path):
            which = (table.country, table.year)
            if which in held:
                raise WorkbookError(
                    f"{table.country} {table.year} is in {held[which].name} and in {path.name}; "
                    "give one of them"
                )
            held[which] = path
            if which not in LEFT_OUT:
                parts.append(_added_up(table, sector_of, path))
    if not parts:
        raise WorkbookError("no table in the workbooks that were given")
    rows = pd.concat(parts, ignore_index=True)
    try:
        inputoutput.read(rows)
    except ValueError as error:
        raise WorkbookError(str(error)) from None
    return rows.sort_values(KEY, ignore_index=True)


def figures(books: Books, files: Sequence[Path], vintage: str | None) -> Reading:
    """Read workbooks, and compare their tables with those of ``io_wiod``.

    The release of 2016 is closed: tables of further countries and years are added, and none
    changes.

    Parameters
    ----------
    books
        The accepted tables.
    files
        Paths of workbooks.
    vintage
        Not used: the table keeps no vintages.

    Raises
    ------
    WorkbookError
        As `build`; or if a figure of a workbook is not the one in the table.
    """
    before = tables.load(TABLE)
    read = build(files, tables.load("io_sectors_international"))
    both = before.merge(read, on=KEY, suffixes=("", "_read"))
    _require_same(both)
    known = set(before[PAIR].itertuples(index=False, name=None))
    pairs = list(read[PAIR].itertuples(index=False, name=None))
    new = read[[pair not in known for pair in pairs]]
    rows = [
        {"country": country, "year": str(year)}
        for country, year in dict.fromkeys(new[PAIR].itertuples(index=False, name=None))
    ]
    after = pd.concat([before, new]).sort_values(KEY, ignore_index=True)
    written = content(after) if rows else books.package.resource(TABLE).accepted_bytes()
    return Reading(whole=WholeTable(TABLE, written, rows, len(both), int(after["year"].max())))


def _require_same(both: pd.DataFrame) -> None:
    """Refuse figures that are not those of the table, whose copy has seven digits."""
    scale = both["value"].abs() + both["value_read"].abs()
    differ = both[(both["value"] - both["value_read"]).abs() > SEVEN_DIGITS * scale + 0.01]
    if differ.empty:
        return
    first = differ.iloc[0]
    where = ", ".join(str(first[name]) for name in KEY)
    raise WorkbookError(
        f"{len(differ)} figures are not those of data/{TABLE}.parquet, the first at {where}: "
        f"{first['value_read']:.7g}, where the table has {first['value']:.7g}. The release of 2016 "
        "is closed, so the workbooks are of another one; nothing was written"
    )


def content(rows: pd.DataFrame) -> bytes:
    """Make the Parquet file of ``io_wiod``.

    Parameters
    ----------
    rows
        As `build` gives them.
    """
    import pyarrow
    import pyarrow.parquet

    frame = rows.assign(value=rows["value"].astype("float32"))
    file = io.BytesIO()
    pyarrow.parquet.write_table(
        pyarrow.Table.from_pandas(frame, preserve_index=False),
        file,
        compression="zstd",
        compression_level=19,
        use_dictionary=[column for column in frame if column != "value"],
        column_encoding={"value": "BYTE_STREAM_SPLIT"},
    )
    return file.getvalue()


def write(rows: pd.DataFrame, target: str | Path) -> None:
    """Write rows as the Parquet file of ``io_wiod``, all or nothing.

    Parameters
    ----------
    rows
        As `build` gives them.
    target
        The file, ``data/io_wiod.parquet``; then ``convergence accept io_wiod`` shows the
        difference and takes it.

    Raises
    ------
    OSError
        If it cannot be written; then the old file stands.
    """
    target = Path(target)
    staging.write(target.parent, {target.name: content(rows)})


def read(path: str | Path) -> Iterator[National]:
    """Read the tables of one workbook, national or world.

    Parameters
    ----------
    path
        The workbook, ``.xlsx`` or ``.xlsb``.

    Yields
    ------
    National
        One table for each country and year in it.

    Raises
    ------
    WorkbookError
        If it is no workbook of WIOD: with sheet and cell.
    """
    path = Path(path)
    for name, cells in _sheets(path):
        sheet = _Sheet(path, name, cells)
        if (at := sheet.row_with({"Year", "Code", "Origin"})) is not None:
            yield from _national_tables(sheet, at)
            return
        if (at := sheet.row_of(r"c\d+")) is not None:
            yield from _world_tables(sheet, at)
            return
    raise WorkbookError(
        f"{path.name}: no sheet of WIOD's. A national table has a header Year, Code, Description, "
        "Origin; a world table numbers its columns c1, c2, … below the names of the countries"
    )


def _sheets(path: Path) -> Iterator[tuple[str, list[list[Any]]]]:
    if not path.is_file():
        raise WorkbookError(f"{path}: there is no such file")
    try:
        for sheet in opening.sheets(path):
            yield sheet.name, sheet.rows
    except opening.OpeningError as error:
        raise WorkbookError(f"{path.name} cannot be read as a workbook: {error}") from None


class _Sheet:
    """The cells of a sheet, and where they stand for messages."""

    HEAD = 20  # rows in which a header is looked for

    def __init__(self, path: Path, name: str, cells: list[list[Any]]) -> None:
        self.path, self.name, self.cells = path, name, cells

    def row_with(self, words: set[str]) -> int | None:
        rows = enumerate(self.cells[: self.HEAD])
        return next((at for at, row in rows if words <= {_text(cell) for cell in row}), None)

    def row_of(self, pattern: str) -> int | None:
        for at, row in enumerate(self.cells[: self.HEAD]):
            if sum(bool(re.fullmatch(pattern, _text(cell))) for cell in row) > 1:
                return at
        return None

    def texts(self, row: int) -> list[str]:
        return [_text(cell) for cell in self.cells[row]]

    def column(self, column: int, start: int) -> list[str]:
        return [_text(row[column]) for row in self.cells[start:]]

    def numbers(self, rows: list[int], columns: list[int]) -> np.ndarray:
        values = [[self.cells[row][column] for column in columns] for row in rows]
        try:
            array = np.array(values, dtype=float)
        except (TypeError, ValueError):
            array = np.full((len(rows), len(columns)), np.nan)
            for i, row in enumerate(values):
                for j, value in enumerate(row):
                    if isinstance(value, int | float):
                        array[i, j] = value
        if np.isnan(array).any():
            i, j = np.argwhere(np.isnan(array))[0]
            raise self.error(rows[i], columns[j], repr(values[i][j]), "a number")
        return array

    def error(self, row: int, column: int, found: str, expected: str) -> WorkbookError:
        return WorkbookError(
            f"{self.path.name}, sheet {self.name}, cell {_letters(column)}{row + 1}: "
            f"found {found}, expected {expected}"
        )

    def lacks(self, what: str) -> WorkbookError:
        return WorkbookError(f"{self.path.name}, sheet {self.name}: there is no {what}")


def _national_tables(sheet: _Sheet, header: int) -> Iterator[National]:
    named = re.match(r"([A-Za-z]{3})_", sheet.path.name)
    if named is None:
        raise WorkbookError(
            f"{sheet.path.name}: the name of a national table begins with its country, as in "
            "CHN_NIOT_nov16.xlsx"
        )
    at = {name: column for column, name in enumerate(sheet.texts(header)) if name}
    tables: dict[int, dict[str, dict[str, int]]] = {}
    for row in range(header + 1, len(sheet.cells)):
        code, origin = (_text(sheet.cells[row][at[name]]) for name in ("Code", "Origin"))
        if not code or not origin:  # the row of descriptions, empty rows
            continue
        year = sheet.cells[row][at["Year"]]
        if not re.fullmatch(r"(19|20)\d\d(\.0)?", _text(year)):
            raise sheet.error(row, at["Year"], repr(year), "a year")
        rows = tables.setdefault(int(float(year)), {}).setdefault(origin, {})
        if code in rows:
            raise sheet.error(row, at["Code"], f"{code} {origin} again", "each once a year")
        rows[code] = row
    if not tables:
        raise sheet.lacks("row of a table below the header")
    for year, origins in sorted(tables.items()):
        for origin in ("Domestic", "Imports", "TOT"):
            if origin not in origins:
                raise sheet.lacks(f"row of origin {origin} in {year}")
        industries = list(origins["Domestic"])
        for columns, rows, what in [
            ((*industries, *USES, "GO"), at, "column"),
            (industries, origins["Imports"], f"row of imports in {year} for"),
            (BELOW, origins["TOT"], f"total in {year},"),
        ]:
            if lacking := [name for name in columns if name not in rows]:
                raise sheet.lacks(f"{what} {', '.join(lacking[:5])}")
        across = [at[name] for name in (*industries, *USES)]
        made, bought = (
            sheet.numbers([origins[origin][code] for code in industries], across)
            for origin in ("Domestic", "Imports")
        )
        output = sheet.numbers([origins["Domestic"][code] for code in industries], [at["GO"]])
        below = sheet.numbers([origins["TOT"][code] for code in BELOW], across[: len(industries)])
        yield _national(named[1].upper(), year, industries, made, output[:, 0], bought, below)


def _world_tables(sheet: _Sheet, numbers: int) -> Iterator[National]:
    stated = re.search(r"(19|20)\d\d", sheet.name) or re.search(r"(19|20)\d\d", sheet.path.name)
    if stated is None:
        raise WorkbookError(
            f"{sheet.path.name}: neither the sheet nor the file says the year, as in "
            "WIOT2014_Nov16_ROW.xlsb"
        )
    first = next(
        (at for at, cell in enumerate(sheet.texts(numbers)) if re.fullmatch(r"c\d+", cell)), 0
    )
    start = numbers + 1
    if numbers < 3 or first < 4:
        raise sheet.error(numbers, first, "c1", "codes, names and countries above and left of it")
    code_of, land_of = sheet.texts(numbers - 3), sheet.texts(numbers - 1)
    columns = {(land_of[at], code_of[at]): at for at in range(first, len(code_of)) if code_of[at]}
    rows = {
        (land, code): start + at
        for at, (code, land) in enumerate(
            zip(sheet.column(first - 4, start), sheet.column(first - 2, start), strict=True)
        )
        if code
    }
    lands = list(dict.fromkeys(land for land, _ in rows if land != "TOT"))
    industries = [code for land, code in rows if land == lands[0]] if lands else []
    sellers = [(land, code) for land in lands for code in industries]
    buyers = [(land, code) for land in lands for code in (*industries, *_AT_HOME)]
    for wanted, there, what in [
        (sellers, rows, "row"),
        (buyers, columns, "column"),
        ([("TOT", "GO")], columns, "column"),
        ([("TOT", code) for code in BELOW], rows, "row"),
    ]:
        if lacking := [" ".join(pair) for pair in wanted if pair not in there]:
            raise sheet.lacks(f"{what} {', '.join(lacking[:5])}")
    n, uses = len(industries), len(_AT_HOME)
    flows = sheet.numbers([rows[pair] for pair in sellers], [columns[pair] for pair in buyers])
    output = sheet.numbers([rows[pair] for pair in sellers], [columns["TOT", "GO"]])[:, 0]
    flows = flows.reshape(len(lands), n, len(lands), n + uses)
    for at, land in enumerate(lands):
        if land in NO_COUNTRY:
            continue
        abroad = [other for other in range(len(lands)) if other != at]
        exports = flows[at][:, abroad].sum(axis=(1, 2))[:, None]
        made = np.hstack([flows[at][:, at], exports])
        bought = flows[abroad][:, :, at].sum(axis=0)
        below = sheet.numbers(
            [rows["TOT", code] for code in BELOW], [columns[land, code] for code in industries]
        )
        yield _national(
            land,
            int(stated[0]),
            industries,
            made,
            output[at * n : at * n + n],
            np.hstack([bought, np.zeros((n, 1))]),
            below,
        )


_AT_HOME = [code for code in USES if code != "EXP"]


def _national(
    country: str,
    year: int,
    industries: list[str],
    made: np.ndarray,
    output: np.ndarray,
    bought: np.ndarray,
    below: np.ndarray,
) -> National:
    across = [*industries, *USES]
    return National(
        country,
        year,
        pd.DataFrame(made, industries, across).assign(GO=output),
        pd.DataFrame(bought, industries, across),
        pd.DataFrame(below, list(BELOW), industries),
    )


def _added_up(table: National, sector_of: dict[str, str], path: Path) -> pd.DataFrame:
    industries = list(table.domestic.index)
    if odd := sorted(set(industries) ^ set(sector_of)):
        raise WorkbookError(
            f"{path.name}: industries and the table of sectors do not match: {', '.join(odd[:5])}"
        )
    columns = sector_of | USES | {"GO": "output"}
    below = table.below.T.groupby(sector_of).sum().T
    total = pd.DataFrame(
        {
            "value_added": below.loc["VA"],
            "taxes_margins": below.loc[list(TAXES_MARGINS)].sum(),
            "output": below.loc["GO"],
        }
    ).T
    flows = {
        "domestic": table.domestic.groupby(sector_of).sum().T.groupby(columns).sum().T,
        "imported": table.imported.groupby(sector_of).sum().T.groupby(columns).sum().T,
        "total": total,
    }
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "country": table.country,
                    "year": table.year,
                    "flow": flow,
                    "row": np.repeat(cells.index.to_numpy(object), cells.shape[1]),
                    "column": np.tile(cells.columns.to_numpy(object), len(cells)),
                    "value": cells.to_numpy().ravel(),
                }
            )
            for flow, cells in flows.items()
        ],
        ignore_index=True,
    )


def _text(cell: object) -> str:
    return str(cell).strip()


def _letters(column: int) -> str:
    """Name a column as spreadsheets do: A, …, Z, AA, …."""
    name = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(ord("A") + letter) + name
    return name
