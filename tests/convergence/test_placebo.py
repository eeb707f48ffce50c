"""Placebos: partners that cannot converge, and what a measure makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convergence.measures.coupling import coordination
from convergence.measures.placebo import (
    SURVIVES,
    against_placebos,
    rise,
    scrambled,
    survives,
    trend_alone,
)
from convergence.measures.weights import minmax

UNITS, PERIODS = 20, 6


def growing(seed: int) -> np.ndarray:
    """Quantities that have nothing in common but growth."""
    random = np.random.default_rng(seed)
    size = random.lognormal(0, 0.5, (UNITS, 1))
    return size * 1.15 ** np.arange(PERIODS) * random.lognormal(0, 0.05, (UNITS, PERIODS))


def coordinated(a: Any, b: Any) -> np.ndarray:
    """Scale both over the panel and coordinate them, as the literature does."""
    scaled = [minmax(system.reshape(-1, 1)).reshape(system.shape) for system in (a, b)]
    return coordination(np.stack(scaled, axis=-1)).D


@given(st.integers(2, 12), st.integers(0, 100))
def test_nobody_keeps_a_partner_and_nobody_is_lost(units, seed):
    partner = np.arange(units)[:, None] * np.ones(3)
    for arranged in scrambled(partner, times=5, seed=seed):
        assert (arranged != partner).all()
        assert sorted(arranged[:, 0]) == sorted(partner[:, 0])


def test_scrambling_can_be_drawn_again():
    partner = growing(0)
    assert np.array_equal(scrambled(partner, 3, seed=1), scrambled(partner, 3, seed=1))
    assert not np.array_equal(scrambled(partner, 3, seed=1), scrambled(partner, 3, seed=2))
    assert scrambled(np.ones((4, 3, 2)), times=7).shape == (7, 4, 3, 2)


def test_a_trend_alone_keeps_levels_and_the_common_trend():
    partner = growing(0)
    placebo = trend_alone(partner)
    np.testing.assert_allclose(placebo.mean(axis=1), partner.mean(axis=1))
    np.testing.assert_allclose(placebo.mean(axis=0), partner.mean(axis=0))
    growth = placebo[:, 1:] / placebo[:, :-1]
    np.testing.assert_allclose(growth, growth[:1].repeat(UNITS, axis=0))
    both = np.stack([partner, 2 * partner], axis=-1)
    np.testing.assert_allclose(trend_alone(both)[..., 0], placebo)


def test_the_coordination_degree_rises_as_much_on_scrambled_partners():
    """Two unrelated quantities that grow: the index rises, and does not need the pair for it."""
    a, b = growing(1), growing(2)
    placebos = {"scrambled": scrambled(b, times=100), "trend": trend_alone(b), "other": growing(3)}
    table = against_placebos(coordinated, a, b, placebos).set_index("pair")
    assert table.index.tolist() == ["real", "scrambled", "trend", "other"]
    assert table["draws"].tolist() == [1, 100, 1, 1]
    assert (table["statistic"] > 0.2).all()
    assert table.loc["scrambled", "statistic"] == pytest.approx(
        table.loc["real", "statistic"], rel=0.1
    )


def test_no_partner_stands_out_among_unrelated_ones():
    shares = []
    for seed in range(20):
        a, b = growing(100 + seed), growing(200 + seed)
        table = against_placebos(coordinated, a, b, {"scrambled": scrambled(b, times=40)})
        shares.append(table["at_least_real"].iloc[1])
    assert 0.3 < np.mean(shares) < 0.7


def test_a_measure_of_the_pair_does_tell_partners_apart():
    a = growing(1)
    b = a * np.random.default_rng(4).lognormal(0, 0.02, a.shape)
    closeness = against_placebos(
        lambda x, y: -np.abs(np.log(x / y)), a, b, {"scrambled": scrambled(b, 100)},
        statistic=np.mean,
    ).set_index("pair")  # fmt: skip
    assert closeness.loc["scrambled", "at_least_real"] == 0
    assert closeness.loc["scrambled", "highest"] < closeness.loc["real", "statistic"]


def test_rise_is_the_change_of_the_mean():
    values = np.random.default_rng(0).random((5, 4))
    assert rise(values) == pytest.approx(values.mean(axis=0)[-1] - values.mean(axis=0)[0])


@pytest.mark.parametrize("sign", [1, -1])
def test_a_finding_has_one_sign_and_goes_beyond_the_placebo(sign):
    up, mixed = sign * np.array([0.1, 0.2]), sign * np.array([0.1, -0.2])
    assert survives(up, up) == "yes"
    assert survives(up, mixed) == "also on the placebo"
    assert survives(mixed, up) == "no"
    # A placebo that changes more in every specification is no mark of the pair.
    assert survives(up, -up) == "also on the placebo"
    assert survives(up, 0 * up) == "also on the placebo"
    assert survives(0 * up, up) == "no"
    assert set(SURVIVES) == {"yes", "also on the placebo", "no"}


PAIR = np.array([[1.0, 2.0], [3.0, 5.0]])
BROKEN = [
    (lambda: scrambled([[1, 2]]), "partner: expected at least two units"),
    (lambda: scrambled([1, 2]), "partner: expected at least two units"),
    (lambda: scrambled([[1, np.nan], [1, 2]]), "partner: nan at position .* is missing"),
    (lambda: trend_alone([[0, 0], [0, 0]]), "the mean of an indicator is 0"),
    (lambda: rise([1, 2]), "expected units × periods"),
    (lambda: survives([], [1]), "answers: there are no values"),
    (lambda: survives([1], [np.nan]), "beyond: nan at position 0 is missing"),
    (lambda: against_placebos(coordinated, PAIR, PAIR[:, :1], {}), "differ in units or periods"),
    (lambda: against_placebos(coordinated, PAIR, PAIR, {"x": PAIR[:, :1]}),
     "x: expected the shape of second"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_is_no_placebo_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()
