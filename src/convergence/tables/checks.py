"""The rules that the tables of the data package have to obey."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import frictionless
import jsonschema
import numpy as np
import pandas as pd

from convergence import periods
from convergence.tables import corrections, package, reading, records
from convergence.tables.package import (
    DESCRIPTOR,
    Package,
    Problem,
    Resource,
    TableError,
    missing_file,
)

# Binary floats: 0.1 + 0.2 misses 0.3 by less than this.
FLOAT_SLACK = 1e-6

_WHERE = {
    "type": "object",
    "additionalProperties": {"type": "array", "minItems": 1},
}
_REASON = {"type": "string", "minLength": 1}
_NAMES = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_IDENTITY = {
    "name": _REASON,
    "kind": {"enum": ["sum", "quarters", "balance"]},
    "where": _WHERE,
    "tolerance": {"type": "number", "minimum": 0},
    "unless": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"where": _WHERE, "reason": _REASON},
            "required": ["where", "reason"],
            "additionalProperties": False,
        },
    },
}


def _identity(kind: str, **properties: Any) -> dict[str, Any]:
    return {
        "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {
            "properties": _IDENTITY | properties,
            "required": ["name", "kind", "tolerance", *properties],
            "additionalProperties": False,
        },
    }


# The form of what a resource says under the key "convergence".
EXTRAS_SCHEMA = {
    "type": "object",
    "properties": {
        "observation": _NAMES,
        "value": {"type": "string"},
        "vintage": {"const": "vintage"},
        "status": {"const": "status"},
        "gaps": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "where": _WHERE,
                    "years": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
                    "quarters": {
                        "type": "array",
                        "items": {"type": "string", "pattern": r"^\d{4}Q[1-4]$"},
                        "minItems": 1,
                    },
                    "reason": _REASON,
                },
                "required": ["reason"],
                "oneOf": [{"required": ["years"]}, {"required": ["quarters"]}],
                "additionalProperties": False,
            },
        },
        "identities": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": _IDENTITY["kind"]},
                "allOf": [
                    _identity(
                        "sum", field={"type": "string"}, total={"type": "string"}, parts=_NAMES
                    ),
                    _identity("quarters", table={"type": "string"}),
                    _identity("balance", left=_NAMES, right=_NAMES),
                ],
            },
        },
        "breaks": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "at": {"type": ["integer", "string"]},
                    "reason": _REASON,
                },
                "required": ["at", "reason"],
                "additionalProperties": False,
            },
        },
        "cannot": {"type": "string"},
    },
    "dependentRequired": {"vintage": ["observation"]},
    "additionalProperties": False,
}


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
    return problems(package.read(), names)


def problems(data: Package, names: list[str] | None = None) -> list[Problem]:
    """Check tables against their descriptions.

    Parameters
    ----------
    data
        The data package.
    names
        The tables to check; all, if none is named.

    Returns
    -------
    list of Problem
        In the order of the package; empty if all is well.
    """
    resources = [data.resource(name) for name in names] if names else data.resources.values()
    found = list(_descriptor_problems(data))
    if found:
        # A table cannot be judged by a description that is itself wrong.
        return found
    reader = _frictionless(data)
    for resource in resources:
        found += _table_problems(data, resource, reader)
    if not names or corrections.NAME in names:
        found += _correction_problems(data, found)
    return found


def _correction_problems(data: Package, found: list[Problem]) -> list[Problem]:
    # Cells of tables that do not parse have been told of; they cannot be looked up.
    if any(problem.rule in ("file", "type", "type-error") for problem in found):
        return []
    return list(corrections.problems(data))


def _frictionless(data: Package) -> frictionless.Package:
    descriptor = json.loads(json.dumps(data.descriptor))
    for resource in descriptor["resources"]:
        # Compared here, with a message that says how to accept an edit.
        resource.pop("hash", None)
        resource.pop("bytes", None)
    return frictionless.Package.from_descriptor(descriptor, basepath=str(data.folder))


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
    validator = jsonschema.Draft202012Validator(EXTRAS_SCHEMA)
    for resource in data.resources.values():
        for wrong in validator.iter_errors(resource.extras):
            where = "/".join(str(step) for step in ["convergence", *wrong.absolute_path])
            yield problem(resource.name, f"at {where}: {wrong.message}", "the book's own form")


def _stumbled(table: str, file: str, error: Exception) -> Problem:
    # frictionless trips over some descriptors instead of judging them.
    found = f"{type(error).__name__}: {error}"
    return Problem(table, file, None, None, found, "what frictionless can judge", "descriptor")


def _table_problems(
    data: Package, resource: Resource, reader: frictionless.Package
) -> Iterator[Problem]:
    try:
        content = resource.bytes()
    except TableError as error:
        yield missing_file(resource, error)
        return
    if changed := resource.hash_problem(content):
        yield changed
    yield from records.problems(resource)
    if resource.descriptor.get("format") != "parquet":
        of_csv = [*_text_problems(resource, content)]
        if content.strip():
            of_csv += _csv_problems(resource, reader)
        yield from of_csv
        if of_csv:
            return
    try:
        frame = reading.parse(resource, content)
    except TableError as error:
        yield _problem_of(error, resource)
        return
    if resource.descriptor.get("format") == "parquet":
        # Of CSV files frictionless has seen these already; Parquet takes it seconds.
        yield from _constraint_problems(resource, frame)
        yield from _reference_problems(data, resource, frame)
    if of_key := [*_key_problems(resource, frame), *_period_problems(resource, frame)]:
        yield from of_key
        return
    yield from _gap_problems(resource, frame)
    yield from _break_problems(resource, frame)
    yield from _vintage_problems(data, resource, frame)
    for identity in resource.extras.get("identities", []):
        yield from _identity_problems(data, resource, frame, identity)


def _problem_of(error: TableError, resource: Resource) -> Problem:
    if isinstance(error.args[0], Problem):
        return error.args[0]
    return Problem(resource.name, resource.file, None, None, str(error), "a readable table", "file")


def _text_problems(resource: Resource, content: bytes) -> Iterator[Problem]:
    """Find what spreadsheet programs leave behind, which would make every line differ."""

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


# frictionless notes what rule was broken; these say it as what was expected.
EXPECTED: dict[str, Callable[[str], str]] = {
    "type-error": lambda note: note.replace("type is ", "type ").replace("/default", ""),
    "constraint-error": lambda note: note,
    "primary-key": lambda note: f"a key of its own; this is {note}",
    "foreign-key": lambda note: f"a value that the other table has ({note})",
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
    data: Package, resource: Resource, frame: pd.DataFrame
) -> Iterator[Problem]:
    """Find the first row whose key another table does not have."""
    for key in resource.descriptor["schema"].get("foreignKeys", []):
        fields, reference = _list(key["fields"]), key["reference"]
        other = data.resource(reference["resource"]) if reference["resource"] else resource
        known = reading.parse(other, other.bytes())[_list(reference["fields"])]
        cells = frame[fields]
        wrong = ~pd.MultiIndex.from_frame(cells).isin(pd.MultiIndex.from_frame(known))
        wrong &= cells.notna().all(axis="columns").to_numpy()
        if wrong.any():
            position = int(np.argmax(wrong))
            expected = f"a value that the other table has ({other.name})"
            found = repr(_cells(cells, position))
            yield _problem(resource, position, ", ".join(fields), found, expected, "foreign-key")


def _list(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def _key_problems(resource: Resource, frame: pd.DataFrame) -> Iterator[Problem]:
    key = resource.primary_key
    if not key:
        return
    name = ", ".join(key)
    # Of CSV files frictionless has seen this already.
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


def _vintage_problems(data: Package, resource: Resource, frame: pd.DataFrame) -> Iterator[Problem]:
    if "vintage" not in resource.extras:
        return
    try:
        vintages = data.resource("vintages")
        released = reading.parse(vintages, vintages.bytes()).set_index("vintage")["released"]
        reading.newest(frame, resource, released)
    except TableError as error:
        yield _problem_of(error, resource)
        return
    described = resource.descriptor.get("released")
    latest = released.reindex(frame["vintage"].unique()).max()
    if described is not None and described != latest:
        yield Problem(
            resource.name,
            f"{data.folder.name}/{DESCRIPTOR}",
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
    for one in resource.extras.get("breaks", []):
        if one["at"] not in covered:
            yield _problem(
                resource,
                None,
                period,
                f"a break at {one['at']}",
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
        listed = set()
        for number, (where, times) in enumerate(gaps):
            if not all(series.get(field) in values for field, values in where.items()):
                continue
            matched[number] = True
            listed |= times
            for one in sorted(times - holes):
                reason = "there is a value" if one in present else "the series does not reach it"
                yield _problem(
                    resource,
                    None,
                    period,
                    f"{one}{name} listed as a gap, but {reason}",
                    "gaps that are holes in the series",
                    "gaps",
                )
        for one in sorted(holes - listed):
            yield _problem(
                resource,
                None,
                period,
                f"nothing for {one}{name}",
                "a value, or a known gap that names it",
                "gaps",
            )
    for (where, _), is_used in zip(gaps, matched, strict=True):
        if not is_used:
            yield _problem(
                resource, None, None, f"a gap where {where}", "a series that it matches", "gaps"
            )


def _identity_problems(
    data: Package, resource: Resource, frame: pd.DataFrame, identity: dict[str, Any]
) -> list[Problem]:
    rule = f"identity: {identity['name']}"

    def problem(position: int | None, found: str, expected: str) -> Problem:
        field = None if position is None else identity.get("field", resource.extras.get("value"))
        return _problem(resource, position, field, found, expected, rule)

    try:
        sides = _SIDES[identity["kind"]](data, resource, frame, identity)
        pairs = sides.pairs.dropna(subset=["left", "right"])
        exceptions = [(one, _where(pairs, one["where"])) for one in identity.get("unless", [])]
    except _MisspeltError as error:
        return [problem(None, str(error), "fields, values and tables that exist")]
    except TableError:
        # That table's own problem says why.
        return [problem(None, "a table that cannot be read", f"a readable {identity['table']}")]
    if pairs.empty:
        return [problem(None, "no row to which it applies", "at least one")]
    off = (pairs["left"] - pairs["right"]).abs() > identity["tolerance"] + FLOAT_SLACK
    found = [
        problem(None, f"an exception where {one['where']} that nothing needs", "no exception")
        for one, matches in exceptions
        if not (off & matches).any()
    ]
    for _, matches in exceptions:
        off &= ~matches
    for pair in pairs[off].to_dict("records"):
        which = ", ".join(f"{key} {pair[key]}" for key in sides.keys)
        found.append(
            problem(
                pair["position"],
                f"{sides.left} {pair['left']:.10g}, but {sides.right} {pair['right']:.10g} "
                f"({which})",
                f"a difference of at most {identity['tolerance']:.10g}",
            )
        )
    return found


class _MisspeltError(Exception):
    """An identity names something that is not there."""


def _require_numbers(frame: pd.DataFrame, names: list[str | None]) -> None:
    for name in names:
        if name not in frame or not pd.api.types.is_numeric_dtype(frame[name]):
            raise _MisspeltError(f"a field {name!r} that is not there, or holds no numbers")


class _Sides(NamedTuple):
    """What an identity compares: columns ``left``, ``right``, ``position`` in the file, keys."""

    pairs: pd.DataFrame
    keys: list[str]
    left: str
    right: str


def _where(frame: pd.DataFrame, where: dict[str, list[Any]]) -> pd.Series:
    chosen = pd.Series(True, index=frame.index)
    for field, values in where.items():
        if field not in frame:
            raise _MisspeltError(f"a field {field!r} that is not there")
        chosen &= frame[field].isin(values)
    return chosen


def _sum(
    data: Package, resource: Resource, frame: pd.DataFrame, identity: dict[str, Any]
) -> _Sides:
    """Compare a total with its parts, wherever all of them are there."""
    field, total, parts = identity["field"], identity["total"], identity["parts"]
    value = resource.extras.get("value")
    keys = [name for name in resource.primary_key if name != field]
    if field not in resource.primary_key:
        raise _MisspeltError(f"a field {field!r} that is not in the primary key")
    _require_numbers(frame, [value])
    rows = frame.reset_index(names="position")[_where(frame, identity.get("where", {}))]
    if not keys:
        rows, keys = rows.assign(table=resource.name), ["table"]
    if absent := {total, *parts} - set(rows[field]):
        raise _MisspeltError(f"{field} {min(absent)!r} in no row that it applies to")
    wide = rows.pivot(index=keys, columns=field, values=value)
    pairs = pd.DataFrame({"left": wide[total], "right": wide[parts].sum(axis=1, skipna=False)})
    position = rows[rows[field] == total].set_index(keys)["position"]
    return _Sides(
        pairs.join(position).reset_index(), keys, f"{total} is", f"{' + '.join(parts)} is"
    )


def _quarters(
    data: Package, resource: Resource, frame: pd.DataFrame, identity: dict[str, Any]
) -> _Sides:
    """Compare the sum of four quarters with the year in another table."""
    if identity["table"] not in data.resources:
        raise _MisspeltError(f"a table {identity['table']!r} that is not there")
    if "quarter" not in resource.primary_key:
        raise _MisspeltError("quarters of a table that has none")
    other = data.resource(identity["table"])
    years = reading.parse(other, other.bytes())
    keys = ["year", *(name for name in resource.primary_key if name != "quarter")]
    if absent := [name for name in keys if name not in years]:
        raise _MisspeltError(f"a field {absent[0]!r} that the table {other.name!r} has not")
    value = resource.extras.get("value")
    _require_numbers(frame, [value])
    _require_numbers(years, [other.extras.get("value")])
    rows = frame.reset_index(names="position")[_where(frame, identity.get("where", {}))]
    rows = rows.assign(year=rows["quarter"].str[:4].astype(int))
    sums = rows.groupby(keys).agg(
        left=(value, "sum"), quarters=(value, "count"), position=("position", "max")
    )
    year = years.set_index(keys)[other.extras["value"]].rename("right")
    pairs = sums[sums["quarters"] == 4].join(year, how="inner").reset_index()
    return _Sides(pairs, keys, "the four quarters make", f"{other.file} has")


def _balance(
    data: Package, resource: Resource, frame: pd.DataFrame, identity: dict[str, Any]
) -> _Sides:
    """Compare two sums of fields within each row."""
    left, right = identity["left"], identity["right"]
    _require_numbers(frame, [*left, *right])
    pairs = frame.assign(
        left=frame[left].sum(axis=1, skipna=False),
        right=frame[right].sum(axis=1, skipna=False),
        position=range(len(frame)),
    )
    return _Sides(pairs, resource.primary_key, f"{' + '.join(left)} is", f"{' + '.join(right)} is")


_SIDES = {"sum": _sum, "quarters": _quarters, "balance": _balance}
