"""What a source hands over: figures, each with the place in the publisher's file it stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from convergence.tables.package import Problem, TableError

__all__ = ["Figure", "Origin", "Reading", "RefusedError"]


@dataclass(frozen=True)
class Origin:
    """Where a figure was read; ``row`` counts as a spreadsheet does."""

    file: str
    row: int | None
    field: str

    def __str__(self) -> str:
        row = f", row {self.row}" if self.row else ""
        return f"{self.file}{row}, field {self.field}"


@dataclass(frozen=True)
class Figure:
    """One figure for one observation of a table, without the vintage.

    ``observation`` names the row (year, sector, …), ``others`` what else the row says, both as the
    text of the table's file; ``value`` is in the table's unit.
    """

    table: str
    observation: dict[str, str]
    value: str
    source: str
    origin: Origin
    others: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """The figures of a publisher's files, their rows for ``sources``, and what to tell the user."""

    figures: Sequence[Figure]
    sources: Sequence[dict[str, str]]
    remarks: Sequence[str] = ()


class RefusedError(TableError):
    """Files that cannot be taken as they are; nothing was written."""

    def __init__(self, sentence: str, problems: Sequence[Problem]):
        super().__init__(sentence)
        self.problems = list(problems)
