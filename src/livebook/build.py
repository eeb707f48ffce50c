"""What one build knows beyond Sphinx's environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbformat import NotebookNode
from sphinx.application import Sphinx

from .changes import read_records
from .execution import Record
from .package import DataPackage
from .search import Passage

if TYPE_CHECKING:
    from .site import Site


class Build:
    """The book's folder, its data package and changes, its executed chapters, its new site."""

    def __init__(self, root: Path, package: DataPackage | None):
        self.root = root
        self.package = package
        self.changes = read_records(package.path.parent / "changes") if package else []
        self.site: Site | None = None
        self.records: dict[str, Record] = {}
        self.notebooks: dict[str, NotebookNode] = {}
        self.pictures: set[str] = set()
        self.sentences: dict[str, list[dict[str, str]]] = {}
        self.passages: dict[str, list[Passage]] = {}


def build_begins(app: Sphinx, root: Path, package: DataPackage | None) -> Build:
    """Give an application its build."""
    app.livebook = Build(root, package)  # type: ignore[attr-defined]
    return build_of(app)


def build_of(app: Sphinx) -> Build:
    """Return the build of an application."""
    return app.livebook  # type: ignore[attr-defined]
