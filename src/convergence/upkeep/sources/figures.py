"""What a source hands over: figures, each with its place in the publisher's file.

A source is a module of `convergence.upkeep.sources` with one function::

    def figures(books: Books, files: Sequence[Path], vintage: str | None) -> Reading

It reads the publisher's files, or asks the publisher, and compares nothing: that is the same for
all sources. ``vintage`` is None as long as it is not known, and for tables without vintages.
`convergence.upkeep.sources.SOURCES` names the modules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from convergence.tables.package import Problem, ProblemsError

__all__ = ["Figure", "Origin", "Reading", "RefusedError", "WholeTable"]


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

    def problem(self, found: str, expected: str, rule: str = "refresh") -> Problem:
        """Say what is wrong with the figure, with its place in the publisher's file."""
        origin = self.origin
        return Problem(self.table, origin.file, origin.row, origin.field, found, expected, rule)


@dataclass(frozen=True)
class WholeTable:
    """The new content of a table that is too large to be compared figure by figure.

    ``rows`` says what is new, a few fields of each part; ``same`` counts the figures that the table
    has already; ``last`` is the last time of the table, which its schema allows from now on.
    """

    table: str
    content: bytes
    rows: list[dict[str, str]]
    same: int
    last: int


@dataclass(frozen=True)
class Reading:
    """The figures of a publisher's files, their rows for ``sources``, and remarks for the user."""

    figures: Sequence[Figure] = ()
    sources: Sequence[dict[str, str]] = ()
    remarks: Sequence[str] = ()
    whole: WholeTable | None = None


class RefusedError(ProblemsError):
    """Figures that cannot be taken as they are; nothing was written."""
