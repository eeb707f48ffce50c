"""Coupling and coordination: published cases, right and wrong, and what holds for each kind."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convergence.measures.coupling import (
    KINDS,
    NEED_FRACTIONS,
    SCHEMES,
    coordination,
    coupling_degree,
    grade,
)
from convergence.measures.weights import minmax

GOLDEN = Path(__file__).with_name("golden")
RATIOS = ("standard", "liao")

levels = st.lists(st.floats(0.001, 1), min_size=2, max_size=5)
kinds = st.sampled_from(sorted(KINDS))


# Published cases that reproduce


def test_xinjiang_tourism_economy_and_ecology():
    """Three systems, weights .3/.3/.4, 2008–2017 (ChinaXiv preprint), four decimals.

    The systems are printed rounded, which moves results by up to 1e-4. The D printed for 2017
    does not follow from the C and the T printed beside it.
    """
    rows = pd.read_csv(GOLDEN / "xinjiang_tourism.csv")
    result = coordination(rows[["tourism", "economy", "ecology"]], weights=[0.3, 0.3, 0.4])
    np.testing.assert_allclose(result.C, rows["printed_c"], atol=5e-5)
    np.testing.assert_allclose(result.T, rows["printed_t"], atol=1e-4)
    typo = rows["year"] == 2017
    np.testing.assert_allclose(result.D[~typo], rows["printed_d"][~typo], atol=1e-4)
    printed = rows[typo].iloc[0]
    assert printed["printed_d"] == 0.7659
    assert round((printed["printed_c"] * printed["printed_t"]) ** 0.5, 4) == 0.7656
    assert round(result.D[typo][0], 4) == 0.7656
    assert grade(result, language="zh").tolist() == rows["printed_grade"].tolist()


def test_kubuqi_from_raw_figures_to_coordination():
    """Kubuqi desert 2008–2017, ChinaXiv 202101.00006, Liao's kind with k = 2, end to end.

    Raw indicators, min–max, the printed AHP weights, the two systems, C and D: four decimals.
    """
    rows = pd.read_csv(GOLDEN / "kubuqi_indicators.csv")
    systems = []
    for _, system in rows.groupby("system"):
        x = system.pivot(index="year", columns="indicator", values="value")
        about = system.drop_duplicates("indicator").set_index("indicator").loc[x.columns]
        systems.append(minmax(x, direction=about["direction"]) @ about["printed_weight"])
    result = coordination(np.column_stack(systems), kind="liao", k=2)
    c, d = (pd.Series(one, index=x.index).round(4) for one in (result.C, result.D))
    assert c[[2009, 2011]].tolist() == [0.6020, 0.9968]
    # 2009 is 0.30025, at the edge between the printed 0.3002 and 0.3003.
    assert d[[2008, 2011]].tolist() == [0.1663, 0.5006]
    assert d[2009] == pytest.approx(0.3002, abs=1e-4)


# Four systems of Guangzhou's quarters (2010), the first six of 118, scaled and computed by the R
# package coupling, as printed in its vignette "Coupling Coordination Degree Model and Metacoupling
# Analysis" (stscl.github.io/coupling/articles/ccd.html).
QUARTERS = [
    [0.8179733, 0.3246648, 0.6590316, 0.1308531],
    [0.3020233, 0.1318888, 0.4046987, 0.5173794],
    [0.9209903, 0.3353516, 0.6921477, 0.3141320],
    [0.9604095, 0.3914758, 0.7099999, 0.4316421],
    [0.9061589, 0.3473603, 0.7297774, 0.6909494],
    [0.9456379, 0.4391423, 0.7304117, 0.4792905],
]
PRINTED = {
    "standard": (
        [0.8051958, 0.8914577, 0.8999423, 0.9346128, 0.9440912, 0.9519923],
        [0.6237105, 0.5497290, 0.7134825, 0.7632959, 0.7944703, 0.7858001],
    ),
    "wang2021": (
        [0.4722274, 0.6211236, 0.5375842, 0.5861986, 0.6640321, 0.6319211],
        [0.4776480, 0.4588675, 0.5514412, 0.6045044, 0.6662930, 0.6402164],
    ),
    "fan2024": (
        [0.4593785, 0.7164548, 0.4915051, 0.5399620, 0.5951898, 0.5907777],
        [0.4711049, 0.4928249, 0.5272784, 0.5801746, 0.6308098, 0.6190239],
    ),
}


@pytest.mark.parametrize("kind", PRINTED)
def test_three_kinds_as_the_r_package_prints_them(kind):
    result = coordination(QUARTERS, kind=kind)
    np.testing.assert_allclose(result.C, PRINTED[kind][0], atol=1.5e-7)
    np.testing.assert_allclose(result.D, PRINTED[kind][1], atol=1.5e-7)


# Published cases that do not


def test_zhangye_prints_c_in_the_column_of_d():
    """Zhangye urbanisation and eco-security 2005–2017, ChinaXiv 202006.00126.

    The printed "D" is C (the systems are printed to three decimals, hence 4e-3); D itself is up
    to .39 lower: in 2012, .633 and not 1.000.
    """
    rows = pd.read_csv(GOLDEN / "zhangye_coordination.csv")
    result = coordination(rows[["urbanisation", "ecology"]])
    np.testing.assert_allclose(result.C, rows["printed_d"], atol=4e-3)
    too_high = rows["printed_d"] - result.D
    assert too_high.max() == pytest.approx(0.3947, abs=5e-5)
    year_2012 = (rows["year"] == 2012).to_numpy()
    assert rows["printed_d"][year_2012].item() == 1.0
    assert result.D[year_2012].item() == pytest.approx(0.633, abs=5e-4)


def test_xinjiang_services_lost_the_denominator_of_c():
    """Public services of 14 prefectures, ChinaXiv 202011.00074: the printed C is √(F₁F₂).

    Without its denominator C is a level, D too, and every one of the 14 grades changes.
    """
    rows = pd.read_csv(GOLDEN / "xinjiang_services.csv")
    systems = rows[["f1", "f2"]].to_numpy()
    np.testing.assert_allclose(np.sqrt(systems.prod(axis=1)), rows["printed_c"], atol=1e-4)
    np.testing.assert_allclose(
        np.sqrt(rows["printed_c"] * rows["printed_t"]), rows["printed_d"], atol=1e-4
    )
    result = coordination(systems)
    assert result.C.min() > 0.94
    assert (grade(result, language="zh") != rows["printed_grade"]).all()


def test_yarkant_s_formula_cannot_reach_its_upper_grades():
    """River health in Yarkant, three systems, ChinaXiv 201811.00040.

    The formula has pairwise sums below, (fgh / ((f+g)(g+h)(h+f)))^(1/3), and so is one half at
    most; it gives the printed numbers, about half of the standard C.
    """
    rows = pd.read_csv(GOLDEN / "yarkant.csv")
    f, g, h = (rows[name] for name in "fgh")
    printed = (f * g * h / ((f + g) * (g + h) * (h + f))) ** (1 / 3)
    np.testing.assert_allclose(printed, rows["printed_c"], atol=5e-4)
    np.testing.assert_allclose(np.sqrt(printed * rows["printed_t"]), rows["printed_d"], atol=6e-4)
    assert (printed <= 0.5).all()
    standard = coupling_degree(rows[["f", "g", "h"]])
    np.testing.assert_allclose(standard.round(4), [0.8022, 0.9080, 0.8946])


# What must hold, kind by kind


@given(levels, kinds)
def test_degrees_are_fractions(u, kind):
    result = coordination(u, kind=kind)
    assert 0 <= result.C <= 1
    assert min(u) - 1e-9 <= result.T <= max(u) + 1e-9
    assert result.D <= result.T**0.5 + 1e-12


@given(levels, kinds, st.randoms())
def test_the_order_of_systems_does_not_matter(u, kind, random):
    other = list(u)
    random.shuffle(other)
    assert coupling_degree(other, kind) == pytest.approx(coupling_degree(u, kind), abs=1e-9)


@given(st.floats(1e-6, 1), st.integers(2, 6), kinds)
def test_equal_systems_are_fully_coupled(level, count, kind):
    assert coupling_degree([level] * count, kind) == pytest.approx(1, abs=1e-12)


@given(levels)
def test_coupling_cancels_from_the_standard_coordination_degree(u):
    """With equal weights D is the root of the geometric mean: C is not in it any more."""
    geometric_mean = np.exp(np.mean(np.log(u)))
    assert pytest.approx(geometric_mean**0.5, rel=1e-9) == coordination(u).D


@given(levels, st.floats(0.01, 1))
def test_ratios_do_not_see_the_scale(u, scale):
    for kind in RATIOS:
        scaled = coupling_degree([scale * one for one in u], kind)
        assert scaled == pytest.approx(coupling_degree(u, kind), rel=1e-9)


def test_wang_and_fan_do_see_the_scale():
    def both(kind: str) -> list[float]:
        return [round(coupling_degree(u, kind), 3) for u in ([0.2, 0.4], [0.4, 0.8])]

    assert both("wang2021") == [0.632, 0.548]
    assert both("fan2024") == [0.8, 0.6]


@given(levels)
def test_liao_is_a_power_of_the_standard_kind(u):
    expected = coupling_degree(u) ** (len(u) * 3)
    assert coupling_degree(u, "liao", k=3) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(levels)
def test_fan_is_one_less_two_standard_deviations(u):
    assert coupling_degree(u, "fan2024") == pytest.approx(1 - 2 * np.std(u), abs=1e-9)
    n, total, squares = len(u), sum(u), sum(one**2 for one in u)
    printed = 1 - 2 * max((n * squares - total**2) / n**2, 0) ** 0.5
    # The printed form subtracts two large numbers: half of its digits are lost near 1.
    assert coupling_degree(u, "fan2024") == pytest.approx(printed, abs=1e-6)


@given(levels, st.integers(0, 4), st.floats(0, 1))
def test_the_standard_coordination_degree_never_falls_when_a_system_improves(u, which, gain):
    better = list(u)
    which %= len(u)
    better[which] = min(1, better[which] + gain)
    assert coordination(better).D >= coordination(u).D - 1e-12


@pytest.mark.parametrize(
    ("kind", "after"), [("liao", 0.441), ("wang2021", 0.377), ("fan2024", 0.406)]
)
def test_the_others_do_fall_when_one_system_improves(kind, after):
    result = coordination([[0.2, 0.2], [0.2, 0.9]], kind=kind)
    assert result.T[1] > result.T[0]
    assert result.D.round(3).tolist() == [0.447, after]


def test_kinds_spread_differently_over_the_same_systems():
    """Of random pairs the standard C puts three quarters above .8, Wang's one quarter."""
    u = np.random.default_rng(0).random((100_000, 2))
    high = {kind: (coupling_degree(u, kind) > 0.8).mean() for kind in KINDS}
    assert high == pytest.approx(
        {"standard": 0.75, "liao": 0.49, "fan2024": 0.36, "wang2021": 0.24}, abs=0.01
    )


def test_zero_systems_have_a_stated_degree():
    one_zero = [coupling_degree([0.0, 0.5], kind) for kind in KINDS]
    assert one_zero == [0, 0, 0, 0.5]
    assert coupling_degree([0, 0.5, 0.5], "fan2024") > 0
    assert [coupling_degree([0.0, 0.0], kind) for kind in KINDS] == [0, 0, 0, 1]
    assert [coordination([0.0, 0.0], kind=kind).D for kind in KINDS] == [0, 0, 0, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_axis_holds_the_systems(kind):
    u = np.random.default_rng(1).random((4, 3, 2))
    result = coordination(u, weights=[0.3, 0.7], kind=kind)
    assert result.C.shape == result.T.shape == result.D.shape == (4, 3)
    alone = coordination(u[2, 1], weights=[0.3, 0.7], kind=kind)
    assert [result.C[2, 1], result.T[2, 1], result.D[2, 1]] == pytest.approx(list(alone[:3]))
    assert isinstance(alone.D, float)


BROKEN = [
    (lambda: coupling_degree([0.5]), "at least two systems"),
    (lambda: coupling_degree(0.5), "at least two systems"),
    (lambda: coupling_degree([0.5, -0.1]), "u: -0.1 at position 1 is negative"),
    (lambda: coupling_degree([0.5, np.nan]), "u: nan at position 1 is missing"),
    (lambda: coupling_degree([0.5, 1.2], "wang2021"), "u: 1.2 at position 1 is above 1"),
    (lambda: coupling_degree([0.5, 1.2], "fan2024"), "u: 1.2 at position 1 is above 1"),
    (lambda: coupling_degree([0.5, 0.5], "wang"), "kind: expected one of standard, liao, wang"),
    (lambda: coupling_degree([0.5, 0.5], "liao", k=0), "k: expected a positive power"),
    (lambda: coordination([0.5, 0.5], weights=[0.5, 0.6]), "they sum to 1.1, not to 1"),
    (lambda: coordination([0.5, 0.5], weights=[1.5, -0.5]), "weights: -0.5 at position 1 is neg"),
    (lambda: coordination([0.5, 0.5], weights=[0.3, 0.3, 0.4]), "expected 2 of them, found 3"),
]


@pytest.mark.parametrize(("call", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_cannot_be_coupled_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# Grades


@pytest.mark.parametrize("name", SCHEMES)
def test_every_scheme_is_a_whole_table(name):
    scheme = SCHEMES[name]
    assert scheme.quantity in "CD"
    assert all(0 < a < b < 1 for a, b in pairwise(scheme.cuts))
    assert scheme.kinds
    assert scheme.source
    for language in ("en", "zh"):
        labels = scheme.labels(language)
        assert len(labels) == len(set(labels)) == len(scheme.cuts) + 1


@given(st.floats(0, 1), st.sampled_from(sorted(SCHEMES)))
def test_every_value_has_exactly_one_grade(value, name):
    scheme = SCHEMES[name]
    label = grade(value, name, kind="standard", override=True)
    position = scheme.labels("en").index(label)
    low, high = [*(0, *scheme.cuts), 1][position], (*scheme.cuts, 1)[position]
    assert low <= value <= high


def test_cut_points_belong_to_one_side():
    cuts = list(SCHEMES["ten"].cuts)
    above = SCHEMES["ten"].labels("en")[1:]
    assert grade(cuts, "ten", kind="standard").tolist() == list(above)
    below = SCHEMES["ten-tian2021"].labels("en")[:-1]
    assert grade(cuts, "ten-tian2021", kind="standard", override=True).tolist() == list(below)
    assert grade([0.0, 1.0], "ten", kind="standard").tolist() == [
        "extreme disorder",
        "superior coordination",
    ]


def test_no_gap_between_printed_intervals():
    """The common table prints 0.090–0.100 and the like: what lies between has a grade here."""
    assert grade(0.0995, "ten", kind="standard", language="zh") == "极度失调"


def test_one_degree_has_as_many_names_as_there_are_tables():
    words = {
        name: grade(0.55, name, kind="standard", override=True)
        for name, one in SCHEMES.items()
        if one.quantity == "D"
    }
    assert words["ten"] == "bare coordination"
    assert words["wei2017-D"] == "superior coordination"
    assert words["four-202102.00039"] == "[0.5, 0.6)"


@pytest.mark.parametrize("kind", NEED_FRACTIONS)
def test_grades_of_another_kind_need_an_override(kind):
    result = coordination([0.3, 0.4], kind=kind)
    with pytest.raises(ValueError, match=f"made for C of the kind standard or liao, not {kind}"):
        grade(result)
    assert grade(result, override=True) == "bare coordination"


def test_a_table_for_c_takes_c():
    result = coordination([[0.1, 0.8], [0.5, 0.5]])
    # C and D of the first lie in different grades.
    assert result.C[0] > 0.6 > result.D[0] > 0.3
    assert grade(result, "mathmodels").tolist() == ["[0.6, 0.8)", "[0.8, 1)"]
    assert grade(result.C, "mathmodels", kind="standard").tolist() == ["[0.6, 0.8)", "[0.8, 1)"]


def test_what_cannot_be_graded_is_said():
    with pytest.raises(ValueError, match="say which kind of C"):
        grade(0.5)
    with pytest.raises(ValueError, match="scheme: expected one of ten"):
        grade(0.5, "liao", kind="standard")
    with pytest.raises(ValueError, match=r"D: 1\.2 is above 1"):
        grade(1.2, kind="standard")
    with pytest.raises(ValueError, match="kind unknown, not standard"):
        grade(0.5, "stages-tian2021", kind="standard")
