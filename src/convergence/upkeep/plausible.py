"""Find figures that jump, or that are in another unit: held back, or refused."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from convergence import periods
from convergence.upkeep.books import Books, Key, Row, Table
from convergence.upkeep.plan import Held, Plan, TablePlan
from convergence.upkeep.sources.figures import Figure, RefusedError

# A move is held back when it is half as large again as the largest that figures of its kind made
# before, and at least 0.1 in logarithms, which is 10 %.
HALF_AGAIN = 1.5
AT_LEAST = 0.1
# Half a unit of the last printed digit: a move from 0 to 1 (10,000 persons) is rounding.
ROUNDING = 0.5
# A publisher's other unit is off by a factor of ten at least (万元 for 亿元: ten thousand).
OTHER_UNIT = math.log(5)

# Series, and their figures by the number of the year or quarter.
Values = dict[Key, dict[int, float]]


@dataclass(frozen=True)
class _Move:
    """A new figure against the one that it is compared with, in logarithms."""

    figure: Figure
    compared: str
    change: float
    kind: Key


def held(books: Books, plan: Plan) -> list[Held]:
    """Find new figures that move further than figures of their kind did before.

    A figure is compared with the newest accepted one of the same observation; a figure of a new
    observation with the same quarter or the year before.

    Parameters
    ----------
    books
        The accepted tables.
    plan
        What a refresh would do.

    Returns
    -------
    list of Held
        The figures that somebody has to answer for.

    Raises
    ------
    RefusedError
        If the figures of one file and kind are several times too large or too small.
    """
    found: list[Held] = []
    for part in plan.tables:
        if part.table.period is None or not part.new:
            continue
        accepted = _newest(part.table, plan.months)
        bounds = _bounds(part.table, accepted)
        moves = list(_moves(part, accepted))
        _refuse_other_unit(books, moves)
        for move in moves:
            bound = bounds.get(move.kind, AT_LEAST)
            if abs(move.change) > bound:
                moved = f"{math.expm1(move.change):+.0%} against {move.compared}"
                usual = f"a move of at most {math.expm1(bound):.0%}, as its kind made before"
                found.append(Held(move.figure, f"{move.figure.value}, {moved}", usual))
    return found


def _newest(table: Table, months: Mapping[str, str]) -> Values:
    """Give each accepted series by time, each figure in its newest vintage."""
    found: Values = defaultdict(dict)
    for row in sorted(table.rows, key=lambda row: months.get(row.get("vintage", ""), "")):
        if row["value"] != "":
            found[table.series(row)][_when(table, row)] = float(row["value"])
    return found


def _when(table: Table, row: Row) -> int:
    time = table.time(row)
    return periods.number(time if "Q" in time else int(time))


def _lag(table: Table) -> int:
    """Count the periods of a year."""
    return 4 if table.period == "quarter" else 1


def _kind(table: Table, series: Key) -> Key:
    """Name figures that move alike: an indicator or a sector, in whichever place."""
    places = table.resource.extras.get("places", [])
    fields = [field for field in table.observed if field != table.period]
    return tuple(text for field, text in zip(fields, series, strict=True) if field not in places)


def _bounds(table: Table, accepted: Values) -> dict[Key, float]:
    """Give the largest move of each kind that is taken without a question."""
    bounds: dict[Key, float] = {}
    for series, values in accepted.items():
        kind = _kind(table, series)
        moves = [
            HALF_AGAIN * abs(_change(values[when - _lag(table)], value))
            for when, value in values.items()
            if when - _lag(table) in values
        ]
        bounds[kind] = max([AT_LEAST, bounds.get(kind, 0), *moves])
    return bounds


def _moves(part: TablePlan, accepted: Values) -> Iterator[_Move]:
    table = part.table
    incoming: Values = defaultdict(dict)
    for row in part.new:
        incoming[table.series(row)][_when(table, row)] = float(row["value"])
    for row in part.new:
        series, when, value = table.series(row), _when(table, row), float(row["value"])
        known = accepted.get(series, {})
        if when in known:
            other, compared = known[when], f"{known[when]:.10g} as accepted"
        else:
            before = when - _lag(table)
            earlier = incoming[series].get(before, known.get(before))
            if earlier is None:
                continue
            other, compared = earlier, f"{earlier:.10g} a year before"
        figure = part.figures[table.key(row)]
        yield _Move(figure, compared, _change(other, value), _kind(table, series))


def _change(old: float, new: float) -> float:
    return math.log((abs(new) + ROUNDING) / (abs(old) + ROUNDING))


def _refuse_other_unit(books: Books, moves: Sequence[_Move]) -> None:
    alike: dict[tuple[str, Key], list[_Move]] = defaultdict(list)
    for move in moves:
        alike[move.figure.origin.file, move.kind].append(move)
    problems = []
    for of_kind in alike.values():
        middle = statistics.median(move.change for move in of_kind)
        if abs(middle) > OTHER_UNIT:
            first = of_kind[0]
            direction = "large" if middle > 0 else "small"
            found = (
                f"{first.figure.value}, where {first.compared} stands: {len(of_kind)} figures "
                f"about {math.exp(abs(middle)):,.0f} times too {direction}"
            )
            expected = f"figures in {_unit(books, first.figure)}"
            problems.append(first.figure.problem(found, expected))
    if problems:
        raise RefusedError("figures are in another unit; nothing was written", problems)


def _unit(books: Books, figure: Figure) -> str:
    """Say in which unit a figure is: by the table that names its row, or by its field."""
    resource = books.package.resource(figure.table)
    for key in resource.descriptor["schema"].get("foreignKeys", []):
        # A key of one field is written as a name or as a list of one name.
        field, other_field = (
            names if isinstance(names, str) else names[0]
            for names in (key["fields"], key["reference"]["fields"])
        )
        other = books.package.resource(key["reference"]["resource"] or figure.table)
        if "unit" in other.fields and field in figure.observation:
            for row in books[other.name].rows:
                if row[other_field] == figure.observation[field]:
                    return row["unit"]
    return str(resource.fields["value"].get("unit", "the table's unit"))
