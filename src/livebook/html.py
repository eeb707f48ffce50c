"""How facts, charts, code and the ledger are printed as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment
from sphinx.util.osutil import relative_uri
from sphinx.writers.html5 import HTML5Translator

from . import changes
from .build import build_of
from .changes import FEED, LEDGER, describe_record
from .charts import themed
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
from .package import DataPackage
from .tables import entry, released

CHARTS_FOLDER = "_charts"
TABLES_FOLDER = "_data"
LEDGER_FOLDER = "_ledger"


def full_value(fact: dict[str, Any]) -> str:
    """Return the value of a fact as its cell computed it, with its unit."""
    value = fact["value"]
    if isinstance(value, str):
        return fact["text"]
    if fact.get("percent"):
        return f"{value * 100:,.10g}{NARROW_NO_BREAK_SPACE}%"
    text = f"{value:,.12g}" if isinstance(value, float) else f"{value:,}"
    if fact["text"] == str(value):
        text = fact["text"]
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

    def uri(self, docname: str, anchor: str) -> str:
        """Return the address of an anchor on another page, as seen from this one."""
        return f"{self.builder.get_relative_uri(self.page, docname)}#{anchor}"

    def asset(self, file: str) -> str:
        """Return the address of a file of the site, as seen from this page."""
        return relative_uri(self.builder.get_target_uri(self.page), file)

    def title(self, docname: str) -> str:
        """Return the title of a page as text."""
        return self.env.titles[docname].astext()

    def fact_uri(self, name: str) -> str:
        """Return the address of a fact's ledger entry, or of its cell in a book without ledger."""
        fact = self.book.facts[name]
        if self.book.ledgers:
            return self.uri(ledger_page(fact["document"]), f"fact-{name}")
        return self.uri(fact["document"], f"cell-{fact['cell']}")

    def method(self, how: dict[str, str]) -> str:
        """Return the formula, the words for it and the function that computes it."""
        parts = []
        if "formula" in how:
            parts.append(f'<div class="lb-formula">{mathml(how["formula"], "block")}</div>')
        parts.append(_with_code(how["text"]))
        if "function" in how:
            parts.append(f" <code>{escape(how['function'])}</code>")
        return "".join(parts)

    @property
    def package(self) -> DataPackage:
        """The data package, which a book that states a fact has."""
        return build_of(self.env.app).package

    def titled(self, name: str) -> str:
        """Return a table's title, linked to where the tables are listed."""
        title = escape(self.package.title(name))
        listed = self.book.list_of_table(name)
        if listed is None:
            return title
        return f'<a href="{escape(self.uri(listed, f"table-{name}"))}">{title}</a>'

    def source(self, tables: list[dict[str, str]]) -> str:
        """Return the line beneath a chart."""
        if not tables:
            return "Drawn from a formula, not from data."
        months = self.package.released(tables)
        return f"Source: {self.cite(tables)}" + (f" Released {released(months)}" if months else "")

    def cite(self, tables: list[dict[str, str]]) -> str:
        """Return where figures are from, with links: tables, vintages and publishers."""
        return self.package.cite(tables, self.titled, escape)

    def fields(self, name: str) -> list[tuple[str, str]]:
        """Return the terms and descriptions that tell a fact's provenance."""
        fact = self.book.facts[name]
        cell = escape(f"{self.title(fact['document'])}, cell {fact['cell']}")
        made_in = escape(self.uri(fact["document"], f"cell-{fact['cell']}"))
        months = self.package.released(fact["tables"]) if fact["tables"] else []
        return [
            ("Value", escape(full_value(fact))),
            *((escape(term), escape(text)) for term, text in fact.get("details", {}).items()),
            ("How", self.method(fact["how"])),
            ("Tables", self.cite(fact["tables"]) if fact["tables"] else "none: mathematics alone"),
            *([("Released", released(months))] if months else []),
            ("Made in", f'<a href="{made_in}">{cell}</a>'),
        ]

    def card(self, name: str) -> str:
        """Return what opens when a reader opens a number."""
        link = f'<a href="{escape(self.fact_uri(name))}">{escape(name)}</a>'
        rows = [*self.fields(name), ("Ledger", link)]
        return f'<dl class="lb-card">{_definitions(rows)}</dl>'

    def entry(self, name: str) -> str:
        """Return the ledger's entry of a fact, folded beneath its name and what prose prints."""
        pages = self.book.citing("fact", name)
        used = ", ".join(
            f'<a href="{escape(self.builder.get_relative_uri(self.page, page))}">'
            f"{escape(self.title(page))}</a>"
            for page in pages
        )
        rows = [*self.fields(name), ("Cited in", used or "nowhere")]
        # Browsers open a fold whose inside is linked to, without a script.
        return (
            f"<details><summary><b>{name}</b> <span>{self.printed(name)}</span></summary>"
            f'<dl id="fact-{name}">{_definitions(rows)}</dl></details>'
        )

    def printed(self, name: str) -> str:
        """Return a fact as prose prints it."""
        fact = self.book.facts[name]
        text = escape(word(fact, self.env.config.language))
        if "words" in fact:
            return f'<span class="lb-verdict" data-key="{escape(fact["value"])}">{text}</span>'
        return text

    def described(self, text: str) -> str:
        """Return a description with its facts printed."""
        facts = self.book.facts
        return FACT_ROLE.sub(lambda role: word(facts[role[1]], self.env.config.language), text)


def _with_code(text: str) -> str:
    """Return a text of a docstring or a descriptor, in which backticks mark code, as HTML.

    >>> _with_code("the `level` of <b>")
    'the <code>level</code> of &lt;b&gt;'
    """
    return re.sub(r"(`+)([^`]+)\1", r"<code>\2</code>", escape(text))


def _definitions(rows: list[tuple[str, str]]) -> str:
    return "".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in rows)


def visit_fact_reference(self: HTML5Translator, node: fact_reference) -> None:
    """Print a number: quiet, and a link."""
    name = node["name"]
    self.body.append(
        f'<a class="lb-fact" href="{escape(Printer.of(self).fact_uri(name))}" data-fact="{name}">'
    )


def depart_fact_reference(self: HTML5Translator, node: fact_reference) -> None:
    """Close the link."""
    self.body.append("</a>")


def visit_chart_reference(self: HTML5Translator, node: chart_reference) -> None:
    """Print the number of a chart as a link to it."""
    printer = Printer.of(self)
    document = printer.book.charts[node["name"]]["document"]
    uri = printer.uri(document, f"chart-{node['name']}")
    self.body.append(f'<a class="lb-chart-ref" href="{escape(uri)}">')


depart_chart_reference = depart_fact_reference


def visit_chart_figure(self: HTML5Translator, node: chart_figure) -> None:
    """Print a chart: finding, picture, source, caption and what a reader can take away."""
    printer = Printer.of(self)
    name = node["name"]
    chart = printer.book.charts[name]
    alt = escape(printer.described(chart["alt"]))
    file = f"{CHARTS_FOLDER}/{name}"
    self.body.append(
        f'<figure class="lb-chart" id="chart-{name}" data-chart="{name}"'
        f' data-src="{printer.asset(file + ".js")}"'
        f' data-bundle="{printer.asset("_static/vega-bundle.js")}">'
        f'<div class="lb-chart-head"><p class="lb-chart-title">{escape(chart["title"])}</p>'
        f'<p class="lb-chart-subtitle">{escape(chart["subtitle"])}</p></div>'
        f'<div class="lb-chart-canvas" role="img" aria-label="{alt}">'
        + _classed(themed(chart["svg"]["wide"]), "lb-wide")
        + _classed(themed(chart["svg"]["narrow"]), "lb-narrow")
        + "</div>"
        f'<p class="lb-chart-source">{printer.source(chart["tables"])}</p>'
        f'<figcaption><span class="caption-number">{escape(chart_number(printer.env, name))}. '
        "</span>"
    )


def depart_chart_figure(self: HTML5Translator, node: chart_figure) -> None:
    """Close the figure with the tools of the chart."""
    printer = Printer.of(self)
    file = f"{CHARTS_FOLDER}/{node['name']}"
    button = '<button type="button" data-action="{}" hidden>{}</button>'
    link = '<a href="{}" download>{}</a>'
    self.body.append(
        '</figcaption><div class="lb-chart-tools">'
        + button.format("interact", "Interactive")
        + button.format("table", "Table")
        + link.format(printer.asset(f"{file}.csv"), "CSV")
        + link.format(printer.asset(f"{file}.svg"), "SVG")
        + button.format("png", "PNG")
        + link.format(printer.asset(f"{file}.json"), "Vega-Lite")
        + "</div></figure>\n"
    )


def _classed(svg: str, name: str) -> str:
    return svg.replace("<svg ", f'<svg class="{name}" ', 1)


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
    opened = " open" if node["open"] else ""
    self.body.append(f'<details class="lb-code"{opened}><summary>Code of {cells}</summary>')


def depart_cell_code(self: HTML5Translator, node: cell_code) -> None:
    """Close the fold."""
    self.body.append("</details>\n")


def visit_fact_cards(self: HTML5Translator, node: fact_cards) -> None:
    """Print the cards of a page's facts, inert until one is opened."""
    printer = Printer.of(self)
    cards = "".join(
        f'<template data-fact="{name}">{printer.card(name)}</template>' for name in node["names"]
    )
    self.body.append(f'<div id="lb-facts" hidden>{cards}</div>\n')
    raise nodes.SkipNode


def visit_ledger_list(self: HTML5Translator, node: ledger_list) -> None:
    """Print every fact, folded by chapter, each linked to its entry."""
    printer = Printer.of(self)
    address = escape(printer.asset(LEDGER))
    self.body.append(
        f'<p>For programs: <a href="{address}"><code>{LEDGER}</code></a></p><div class="lb-ledger">'
    )
    for docname, names in printer.book.facts_by_chapter().items():
        items = "".join(
            f'<li><a href="{escape(printer.fact_uri(name))}">{name}</a> '
            f"<span>{printer.printed(name)}</span></li>"
            for name in names
        )
        self.body.append(
            f"<details><summary>{escape(printer.title(docname))}: {_counted(names)}</summary>"
            f"<ul>{items}</ul></details>"
        )
    self.body.append("</div>\n")
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
        chapter, back = (
            f'<a href="{escape(app.builder.get_relative_uri(printer.page, target))}">'
            f"{escape(printer.title(target))}</a>"
            for target in (docname, overview)
        )
        body = (
            f"<h1>{escape(title)}</h1><p>{_counted(names)}, in the order of the cells of "
            f"{chapter}. All chapters: {back}.</p>"
            f'<div class="lb-entries">{"".join(map(printer.entry, names))}</div>'
        )
        yield printer.page, {"title": escape(title), "body": body}, "page.html"


def _counted(names: list[str]) -> str:
    return f"{len(names)} fact{'s' * (len(names) != 1)}"


def visit_table_list(self: HTML5Translator, node: table_list) -> None:
    """Print the tables of the data package, or the one that the page names."""
    printer = Printer.of(self)
    resources = printer.package.resources if printer.package else {}
    for name in [node["name"]] if node["name"] else sorted(resources):
        address = printer.asset(f"{TABLES_FOLDER}/{resources[name]['path']}")
        heading = "" if node["name"] else _heading_below(self)
        self.body.append(entry(printer.package, name, address, heading))
    raise nodes.SkipNode


def _heading_below(self: HTML5Translator) -> str:
    """Return the element of a heading one level below the section that is being written."""
    return f"h{min(self.section_level + 1, 6)}"


def visit_change_list(self: HTML5Translator, node: change_list) -> None:
    """Print the accepted changes: when, which table, why, and what moved."""
    records = build_of(self.builder.env.app).changes
    self.body.append(f'<p><a href="{escape(Printer.of(self).asset(FEED))}">Atom feed</a></p>')
    if not records:
        self.body.append("<p>No table has been changed since the book was first published.</p>")
    heading = _heading_below(self)
    for record in records:
        rows = [("Why", escape(record["reason"])), ("What", escape(describe_record(record)))]
        moved = record["moved"]
        report = (
            f"<details><summary>What moved, sentence by sentence</summary>{changes.html(moved)}"
            "</details>"
            if moved
            else ""
        )
        self.body.append(
            f'<section class="lb-ledger-entry" id="change-{escape(record["id"])}">'
            f"<{heading}>{escape(record['date'])} · {escape(record['table'])}</{heading}>"
            f"<dl>{_definitions(rows)}</dl>{report}</section>"
        )
    raise nodes.SkipNode
