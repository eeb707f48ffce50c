"""Take a publisher's new figures into the tables: all of them, or nothing.

Every source goes the same way: read → compare with the tables → hold back what is not plausible →
check → show → write, with provenance, hashes and change records. Rows are only added. A figure
that stands in a table changes in place only where ``data/corrections.csv`` says so; a revision
comes as rows of another vintage, beside the old ones.
"""

from __future__ import annotations

import copy
import csv
import dataclasses
import datetime
import io
import json
import math
import re
import shutil
import statistics
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convergence import periods
from convergence.files import staging
from convergence.tables import package
from convergence.tables.package import DESCRIPTOR, Package, Problem, Resource, TableError, digest
from convergence.upkeep import accept
from convergence.upkeep.sources.figures import Figure, Origin, Reading, RefusedError

if TYPE_CHECKING:
    from convergence.upkeep.sources.nbs_export import Names

__all__ = ["SOURCES", "Added", "Held", "Outcome", "refresh", "suggested_vintage"]

Row = dict[str, str]
Key = tuple[str, ...]

# The table for provinces in a vintage that no table has yet.
PANEL = "panel_recent"
PANELS = ("panel_recent", "panel_13")
# A move is held back when it is half as large again as the largest that figures of its kind made
# before, and at least this (of logarithms: 0.1 is 10 %).
HALF_AGAIN = 1.5
AT_LEAST = 0.1
# Half a unit of what is printed: between 0 and 1 (10,000 persons) lies rounding, no jump.
ROUNDING = 0.5
# A publisher's other unit is off by ten at least (万元 for 亿元: by ten thousand).
OTHER_UNIT = math.log(5)
MANY_DECIMALS = 3


@dataclass(frozen=True)
class Added:
    """What changes in one table: rows that come, and cells whose correction is settled."""

    table: str
    rows: list[Row]
    corrected: list[tuple[Row, str]]  # the new row and the old value
    same: int


@dataclass(frozen=True)
class Held:
    """A figure that is not taken unless somebody answers for it."""

    figure: Figure
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.figure.origin}: {self.found}"


@dataclass(frozen=True)
class Outcome:
    """What `refresh` did, or would do."""

    added: list[Added]
    remarks: list[str] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    reminders: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    is_written: bool = False

    @property
    def changes_anything(self) -> bool:
        """Whether a row comes or a cell accept."""
        return any(one.rows or one.corrected for one in self.added)


def refresh(
    source: str,
    files: Sequence[str | Path] = (),
    *,
    vintage: str | None = None,
    accept: str | None = None,
    dry_run: bool = False,
    date: datetime.date | None = None,
) -> Outcome:
    """Take new figures from a source into the tables.

    Parameters
    ----------
    source
        One of `SOURCES`.
    files
        The publisher's files; none for ``worldbank``, which is asked over the network.
    vintage
        The state of revision that the figures are of: one of the table ``vintages``, or a new
        name that ends in its month of release, as ``nbs-2026-11``.
    accept
        Why figures that jump are right; without it they are held back, and nothing is written.
    dry_run
        Only say what would change.
    date
        The day of the change; today, if none is given.

    Returns
    -------
    Outcome
        The rows that came, what was left out, and what remains to be done by a person.

    Raises
    ------
    RefusedError
        If a file is damaged or not understood, if figures contradict the tables or jump, or if
        the tables would break a rule: with file, row and field. Nothing was written.
    TableError
        If the data package cannot be read or written.
    """
    if source not in SOURCES:
        raise TableError(f"no source {source!r}; there are {', '.join(SOURCES)}")
    if accept is not None and not accept.strip():
        raise TableError("accepting figures that are held back needs a reason, in a sentence")
    data = package.read()
    paths = [Path(file) for file in files]
    books = _Books(data, vintage)
    plan: _Plan | _Workbooks
    if source == "wiod":
        plan = _Workbooks(books, paths)
    else:
        plan = _Plan(books, _READERS[source](books, paths))
    held = plan.held()
    if held and accept is None:
        raise _held_back(held)
    outcome = Outcome(plan.added(), plan.remarks, held)
    if not outcome.changes_anything:
        return outcome
    reason = f"Refreshed from {', '.join(path.name for path in paths) or 'the World Bank'}"
    if held and accept:
        reason += f"; {len(held)} figures that were held back are accepted: {accept.strip()}"
    written = _files(data, plan, reason, date or datetime.date.today())
    _check(data, plan, written)
    if not dry_run:
        _write(data, written)
    return dataclasses.replace(
        outcome,
        reminders=plan.reminders(),
        records=[name for name in written if name.startswith("changes/")],
        is_written=not dry_run,
    )


def suggested_vintage(files: Sequence[str | Path]) -> tuple[str, int]:
    """Say of which vintage the figures of NBS's files seem to be.

    Parameters
    ----------
    files
        Exported files.

    Returns
    -------
    str
        The vintage that has most of the figures and contradicts none; without one, a new name
        by the month in which the newest of the files was written.
    int
        How many figures that vintage has; 0 for a new name.

    Raises
    ------
    TableError
        As `refresh` does.
    """
    from convergence.upkeep.sources import nbs_export

    paths = [Path(file) for file in files]
    books = _Books(package.read(), None)
    reading = nbs_export.read(paths, _names(books), PANEL)
    agree, contradicted = Counter[str](), set()
    for name in {figure.table for figure in reading.figures}:
        for table in map(books.table, PANELS if name == PANEL else (name,)):
            held: dict[Key, list[Row]] = defaultdict(list)
            for row in table.rows:
                held[table.observation(row)].append(row)
            for figure in (one for one in reading.figures if one.table == name):
                for row in held[table.observation(figure.observation)]:
                    if _is_same(row["value"], figure.value):
                        agree[row["vintage"]] += 1
                    else:
                        contradicted.add(row["vintage"])
    for vintage, count in agree.most_common():
        if vintage not in contradicted:
            return vintage, count
    newest = max(path.stat().st_mtime for path in paths)
    return f"nbs-{datetime.date.fromtimestamp(newest):%Y-%m}", 0


def _held_back(held: list[Held]) -> RefusedError:
    problems = [
        _problem(one.figure, one.found, f"{one.expected}; if it is right, --accept 'why'", "held")
        for one in held
    ]
    return RefusedError(f"{len(held)} figures are held back; nothing was written", problems)


def _nbs_export(books: _Books, paths: list[Path]) -> Reading:
    from convergence.upkeep.sources import nbs_export

    if not paths:
        raise TableError("nbs-export reads files: --from FILE …")
    books.require_vintage("nbs")
    panel = PANEL
    for name in PANELS:
        if books.vintage in {row["vintage"] for row in books.table(name).rows}:
            panel = name
    return nbs_export.read(paths, _names(books), panel)


def _names(books: _Books) -> Names:
    from convergence.upkeep.sources.nbs_export import Names

    return Names.of(books.table("nbs_indicators").rows, books.table("provinces").rows)


def _worldbank(books: _Books, paths: list[Path]) -> Reading:
    from convergence.upkeep.sources import worldbank

    if paths:
        raise TableError("worldbank asks the World Bank over the network; it takes no --from")
    names = ("world_manufacturing", "wdi_china", "indicators")
    return worldbank.read(*(books.table(name).rows for name in names))


_READERS: dict[str, Callable[[_Books, list[Path]], Reading]] = {
    "nbs-export": _nbs_export,
    "worldbank": _worldbank,
}
SOURCES = (*_READERS, "wiod")


class _Table:
    """A table's rows as the text in its file, by key."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.before: bytes = resource.accepted_bytes()
        self.rows: list[Row] = list(csv.DictReader(io.StringIO(self.before.decode(), newline="")))
        self.by_key = {self.key(row): row for row in self.rows}

    def key(self, row: Row) -> Key:
        return tuple(row[field] for field in self.resource.primary_key)

    @property
    def period(self) -> str | None:
        return periods.field(self.resource.extras.get("observation", []))

    def observation(self, row: Row) -> Key:
        """Name what a row says something of, in whichever vintage."""
        return tuple(row[name] for name in self.resource.extras["observation"])

    def series(self, row: Row) -> Key:
        """Name the series a row belongs to: its observation without the time."""
        fields = self.resource.extras["observation"]
        return tuple(row[name] for name in fields if name != self.period)

    def content(self) -> bytes:
        types = {name: described.get("type") for name, described in self.resource.fields.items()}

        def order(row: Row) -> tuple[Any, ...]:
            return tuple(
                int(row[name]) if types[name] == "integer" else row[name]
                for name in self.resource.primary_key
            )

        text = io.StringIO()
        writer = csv.DictWriter(text, list(self.resource.fields), lineterminator="\n")
        writer.writeheader()
        ordered: list[Row] = sorted(self.rows, key=order)
        writer.writerows(ordered)
        return text.getvalue().encode()


class _Books:
    """The tables as accepted, and the vintage under which figures come in."""

    def __init__(self, data: Package, vintage: str | None) -> None:
        self.data, self.vintage = data, vintage
        self.tables: dict[str, _Table] = {}
        self.view = ""

    def table(self, name: str) -> _Table:
        if name not in self.tables:
            self.tables[name] = _Table(self.data.resource(name))
        return self.tables[name]

    def require_vintage(self, view: str) -> None:
        """Make sure that the vintage is known, or a name from which its release can be told."""
        self.view = view
        known = [row["vintage"] for row in self.table("vintages").rows]
        if self.vintage is None:
            raise TableError(
                "state the vintage of the figures: --vintage NAME, one of data/vintages.csv, or a "
                f"new one that ends in its month of release, as {view}-2026-11"
            )
        is_new = re.fullmatch(r"[A-Za-z0-9-]*-\d{4}-(0[1-9]|1[0-2])", self.vintage)
        if self.vintage not in known and not is_new:
            raise TableError(
                f"no vintage {self.vintage!r} in data/vintages.csv; a new one ends in its month "
                f"of release, as {view}-2026-11. There are {', '.join(known)}"
            )

    def released(self) -> dict[str, str]:
        months = {row["vintage"]: row["released"] for row in self.table("vintages").rows}
        if self.vintage is not None and self.vintage not in months:
            months[self.vintage] = self.vintage[-7:]
        return months


@dataclass(frozen=True)
class _Comparison:
    figure: Figure
    compared: str
    change: float
    kind: Key


class _Plan:
    """The tables as they would be."""

    def __init__(self, books: _Books, reading: Reading) -> None:
        self.books = books
        self.remarks = list(reading.remarks)
        self.figures: dict[tuple[str, Key], Figure] = {}
        self.new: dict[str, list[Row]] = defaultdict(list)
        self.corrected: dict[str, list[tuple[Row, str]]] = defaultdict(list)
        self.same: dict[str, int] = defaultdict(int)
        self.joins: list[Held] = []
        self.accepted = {name: list(table.rows) for name, table in books.tables.items()}
        self._take(reading)

    def _take(self, reading: Reading) -> None:
        """Put every figure beside what its table holds."""
        problems: list[Problem] = []
        revised: dict[tuple[str, Key], list[str]] = defaultdict(list)
        too_early: dict[str, int] = defaultdict(int)
        for figure in reading.figures:
            table = self.books.table(figure.table)
            self.accepted.setdefault(figure.table, list(table.rows))
            row = self._row(table, figure)
            if table.period and row[table.period] < _first(table.resource, table.period):
                too_early[figure.table] += 1
                continue
            key = table.key(row)
            earlier = self.figures.setdefault((figure.table, key), figure)
            if earlier is not figure:
                if float(earlier.value) != float(figure.value):
                    problems.append(
                        _problem(
                            figure,
                            f"{figure.value}, but {earlier.value} in {earlier.origin}",
                            "one value for one figure",
                        )
                    )
                continue
            old = table.by_key.get(key)
            if old is None:
                self.new[figure.table].append(row)
            elif _is_same(old["value"], figure.value):
                self.same[figure.table] += 1
            elif settled := self._correction(table, row, figure.value):
                if settled == "replace":
                    self.corrected[figure.table].append((row, old["value"]))
                else:
                    self.same[figure.table] += 1
            elif "vintage" in table.resource.extras:
                problems.append(
                    _problem(
                        figure,
                        figure.value,
                        f"{old['value']}, as in {table.resource.file}, vintage {row['vintage']}: "
                        "a revision is another vintage; a mended slip needs a row in "
                        "data/corrections.csv",
                    )
                )
            else:
                revised[figure.table, table.series(row)].append(
                    f"{row[table.period or '']} was {old['value']}, is {figure.value}"
                )
        if problems:
            raise RefusedError("the figures contradict the tables; nothing was written", problems)
        for name, count in too_early.items():
            first = _first(self.books.table(name).resource, self.books.table(name).period or "")
            self.remarks.append(f"{name} begins in {first}: {count} earlier figures left out")
        self._hold_joins(revised)
        self._leave_repetitions()
        self._insert(reading)

    def _leave_repetitions(self) -> None:
        """Take nothing under a new vintage that is another vintage over again.

        A new name for an old state would part the years of one series for no reason.
        """
        vintage = self.books.vintage
        if vintage in {row["vintage"] for row in self.books.table("vintages").rows}:
            return
        equal, others = Counter[str](), 0
        for name, rows in self.new.items():
            table = self.books.table(name)
            newest: dict[Key, Row] = {}
            months = self.books.released()
            for row in sorted(table.rows, key=lambda row: months.get(row.get("vintage", ""), "")):
                newest[table.observation(row)] = row
            for row in rows:
                old = newest.get(table.observation(row))
                if old is not None and _is_same(old["value"], row["value"]):
                    equal[old.get("vintage", "")] += 1
                else:
                    others += 1
        if equal and not others:
            names = " and ".join(equal)
            self.remarks.append(f"every figure is that of vintage {names}: no vintage of its own")
            for name, rows in self.new.items():
                self.same[name] += len(rows)
            self.new.clear()

    def _hold_joins(self, revised: dict[tuple[str, Key], list[str]]) -> None:
        """Hold back new times of a series whose old ones were revised, without vintages.

        The old figures stay, so the series would join two states of the publisher's accounts.
        """
        for (name, series), figures in revised.items():
            self.remarks.append(
                f"{name}, {', '.join(series)}: the publisher has revised {len(figures)} figures "
                f"({figures[-1]}); the table keeps no vintages, so the old ones stay"
            )
            table = self.books.table(name)
            self.joins += [
                Held(
                    self.figures[name, table.key(row)],
                    f"{row['value']}, in a series of which {len(figures)} figures were revised",
                    "one state of the publisher's accounts",
                )
                for row in self.new[name]
                if table.series(row) == series
            ]

    def _row(self, table: _Table, figure: Figure) -> Row:
        row = figure.observation | {"value": figure.value, "source": figure.source} | figure.others
        if "vintage" in table.resource.extras:
            row["vintage"] = self.books.vintage or ""
        if "status" in table.resource.extras:
            row["status"] = self._status(table, row)
        return {name: row[name] for name in table.resource.fields}

    def _status(self, table: _Table, row: Row) -> str:
        """Say where a figure stands in NBS's calendar: first account, verification, later."""
        year = int(row[table.period or ""][:4])
        for other in table.rows:
            if other["vintage"] == row["vintage"] and int(other[table.period or ""][:4]) == year:
                return other["status"]
        month = self.books.released()[row["vintage"]]
        # A year is verified in the December after it.
        if month < f"{year + 1}-12":
            return "preliminary"
        return "final" if month < f"{year + 2}-12" else "revised"

    def _correction(self, table: _Table, row: Row, value: str) -> str | None:
        """Say what ``data/corrections.csv`` allows: replace the cell, keep it, or nothing."""
        if "corrections" not in self.books.data.resources:
            return None
        for one in self.books.table("corrections").rows:
            where = dict(pair.partition("=")[::2] for pair in one["where"].split())
            is_cell = one["table"] == table.resource.name and one["field"] == "value"
            if is_cell and all(row.get(name) == text for name, text in where.items()):
                repeats = one["kind"] == "corrected" and float(one["found"]) == float(value)
                return "keep" if repeats else "replace"
        return None

    def _insert(self, reading: Reading) -> None:
        for name, rows in self.new.items():
            self.books.table(name).rows += rows
        for name, pairs in self.corrected.items():
            table = self.books.table(name)
            replaced = {table.key(row): row for row, _ in pairs}
            table.rows = [replaced.get(table.key(row), row) for row in table.rows]
        used = {row["source"] for rows in self.new.values() for row in rows}
        used |= {row["source"] for pairs in self.corrected.values() for row, _ in pairs}
        sources = self.books.table("sources")
        self.accepted.setdefault("sources", list(sources.rows))
        known = {row["source"] for row in sources.rows}
        for row in reading.sources:
            if row["source"] in used - known:
                self.new["sources"].append(row)
                sources.rows.append(row)
        self._name_vintage()

    def _name_vintage(self) -> None:
        """Give a new vintage its row, on the benchmark of the vintage before it."""
        vintage = self.books.vintage
        vintages = self.books.table("vintages")
        self.accepted.setdefault("vintages", list(vintages.rows))
        if not self._tables_of_vintage() or vintage in {row["vintage"] for row in vintages.rows}:
            return
        before = max(
            (row for row in vintages.rows if row["publisher_view"] == self.books.view),
            key=lambda row: row["released"],
        )
        row = {
            "vintage": vintage or "",
            "released": self.books.released()[vintage or ""],
            "census": before["census"],
            "publisher_view": self.books.view,
            "title": f"{self.books.view.upper()}, {vintage}",
            "meaning": "Added by a refresh. The month of release is the one that was stated; the "
            f"benchmark is taken to be that of {before['vintage']}.",
        }
        self.new["vintages"].append(row)
        vintages.rows.append(row)

    def _tables_of_vintage(self) -> list[str]:
        return [
            name
            for name in self.new
            if "vintage" in self.books.data.resource(name).extras and self.new[name]
        ]

    def added(self) -> list[Added]:
        """List what changes, table by table."""
        names = [name for name in self.books.data.resources if self._is_touched(name)]
        return [
            Added(name, self.new[name], self.corrected[name], self.same[name]) for name in names
        ]

    def _is_touched(self, name: str) -> bool:
        return bool(self.new.get(name) or self.corrected.get(name) or self.same.get(name))

    # -- plausibility ------------------------------------------------------------------------

    def held(self) -> list[Held]:
        """Find figures that move further than figures of their kind did before.

        A figure is compared with the newest one of the same observation; a new observation, with
        the same quarter or the year before.
        """
        held = list(self.joins)
        for name in list(self.new):
            table = self.books.table(name)
            if table.period is None or not self.new[name]:
                continue
            bounds = self._bounds(table)
            comparisons = list(self._comparisons(table))
            self._refuse_other_unit(comparisons)
            for one in comparisons:
                bound = bounds.get(one.kind, AT_LEAST)
                if abs(one.change) > bound:
                    move = f"{math.expm1(one.change):+.0%} against {one.compared}"
                    usual = f"a move of at most {math.expm1(bound):.0%}, as its kind made before"
                    held.append(Held(one.figure, f"{one.figure.value}, {move}", usual))
        return held

    def _newest(self, table: _Table) -> dict[Key, dict[int, float]]:
        """Give each series as accepted, by time, in its newest vintage."""
        months = self.books.released()
        found: dict[Key, dict[int, tuple[str, float]]] = defaultdict(dict)
        for row in self.accepted[table.resource.name]:
            if row["value"] == "":
                continue
            month = months.get(row.get("vintage", ""), "")
            when = _number(row[table.period or ""])
            kept = found[table.series(row)].get(when)
            if kept is None or kept[0] <= month:
                found[table.series(row)][when] = (month, float(row["value"]))
        return {
            series: {when: value for when, (_, value) in values.items()}
            for series, values in found.items()
        }

    def _kind(self, table: _Table, series: Key) -> Key:
        """Tell figures that move alike: an indicator or a sector, in whichever place."""
        fields = [one for one in table.resource.extras["observation"] if one != table.period]
        return tuple(
            text
            for name, text in zip(fields, series, strict=True)
            if name not in ("province", "country")
        )

    def _bounds(self, table: _Table) -> dict[Key, float]:
        lag = 4 if table.period == "quarter" else 1
        bounds: dict[Key, float] = {}
        for series, values in self._newest(table).items():
            kind = self._kind(table, series)
            moves = [
                abs(_move(values[when - lag], value))
                for when, value in values.items()
                if when - lag in values
            ]
            bounds[kind] = max(
                [AT_LEAST, bounds.get(kind, 0), *(HALF_AGAIN * one for one in moves)]
            )
        return bounds

    def _comparisons(self, table: _Table) -> Iterable[_Comparison]:
        lag = 4 if table.period == "quarter" else 1
        newest = self._newest(table)
        incoming: dict[Key, dict[int, float]] = defaultdict(dict)
        for row in self.new[table.resource.name]:
            when = _number(row[table.period or ""])
            incoming[table.series(row)][when] = float(row["value"])
        for row in self.new[table.resource.name]:
            series, when = table.series(row), _number(row[table.period or ""])
            accepted, value = newest.get(series, {}), float(row["value"])
            if when in accepted:
                other, compared = accepted[when], f"{accepted[when]:.10g} as accepted"
            else:
                earlier = incoming[series].get(when - lag, accepted.get(when - lag))
                if earlier is None:
                    continue
                other, compared = earlier, f"{earlier:.10g} a year before"
            figure = self.figures[table.resource.name, table.key(row)]
            yield _Comparison(figure, compared, _move(other, value), self._kind(table, series))

    def _refuse_other_unit(self, comparisons: list[_Comparison]) -> None:
        of_kind: dict[tuple[str, Key], list[_Comparison]] = defaultdict(list)
        for one in comparisons:
            of_kind[one.figure.origin.file, one.kind].append(one)
        problems = []
        for alike in of_kind.values():
            middle = statistics.median(one.change for one in alike)
            if abs(middle) > OTHER_UNIT:
                first = alike[0]
                times = math.exp(abs(middle))
                problems.append(
                    _problem(
                        first.figure,
                        f"{first.figure.value}, where {first.compared} stands: "
                        f"{len(alike)} figures about {times:,.0f} times too "
                        f"{'large' if middle > 0 else 'small'}",
                        f"figures in {self._unit(first.figure)}",
                    )
                )
        if problems:
            raise RefusedError("figures are in another unit; nothing was written", problems)

    def _unit(self, figure: Figure) -> str:
        described = self.books.data.resource(figure.table).fields["value"]
        if figure.table in PANELS:
            for row in self.books.table("province_indicators").rows:
                if row["indicator"] == figure.observation["indicator"]:
                    return row["unit"]
        return str(described.get("unit", "the table's unit"))

    # -- writing -----------------------------------------------------------------------------

    def changed(self) -> list[str]:
        """Name the tables whose file accept."""
        return [one.table for one in self.added() if one.rows or one.corrected]

    def contents(self) -> dict[str, bytes]:
        """Make the new bytes of each table that accept."""
        return {name: self.books.table(name).content() for name in self.changed()}

    def describe(self, resource: dict[str, Any]) -> None:
        """Keep the description of a table true: its years, its gaps, its identities."""
        table = self.books.table(resource["name"])
        period = table.period
        if period is None:
            return
        times = [row[period] for row in self.accepted[table.resource.name]]
        old, new = max(times), max(row[period] for row in table.rows)
        if "released" in resource:
            months = self.books.released()
            resource["released"] = max(months[row["vintage"]] for row in table.rows)
        for described in resource["schema"]["fields"]:
            bounds = described.get("constraints", {})
            if described["name"] == period and "maximum" in bounds:
                bounds["maximum"] = max(bounds["maximum"], int(new))
        for text in ("title", "description"):
            # "2019–2024" becomes "2019–2025"; other years are no ends of the table.
            resource[text] = re.sub(rf"–{old}(?!\w)", f"–{new}", resource.get(text, ""))
        extras = resource.get("convergence", {})
        extras["gaps"] = _gaps_left(extras.get("gaps", []), table)
        for identity in extras.get("identities", []):
            where = identity.get("where", {})
            if self._follows(table, where):
                where["vintage"].append(self.books.vintage)
            if period == "quarter" and set(where) == {"quarter"}:
                where["quarter"] += _same_quarters_since(where["quarter"], table)

    def _follows(self, table: _Table, where: dict[str, list[Any]]) -> bool:
        """Tell whether the new vintage obeys an identity: if the one before it does.

        Among those that print decimals as it does, or whole numbers as it does, for these have
        tolerances of their own.
        """
        vintage = self.books.vintage
        if set(where) != {"vintage"} or vintage in where["vintage"]:
            return False
        accepted = self.accepted[table.resource.name]
        if vintage in {row["vintage"] for row in accepted}:
            return False
        is_whole = _is_whole(self.new[table.resource.name])
        alike = {
            name: month
            for name, month in self.books.released().items()
            if (rows := [row for row in accepted if row["vintage"] == name])
            and len(rows) > 1
            and _is_whole(rows) == is_whole
        }
        model = max(alike, key=lambda name: alike[name], default=None)
        return model in where["vintage"]

    def reminders(self) -> list[str]:
        """List what a person has to look at."""
        found = []
        vintage = self.books.vintage
        is_new = any(row["vintage"] == vintage for row in self.new.get("vintages", []))
        if is_new and "splices" in self.books.data.resources:
            found.append(
                f"no splice names {vintage}: a chapter that compares it with another vintage will "
                "not build until a row of data/splices.csv joins them, with a reason"
            )
            found.append(
                f"read the new row {vintage} of data/vintages.csv: its census, its meaning"
            )
        if any(self.corrected.values()):
            found.append(
                "the publisher has settled a cell of data/corrections.csv: take its row out, or "
                "write what is in doubt now, and accept corrections"
            )
        described = [one for one in self.changed() if one not in ("sources", "vintages")]
        if described:
            found.append(
                f"read again what data/{DESCRIPTOR} says of {', '.join(described)}: what the table "
                "cannot show may have changed"
            )
        return found


class _Workbooks:
    """The table of WIOD as it would be: national tables are added, none is changed."""

    TABLE = "io_wiod"
    # The copy in the table has seven digits.
    NEAR = 1e-5

    def __init__(self, books: _Books, paths: list[Path]) -> None:
        from convergence import tables
        from convergence.upkeep.sources import wiod

        if not paths:
            raise TableError("wiod reads workbooks: --from FILE …")
        self.books = books
        self.remarks: list[str] = []
        self.figures: dict[tuple[str, Key], Figure] = {}
        before = tables.load(self.TABLE)
        read = wiod.build(paths, tables.load("io_sectors_international"))
        pairs = ["country", "year"]
        key = [*pairs, "flow", "row", "column"]
        both = before.merge(read, on=key, suffixes=("", "_read"))
        scale = both["value"].abs() + both["value_read"].abs()
        differ = both[(both["value"] - both["value_read"]).abs() > self.NEAR * scale + 0.01]
        if len(differ):
            first = differ.iloc[0]
            where = ", ".join(str(first[name]) for name in key)
            raise TableError(
                f"{len(differ)} figures are not those of data/{self.TABLE}.parquet, the first at "
                f"{where}: {first['value_read']:.7g}, where the table has {first['value']:.7g}. "
                "The release of 2016 is closed, so the workbooks are of another one; nothing was "
                "written"
            )
        known = set(before[pairs].itertuples(index=False, name=None))
        is_new = [pair not in known for pair in read[pairs].itertuples(index=False, name=None)]
        self.new = read[is_new]
        self.same = len(both)
        self.frame = wiod.joined(before, self.new)

    def held(self) -> list[Held]:
        return []

    def added(self) -> list[Added]:
        rows = [
            {"country": country, "year": str(year)}
            for country, year in dict.fromkeys(
                self.new[["country", "year"]].itertuples(index=False, name=None)
            )
        ]
        return [Added(self.TABLE, rows, [], self.same)]

    def changed(self) -> list[str]:
        return [self.TABLE] if len(self.new) else []

    def contents(self) -> dict[str, bytes]:
        from convergence.upkeep.sources import wiod

        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "table.parquet"
            wiod.write(self.frame, path)
            return {self.TABLE: path.read_bytes()}

    def describe(self, resource: dict[str, Any]) -> None:
        for field_ in resource["schema"]["fields"]:
            if field_["name"] == "year":
                field_["constraints"]["maximum"] = int(self.frame["year"].max())

    def reminders(self) -> list[str]:
        return [f"read again what data/{DESCRIPTOR} says of {self.TABLE}"]


def _files(
    data: Package, plan: _Plan | _Workbooks, reason: str, day: datetime.date
) -> dict[str, bytes]:
    """Make the new content of every file that changes, by its path in the data folder."""
    files: dict[str, bytes] = {}
    descriptor = copy.deepcopy(data.descriptor)
    described = {one["name"]: one for one in descriptor["resources"]}
    for name, content in plan.contents().items():
        resource = data.resource(name)
        record = accept.new_record(resource, reason, day, resource.bytes(), content)
        path = accept.new_record_path(resource, day).relative_to(data.folder)
        files[resource.descriptor["path"]] = content
        files[path.as_posix()] = accept.as_json(record).encode()
        described[name] |= {"bytes": len(content), "hash": digest(content)}
        plan.describe(described[name])
    files[DESCRIPTOR] = accept.as_json(descriptor).encode()
    return files


def _write(data: Package, files: dict[str, bytes]) -> None:
    if package.read().descriptor != data.descriptor:
        raise TableError(f"data/{DESCRIPTOR} was changed by somebody else meanwhile; run it again")
    try:
        staging.write(data.folder, files)
    except OSError as error:
        where = error.filename or data.folder
        raise TableError(f"{where} cannot be written: {error.strerror}") from None


def _check(data: Package, plan: _Plan | _Workbooks, written: dict[str, bytes]) -> None:
    """Check the tables as they would be, in a copy of the data folder.

    Raises
    ------
    RefusedError
        If a table would break a rule; a row that came in is named by its place in its file.
    """
    from convergence.tables import checks

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / data.folder.name
        shutil.copytree(data.folder, folder, ignore=shutil.ignore_patterns(".*", "*.parquet"))
        for name, content in written.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        copied = Package(folder, json.loads(written[DESCRIPTOR]))
        changed = plan.changed()
        relying = [
            resource.name
            for resource in copied.resources.values()
            if {one.get("table") for one in resource.extras.get("identities", [])} & set(changed)
        ]
        names = list(dict.fromkeys([*changed, *relying]))
        found = [_traced(one, plan) for one in checks.problems(copied, names)]
    if found:
        raise RefusedError("the tables would break their rules; nothing was written", found)


def _traced(problem: Problem, plan: _Plan | _Workbooks) -> Problem:
    """Name the place in the publisher's file that a problem of a table comes from."""
    if problem.row is None or problem.table not in plan.books.tables:
        return problem
    table = plan.books.table(problem.table)
    ordered = list(csv.DictReader(io.StringIO(table.content().decode(), newline="")))
    at = problem.row - 2
    if not 0 <= at < len(ordered):
        return problem
    figure = plan.figures.get((problem.table, table.key(ordered[at])))
    if figure is None:
        return problem
    origin = figure.origin
    return Problem(
        problem.table,
        origin.file,
        origin.row,
        origin.field,
        problem.found,
        problem.expected,
        problem.rule,
    )


def _problem(figure: Figure, found: str, expected: str, rule: str = "refresh") -> Problem:
    origin: Origin = figure.origin
    return Problem(figure.table, origin.file, origin.row, origin.field, found, expected, rule)


def _first(resource: Resource, period: str) -> str:
    """Give the first time that a table takes."""
    least = resource.fields[period].get("constraints", {}).get("minimum")
    return str(least) if least is not None else ""


def _number(time: str) -> int:
    return periods.number(time if "Q" in time else int(time))


def _is_same(old: str, new: str) -> bool:
    """Tell whether a figure is the one in the table.

    The World Bank's come with as many digits as a computer has; copies print fewer of them.
    """
    decimals = len(old.partition(".")[2])
    if min(decimals, len(new.partition(".")[2]) - 1) < MANY_DECIMALS:
        return float(old) == float(new)
    return abs(float(old) - float(new)) <= 0.5 * 10.0**-decimals + 1e-12 * abs(float(old))


def _move(old: float, new: float) -> float:
    return math.log((abs(new) + ROUNDING) / (abs(old) + ROUNDING))


def _is_whole(rows: list[Row]) -> bool:
    return not any("." in row["value"] for row in rows)


def _same_quarters_since(listed: list[str], table: _Table) -> list[str]:
    """Continue a list of, say, first quarters with those that came in."""
    which = {quarter[-2:] for quarter in listed}
    times = sorted({row["quarter"] for row in table.rows})
    return [one for one in times if len(which) == 1 and one[-2:] in which and one > max(listed)]


def _gaps_left(gaps: list[dict[str, Any]], table: _Table) -> list[dict[str, Any]]:
    """Take out of the known gaps what has been filled, series by series."""
    period = table.period or ""
    fields = [one for one in table.resource.extras["observation"] if one != period]
    filled: dict[Key, set[str]] = defaultdict(set)
    for row in table.rows:
        filled[table.series(row)].add(row[period])
    left: list[dict[str, Any]] = []
    for gap in gaps:
        times = "years" if "years" in gap else "quarters"
        where = gap.get("where", {})
        by_rest: dict[tuple[Any, ...], list[Key]] = defaultdict(list)
        for series, present in filled.items():
            named = dict(zip(fields, series, strict=True))
            if all(named.get(name) in values for name, values in where.items()):
                rest = tuple(one for one in gap[times] if str(one) not in present)
                by_rest[rest].append(series)
        if set(by_rest) == {tuple(gap[times])} or len(where) > 1:
            left.append(gap)
            continue
        name = next(iter(where), fields[0])
        for rest, several in by_rest.items():
            if rest:
                values = sorted({dict(zip(fields, one, strict=True))[name] for one in several})
                left.append(gap | {"where": {name: values}, times: list(rest)})
    return left
