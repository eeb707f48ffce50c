"""Sums that have to hold in a table: parts and total, quarters and year, two sides of a balance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd

from convergence.tables.package import Problem, TableError
from convergence.tables.reading import Table, Tables

# Binary floats: 0.1 + 0.2 misses 0.3 by less than this.
FLOAT_SLACK = 1e-6


def problems(tables: Tables, table: Table) -> list[Problem]:
    """Find rows that break an identity of their table.

    Parameters
    ----------
    tables
        The tables of the data package.
    table
        The table whose identities are checked; the descriptor has them under
        ``convergence/identities``.

    Returns
    -------
    list of Problem
        Empty if all identities hold.
    """
    return [
        problem
        for identity in table.resource.extras.get("identities", [])
        for problem in _problems(tables, table, identity)
    ]


def _problems(tables: Tables, table: Table, identity: dict[str, Any]) -> list[Problem]:
    resource = table.resource

    def problem(position: int | None, found: str, expected: str) -> Problem:
        row = None if position is None else int(position) + 2
        field = None if position is None else identity.get("field", resource.extras.get("value"))
        rule = f"identity: {identity['name']}"
        return Problem(resource.name, resource.file, row, field, found, expected, rule)

    try:
        sides = _SIDES[identity["kind"]](tables, table, identity)
        pairs = sides.pairs.dropna(subset=["left", "right"])
        exceptions = [
            (exception, _where(pairs, exception["where"]))
            for exception in identity.get("unless", [])
        ]
    except _MisspeltError as error:
        return [problem(None, str(error), "fields, values and tables that exist")]
    except TableError:
        # That table's own problem says why.
        return [problem(None, "a table that cannot be read", f"a readable {identity['table']}")]
    if pairs.empty:
        return [problem(None, "no row to which it applies", "at least one")]
    off = (pairs["left"] - pairs["right"]).abs() > identity["tolerance"] + FLOAT_SLACK
    found = [
        problem(None, f"an exception where {exception['where']} that nothing needs", "no exception")
        for exception, matches in exceptions
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


def _sum(tables: Tables, table: Table, identity: dict[str, Any]) -> _Sides:
    """Compare a total with its parts, wherever all of them are there."""
    resource, frame = table.resource, table.frame
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


def _quarters(tables: Tables, table: Table, identity: dict[str, Any]) -> _Sides:
    """Compare the sum of four quarters with the year in another table."""
    resource, frame = table.resource, table.frame
    if identity["table"] not in tables:
        raise _MisspeltError(f"a table {identity['table']!r} that is not there")
    if "quarter" not in resource.primary_key:
        raise _MisspeltError("quarters of a table that has none")
    other = tables[identity["table"]].resource
    years = tables[identity["table"]].frame
    keys = ["year", *(name for name in resource.primary_key if name != "quarter")]
    if absent := [name for name in keys if name not in years]:
        raise _MisspeltError(f"a field {absent[0]!r} that the table {other.name!r} does not have")
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


def _balance(tables: Tables, table: Table, identity: dict[str, Any]) -> _Sides:
    """Compare two sums of fields within each row."""
    frame = table.frame
    left, right = identity["left"], identity["right"]
    _require_numbers(frame, [*left, *right])
    pairs = frame.assign(
        left=frame[left].sum(axis=1, skipna=False),
        right=frame[right].sum(axis=1, skipna=False),
        position=range(len(frame)),
    )
    return _Sides(
        pairs, table.resource.primary_key, f"{' + '.join(left)} is", f"{' + '.join(right)} is"
    )


_SIDES: dict[str, Callable[[Tables, Table, dict[str, Any]], _Sides]] = {
    "sum": _sum,
    "quarters": _quarters,
    "balance": _balance,
}
