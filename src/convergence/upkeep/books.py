"""The accepted tables as text, row by row: what a refresh compares a publisher's figures with."""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from convergence import periods
from convergence.tables.package import Package, Resource, TableError

__all__ = ["Books", "Table", "released", "require_vintage"]

Row = dict[str, str]
Key = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table's rows as the text in its accepted file."""

    resource: Resource
    content: bytes
    rows: list[Row]

    @classmethod
    def read(cls, resource: Resource) -> Table:
        """Read the accepted file.

        Raises
        ------
        TableError
            If the file is not the accepted one.
        """
        content = resource.accepted_bytes()
        return cls(
            resource, content, list(csv.DictReader(io.StringIO(content.decode(), newline="")))
        )

    @functools.cached_property
    def by_key(self) -> dict[Key, Row]:
        """The rows by primary key."""
        return {self.key(row): row for row in self.rows}

    @property
    def period(self) -> str | None:
        """The field that holds the time of an observation: ``year``, ``quarter`` or none."""
        return periods.field(self.observed)

    @property
    def observed(self) -> list[str]:
        """The fields that together name what a row is about."""
        return list(self.resource.extras.get("observation", []))

    @property
    def has_vintages(self) -> bool:
        """Whether rows name the state of revision of their figure."""
        return "vintage" in self.resource.extras

    def key(self, row: Row) -> Key:
        """Give the primary key of a row."""
        return tuple(row[field] for field in self.resource.primary_key)

    def observation(self, row: Row) -> Key:
        """Name what a row is about, in whichever vintage."""
        return tuple(row[field] for field in self.observed)

    def series(self, row: Row) -> Key:
        """Name the series of a row: its observation without the time."""
        return tuple(row[field] for field in self.observed if field != self.period)

    def time(self, row: Row) -> str:
        """Give the year or the quarter of a row."""
        return row[self.period] if self.period else ""

    def first_time(self) -> str:
        """Give the first time that the table takes, by its schema; "" if it takes every time."""
        least = (
            self.resource.fields[self.period].get("constraints", {}).get("minimum")
            if self.period
            else None
        )
        return "" if least is None else str(least)

    def written(self, rows: Iterable[Row]) -> bytes:
        """Write rows as the table's file, sorted by its key."""
        types = {name: described.get("type") for name, described in self.resource.fields.items()}

        def order(row: Row) -> tuple[Any, ...]:
            return tuple(
                int(row[name]) if types[name] == "integer" else row[name]
                for name in self.resource.primary_key
            )

        text = io.StringIO()
        writer = csv.DictWriter(text, list(self.resource.fields), lineterminator="\n")
        writer.writeheader()
        ordered: list[Row] = sorted(rows, key=order)
        writer.writerows(ordered)
        return text.getvalue().encode()


class Books:
    """The accepted tables of a data package, each read when it is first asked for.

    Parameters
    ----------
    data
        The data package.
    """

    def __init__(self, data: Package) -> None:
        self.package = data
        self._tables: dict[str, Table] = {}

    def __getitem__(self, name: str) -> Table:
        if name not in self._tables:
            self._tables[name] = Table.read(self.package.resource(name))
        return self._tables[name]

    def filled_from(self, source: str) -> list[Resource]:
        """List the tables whose descriptor says that this source fills them."""
        return [
            resource
            for resource in self.package.resources.values()
            if resource.extras.get("refresh", {}).get("source") == source
        ]


def require_vintage(books: Books, vintage: str | None, view: str) -> str:
    """Make sure that a vintage is known, or a name from which its month of release follows.

    Parameters
    ----------
    books
        The accepted tables.
    vintage
        The name that was stated.
    view
        The publisher's short name, for the example of a new name.

    Raises
    ------
    ValueError
        If no vintage was stated.
    TableError
        If the vintage is neither in the table ``vintages`` nor ends in a month; or if it
        is new, and the publisher has no vintage before it.
    """
    example = f"a new one ends in its month of release, as {view}-2026-11"
    if vintage is None:
        raise ValueError(
            f"state the vintage of the figures: one of data/vintages.csv, or a new one; {example}"
        )
    known = [row["vintage"] for row in books["vintages"].rows]
    if vintage not in known and not re.fullmatch(r"[A-Za-z0-9-]*-\d{4}-(0[1-9]|1[0-2])", vintage):
        raise TableError(
            f"no vintage {vintage!r} in data/vintages.csv; {example}. There are {', '.join(known)}"
        )
    if vintage not in known and all(
        row["publisher_view"] != view for row in books["vintages"].rows
    ):
        raise TableError(
            f"{vintage!r} would be the first vintage of publisher_view {view!r}, and its census is "
            "not known: add its row to data/vintages.csv, and accept vintages"
        )
    return vintage


def released(books: Books, vintage: str | None) -> dict[str, str]:
    """Give the month of release of each vintage, and that of a new one from its name."""
    months = {row["vintage"]: row["released"] for row in books["vintages"].rows}
    if vintage is not None:
        months.setdefault(vintage, vintage[-7:])
    return months
