"""Change records: what was accepted, when and why, from one state of a table to the next."""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convergence.tables import package
from convergence.tables.package import DESCRIPTOR, Problem, Resource, TableError

__all__ = ["Record", "ends_unfinished", "folder", "problems", "read"]


@dataclass(frozen=True)
class Record:
    """One change record: its file, its day, its number on that day, and what it says."""

    path: Path
    date: datetime.date
    number: int
    content: dict[str, Any]


def ends_unfinished(records: list[Record], resource: Resource) -> bool:
    """Tell whether the writer of the last record was killed before the hash was recorded."""
    recorded = resource.descriptor.get("hash")
    last = records[-1].content if records else None
    return last is not None and last["old"]["hash"] == recorded != last["new"]["hash"]


def folder(resource: Resource) -> Path:
    """Return the folder of the change records."""
    return resource.folder / "changes"


def read(resource: Resource) -> list[Record]:
    """Read the change records of a table, from old to new."""
    name = re.compile(rf"(\d{{4}}-\d\d-\d\d)-{re.escape(resource.name)}(?:-(\d+))?\.json")
    records = []
    for path in folder(resource).glob("*.json"):
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
        records.append(Record(path, date, int(match[2] or 1), content))
    return sorted(records, key=lambda record: (record.date, record.number))


def problems(resource: Resource) -> list[Problem]:
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
        records = read(resource)
    except TableError as error:
        return [error.args[0]]
    recorded = resource.descriptor.get("hash")
    if not records or records[-1].content["new"]["hash"] == recorded:
        return []
    last = records[-1]
    if ends_unfinished(records, resource):
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
