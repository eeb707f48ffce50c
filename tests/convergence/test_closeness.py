"""Closeness: published cases, and what must hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convergence.measures.closeness import (
    coagglomeration,
    grey_relation,
    growth_proximity,
    location_quotient,
    share_proximity,
)
from convergence.measures.obstacle import obstacle_degree

GOLDEN = Path(__file__).with_name("golden")
positive = st.floats(0.01, 100)


def test_shot_put():
    """Shot put and sixteen exercises 1982–1986, a classic of textbooks on grey systems.

    Each series over its first value; times on a track, where less is better, the other way round.
    """
    rows = pd.read_csv(GOLDEN / "shot_put.csv")
    series = rows.filter(like="in_").to_numpy().T
    runs = rows["exercise"].str.endswith("run").to_numpy()
    series[:, runs] = 1 / series[:, runs]
    grades = grey_relation(series[:, 0], series[:, 1:])
    np.testing.assert_allclose(grades, rows["printed_grade"][1:], atol=5e-4)


def test_investment_and_income():
    """Five series of investment against six of income 1979–1983, a textbook's table of 30."""
    rows = pd.read_csv(GOLDEN / "investment_income.csv")
    series = rows.filter(like="in_").to_numpy().T
    printed = rows.filter(like="printed_").to_numpy()
    for income in range(5, 11):
        grades = grey_relation(series[:, income], series[:, :5])
        np.testing.assert_allclose(grades, printed[income], atol=5e-4)


def test_location_quotients_of_31_provinces():
    """Primary, secondary and tertiary value added in 2015 (NBS), quotients to five decimals."""
    rows = pd.read_csv(GOLDEN / "location_quotients_2015.csv")
    quotients = {}
    for sector in ("primary", "secondary", "tertiary"):
        quotients[sector] = location_quotient(rows[sector], rows["gdp"])
        np.testing.assert_allclose(quotients[sector], rows[f"expected_{sector}"], atol=5e-6)
    together = coagglomeration(quotients["secondary"], quotients["tertiary"])
    np.testing.assert_allclose(together, rows["expected_coagglomeration"], atol=5.1e-6)
    # Height, not balance, decides: it explains nearly all of the differences.
    height = quotients["secondary"] + quotients["tertiary"]
    assert height.std() > 0.2 * share_proximity(quotients["secondary"], quotients["tertiary"]).std()


@pytest.mark.parametrize("how", ["initial", "mean", "minmax", "none"])
def test_grey_grades_are_the_formula_written_out(how):
    random = np.random.default_rng(6)
    table = random.random((6, 4)) + 0.1
    scaled = {
        "initial": table / table[0],
        "mean": table / table.mean(axis=0),
        "minmax": (table - table.min(axis=0)) / np.ptp(table, axis=0),
        "none": table,
    }[how]
    gaps = [[abs(row[0] - row[one]) for one in (1, 2, 3)] for row in scaled]
    smallest, widest = min(map(min, gaps)), max(map(max, gaps))
    expected = [
        sum((smallest + 0.3 * widest) / (row[one] + 0.3 * widest) for row in gaps) / 6
        for one in range(3)
    ]
    found = grey_relation(table[:, 0], table[:, 1:], rho=0.3, normalise=how)
    np.testing.assert_allclose(found, expected)


def test_the_normalisation_can_turn_the_order_around():
    """Five years of made-up figures: which of the two is closer depends on the scale alone."""
    reference, series = [10, 11, 13, 12, 15], [[5, 2], [6, 1], [8, 3], [5, 2], [7, 4]]
    by = {how: grey_relation(reference, series, normalise=how) for how in ("initial", "minmax")}
    assert by["initial"].argmax() != by["minmax"].argmax()


@given(st.lists(positive, min_size=3, max_size=8), st.floats(0.1, 1), positive)
def test_a_multiple_is_as_close_as_can_be(values, rho, scale):
    series = np.array(values)
    for how in ("initial", "mean"):
        assert grey_relation(series, scale * series, rho, how) == pytest.approx(1)


@given(st.lists(st.tuples(positive, positive, positive), min_size=2, max_size=8), st.floats(0.1, 1))
def test_grey_grades_are_fractions(rows, rho):
    table = np.array(rows)
    grades = grey_relation(table[:, 0], table[:, 1:], rho)
    assert ((grades > 0) & (grades <= 1)).all()


def test_taking_a_series_away_changes_the_grades_of_the_others():
    reference, near, far = [1, 2, 3, 4], [1, 2.1, 3.2, 4.1], [1, 9, 2, 8]
    both = grey_relation(reference, np.column_stack([near, far]))
    assert grey_relation(reference, near) < both[0]


@given(positive, positive, positive)
def test_proximities_are_symmetric_fractions_without_unit(a, b, scale):
    for measure in (share_proximity, growth_proximity):
        assert 0 <= measure(a, b) <= 1
        assert measure(a, b) == measure(b, a)
        assert measure(scale * a, scale * b) == pytest.approx(measure(a, b), abs=1e-9)
        assert measure(a, a) == 1
    assert share_proximity(a, b) == pytest.approx(2 * min(a, b) / (a + b), abs=1e-12)


@given(positive, positive)
def test_opposite_growth_is_not_close(a, b):
    assert growth_proximity(a, -b) == pytest.approx(0, abs=1e-12)


@given(st.lists(st.tuples(positive, positive), min_size=2, max_size=9))
def test_location_quotients_average_to_one(pairs):
    sector = np.array([min(pair) for pair in pairs])
    total = np.array([max(pair) for pair in pairs])
    quotients = location_quotient(sector, total)
    assert np.average(quotients, weights=total) == pytest.approx(1)


@given(
    st.lists(
        st.tuples(*[st.floats(0, 0.99)] * 3), min_size=1, max_size=6
    ),
    st.tuples(*[st.floats(0.1, 1)] * 3),
)  # fmt: skip
def test_obstacles_share_out_the_gap(rows, raw):
    weights = np.array(raw) / sum(raw)
    z = np.array(rows)
    shares = obstacle_degree(z, weights)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_allclose(shares * (1 - z @ weights)[:, None], weights * (1 - z), atol=1e-12)


def test_obstacles_follow_the_weights():
    shares = obstacle_degree([[0.4, 0.4], [0.1, 0.5]], [0.8, 0.2])
    np.testing.assert_allclose(shares[0], [0.8, 0.2])
    labelled = obstacle_degree(pd.DataFrame({"jobs": [0.1], "wages": [1.0]}), [0.5, 0.5])
    assert labelled.loc[0].to_dict() == {"jobs": 1.0, "wages": 0.0}


BROKEN = [
    (lambda: grey_relation([1, 2], [1, 2, 3]), "differ in length: 2 and 3 periods"),
    (lambda: grey_relation([1], [1]), "at least two periods"),
    (lambda: grey_relation([1, 2], [1, np.nan]), "series: nan at position 1 is missing"),
    (lambda: grey_relation([1, 2], [0, 2]), "series 0: its first value, 0, is not positive"),
    (lambda: grey_relation([1, 2], [-3, 2], normalise="mean"), "series 0: its mean, -0.5, is not"),
    (lambda: grey_relation([1, 1], [1, 2], normalise="minmax"), "reference is constant"),
    (lambda: grey_relation([1, 2], [1, 2], normalise="rank"), "normalise: expected one of initial"),
    (lambda: grey_relation([1, 2], [1, 2], rho=0), "rho: expected a number above 0"),
    (lambda: location_quotient([1, 2], [3, 4, 5]), "sector and total differ in length: 2 and 3"),
    (lambda: location_quotient([1, -2], [3, 4]), "sector: -2 at position 1 is negative"),
    (lambda: location_quotient([1, 0], [3, 0]), "total: it is 0 at position 1"),
    (lambda: location_quotient([1, 5], [3, 4]), "sector: more than the total at position 1"),
    (lambda: location_quotient([0, 0], [3, 4]), "sector: it is 0 in every region"),
    (lambda: coagglomeration([1, 0], [1, 0]), "both 0 at position 1: their closeness is 0/0"),
    (lambda: share_proximity(0, 0), "first and second are both 0: their closeness is 0/0"),
    (lambda: share_proximity(-1, 2), "first: -1 is negative"),
    (lambda: growth_proximity([0.1, 0], [0.1, 0]), "both 0 at position 1"),
    (lambda: growth_proximity([0.1], [0.1, 0]), "first and second differ in length: 1 and 2"),
    (lambda: obstacle_degree([[0.5, 1.5]], [0.5, 0.5]), "is above 1"),
    (lambda: obstacle_degree([[0.5, 0.5]], [0.5, 0.6]), "they sum to 1.1"),
    (lambda: obstacle_degree(0.5, [1.0]), "expected indicators along the last axis"),
]


@pytest.mark.parametrize(("call", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_has_no_closeness_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_each_series_may_have_its_own_reference():
    rng = np.random.default_rng(3)
    own, others = rng.uniform(1, 9, (2, 5, 4))
    found = grey_relation(own, others)
    scaled = own / own[0] - others / others[0]
    distance = np.abs(scaled)
    widest = distance.max()
    expected = (distance.min() + 0.5 * widest) / (distance + 0.5 * widest)
    np.testing.assert_allclose(found, expected.mean(axis=0), rtol=1e-12)
    alike = np.repeat(own[:, :1], 4, axis=1)
    np.testing.assert_allclose(grey_relation(alike, others), grey_relation(own[:, 0], others))
    with pytest.raises(ValueError, match="one for each of series"):
        grey_relation(own[:, :2], others)
