"""Formulas as MathML, made at build time: no script, and read aloud by screen readers."""

from __future__ import annotations

import re
from functools import cache

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.errors import SphinxError
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

RENDERER = "mathml"


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
    try:
        element = convert(latex, display=display)
    except Exception as error:  # its exceptions have no common base
        raise FormulaError(f"{latex!r} cannot be set as MathML: {error!r}") from None
    return re.sub(r' xmlns="[^"]*"', "", element, count=1)


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
