"""Write the description of a new table from its CSV file, as far as the file says it."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from convergence import periods
from convergence.tables import checks, package
from convergence.tables.package import (
    DESCRIPTOR,
    FILL_IN,
    Package,
    Problem,
    ProblemsError,
    Resource,
    TableError,
    accept_command,
    listed,
)
from convergence.tables.reading import Tables, parse
from convergence.upkeep import writing

__all__ = ["NewTable", "NewTableRefusedError", "new_table"]

# A type is proposed if every cell of a column is written so. A code such as 01 is a string.
TYPES = {
    "integer": r"-?(0|[1-9]\d{0,17})",
    "number": r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?",
    "boolean": r"true|false",
    "yearmonth": r"\d{4}-(0[1-9]|1[0-2])",
    "date": r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
}
# Fields that say where a figure is from or how it stands, and do not tell rows apart.
NOT_KEYS = ("source", "status", "note", "unit", "value")
LONGEST_KEY = 5


@dataclass(frozen=True)
class NewTable:
    """A description that was written: what it proposes, and what a person has to fill in.

    ``blanks`` has lines of ``datapackage.json`` and what is to be written there; ``problems`` what
    `convergence accept` would refuse beside them, such as rows that are not sorted.
    """

    descriptor: dict[str, Any]
    blanks: list[tuple[int, str]]
    problems: list[Problem]
    file: str

    def __str__(self) -> str:
        name, schema = self.descriptor["name"], self.descriptor["schema"]
        fields = [f"{field['name']}: {field['type']}" for field in schema["fields"]]
        lines = [
            f"{name} is described in {self.file}, with the key {', '.join(schema['primaryKey'])}",
            *listed(fields),
            "to fill in:",
            *listed(f"{self.file}, line {line}: {wanted}" for line, wanted in self.blanks),
        ]
        if self.problems:
            lines += ["to mend:", *listed(self.problems)]
        return "\n".join([*lines, f"then: {accept_command(name)}"])


class NewTableRefusedError(ProblemsError):
    """A file from which no description can be written; nothing was written."""

    def __init__(self, file: str, problems: Sequence[Problem]):
        super().__init__(f"{file} cannot be described; nothing was written", problems)


def new_table(file: str | Path, key: Sequence[str] = ()) -> NewTable:
    """Describe a new table in ``datapackage.json``, ready to be filled in and accepted.

    Types, key, range of years, references to other tables, publisher and licence are proposed from
    the file and from the tables that are there. What the file does not say (title, description,
    units, what the table cannot show) is marked with ``FILL IN``; `convergence accept` refuses the
    table until it is written.

    Parameters
    ----------
    file
        A CSV file in the data folder (UTF-8, commas, the names of the fields in row 1). Its name is
        the table's name.
    key
        The fields that together are different in every row; proposed if none is named.

    Returns
    -------
    NewTable
        What was written, and what is left to do.

    Raises
    ------
    ValueError
        If the file is not a CSV file of the data folder, if its name cannot be a table's, or if a
        field of `key` is not in the file.
    NewTableRefusedError
        If the file cannot be read as a table, or has no key: with row and field.
    TableError
        If the table is described already, or the data package cannot be read or written.
    """
    data = writing.begin()
    path = _path(data, Path(file))
    name = path.stem
    if name in data.resources:
        raise TableError(
            f"{name} is described in {data.folder.name}/{DESCRIPTOR} already; after an edit run: "
            f"{accept_command(name)}"
        )
    bare = Resource(data.folder, {"name": name, "path": path.name, "schema": {"fields": []}})
    content = bare.bytes()
    cells = _cells(bare, content)
    if unknown := [field for field in key if field not in cells]:
        raise ValueError(f"no field {unknown[0]!r} in {bare.file}; it has {', '.join(cells)}")
    described = _described(data, bare, cells, list(key) or _key(bare, cells))
    descriptor = data.descriptor | {"resources": [*data.descriptor["resources"], described]}
    written = writing.as_json(descriptor)
    would_be = package.parse(data.folder, written)
    found = [
        problem
        for problem in checks.problems(Tables(would_be), [name])
        if problem.rule not in ("hash", "blank")
    ]
    writing.write(data, {DESCRIPTOR: written}, {path.name: content})
    # The new table stands last, so its blanks are on the last lines that have one.
    wanted = [text for _, text in checks.blanks(described)]
    blanks = list(zip(_lines_with_blanks(written)[-len(wanted) :], wanted, strict=True))
    return NewTable(described, blanks, found, f"{data.folder.name}/{DESCRIPTOR}")


def _path(data: Package, file: Path) -> Path:
    if file.suffix != ".csv":
        raise ValueError(f"{file} is not a CSV file: its name has to end in .csv")
    if file.resolve().parent != data.folder.resolve():
        raise ValueError(
            f"{file} is not in the data folder: put it to {data.folder.name}/{file.name}"
        )
    if not re.fullmatch(r"[a-z][a-z0-9_]*", file.stem):
        raise ValueError(
            f"{file.stem!r} cannot name a table: small letters, digits and _, as rainfall_2020"
        )
    return file


def _cells(bare: Resource, content: bytes) -> dict[str, pd.Series]:
    """Read the file's columns as text, or say why it is no table."""

    def refuse(row: int | None, field: str | None, found: str, expected: str) -> Exception:
        problem = Problem(bare.name, bare.file, row, field, found, expected, "new table")
        return NewTableRefusedError(bare.file, [problem])

    if problems := list(checks.text_problems(bare, content)):
        raise NewTableRefusedError(bare.file, problems)
    try:
        header = next(csv.reader(io.StringIO(content.decode("utf-8")), strict=True))
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise refuse(row, None, "bytes that are not UTF-8", "UTF-8") from None
    except csv.Error as error:
        raise refuse(1, None, str(error), "well-formed CSV") from None
    for position, field in enumerate(header):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", field):
            raise refuse(1, field, repr(field), "a name of small letters, digits and _")
        if field in header[:position]:
            raise refuse(1, field, f"the field {field!r} twice", "each name once")
    texts = {"fields": [{"name": field, "type": "string"} for field in header]}
    try:
        frame = parse(Resource(bare.folder, bare.descriptor | {"schema": texts}), content)
    except TableError as error:
        raise NewTableRefusedError(bare.file, [error.args[0]]) from None
    if frame.empty:
        raise refuse(2, None, "no rows", "at least one row below the names of the fields")
    return {field: frame[field].fillna("") for field in header}


def _type(name: str, cells: pd.Series) -> str:
    filled = cells[cells != ""]
    if filled.empty or name == "quarter":
        return "string"
    return next(
        (kind for kind, pattern in TYPES.items() if filled.str.fullmatch(pattern).all()), "string"
    )


def _key(bare: Resource, cells: dict[str, pd.Series]) -> list[str]:
    """Find the fewest fields, the first ones first, that are different in every row."""
    frame = pd.DataFrame(cells)
    able = [
        name
        for name, column in cells.items()
        if name not in NOT_KEYS and (column != "").all() and _type(name, column) != "number"
    ]
    # Time first: the rows of a series then stand by time.
    able.sort(key=lambda name: name not in ("year", "quarter"))
    for size in range(1, min(LONGEST_KEY, len(able)) + 1):
        for fields in itertools.combinations(able, size):
            if not frame.duplicated(list(fields)).any():
                return list(fields)
    raise NewTableRefusedError(
        bare.file,
        [
            Problem(
                bare.name,
                bare.file,
                None,
                None,
                f"no key: rows have the same {', '.join(able) or 'cells'}",
                "fields that together are different in every row (name them: --key year,province)",
                "new table",
            )
        ],
    )


def _described(
    data: Package, bare: Resource, cells: dict[str, pd.Series], key: list[str]
) -> dict[str, Any]:
    references = dict(_references(data, cells))
    types = {
        name: (
            data.resource(references[name]).fields[name]["type"]
            if name in references
            else _type(name, column)
        )
        for name, column in cells.items()
    }
    value = next((name for name, kind in types.items() if kind == "number"), None)
    if "value" in cells and types["value"] in ("integer", "number"):
        value, types["value"] = "value", "number"
    observation = [name for name in key if name != "vintage"]
    places = [name for name in observation if name in ("province", "country")]
    groups = dict.fromkeys(other.extras.get("group") for other in data.resources.values())
    headings = "; ".join(filter(None, groups)) or "any"
    extras: dict[str, Any] = {
        "group": f"{FILL_IN}: the heading in the data dictionary ({headings})"
    }
    if periods.field(observation) or value:
        extras |= {"observation": observation} | ({"value": value} if value else {})
        extras |= {role: role for role in ("vintage", "status") if role in cells}
        extras |= {"places": places} if places else {}
        extras |= {"gaps": [], "identities": [], "breaks": []}
    publisher = _publisher(data, cells)
    return {
        "name": bare.name,
        "type": "table",
        "path": bare.descriptor["path"],
        "title": f"{FILL_IN}: a title of a few words",
        "description": f"{FILL_IN}: what a row is, in a sentence or two",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        **publisher,
        "schema": {
            "fields": [
                _field(name, types[name], column, is_figure=name == value)
                for name, column in cells.items()
            ],
            "primaryKey": key,
            "foreignKeys": [
                {"fields": name, "reference": {"resource": other, "fields": name}}
                for name, other in references.items()
            ],
            "missingValues": [""],
        },
        "convergence": extras | {"cannot": f"{FILL_IN}: what the table cannot show"},
    }


def _field(name: str, kind: str, cells: pd.Series, *, is_figure: bool) -> dict[str, Any]:
    field: dict[str, Any] = {"name": name, "type": kind}
    if kind == "number" or is_figure:
        field["unit"] = f"{FILL_IN}: the unit of {name}, as 10,000 persons"
    field["title"] = name.replace("_", " ").capitalize()
    constraints: dict[str, Any] = {"required": True} if (cells != "").all() else {}
    if name == "year" and kind == "integer":
        years = cells[cells != ""].astype(int)
        constraints |= {"minimum": int(years.min()), "maximum": int(years.max())}
    return field | {"constraints": constraints}


def _references(data: Package, cells: dict[str, pd.Series]) -> Iterator[tuple[str, str]]:
    """Find fields that name rows of another table, whose key has the same name."""
    tables = Tables(data)
    for field, column in cells.items():
        for other in data.resources.values():
            if other.primary_key != [field]:
                continue
            known = set(tables[other.name].frame[field].astype("str"))
            # A source that is not entered yet is a slip, not another meaning of the field.
            if field in ("source", "vintage") or set(column[column != ""]) <= known:
                yield field, other.name
                break


def _publisher(data: Package, cells: dict[str, pd.Series]) -> dict[str, Any]:
    """Take publisher and licence from another table whose figures have the same sources."""
    wanted = set(cells["source"]) if "source" in cells else set()
    tables = Tables(data)
    for other in data.resources.values():
        if not wanted or "source" not in other.fields or "licenses" not in other.descriptor:
            continue
        if other.name != "sources" and wanted <= set(tables[other.name].frame["source"].dropna()):
            return {part: other.descriptor[part] for part in ("licenses", "sources")}
    return {
        "licenses": [{"name": f"{FILL_IN}: as in another table of the publisher"}],
        "sources": [{"title": f"{FILL_IN}: the publisher"}],
    }


def _lines_with_blanks(written: bytes) -> list[int]:
    lines = written.decode().split("\n")
    return [number for number, line in enumerate(lines, start=1) if FILL_IN in line]
