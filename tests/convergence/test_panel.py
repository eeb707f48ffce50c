"""The panel model: the same numbers from every engine, and what it refuses."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convergence.measures import panel, weights
from convergence.measures.coupling import coordination
from convergence.measures.panel import Model, fit

UNITS, PERIODS = 31, 8
SYSTEMS = {"making": ["jobs", "wages", "patents", "energy"], "serving": ["it", "law", "labs"]}
COLUMNS = [column for members in SYSTEMS.values() for column in members]
DIRECTIONS = {"energy": -1}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """A whole panel of 31 units × 8 years, skewed as real ones are, with a column of counts."""
    random = np.random.default_rng(4)
    keys = pd.MultiIndex.from_product(
        [[f"p{one:02}" for one in range(UNITS)], range(2013, 2013 + PERIODS)],
        names=["province", "year"],
    )
    made = pd.DataFrame(index=keys)
    for column in COLUMNS:
        size = np.repeat(random.lognormal(3, 1.2, UNITS), PERIODS)
        made[column] = size * 1.05 ** np.tile(np.arange(PERIODS), UNITS)
        made[column] *= random.lognormal(0, 0.1, len(made))
    made["patents"] = made["patents"].round().astype("int64")
    return made.reset_index()


@pytest.fixture(scope="module")
def parquet(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("panel") / "panel.parquet"
    # Another order of rows: no result may depend on it.
    table.sample(frac=1, random_state=1).to_parquet(path, index=False)
    return path


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A local Spark; without Java its tests are reported as not run, but never in CI."""
    if shutil.which("java") is None:
        report = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        report("not run: Spark needs Java, and there is none here")
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


ENGINES = ["pandas", "polars", "polars lazy", "duckdb", "spark"]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, parquet: Path) -> Callable[[], Any]:
    """Give a function that opens the panel with one of the engines."""
    if request.param == "spark":
        session = request.getfixturevalue("spark")
        return lambda: session.read.parquet(str(parquet))
    opened = {
        "pandas": lambda: pd.read_parquet(parquet),
        "polars": lambda: pl.read_parquet(parquet),
        "polars lazy": lambda: pl.scan_parquet(parquet),
        "duckdb": lambda: duckdb.connect().read_parquet(str(parquet)),
    }
    return opened[request.param]


def as_pandas(frame: Any) -> pd.DataFrame:
    """Bring a result of any engine into one order of rows."""
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, pl.DataFrame):
        frame = pd.DataFrame(frame.to_dict(as_series=False))
    elif hasattr(frame, "toArrow"):
        frame = frame.toArrow().to_pandas()
    elif isinstance(frame, duckdb.DuckDBPyRelation):
        frame = frame.df()
    return frame.sort_values(["province", "year"], ignore_index=True)


def by_hand(table: pd.DataFrame, how: str, kind: str) -> pd.DataFrame:
    """Compute the same with the functions on arrays."""
    levels = {}
    for system, members in SYSTEMS.items():
        signs = [DIRECTIONS.get(column, 1) for column in members]
        z = weights.minmax(table[members].to_numpy(), direction=signs)
        w = {
            "entropy": weights.entropy_weights,
            "critic": weights.critic_weights,
            "equal": lambda z: weights.equal_weights(z.shape[1]),
        }[how](z)
        levels[system] = z @ w
    result = coordination(np.column_stack(list(levels.values())), kind=kind)
    return pd.DataFrame(levels | {"C": result.C, "T": result.T, "D": result.D})


@pytest.mark.parametrize(
    ("how", "kind"),
    [("entropy", "standard"), ("critic", "wang2021"), ("equal", "liao"), ("entropy", "fan2024")],
)
def test_every_engine_gives_the_numbers_of_the_arrays(engine, table, how, kind):
    frame = engine()
    model = fit(frame, SYSTEMS, "province", "year", directions=DIRECTIONS, weights=how, kind=kind)
    applied = model.apply(frame)
    assert type(applied) is type(frame)
    result, expected = as_pandas(applied), by_hand(table, how, kind)
    assert result[COLUMNS].astype(float).equals(table[COLUMNS].astype(float))
    for name in expected:
        np.testing.assert_allclose(result[name], expected[name], rtol=1e-12, atol=0, err_msg=name)
    assert (result["outside"] == 0).all()


def test_a_fitted_model_is_the_same_small_object_from_every_engine(engine, table):
    def fitted(frame: Any) -> Model:
        return fit(frame, SYSTEMS, "province", "year", directions=DIRECTIONS, base=[2013, 2014])

    model, expected = fitted(engine()), fitted(table)
    assert model.fitted_on == "31 units × 2013, 2014"
    for one, other in zip(model.indicators, expected.indicators, strict=True):
        assert (one.lower, one.upper) == (other.lower, other.upper)
        assert one.weight == pytest.approx(other.weight, rel=1e-12, abs=0)


def test_spark_moves_no_rows_to_one_partition(spark, parquet, monkeypatch):
    plans = []

    def recorded(query: Any) -> Any:
        plans.append(query.to_native()._jdf.queryExecution().toString())
        return collect(query)

    collect = panel._collect
    monkeypatch.setattr(panel, "_collect", recorded)
    frame = spark.read.parquet(str(parquet))
    applied = fit(frame, SYSTEMS, "province", "year", weights="critic").apply(frame)
    assert len(plans) >= 4
    assert not any("Window" in plan for plan in plans)
    # Applying is arithmetic on each row: nothing is exchanged between partitions at all.
    plan = applied._jdf.queryExecution().toString()
    assert "Project" in plan
    assert "Window" not in plan
    assert "Exchange" not in plan


def test_bounds_of_a_base_period_leave_the_past_alone(table):
    early, later = table[table.year < 2018], table.copy()
    grown = later["year"] >= 2018
    later.loc[grown, COLUMNS] *= 3
    options = {"base": [2013], "weights": "equal", "outside": "keep", "bounds": {}}
    options["bounds"] = {
        column: (0, 1.001 * table[column][table.year == 2013].max()) for column in COLUMNS
    }
    before = fit(early, SYSTEMS, "province", "year", **options)
    after = fit(later, SYSTEMS, "province", "year", **options)
    assert before == after
    past = after.apply(later).query("year < 2018")
    pd.testing.assert_frame_equal(before.apply(early), past)
    assert after.apply(later).query("year >= 2018")["D"].max() > 1

    pooled = [fit(one, SYSTEMS, "province", "year") for one in (early, later)]
    assert (pooled[1].apply(early)["D"] < pooled[0].apply(early)["D"]).all()


def test_values_outside_the_bounds_are_an_error_clipped_or_kept(table):
    first, last = table[table.year == 2013], table[table.year == 2020]

    def model(year: pd.DataFrame = first, **options: Any) -> Model:
        return fit(year, SYSTEMS, "province", "year", **options)

    with pytest.raises(ValueError, match=r"jobs: values from .* leave the bounds .*, as at prov"):
        model().apply(last)
    clipped = model(outside="clip").apply(last)
    assert clipped["outside"].sum() > 0
    assert clipped["making"].between(0, 1).all()
    with pytest.raises(ValueError, match="below 0 has no coupling degree"):
        model(last, outside="keep").apply(first)
    above = {column: (0, first[column].max()) for column in COLUMNS}
    kept = model(outside="keep", bounds=above, weights="equal").apply(last)
    clipped = model(outside="clip", bounds=above, weights="equal").apply(last)
    over = (last[COLUMNS] > pd.Series({one: above[one][1] for one in above})).sum(axis=1)
    assert kept["outside"].tolist() == over.tolist()
    assert (kept["D"][over > 0] > clipped["D"][over > 0]).all()
    assert kept["D"][over == 0].equals(clipped["D"][over == 0])
    with pytest.raises(ValueError, match="fan2024 is made for levels from 0 to 1"):
        model(outside="keep", kind="fan2024")


def test_saved_models_come_back_exactly(table):
    model = fit(table, SYSTEMS, "province", "year", kind="liao", k=3, weights="critic",
                system_weights={"making": 0.3, "serving": 0.7})  # fmt: skip
    again = Model.from_json(model.to_json())
    assert again == model
    pd.testing.assert_frame_equal(again.apply(table), model.apply(table))
    for text in ("", "[]", "{}", '{"model": "panel"}', model.to_json().replace("kind", "sort")):
        with pytest.raises(ValueError, match="not the JSON of a panel model"):
            Model.from_json(text)


def test_a_printed_model_says_what_was_fitted(table):
    text = str(fit(table, SYSTEMS, "province", "year", directions=DIRECTIONS))
    assert "C of the kind standard" in text
    assert "31 units × 8 periods" in text
    assert "energy" in text
    assert text.count("reversed") == 1


def test_given_weights_are_used(table):
    given = dict(zip(COLUMNS, [0.1, 0.2, 0.3, 0.4, 0.5, 0.25, 0.25], strict=True))
    model = fit(table, SYSTEMS, "province", "year", weights=given)
    assert {one.column: one.weight for one in model.indicators} == given
    jobs = weights.minmax(table[SYSTEMS["making"]]) @ [0.1, 0.2, 0.3, 0.4]
    np.testing.assert_allclose(model.apply(table)["making"], jobs, rtol=1e-12)


@pytest.mark.parametrize("zero", list(weights.ZERO_POLICIES))
def test_zero_policies_are_those_of_the_arrays(table, zero):
    model = fit(table, SYSTEMS, "province", "year", zero=zero)
    expected = weights.entropy_weights(weights.minmax(table[SYSTEMS["serving"]]), zero)
    fitted = [one.weight for one in model.indicators if one.system == "serving"]
    np.testing.assert_allclose(fitted, expected, rtol=1e-12)


def test_a_system_of_one_indicator_takes_it_whole(table):
    for how in ("entropy", "critic", "equal"):
        model = fit(table, {"a": ["jobs"], "b": ["it"]}, "province", "year", weights=how)
        assert [one.weight for one in model.indicators] == [1, 1]


BROKEN = [
    ({"frame": lambda t: t.drop(columns="jobs")}, "no column 'jobs'; it has province, year, wag"),
    ({"frame": lambda t: t.assign(jobs=t.jobs.astype(str))}, "jobs: expected numbers, found"),
    ({"frame": lambda t: t.assign(jobs=t.jobs.where(t.index != 3))},
     "jobs: 1 values are missing or infinite, as at province p00, year 2016"),
    ({"frame": lambda t: t.assign(jobs=t.jobs.where(t.index != 3, np.inf))},
     "jobs: 1 values are missing or infinite"),
    ({"frame": lambda t: t.drop(index=9)}, "1 rows are missing, as province p01, year 2014"),
    ({"frame": lambda t: pd.concat([t, t[:1]])}, "more than one row for province p00, year 2013"),
    ({"frame": lambda t: t[:0]}, "no rows"),
    ({"frame": lambda t: t.assign(jobs=1.0)}, r"jobs: is constant \(1\)"),
    ({"systems": {"making": ["jobs"]}}, "at least two systems"),
    ({"systems": {"making": ["jobs"], "t": ["it"]}}, "systems: the name 't' is taken"),
    ({"systems": {"making": ["jobs"], "Making": ["it"]}}, "systems: the name 'making' is taken"),
    ({"systems": {"making": ["jobs"], "serving": []}}, "'serving' has no columns"),
    ({"systems": {"making": ["jobs"], "serving": ["jobs"]}}, "'jobs' is there more than once"),
    ({"weights": "pca"}, "weights: expected one of equal, entropy, critic, found 'pca'"),
    ({"weights": {"jobs": 1.0}}, "weights of .*: they sum to 0, not to 1"),
    ({"weights": {"sheep": 1.0}}, "weights: 'sheep' is not one of"),
    ({"system_weights": {"making": 0.5, "serving": 0.6}}, "they sum to 1.1, not to 1"),
    ({"system_weights": {"making": 1.5, "serving": -0.5}}, "-0.5 is negative"),
    ({"directions": {"jobs": 0}}, "directions: expected 1 or -1"),
    ({"directions": {"sheep": 1}}, "directions: 'sheep' is not one of"),
    ({"base": [1999]}, r"base: \[1999\]; not in the panel"),
    ({"base": []}, "base: no period"),
    ({"bounds": {"jobs": (2, 1)}}, "jobs: has no room between its bounds"),
    ({"bounds": {"jobs": (5, 6)}}, "entropy weights need values within the bounds"),
    ({"kind": "wang"}, "kind: expected one of standard, liao, wang2021, fan2024, found 'wang'"),
    ({"zero": "one"}, "zero: expected one of limit"),
    ({"outside": "ignore"}, "outside: expected one of error, clip, keep"),
    ({"k": 0}, "k: expected a positive power"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_cannot_be_fitted_is_said(table, changed, message):
    options = {"systems": SYSTEMS, **changed}
    frame = options.pop("frame", lambda one: one)(table)
    with pytest.raises(ValueError, match=message):
        fit(frame, options.pop("systems"), "province", "year", **options)


def test_what_cannot_be_applied_is_said(table):
    model = fit(table, SYSTEMS, "province", "year")
    with pytest.raises(ValueError, match="already has a column 'D'"):
        model.apply(model.apply(table).drop(columns=["making", "serving", "C", "T", "outside"]))
    # DuckDB and Spark would mistake one for the other.
    for name in ("d", "Serving"):
        with pytest.raises(ValueError, match=f"already has a column '{name}'"):
            model.apply(table.rename(columns={"province": name}).assign(province="p"))
    with pytest.raises(ValueError, match="jobs: 248 values are missing or infinite"):
        model.apply(table.assign(jobs=np.nan))


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(UNITS * PERIODS)))
def test_the_order_of_rows_does_not_matter(order):
    random = np.random.default_rng(0)
    made = pd.DataFrame(
        {
            "province": np.repeat(np.arange(UNITS), PERIODS),
            "year": np.tile(np.arange(PERIODS), UNITS),
            "x1": random.random(UNITS * PERIODS),
            "x2": random.random(UNITS * PERIODS),
            "y1": random.random(UNITS * PERIODS),
        }
    )
    systems = {"x": ["x1", "x2"], "y": ["y1"]}
    shuffled = made.iloc[order]
    expected = fit(made, systems, "province", "year").apply(made)
    result = fit(shuffled, systems, "province", "year").apply(shuffled).sort_index()
    pd.testing.assert_frame_equal(result, expected, rtol=1e-13)
