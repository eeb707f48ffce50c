"""Totals and shares: every year from one vintage, or refused."""

from __future__ import annotations

import pandas as pd
import pytest

from convergence.accounts import producer_services
from convergence.accounts.shares import share, together, total
from convergence.tables import TableError, load
from convergence.tables.vintages import VintageError

PARTS = ["trade", "finance"]


def of(rows, sector):
    return rows[rows.sector == sector]


def test_together_takes_each_year_from_the_newest_vintage_that_has_all(folder):
    folder.edit("accounts", "2016,finance,late,final,40.5,yearbook\n", "")
    folder.save()
    assert of(load("accounts"), "trade").vintage.tolist() == ["late", "middle", "middle"]
    rows = together("accounts", PARTS)
    assert set(rows.vintage) == {"middle"}
    assert sorted(set(rows.year)) == [2016, 2017, 2018]
    assert rows.attrs["table"] == "accounts"


def test_together_leaves_out_years_that_no_vintage_holds_whole(folder):
    folder.edit("accounts", "2017,finance,middle,revised,44,", "2017,finance,middle,revised,,")
    folder.save()
    assert sorted(set(together("accounts", PARTS).year)) == [2016, 2018]
    with pytest.raises(
        TableError, match="no vintage of the table 'accounts' holds all of trade, mining"
    ):
        together("accounts", ["trade", "mining"])


def test_a_total_adds_up_and_keeps_the_vintage(folder):
    totals = total(load("accounts"), PARTS)
    assert totals.columns.tolist() == ["year", "value", "vintage", "status"]
    assert totals.value.tolist() == [100.5, 110, 121]
    assert totals.vintage.tolist() == ["late", "middle", "middle"]
    assert totals.status.tolist() == ["final", "revised", "preliminary"]


def test_a_total_of_two_vintages_is_refused(folder):
    folder.edit("accounts", "2016,finance,late,final,40.5,yearbook\n", "")
    folder.save()
    with pytest.raises(VintageError, match=r"sectors of 2016 .* middle and late; .*together"):
        total(load("accounts"), PARTS)


def test_a_total_has_only_years_with_every_sector():
    rows = pd.DataFrame(
        [[2016, "trade", 1.0], [2016, "finance", 2.0], [2017, "trade", 3.0],
         [2018, "trade", 4.0], [2018, "finance", float("nan")]],
        columns=["year", "sector", "value"],
    )  # fmt: skip
    assert total(rows, PARTS).values.tolist() == [[2016, 3.0]]
    with pytest.raises(ValueError, match="no year has all of trade, mining"):
        total(rows, ["trade", "mining"])
    with pytest.raises(ValueError, match="trade is there more than once in 2016"):
        total(pd.concat([rows, rows]), PARTS)


def test_a_share_is_of_the_same_year_and_vintage(folder):
    rows = load("accounts")
    shares = share(of(rows, "trade"), of(rows, "services"))
    assert shares.value.tolist() == pytest.approx([60 / 100.5, 0.6, 70 / 121])
    older = of(load("accounts", "middle"), "services")
    with pytest.raises(
        VintageError, match="in 2016 the part is of vintage late, the whole of middle"
    ):
        share(of(rows, "trade"), older)


def test_shares_of_all_parts_make_the_whole(book_data):
    rows = together(
        "value_added", ["primary_industry", "secondary_industry", "tertiary_industry", "gdp"]
    )
    strata = ["primary_industry", "secondary_industry", "tertiary_industry"]
    shares = [
        share(of(rows, stratum), of(rows, "gdp")).set_index("year").value for stratum in strata
    ]
    assert sum(shares).sub(1).abs().max() < 1e-5
    assert len(shares[0]) >= 10


def test_a_share_without_common_years_is_told():
    series = pd.DataFrame({"year": [2016], "value": [1.0]})
    with pytest.raises(ValueError, match="have no year in common"):
        share(series, series.assign(year=2017))
    with pytest.raises(ValueError, match="2016 is there more than once"):
        share(pd.concat([series, series]), series)


def test_the_definitions_differ_as_they_say(book_data):
    paper, narrow = (set(producer_services.sectors(name)) for name in ("paper", "narrow"))
    assert len(paper) == 7
    assert paper - narrow == {"wholesale_retail", "real_estate"}
    with pytest.raises(
        ValueError, match="no definition 'broad'; there are paper, narrow, operational"
    ):
        producer_services.sectors("broad")


def test_the_operational_definition_follows_its_threshold(book_data):
    shares = producer_services.sold_to_producers().set_index("sector").share
    assert shares.is_monotonic_decreasing
    assert shares.between(0, 1).all()
    assert len(shares) == 14
    for threshold in (0.4, 0.5, 0.6):
        chosen = producer_services.sectors("operational", threshold)
        assert set(chosen) == set(shares[shares > threshold].index)


def test_the_share_sold_to_producers_is_that_of_the_table(book_data):
    uses = load("io_uses_2020").set_index("section")
    shares = producer_services.sold_to_producers().set_index("sector").share
    finance = uses.loc["finance"]
    assert shares["finance"] == pytest.approx(
        finance.intermediate_total / (finance.intermediate_total + finance.final_use_domestic)
    )
    # Two of the table's 42 sectors make this section.
    science = uses.loc["scientific_technical_services"]
    bought = science.intermediate_total.sum()
    assert len(science) == 2
    assert shares["scientific_technical_services"] == pytest.approx(
        bought / (bought + science.final_use_domestic.sum())
    )


def test_seen_is_what_every_year_has(folder):
    rows = load("accounts")
    assert producer_services.seen(rows, ["finance", "trade", "mining"]) == ["finance", "trade"]
    folder.edit("accounts", "2017,trade,middle,revised,66,", "2017,trade,middle,revised,,")
    folder.save()
    assert producer_services.seen(load("accounts"), ["finance", "trade"]) == ["finance"]
