"""A formula stands once: what the report prints is the docstring of the function that was used."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import latex2mathml.converter
import numpy as np
import pandas as pd
import pytest

from convergence.measures import closeness, level, panel_levels, weights
from convergence.measures.coupling import KINDS, coupling_degree
from convergence.measures.panel import WEIGHTS, Model
from convergence.own_data import report
from convergence.own_data.measure import Measurement, Request, measure

ROOT = Path(__file__).resolve().parents[2]
WEIGHING = {
    "equal": [weights.equal_weights],
    "entropy": [weights.entropy_weights, weights.entropy],
    "critic": [weights.critic_weights],
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Measurement, str]:
    """Return a measurement of ten units in two years, and its report."""
    random = np.random.default_rng(7)
    frame = pd.DataFrame([(f"city {unit}", year) for unit in range(10) for year in (2019, 2020)],
                         columns=["city", "year"])  # fmt: skip
    for name in ("jobs", "output", "software", "finance"):
        frame[name] = random.uniform(1, 9, len(frame))
    request = Request("city", "year", ["jobs", "output"], ["software", "finance"])
    out = tmp_path_factory.mktemp("measured") / "out"
    found = measure(frame, request, out)
    return found, (out / "report.html").read_text("utf-8")


def written(function) -> list[str]:
    """Return the formulas of a docstring, read by another rule than the report's: by indents."""
    lines = [line.rstrip() for line in (function.__doc__ or "").splitlines()]
    formulas, at = [], 0
    while at < len(lines):
        if lines[at].strip().startswith(".. math::"):
            indent = len(lines[at]) - len(lines[at].lstrip())
            block = [lines[at].strip().removeprefix(".. math::")]
            while at + 1 < len(lines) and (
                lines[at + 1].startswith(" " * (indent + 1)) and lines[at + 1].strip()
            ):
                at += 1
                block.append(lines[at].strip())
            parts = " ".join(block).split(r"\qquad")
            formulas += [part.split(r"\quad\text{(")[0].strip().rstrip(",") for part in parts]
        at += 1
    return formulas


def mathml(formula: str) -> str:
    return latex2mathml.converter.convert(formula, display="block")


def test_the_report_prints_the_formulas_of_the_docstrings(measured):
    _, page = measured
    shown = re.findall(r"<math.*?</math>", page)
    expected = [
        *written(weights.minmax),
        *written(weights.entropy_weights),
        *written(weights.entropy),
        *written(Model.apply)[:2],
        *written(KINDS["standard"].compute),
        written(Model.apply)[2],
        *written(panel_levels.measured),
        *written(closeness.share_proximity),
        written(level.level)[0],
    ]
    assert all(expected)
    assert shown == [mathml(formula) for formula in expected]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_c_has_its_own_formula_in_the_report(measured, kind):
    found, _ = measured
    other = replace(found, model=replace(found.model, kind=kind))
    (formula,) = written(KINDS[kind].compute)
    assert report._printed(other)["C"] == mathml(formula)
    # The reference of the library and the ledger print the same.
    assert formula in written(coupling_degree)
    page = report.page(replace(other, warnings=()))
    assert KINDS[kind].source in page


@pytest.mark.parametrize("weighing", WEIGHTS)
def test_each_way_of_weighing_has_its_own_formula_in_the_report(measured, weighing):
    found, _ = measured
    other = replace(found, request=replace(found.request, weights=weighing))
    expected = [formula for function in WEIGHING[weighing] for formula in written(function)]
    assert report._printed(other)["weights"] == "".join(map(mathml, expected))
    # The panel's weights, which are computed by sums, are those of the printed formula.
    z = weights.minmax(np.random.default_rng(1).random((20, 3)))
    frame = pd.DataFrame(z, columns=["a", "b", "c"]).assign(unit=range(20), year=1, d=range(20))
    from convergence.measures.panel import fit

    model = fit(frame, {"one": ["a", "b", "c"], "two": ["d"]}, "unit", "year", weights=weighing)
    compute = WEIGHING[weighing][0]
    by_formula = compute(3) if weighing == "equal" else compute(z)
    np.testing.assert_allclose([i.weight for i in model.indicators[:3]], by_formula, rtol=1e-9)


def test_each_kind_is_spelt_in_one_file():
    """Names of kinds stand in `coupling` alone; elsewhere only the one that is usual."""
    usual = {"standard"}
    for path in (ROOT / "src" / "convergence").rglob("*.*"):
        if path.suffix not in (".py", ".html") or path.name == "coupling.py":
            continue
        text = re.sub(r'(?s)r?""".*?"""', "", path.read_text("utf-8"))
        spelt = {kind for kind in KINDS if re.search(rf"\b{kind}\b", text)}
        assert spelt <= usual, path
