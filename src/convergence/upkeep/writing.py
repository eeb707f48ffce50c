"""Write a change of the data folder: tables, their descriptor and change records in one stroke.

Everything that writes in ``data/`` goes through `begin` and `write`. One rule holds for all: if a
file that a change was computed from is another one when the change is written, the change is
refused, and nothing is written.
"""

from __future__ import annotations

import copy
import csv
import datetime
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convergence.files import staging
from convergence.tables import package, records
from convergence.tables.package import DESCRIPTOR, Package, Resource, TableError, digest

__all__ = ["TableChange", "as_json", "begin", "differences", "files_of", "finish", "write"]


@dataclass(frozen=True)
class TableChange:
    """One table's file before and after a change.

    ``before`` is None if the accepted state is not known. ``descriptor`` is the table's new entry
    in ``datapackage.json``; its hash and size are put in by `files_of`.
    """

    resource: Resource
    before: bytes | None
    after: bytes
    descriptor: dict[str, Any]


def finish() -> list[str]:
    """Finish a change of the data folder that was cut off.

    Returns
    -------
    list of str
        The files that were put in their places, below the data folder.

    Raises
    ------
    TableError
        If there is no data folder, or a file cannot be moved.
    """
    folder = package.find()
    try:
        return staging.finish(folder)
    except OSError as error:
        raise TableError(_unwritable(error, folder.name)) from None


def begin() -> Package:
    """Finish what was cut off, and read the data package.

    Raises
    ------
    TableError
        As `convergence.tables.package.read`.
    """
    finish()
    return package.read()


def files_of(
    data: Package, changes: Sequence[TableChange], reason: str, date: datetime.date
) -> dict[str, bytes]:
    """Make the files of a change: tables, change records and the descriptor.

    Parameters
    ----------
    data
        The data package before the change.
    changes
        The tables that change.
    reason
        Why, in a sentence.
    date
        The day of the change.

    Returns
    -------
    dict
        The content of each file that changes, by its path in the data folder.

    Raises
    ------
    TableError
        If the date lies before a table's last change, or its change records cannot be read.
    """
    files: dict[str, bytes] = {}
    descriptors = {change.resource.name: _described(change) for change in changes}
    for change in changes:
        files[change.resource.descriptor["path"]] = change.after
        files[_record_name(change.resource, date)] = as_json(_record(change, reason, date))
    files[DESCRIPTOR] = as_json(
        data.descriptor
        | {
            "resources": [
                descriptors.get(described["name"], described)
                for described in data.descriptor["resources"]
            ]
        }
    )
    return files


def write(data: Package, files: Mapping[str, bytes], read: Mapping[str, bytes]) -> None:
    """Write the files of a change, all or none.

    Parameters
    ----------
    data
        The data package that the change was computed from.
    files
        The new content of files, by their path in the data folder.
    read
        The tables' files that the change was computed from, by their path in the data folder.

    Raises
    ------
    TableError
        If a file cannot be written, or if the descriptor or a file in `read` was changed
        meanwhile. Nothing was written.
    """
    try:
        staging.write(data.folder, files, {DESCRIPTOR: data.content} | dict(read))
    except staging.ChangedError as error:
        raise TableError(
            f"{data.folder.name}/{error}; nothing was written: run the command again"
        ) from None
    except OSError as error:
        raise TableError(_unwritable(error, data.folder.name)) from None


def as_json(content: dict[str, Any]) -> bytes:
    """Write a record or a descriptor in the form of the files."""
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _unwritable(error: OSError, folder: str) -> str:
    return f"{error.filename or folder} cannot be written: {error.strerror}"


def _described(change: TableChange) -> dict[str, Any]:
    descriptor = copy.deepcopy(change.descriptor)
    new = {"bytes": len(change.after), "hash": digest(change.after)}
    if "hash" in descriptor:
        return descriptor | new
    # The first hash of a table stands where those of other tables do: before the schema.
    entries = list(descriptor.items())
    at = list(descriptor).index("schema")
    return dict([*entries[:at], *new.items(), *entries[at:]])


def _record(change: TableChange, reason: str, date: datetime.date) -> dict[str, Any]:
    before = change.resource.descriptor
    return {
        "date": date.isoformat(),
        "table": change.resource.name,
        "reason": reason,
        "old": (
            {"hash": before["hash"], "bytes": before.get("bytes")} if before.get("hash") else None
        ),
        "new": {"hash": digest(change.after), "bytes": len(change.after)},
        "differences": (
            None
            if change.before is None
            else differences(change.resource, change.before, change.after)
        ),
    }


def _record_name(resource: Resource, date: datetime.date) -> str:
    """Say where the next change record of a table belongs."""
    earlier = records.read(resource)
    if earlier and date < earlier[-1].date:
        raise TableError(
            f"{date} is before the last change to {resource.name}, of {earlier[-1].date}; give a "
            "later day"
        )
    today = [record.number for record in earlier if record.date == date]
    number = f"-{max(today) + 1}" if today else ""
    path = records.folder(resource) / f"{date}-{resource.name}{number}.json"
    return path.relative_to(resource.folder).as_posix()


def differences(resource: Resource, before: bytes, after: bytes) -> dict[str, list[Any]] | None:
    """List the rows that came and went, and the cells that changed, as the text in the files.

    Parameters
    ----------
    resource
        The table.
    before, after
        The content of its file.

    Returns
    -------
    dict
        ``added`` and ``removed`` rows, and ``changed`` cells with their key, field, old and new
        text; None if one of the states does not have the table's key.
    """
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
