"""The look of the book's drawings: colours with a fixed meaning, and the style of each mark.

A chapter takes its colours from here. The functions of `book` take everything else: to change how
the book looks, change this module.
"""

from __future__ import annotations

from typing import Any

from convergence.colours import (
    CONTEXT,
    INFORMATION_TECHNOLOGY,
    MANUFACTURING,
    PRODUCER_SERVICES,
    RESEARCH_AND_DESIGN,
    REVERSE_MANUFACTURING,
    SERVITIZATION,
)
from livebook.palette import HUES, INK, MUTED, PAPER, RULE

__all__ = [
    "CONTEXT",
    "INFORMATION_TECHNOLOGY",
    "INK",
    "MANUFACTURING",
    "MUTED",
    "PAPER",
    "PRODUCER_SERVICES",
    "RESEARCH_AND_DESIGN",
    "REVERSE_MANUFACTURING",
    "RULE",
    "SERVITIZATION",
    "VERDICTS",
]

Style = dict[str, Any]

# What the paper says: green holds, blue and orange hold in part, vermilion does not.
VERDICTS = {
    "reproduces": HUES["green"],
    "reproduces_with_another_vintage": HUES["sky"],
    "holds_in_another_concept": HUES["blue"],
    "consistent": HUES["orange"],
    "does_not_reproduce": HUES["vermilion"],
    "cannot_be_tested": HUES["grey"],
    "not_a_statement_of_fact": HUES["purple"],
}

# The axis that names rows; the marks themselves show where a row is.
ROW_AXIS: Style = {"labelColor": INK, "ticks": False, "domain": False}
# A legend stands above the drawing, so that a narrow one keeps its width.
LEGEND: Style = {"orient": "top"}
# Every point is opaque: it covers the line below it.
POINT: Style = {"opacity": 1}
# A label has the colour of what it names, and enough weight to be read in that colour.
LABEL: Style = {"fontWeight": "bold"}
# A dashed line is a break: a change of rules, or a join of two vintages.
DASHED: Style = {"strokeDash": [4, 3]}
NOTE: Style = {"color": MUTED}
REFERENCE: Style = {"color": INK}
SPAN: Style = {"color": CONTEXT, "strokeWidth": 2}
TILE: Style = {"stroke": PAPER, "strokeWidth": 2}
# The heading of one panel among several.
HEADING: Style = {"fontSize": 13, "offset": 8}


def styled(style: Style, changes: Style) -> Style:
    """Return a style with some of its properties changed; None takes a property away.

    Examples
    --------
    >>> styled(LABEL, {"dx": 4, "fontWeight": None})
    {'dx': 4}
    """
    return {name: value for name, value in (style | changes).items() if value is not None}
