"""The facts and charts of a book: which page states each, which pages cite it, what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains import Domain
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective, SphinxRole

from . import charts, facts
from .execution import Record
from .manifest import own_fingerprint
from .nodes import (
    cell_code,
    change_list,
    chart_figure,
    chart_reference,
    fact_cards,
    fact_reference,
    ledger_list,
    table_list,
)
from .state import state_of

FACT_ROLE = re.compile(r"\{fact\}`([^`]+)`")


class BookError(SphinxError):
    """The book cites what it does not state, or states something twice."""

    category = "The book does not hold together"


class FactRole(SphinxRole):
    """``{fact}`name` ``: print a fact."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Leave a reference, to be printed when every fact of the book is known."""
        domain(self.env).note_use(self.env.docname, "fact", self.text, self.lineno)
        node = fact_reference(self.rawtext, "", name=self.text)
        self.set_source_info(node)
        return [node], []


class ChartRole(SphinxRole):
    """``{chart}`name` ``: print the number of a chart, linked."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Leave a reference, to be printed when every fact of the book is known."""
        domain(self.env).note_use(self.env.docname, "chart", self.text, self.lineno)
        node = chart_reference(self.rawtext, "", name=self.text)
        self.set_source_info(node)
        return [node], []


class LedgerDirective(SphinxDirective):
    """List the book's facts, each linked to its entry on its chapter's page of the ledger."""

    def run(self) -> list[nodes.Node]:
        """Leave a place for the ledger, to be filled when pages are written."""
        domain(self.env).ledgers[self.env.docname] = True
        return [ledger_list()]


class TablesDirective(SphinxDirective):
    """List the tables of the data package, or describe the one that the argument names."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Leave a place for the tables, to be filled when pages are written."""
        name = self.arguments[0] if self.arguments else ""
        domain(self.env).table_lists.setdefault(self.env.docname, {})[name] = self.lineno
        return [table_list(name=name)]


class ChangesDirective(SphinxDirective):
    """List the accepted changes of the data."""

    def run(self) -> list[nodes.Node]:
        """Leave a place for the changes, to be filled when pages are written."""
        domain(self.env).change_lists[self.env.docname] = True
        return [change_list()]


class LivebookDomain(Domain):
    """Facts and charts, and where they are stated and cited."""

    name = "livebook"
    label = "Living book"
    # An environment that another release of livebook has saved may hold other keys: it is not read.
    data_version = int(own_fingerprint()[:8], 16)
    initial_data: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "stated": {},
        "uses": {},
        "ledgers": {},
        "table_lists": {},
        "change_lists": {},
        "documents": {},
    }

    @property
    def facts(self) -> dict[str, dict[str, Any]]:
        """Each fact by name: what its cell stated, with `document` and `cell`."""
        return self._by_name["fact"]

    @property
    def charts(self) -> dict[str, dict[str, Any]]:
        """Each chart by name: what its cell stated, with `document` and `cell`."""
        return self._by_name["chart"]

    @property
    def _by_name(self) -> dict[str, dict[str, dict[str, Any]]]:
        if self._merged is None:
            self._merged = {"fact": {}, "chart": {}}
            for _, statements in sorted(self.data["stated"].items()):
                for kind, stated in statements:
                    self._merged[kind].setdefault(stated["name"], stated)
        return self._merged

    _merged: dict[str, dict[str, dict[str, Any]]] | None = None
    _citing: dict[tuple[str, str], set[str]] | None = None

    @property
    def uses(self) -> dict[str, list[tuple[str, str, int]]]:
        """By document: kind, name and line of everything it cites."""
        kept: dict[str, list[tuple[str, str, int]]] = self.data["uses"]
        return kept

    @property
    def ledgers(self) -> dict[str, bool]:
        """The documents that list the facts."""
        kept: dict[str, bool] = self.data["ledgers"]
        return kept

    @property
    def table_lists(self) -> dict[str, dict[str, int]]:
        """By document: the tables that it describes, with the line; "" stands for all tables."""
        kept: dict[str, dict[str, int]] = self.data["table_lists"]
        return kept

    @property
    def change_lists(self) -> dict[str, bool]:
        """The documents that list the changes."""
        kept: dict[str, bool] = self.data["change_lists"]
        return kept

    @property
    def documents(self) -> dict[str, dict[str, str]]:
        """By document: the fingerprints of what it was read from."""
        kept: dict[str, dict[str, str]] = self.data["documents"]
        return kept

    def clear_doc(self, docname: str) -> None:
        """Forget what a document stated and cited."""
        for kind in self.initial_data:
            self.data[kind].pop(docname, None)
        self._merged = self._citing = None

    def merge_domaindata(self, docnames: Iterable[str], otherdata: dict[str, Any]) -> None:
        """Take over what a parallel reader found."""
        taken = set(docnames)
        for kind in self.initial_data:
            self.data[kind] |= {d: v for d, v in otherdata[kind].items() if d in taken}
        self._merged = self._citing = None

    def note_record(self, docname: str, record: Record) -> None:
        """Take over what the cells of a chapter stated."""
        statements = self.data["stated"][docname] = []
        for cell, outputs in enumerate(record.outputs, 1):
            for output in outputs:
                for kind, mime in (("fact", facts.MIME_TYPE), ("chart", charts.MIME_TYPE)):
                    if payload := output.get("data", {}).get(mime):
                        statements.append((kind, {**payload, "document": docname, "cell": cell}))
        self._merged = None

    def note_use(self, docname: str, kind: str, name: str, line: int) -> None:
        """Remember that a document cites a fact or a chart."""
        self.uses.setdefault(docname, []).append((kind, name, line))
        self._citing = None

    def list_of_table(self, name: str) -> str | None:
        """Return the document that describes a table; one that names it precedes a list of all."""
        ranked = sorted(
            (wanted == "", docname)
            for docname, names in self.table_lists.items()
            for wanted in names
            if wanted in ("", name)
        )
        return ranked[0][1] if ranked else None

    def problems(self) -> Iterator[str]:
        """Yield a sentence for each thing that is stated twice, or cited and never stated."""
        for docname, statements in sorted(self.data["stated"].items()):
            for kind, stated in statements:
                first = self._by_name[kind][stated["name"]]
                if first is not stated:
                    yield (
                        f"{docname}, cell {stated['cell']}: {kind} {stated['name']!r} is already "
                        f"stated in {first['document']}, cell {first['cell']}"
                    )
        for docname, uses in sorted(self.uses.items()):
            for kind, name, line in uses:
                stated = self.facts if kind == "fact" else self.charts
                if name not in stated:
                    near = _nearest(name, stated)
                    yield f"{docname}, line {line}: there is no {kind} {name!r}{near}"
        package = state_of(self.env.app).package
        known = package.resources if package else {}
        for docname, names in sorted(self.table_lists.items()):
            for name, line in names.items():
                if name and name not in known:
                    near = _nearest(name, known)
                    yield f"{docname}, line {line}: there is no table {name!r}{near}"

    def citing(self, kind: str, name: str) -> list[str]:
        """Return the documents that print a fact or refer to a chart."""
        if self._citing is None:
            self._citing = {}
            for docname, uses in self.uses.items():
                for used_kind, used_name, _ in uses:
                    self._citing.setdefault((used_kind, used_name), set()).add(docname)
        return sorted(self._citing.get((kind, name), ()))

    def facts_by_chapter(self) -> dict[str, list[str]]:
        """Return the names of the facts of each document that states any, in reading order."""
        order = {docname: place for place, docname in enumerate(reading_order(self.env))}
        ranked = sorted(
            (order.get(fact["document"], len(order)), fact["document"], fact["cell"], name)
            for name, fact in self.facts.items()
        )
        chapters: dict[str, list[str]] = {}
        for _, docname, _, name in ranked:
            chapters.setdefault(docname, []).append(name)
        return chapters


def _nearest(name: str, stated: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(stated), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def reading_order(env: BuildEnvironment) -> list[str]:
    """Return the documents in the order in which the contents lead through them."""
    order = [env.config.root_doc]
    for docname in order:
        place = order.index(docname) + 1
        order[place:place] = [d for d in env.toctree_includes.get(docname, []) if d not in order]
    return order


def domain(env: BuildEnvironment) -> LivebookDomain:
    """Return the environment's domain of facts and charts."""
    return env.get_domain(LivebookDomain.name)  # type: ignore[return-value]


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """Stop the build where the book does not hold together."""
    problems = list(domain(env).problems())
    if problems:
        raise BookError("\n" + "\n".join(problems))


class ArrangeCells(SphinxTransform):
    """Move charts out of their cell's box, and fold the code of cells that stand together."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        """Arrange every code cell of the document."""
        numbers = self.env.temp_data.get("livebook_cells", {})
        cells = [
            node
            for node in self.document.findall(nodes.container)
            if node.get("nb_element") == "cell_code"
        ]
        fold: cell_code | None = None
        for cell in cells:
            figures, code, rest = self._take_apart(cell, numbers.get(cell["cell_index"], 0))
            opened = "show-input" in cell["cell_metadata"].get("tags", [])
            follows = _node_before(cell) is fold
            if fold is not None and code and follows and fold["open"] == opened:
                # The charts of a run of cells come first, then the code of all of them.
                place = fold.parent.index(fold)
                fold.parent[place:place] = figures
                fold += code
                _replace(cell, rest)
            else:
                fold = cell_code("", *code, open=opened) if code else None
                _replace(cell, [*figures, *([fold] if fold is not None else []), *rest])
            if rest:
                fold = None

    def _take_apart(
        self, cell: nodes.container, number: int
    ) -> tuple[list[nodes.Node], list[nodes.Node], list[nodes.Node]]:
        """Return a cell's charts, its code, and what else it shows."""
        figures = list(cell.findall(chart_figure))
        for figure in figures:
            figure.parent.remove(figure)
        code: list[nodes.Node] = []
        shown = nodes.Text | nodes.image | nodes.raw
        for part in list(cell.children):
            if part.get("nb_element") == "cell_code_source":
                code.append(nodes.container("", *part.children, ids=[f"cell-{number}"]))
                cell.remove(part)
            elif not any(isinstance(node, shown) for node in part.findall()):
                cell.remove(part)
        return figures, code, [cell.deepcopy()] if cell.children else []


def _replace(node: nodes.Element, others: list[nodes.Node]) -> None:
    # replace_self() would give the box's classes to the first of the others.
    parent, place = _place(node)
    parent[place : place + 1] = others


def _node_before(node: nodes.Node) -> nodes.Node | None:
    parent, place = _place(node)
    return parent[place - 1] if place else None


def _place(node: nodes.Node) -> tuple[nodes.Element, int]:
    assert node.parent is not None
    return node.parent, node.parent.index(node)


class PrintOwnFacts(SphinxTransform):
    """Print the facts of a document in its own headings, where a link cannot stand."""

    default_priority = 410

    def apply(self, **kwargs: Any) -> None:
        """Replace the references in headings by their text."""
        stated = domain(self.env).facts
        for title in self.document.findall(nodes.title):
            for node in list(title.findall(fact_reference)):
                fact = stated.get(node["name"])
                if fact is None or fact["document"] != self.env.docname:
                    raise BookError(
                        f"{self.env.docname}, line {node.line}: a heading can print only a fact "
                        f"of its own page; {node['name']!r} is stated elsewhere"
                    )
                node.replace_self(nodes.Text(word(fact, self.config.language)))


class PrintReferences(SphinxPostTransform):
    """Give each reference the text that stands in the ledger today, and the page its cards."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        """Fill the references of the page that is about to be written."""
        book = domain(self.env)
        names: dict[str, None] = {}
        for node in self.document.findall(fact_reference):
            fact = book.facts[node["name"]]
            node.children = []
            node += nodes.Text(word(fact, self.config.language))
            names[node["name"]] = None
        for node in self.document.findall(chart_reference):
            node.children = []
            node += nodes.Text(chart_number(self.env, node["name"]))
        if names:
            self.document += fact_cards(names=list(names))


def word(fact: dict[str, Any], language: str) -> str:
    """Return the text of a fact; a verdict's is the word in the book's language."""
    text: str = fact["text"]
    words: dict[str, str] = fact["words"][fact["value"]] if "words" in fact else {}
    return words.get(language) or words.get(language.split("_")[0]) or text


def chart_number(env: BuildEnvironment, name: str) -> str:
    """Return the printed name of a chart: "Figure 2.1"."""
    chart = domain(env).charts[name]
    numbers = env.toc_fignumbers.get(chart["document"], {}).get("figure", {})
    number = numbers.get(f"chart-{name}")
    if number is None:
        return "Figure"
    form: str = env.config.numfig_format["figure"]
    return form % ".".join(map(str, number))
