"""Accept a person's edit of a table: show the difference, record the hash, keep the reason."""

from __future__ import annotations

import datetime
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convergence.tables import records
from convergence.tables.package import (
    DESCRIPTOR,
    Package,
    Problem,
    ProblemsError,
    Resource,
    TableError,
    digest,
    listed,
    listed_row,
)
from convergence.upkeep import writing
from convergence.upkeep.writing import TableChange

__all__ = ["Acceptance", "EditRefusedError", "accept"]


@dataclass(frozen=True)
class Acceptance:
    """What `accept` did.

    ``differences`` is None if the accepted state could not be found, or if the table is new;
    ``record`` is None if there was no change.
    """

    table: str
    differences: dict[str, list[Any]] | None
    record: Path | None
    is_new: bool = False

    def __str__(self) -> str:
        if self.record is None:
            return f"{self.table}: no change; the file is the accepted one"
        if self.is_new:
            lines = [f"{self.table}: a new table"]
        elif self.differences is None:
            lines = [
                f"{self.table}: changed. The accepted state is not in git (neither in the last "
                "commit nor in the index), so the old cells cannot be shown; only the hashes are "
                "recorded"
            ]
        else:
            lines = list(_shown(self.table, self.differences))
        folder = self.record.parent
        lines.append(f"recorded in {folder.parent.name}/{folder.name}/{self.record.name}")
        return "\n".join(lines)


class EditRefusedError(ProblemsError):
    """An edit breaks the rules of its table; nothing was written."""


def accept(table: str, reason: str, date: datetime.date | None = None) -> Acceptance:
    """Accept a person's edit of a table, or a table that is new.

    The table has to pass all checks. Then the file's sha256 and size in ``datapackage.json`` and a
    change record, ``data/changes/<date>-<table>.json``, are written: both, or, if the process is
    killed, neither.

    Parameters
    ----------
    table
        Name of the table whose file was edited, or that ``datapackage.json`` describes without a
        hash.
    reason
        Why, in a sentence: what the publisher changed, or which slip was mended.
    date
        The day of the change; today, if none is given.

    Returns
    -------
    Acceptance
        The cells that changed against the last accepted state, which is looked up in git.

    Raises
    ------
    ValueError
        If the reason is empty.
    EditRefusedError
        If the edited table, or another through it, breaks a rule.
    TableError
        If the table is unknown, if the date lies before its last change, if a file cannot be read
        or written, or if the table or the descriptor was changed while they were checked.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("a change needs a reason, in a sentence")
    data = writing.begin()
    resource = data.resource(table)
    content = resource.bytes()
    if resource.hash_problem(content) is None:
        return Acceptance(table, None, None)
    is_new = not resource.descriptor.get("hash")
    if is_new and records.read(resource):
        raise TableError(
            f"{resource.folder.name}/{DESCRIPTOR} has no hash of {table}, which was accepted "
            "before: put the hash back that its last change record names as new"
        )
    if broken := _broken_rules(data, resource):
        sentence = f"{table} was not accepted: {len(broken)} problems; nothing was written"
        raise EditRefusedError(sentence, broken)
    before = None if is_new else _accepted_state(resource)
    change = TableChange(resource, before, content, resource.descriptor)
    files = writing.files_of(data, [change], reason, date or datetime.date.today())
    writing.write(data, files, {resource.descriptor["path"]: content})
    record = next(name for name in files if name.startswith("changes/"))
    differences = None if before is None else writing.differences(resource, before, content)
    return Acceptance(table, differences, resource.folder / record, is_new)


def _broken_rules(data: Package, resource: Resource) -> list[Problem]:
    """Check the edited table, and what other tables expect of it."""
    # Imports frictionless: half a second that reading a table need not spend.
    from convergence.tables import checks
    from convergence.tables.reading import Tables

    tables = Tables(data)
    about_the_edit = {"hash", "change record"}
    found = [
        problem
        for problem in checks.problems(tables, [resource.name])
        if problem.rule not in about_the_edit
    ]
    if found:
        return found
    relying = [
        other.name
        for other in data.resources.values()
        if other.name != resource.name and resource.name in checks.relies_on(other)
    ]
    return [
        problem
        for name in relying
        for problem in checks.problems(tables, [name])
        if problem.rule == "foreign-key" or problem.rule.startswith("identity")
    ]


def _accepted_state(resource: Resource) -> bytes | None:
    """Look in git for the file whose hash is recorded: in the last commit, then in the index."""
    for revision in ("HEAD:./", ":./"):
        # git refuses to read a clone that belongs to somebody else, unless it is declared safe.
        command = ["git", "-c", "safe.directory=*", "cat-file", "blob"]
        command.append(revision + resource.descriptor["path"])
        try:
            shown = subprocess.run(command, cwd=resource.folder, capture_output=True, check=False)
        except OSError:
            return None
        if shown.returncode == 0 and digest(shown.stdout) == resource.descriptor.get("hash"):
            return shown.stdout
    return None


def _shown(table: str, differences: dict[str, list[Any]]) -> Iterator[str]:
    added, removed, changed = (differences[what] for what in ("added", "removed", "changed"))
    yield f"{table}: {len(added)} rows added, {len(removed)} removed, {len(changed)} cells changed"
    lines = [
        *(f"+ {listed_row(row)}" for row in added),
        *(f"- {listed_row(row)}" for row in removed),
        *(
            f"~ {listed_row(cell['key'])}: {cell['field']} {cell['old']!r} → {cell['new']!r}"
            for cell in changed
        ),
    ]
    yield from listed(lines, "all in the record")
