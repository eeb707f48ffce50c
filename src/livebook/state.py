"""What one build knows beyond Sphinx's environment."""

from __future__ import annotations

from pathlib import Path
from weakref import WeakKeyDictionary

from nbformat import NotebookNode
from sphinx.application import Sphinx

from .datapackage import DataPackage
from .diff import read_records
from .execution import Record
from .search import Passage
from .swap import Site


class BuildState:
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

    @property
    def tables(self) -> DataPackage:
        """The data package of a book that names tables, and which therefore has one."""
        assert self.package is not None
        return self.package


_states: WeakKeyDictionary[Sphinx, BuildState] = WeakKeyDictionary()


def begin_build(app: Sphinx, root: Path, package: DataPackage | None) -> BuildState:
    """Open the state of an application's build."""
    _states[app] = BuildState(root, package)
    return _states[app]


def state_of(app: Sphinx) -> BuildState:
    """Return the state of an application's build."""
    return _states[app]
