"""Accept a person's edit of a table: show the difference, record the hash, keep the reason."""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convergence import package
from convergence.package import DESCRIPTOR, Problem, Resource, TableError, digest

__all__ = ["Acceptance", "accept", "record_problems"]


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
    finished = _records(resource)
    unfinished = finished.pop() if _ends_unfinished(finished, resource) else None
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
    finished = _records(resource)
    if finished and date < finished[-1].date:
        raise TableError(_too_early(date, resource, finished))
    return _new_record_path(resource, date, finished)


def as_json(content: dict[str, Any]) -> str:
    """Write a record or a descriptor in the form of the files."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _too_early(date: datetime.date, resource: Resource, finished: list[_Record]) -> str:
    last = finished[-1].date
    return f"{date} is before the last change to {resource.name}, of {last}; give a later day"


def _broken_rules(data: package.Package, resource: Resource) -> list[Problem]:
    """Check the edited table, and what other tables expect of it."""
    # Brings frictionless: half a second that reading a table need not spend.
    from convergence import checks

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


@dataclass(frozen=True)
class _Record:
    path: Path
    date: datetime.date
    number: int
    content: dict[str, Any]


def _ends_unfinished(records: list[_Record], resource: Resource) -> bool:
    """Tell whether the writer of the last record was killed before the hash was recorded."""
    recorded = resource.descriptor.get("hash")
    last = records[-1].content if records else None
    return last is not None and last["old"]["hash"] == recorded != last["new"]["hash"]


def _folder(resource: Resource) -> Path:
    return resource.folder / "changes"


def _records(resource: Resource) -> list[_Record]:
    """Read the change records of a table, from old to new."""
    name = re.compile(rf"(\d{{4}}-\d\d-\d\d)-{re.escape(resource.name)}(?:-(\d+))?\.json")
    records = []
    for path in _folder(resource).glob("*.json"):
        if not (match := name.fullmatch(path.name)):
            continue
        try:
            date = datetime.date.fromisoformat(match[1])
            content = json.loads(path.read_text(encoding="utf-8"))
            is_record = content["table"] == resource.name and all(
                isinstance(content[state]["hash"], str) for state in ("old", "new")
            )
        except (OSError, ValueError, LookupError, TypeError):
            is_record = False
        if not is_record:
            file = f"{resource.folder.name}/changes/{path.name}"
            expected = f"a change record of {resource.name}: its date, its old and its new hash"
            problem = Problem(
                resource.name, file, None, None, "something else", expected, "change record"
            )
            raise TableError(problem)
        records.append(_Record(path, date, int(match[2] or 1), content))
    return sorted(records, key=lambda record: (record.date, record.number))


def record_problems(resource: Resource) -> list[Problem]:
    """Find change records that do not lead to the recorded hash of their table.

    Parameters
    ----------
    resource
        The table.

    Returns
    -------
    list of Problem
        At most one.
    """
    try:
        records = _records(resource)
    except TableError as error:
        return [error.args[0]]
    recorded = resource.descriptor.get("hash")
    if not records or records[-1].content["new"]["hash"] == recorded:
        return []
    last = records[-1]
    if _ends_unfinished(records, resource):
        expected = (
            f"that hash in {DESCRIPTOR} as well: accepting was interrupted. "
            f"To finish it run {package.accept_command(resource.name)}; "
            "to withdraw it, undo the edit and delete the record"
        )
    else:
        expected = f"the last record to lead to {str(recorded)[:19]}…, as {DESCRIPTOR} records"
    file = f"{resource.folder.name}/changes/{last.path.name}"
    found = f"a change to {last.content['new']['hash'][:19]}…"
    return [Problem(resource.name, file, None, None, found, expected, "change record")]


def _new_record_path(resource: Resource, date: datetime.date, finished: list[_Record]) -> Path:
    today = [record.number for record in finished if record.date == date]
    number = f"-{max(today) + 1}" if today else ""
    return _folder(resource) / f"{date}-{resource.name}{number}.json"


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
