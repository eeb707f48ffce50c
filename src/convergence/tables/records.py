"""Change records: what was accepted, when and why, from one state of a table to the next."""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convergence.tables.package import DESCRIPTOR, Problem, Resource, TableError

__all__ = ["Record", "folder", "problems", "read"]


@dataclass(frozen=True)
class Record:
    """One change record: its file, its day, its number on that day, and what it says.

    ``content["old"]`` is None in the first record of a table, which was new then.
    """

    path: Path
    date: datetime.date
    number: int
    content: dict[str, Any]


def folder(resource: Resource) -> Path:
    """Return the folder of the change records."""
    return resource.folder / "changes"


def read(resource: Resource) -> list[Record]:
    """Read the change records of a table, from old to new.

    Raises
    ------
    TableError
        If a file has the name of a change record and another content.
    """
    name = re.compile(rf"(\d{{4}}-\d\d-\d\d)-{re.escape(resource.name)}(?:-(\d+))?\.json")
    records = []
    for path in folder(resource).glob("*.json"):
        if not (match := name.fullmatch(path.name)):
            continue
        try:
            date = datetime.date.fromisoformat(match[1])
            content = json.loads(path.read_text(encoding="utf-8"))
            is_record = (
                content["table"] == resource.name
                and isinstance(content["new"]["hash"], str)
                and (content["old"] is None or isinstance(content["old"]["hash"], str))
            )
        except (OSError, ValueError, LookupError, TypeError):
            is_record = False
        if not is_record:
            raise TableError(
                Problem(
                    resource.name,
                    f"{resource.folder.name}/changes/{path.name}",
                    None,
                    None,
                    "a file that is not a change record",
                    f"the date of a change of {resource.name}, its old hash (null for a new "
                    "table) and its new one, as convergence accept writes them. Restore the file "
                    "from git, or delete it",
                    "change record",
                )
            )
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
    described = f"{recorded[:19]}…, as {DESCRIPTOR} records" if recorded else "a recorded hash"
    return [
        Problem(
            resource.name,
            f"{resource.folder.name}/changes/{last.path.name}",
            None,
            None,
            f"a change to {last.content['new']['hash'][:19]}…",
            f"the last record to lead to {described}. Restore {DESCRIPTOR} and the records from "
            "git, then accept the edit again",
            "change record",
        )
    ]
