"""How facts, charts, code and the ledger are printed as HTML."""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from sphinx.environment import BuildEnvironment
from sphinx.util.osutil import relative_uri
from sphinx.writers.html5 import HTML5Translator

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

CHARTS_FOLDER = "_charts"


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

    def __init__(self, translator: HTML5Translator):
        self.builder = translator.builder
        self.env: BuildEnvironment = translator.builder.env
        self.book = domain(self.env)
        self.docname: str = translator.builder.current_docname

    def uri(self, docname: str, anchor: str) -> str:
        """Return the address of an anchor on another page, as seen from this one."""
        return f"{self.builder.get_relative_uri(self.docname, docname)}#{anchor}"

    def asset(self, file: str) -> str:
        """Return the address of a file of the site, as seen from this page."""
        return relative_uri(self.builder.get_target_uri(self.docname), file)

    def title(self, docname: str) -> str:
        """Return the title of a page as text."""
        return self.env.titles[docname].astext()

    def fact_uri(self, name: str) -> str:
        """Return the address of a fact's ledger entry, or of its cell in a book without ledger."""
        ledger = self.book.ledger_of(name)
        if ledger:
            return self.uri(ledger, f"fact-{name}")
        fact = self.book.facts[name]
        return self.uri(fact["document"], f"cell-{fact['cell']}")

    def method(self, how: dict[str, str]) -> str:
        """Return the formula, the words for it and the function that computes it."""
        parts = []
        if "formula" in how:
            parts.append(f'<div class="lb-formula">{mathml(how["formula"], "block")}</div>')
        parts.append(escape(how["text"]))
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
        listed = next(iter(sorted(self.book.table_lists)), None)
        if listed is None:
            return title
        return f'<a href="{escape(self.uri(listed, f"table-{name}"))}">{title}</a>'

    def source(self, tables: list[dict[str, str]]) -> str:
        """Return the line beneath a chart."""
        return f"Source: {self.cite(tables)}" if tables else "Drawn from a formula, not from data."

    def cite(self, tables: list[dict[str, str]]) -> str:
        """Return where figures are from, with links: tables, vintages and publishers."""
        return self.package.cite(tables, self.titled, escape)

    def fields(self, name: str) -> list[tuple[str, str]]:
        """Return the terms and descriptions that tell a fact's provenance."""
        fact = self.book.facts[name]
        cell = escape(f"{self.title(fact['document'])}, cell {fact['cell']}")
        made_in = escape(self.uri(fact["document"], f"cell-{fact['cell']}"))
        return [
            ("Value", escape(full_value(fact))),
            ("How", self.method(fact["how"])),
            ("Tables", self.cite(fact["tables"]) if fact["tables"] else "none: mathematics alone"),
            ("Made in", f'<a href="{made_in}">{cell}</a>'),
        ]

    def card(self, name: str) -> str:
        """Return what opens when a reader opens a number."""
        link = f'<a href="{escape(self.fact_uri(name))}">{escape(name)}</a>'
        rows = [*self.fields(name), ("Ledger", link)]
        return f'<dl class="lb-card">{_definitions(rows)}</dl>'

    def entry(self, name: str) -> str:
        """Return the ledger's entry of a fact."""
        fact = self.book.facts[name]
        text = escape(word(fact, self.env.config.language))
        if "words" in fact:
            text = f'<span class="lb-verdict" data-key="{escape(fact["value"])}">{text}</span>'
        pages = self.book.citing("fact", name)
        used = ", ".join(
            f'<a href="{escape(self.builder.get_relative_uri(self.docname, page))}">'
            f"{escape(self.title(page))}</a>"
            for page in pages
        )
        rows = [("Printed as", text), *self.fields(name), ("Cited in", used or "nowhere")]
        return (
            f'<section class="lb-ledger-entry" id="fact-{name}" data-name="{name}">'
            f"<h3>{name}</h3><dl>{_definitions(rows)}</dl></section>"
        )

    def described(self, text: str) -> str:
        """Return a description with its facts printed."""
        facts = self.book.facts
        return FACT_ROLE.sub(lambda role: word(facts[role[1]], self.env.config.language), text)


def _definitions(rows: list[tuple[str, str]]) -> str:
    return "".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in rows)


def visit_fact_reference(self: HTML5Translator, node: fact_reference) -> None:
    """Print a number: quiet, and a link."""
    name = node["name"]
    self.body.append(
        f'<a class="lb-fact" href="{escape(Printer(self).fact_uri(name))}" data-fact="{name}">'
    )


def depart_fact_reference(self: HTML5Translator, node: fact_reference) -> None:
    """Close the link."""
    self.body.append("</a>")


def visit_chart_reference(self: HTML5Translator, node: chart_reference) -> None:
    """Print the number of a chart as a link to it."""
    printer = Printer(self)
    document = printer.book.charts[node["name"]]["document"]
    uri = printer.uri(document, f"chart-{node['name']}")
    self.body.append(f'<a class="lb-chart-ref" href="{escape(uri)}">')


depart_chart_reference = depart_fact_reference


def visit_chart_figure(self: HTML5Translator, node: chart_figure) -> None:
    """Print a chart: finding, picture, source, caption and what a reader can take away."""
    printer = Printer(self)
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
    printer = Printer(self)
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
    printer = Printer(self)
    cards = "".join(
        f'<template data-fact="{name}">{printer.card(name)}</template>' for name in node["names"]
    )
    self.body.append(f'<div id="lb-facts" hidden>{cards}</div>\n')
    raise nodes.SkipNode


def visit_ledger_list(self: HTML5Translator, node: ledger_list) -> None:
    """Print the ledger: every fact, by chapter, in the order of its cells."""
    printer = Printer(self)
    order = {docname: place for place, docname in enumerate(_reading_order(printer.env))}
    facts = sorted(
        (order.get(fact["document"], len(order)), fact["cell"], name)
        for name, fact in printer.book.facts.items()
        if name.startswith(node["prefix"])
    )
    document = None
    if not node["prefix"]:
        address = escape(printer.asset(LEDGER))
        self.body.append(f'<p>For programs: <a href="{address}"><code>{LEDGER}</code></a></p>')
    self.body.append('<div class="lb-ledger">')
    for _, _, name in facts:
        if printer.book.facts[name]["document"] != document:
            document = printer.book.facts[name]["document"]
            self.body.append(f"<h2>{escape(printer.title(document))}</h2>")
        self.body.append(printer.entry(name))
    self.body.append("</div>\n")
    raise nodes.SkipNode


def _reading_order(env: BuildEnvironment) -> list[str]:
    order = [env.config.root_doc]
    for docname in order:
        place = order.index(docname) + 1
        order[place:place] = [d for d in env.toctree_includes.get(docname, []) if d not in order]
    return order


def visit_table_list(self: HTML5Translator, node: table_list) -> None:
    """Print the tables of the data package: what each holds, who published it, its hash."""
    printer = Printer(self)
    for name, resource in sorted(printer.package.resources.items()) if printer.package else []:
        rows = [
            ("Holds", escape(resource.get("description", ""))),
            ("Publisher", escape("; ".join(printer.package.publishers(name)))),
            ("File", f"<code>{escape(resource['path'])}</code>"),
            ("SHA-256", f"<code>{escape(resource.get('hash', '').removeprefix('sha256:'))}</code>"),
        ]
        self.body.append(
            f'<section class="lb-ledger-entry" id="table-{escape(name)}">'
            f"<h3>{escape(resource.get('title', name))}</h3><dl>{_definitions(rows)}</dl></section>"
        )
    raise nodes.SkipNode


def visit_change_list(self: HTML5Translator, node: change_list) -> None:
    """Print the accepted changes: when, which table, why, and what moved."""
    records = build_of(self.builder.env.app).changes
    self.body.append(f'<p><a href="{escape(Printer(self).asset(FEED))}">Atom feed</a></p>')
    if not records:
        self.body.append("<p>No table has been changed since the book was first published.</p>")
    for record in records:
        rows = [("Why", escape(record["reason"])), ("What", escape(describe_record(record)))]
        for kind in ("verdicts", "facts"):
            moved = (record["moved"] or {}).get(kind, [])
            items = "".join(
                f"<li><code>{escape(one['name'])}</code>: {escape(one['old'])} → "
                f"{escape(one['new'])}</li>"
                for one in moved
            )
            if items:
                rows.append((kind.capitalize(), f"<ul>{items}</ul>"))
        self.body.append(
            f'<section class="lb-ledger-entry" id="change-{escape(record["id"])}">'
            f"<h2>{escape(record['date'])} · {escape(record['table'])}</h2>"
            f"<dl>{_definitions(rows)}</dl></section>"
        )
    raise nodes.SkipNode
