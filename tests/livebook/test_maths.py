"""Formulas are set at build time, for eyes and for screen readers."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from livebook.maths import FormulaError, mathml


@pytest.mark.parametrize(
    ("latex", "elements"),
    [
        (r"\frac{x_n}{x_1} - 1", ["mfrac", "msub", "mo"]),
        (r"\sqrt[n]{x}", ["mroot"]),
        (r"\sum_{i=1}^{n} x_i", ["munderover", "msub"]),
        (r"\begin{align*} a &= b \\ c &= d \end{align*}", ["mtable", "mtr", "mtd"]),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", ["mtable", "mtr", "mtd"]),
        (r"\begin{cases} 1 & x < 0 \\ 0 & x \ge 0 \end{cases}", ["mtable", "mtd"]),
        (r"\bar{x} \in \mathbb{R}", ["mover"]),
        (r"\left\{ \begin{matrix} a \\ b \end{matrix} \right.", ["mtable", "mtr"]),
        (r"\{ x_i : i \in [1, n) \}", ["msub"]),
    ],
)
def test_a_formula_becomes_well_formed_mathml(latex, elements):
    tree = ElementTree.fromstring(mathml(latex, "block"))
    tags = {element.tag for element in tree.iter()}
    assert tree.tag == "math"
    assert set(elements) <= tags
    # What LaTeX calls by a name must not be printed by it.
    assert "\\" not in "".join(tree.itertext())
    assert "begin" not in "".join(tree.itertext())


def test_a_formula_in_a_line_and_on_its_own():
    assert 'display="inline"' in mathml("x")
    assert 'display="block"' in mathml("x", "block")


@pytest.mark.parametrize("latex", [r"\frac{a}", r"{a", r"\left( a", r"\begin{matrix} a"])
def test_a_broken_formula_is_refused_by_its_text(latex):
    with pytest.raises(FormulaError) as refusal:
        mathml(latex)
    assert repr(latex) in str(refusal.value)


def test_markup_in_a_formula_stays_text():
    latex = r"\text{<img src=x onerror=alert(1)>} < 1"
    assert "<img" not in mathml(latex)
    text = "".join(ElementTree.fromstring(mathml(latex)).itertext())
    assert text.replace("\N{NO-BREAK SPACE}", " ") == "<img src=x onerror=alert(1)><1"


def test_a_page_prints_mathml_and_the_font_it_needs(built):
    page = built.page("pages/rain")
    assert '<math display="block">' in page
    assert "<munder" in page
    assert "MathJax" not in page
    assert built.files()["_static/lb-math.woff2"].startswith(b"wOF2")
