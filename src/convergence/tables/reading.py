"""Read the tables of the data package, each verified, typed, and in its newest vintage."""

from __future__ import annotations

import csv
import functools
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from convergence import periods
from convergence.tables import package
from convergence.tables.package import Problem, TableError

if TYPE_CHECKING:
    from convergence.tables.package import Package, Resource

# How a cell of each type is written. Narrower than what float() or int() would take: "1_000",
# "1,000", "nan" and "inf" are slips, not figures.
WRITTEN = {
    "string": r"[\s\S]*",
    "integer": r"[+-]?\d{1,18}",
    "number": r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?",
    "boolean": r"true|false",
    "year": r"\d{4}",
    "yearmonth": r"\d{4}-(0[1-9]|1[0-2])",
    "date": r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
}
ROLES = ("observation", "vintage", "status")


def load(name: str, vintage: str | None = None) -> pd.DataFrame:
    """Load a table, after making sure that its file is the accepted one.

    Figures are revised. If the table has vintages, each observation is given by the row of its
    newest vintage (the one released last). The columns ``vintage`` and ``status`` stay: two years
    of one series may come from different vintages, and `convergence.accounts.growth` refuses to
    compare them.

    Parameters
    ----------
    name
        Name of the table, as in ``data/datapackage.json``.
    vintage
        Only the rows of this vintage; ``"all"`` gives every row.

    Returns
    -------
    pandas.DataFrame
        Columns as in the file, typed by the schema; years are integers, quarters (``2016Q1``) and
        months stay strings, which sort. ``attrs`` says what columns alone do not, also after rows
        were chosen: ``table``, the name; ``observation``, the fields that together name what a
        row is about; ``unit``, that of the table's value; ``vintage`` and ``status``, the columns
        that hold them.

    Raises
    ------
    ValueError
        If a vintage is asked of a table that has none.
    TableError
        If the table or the vintage is unknown, if the file's sha256 is not the recorded one, if
        a cell is not of its field's type (with file, row and field), or if a change of the data
        folder was cut off.

    Examples
    --------
    >>> va = load("value_added")
    >>> run = va[va.sector == "manufacturing"]
    >>> run[run.year == 2019][["year", "value", "status"]].to_dict("records")
    [{'year': 2019, 'value': 264136.72, 'status': 'final'}]
    """
    data = package.read()
    resource = data.resource(name)
    frame = parse(resource, resource.accepted_bytes())
    column = resource.extras.get("vintage")
    if column is None:
        if vintage is not None:
            raise ValueError(f"table {name!r} has no vintages; load it without vintage=")
    elif vintage is None:
        frame = newest(frame, resource, released())
    elif vintage != "all":
        frame = _of_vintage(frame, resource, vintage, released())
    frame.attrs["table"] = name
    frame.attrs |= {role: resource.extras[role] for role in ROLES if role in resource.extras}
    if unit := resource.fields.get(resource.extras.get("value", ""), {}).get("unit"):
        frame.attrs["unit"] = unit
    return frame


@dataclass(frozen=True)
class Table:
    """One table of a package, read and parsed when it is first asked for, and then kept."""

    resource: Resource

    @functools.cached_property
    def content(self) -> bytes:
        """The file's bytes, whether or not they are the accepted ones.

        Raises
        ------
        TableError
            If the file cannot be read.
        """
        return self.resource.bytes()

    @functools.cached_property
    def frame(self) -> pd.DataFrame:
        """The file's rows, every vintage, typed by the schema.

        Raises
        ------
        TableError
            If the file is not of the described form.
        """
        return parse(self.resource, self.content)


class Tables:
    """The tables of a data package, each parsed once however often it is looked at.

    Parameters
    ----------
    data
        The data package.
    """

    def __init__(self, data: Package) -> None:
        self.package = data
        self._tables: dict[str, Table] = {}

    def __getitem__(self, name: str) -> Table:
        if name not in self._tables:
            self._tables[name] = Table(self.package.resource(name))
        return self._tables[name]

    def __contains__(self, name: str) -> bool:
        return name in self.package.resources


def parse(resource: Resource, data: bytes) -> pd.DataFrame:
    """Parse the bytes of a table's file and cast its columns to the types of the schema.

    Raises
    ------
    TableError
        If the file is not of the described form, naming the row and field where that can be said.
    """
    if resource.descriptor.get("format") == "parquet":
        return _parse_parquet(resource, data)
    cells = _text_cells(resource, data)
    return pd.DataFrame(
        {
            name: _cast(cells[name], resource, name, field.get("type", "string"))
            for name, field in resource.fields.items()
        }
    )


def _text_cells(resource: Resource, data: bytes) -> pd.DataFrame:
    """Give the cells of a CSV file as the text that stands there, empty ones as ``""``."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        raise _error(resource, row, None, "bytes that are not UTF-8", "UTF-8") from None
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise _error(resource, None, None, str(error), "well-formed CSV") from None
    header, *rows = rows or [[]]
    if header != list(resource.fields):
        found = f"the columns {', '.join(header) or '(none)'}"
        raise _error(resource, 1, None, found, f"the columns {', '.join(resource.fields)}")
    for number, cells in enumerate(rows, start=2):
        if len(cells) != len(header):
            raise _error(resource, number, None, f"{len(cells)} cells", f"{len(header)} cells")
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    return pd.DataFrame(dict(zip(header, columns, strict=True)), dtype="str")


def _parse_parquet(resource: Resource, data: bytes) -> pd.DataFrame:
    import pyarrow.parquet

    try:
        frame = pyarrow.parquet.read_table(io.BytesIO(data)).to_pandas()
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise _error(resource, None, None, str(error), "a Parquet file") from None
    if list(frame.columns) != list(resource.fields):
        found = f"the columns {', '.join(frame.columns)}"
        raise _error(resource, None, None, found, f"the columns {', '.join(resource.fields)}")
    is_of = {
        "string": pd.api.types.is_string_dtype,
        "integer": pd.api.types.is_integer_dtype,
        "year": pd.api.types.is_integer_dtype,
        "number": pd.api.types.is_float_dtype,
        "boolean": pd.api.types.is_bool_dtype,
        "date": pd.api.types.is_datetime64_any_dtype,
    }
    for name, field in resource.fields.items():
        if not is_of[_known_type(resource, name, field.get("type", "string"), is_of)](frame[name]):
            raise _error(resource, None, name, str(frame[name].dtype), f"type {field['type']}")
    return frame


def _known_type(resource: Resource, name: str, kind: str, known: dict[str, Any]) -> str:
    if kind not in known:
        raise _error(resource, None, name, f"the type {kind!r}", f"one of {', '.join(known)}")
    return kind


def _cast(cells: pd.Series, resource: Resource, name: str, kind: str) -> pd.Series:
    pattern = WRITTEN[_known_type(resource, name, kind, WRITTEN)]
    missing = cells == ""
    wrong = ~(missing | cells.str.fullmatch(pattern))
    typed = cells.mask(missing)
    if not wrong.any():
        typed = _converted(typed, kind)
        # The pattern lets 1e999 and 2026-02-31 pass, which are no number and no day.
        wrong = (typed.isna() | (np.isinf(typed) if kind == "number" else False)) & ~missing
    if wrong.any():
        position = int(np.argmax(wrong))
        raise _error(resource, position + 2, name, repr(cells.iloc[position]), f"type {kind}")
    return typed


def _converted(cells: pd.Series, kind: str) -> pd.Series:
    has_missing = cells.isna().any()
    if kind == "number":
        # numpy's parser gives the float nearest to the figure; pandas' fast one may be off by one
        # unit in the last place.
        return pd.Series(np.array(cells.fillna("nan"), dtype=float), index=cells.index)
    if kind in ("integer", "year"):
        return cells.astype("Int64" if has_missing else "int64")
    if kind == "boolean":
        truth = cells.map({"true": True, "false": False}, na_action="ignore")
        return truth.astype("boolean" if has_missing else "bool")
    if kind == "date":
        return pd.to_datetime(cells, format="%Y-%m-%d", errors="coerce")
    return cells


def _error(
    resource: Resource, row: int | None, field: str | None, found: str, expected: str
) -> TableError:
    return TableError(Problem(resource.name, resource.file, row, field, found, expected, "type"))


def released() -> pd.Series:
    """Give the month in which each vintage was released, ``YYYY-MM``, by vintage."""
    resource = package.read().resource("vintages")
    vintages = parse(resource, resource.accepted_bytes())
    return vintages.set_index("vintage")["released"]


def newest(frame: pd.DataFrame, resource: Resource, months: pd.Series) -> pd.DataFrame:
    """Keep, for each observation, the row whose vintage was released last.

    Raises
    ------
    TableError
        If a vintage is not in the table of vintages, or if two vintages of one observation were
        released in the same month, so that neither is the newest.
    """
    column, observation = resource.extras["vintage"], resource.extras["observation"]
    month = frame[column].map(months)
    if month.isna().any():
        position = int(np.argmax(month.isna()))
        found = repr(frame[column].iloc[position])
        raise _error(resource, position + 2, column, found, "a vintage of the table vintages")
    last = month == month.groupby([frame[field] for field in observation]).transform("max")
    chosen = frame[last]
    if (tied := chosen.duplicated(observation, keep=False)).any():
        rows = chosen[tied]
        first = rows[(rows[observation] == rows[observation].iloc[0]).all(axis=1)]
        which = ", ".join(f"{field} {first[field].iloc[0]}" for field in observation)
        raise _error(
            resource,
            int(first.index[-1]) + 2,
            column,
            f"{' and '.join(first[column])}, released in the same month, for {which}",
            "one newest vintage",
        )
    return chosen.reset_index(drop=True)


def _of_vintage(
    frame: pd.DataFrame, resource: Resource, vintage: str, months: pd.Series
) -> pd.DataFrame:
    column = resource.extras["vintage"]
    rows = frame[frame[column] == vintage].reset_index(drop=True)
    if rows.empty:
        present = ", ".join(_from_old_to_new(frame[column], months))
        raise TableError(
            f"no vintage {vintage!r} in table {resource.name!r}; from old to new it has {present}"
        )
    return rows


def _from_old_to_new(vintages: pd.Series, months: pd.Series) -> list[str]:
    return sorted(vintages.unique(), key=lambda vintage: (months.get(vintage, ""), vintage))


@dataclass(frozen=True)
class Description:
    """What a table holds, and what it cannot show."""

    name: str
    title: str
    description: str
    rows: int
    fields: pd.DataFrame
    coverage: str
    vintages: tuple[str, ...]
    sources: tuple[str, ...]
    gaps: tuple[str, ...]
    breaks: tuple[str, ...]
    cannot: str

    def __repr__(self) -> str:
        parts = [
            f"{self.name}: {self.title}",
            self.description,
            f"{self.rows} rows. {self.coverage}".rstrip(),
            self.fields.to_string(index=False, justify="left"),
        ]
        for title, lines in [
            ("Vintages, from old to new", self.vintages),
            ("Sources", self.sources),
            ("Known gaps", self.gaps),
            ("Breaks", self.breaks),
            ("It cannot show", (self.cannot,) if self.cannot else ()),
        ]:
            if lines:
                parts.append("\n".join([f"{title}:", *(f"  {line}" for line in lines)]))
        return "\n\n".join(part for part in parts if part)


def describe(name: str) -> Description:
    """Describe a table: fields with units, coverage, vintages, sources, known gaps and breaks.

    Raises
    ------
    TableError
        As `load` does.

    Examples
    --------
    >>> describe("real_index").coverage
    '1978 to 2023.'
    """
    data = package.read()
    resource = data.resource(name)
    frame = parse(resource, resource.accepted_bytes())
    extras = resource.extras
    period = periods.field(extras.get("observation", []))
    fields = [
        {
            "field": field,
            "type": described.get("type", "string"),
            "unit": described.get("unit", ""),
            "title": described.get("title", ""),
        }
        for field, described in resource.fields.items()
    ]
    vintages: tuple[str, ...] = ()
    if column := extras.get("vintage"):
        months = released()
        present = _from_old_to_new(frame[column], months)
        vintages = tuple(
            f"{vintage} (released {months.get(vintage, 'unknown')})" for vintage in present
        )
    return Description(
        name=name,
        title=resource.descriptor.get("title", ""),
        description=resource.descriptor.get("description", ""),
        rows=len(frame),
        fields=pd.DataFrame(fields),
        coverage=f"{frame[period].min()} to {frame[period].max()}." if period else "",
        vintages=vintages,
        sources=tuple(source.get("title", "") for source in resource.descriptor.get("sources", [])),
        gaps=tuple(_gap_text(gap) for gap in extras.get("gaps", [])),
        breaks=tuple(f"{jump['at']}: {jump['reason']}" for jump in extras.get("breaks", [])),
        cannot=extras.get("cannot", ""),
    )


def _gap_text(gap: dict[str, Any]) -> str:
    when = periods.runs(gap.get("years") or gap["quarters"])
    where = "".join(f" ({', '.join(map(str, values))})" for values in gap.get("where", {}).values())
    return f"{when}{where}: {gap['reason']}"


# The ledger of the book and messages of Python name them as their users import them.
for _public in (Description, describe, load):
    _public.__module__ = "convergence.tables"
