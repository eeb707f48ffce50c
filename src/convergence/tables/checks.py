"""The rules that the tables of the data package have to obey."""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import frictionless
import jsonschema
import numpy as np
import pandas as pd

from convergence import periods
from convergence.tables import corrections, identities, package, reading, records
from convergence.tables.package import (
    DESCRIPTOR,
    FILL_IN,
    Package,
    Problem,
    Report,
    Resource,
    TableError,
    missing_file,
)
from convergence.tables.reading import Table, Tables

__all__ = ["blanks", "check", "problems", "relies_on", "report", "text_problems"]


def check(names: list[str] | None = None) -> list[Problem]:
    """Check the tables against their descriptions: hashes, types, keys, identities, gaps.

    Parameters
    ----------
    names
        The tables to check; all, if none is named.

    Returns
    -------
    list of Problem
        Empty if all is well.

    Raises
    ------
    TableError
        If the data package itself cannot be read, or a name is unknown.
    """
    return problems(Tables(package.read()), names)


def report(names: list[str] | None = None) -> Report:
    """Check tables, and say of each how it stands.

    Parameters
    ----------
    names
        The tables to check; all, if none is named.

    Raises
    ------
    TableError
        As `check`.
    """
    tables = Tables(package.read())
    found = problems(tables, names)
    wrong = {problem.table for problem in found}
    checked = names or list(tables.package.resources)
    if any(problem.rule == "descriptor" for problem in found):
        wrong |= set(checked)
    rows = {name: None if name in wrong else len(tables[name].frame) for name in checked}
    return Report(rows, found)


def problems(tables: Tables, names: list[str] | None = None) -> list[Problem]:
    """Check tables against their descriptions.

    Parameters
    ----------
    tables
        The tables of the data package.
    names
        The tables to check; all, if none is named.

    Returns
    -------
    list of Problem
        In the order of the package; empty if all is well.
    """
    data = tables.package
    resources = [data.resource(name) for name in names] if names else data.resources.values()
    found = list(_descriptor_problems(data))
    if found:
        # A table cannot be judged by a description that is itself wrong.
        return found
    reader = _frictionless(data)
    for resource in resources:
        found += _table_problems(tables, tables[resource.name], reader)
    if not names or corrections.NAME in names:
        found += _correction_problems(tables, found)
    return found


def relies_on(resource: Resource) -> set[str]:
    """Name the tables that a table's rules speak of: its foreign keys, its identities."""
    keys = resource.descriptor["schema"].get("foreignKeys", [])
    named = {key["reference"]["resource"] or resource.name for key in keys}
    sums = {identity.get("table") for identity in resource.extras.get("identities", [])}
    return (named | sums) - {None}


def _correction_problems(tables: Tables, found: list[Problem]) -> list[Problem]:
    # These are reported already. Cells of a table that does not parse cannot be looked up, nor is a
    # register that breaks its own rules a guide to them.
    for problem in found:
        is_own = problem.table == corrections.NAME and problem.rule not in ("hash", "change record")
        if is_own or problem.rule in ("file", "type", "type-error"):
            return []
    return list(corrections.problems(tables))


def _frictionless(data: Package) -> frictionless.Package:
    descriptor = json.loads(json.dumps(data.descriptor))
    for resource in descriptor["resources"]:
        # Compared here, with a message that says how to accept an edit.
        resource.pop("hash", None)
        resource.pop("bytes", None)
    return frictionless.Package.from_descriptor(descriptor, basepath=str(data.folder))


@functools.cache
def _extras_validator() -> jsonschema.Draft202012Validator:
    """Read the form of what a resource says under the key ``convergence``."""
    file = importlib.resources.files("convergence.tables") / "datapackage.schema.json"
    definitions = json.loads(file.read_text("utf-8"))["$defs"]
    return jsonschema.Draft202012Validator({"$ref": "#/$defs/convergence", "$defs": definitions})


def _descriptor_problems(data: Package) -> Iterator[Problem]:
    file = f"{data.folder.name}/{DESCRIPTOR}"

    def problem(table: str, found: str, expected: str) -> Problem:
        return Problem(table, file, None, None, found, expected, "descriptor")

    try:
        _frictionless(data)
    except frictionless.FrictionlessException as error:
        for reason in error.reasons or [error.error]:
            yield problem("", reason.message, "a descriptor of the Data Package standard")
    except Exception as error:
        yield _stumbled("", file, error)
    for resource in data.resources.values():
        for wrong in _extras_validator().iter_errors(resource.extras):
            where = "/".join(str(step) for step in ["convergence", *wrong.absolute_path])
            yield problem(resource.name, f"at {where}: {wrong.message}", "the book's own form")


def _stumbled(table: str, file: str, error: Exception) -> Problem:
    # frictionless trips over some descriptors instead of judging them.
    found = f"{type(error).__name__}: {error}"
    return Problem(table, file, None, None, found, "what frictionless can judge", "descriptor")


def _table_problems(
    tables: Tables, table: Table, reader: frictionless.Package
) -> Iterator[Problem]:
    resource = table.resource
    is_csv = resource.descriptor.get("format") != "parquet"
    try:
        content = table.content
    except TableError as error:
        yield missing_file(resource, error)
        return
    if changed := resource.hash_problem(content):
        yield changed
    yield from records.problems(resource)
    yield from _blank_problems(resource)
    if is_csv:
        of_csv = list(text_problems(resource, content))
        if content.strip():
            of_csv += _csv_problems(resource, reader)
        yield from of_csv
        if of_csv:
            return
    try:
        frame = table.frame
    except TableError as error:
        yield _problem_of(error, resource)
        return
    if not is_csv:
        # frictionless has checked these in CSV files; Parquet takes it seconds.
        yield from _constraint_problems(resource, frame)
        yield from _reference_problems(tables, resource, frame)
    if of_key := [*_key_problems(resource, frame), *_period_problems(resource, frame)]:
        yield from of_key
        return
    yield from _gap_problems(resource, frame)
    yield from _break_problems(resource, frame)
    yield from _vintage_problems(tables, resource, frame)
    yield from identities.problems(tables, table)


def _problem_of(error: TableError, resource: Resource) -> Problem:
    if isinstance(error.args[0], Problem):
        return error.args[0]
    return Problem(resource.name, resource.file, None, None, str(error), "a readable table", "file")


def _blank_problems(resource: Resource) -> Iterator[Problem]:
    """Find what `convergence new-table` left to be filled in."""
    for place, wanted in blanks(resource.descriptor):
        yield Problem(
            resource.name,
            f"{resource.folder.name}/{DESCRIPTOR}",
            None,
            place,
            f"{FILL_IN!r}",
            wanted,
            "blank",
        )


def blanks(described: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Name the places of a table's description that are still to be filled in, and with what.

    Parameters
    ----------
    described
        The entry of the table in ``datapackage.json``, or a part of it.
    place
        The place of that part.

    Examples
    --------
    >>> list(blanks({"title": "FILL IN: a title", "path": "rain.csv"}))
    [('title', 'a title')]
    """
    if isinstance(described, str):
        if described.startswith(FILL_IN):
            yield place, described.removeprefix(FILL_IN).lstrip(": ")
        return
    if isinstance(described, dict):
        parts = list(described.items())
    elif isinstance(described, list):
        parts = [(_named(part), part) for part in described]
    else:
        return
    for key, part in parts:
        yield from blanks(part, " ".join(filter(None, [place, key])))


def _named(part: Any) -> str:
    return str(part.get("name", "")) if isinstance(part, dict) else ""


def text_problems(resource: Resource, content: bytes) -> Iterator[Problem]:
    """Find what spreadsheet programs leave behind, which would make every line differ.

    Parameters
    ----------
    resource
        The table.
    content
        The bytes of its CSV file.
    """

    def problem(row: int | None, found: str, expected: str) -> Problem:
        return Problem(resource.name, resource.file, row, None, found, expected, "text")

    if not content.strip():
        yield problem(None, "an empty file", "a line that names the fields, and the rows below it")
        return
    if content.startswith(b"\xef\xbb\xbf"):
        yield problem(1, "a byte order mark", "UTF-8 without one")
    if (at := content.find(b"\r")) >= 0:
        row = content[:at].count(b"\n") + 1
        yield problem(row, "a line that ends in CR", "lines that end in LF")
    if not content.endswith(b"\n"):
        yield problem(content.count(b"\n") + 1, "no line end", "LF at the end of the file")


def _csv_problems(resource: Resource, reader: frictionless.Package) -> Iterator[Problem]:
    try:
        report = reader.get_resource(resource.name).validate()
        errors = [error for task in report.tasks for error in task.errors]
        errors += report.errors
    except frictionless.FrictionlessException as error:
        errors = [error.error]
    except Exception as error:
        yield _stumbled(resource.name, resource.file, error)
        return
    for fault in errors:
        cells = fault.to_descriptor()
        fields = cells.get("fieldNames") or [cells.get("fieldName")]
        field = ", ".join(filter(None, fields)) or None
        found = cells.get("cell", ", ".join(map(str, cells.get("fieldCells", []))))
        if fault.type == "primary-key":
            field = ", ".join(resource.primary_key)
            row = dict(zip(resource.fields, cells["cells"], strict=False))
            found = ", ".join(row.get(name, "") for name in resource.primary_key)
        yield Problem(
            resource.name,
            resource.file,
            cells.get("rowNumber"),
            field,
            repr(found) if found else "nothing" if field else fault.title,
            EXPECTED.get(fault.type, lambda note: note)(fault.note) or fault.message,
            fault.type,
        )


def _known(other: str = "") -> str:
    """Say what a cell that refers to another table has to be."""
    if not other:
        return "a value that the table has in another row"
    return f"a value that the table {other} has; a new one goes into {other} first"


# frictionless notes what rule was broken; these say it as what was expected.
EXPECTED: dict[str, Callable[[str], str]] = {
    "type-error": lambda note: note.replace("type is ", "type ").replace("/default", ""),
    "constraint-error": lambda note: note,
    "primary-key": lambda note: f"a key of its own; this is {note}",
    "foreign-key": lambda note: _known(*re.findall(r'lookup table "(\w+)"', note)[-1:]),
    "extra-cell": lambda note: "as many cells as the header has",
    "missing-cell": lambda note: "as many cells as the header has",
    "blank-row": lambda note: "no empty row",
}


def _constraint_problems(resource: Resource, frame: pd.DataFrame) -> Iterator[Problem]:
    """Find the first cell of each field that breaks a constraint of the schema."""
    for name, field in resource.fields.items():
        column = frame[name]
        for rule, bound in field.get("constraints", {}).items():
            wrong = BROKEN[rule](column, bound) if rule in BROKEN else None
            if wrong is not None and wrong.any():
                position = int(np.argmax(wrong))
                yield _problem(
                    resource,
                    position,
                    name,
                    repr(column.iloc[position]),
                    f"{rule} {json.dumps(bound, ensure_ascii=False)}",
                    "constraint-error",
                )


# Which cells break a constraint; a missing cell breaks only `required`.
BROKEN: dict[str, Callable[[pd.Series, Any], pd.Series]] = {
    "required": lambda column, bound: column.isna() & bool(bound),
    "enum": lambda column, bound: column.notna() & ~column.isin(bound),
    "minimum": lambda column, bound: column < bound,
    "maximum": lambda column, bound: column > bound,
    "pattern": lambda column, bound: ~column.str.fullmatch(bound).fillna(True).astype(bool),
}


def _reference_problems(
    tables: Tables, resource: Resource, frame: pd.DataFrame
) -> Iterator[Problem]:
    """Find the first row whose key another table does not have."""
    for key in resource.descriptor["schema"].get("foreignKeys", []):
        fields, reference = _list(key["fields"]), key["reference"]
        other = reference["resource"] or resource.name
        known = tables[other].frame[_list(reference["fields"])]
        cells = frame[fields]
        wrong = ~pd.MultiIndex.from_frame(cells).isin(pd.MultiIndex.from_frame(known))
        wrong &= cells.notna().all(axis="columns").to_numpy()
        if wrong.any():
            position = int(np.argmax(wrong))
            expected = _known(other)
            found = repr(_cells(cells, position))
            yield _problem(resource, position, ", ".join(fields), found, expected, "foreign-key")


def _list(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def _key_problems(resource: Resource, frame: pd.DataFrame) -> Iterator[Problem]:
    key = resource.primary_key
    if not key:
        return
    name = ", ".join(key)
    # frictionless has seen this in CSV files already; Parquet is checked here alone.
    if (twice := frame.duplicated(key)).any():
        position = int(np.argmax(twice))
        found = _cells(frame[key], position)
        yield _problem(resource, position, name, found, "a key of its own", "primary-key")
        return
    order = frame.sort_values(key, kind="stable").index
    if (moved := order != frame.index).any():
        position = int(np.argmax(moved))
        expected = f"here {_cells(frame[key], order[position])}: rows sorted by the key"
        yield _problem(resource, position, name, _cells(frame[key], position), expected, "order")


def _period_problems(resource: Resource, frame: pd.DataFrame) -> Iterator[Problem]:
    """Find times of observations that are not written as the measures expect."""
    period = periods.field(resource.extras.get("observation", []))
    if period is None:
        return
    written, types, expected = PERIODS[period]
    kind = resource.fields[period].get("type", "string")
    if kind not in types:
        yield _problem(resource, None, period, f"type {kind}", f"type {types[0]}", "period")
        return
    wrong = ~frame[period].astype("str").str.fullmatch(written).fillna(False).astype(bool)
    if wrong.any():
        position = int(np.argmax(wrong))
        yield _problem(
            resource, position, period, str(frame[period].iloc[position]), expected, "period"
        )


# How the time of an observation is written.
PERIODS = {
    "year": (r"\d{4}", ("integer", "year"), "a year such as 2016"),
    "quarter": (r"\d{4}Q[1-4]", ("string",), "a quarter such as 2016Q1"),
}


def _cells(frame: pd.DataFrame, position: int) -> str:
    row = frame.iloc[[position]].to_dict("records")[0]
    return ", ".join(str(cell) for cell in row.values())


def _problem(
    resource: Resource,
    position: int | None,
    field: str | None,
    found: str,
    expected: str,
    rule: str,
) -> Problem:
    row = None if position is None else int(position) + 2
    return Problem(resource.name, resource.file, row, field, found, expected, rule)


def _vintage_problems(tables: Tables, resource: Resource, frame: pd.DataFrame) -> Iterator[Problem]:
    if "vintage" not in resource.extras:
        return
    try:
        released = tables["vintages"].frame.set_index("vintage")["released"]
        reading.newest(frame, resource, released)
    except TableError as error:
        yield _problem_of(error, resource)
        return
    described = resource.descriptor.get("released")
    latest = released.reindex(frame["vintage"].unique()).max()
    if described is not None and described != latest:
        yield Problem(
            resource.name,
            f"{resource.folder.name}/{DESCRIPTOR}",
            None,
            "released",
            repr(described),
            f"{latest!r}, the month of the newest vintage in the table",
            "released",
        )


def _break_problems(resource: Resource, frame: pd.DataFrame) -> Iterator[Problem]:
    period = periods.field(resource.extras.get("observation", []))
    covered = (
        []
        if frame.empty or period is None
        else periods.between(min(frame[period]), max(frame[period]))
    )
    for jump in resource.extras.get("breaks", []):
        if jump["at"] not in covered:
            yield _problem(
                resource,
                None,
                period,
                f"a break at {jump['at']}",
                "a time that the table covers",
                "breaks",
            )


def _gap_problems(resource: Resource, frame: pd.DataFrame) -> Iterator[Problem]:
    """Find holes in a series that no known gap names, and known gaps that are no holes."""
    period = periods.field(resource.extras.get("observation", []))
    if period is None:
        return
    if value := resource.extras.get("value"):
        frame = frame[frame[value].notna()]
    gaps = [
        (gap.get("where", {}), set(gap.get("years") or gap["quarters"]))
        for gap in resource.extras.get("gaps", [])
    ]
    matched = [False] * len(gaps)
    others = [field for field in resource.extras["observation"] if field != period]
    groups = frame.groupby(others, sort=False) if others else [((), frame)]
    for key, rows in groups:
        series = dict(zip(others, key, strict=True))
        name = f" ({', '.join(map(str, series.values()))})" if series else ""
        present = set(rows[period])
        holes = set(periods.between(min(present), max(present))) - present
        known = set()
        for number, (where, times) in enumerate(gaps):
            if not all(series.get(field) in values for field, values in where.items()):
                continue
            matched[number] = True
            known |= times
            for time in sorted(times - holes):
                reason = "there is a value" if time in present else "the series does not reach it"
                yield _problem(
                    resource,
                    None,
                    period,
                    f"{time}{name} listed as a gap, but {reason}",
                    "gaps that are holes in the series",
                    "gaps",
                )
        for time in sorted(holes - known):
            yield _problem(
                resource,
                None,
                period,
                f"nothing for {time}{name}",
                "a value, or a known gap that names it",
                "gaps",
            )
    for (where, _), is_used in zip(gaps, matched, strict=True):
        if not is_used:
            yield _problem(
                resource, None, None, f"a gap where {where}", "a series that it matches", "gaps"
            )
