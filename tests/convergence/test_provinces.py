"""Findings about provinces that a reader can check by hand, computed from the tables alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convergence.measures.coupling import coordination
from convergence.measures.multiverse import CHOICES, variance_decomposition
from convergence.measures.placebo import contiguous_groups
from convergence.tables import load

FIRST, LAST = 2005, 2018


@pytest.fixture(scope="module")
def strata() -> pd.DataFrame:
    return load("province_strata").set_index(["province", "year"])


@pytest.fixture(scope="module")
def both(strata: pd.DataFrame) -> np.ndarray:
    """Arrange secondary and tertiary value added as provinces × years × 2."""
    parts = [(strata["gdp"] * strata[part] / 100).unstack() for part in ("secondary", "tertiary")]
    return np.stack(parts, axis=-1)


def mean_degrees(values: np.ndarray, axis: int | tuple[int, int]) -> np.ndarray:
    low, high = values.min(axis=axis, keepdims=True), values.max(axis=axis, keepdims=True)
    return coordination((values - low) / (high - low)).D.mean(axis=0)


@pytest.mark.parametrize(
    ("axis", "in_2006", "in_2018"), [(1, 0.21, 0.98), ((0, 1), 0.24, 0.49), (0, 0.45, 0.48)]
)
def test_very_low_to_high_is_what_a_scale_of_its_own_gives_every_province(
    both, axis, in_2006, in_2018
):
    means = mean_degrees(both, axis)
    assert means[2006 - FIRST] == pytest.approx(in_2006, abs=0.006)
    assert means[LAST - FIRST] == pytest.approx(in_2018, abs=0.006)


def test_strata_of_the_provinces_are_complete_and_make_their_gdp(strata):
    assert len(strata) == 31 * (LAST - FIRST + 1)
    whole = strata[["primary", "secondary", "tertiary"]].sum(axis=1)
    assert whole.between(99.89, 100.11).all()


def test_private_firms_turn_the_fall_of_manufacturing_jobs():
    # Urban units lost a fifth from 2013 to 2018; with private firms and the self-employed nothing.
    jobs = load("panel_31").pivot_table(
        index="year", columns="indicator", values="value", aggfunc="sum"
    )
    urban = jobs["employment_manufacturing"]
    everyone = urban + jobs["private_employment_manufacturing"]
    assert urban[2018] / urban[2013] - 1 == pytest.approx(-0.205, abs=0.001)
    assert everyone[2018] / everyone[2013] - 1 == pytest.approx(-0.008, abs=0.001)


def neighbours() -> dict[str, list[str]]:
    return load("province_neighbours").groupby("province")["neighbour"].agg(list).to_dict()


def connected(units: set[str], near: dict[str, list[str]]) -> bool:
    reached, edge = set(), {min(units)}
    while edge:
        reached |= edge
        edge = {other for unit in edge for other in near[unit]} & units - reached
    return reached == units


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1_000))
def test_regions_of_a_random_map_are_connected_and_of_the_sizes_asked(seed):
    near, sizes = neighbours(), [12, 10, 6, 3]
    for drawn in contiguous_groups(near, sizes, times=3, seed=seed):
        names = pd.Series(drawn, index=[*near])
        assert names.value_counts().sort_index().tolist() == sizes
        assert all(
            connected(set(members), near) for members in names.groupby(names).groups.values()
        )


def test_random_maps_can_be_drawn_again_and_differ_by_seed():
    near = neighbours()
    first, again, other = (
        contiguous_groups(near, [12, 11, 8], times=4, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("near", "sizes", "message"),
    [
        ({"a": ["b"], "b": ["a"]}, [1], "they sum to 1, but there are 2 units"),
        ({"a": ["c"], "b": ["a"]}, [1, 1], "'c' is a neighbour, but not a unit"),
        ({"a": [], "b": []}, [2], "no map of connected groups was found"),
    ],
)
def test_a_map_that_cannot_be_drawn_is_refused(near, sizes, message):
    with pytest.raises(ValueError, match=message):
        contiguous_groups(near, sizes, times=1)


def test_a_choice_of_ones_own_has_its_share_beside_the_others():
    table = pd.DataFrame(
        {"kind": ["a", "a", "b", "b"], "population": ["urban", "all"] * 2, "rise": [1.0, 4, 1, 4]}
    )
    shares = variance_decomposition(table, "rise", [*CHOICES, "population"]).set_index("choice")
    assert shares.loc["population", "share"] == pytest.approx(1)
    assert (
        "population"
        not in variance_decomposition(table.assign(rise=[1.0, 4, 2, 5]), "rise")["choice"].tolist()
    )
