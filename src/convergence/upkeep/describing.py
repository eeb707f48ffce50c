"""Keep what ``datapackage.json`` says of a table true: its years, its gaps, its identities."""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from convergence.upkeep.books import Key, Row, Table
from convergence.upkeep.plan import Plan, TablePlan
from convergence.upkeep.sources.figures import WholeTable


def described(plan: Plan, part: TablePlan) -> dict[str, Any]:
    """Describe a table as it would be.

    Parameters
    ----------
    plan
        What a refresh does.
    part
        What it does to this table.

    Returns
    -------
    dict
        The table's new entry in ``datapackage.json``, with the old hash and size: the ends of its
        years, its month of release, the gaps that are left, and its identities with the new
        vintage and the new quarters.
    """
    resource = copy.deepcopy(part.table.resource.descriptor)
    table, rows = part.table, part.rows()
    if table.period is None:
        return resource
    old, new = max(map(table.time, table.rows)), max(map(table.time, rows))
    if "released" in resource:
        resource["released"] = max(plan.months[row["vintage"]] for row in rows)
    _raise_maximum(resource, table.period, new)
    for text in ("title", "description"):
        # "2019–2024" becomes "2019–2025"; other years in a text are not the table's end.
        resource[text] = re.sub(rf"–{old}(?!\w)", f"–{new}", resource.get(text, ""))
    extras = resource.get("convergence", {})
    extras["gaps"] = _gaps_left(extras.get("gaps", []), table, rows)
    for identity in extras.get("identities", []):
        where = identity.get("where", {})
        if plan.vintage and _follows(part, where, plan.vintage, plan.months):
            where["vintage"].append(plan.vintage)
        if table.period == "quarter" and set(where) == {"quarter"}:
            where["quarter"] += _same_quarters_since(where["quarter"], rows)
    return resource


def described_whole(descriptor: Mapping[str, Any], whole: WholeTable) -> dict[str, Any]:
    """Describe a table that is replaced as a whole: its schema allows its last year."""
    resource = copy.deepcopy(dict(descriptor))
    _raise_maximum(resource, "year", str(whole.last))
    return resource


def _raise_maximum(resource: dict[str, Any], period: str, last: str) -> None:
    for field in resource["schema"]["fields"]:
        bounds = field.get("constraints", {})
        if field["name"] == period and "maximum" in bounds:
            bounds["maximum"] = max(bounds["maximum"], int(last))


def _follows(
    part: TablePlan, where: dict[str, list[Any]], vintage: str, months: Mapping[str, str]
) -> bool:
    """Tell whether a new vintage obeys an identity: it does if the vintage before it does.

    That is the newest one that prints decimals as the new one does, or whole numbers as it does:
    tolerances differ between the two. A vintage of a single row tells nothing.
    """
    if set(where) != {"vintage"} or vintage in where["vintage"]:
        return False
    rows_of: dict[str, list[Row]] = defaultdict(list)
    for row in part.table.rows:
        rows_of[row["vintage"]].append(row)
    if vintage in rows_of:
        return False
    alike = [
        name
        for name, rows in rows_of.items()
        if len(rows) > 1 and _is_whole(rows) == _is_whole(part.new)
    ]
    model = max(alike, key=lambda name: months[name], default=None)
    return model in where["vintage"]


def _is_whole(rows: Sequence[Row]) -> bool:
    return not any("." in row["value"] for row in rows)


def _same_quarters_since(listed: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Continue a list of, say, first quarters with those that came in."""
    which = {quarter[-2:] for quarter in listed}
    times = sorted({row["quarter"] for row in rows})
    return [time for time in times if len(which) == 1 and time[-2:] in which and time > max(listed)]


def _gaps_left(
    gaps: Sequence[dict[str, Any]], table: Table, rows: Sequence[Row]
) -> list[dict[str, Any]]:
    """Take out of the known gaps what has been filled, series by series."""
    fields = [field for field in table.observed if field != table.period]
    filled: dict[Key, set[str]] = defaultdict(set)
    for row in rows:
        filled[table.series(row)].add(table.time(row))
    left: list[dict[str, Any]] = []
    for gap in gaps:
        times = "years" if "years" in gap else "quarters"
        where = gap.get("where", {})
        by_rest: dict[tuple[Any, ...], list[Key]] = defaultdict(list)
        for series, present in filled.items():
            named = dict(zip(fields, series, strict=True))
            if all(named.get(name) in values for name, values in where.items()):
                rest = tuple(time for time in gap[times] if str(time) not in present)
                by_rest[rest].append(series)
        if set(by_rest) == {tuple(gap[times])} or len(where) > 1:
            left.append(gap)
            continue
        name = next(iter(where), fields[0])
        for rest, several in by_rest.items():
            if rest:
                values = sorted({series[fields.index(name)] for series in several})
                left.append(gap | {"where": {name: values}, times: list(rest)})
    return left
