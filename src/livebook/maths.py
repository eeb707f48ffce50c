"""Formulas as MathML, made at build time: no script, and read aloud by screen readers."""

from __future__ import annotations

import html
import re
from functools import cache
from xml.etree import ElementTree

from docutils import nodes
from latex2mathml.converter import convert_to_element
from sphinx.errors import SphinxError
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

RENDERER = "mathml"
# How many parts an element has; latex2mathml accepts a fraction without a denominator.
PARTS = {
    "mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2,
    "msubsup": 3, "munderover": 3,
}  # fmt: skip


class FormulaError(SphinxError):
    """A formula that cannot be set."""

    category = "Formula"


@cache
def mathml(latex: str, display: str = "inline") -> str:
    r"""Return a LaTeX formula as a ``<math>`` element.

    Examples
    --------
    >>> "<mfrac>" in mathml(r"\frac{a}{b}")
    True
    """
    # latex2mathml knows the starred environment and the split inside, not `aligned`.
    latex = latex.replace("{aligned}", "{split}").strip()
    bare = re.sub(r"\\.", "", latex)
    if bare.count("{") != bare.count("}"):
        raise FormulaError(f"{latex!r}: its braces do not balance")
    try:
        element = convert_to_element(latex, display=display)
    except Exception as error:  # its exceptions have no common base
        raise FormulaError(f"{latex!r} cannot be set as MathML: {error!r}") from None
    del element.attrib["xmlns"]
    for part in element.iter():
        if len(part) != PARTS.get(part.tag, len(part)):
            raise FormulaError(f"{latex!r}: something is missing in a {part.tag.removeprefix('m')}")
        # Symbols come as entities. Other text that looks like markup stays text and is escaped.
        part.text = html.unescape(part.text) if part.text else part.text
    return ElementTree.tostring(element, encoding="unicode")


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    """Print a formula in a line."""
    self.body.append(f'<span class="math">{mathml(node.astext())}</span>')
    raise nodes.SkipNode


def visit_displaymath(self: HTML5Translator, node: nodes.math_block) -> None:
    """Print a formula on its own, with its number where it has one."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})</span>')
    self.body.append(mathml(node.astext(), "block"))
    self.body.append("</div>\n")
    raise nodes.SkipNode
