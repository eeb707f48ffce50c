"""Put a publisher's figures beside the tables: what is new, what is the same, what contradicts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from convergence.tables.corrections import NAME as CORRECTIONS
from convergence.tables.corrections import where
from convergence.tables.package import Problem
from convergence.upkeep.books import Books, Key, Row, Table, released
from convergence.upkeep.sources.figures import Figure, Reading, RefusedError

MANY_DECIMALS = 3


@dataclass(frozen=True)
class Held:
    """A figure that is taken only if somebody says why it is right."""

    figure: Figure
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.figure.origin}: {self.found}"


@dataclass(frozen=True)
class TablePlan:
    """One table as accepted, and what a refresh does to it.

    ``corrected`` holds new rows, each with the old value of its cell; ``same`` counts the figures
    that the table has already; ``figures`` says by key where a row's figure comes from.
    """

    table: Table
    new: list[Row] = field(default_factory=list)
    corrected: list[tuple[Row, str]] = field(default_factory=list)
    same: int = 0
    figures: Mapping[Key, Figure] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.table.resource.name

    @property
    def changes(self) -> bool:
        """Whether a row comes or a cell changes."""
        return bool(self.new or self.corrected)

    def rows(self) -> list[Row]:
        """Give the table's rows as they would be."""
        replaced = {self.table.key(row): row for row, _ in self.corrected}
        kept = [replaced.get(self.table.key(row), row) for row in self.table.rows]
        return kept + self.new


@dataclass(frozen=True)
class Plan:
    """What a refresh does to each table, in the order of the package.

    ``held`` has the figures that would join two states of a publisher's accounts.
    """

    tables: list[TablePlan]
    vintage: str | None
    months: Mapping[str, str]
    remarks: list[str] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)

    @property
    def is_new_vintage(self) -> bool:
        """Whether the vintage gets its row in the table of vintages."""
        return any(plan.name == "vintages" and plan.new for plan in self.tables)


def plan(books: Books, reading: Reading, vintage: str | None = None, view: str = "") -> Plan:
    """Compare figures with the accepted tables.

    Parameters
    ----------
    books
        The accepted tables.
    reading
        The publisher's figures.
    vintage
        The state of revision that they are of; None if their tables keep no vintages.
    view
        The publisher's short name in the table ``vintages``, for the row of a new vintage.

    Returns
    -------
    Plan
        Nothing in it has been written.

    Raises
    ------
    RefusedError
        If two figures contradict each other, or a figure contradicts its table in the same
        vintage.
    """
    months = released(books, vintage)
    tables: list[TablePlan] = []
    remarks: list[str] = list(reading.remarks)
    held: list[Held] = []
    problems: list[Problem] = []
    by_table: dict[str, list[Figure]] = defaultdict(list)
    for figure in reading.figures:
        by_table[figure.table].append(figure)
    for name, figures in by_table.items():
        compared = _compared(books, books[name], figures, vintage, months)
        tables.append(compared.plan)
        problems += compared.problems
        remarks += compared.remarks
        held += compared.held
    if problems:
        raise RefusedError("the figures contradict the tables; nothing was written", problems)
    if repeated := _repeated_vintages(books, tables, vintage, months):
        remarks.append(
            f"every figure is that of vintage {' and '.join(repeated)}: no vintage of its own"
        )
        tables = [replace(plan, new=[], same=plan.same + len(plan.new)) for plan in tables]
        held = []
    tables += _registers(books, tables, reading, vintage, view, months)
    order = list(books.package.resources)
    tables.sort(key=lambda plan: order.index(plan.name))
    return Plan(tables, vintage, months, remarks, held)


@dataclass(frozen=True)
class _Compared:
    plan: TablePlan
    remarks: list[str]
    held: list[Held]
    problems: list[Problem]


def _compared(
    books: Books,
    table: Table,
    figures: Sequence[Figure],
    vintage: str | None,
    months: Mapping[str, str],
) -> _Compared:
    """Compare the figures of one table with what it holds."""
    placed, too_early, problems = _placed(table, _rows(table, figures, vintage, months))
    new: list[Row] = []
    corrected: list[tuple[Row, str]] = []
    revised: dict[Key, list[str]] = defaultdict(list)
    same = 0
    corrections = _corrections(books, table)
    for key, (figure, row) in placed.items():
        old = table.by_key.get(key)
        if old is None:
            new.append(row)
        elif is_same(old["value"], figure.value):
            same += 1
        elif (correction := _correction(corrections, row)) is not None:
            if _repeats_the_slip(correction, figure.value):
                same += 1
            else:
                corrected.append((row, old["value"]))
        elif table.has_vintages:
            problems.append(_contradiction(table, figure, row, old))
        else:
            revised[table.series(row)].append(
                f"{table.time(row)} was {old['value']}, is {figure.value}"
            )
    name = table.resource.name
    remarks = [
        f"{name}, {', '.join(series)}: the publisher has revised {len(changes)} figures "
        f"({changes[-1]}); the table keeps no vintages, so the old ones stay"
        for series, changes in revised.items()
    ]
    if too_early:
        begins = f"{name} begins in {table.first_time()}"
        remarks.insert(0, f"{begins}: {too_early} earlier figures left out")
    # The old figures of a revised series stay, so its new times would be of another state.
    held = [
        Held(
            placed[table.key(row)][0],
            f"{row['value']}, in a series of which {len(changes)} figures were revised",
            "one state of the publisher's accounts",
        )
        for series, changes in revised.items()
        for row in new
        if table.series(row) == series
    ]
    origins = {key: figure for key, (figure, _) in placed.items()}
    return _Compared(TablePlan(table, new, corrected, same, origins), remarks, held, problems)


def _rows(
    table: Table, figures: Iterable[Figure], vintage: str | None, months: Mapping[str, str]
) -> Iterable[tuple[Figure, Row]]:
    """Write each figure as a row of its table."""
    extras = table.resource.extras
    fill = extras.get("refresh", {}).get("fill", {})
    statuses = (
        {(row["vintage"], table.time(row)[:4]): row["status"] for row in reversed(table.rows)}
        if "status" in extras
        else {}
    )
    for figure in figures:
        row = fill | figure.observation | {"value": figure.value, "source": figure.source}
        row |= figure.others
        if table.has_vintages:
            row["vintage"] = vintage or ""
        if "status" in extras:
            year = table.time(row)[:4]
            known = statuses.get((row["vintage"], year))
            row["status"] = known or _status(int(year), months[row["vintage"]])
        yield figure, {name: row[name] for name in table.resource.fields}


def _status(year: int, month: str) -> str:
    """Say where a figure stands in NBS's calendar: first account, verification, later.

    A year is verified in the December after it.
    """
    if month < f"{year + 1}-12":
        return "preliminary"
    return "final" if month < f"{year + 2}-12" else "revised"


def _placed(
    table: Table, rows: Iterable[tuple[Figure, Row]]
) -> tuple[dict[Key, tuple[Figure, Row]], int, list[Problem]]:
    """Put figures at their keys; count those before the table, and name contradictions."""
    placed: dict[Key, tuple[Figure, Row]] = {}
    problems: list[Problem] = []
    too_early = 0
    for figure, row in rows:
        if table.period and table.time(row) < table.first_time():
            too_early += 1
            continue
        earlier, _ = placed.setdefault(table.key(row), (figure, row))
        if float(earlier.value) != float(figure.value):
            found = f"{figure.value}, but {earlier.value} in {earlier.origin}"
            problems.append(figure.problem(found, "one value for one figure"))
    return placed, too_early, problems


def _corrections(books: Books, table: Table) -> list[tuple[dict[str, str], Row]]:
    """List the rows of the register that speak of the table's values."""
    if CORRECTIONS not in books.package.resources:
        return []
    return [
        (where(row["where"]), row)
        for row in books[CORRECTIONS].rows
        if row["table"] == table.resource.name and row["field"] == "value"
    ]


def _correction(corrections: Sequence[tuple[dict[str, str], Row]], row: Row) -> Row | None:
    """Find what the register of corrections says of a cell."""
    for wanted, correction in corrections:
        if all(row.get(name) == text for name, text in wanted.items()):
            return correction
    return None


def _repeats_the_slip(correction: Row, value: str) -> bool:
    return correction["kind"] == "corrected" and float(correction["found"]) == float(value)


def _contradiction(table: Table, figure: Figure, row: Row, old: Row) -> Problem:
    return figure.problem(
        figure.value,
        f"{old['value']}, as in {table.resource.file}, vintage {row['vintage']}: a revision is "
        "another vintage; a mended slip needs a row in data/corrections.csv",
    )


def _repeated_vintages(
    books: Books, tables: Sequence[TablePlan], vintage: str | None, months: Mapping[str, str]
) -> list[str]:
    """Name the vintages that a new vintage only repeats; none if it has a figure of its own.

    A new name for an old state would separate the years of one series for no reason.
    """
    if vintage is None or vintage in {row["vintage"] for row in books["vintages"].rows}:
        return []
    repeated = Counter[str]()
    for plan in tables:
        by_release = sorted(plan.table.rows, key=lambda row: months.get(row.get("vintage", ""), ""))
        newest = {plan.table.observation(row): row for row in by_release}
        for row in plan.new:
            old = newest.get(plan.table.observation(row))
            if old is None or not is_same(old["value"], row["value"]):
                return []
            repeated[old.get("vintage", "")] += 1
    return list(repeated)


def _registers(
    books: Books,
    tables: Sequence[TablePlan],
    reading: Reading,
    vintage: str | None,
    view: str,
    months: Mapping[str, str],
) -> list[TablePlan]:
    """Add the rows that new figures need in the tables of sources and of vintages."""
    coming = [row for plan in tables for row in [*plan.new, *(row for row, _ in plan.corrected)]]
    used = {row["source"] for row in coming}
    known = {row["source"] for row in books["sources"].rows}
    sources = [dict(row) for row in reading.sources if row["source"] in used - known]
    found = [TablePlan(books["sources"], sources)] if sources else []
    vintages = books["vintages"]
    is_used = any(plan.table.has_vintages and plan.new for plan in tables)
    if vintage and is_used and vintage not in {row["vintage"] for row in vintages.rows}:
        row = _new_vintage(vintages, vintage, view, months[vintage])
        found.append(TablePlan(vintages, [row]))
    return found


def _new_vintage(vintages: Table, vintage: str, view: str, month: str) -> Row:
    """Write the row of a new vintage, on the benchmark of the vintage before it."""
    before = max(
        (row for row in vintages.rows if row["publisher_view"] == view),
        key=lambda row: row["released"],
    )
    return {
        "vintage": vintage,
        "released": month,
        "census": before["census"],
        "publisher_view": view,
        "title": f"{view.upper()}, {vintage}",
        "meaning": "Added by a refresh. The month of release is the one that was stated; the "
        f"benchmark is taken to be that of {before['vintage']}.",
    }


def is_same(old: str, new: str) -> bool:
    """Tell whether a figure is the one in the table.

    The World Bank gives as many digits as a computer has; copies print fewer of them.

    Examples
    --------
    >>> is_same("26.1845", "26.18452"), is_same("26.1845", "26.19"), is_same("100", "100.4")
    (True, False, False)
    """
    decimals = len(old.partition(".")[2])
    if min(decimals, len(new.partition(".")[2]) - 1) < MANY_DECIMALS:
        return float(old) == float(new)
    return abs(float(old) - float(new)) <= 0.5 * 10.0**-decimals + 1e-12 * abs(float(old))
