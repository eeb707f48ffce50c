"""The paths against their nulls: structure, prices, other countries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from convergence.inputoutput import InputOutputTable, read
from convergence.inputoutput.baselines import (
    UN_ACTIVITIES,
    at_prices_of,
    implicit_deflators,
    ranks,
    relative,
    relative_at_sizes_of,
    sector_prices,
    within_and_mix,
)
from convergence.inputoutput.paths import SERVICES, four_paths, grouping
from convergence.tables import load

SECTORS = ["farms", "works", "shops"]
GROUPS = pd.DataFrame(
    {
        "manufacturing": [False, True, False],
        **{name: [False, False, True] for name in SERVICES},
        "research_design": False,
        "information_technology": False,
    },
    SECTORS,
)


def table(A, f):
    x = np.linalg.solve(np.eye(3) - A, f)
    return InputOutputTable(A * x, x, va=x * (1 - A.sum(axis=0)), final=f, sectors=SECTORS)


few = settings(max_examples=30, deadline=None)
inputs = npst.arrays(float, (3, 3), elements=st.floats(0.02, 0.25))
sizes = npst.arrays(float, 3, elements=st.floats(0.5, 10))


@few
@given(inputs, sizes)
def test_who_buys_like_everybody_is_at_one(A, f):
    A = np.repeat(A[:, :1], 3, axis=1)
    found = relative(table(A, f), GROUPS).set_index(["path", "measure"])["relative"]
    for measure in ("direct", "share_of_inputs", "share_of_sales"):
        assert found["servitization", measure].to_numpy() == pytest.approx(1)
        assert found["reverse_manufacturing", measure].to_numpy() == pytest.approx(1)


@few
@given(inputs, sizes)
def test_the_null_of_value_added_is_the_sectors_share_of_it(A, f):
    made = table(A, f)
    found = relative(made, GROUPS).query("measure == 'share_of_value_added'")
    share = made.va / made.va.sum()
    by_path = found.set_index(["path", "services"])["economy"]
    assert by_path["servitization", "narrow"] == pytest.approx(share["shops"])
    assert by_path["reverse_manufacturing", "narrow"] == pytest.approx(share["works"])


def test_shares_of_sales_are_set_against_what_the_buyers_buy():
    A = np.array([[0.1, 0.1, 0.1], [0.1, 0.3, 0.1], [0.2, 0.1, 0.2]])
    made = table(A, [1, 2, 3])
    found = relative(made, GROUPS).query("measure == 'share_of_sales' and services == 'all'")
    null = found.set_index("path")["economy"]
    bought = made.Z.sum() / made.Z.to_numpy().sum()
    assert null["servitization"] == pytest.approx(bought["works"])
    assert null["reverse_manufacturing"] == pytest.approx(bought["shops"])


@few
@given(inputs, sizes, st.floats(0.1, 10))
def test_one_price_for_all_moves_nothing(A, f, price):
    made = table(A, f)
    real = at_prices_of(made, dict.fromkeys(SECTORS, price))
    np.testing.assert_allclose(real.A, made.A)
    np.testing.assert_allclose(real.va, made.va / price)


@few
@given(inputs, sizes, sizes)
def test_double_deflation_keeps_the_table_closed(A, f, prices):
    made = table(A, f)
    real = at_prices_of(made, dict(zip(SECTORS, prices, strict=True)))
    np.testing.assert_allclose(real.final.sum(axis=1), made.final.sum(axis=1) / prices)
    np.testing.assert_allclose(real.va.sum(), real.final.to_numpy().sum())
    np.testing.assert_allclose(real.A.to_numpy(), A * prices / prices[:, None])


def test_imports_and_taxes_are_deflated_too():
    made = InputOutputTable(
        [[1, 1], [1, 1]], [8, 8], va=[4, 4], Z_imported=[[1, 1], [0, 0]], final=[6, 6],
        other_inputs=[1, 1], sectors=["a", "b"],
    )  # fmt: skip
    real = at_prices_of(made, {"a": 2, "b": 1})
    assert real.Z_imported.loc["a"].tolist() == [0.5, 0.5]
    assert real.other_inputs.loc["other_inputs"].tolist() == [0.5, 1]
    assert real.va.tolist() == [4 - 0.5 - 1 - 0.5 - 0.5, 8 - 0.5 - 1 - 0.5 - 1]


@pytest.mark.parametrize("price", [0.0, -1.0, np.nan])
def test_a_sector_without_a_price_is_named(price):
    made = table(np.full((3, 3), 0.1), [1, 1, 1])
    with pytest.raises(ValueError, match=r"the price of works is .* expected a positive number"):
        at_prices_of(made, {"farms": 1, "works": price, "shops": 1})


def test_dear_services_make_servitization_at_current_prices():
    A = np.array([[0.1, 0.1, 0.1], [0.1, 0.2, 0.1], [0.1, 0.1, 0.1]])
    then = table(A, [1, 1, 1])
    dear = np.array([1, 1, 2.0])
    now = at_prices_of(then, dict(zip(SECTORS, 1 / dear, strict=True)))
    tables = pd.Series({2007: then, 2015: now}).rename_axis("year")
    nominal = four_paths(tables, GROUPS).query("path == 'servitization' and services == 'all'")
    direct = nominal[nominal["measure"] == "direct"].set_index("year")["value"]
    assert direct[2015] == pytest.approx(2 * direct[2007])
    real = at_prices_of(now, dict(zip(SECTORS, dear, strict=True)))
    np.testing.assert_allclose(real.A, then.A)


def test_ranks_are_of_each_year_and_indicator_and_ties_share_one():
    rows = pd.DataFrame(
        [
            ["CHN", 2000, "direct", 0.1],
            ["JPN", 2000, "direct", 0.3],
            ["USA", 2000, "direct", 0.3],
            ["CHN", 2000, "complete", 0.9],
            ["JPN", 2001, "direct", 0.2],
        ],
        columns=["country", "year", "measure", "value"],
    )
    found = ranks(rows)
    assert found["rank"].tolist() == [3, 1, 1, 1, 1]
    assert found["ranked"].tolist() == [3, 3, 3, 1, 1]
    with pytest.raises(ValueError, match="no column relative to rank"):
        ranks(rows, of="relative")


# The book's own tables


def test_prices_of_sectors_are_those_of_their_activity(book_data):
    accounts, sectors = load("un_value_added"), load("io_sectors")
    prices = sector_prices(accounts, sectors, base=2007)
    assert (prices[2007] == 1).all()
    assert set(prices.index) == set(sectors["sector"])
    assert set(sectors["category"]) <= set(UN_ACTIVITIES)
    value = accounts.set_index(["activity", "year", "price_basis"])["value"]["construction"]
    level = {year: value[year, "current"] / value[year, "constant_2010"] for year in (2007, 2015)}
    assert prices.loc["construction", 2015] == pytest.approx(level[2015] / level[2007])
    with pytest.raises(ValueError, match="base year 1990"):
        sector_prices(accounts, sectors, base=1990)
    with pytest.raises(ValueError, match="no activity has prices for the category 'ABC'"):
        sector_prices(accounts, sectors.assign(category="ABC"), base=2007)


def test_at_constant_prices_reverse_manufacturing_rises(book_data):
    china, groups = read(load("io_china")), grouping(load("io_sectors"))
    prices = sector_prices(load("un_value_added"), load("io_sectors"), base=2007)
    years = [2007, 2015]
    real = pd.Series({year: at_prices_of(china[year], prices[year]) for year in years})

    def change(tables, path):
        found = four_paths(tables, groups).query(
            "services == 'narrow' and measure == 'direct' and origin == 'total' and path == @path"
        )
        return found["value"].iloc[1] - found["value"].iloc[0]

    assert change(china[years], "reverse_manufacturing") < 0 < change(real, "reverse_manufacturing")
    assert 0 < change(real, "servitization") < 0.5 * change(china[years], "servitization")


def test_china_among_the_countries_raw_and_relative(book_data):
    world = read(load("io_wiod"))
    found = relative(world, grouping(load("io_sectors_international")))
    content = found.query(
        "path == 'servitization' and services == 'all' and measure == 'share_of_value_added'"
        " and year == 2014"
    )
    place = {
        of: ranked[ranked["country"] == "CHN"].iloc[0]
        for of in ("value", "relative")
        for ranked in [ranks(content, of)]
    }
    assert (place["value"]["rank"], place["relative"]["rank"]) == (26, 2)
    assert place["value"]["ranked"] == 42


# Sizes fixed, and the mix of parts


@pytest.fixture
def china(book_data):
    return read(load("io_china")), grouping(load("io_sectors"))


def test_at_its_own_sizes_a_year_has_its_ratio_of_purchases(china):
    tables, groups = china
    makers = groups.index[groups["manufacturing"]]
    rows = relative(tables, groups).query(
        "path == 'servitization' and measure == 'direct' and origin == 'total'"
    )
    plain = rows.pivot(index="year", columns="services", values="relative")
    for year in (2007, 2020):
        fixed = relative_at_sizes_of(tables, groups[["all", "narrow"]], makers, at=year)
        np.testing.assert_allclose(fixed.loc[year], plain.loc[year, ["all", "narrow"]])


def test_with_sizes_fixed_the_growth_of_heavy_buyers_does_not_count():
    # Nobody buys more per yuan; the shops, which buy most, treble.
    A = np.array([[0.0, 0.0, 0.0], [0.1, 0.2, 0.1], [0.1, 0.1, 0.4]])
    tables = pd.Series(
        {2007: table(A, np.array([1.0, 1, 1])), 2017: table(A, np.array([1.0, 1, 3]))}
    ).rename_axis("year")
    fixed = relative_at_sizes_of(tables, GROUPS[["all"]], ["works"], at=2007)["all"]
    assert fixed[2017] == pytest.approx(fixed[2007])
    plain = relative(tables, GROUPS).query(
        "path == 'servitization' and measure == 'direct' and services == 'all'"
    )
    plain = plain.set_index("year")["relative"]
    assert plain[2017] < plain[2007]


parts = st.integers(1, 6).flatmap(
    lambda count: st.tuples(
        *(npst.arrays(float, (count, 2), elements=st.floats(0.1, 9)) for _ in range(2))
    )
)


@few
@given(parts)
def test_within_and_mix_add_up_and_do_not_depend_on_the_order(given_parts):
    rates, sizes = (pd.DataFrame(array, columns=[2007, 2017]) for array in given_parts)
    effects = within_and_mix(rates, sizes)
    mean = (rates * sizes / sizes.sum()).sum()
    assert effects.sum() == pytest.approx(mean[2017] - mean[2007])
    back = within_and_mix(rates[[2017, 2007]], sizes[[2017, 2007]])
    np.testing.assert_allclose(back, -effects, atol=1e-12)


def test_what_no_part_changed_is_mix():
    rates = pd.DataFrame({2007: [0.1, 0.5], 2017: [0.1, 0.5]})
    sizes = pd.DataFrame({2007: [3, 1], 2017: [1, 1]})
    assert within_and_mix(rates, sizes).round(12).to_dict() == {"within": 0.0, "mix": 0.1}


def test_parts_or_years_that_differ_are_refused():
    rates = pd.DataFrame({2007: [0.1, 0.5], 2017: [0.1, 0.5]})
    for wrong in (rates.rename(columns={2007: 2012}), rates.iloc[:1]):
        with pytest.raises(ValueError, match="the same two years"):
            within_and_mix(rates, wrong)


# The economy's own row, and prices to 2020


def test_the_economy_s_share_is_that_of_the_table_s_own_row(china):
    # Read off the rows of value added; what final use contains differs where there is a residual.
    found = relative(*china).query(
        "path == 'servitization' and services == 'all' and measure == 'share_of_value_added'"
    )
    shares = (100 * found.set_index("year")["economy"]).round(2)
    assert shares[[2002, 2007, 2017]].tolist() == [41.14, 38.67, 51.63]


def test_the_services_in_goods_rose_within_industries(china):
    tables, groups = china
    made = {}
    for year in (2007, 2017):
        makers = groups.index[groups["manufacturing"]].intersection(tables[year].sectors)
        made[year] = pd.DataFrame(
            {maker: tables[year].value_added_in(final_of=[maker]) for maker in makers}
        )
    sizes = pd.DataFrame({year: content.sum() for year, content in made.items()})
    served = groups.index[groups["all"]]
    rates = pd.DataFrame(
        {year: content[content.index.isin(served)].sum() for year, content in made.items()}
    )
    effects = 100 * within_and_mix(rates / sizes, sizes)
    assert effects.round(2).to_dict() == {"within": 8.65, "mix": 0.04}


def test_exported_goods_contain_more_services_than_those_for_use_at_home(china):
    tables, groups = china
    makers, served = (groups.index[groups[name]] for name in ("manufacturing", "all"))
    home = ["consumption", "fixed_capital_formation", "inventories"]
    found = {}
    for year in (2007, 2017, 2020):
        for name, use in (("exports", "exports"), ("home", home)):
            content = tables[year].value_added_in(final_of=makers, use=use)
            share = content[content.index.isin(served)].sum() / content.sum()
            found[name, year] = round(100 * share, 1)
    assert [found["exports", year] for year in (2007, 2017, 2020)] == [18.7, 27.7, 29.3]
    assert [found["home", year] for year in (2007, 2017, 2020)] == [17.0, 25.8, 27.3]


def test_a_deflator_is_value_over_volume():
    sectors = pd.DataFrame({"sector": ["steel", "bank"], "category": ["MFG", "FIN"]})
    sections = ["agriculture", "industry", "construction", "wholesale_retail", "hotels_catering",
                "transport_storage_post", "finance", "real_estate", "other_services"]  # fmt: skip
    keys = pd.MultiIndex.from_product([sections, [2007, 2008, 2009]], names=["sector", "year"])
    accounts = pd.DataFrame({"value": 100.0}, keys)
    accounts.loc[("finance", 2009), "value"] = 242.0
    growth = pd.DataFrame({"value": 100.0, "base": "previous_year"}, keys)
    growth.loc[("finance", [2008, 2009]), "value"] = 110.0
    accounts, growth = accounts.reset_index(), growth.reset_index()
    prices = implicit_deflators(accounts, growth, sectors, base=2007)
    assert prices.loc["bank", 2009] == pytest.approx(2.0)  # 2.42 times the value, 1.21 the volume
    assert prices.loc["steel"].tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="price in the base year 2006"):
        implicit_deflators(accounts, growth, sectors, base=2006)


def test_two_compilers_agree_on_china_s_prices_to_2015(china):
    # The United Nations and the statistical office price services bought by manufacturing alike.
    tables, groups = china
    accounts, growth = (
        load(name).query("year >= 2000")
        for name in ("value_added_1978_2022", "growth_index_1978_2022")
    )
    sectors = load("io_sectors")
    ours = implicit_deflators(accounts, growth, sectors, base=2007)
    theirs = sector_prices(load("un_value_added"), sectors, base=2007)
    found = [
        four_paths(at_prices_of(tables[2015], prices[2015]), groups)
        .query("path == 'servitization' and services == 'all' and measure == 'direct'")
        .set_index("origin")["value"]["total"]
        for prices in (ours, theirs)
    ]
    assert found == pytest.approx([0.0973, 0.0978], abs=5e-5)
