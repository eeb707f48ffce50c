"""Accept a person's edit of a table: show the difference, record the hash, keep the reason."""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convergence.tables import package, records
from convergence.tables.package import DESCRIPTOR, Problem, Resource, TableError, digest

__all__ = ["Acceptance", "accept"]


@dataclass(frozen=True)
class Acceptance:
    """What `accept` did.

    ``differences`` is None if the accepted state could not be found; ``record`` is None if there
    was no change.
    """

    table: str
    differences: dict[str, list[Any]] | None
    record: Path | None


class RefusedError(TableError):
    """An edit breaks the rules of its table; nothing was written."""

    def __init__(self, table: str, problems: list[Problem]):
        super().__init__(f"{table} was not accepted: {len(problems)} problems; nothing was written")
        self.problems = problems


def accept(table: str, reason: str, date: datetime.date | None = None) -> Acceptance:
    """Accept a person's edit of a table.

    The edited table has to pass all checks. Then a change record,
    ``data/changes/<date>-<table>.json``, is written, and the file's new sha256 and size are put
    into ``datapackage.json``.

    Parameters
    ----------
    table
        Name of the table whose file was edited.
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
    RefusedError
        If the edited table, or another through it, breaks a rule.
    TableError
        If the reason is empty, the table is unknown, the date lies before the table's last
        change, or a file cannot be read or written.
    """
    reason = reason.strip()
    if not reason:
        raise TableError("a change needs a reason, in a sentence")
    data = package.read()
    resource = data.resource(table)
    content = resource.bytes()
    if resource.hash_problem(content) is None:
        return Acceptance(table, None, None)
    if broken := _broken_rules(data, resource):
        raise RefusedError(table, broken)
    date = date or datetime.date.today()
    finished = records.read(resource)
    unfinished = finished.pop() if records.ends_unfinished(finished, resource) else None
    if finished and date < finished[-1].date:
        raise TableError(_too_early(date, resource, finished))
    record = new_record(resource, reason, date, _accepted_state(resource), content)
    try:
        # The record first: killed before the hash is recorded, the table is still unaccepted, and
        # accepting it again finishes the work. The other way round the reason would be lost.
        if unfinished:
            unfinished.path.unlink()
        path = _new_record_path(resource, date, finished)
        path.parent.mkdir(exist_ok=True)
        _write_json(path, record)
        _record_hash(resource, record["new"])
    except OSError as error:
        where = error.filename or resource.folder
        raise TableError(f"{where} cannot be written: {error.strerror}") from None
    return Acceptance(table, record["differences"], path)


def new_record(
    resource: Resource, reason: str, date: datetime.date, before: bytes | None, after: bytes
) -> dict[str, Any]:
    """Make the content of a change record.

    Parameters
    ----------
    resource
        The table, described as it was accepted.
    reason
        Why it changes.
    date
        The day of the change.
    before, after
        The bytes of its file; `before` is None if the accepted state is not known.
    """
    return {
        "date": date.isoformat(),
        "table": resource.name,
        "reason": reason,
        "old": {"hash": resource.descriptor.get("hash"), "bytes": resource.descriptor.get("bytes")},
        "new": {"hash": digest(after), "bytes": len(after)},
        "differences": None if before is None else _differences(resource, before, after),
    }


def new_record_path(resource: Resource, date: datetime.date) -> Path:
    """Say where the next change record of a table belongs.

    Raises
    ------
    TableError
        If the date lies before the table's last change.
    """
    finished = records.read(resource)
    if finished and date < finished[-1].date:
        raise TableError(_too_early(date, resource, finished))
    return _new_record_path(resource, date, finished)


def as_json(content: dict[str, Any]) -> str:
    """Write a record or a descriptor in the form of the files."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _too_early(date: datetime.date, resource: Resource, finished: list[records.Record]) -> str:
    last = finished[-1].date
    return f"{date} is before the last change to {resource.name}, of {last}; give a later day"


def _broken_rules(data: package.Package, resource: Resource) -> list[Problem]:
    """Check the edited table, and what other tables expect of it."""
    # Brings frictionless: half a second that reading a table need not spend.
    from convergence.tables import checks

    about_the_edit = {"hash", "change record"}
    found = [
        one for one in checks.problems(data, [resource.name]) if one.rule not in about_the_edit
    ]
    if found:
        return found
    for other in data.resources.values():
        if other.name != resource.name and resource.name in _relies_on(other):
            found += [
                one
                for one in checks.problems(data, [other.name])
                if one.rule == "foreign-key" or one.rule.startswith("identity")
            ]
    return found


def _relies_on(resource: Resource) -> set[str]:
    keys = resource.descriptor["schema"].get("foreignKeys", [])
    named = {key["reference"]["resource"] for key in keys}
    return named | {one.get("table") for one in resource.extras.get("identities", [])}


def _new_record_path(
    resource: Resource, date: datetime.date, finished: list[records.Record]
) -> Path:
    today = [record.number for record in finished if record.date == date]
    number = f"-{max(today) + 1}" if today else ""
    return records.folder(resource) / f"{date}-{resource.name}{number}.json"


def _accepted_state(resource: Resource) -> bytes | None:
    """Look in git for the file whose hash is recorded: in the last commit, then in the index."""
    for revision in ("HEAD:./", ":./"):
        # A clone that belongs to somebody else is only read.
        command = ["git", "-c", "safe.directory=*", "cat-file", "blob"]
        command.append(revision + resource.descriptor["path"])
        try:
            shown = subprocess.run(command, cwd=resource.folder, capture_output=True, check=False)
        except OSError:
            return None
        if shown.returncode == 0 and digest(shown.stdout) == resource.descriptor.get("hash"):
            return shown.stdout
    return None


def _differences(resource: Resource, before: bytes, after: bytes) -> dict[str, list[Any]] | None:
    """List the rows that came and went, and the cells that changed, as the text in the files."""
    old, new = _rows(resource, before), _rows(resource, after)
    if old is None or new is None:
        return None
    changed = []
    for key in [key for key in new if key in old]:
        for field in dict.fromkeys([*old[key], *new[key]]):
            was, now = old[key].get(field), new[key].get(field)
            if was != now:
                named = dict(zip(resource.primary_key, key, strict=True))
                changed.append({"key": named, "field": field, "old": was, "new": now})
    return {
        "added": [new[key] for key in new if key not in old],
        "removed": [old[key] for key in old if key not in new],
        "changed": changed,
    }


def _rows(resource: Resource, content: bytes) -> dict[tuple[str, ...], dict[str, str]] | None:
    """Give a table's rows by key, or None if that state of the file has no such key."""
    rows = _text_rows(resource, content)
    key = resource.primary_key or list(resource.fields)
    try:
        by_key = {tuple(row[field] for field in key): row for row in rows}
    except KeyError:
        return None
    return by_key if len(by_key) == len(rows) else None


def _text_rows(resource: Resource, content: bytes) -> list[dict[str, str]]:
    if resource.descriptor.get("format") != "parquet":
        return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
    import pyarrow.parquet

    rows = pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
    return [{name: "" if cell is None else str(cell) for name, cell in row.items()} for row in rows]


def _record_hash(resource: Resource, new: dict[str, Any]) -> None:
    # Read again, so that whatever else was edited in the meantime is kept.
    descriptor = package.read().descriptor
    for one in descriptor["resources"]:
        if one["name"] == resource.name:
            one.update(new)
    _write_json(resource.folder / DESCRIPTOR, descriptor)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    text = as_json(content)
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
