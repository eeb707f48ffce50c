"""The multiverse: right numbers, rules that are true, and a decomposition that adds up."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convergence.measures import multiverse as mv
from convergence.measures.coupling import KINDS, SCHEMES, coordination
from convergence.measures.multiverse import (
    ADMISSIBILITY,
    QUESTIONS,
    UNUSED,
    Cube,
    Rule,
    admissibility,
    evaluate,
    less_placebo,
    multiverse,
    shapley,
    specifications,
    variance_decomposition,
)
from convergence.measures.panel import fit
from convergence.measures.weights import critic_weights, entropy_weights, equal_weights, minmax

UNITS, PERIODS = 12, 5
SYSTEMS = ["making"] * 3 + ["serving"] * 2
NAMES = [f"p{unit}" for unit in range(UNITS)]
CHOICES = {
    "bounds": ["pooled", "base", "each period"],
    "normalisation": ["minmax", "max"],
    "weights": ["equal", "entropy", "critic"],
    "zero": ["limit", "shift"],
    "kind": list(KINDS),
    "k": [2, 3],
    "alpha": [0.4, 0.5],
}


def values(seed: int = 0, growth: float = 1.1) -> np.ndarray:
    """Skewed quantities of provinces that all grow."""
    random = np.random.default_rng(seed)
    size = random.lognormal(2, 1, (UNITS, 1, len(SYSTEMS)))
    noise = random.lognormal(0, 0.1, (UNITS, PERIODS, len(SYSTEMS)))
    return size * noise * growth ** np.arange(PERIODS)[:, None]


@pytest.fixture
def cube() -> Cube:
    total = values()
    people = np.random.default_rng(1).lognormal(1, 0.5, (UNITS, 1, 1))
    return Cube(
        {"total": total, "per head": total / people, "share": total / total.sum(axis=0)},
        SYSTEMS,
        NAMES,
        indicators={"all": range(5), "few": [0, 1, 3]},
        samples={"all": range(UNITS), "without p0": range(1, UNITS)},
    )


def by_hand(cube: Cube, specification: pd.Series) -> np.ndarray:
    """Compute one specification with the functions on arrays, step by step."""
    columns, units = (
        cube.indicators[specification["indicators"]],
        cube.samples[specification["sample"]],
    )
    x = cube.values[specification["scaling"]][units][:, :, columns]
    source = x[:, :1] if specification["bounds"] == "base" else x
    z = np.empty_like(x)
    for period in range(PERIODS):
        rows = x[:, period : period + 1] if specification["bounds"] == "each period" else source
        lower = rows.min(axis=(0, 1)) if specification["normalisation"] == "minmax" else 0
        z[:, period] = minmax(x[:, period], lower=lower, upper=rows.max(axis=(0, 1)))
    z = np.maximum(z, 0)
    of = (z[:, :1] if specification["bounds"] == "base" else z).reshape(-1, len(columns))
    u = []
    for system in ("making", "serving"):
        members = [at for at, column in enumerate(columns) if SYSTEMS[column] == system]
        if specification["weights"] == "equal":
            w = equal_weights(len(members))
        elif specification["weights"] == "critic":
            w = critic_weights(of[:, members])
        else:
            w = entropy_weights(of[:, members], specification["zero"])
        u.append(z[..., members] @ w)
    k = 2 if specification["k"] == UNUSED else specification["k"]
    weights = [specification["alpha"], 1 - specification["alpha"]]
    return coordination(np.stack(u, axis=-1), weights, specification["kind"], k).D


def test_every_specification_is_what_the_functions_give_one_by_one(cube):
    table = specifications(cube, CHOICES, "trend").sample(150, random_state=0)
    table = table[~((table["bounds"] == "base") & table["kind"].isin(["wang2021", "fan2024"]))]
    degrees = evaluate(cube, table)
    for at, (_, specification) in enumerate(table.iterrows()):
        sample = cube.samples[specification["sample"]]
        np.testing.assert_allclose(degrees[at, sample], by_hand(cube, specification), rtol=1e-12)
        out = [unit for unit in range(UNITS) if unit not in sample]
        assert np.isnan(degrees[at, out]).all()


def test_a_specification_is_the_panel_model_fitted_likewise(cube):
    choices = {"weights": ["entropy"], "alpha": [0.4]}
    table = specifications(cube, choices, "trend").query("scaling == 'per head'")
    rows = pd.DataFrame(
        cube.values["per head"].reshape(-1, 5), columns=[f"x{indicator}" for indicator in range(5)]
    )
    rows["province"], rows["year"] = np.repeat(NAMES, PERIODS), np.tile(range(PERIODS), UNITS)
    model = fit(
        rows,
        {"making": ["x0", "x1", "x2"], "serving": ["x3", "x4"]},
        "province",
        "year",
        system_weights={"making": 0.4, "serving": 0.6},
    )
    whole = table.query("indicators == 'all' and sample == 'all'")
    expected = model.apply(rows)["D"].to_numpy().reshape(UNITS, PERIODS)
    np.testing.assert_allclose(evaluate(cube, whole)[0], expected, rtol=1e-12)


def test_options_without_effect_make_no_specifications(cube):
    table = specifications(cube, CHOICES, "ranking")
    assert not table.drop(columns="reason").duplicated().any()
    # scalings × indicators × samples × bounds × normalisations; equal, critic and two entropies;
    # three kinds and two of Liao's powers; alphas
    assert len(table) == 3 * 2 * 2 * 3 * 2 * 4 * 5 * 2
    assert set(table.loc[table["weights"] != "entropy", "zero"]) == {UNUSED}
    assert set(table.loc[table["kind"] != "liao", "k"]) == {UNUSED}
    assert set(table["thresholds"]) == {UNUSED}


def test_one_indicator_a_system_has_nothing_to_weigh():
    sets = {"all": range(5), "one each": [0, 3]}
    cube = Cube({"total": values()}, SYSTEMS, NAMES, indicators=sets)
    choices = {"weights": ["equal", "entropy", "critic"], "zero": ["limit", "shift"]}
    table = specifications(cube, choices, "trend").set_index("indicators")
    assert table.loc[["one each"], "weights"].tolist() == ["equal"]
    assert table.loc["all", "weights"].tolist() == ["equal", "entropy", "entropy", "critic"]
    without_equal = specifications(cube, {"weights": ["entropy"]}, "trend")
    assert without_equal.set_index("indicators").loc["one each", "weights"] == "equal"


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_specification_left_out_has_its_reason(cube, question):
    table = specifications(cube, CHOICES | {"thresholds": list(SCHEMES)[:1]}, question)
    answers = multiverse(cube, CHOICES, question)
    assert 0 < len(answers) < len(table)
    for rule in ADMISSIBILITY:
        if rule.question in ("any", question):
            met = np.logical_and.reduce([table[k] == v for k, v in rule.options.items()])
            assert (table.loc[met, "reason"] != "").all()
    assert {"question", "options", "reason"} == set(admissibility().columns)
    assert len(admissibility()) == len(ADMISSIBILITY)
    assert all(rule.reason for rule in ADMISSIBILITY)


def test_own_rules_are_added_to_the_table(cube):
    own = (*ADMISSIBILITY, Rule("trend", {"scaling": "per head"}, "at current prices"))
    answers = multiverse(cube, {}, "trend", own)
    assert set(answers["scaling"]) == {"total"}


# The rules say what decides by construction: it does.


def test_bounds_of_each_period_cannot_show_a_common_gain():
    def risen(growth: float, bounds: str) -> np.ndarray:
        cube = Cube({"total": values(growth=growth)}, SYSTEMS, NAMES)
        choices = {"bounds": [bounds], "weights": ["equal"]}
        return multiverse(cube, choices, "trend", rules=())["rise"].to_numpy()

    np.testing.assert_allclose(risen(1.0, "each period"), risen(2.0, "each period"), rtol=1e-9)
    assert risen(2.0, "pooled") > risen(1.0, "pooled") + 0.1


def test_shares_of_the_whole_have_a_mean_that_cannot_move():
    shares = values() / values().sum(axis=0)
    for lower in (shares.min(axis=(0, 1)), 0):
        means = minmax(shares, lower=lower).mean(axis=0)
        np.testing.assert_allclose(means, means[:1].repeat(PERIODS, axis=0))


def test_totals_and_shares_rank_units_by_size():
    size = np.arange(1.0, UNITS + 1)[:, None, None]
    noise = np.random.default_rng(0).lognormal(0, 0.01, (UNITS, PERIODS, 5))
    total = size * noise
    cube = Cube({"total": total, "share": total / total.sum(axis=0)}, SYSTEMS, NAMES)
    assert set(multiverse(cube, {}, "ranking", rules=())["top"]) == {NAMES[-1]}


def test_bounds_of_each_period_cannot_show_a_shrinking_spread():
    random = np.random.default_rng(0)
    x = 10 + random.normal(0, 1, (UNITS, 1, 5)) * np.array([1, 0.5, 0.1])[None, :, None]
    cube = Cube({"total": x}, SYSTEMS, NAMES)
    spread = multiverse(cube, {"bounds": ["pooled", "each period"]}, "dispersion", rules=())
    rise = spread.set_index("bounds")["rise"]
    assert rise["pooled"] < -0.1
    assert rise["each period"] == pytest.approx(0, abs=1e-9)


def test_a_relative_spread_above_the_lowest_value_does_not_see_the_true_zero():
    moved = {}
    for normalisation in ("minmax", "max"):
        moved[normalisation] = [
            multiverse(
                Cube({"total": values() + origin}, SYSTEMS, NAMES),
                {"normalisation": [normalisation]},
                "relative dispersion",
                rules=(),
            )["last"].item()
            for origin in (0, 1000)
        ]
    assert moved["minmax"][1] == pytest.approx(moved["minmax"][0])
    assert moved["max"][1] < 0.1 * moved["max"][0]


# Answers


def test_the_trend_is_told_in_numbers_and_words(cube):
    answers = multiverse(cube, {"thresholds": ["ten"]}, "trend")
    means = np.nanmean(evaluate(cube, answers), axis=1)
    np.testing.assert_allclose(answers["first"], means[:, 0])
    np.testing.assert_allclose(answers["rise"], means[:, -1] - means[:, 0])
    labels = SCHEMES["ten"].labels("en")
    for end in ("first", "last"):
        position = (answers[end] * 10).astype(int)
        assert answers[f"{end}_grade"].tolist() == [labels[at] for at in position]


def test_rankings_that_agree_agree(cube):
    answers = multiverse(cube, {"alpha": [0.5]}, "ranking")
    assert answers["agreement"].between(-1, 1).all()
    only = answers.query("sample == 'all' and indicators == 'all'")
    degrees = evaluate(cube, only)[0, :, -1]
    assert only["top"].item() == NAMES[degrees.argmax()]
    alone = Cube({"per head": cube.values["per head"]}, SYSTEMS, NAMES)
    assert multiverse(alone, {}, "ranking")["agreement"].tolist() == pytest.approx([1])


def test_dispersions_are_spreads_over_units(cube):
    table = multiverse(cube, {}, "dispersion")
    degrees = evaluate(cube, table)
    np.testing.assert_allclose(table["last"], np.nanstd(degrees[:, :, -1], axis=1))
    relative = multiverse(cube, {"normalisation": ["max"]}, "relative dispersion")
    degrees = evaluate(cube, relative)[:, :, 0]
    expected = np.nanstd(degrees, axis=1) / np.nanmean(degrees, axis=1)
    np.testing.assert_allclose(relative["first"], expected)


# Less a placebo


def test_a_specification_is_compared_with_itself_in_whatever_order(cube):
    other = replace(cube, values={name: array[::-1] ** 0.5 for name, array in cube.values.items()})
    real, placebo = (multiverse(pair, CHOICES, "trend") for pair in (cube, other))
    beyond = less_placebo(real, placebo.sample(frac=1, random_state=0))
    np.testing.assert_allclose(beyond["beyond"], real["rise"] - placebo["rise"])
    assert beyond.index.equals(real.index)
    assert less_placebo(real, placebo, "last")["beyond"].equals(real["last"] - placebo["last"])


def test_other_specifications_are_no_placebo(cube):
    real = multiverse(cube, {"alpha": [0.4, 0.5]}, "trend")
    fewer = real[real["alpha"] == 0.4]
    twice = pd.concat([fewer, fewer], ignore_index=True)
    for first, second in [
        (real, fewer),
        (fewer, real),
        (real, twice),
        (twice, real),
        (twice, twice),
    ]:
        with pytest.raises(ValueError, match="do not have the same specifications"):
            less_placebo(first, second)
    with pytest.raises(ValueError, match="rise of the placebo: nan at position 0 is missing"):
        less_placebo(real, real.assign(rise=np.nan))


# What each player adds


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=5))
def test_who_adds_alone_gets_what_is_added(gains):
    found = shapley(lambda group: 7 + sum(gains[player] for player in group), range(len(gains)))
    assert found.tolist() == pytest.approx(gains)


def test_all_players_together_get_the_worth_of_all():
    worth = np.random.default_rng(0).random(2**4)
    found = shapley(lambda group: worth[sum(1 << player for player in group)], range(4))
    assert found.sum() == pytest.approx(worth[-1] - worth[0])
    orders = [
        [worth[sum(1 << p for p in (*before, 2))] - worth[sum(1 << p for p in before)]]
        for order in permutations(range(4))
        for before in [order[: order.index(2)]]
    ]
    assert found[2] == pytest.approx(np.mean(orders))


def test_a_pair_that_only_works_together_shares_alike():
    found = shapley(lambda group: float({"a", "b"} <= set(group)), ["a", "b", "idle"])
    assert found.to_dict() == pytest.approx({"a": 0.5, "b": 0.5, "idle": 0})


# Which choice moves the answer


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_shares_of_the_choices_sum_to_one(seed):
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {name: random.integers(0, 3, 60) for name in ("kind", "alpha", "bounds", "zero")}
    )
    table = table.drop_duplicates().assign(rise=lambda rows: random.random(len(rows)))
    shares = variance_decomposition(table, "rise")
    assert shares["share"].sum() == pytest.approx(1)
    assert (shares["alone"] <= 1 + 1e-12).all()
    assert shares["share"].is_monotonic_decreasing


def test_shares_are_the_variances_of_what_is_added_up():
    kind, alpha, bounds = (axis.ravel() for axis in np.meshgrid(range(4), range(3), range(2)))
    table = pd.DataFrame({"kind": kind, "alpha": alpha, "bounds": bounds})
    table["rise"] = 3 * kind + 5 * alpha
    shares = variance_decomposition(table, "rise").set_index("choice")
    whole = np.var(3 * kind) + np.var(5 * alpha)
    assert shares.loc["kind", "share"] == pytest.approx(np.var(3 * kind) / whole)
    assert shares.loc["alpha", "alone"] == pytest.approx(np.var(5 * alpha) / whole)
    assert shares.loc["bounds", "share"] == pytest.approx(0, abs=1e-12)


def test_what_two_choices_do_together_is_halved():
    table = pd.DataFrame({"kind": [0, 0, 1, 1], "alpha": [0, 1, 0, 1], "rise": [0.0, 1, 1, 0]})
    shares = variance_decomposition(table, "rise")
    assert shares["share"].tolist() == pytest.approx([0.5, 0.5])
    assert shares["alone"].tolist() == pytest.approx([0, 0], abs=1e-12)


def test_a_choice_under_an_option_is_no_stand_in_for_it():
    """The zero policy tells entropy weights from others, and earns nothing by that."""
    table = pd.DataFrame(
        {
            "weights": ["equal", "equal", "entropy", "entropy", "entropy", "entropy"],
            "zero": [UNUSED, UNUSED, "limit", "limit", "shift", "shift"],
            "alpha": [0.3, 0.7] * 3,
            "rise": [1.0, 2.0, 5.0, 6.0, 5.0, 6.0],
        }
    )
    shares = variance_decomposition(table, "rise").set_index("choice")["share"]
    assert shares["zero"] == pytest.approx(0, abs=1e-12)
    assert shares["weights"] == pytest.approx(1 - 0.25 / table["rise"].var(ddof=0))
    one_policy = table.iloc[:4]
    assert "zero" not in variance_decomposition(one_policy, "rise")["choice"].tolist()
    table["rise"] = [1.0, 2.0, 5.0, 6.0, 7.0, 8.0]
    assert variance_decomposition(table, "rise").set_index("choice")["share"]["zero"] > 0.01


def test_thousands_of_specifications_fit(cube):
    """Not timed here; the benchmark asks for 10,000 on 31 × 8."""
    choices = CHOICES | {"alpha": list(np.linspace(0.1, 0.9, 17)), "zero": list(mv.ZERO_POLICIES)}
    assert len(multiverse(cube, choices, "ranking")) > 4000


X = np.ones((3, 2, 2)) + np.arange(12).reshape(3, 2, 2)
TWO = Cube({"total": X}, ["a", "b"], "xyz")
BROKEN = [
    (lambda: Cube({"total": -X}, ["a", "b"], "xyz"), "total: -1 at position .* is negative"),
    (lambda: Cube({"total": X * np.nan}, ["a", "b"], "xyz"), "is missing or infinite"),
    (lambda: Cube({"total": X[0]}, ["a", "b"], "xyz"), "expected units × periods × indicators"),
    (lambda: Cube({"total": X, "share": X[1:]}, ["a", "b"], "xyz"), "expected units × periods"),
    (lambda: Cube({"total": X}, ["a"], "xyz"), "3 units and 1 indicators are named"),
    (lambda: Cube({"total": X[:, :1]}, ["a", "b"], "xyz"), "at least two periods"),
    (lambda: Cube({"total": X}, ["a", "a"], "xyz"), "has indicators of one system only"),
    (lambda: Cube({"total": X}, ["a", "b"], "xyz", samples={"s": [0]}), "fewer than two units"),
    (lambda: Cube({"total": X}, ["a", "b"], "xyz", samples={"s": [0, 9]}), "twice or beyond 3"),
    (lambda: specifications(TWO, {}, "level"), "question: expected one of trend"),
    (lambda: specifications(TWO, {"year": [1]}, "trend"), "choices: 'year' is not one of"),
    (lambda: specifications(TWO, {"kind": ["x"]}, "trend"), "kind: expected some of .*, found 'x'"),
    (lambda: specifications(TWO, {"kind": []}, "trend"), "kind: expected some of .*, found none"),
    (lambda: specifications(TWO, {"alpha": [1.5]}, "trend"), "alpha: 1.5 is not between 0 and 1"),
    (lambda: multiverse(TWO, {}, "ranking"), "no specification of these choices is admissible"),
    (lambda: multiverse(Cube({"total": 0 * X + 1}, ["a", "b"], "xyz"), {}, "trend"),
     "indicator 0 is constant in the sample 'all'"),
    (lambda: shapley(len, []), "players: expected one or more, each once, found"),
    (lambda: shapley(len, ["a", "a"]), "players: expected one or more, each once, found"),
    (lambda: variance_decomposition(pd.DataFrame({"kind": [1, 2], "rise": [3, 3]}), "rise"),
     "all specifications give the same answer"),
    (lambda: variance_decomposition(pd.DataFrame({"kind": [1, 1], "rise": [3, 4]}), "rise"),
     "no choice has more than one option"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_has_no_multiverse_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()
