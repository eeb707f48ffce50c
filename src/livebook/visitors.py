"""How facts, charts, code and the ledger become HTML: visitors of the document's nodes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from docutils import nodes
from markupsafe import Markup, escape
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment
from sphinx.util.osutil import relative_uri
from sphinx.writers.html5 import HTML5Translator

from . import diff
from .charts import themed
from .codebook import entry, released
from .datapackage import DataPackage
from .diff import FEED, LEDGER, describe_record
from .domain import FACT_ROLE, chart_number, domain, word
from .facts import NARROW_NO_BREAK_SPACE
from .maths import mathml
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
from .templates import macros

CHARTS_FOLDER = "_charts"
TABLES_FOLDER = "_data"
LEDGER_FOLDER = "_ledger"

Rows = list[tuple[str, str]]


def full_value(fact: dict[str, Any]) -> str:
    """Return the value of a fact as its cell computed it, with its unit."""
    value, printed = fact["value"], str(fact["text"])
    if isinstance(value, str):
        return printed
    if fact.get("percent"):
        return f"{value * 100:,.10g}{NARROW_NO_BREAK_SPACE}%"
    text = f"{value:,.12g}" if isinstance(value, float) else f"{value:,}"
    if printed == str(value):
        text = printed
    return f"{text}, in {fact['unit']}" if fact.get("unit") else text


class Printer:
    """Prints the parts of a page that facts and charts need, with links relative to it."""

    def __init__(self, builder: Builder, page: str):
        self.builder = builder
        self.env: BuildEnvironment = builder.env
        self.book = domain(self.env)
        self.page = page

    @classmethod
    def of(cls, translator: HTML5Translator) -> Printer:
        """Return the printer of the page that is being translated."""
        return cls(translator.builder, translator.builder.current_docname)

    def uri(self, docname: str, anchor: str = "") -> str:
        """Return the address of a page, or of an anchor on it, as seen from this page."""
        address = self.builder.get_relative_uri(self.page, docname)
        return f"{address}#{anchor}" if anchor else address

    def asset(self, file: str) -> str:
        """Return the address of a file of the site, as seen from this page."""
        return relative_uri(self.builder.get_target_uri(self.page), file)

    def title(self, docname: str) -> str:
        """Return the title of a page as text."""
        return str(self.env.titles[docname].astext())

    def link(self, docname: str) -> Markup:
        """Return a page's title, linked to the page."""
        return macros("facts.html").link(self.uri(docname), self.title(docname))

    def fact_uri(self, name: str) -> str:
        """Return the address of a fact's ledger entry, or of its cell in a book without ledger."""
        fact = self.book.facts[name]
        if self.book.ledgers:
            return self.uri(ledger_page(fact["document"]), f"fact-{name}")
        return self.uri(fact["document"], f"cell-{fact['cell']}")

    def method(self, how: dict[str, str]) -> Markup:
        """Return the formula, the words for it and the function that computes it."""
        formula = Markup(mathml(how["formula"], "block")) if "formula" in how else ""
        return macros("facts.html").method(formula, how["text"], how.get("function"))

    @property
    def package(self) -> DataPackage:
        """The data package, which a book that names a table has."""
        return state_of(self.env.app).tables

    def source(self, tables: list[dict[str, str]], sources: Collection[str] = ()) -> Markup:
        """Return the line beneath a chart."""
        if not tables:
            return Markup("Drawn from a formula, not from data.")
        months = self.package.released(tables)
        line = Markup("Source: ") + self.cite(tables, sources)
        return line + Markup(" Released ") + released(months) if months else line

    def cite(self, tables: list[dict[str, str]], sources: Collection[str] = ()) -> Markup:
        """Return where figures are from, with links: tables, vintages and publishers."""
        asked = self.package.vintages(tables)
        named = []
        for name, vintages in asked.items():
            listed = self.book.list_of_table(name)
            address = self.uri(listed, f"table-{name}") if listed else ""
            named.append((address, self.package.title(name), vintages))
        return macros("tables.html").cite(named, self.package.publishers_of(asked, sources))

    def fields(self, name: str) -> Rows:
        """Return the terms and descriptions that tell a fact's provenance."""
        fact = self.book.facts[name]
        cell = f"{self.title(fact['document'])}, cell {fact['cell']}"
        address = self.uri(fact["document"], f"cell-{fact['cell']}")
        months = self.package.released(fact["tables"]) if fact["tables"] else []
        return [
            ("Value", full_value(fact)),
            *((term, self.detail(detail)) for term, detail in fact.get("details", {}).items()),
            ("How", self.method(fact["how"])),
            (
                "Tables",
                self.cite(fact["tables"], fact.get("sources", ()))
                if fact["tables"]
                else "none: mathematics alone",
            ),
            *([("Released", released(months))] if months else []),
            ("Made in", macros("facts.html").link(address, cell)),
        ]

    @staticmethod
    def detail(detail: str | list[dict[str, Any]]) -> str:
        """Return a detail of a fact: a text as it is, the rows of a table as a table."""
        if isinstance(detail, str):
            return detail
        rows = [
            [cell["text"] if isinstance(cell, dict) else str(cell) for cell in row.values()]
            for row in detail
        ]
        return macros("facts.html").rows(list(detail[0]), rows)

    def card(self, name: str) -> Rows:
        """Return what a reader sees who opens a number."""
        return [
            *self.fields(name),
            ("Ledger", macros("facts.html").link(self.fact_uri(name), name)),
        ]

    def entry(self, name: str) -> Rows:
        """Return what the ledger says of a fact."""
        used = Markup(", ").join(map(self.link, self.book.citing("fact", name)))
        return [*self.fields(name), ("Cited in", used or "nowhere")]

    def printed(self, name: str) -> Markup:
        """Return a fact as prose prints it."""
        text = word(self.book.facts[name], self.env.config.language)
        return macros("facts.html").printed(text, self.key(name))

    def key(self, name: str) -> str:
        """Return the key of a verdict; an empty text for a number."""
        fact = self.book.facts[name]
        return fact["value"] if "words" in fact else ""

    def described(self, text: str) -> str:
        """Return a description with its facts printed."""
        facts = self.book.facts
        return FACT_ROLE.sub(lambda role: word(facts[role[1]], self.env.config.language), text)


def _write(translator: HTML5Translator, html: Markup) -> None:
    # As plain text: whatever is added to a Markup is escaped.
    translator.body.append(str(html))


def visit_fact_reference(self: HTML5Translator, node: fact_reference) -> None:
    """Print a number or a verdict: quiet, and a link."""
    printer, name = Printer.of(self), node["name"]
    _write(self, macros("facts.html").reference(printer.fact_uri(name), name, printer.key(name)))


def depart_fact_reference(self: HTML5Translator, node: fact_reference) -> None:
    """Close the link."""
    self.body.append("</a>")


def visit_chart_reference(self: HTML5Translator, node: chart_reference) -> None:
    """Print the number of a chart as a link to it."""
    printer = Printer.of(self)
    document = printer.book.charts[node["name"]]["document"]
    address = printer.uri(document, f"chart-{node['name']}")
    _write(self, macros("charts.html").reference(address))


depart_chart_reference = depart_fact_reference


def visit_chart_figure(self: HTML5Translator, node: chart_figure) -> None:
    """Print a chart: finding, picture, source, caption and what a reader can take away."""
    printer = Printer.of(self)
    name = node["name"]
    chart = printer.book.charts[name]
    _write(
        self,
        macros("charts.html").figure_opens(
            name=name,
            script=printer.asset(f"{CHARTS_FOLDER}/{name}.js"),
            bundle=printer.asset("_static/vega-bundle.js"),
            title=chart["title"],
            subtitle=chart["subtitle"],
            alt=printer.described(chart["alt"]),
            wide=_drawing(chart, "wide"),
            narrow=_drawing(chart, "narrow"),
            source=printer.source(chart["tables"], chart.get("sources", ())),
            number=chart_number(printer.env, name),
        ),
    )


def _drawing(chart: dict[str, Any], size: str) -> Markup:
    return Markup(themed(chart["svg"][size]).replace("<svg ", f'<svg class="lb-{size}" ', 1))


def depart_chart_figure(self: HTML5Translator, node: chart_figure) -> None:
    """Close the figure with the tools of the chart."""
    file = Printer.of(self).asset(f"{CHARTS_FOLDER}/{node['name']}")
    _write(self, macros("charts.html").figure_closes(file) + "\n")


def visit_caption(self: HTML5Translator, node: nodes.caption) -> None:
    """Print the caption of a chart inside its figcaption; every other one as Sphinx does."""
    if not isinstance(node.parent, chart_figure):
        HTML5Translator.visit_caption(self, node)


def depart_caption(self: HTML5Translator, node: nodes.caption) -> None:
    """Close what `visit_caption` opened."""
    if not isinstance(node.parent, chart_figure):
        HTML5Translator.depart_caption(self, node)


def visit_cell_code(self: HTML5Translator, node: cell_code) -> None:
    """Print the code of one cell, or of several, folded."""
    numbers = [cell["ids"][0].removeprefix("cell-") for cell in node.children]
    cells = f"cell {numbers[0]}" if len(numbers) == 1 else f"cells {numbers[0]}–{numbers[-1]}"
    _write(self, macros("charts.html").code_opens(cells, node["open"]))


def depart_cell_code(self: HTML5Translator, node: cell_code) -> None:
    """Close the fold."""
    _write(self, macros("charts.html").code_closes() + "\n")


def visit_fact_cards(self: HTML5Translator, node: fact_cards) -> None:
    """Print the cards of a page's facts, inert until one is opened."""
    printer = Printer.of(self)
    rows = {name: printer.card(name) for name in node["names"]}
    _write(self, macros("facts.html").cards(rows) + "\n")
    raise nodes.SkipNode


def visit_ledger_list(self: HTML5Translator, node: ledger_list) -> None:
    """Print every fact, folded by chapter, each linked to its entry."""
    printer = Printer.of(self)
    chapters = [
        (
            printer.title(docname),
            [(printer.fact_uri(name), name, printer.printed(name)) for name in names],
        )
        for docname, names in printer.book.facts_by_chapter().items()
    ]
    _write(self, macros("facts.html").ledger(printer.asset(LEDGER), chapters) + "\n")
    raise nodes.SkipNode


def ledger_page(docname: str) -> str:
    """Return the page of the ledger that holds the facts of a document."""
    return f"{LEDGER_FOLDER}/{docname}"


def ledger_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield, for a book that lists its facts, a page with the entries of each chapter's.

    One page for all of them would outgrow a telephone, and the budget of a page's weight.
    """
    book = domain(app.env)
    if not book.ledgers:
        return
    overview = min(book.ledgers)
    for docname, names in book.facts_by_chapter().items():
        printer = Printer(app.builder, ledger_page(docname))
        title = f"Ledger: {printer.title(docname)}"
        entries = [(name, printer.printed(name), printer.entry(name)) for name in names]
        body = macros("facts.html").ledger_page(
            title, printer.link(docname), printer.link(overview), entries
        )
        yield printer.page, {"title": str(escape(title)), "body": str(body)}, "page.html"


def visit_table_list(self: HTML5Translator, node: table_list) -> None:
    """Print the tables of the data package, or the one that the page names."""
    printer = Printer.of(self)
    package = state_of(printer.env.app).package
    names = sorted(package.resources) if package else []
    for name in [node["name"]] if node["name"] else names:
        address = printer.asset(f"{TABLES_FOLDER}/{printer.package.resources[name]['path']}")
        heading = "" if node["name"] else _heading_below(self)
        _write(self, entry(printer.package, name, address, heading))
    raise nodes.SkipNode


def _heading_below(self: HTML5Translator) -> str:
    """Return the element of a heading one level below the section that is being written."""
    return f"h{min(self.section_level + 1, 6)}"


def visit_change_list(self: HTML5Translator, node: change_list) -> None:
    """Print the accepted changes: when, which table, why, and what moved."""
    printer = Printer.of(self)
    entries = [
        {
            **record,
            "what": describe_record(record),
            "moved": Markup(diff.html(record["moved"])) if record["moved"] else "",
        }
        for record in state_of(printer.env.app).changes
    ]
    feed = printer.asset(FEED)
    _write(self, macros("changes.html").records(feed, _heading_below(self), entries))
    raise nodes.SkipNode
