"""Take a publisher's new figures into the tables: all of them, or nothing.

Every source goes the same way: read (`convergence.upkeep.sources`), compare with the tables
(`convergence.upkeep.plan`), hold back what is not plausible (`convergence.upkeep.plausible`),
describe (`convergence.upkeep.describing`), check in a copy, write with provenance, hashes and
change records (`convergence.upkeep.writing`). Rows are only added. A figure in a table changes in
place only where ``data/corrections.csv`` says so; a revision comes as rows of another vintage,
beside the old ones.
"""

from __future__ import annotations

import csv
import datetime
import io
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from convergence.tables import package
from convergence.tables.package import (
    DESCRIPTOR,
    Package,
    Problem,
    listed,
    listed_row,
)
from convergence.upkeep import plan as planning
from convergence.upkeep import plausible, writing
from convergence.upkeep.books import Books, Key, Row, require_vintage
from convergence.upkeep.describing import described, described_whole
from convergence.upkeep.plan import Held, Plan
from convergence.upkeep.sources import SOURCES
from convergence.upkeep.sources.figures import Figure, Reading, RefusedError, WholeTable
from convergence.upkeep.writing import TableChange

__all__ = ["Added", "Outcome", "refresh", "suggested_vintage"]


@dataclass(frozen=True)
class Added:
    """What changes in one table: new rows, and cells whose correction is settled.

    ``corrected`` holds new rows, each with the old value; ``same`` counts the figures that the
    table has already.
    """

    table: str
    rows: list[Row]
    corrected: list[tuple[Row, str]]
    same: int

    def __str__(self) -> str:
        cells = f", {len(self.corrected)} corrected" if self.corrected else ""
        first = f"{self.table}: {len(self.rows)} rows new{cells}, {self.same} as they are"
        lines = [
            *(f"+ {listed_row(row)}" for row in self.rows),
            *(f"~ {listed_row(row)} (was {old})" for row, old in self.corrected),
        ]
        return "\n".join([first, *listed(lines)])


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
        """Whether a row comes or a cell changes."""
        return any(table.rows or table.corrected for table in self.added)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield from (f"note: {remark}" for remark in self.remarks)
        if self.held:
            yield f"accepted, though they jump: {len(self.held)} figures"
            yield from listed(self.held)
        yield from map(str, self.added)
        if not self.changes_anything:
            yield "nothing new: every figure is in the tables already"
        elif not self.is_written:
            yield "nothing was written: this was a dry run"
        else:
            yield from (f"recorded in data/{record}" for record in self.records)
            yield from (f"now: {reminder}" for reminder in self.reminders)
            yield "now: make book"


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
        One of `convergence.upkeep.sources.SOURCES`.
    files
        The publisher's files; none for a source that is asked over the network.
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
        The new rows, what was left out, and what remains to be done by a person.

    Raises
    ------
    ValueError
        If the source is unknown, if it reads files and none is given (or the other way round), if
        it needs a vintage and none is stated, or if `accept` is empty.
    RefusedError
        If a file is damaged or not understood, if figures contradict the tables or jump, or if
        the tables would break a rule: with file, row and field. Nothing was written.
    TableError
        If the data package cannot be read or written or was changed while the figures were
        checked, or if the date lies before a table's last change.
    """
    _require_arguments(source, files, accept)
    data = writing.begin()
    paths = [Path(file) for file in files]
    books = Books(data)
    view = SOURCES[source].view
    vintage = require_vintage(books, vintage, view) if view else None
    reading = SOURCES[source].figures(books, paths, vintage)
    plan = planning.plan(books, reading, vintage, view)
    held = [*plan.held, *plausible.held(books, plan)]
    if held and accept is None:
        raise _held_back(held)
    outcome = Outcome(_added(plan, reading.whole), plan.remarks, held)
    if not outcome.changes_anything:
        return outcome
    changes = _changes(data, plan, reading.whole)
    named = ", ".join(path.name for path in paths) or SOURCES[source].named
    reason = f"Refreshed from {named}"
    if held and accept:
        reason += f"; {len(held)} figures that were held back are accepted: {accept.strip()}"
    written = writing.files_of(data, changes, reason, date or datetime.date.today())
    _check(data, plan, changes, written)
    if not dry_run:
        read = {change.resource.descriptor["path"]: change.before or b"" for change in changes}
        writing.write(data, written, read)
    return replace(
        outcome,
        reminders=_reminders(data, plan, changes),
        records=[name for name in written if name.startswith("changes/")],
        is_written=not dry_run,
    )


def suggested_vintage(source: str, files: Sequence[str | Path]) -> tuple[str, int]:
    """Say of which vintage the figures of a publisher's files seem to be.

    Parameters
    ----------
    source
        A source whose tables keep vintages, as ``nbs-export``.
    files
        The publisher's files.

    Returns
    -------
    str
        The vintage that has most of the figures and contradicts none of them; without one, a new
        name by the month in which the newest of the files was written.
    int
        How many figures that vintage has; 0 for a new name.

    Raises
    ------
    ValueError
        If the source is unknown, or no file is given.
    TableError
        As `refresh` does.
    """
    _require_arguments(source, files, None)
    paths = [Path(file) for file in files]
    books = Books(writing.begin())
    reading = SOURCES[source].figures(books, paths, None)
    agree, contradicted = _agreement(books, source, reading)
    for vintage, count in agree.most_common():
        if vintage not in contradicted:
            return vintage, count
    newest = max(path.stat().st_mtime for path in paths)
    return f"{SOURCES[source].view}-{datetime.date.fromtimestamp(newest):%Y-%m}", 0


def _agreement(books: Books, source: str, reading: Reading) -> tuple[Counter[str], set[str]]:
    """Count the figures that each vintage has, and name the vintages that hold another value."""
    agree, contradicted = Counter[str](), set()
    by_observation: dict[tuple[Any, Key], list[Figure]] = defaultdict(list)
    # A table names one source, and another may bring figures of it all the same.
    names = {resource.name for resource in books.filled_from(source)}
    names |= {figure.table for figure in reading.figures}
    measure_of = {
        name: (books[name].resource.extras.get("refresh", {}).get("measure"), books[name].period)
        for name in sorted(names)
        if books[name].has_vintages
    }
    for figure in reading.figures:
        if figure.table not in measure_of:
            continue
        key = books[figure.table].observation(figure.observation)
        by_observation[measure_of[figure.table], key].append(figure)
    for name, measure in measure_of.items():
        table = books[name]
        for row in table.rows:
            for figure in by_observation.get((measure, table.observation(row)), ()):
                if planning.is_same(row["value"], figure.value):
                    agree[row["vintage"]] += 1
                else:
                    contradicted.add(row["vintage"])
    return agree, contradicted


def _require_arguments(source: str, files: Sequence[str | Path], accept: str | None) -> None:
    if source not in SOURCES:
        raise ValueError(f"no source {source!r}; there are {', '.join(SOURCES)}")
    if SOURCES[source].reads_files and not files:
        raise ValueError(f"{source} reads files: give at least one")
    if files and not SOURCES[source].reads_files:
        raise ValueError(f"{source} is asked over the network; it reads no files")
    if accept is not None and not accept.strip():
        raise ValueError("accepting figures that are held back needs a reason, in a sentence")


def _held_back(held: Sequence[Held]) -> RefusedError:
    problems = [
        figure.figure.problem(
            figure.found, f"{figure.expected}; if it is right, --accept 'why'", "held"
        )
        for figure in held
    ]
    return RefusedError(f"{len(held)} figures are held back; nothing was written", problems)


def _added(plan: Plan, whole: WholeTable | None) -> list[Added]:
    added = [
        Added(part.name, part.new, part.corrected, part.same)
        for part in plan.tables
        if part.changes or part.same
    ]
    return [*added, Added(whole.table, whole.rows, [], whole.same)] if whole else added


def _changes(data: Package, plan: Plan, whole: WholeTable | None) -> list[TableChange]:
    """Make the new file and the new description of each table that changes."""
    changes = [
        TableChange(
            part.table.resource,
            part.table.content,
            part.table.written(part.rows()),
            described(plan, part),
        )
        for part in plan.tables
        if part.changes
    ]
    if whole and whole.rows:
        resource = data.resource(whole.table)
        descriptor = described_whole(resource.descriptor, whole)
        changes.append(TableChange(resource, resource.accepted_bytes(), whole.content, descriptor))
    return changes


def _reminders(data: Package, plan: Plan, changes: Sequence[TableChange]) -> list[str]:
    """List what a person has to look at."""
    found = []
    if plan.is_new_vintage and "splices" in data.resources:
        found.append(
            f"no splice names {plan.vintage}: a chapter that compares it with another vintage will "
            "not build until a row of data/splices.csv joins them, with a reason"
        )
        found.append(
            f"read the new row {plan.vintage} of data/vintages.csv: its census, its meaning"
        )
    if any(part.corrected for part in plan.tables):
        found.append(
            "the publisher has settled a cell of data/corrections.csv: take its row out, or "
            "write what is in doubt now, and accept corrections"
        )
    names = [change.resource.name for change in changes]
    if tables := [name for name in names if name not in ("sources", "vintages")]:
        found.append(
            f"read again what data/{DESCRIPTOR} says of {', '.join(tables)}: what the table "
            "cannot show may have changed"
        )
    return found


def _check(
    data: Package, plan: Plan, changes: Sequence[TableChange], written: Mapping[str, bytes]
) -> None:
    """Check the tables as they would be, in a copy of the data folder.

    Raises
    ------
    RefusedError
        If a table would break a rule; a new row is named by its place in the publisher's file.
    """
    # Imports frictionless: half a second that a refused file need not wait for.
    from convergence.tables import checks
    from convergence.tables.reading import Tables

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / data.folder.name
        shutil.copytree(data.folder, folder, ignore=shutil.ignore_patterns(".*", "*.parquet"))
        for name, content in written.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        copied = package.parse(folder, written[DESCRIPTOR])
        changed = [change.resource.name for change in changes]
        relying = [
            resource.name
            for resource in copied.resources.values()
            if any(
                identity.get("table") in changed
                for identity in resource.extras.get("identities", [])
            )
        ]
        names = list(dict.fromkeys([*changed, *relying]))
        found = checks.problems(Tables(copied), names)
    if found:
        traced = [_traced(problem, plan) for problem in found]
        raise RefusedError("the tables would break their rules; nothing was written", traced)


def _traced(problem: Problem, plan: Plan) -> Problem:
    """Name the place in the publisher's file that a problem of a table comes from."""
    part = next((part for part in plan.tables if part.name == problem.table), None)
    if problem.row is None or part is None:
        return problem
    text = part.table.written(part.rows()).decode()
    ordered: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(text, newline="")))
    at = problem.row - 2
    if not 0 <= at < len(ordered):
        return problem
    figure = part.figures.get(part.table.key(ordered[at]))
    if figure is None:
        return problem
    return figure.problem(problem.found, problem.expected, problem.rule)
