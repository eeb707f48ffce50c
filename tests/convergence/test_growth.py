"""Growth under the rule of vintages: what is computed, and what is refused."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convergence.accounts.growth import (
    VintageError,
    cagr,
    chained_volume,
    decompose,
    deflate,
    difference,
    growth,
    implicit_prices,
    rebase,
    yearly,
)
from convergence.tables import TableError, load

# As wide as figures in one unit are, and not so wide that 1 + rate loses digits.
POSITIVE = st.floats(min_value=0.1, max_value=1e4)
few = settings(max_examples=40, deadline=None)


def series(values, start=2016):
    years = range(start, start + len(values))
    return pd.DataFrame({"year": years, "value": [float(value) for value in values]})


def finance(vintage=None):
    accounts = load("accounts", vintage)
    return accounts[accounts.sector == "finance"]


@few
@given(POSITIVE, POSITIVE, st.integers(1, 50))
def test_the_yearly_rate_compounds_to_the_growth(first, last, years):
    ends = pd.DataFrame({"year": [2000, 2000 + years], "value": [first, last]})
    total = growth(ends, 2000, 2000 + years)
    rate = cagr(ends, 2000, 2000 + years)
    assert (1 + rate) ** years == pytest.approx(1 + total, rel=1e-9)


@few
@given(st.lists(POSITIVE, min_size=2, max_size=20))
def test_the_rates_of_all_years_chain_to_the_growth(values):
    rows = series(values)
    chained = (1 + yearly(rows).growth).prod()
    assert chained == pytest.approx(1 + growth(rows, 2016, 2015 + len(values)), rel=1e-9)


@few
@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=2, max_size=10))
def test_volume_and_price_make_the_nominal_rate(pairs):
    nominal = series([value for value, _ in pairs])
    prices = series([price for _, price in pairs])
    end = 2015 + len(pairs)
    rates = decompose(nominal, prices, 2016, end)
    assert (1 + rates.price) * (1 + rates.volume) == pytest.approx(1 + rates.nominal, rel=1e-9)
    real = deflate(nominal, prices, base=2016)
    assert cagr(real, 2016, end) == pytest.approx(rates.volume, rel=1e-9, abs=1e-12)
    # Volume, and the prices that value and volume imply, give back the prices.
    implied = rebase(implicit_prices(nominal, real), 2016)
    assert implied.value.tolist() == pytest.approx(rebase(prices, 2016).value.tolist(), rel=1e-9)


def test_within_one_vintage_nothing_is_asked(folder):
    assert growth(finance("middle"), 2016, 2017) == pytest.approx(0.1)
    assert difference(finance("middle"), 2016, 2017) == 4
    assert type(growth(finance("middle"), 2016, 2017)) is float


@pytest.mark.parametrize("measure", [growth, cagr, difference])
def test_two_vintages_are_refused_with_the_splices_that_join_them(folder, measure):
    with pytest.raises(VintageError) as error:
        measure(finance(), 2016, 2017)
    assert str(error.value) == (
        "2016 is of vintage late (final) and 2017 is of vintage middle (revised): what separates "
        'them is partly revision. Take both from one vintage, load(…, vintage="…"), or name the '
        'splice that joins them: splice="benchmark" (One benchmark) or '
        'splice="everything" (Everything).'
    )


def test_a_preliminary_figure_is_refused_even_of_the_same_vintage(folder):
    with pytest.raises(VintageError) as error:
        growth(finance("middle"), 2017, 2018)
    assert str(error.value) == (
        "2017 is revised and 2018 is preliminary in vintage middle: what separates them is partly "
        "revision. Take both from a vintage in which neither is preliminary, or name the splice "
        'that joins them: splice="everything" (Everything).'
    )


def test_a_splice_joins_what_it_lists(folder):
    assert growth(finance(), 2016, 2017, splice="benchmark") == pytest.approx(44 / 40.5 - 1)
    assert growth(finance(), 2016, 2018, splice="everything") == pytest.approx(51 / 40.5 - 1)


def test_a_splice_that_refuses_preliminary_figures_does_not_join_them(folder):
    with pytest.raises(VintageError, match="The splice 'benchmark' does not join them"):
        growth(finance(), 2016, 2018, splice="benchmark")


def test_no_splice_at_all_is_said_so(folder):
    folder.edit("splices", "early middle late", "middle")
    folder.edit("splices", "middle late", "late")
    folder.save()
    with pytest.raises(VintageError, match="; no splice in the table splices joins them"):
        growth(finance(), 2016, 2017)


def test_a_misspelt_splice_is_told_even_if_none_is_needed(folder):
    with pytest.raises(TableError, match=r"no splice 'bench'; .* benchmark, everything"):
        growth(finance("middle"), 2016, 2017, splice="bench")


def test_a_column_that_was_lost_does_not_lift_the_rule(folder):
    for lost in ("vintage", "status"):
        with pytest.raises(VintageError, match=f"accounts has a {lost} .* lost the column {lost}"):
            growth(finance().drop(columns=lost), 2016, 2017)


def test_yearly_marks_the_rates_that_needed_the_splice(folder):
    rates = yearly(finance(), splice="everything")
    assert rates.columns.tolist() == ["year", "growth", "vintage", "status", "joined"]
    assert rates.year.tolist() == [2017, 2018]
    assert rates.joined.tolist() == [True, True]
    within = yearly(finance("middle")[lambda rows: rows.year < 2018])
    assert within.joined.tolist() == [False]
    with pytest.raises(VintageError, match="2016 is of vintage late"):
        yearly(finance())


def test_yearly_skips_what_has_no_preceding_year():
    rows = pd.DataFrame({"year": [2020, 2016, 2017], "value": [4.0, 1.0, 2.0]})
    assert yearly(rows).values.tolist() == [[2017, 1.0]]


def test_quarters_grow_on_the_same_quarter_of_the_year_before(folder):
    rows = load("quarters")
    rates = yearly(rows, splice="everything")
    assert rates.quarter.tolist() == ["2018Q1"]
    assert rates.growth.tolist() == pytest.approx([0.1])
    assert cagr(rows, "2017Q1", "2017Q3") == pytest.approx((16.5 / 16) ** 2 - 1)


def test_rebasing_is_a_comparison_with_the_base_year(folder):
    with pytest.raises(
        VintageError, match=r"2016 is of vintage late .* and 2017 is of vintage middle"
    ):
        rebase(finance(), 2016)
    index = rebase(finance(), 2016, splice="everything")
    assert index.value.tolist() == pytest.approx([100, 4400 / 40.5, 5100 / 40.5])
    assert index.vintage.tolist() == ["late", "middle", "middle"]


def test_deflating_keeps_the_vintages_of_the_values(folder):
    real = deflate(finance(), series([100, 110, 120]), base=2017)
    assert real.value.tolist() == pytest.approx([40.5 * 1.1, 44, 51 * 110 / 120])
    with pytest.raises(VintageError):
        growth(real, 2016, 2017)


def test_deflating_needs_every_year():
    with pytest.raises(ValueError, match="the price index has no value for 2018"):
        deflate(series([1, 2, 3]), series([100, 110]), base=2016)
    with pytest.raises(ValueError, match="no value for 2010; it has 2016 to 2017"):
        deflate(series([1, 2]), series([100, 110]), base=2010)


@pytest.mark.parametrize(
    ("rows", "start", "end", "message"),
    [
        (series([1, 2]), 2015, 2017, r"no value for 2015; it has 2016 to 2017"),
        (series([1, 2]), "2016", 2017, r"no value for '2016'"),
        (series([1, 2]), 2017, 2017, r"the end, 2017, is not after the start, 2017"),
        (series([0, 2]), 2016, 2017, r"the value for 2016 is 0.0: .* a positive one"),
        (series([1, -2]), 2016, 2017, r"the value for 2017 is -2.0"),
        (series([1, float("nan")]), 2016, 2017, r"no value for 2017; it has 2016"),
        (series([1, 2]).drop(columns="value"), 2016, 2017, r"needs a column value"),
        (series([1, 2]).drop(columns="year"), 2016, 2017, r"needs a column year or quarter"),
        (pd.concat([series([1, 2])] * 2), 2016, 2017, r"2016 is there more than once"),
        (series([1, 2]).assign(sector=["a", "b"]), 2016, 2017, r"one series: sector is a, b"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_rate_is_told(rows, start, end, message):
    with pytest.raises(ValueError, match=message):
        cagr(rows, start, end)


def test_a_series_is_told_from_others_by_the_fields_of_its_table(folder):
    rows = load("accounts", vintage="middle").query("year < 2018")
    assert rows.attrs["observation"] == ["year", "sector"]
    two = rows[
        ((rows.sector == "trade") & (rows.year == 2016))
        | ((rows.sector == "finance") & (rows.year == 2017))
    ]
    with pytest.raises(ValueError, match="more than one series: sector is trade, finance"):
        growth(two.sort_values("year"), 2016, 2017)
    # A source is no field of the observation, and may change from year to year.
    trade = rows[rows.sector == "trade"].assign(source=["yearbook", "bulletin"])
    assert growth(trade, 2016, 2017) == pytest.approx(0.1)


def test_several_vintages_of_a_year_are_named(folder):
    with pytest.raises(ValueError, match="2016 is there more than once, of vintages late, middle"):
        growth(finance("all"), 2016, 2017)


def test_weights_of_a_chained_volume_are_those_of_the_year_before():
    values = pd.DataFrame({"finance": [100.0, 300.0], "trade": [300.0, 100.0]}, index=[2021, 2022])
    indices = pd.DataFrame({"finance": [1.08, 1.0], "trade": [1.0, 1.04]}, index=[2022, 2023])
    # A quarter of 8 % in 2022, then a quarter of 4 % in 2023.
    assert chained_volume(values, indices, 2021, 2023) == pytest.approx((1.02 * 1.01) ** 0.5 - 1)
    assert chained_volume(values[["trade"]], indices, 2021, 2022) == pytest.approx(0)


def test_a_chained_volume_without_a_weight_or_an_index_is_refused():
    values = pd.DataFrame({"finance": [100.0]}, index=[2021])
    indices = pd.DataFrame({"finance": [1.08]}, index=[2022])
    with pytest.raises(ValueError, match="no index of finance in 2023"):
        chained_volume(values.reindex([2021, 2022], fill_value=1.0), indices, 2021, 2023)
    with pytest.raises(ValueError, match="no value of finance in 2022"):
        chained_volume(values, indices, 2021, 2023)
    with pytest.raises(ValueError, match="2021, is not after the first, 2021"):
        chained_volume(values, indices, 2021, 2021)
