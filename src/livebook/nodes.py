"""The document nodes that facts, charts and the ledger stand in."""

from __future__ import annotations

from docutils import nodes


class fact_reference(nodes.Inline, nodes.TextElement):
    """A fact printed in prose; `name` is the fact's."""


class chart_reference(nodes.Inline, nodes.TextElement):
    """The number of a chart, linked; `name` is the chart's."""


class chart_figure(nodes.General, nodes.Element):
    """A chart with its caption as only child; `name` is the chart's."""


class cell_code(nodes.General, nodes.Element):
    """The code of cells that stand together, one container each; folded unless `open`."""


class fact_cards(nodes.General, nodes.Element):
    """What opens when a reader opens a number; one card for each of `names`."""


class ledger_list(nodes.General, nodes.Element):
    """Every fact of the book, by chapter."""


class table_list(nodes.General, nodes.Element):
    """Every table of the data package, or the one called `name`."""


class change_list(nodes.General, nodes.Element):
    """Every accepted change of the data, the newest first."""
