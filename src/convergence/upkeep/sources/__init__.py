"""One module for each publisher's format; `SOURCES` is where a new one is entered."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convergence.upkeep.books import Books
    from convergence.upkeep.sources.figures import Reading

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
        """Read the figures; see `convergence.upkeep.sources.figures`."""
        module = importlib.import_module(f"{__name__}.{self.module}")
        reading: Reading = module.figures(books, files, vintage)
        return reading


SOURCES = {
    "nbs-export": Source("nbs_export", "files that the site data.stats.gov.cn exports", view="nbs"),
    "worldbank": Source(
        "worldbank", "the World Bank's API", reads_files=False, named="the World Bank"
    ),
    "wiod": Source("wiod", "workbooks of the World Input-Output Database"),
}
