"""Scaling and weights: published cases, scikit-criteria, and what must hold for any data."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skcriteria.preprocessing import weighters

from convergence.measures.inequality import theil
from convergence.measures.weights import (
    RANDOM_INDEX,
    ZERO_POLICIES,
    ahp_weights,
    critic_weights,
    entropy,
    entropy_weights,
    equal_weights,
    minmax,
)

GOLDEN = Path(__file__).with_name("golden")


def tables(low: float = 0, high: float = 1, columns: int | None = None) -> st.SearchStrategy:
    """Any small table of numbers without a constant column."""
    shape = st.tuples(st.integers(3, 8), st.just(columns) if columns else st.integers(2, 5))
    numbers = st.integers(0, 1000).map(lambda number: low + (high - low) * number / 1000)
    return shape.flatmap(lambda size: arrays(float, size, elements=numbers)).filter(
        lambda table: (np.ptp(table, axis=0) > 0).all()
    )


# Published cases


def test_kubuqi_indicators_are_scaled_as_printed():
    """Kubuqi desert 2008–2017, 18 indicators, ChinaXiv 202101.00006.

    The paper scaled figures with more digits than it prints: its z are met to 3.6e-4.
    """
    rows = pd.read_csv(GOLDEN / "kubuqi_indicators.csv")
    for _, cells in rows.groupby("indicator"):
        z = minmax(cells["value"], direction=cells["direction"].iloc[0])
        np.testing.assert_allclose(z, cells["printed_z"], atol=3.6e-4)


def test_entropies_of_zhangye_give_the_printed_weights():
    """Zhangye 2005–2017, 39 indicators in two systems, ChinaXiv 202006.00126.

    The paper prints entropies (three decimals), not the data: thirteen observations are made that
    have each printed entropy, and weighed. Rounded entropies move a weight by up to 2e-4.
    """
    rows = pd.read_csv(GOLDEN / "zhangye_weights.csv")
    for _, system in rows.groupby("system"):
        columns = [column_of_entropy(target, 13) for target in system["printed_entropy"]]
        weights = entropy_weights(np.column_stack(columns))
        np.testing.assert_allclose(weights, system["printed_weight"], atol=5e-4 + 2e-4)


def column_of_entropy(target: float, count: int) -> np.ndarray:
    """Make observations of a given entropy: powers, of a base found by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        column = middle ** np.arange(count)
        low, high = (middle, high) if entropy(column[:, None])[0] < target else (low, middle)
    return column


def rivers() -> tuple[pd.DataFrame, np.ndarray]:
    """Twenty rivers with the book's own scales for the acidity and the nutrients."""
    rows = pd.read_csv(GOLDEN / "rivers.csv")
    off_seven = (rows["ph"] - 7).abs()
    acidity = 1 - off_seven / off_seven.max()
    nutrients = rows["nutrients"]
    off_range = np.maximum(np.maximum(10 - nutrients, nutrients - 20), 0)
    nutrition = 1 - off_range / max(10 - nutrients.min(), nutrients.max() - 20)
    oxygen, bacteria = minmax(rows["oxygen"]), minmax(rows["bacteria"], direction=-1)
    return rows, np.column_stack([oxygen, acidity, bacteria, nutrition])


def test_entropy_weights_give_the_printed_scores_of_the_rivers():
    """Water quality of 20 rivers, mathmodels book (zhjx19), scores with five decimals.

    The book moves 0 and 1 to .002 and .998: by shrinking the two indicators that it scales
    itself, by replacing the values 0 and 1 in the other two.
    """
    rows, z = rivers()
    z = np.clip(z, 0.002, 0.998)
    for column in (0, 2):
        raw = minmax(rows[["oxygen", "bacteria"][column // 2]], direction=1 - column)
        z[:, column] = ZERO_POLICIES["shrink"](raw)
    scores = 100 * z @ entropy_weights(z)
    np.testing.assert_allclose(scores, rows["printed_entropy_score"], atol=5.1e-6)


def test_critic_weights_give_the_printed_scores_of_the_rivers():
    """Water quality of 20 rivers, mathmodels book (zhjx19), scores with five decimals."""
    rows, z = rivers()
    np.testing.assert_allclose(
        100 * z @ critic_weights(z), rows["printed_critic_score"], atol=5.1e-6
    )


# Eight firms × three criteria: Diakoulaki, Mavrotas and Papayannakis (1995), Computers &
# Operations Research 22(7):763–770, read in the tests of scikit-criteria.
FIRMS = np.array(
    [
        [61, 1.08, 4.33],
        [20.7, 0.26, 4.34],
        [16.3, 1.98, 2.53],
        [9, 3.29, 1.65],
        [5.4, 2.77, 2.33],
        [4, 4.12, 1.21],
        [-6.1, 3.52, 2.10],
        [-34.6, 3.31, 0.98],
    ]
)


def test_critic_weights_of_the_paper_that_proposed_them():
    weights = critic_weights(minmax(FIRMS))
    np.testing.assert_allclose(weights, [0.20222554, 0.48090173, 0.31687273], atol=5e-9)


TOURISM = {
    "goal": (
        "1 1/2 4 3 3 / 2 1 7 5 5 / 1/4 1/7 1 1/2 1/3 / 1/3 1/5 2 1 1 / 1/3 1/5 3 1 1",
        [0.26360349, 0.47583538, 0.05381460, 0.09806829, 0.10867824],
        0.01609027,
    ),
    "scenery": ("1 2 5 / 1/2 1 2 / 1/5 1/2 1", [0.5953790, 0.2763505, 0.1282705], 0.004771648),
    "cost": ("1 1/3 1/8 / 3 1 1/3 / 8 3 1", [0.08193475, 0.23634070, 0.68172455], 0.001328987),
    "stay": ("1 1 3 / 1 1 3 / 1/3 1/3 1", [0.4285714, 0.4285714, 0.1428571], 0),
    "food": ("1 3 4 / 1/3 1 1 / 1/4 1 1", [0.6337079, 0.1919206, 0.1743715], 0.007933373),
    "travel": ("1 1 1/4 / 1 1 1/4 / 4 4 1", [0.1666667, 0.1666667, 0.6666667], 0),
}


@pytest.mark.parametrize("case", TOURISM)
def test_ahp_weights_of_the_tourism_site(case):
    """Choice of a tourism site, mathmodels book (zhjx19): weights and ratios, seven digits."""
    text, weights, ratio = TOURISM[case]
    rows = text.split(" / ")
    result = ahp_weights([[float(Fraction(cell)) for cell in row.split()] for row in rows])
    np.testing.assert_allclose(result.weights, weights, atol=5.1e-8)
    assert result.consistency_ratio == pytest.approx(ratio, abs=5.1e-9)


# Cross-checks


@given(tables())
def test_entropy_weights_are_those_of_scikit_criteria(z):
    np.testing.assert_allclose(entropy_weights(z), weighters.entropy_weights(z), rtol=1e-9)


@given(tables(columns=4))
def test_critic_weights_are_those_of_scikit_criteria(z):
    scaled = minmax(z)
    assume((np.abs(np.corrcoef(scaled, rowvar=False)[np.triu_indices(4, 1)]) < 0.999).any())
    peers = weighters.critic_weights(z, [1] * 4)
    np.testing.assert_allclose(critic_weights(scaled), peers, rtol=1e-9)


# What must hold


@given(tables())
def test_entropy_weights_are_shares_of_theil_indices(z):
    indices = np.array([theil(column).total for column in z.T])
    np.testing.assert_allclose(entropy_weights(z), indices / indices.sum(), rtol=1e-9)


@given(tables(), st.sampled_from(sorted(ZERO_POLICIES)))
def test_weights_are_shares_whatever_is_done_about_zeros(z, zero):
    weights = entropy_weights(z, zero)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= -1e-12).all()


@given(tables(), st.randoms())
def test_the_order_of_observations_does_not_matter(z, random):
    order = list(range(len(z)))
    random.shuffle(order)
    np.testing.assert_allclose(entropy_weights(z[order]), entropy_weights(z), rtol=1e-9)


@given(tables(-50, 50), st.floats(0.1, 10), st.floats(-100, 100))
def test_minmax_does_not_see_units(x, scale, origin):
    z = minmax(x)
    assert z.min() == 0
    assert z.max() == 1
    np.testing.assert_allclose(minmax(scale * x + origin), z, atol=1e-9)
    np.testing.assert_allclose(minmax(x, direction=-1), 1 - z, atol=1e-12)


def test_weights_from_data_follow_outliers_and_repetitions():
    """Data-driven is not objective: one wild value lifts a weight, a copy of a column too."""
    random = np.random.default_rng(3)
    x = random.random((40, 4))
    wild = x.copy()
    wild[x[:, 0].argmax(), 0] *= 20
    assert entropy_weights(minmax(wild))[0] > 1.5 * entropy_weights(minmax(x))[0]
    assert critic_weights(minmax(wild))[0] < critic_weights(minmax(x))[0]
    twice = np.column_stack([x, x[:, 0]])
    for weigh in (entropy_weights, critic_weights):
        assert weigh(minmax(twice))[[0, 4]].sum() > 1.2 * weigh(minmax(x))[0]


def test_adding_one_to_all_flattens_entropy_weights():
    """As ChinaXiv 202208.00077 does; the other policies change little."""
    _, z = rivers()
    weights = {zero: entropy_weights(z, zero) for zero in ZERO_POLICIES}
    spreads = {zero: np.ptp(of_policy) for zero, of_policy in weights.items()}
    assert spreads["shift"] < 0.7 * spreads["limit"]
    for zero in ("shrink", "replace"):
        np.testing.assert_allclose(weights[zero], weights["limit"], atol=1e-3)


def test_zero_policies_do_what_their_sources_do():
    z = np.array([0.0, 0.5, 1.0])
    assert {name: policy(z).tolist() for name, policy in ZERO_POLICIES.items()} == {
        "limit": [0, 0.5, 1],
        "shrink": [0.002, pytest.approx(0.5), 0.998],
        "interval": [0.01, pytest.approx(0.5), 0.99],
        "replace": [1e-6, 0.5, 1],
        "shift": [1, 1.5, 2],
    }


def test_labels_are_kept():
    z = pd.DataFrame({"jobs": [0.0, 0.2, 1.0], "wages": [0.1, 1.0, 0.0]}, index=["a", "b", "c"])
    assert entropy_weights(z).index.tolist() == ["jobs", "wages"]
    assert critic_weights(z).index.tolist() == ["jobs", "wages"]
    pd.testing.assert_frame_equal(minmax(z), z)
    pd.testing.assert_series_equal(minmax(z["wages"]), z["wages"])


def test_given_bounds_are_not_cut_off():
    np.testing.assert_allclose(minmax([5.0, 10.0, 25.0], lower=10, upper=20), [-0.5, 0, 1.5])
    z = minmax([[1.0, 1], [2, 3]], lower=[0, 1], upper=[4, 5], direction=[1, -1])
    np.testing.assert_allclose(z, [[0.25, 1], [0.5, 0.5]])


def test_one_indicator_has_all_the_weight():
    assert critic_weights([[0.1], [0.4]]).tolist() == [1]
    assert entropy_weights([[0.1], [0.4]]).tolist() == [1]
    assert equal_weights(1).tolist() == [1]


BROKEN = [
    (lambda: minmax([1, np.nan, 3]), "x: nan at position 1 is missing or infinite"),
    (lambda: minmax(["a", "b"]), "x: expected numbers, found"),
    (lambda: minmax([]), "x: there are no values"),
    (lambda: minmax([2, 2]), r"x: column 0 is constant \(2\)"),
    (lambda: minmax(pd.DataFrame({"a": [1, 2], "b": [3, 3]})), "the column 'b' is constant"),
    (lambda: minmax([1, 2], lower=3, upper=3), "the upper bound, 3, is not above the lower one"),
    (lambda: minmax([1, 2], direction=0), "direction: expected 1 or -1, found 0"),
    (lambda: minmax([[1, 2], [3, 4]], lower=[0, 0, 0]), "lower: expected one number or 2, fo"),
    (lambda: entropy_weights([[0.1, -0.2], [1, 1]]), r"z: -0.2 at position \(0, 1\) is negative"),
    (lambda: entropy_weights([[0.1, 0.2], [1, np.inf]]), "is missing or infinite"),
    (lambda: entropy_weights([[0.5, 0.2], [0.5, 1]]), r"column 0 is constant \(0.5\)"),
    (lambda: entropy_weights([[0.5, 0.2]]), "at least two observations"),
    (lambda: entropy_weights([0.5, 0.2]), "expected observations × indicators"),
    (lambda: entropy_weights([[0, 1], [1, 0]], zero="ignore"), "zero: expected one of limit"),
    (lambda: critic_weights([[0.5, 0.2], [0.5, 1]]), r"column 0 is constant \(0.5\)"),
    (lambda: critic_weights([[0, 0], [0.5, 0.5], [1, 1]]), "all indicators move in step"),
    (lambda: equal_weights(0), "at least one indicator"),
    (lambda: ahp_weights([[1, 2]]), "expected a square one"),
    (lambda: ahp_weights([[1, 2], [2, 1]]), r"2 at \(0, 1\) and 2 at \(1, 0\) are not each"),
    (lambda: ahp_weights([[1, -2], [-0.5, 1]]), "a judgement is not positive"),
    (lambda: ahp_weights(np.ones((12, 12))), "no agreed random index beyond 11"),
]


@pytest.mark.parametrize(("call", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_cannot_be_weighed_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_judgements_that_agree_are_consistent():
    importance = np.array([1, 2, 4, 3])
    result = ahp_weights(importance[:, None] / importance)
    np.testing.assert_allclose(result.weights, importance / 10)
    assert result.consistency_ratio == pytest.approx(0, abs=1e-12)
    assert ahp_weights([[1, 3], [1 / 3, 1]]).consistency_ratio == 0


@pytest.mark.parametrize(
    ("order", "index"),
    list(enumerate([0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51], start=3)),
)
def test_the_ratio_divides_by_saaty_s_index_of_that_order(order, index):
    """Random indices: Saaty (1980), as the R package mathmodels prints them."""
    judgements = np.ones((order, order))
    judgements[0, 1], judgements[1, 0] = 4, 1 / 4
    largest = np.linalg.eigvals(judgements).real.max()
    found = ahp_weights(judgements).consistency_ratio
    assert found == pytest.approx((largest - order) / (order - 1) / index)
    assert len(RANDOM_INDEX) == 11
