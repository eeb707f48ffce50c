"""One module for each publisher's format; `SOURCES` is where a new one is entered."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from convergence.tables.package import Problem
from convergence.upkeep.sources.figures import Figure, Reading, RefusedError

if TYPE_CHECKING:
    from convergence.upkeep.books import Books, Table

__all__ = ["SOURCES", "Source"]


@dataclass(frozen=True)
class Source:
    """A source of figures, as the command names it.

    ``module`` is below this package and is imported when it is used. ``reads_files`` says whether
    it reads files or asks over the network; ``named`` is what the change record calls the latter.
    ``view`` is the publisher's short name in the table ``vintages``, if its tables keep vintages.
    """

    module: str
    help: str
    reads_files: bool = True
    named: str = ""
    view: str = ""

    def figures(self, books: Books, files: Sequence[Path], vintage: str | None) -> Reading:
        """Read the figures; see `convergence.upkeep.sources.figures`.

        Raises
        ------
        RefusedError
            If a figure cannot become a row of its table: the reader is at fault, not the file.
        TableError
            If a figure is of a table that is not in the package; or as the reader says.
        """
        module = importlib.import_module(f"{__name__}.{self.module}")
        reading: Reading = module.figures(books, files, vintage)
        problems = [
            problem
            for figure in reading.figures
            for problem in self._misfits(figure, books[figure.table])
        ]
        if problems:
            title = (
                f"the reader {self.module}.py gives figures that fit no row; nothing was written"
            )
            raise RefusedError(title, problems)
        return reading

    def _misfits(self, figure: Figure, table: Table) -> Iterator[Problem]:
        """Say why a figure cannot become a row of its table."""
        extras = table.resource.extras
        fields = set(table.resource.fields)
        given = {*figure.observation, *figure.others}
        added = {"value", "source", *extras.get("refresh", {}).get("fill", {})}
        added |= {name for name in ("vintage", "status") if name in extras}
        if absent := sorted({*(fields - given - added), *table.observed} - given):
            what = f"{', '.join(absent)}: the table {figure.table} has it"
            yield figure.problem(f"no {absent[0]}", what, "reader")
        if unknown := sorted(given - fields):
            what = f"a field of {figure.table}: {', '.join(table.resource.fields)}"
            yield figure.problem(f"the field {unknown[0]}", what, "reader")
        if not _is_number(figure.value):
            yield figure.problem(repr(figure.value), "a number, as 1234.5", "reader")
        if table.has_vintages and not self.view:
            what = f"view=… at its entry in SOURCES: {figure.table} keeps vintages"
            yield figure.problem("a source without a view", what, "reader")


def _is_number(text: str) -> bool:
    """Tell whether a text is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


SOURCES = {
    "nbs-export": Source("nbs_export", "files that the site data.stats.gov.cn exports", view="nbs"),
    "worldbank": Source(
        "worldbank", "the World Bank's API", reads_files=False, named="the World Bank"
    ),
    "wiod": Source("wiod", "workbooks of the World Input-Output Database"),
}
