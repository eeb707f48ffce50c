"""Inequality and convergence: published cases, PySAL, and what must hold."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inequality.gini import Gini
from inequality.theil import Theil as PysalTheil
from inequality.theil import TheilD

from convergence.measures.inequality import (
    beta_convergence,
    dagum,
    gini,
    markov_transitions,
    morans_i,
    sigma_convergence,
    theil,
)

GOLDEN = Path(__file__).with_name("golden")
amounts = st.lists(st.integers(0, 1000), min_size=2, max_size=30).filter(any)
positive = st.lists(st.floats(0.01, 100), min_size=2, max_size=30)


@st.composite
def grouped(draw: st.DrawFn, least: int = 2) -> tuple[np.ndarray, list[str]]:
    """Draw units that fall into at least two groups."""
    y = draw(st.lists(st.integers(0, 1000), min_size=4, max_size=30).filter(any))
    groups = draw(st.lists(st.sampled_from("abc"), min_size=len(y), max_size=len(y)))
    groups[:least] = "abc"[:least]
    return np.array(y, dtype=float), groups


def plain_gini(y: np.ndarray) -> float:
    """Compute the double sum as it is written."""
    return np.abs(y[:, None] - y).sum() / (2 * len(y) ** 2 * y.mean())


# Published cases


def test_dagum_of_xinjiang_tourism():
    """Tourism eco-efficiency of 14 prefectures in three regions 2005–2019, ChinaXiv 202208.00072.

    Sixty printed numbers. The data are printed to three decimals, the paper used more: total,
    within, between and transvariation are met to 5.2, 2.1, 2.7 and 6.2 units of the fourth. (Two
    prefectures have the same figures in 2009–2018, and the text swaps two regions' names.)
    """
    rows = pd.read_csv(GOLDEN / "xinjiang_efficiency.csv")
    printed = pd.read_csv(GOLDEN / "xinjiang_efficiency_dagum.csv").set_index("year")
    for year, cells in rows.groupby("year"):
        found = dagum(cells["efficiency"], cells["region"])
        error = np.abs(np.array(found[:4]) - printed.loc[year].to_numpy())
        assert (error <= [5.2e-4, 2.1e-4, 2.7e-4, 6.2e-4]).all(), year


# Theil's T of wages, weighted with employment: in all, between industries, between regions, and
# within industry × region; of the mathmodels book (zhjx19), chapter on inequality.
WAGES = {
    2014: (0.060899, 0.030369, 0.009150, 0.017647),
    2022: (0.083536, 0.041060, 0.015938, 0.023818),
    2023: (0.080962, 0.040635, 0.013955, 0.023225),
}


@pytest.mark.parametrize("year", WAGES)
def test_theil_of_wages_by_industry_and_region(year):
    """Wages in 31 provinces × 8 industries (NBS), the mathmodels book's case, six decimals."""
    rows = pd.read_csv(GOLDEN / "wages.csv").query("year == @year")
    by_industry = theil(rows["wage"], rows["industry"], rows["jobs"])
    by_region = theil(rows["wage"], rows["region"], rows["jobs"])
    crossed = theil(rows["wage"], rows["industry"] + rows["region"], rows["jobs"])
    found = (by_industry.total, by_industry.between, by_region.between, crossed.within)
    np.testing.assert_allclose(found, WAGES[year], atol=5.1e-7)


def test_shares_of_jobs_within_do_not_sum_to_the_total():
    """The same book's crossed version for 2022: .0807 instead of .0835.

    It weights the regions of an industry with their jobs, in place of their sums of wages.
    """
    rows = pd.read_csv(GOLDEN / "wages.csv").query("year == 2022")
    rows = rows.assign(wages=rows["wage"] * rows["jobs"])
    crossed = theil(rows["wage"], rows["industry"] + rows["region"], rows["jobs"])
    within = 0.0
    for _, industry in rows.groupby("industry"):
        share = industry["wages"].sum() / rows["wages"].sum()
        for _, cell in industry.groupby("region"):
            jobs = cell["jobs"].sum() / industry["jobs"].sum()
            within += share * jobs * theil(cell["wage"], weights=cell["jobs"]).total
    assert round(crossed.within + crossed.between, 4) == 0.0835
    assert round(within + crossed.between, 4) == 0.0807


def test_gini_of_wages_needs_the_jobs_as_weights():
    """Manufacturing 2014, the same book: .0892; wages per head taken for totals give .5333."""
    rows = pd.read_csv(GOLDEN / "wages.csv").query("year == 2014 and industry == 'manufacturing'")
    assert gini(rows["wage"], rows["jobs"]) == pytest.approx(0.089238, abs=5e-7)
    assert gini(rows["wage"]) == pytest.approx(0.088866, abs=5e-7)
    assert gini(rows["wage"] / rows["jobs"], rows["jobs"]) == pytest.approx(0.53333, abs=5e-6)


def test_beta_as_the_r_package_reat_prints_it():
    """The manual of REAT: b of −.00807 a year is λ = .00810, half-life 85.5 years (T = 1)."""
    start = np.array([1.0, 2.0, 4.0])
    found = beta_convergence(start, start * np.exp(0.02 - 0.00807 * np.log(start)), years=1)
    assert round(found.slope, 5) == -0.00807
    assert round(found.speed, 5) == 0.00810
    assert round(found.half_life, 1) == 85.5


# Cross-checks


@given(amounts)
def test_gini_is_that_of_pysal_and_of_the_double_sum(y):
    values = np.array(y, dtype=float)
    assert gini(values) == pytest.approx(Gini(values).g, abs=1e-12)
    assert gini(values) == pytest.approx(plain_gini(values), abs=1e-12)


@given(grouped())
def test_theil_is_that_of_pysal(case):
    y, groups = case
    # PySAL moves zeros by a tiny amount instead of taking the limit.
    y = y + 1
    found = theil(y, groups)
    peer = TheilD(y, np.array(groups))
    assert found.total == pytest.approx(float(PysalTheil(y).T), abs=1e-9)
    assert found.between == pytest.approx(float(np.squeeze(peer.bg)), abs=1e-9)
    assert found.within == pytest.approx(float(np.squeeze(peer.wg)), abs=1e-9)


# What must hold


@given(grouped())
def test_dagum_components_sum_to_the_gini_coefficient(case):
    y, groups = case
    found = dagum(y, groups)
    parts = (found.within, found.between, found.transvariation)
    assert found.total == pytest.approx(plain_gini(y), abs=1e-12)
    assert sum(parts) == pytest.approx(found.total, abs=1e-12)
    assert all(part >= -1e-12 for part in parts)


@given(grouped())
def test_dagum_between_is_the_gini_coefficient_of_group_means(case):
    y, groups = case
    means = pd.Series(y).groupby(groups).mean()
    sizes = pd.Series(groups).value_counts()
    assert dagum(y, groups).between == pytest.approx(gini(means, sizes[means.index]), abs=1e-12)


@given(grouped())
def test_dagum_pairs_are_the_double_sums(case):
    y, groups = case
    found = dagum(y, groups)
    assert found.sizes.sum() == len(y)
    for a in found.pairwise.index:
        for b in found.pairwise.columns:
            first, second = (y[np.array(groups) == group] for group in (a, b))
            mean = first.mean() + second.mean()
            expected = np.abs(first[:, None] - second).mean() / mean if mean else 0
            assert found.pairwise.loc[a, b] == pytest.approx(expected, abs=1e-12)


@given(grouped())
def test_theil_components_sum_to_the_total(case):
    y, groups = case
    found = theil(y, groups)
    assert found.within + found.between == pytest.approx(found.total, abs=1e-12)
    assert 0 <= found.total <= math.log(len(y)) + 1e-12


@given(positive, st.floats(0.01, 100), st.randoms())
def test_inequality_sees_neither_units_nor_order(y, scale, random):
    values = np.array(y)
    other = list(scale * values)
    random.shuffle(other)
    assert gini(other) == pytest.approx(gini(values), abs=1e-9)
    assert theil(other).total == pytest.approx(theil(values).total, abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 5)), min_size=2, max_size=9))
def test_a_weight_counts_as_that_many_units(pairs):
    y, counts = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    if not y.any():
        return
    units = np.repeat(y, counts.astype(int))
    assert gini(y, counts) == pytest.approx(gini(units), abs=1e-12)
    assert theil(y, weights=counts).total == pytest.approx(theil(units).total, abs=1e-12)


@given(st.floats(0.01, 1e6), st.integers(2, 20))
def test_equal_units_have_no_inequality(level, count):
    y = [level] * count
    assert gini(y) == pytest.approx(0, abs=1e-12)
    assert theil(y).total == pytest.approx(0, abs=1e-12)
    found = dagum(y, ["a", *["b"] * (count - 1)])
    assert found[:4] == pytest.approx([0, 0, 0, 0], abs=1e-12)


def test_groups_of_one_have_nothing_within():
    found = dagum([1.0, 2.0, 6.0], ["a", "b", "b"])
    assert found.pairwise.loc["a", "a"] == 0
    assert found.sizes.to_dict() == {"a": 1, "b": 2}


def test_a_group_of_zeros_is_part_of_the_whole():
    found = dagum([0.0, 0.0, 0.0, 4.0], ["a", "a", "b", "b"])
    assert found.pairwise.loc["a", "a"] == 0
    assert found.within + found.between + found.transvariation == pytest.approx(0.75)
    assert theil([0.0, 0.0, 0.0, 4.0], ["a", "a", "b", "b"]).total == pytest.approx(math.log(4))


def test_spreads_are_population_standard_deviations():
    y = np.array([[1.0], [math.exp(2)]])
    assert sigma_convergence(y, "log") == pytest.approx([1])
    assert sigma_convergence([[1.0], [3.0]], "relative") == pytest.approx([0.5])
    assert sigma_convergence([[1.0], [3.0]], "absolute") == pytest.approx([1])


def test_spreads_disagree_when_all_grow():
    y = np.array([[1.0, 2.0], [3.0, 6.0], [5.0, 10.0]])
    found = {spread: sigma_convergence(y, spread) for spread in ("log", "relative", "absolute")}
    assert found["absolute"][1] == pytest.approx(2 * found["absolute"][0])
    for spread in ("log", "relative"):
        assert found[spread][1] == pytest.approx(found[spread][0])


@given(st.lists(st.floats(0.1, 10), min_size=3, max_size=20, unique=True), st.floats(0.001, 0.2))
def test_beta_finds_the_speed_that_made_the_data(start, speed):
    """Ln y approaches its mean at the speed λ: ln y_T = m + (ln y_0 − m) e^{−λT}."""
    x, years = np.log(start), 8
    if np.ptp(x) < 1e-3:
        return
    end = np.exp(x.mean() + (x - x.mean()) * math.exp(-speed * years))
    found = beta_convergence(start, end, years)
    assert found.speed == pytest.approx(speed, rel=1e-6)
    assert found.half_life == pytest.approx(math.log(2) / speed, rel=1e-6)
    assert found.r_squared == pytest.approx(1, abs=1e-6)
    spread = sigma_convergence(np.column_stack([start, end]))
    assert spread[1] < spread[0]


def test_beta_is_ordinary_least_squares():
    random = np.random.default_rng(2)
    start = random.lognormal(0, 1, 31)
    end = start * random.lognormal(0.5, 0.2, 31)
    found = beta_convergence(start, end, 10)
    (slope, intercept), covariance = np.polyfit(
        np.log(start), np.log(end / start) / 10, 1, cov="unscaled"
    )
    residual = np.log(end / start) / 10 - intercept - slope * np.log(start)
    error = math.sqrt(covariance[0, 0] * (residual**2).sum() / 29)
    assert (found.slope, found.intercept) == pytest.approx((slope, intercept))
    assert found.standard_error == pytest.approx(error)


def test_noise_alone_makes_beta_but_not_sigma():
    """Galton's fallacy: the same spread in both years, and b is far below zero."""
    random = np.random.default_rng(0)
    lasting = random.normal(0, 1, 2000)
    first, last = (np.exp(lasting + random.normal(0, 1, 2000)) for _ in range(2))
    assert beta_convergence(first, last, 10).slope < -0.03
    spread = sigma_convergence(np.column_stack([first, last]))
    assert spread[1] == pytest.approx(spread[0], rel=0.05)


def test_diverging_units_have_no_half_life():
    found = beta_convergence([1, 2, 4], [1, 3, 9], years=5)
    assert found.slope > 0
    assert found.speed < 0
    assert found.half_life == math.inf


# Space and classes, by PySAL

GRID = {
    (row, column): [
        (row + dr, column + dc)
        for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0))
        if 0 <= row + dr < 4 and 0 <= column + dc < 4
    ]
    for row in range(4)
    for column in range(4)
}


def test_morans_i_is_the_double_sum():
    random = np.random.default_rng(5)
    y = {unit: float(random.random() + unit[0]) for unit in GRID}
    mean = sum(y.values()) / 16
    products = sum((y[i] - mean) * (y[j] - mean) / len(GRID[i]) for i in GRID for j in GRID[i])
    found = morans_i(y, GRID, permutations=99)
    assert found.i == pytest.approx(products / sum((value - mean) ** 2 for value in y.values()))
    assert found.expected == pytest.approx(-1 / 15)
    assert found.p_value < 0.05
    assert morans_i(y, GRID, permutations=99) == found


def test_morans_i_leaves_the_random_numbers_of_others_alone():
    np.random.seed(1)
    expected = np.random.random()
    np.random.seed(1)
    morans_i({unit: float(unit[0]) for unit in GRID}, GRID, permutations=9)
    assert np.random.random() == expected


def test_transitions_are_counted_and_lead_somewhere():
    classes = [["low", "low", "high"], ["low", "high", "high"], ["high", "low", "low"]]
    found = markov_transitions(classes, order=["low", "high"])
    assert found.counts.to_dict("list") == {"low": [2, 1], "high": [2, 1]}
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(found.steady_state @ found.probabilities, found.steady_state)


BROKEN = [
    (lambda: gini([1, -1]), "y: -1 at position 1 is negative"),
    (lambda: gini([1, np.nan]), "y: nan at position 1 is missing"),
    (lambda: gini([0, 0]), "all values .* are 0"),
    (lambda: gini([1, 2], [0, 0]), "all values .* are 0"),
    (lambda: gini([1, 2], [1, 2, 3]), "y and weights differ in length: 2 and 3"),
    (lambda: gini([[1, 2]]), "expected one value for each unit"),
    (lambda: dagum([1, 2], ["a", "a"]), "groups: at least two are needed, found only 'a'"),
    (lambda: dagum([1, 2], ["a"]), "y and groups differ in length: 2 and 1"),
    (lambda: dagum([1, 2], ["a", None]), "the unit at position 1 has none"),
    (lambda: dagum([0, 0], ["a", "b"]), "all values are 0"),
    (lambda: theil([1, -2]), "y: -2 at position 1 is negative"),
    (lambda: theil([1, 2], ["a", "b", "c"]), "y and groups differ in length: 2 and 3"),
    (lambda: sigma_convergence([[1, 0], [2, 3]]), "0 has no logarithm; use relative or absolute"),
    (lambda: sigma_convergence([[0, 1], [0, 3]], "relative"), "all values of period 0 are 0"),
    (lambda: sigma_convergence([[-1, 1], [0, 3]], "relative"), "-1 at position .* is negative"),
    (lambda: sigma_convergence([[1, 2]]), "at least two units"),
    (lambda: sigma_convergence([[1, 2], [3, 4]], "sd"), "spread: expected log, relative or abs"),
    (lambda: beta_convergence([1, 2], [2, 3], 5), "at least three units"),
    (lambda: beta_convergence([1, 2, 0], [2, 3, 4], 5), "needs positive values"),
    (lambda: beta_convergence([1, 1, 1], [2, 3, 4], 5), "all units start alike"),
    (lambda: beta_convergence([1, 2, 3], [2, 3, 4], 0), "years: expected a positive number"),
    (lambda: beta_convergence([1, 2, 4], [4, 2, 1], 1), "the units overshoot each other"),
    (lambda: morans_i({"a": 1.0}, {"a": []}), "'a' has no neighbour: give it one"),
    (lambda: morans_i({"a": 1.0, "b": 2.0}, {"a": ["b"], "b": ["c"]}), "but not the reverse"),
    (lambda: morans_i({"a": 1.0}, {"a": ["b"], "b": ["a"]}), "not of the same units: b"),
    (lambda: morans_i({"a": 1.0, "b": 1.0}, {"a": ["b"], "b": ["a"]}), "all values are equal"),
    (lambda: markov_transitions([["x"]], ["x"]), "at least two periods"),
    (lambda: markov_transitions([["x", "y"]], ["x"]), "classes: y not in order"),
    (lambda: markov_transitions([["x", "x"], ["y", "y"]], ["x", "y"]), "falls into parts"),
]


@pytest.mark.parametrize(("call", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_has_no_answer_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()
