"""The level of convergence: a pair of ingredients, combined and classed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convergence.measures.coupling import Scheme
from convergence.measures.level import COMBINATIONS, FIVE_CLASSES, across_pairs, level

fraction = st.floats(0, 1)


@given(fraction, fraction)
def test_levels_lie_where_their_formulas_put_them(j, x):
    found = {combine: level(j, x, combine) for combine in COMBINATIONS}
    assert found["product"].value == pytest.approx(j * x)
    assert found["geometric"].value == pytest.approx((j * x) ** 0.5)
    assert found["mean"].value == pytest.approx((j + x) / 2)
    values = [found[one].value for one in ("product", "geometric", "mean")]
    assert values == pytest.approx(sorted(values))
    assert all(one.label in FIVE_CLASSES.labels("en") for one in found.values())


def test_classes_begin_at_their_cut_points():
    found = level([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert found.label.tolist() == [*FIVE_CLASSES.labels("en"), "high"]
    assert len(found.value) == 6


def test_other_classes_can_be_plugged_in():
    two = Scheme("level", (0.5,), (), "here", en=("lower", "upper"))
    assert level(0.5, 0.5, classes=two).label == "upper"


def test_the_result_says_which_pair_it_is():
    assert level(0.1, 0.2, "product", names=("IO", "D")).pair == "IO and D, product"


def test_the_word_depends_on_the_pair():
    provinces = ["Beijing", "Anhui"]
    closeness = {
        "shares": pd.Series([0.9, 0.8], index=provinces),
        "growth": pd.Series([0.1, 0.9], index=provinces),
    }
    table = across_pairs(closeness, {"D": np.array([0.6, 0.5]), "C": np.array([0.9, 0.9])})
    assert len(table) == 8
    beijing = table[table["unit"] == "Beijing"].set_index(["closeness", "coordination"])
    assert beijing["label"].to_dict() == {
        ("shares", "D"): "rather high",
        ("shares", "C"): "high",
        ("growth", "D"): "low",
        ("growth", "C"): "low",
    }
    one = level(closeness["growth"], [0.6, 0.5])
    same = table.query("closeness == 'growth' and coordination == 'D'")
    assert same["value"].tolist() == one.value.tolist()


BROKEN = [
    (lambda: level(1.2, 0.5), "closeness: 1.2 is above 1"),
    (lambda: level(0.5, -0.1), "coordination: -0.1 is negative"),
    (lambda: level([0.5, np.nan], [1, 1]), "closeness: nan at position 1 is missing"),
    (lambda: level([0.5], [1, 1], names=("IO", "D")), "IO and D differ in length: 1 and 2"),
    (lambda: level(0.5, 0.5, "sum"), "combine: expected one of geometric, product, mean"),
]


@pytest.mark.parametrize(("call", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_has_no_level_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()
