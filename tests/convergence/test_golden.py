"""The figures of the source paper, recomputed from the book's own tables.

Expected values: Liang & Luo, "High-quality Development Paths of Manufacturing Industry Based on
Industrial Convergence", section 2, against the publications of NBS and the World Bank.
"""

from __future__ import annotations

import pytest

from convergence.accounts.claims import Bound, claim, judge
from convergence.accounts.growth import cagr, decompose
from convergence.accounts.producer_services import sectors, seen
from convergence.accounts.shares import share, together, total
from convergence.tables import load
from convergence.tables.vintages import VintageError

pytestmark = pytest.mark.usefixtures("book_data")


def sector(name, vintage=None, table="value_added"):
    rows = load(table, vintage)
    return rows[rows.sector == name]


def item(name):
    census = load("census_2018").set_index("item")
    return census.value[name]


def paper_mix():
    return cagr(sector("manufacturing", "census4-2020Q2"), 2016, 2019, splice="paper-2016-2019")


def test_manufacturing_grew_by_8_0_per_cent_and_not_by_8_7():
    final = cagr(sector("manufacturing"), 2016, 2019)
    assert round(100 * final, 1) == 8.0
    assert round(100 * paper_mix(), 1) == 8.7
    printed = (26917.51 / 20950.89) ** (1 / 3) - 1
    assert paper_mix() == pytest.approx(printed, abs=1e-5)
    verdict = judge("growth-2016-2019", 100 * final, {"census4-2020Q2": 100 * paper_mix()})
    assert verdict == "reproduces_with_another_vintage"


def test_the_paper_s_mix_is_refused_unless_asked_for():
    with pytest.raises(VintageError, match=r"2019 is preliminary .* splice=\"paper-2016-2019\""):
        cagr(sector("manufacturing", "census4-2020Q2"), 2016, 2019)


def test_deflated_manufacturing_grew_by_about_5_per_cent():
    wdi = load("wdi_china")
    prices = wdi[wdi.indicator == "gdp_deflator"]
    rates = decompose(sector("manufacturing"), prices, 2016, 2019)
    assert round(100 * rates.volume, 1) == 4.9


def test_six_of_the_seven_producer_services_in_2018():
    rows = load("value_added")
    six = seen(rows[rows.year.between(2016, 2019)], sectors("paper"))
    assert len(six) == 6
    sum_2018 = total(rows, six).set_index("year").value[2018]
    assert sum_2018 == pytest.approx(322_676.4, abs=0.05)


@pytest.mark.parametrize(
    ("vintage", "per_cent"),
    [("census4-2020Q2", 70.0), ("prelim-2019-01", 73.0), ("census5-2025", 67.7)],
)
def test_producer_services_were_no_half_of_services_in_any_vintage(vintage, per_cent):
    tertiary = sector("tertiary_industry", vintage).set_index("year").value[2018]
    assert round(100 * 342_851.5 / tertiary, 1) == per_cent
    assert judge("producer-services-share", 100 * 342_851.5 / tertiary) == "does_not_reproduce"


def test_china_made_27_3_per_cent_of_the_world_s_manufactures_in_2019():
    world = load("world_manufacturing")
    world = world[world.indicator == "manufacturing"]
    shares = share(world[world.country == "CHN"], world[world.country == "WLD"])
    per_cent = 100 * shares.set_index("year").value[2019]
    assert round(per_cent, 1) == 27.3
    assert judge("world-share", per_cent) == "cannot_be_tested"


def test_27_3_per_cent_of_employment_has_the_wrong_denominator():
    jobs = item("manufacturing_employees")
    of_legal_units = 100 * jobs / item("employees")
    of_all = 100 * jobs / item("national_employment")
    assert (round(of_legal_units, 1), round(of_all, 1)) == (27.3, 13.5)
    assert judge("jobs-share", of_all) == "does_not_reproduce"


def test_enterprises_and_jobs_reproduce():
    assert judge("enterprises", item("manufacturing_enterprises") / 100) == "reproduces"
    assert judge("jobs", item("manufacturing_employees") / 100) == "reproduces"


def test_the_share_of_manufacturing_in_gdp_is_taken_within_one_vintage():
    rows = together("value_added", ["manufacturing", "gdp"])
    shares = share(rows[rows.sector == "manufacturing"], rows[rows.sector == "gdp"])
    by_year = shares.set_index("year")
    # 51,748.5 of 159,878.3, Statistical Yearbook 2005, table 3-5.
    assert by_year.value[2004] == pytest.approx(51748.5 / 159878.3, abs=1e-4)
    assert by_year.vintage[2019] == "census4-2020Q2"
    assert shares.groupby("year").vintage.nunique().max() == 1


def test_3_4_per_cent_in_2020_is_the_growth_above_designated_size():
    index = load("growth_index_quarterly_2000_2021").query(
        "sector == 'manufacturing' and quarter == '2020Q4' and type == 'accumulated'"
    )
    monthly = load("industry_growth_monthly").query(
        "sector == 'manufacturing' and month == '2020-12' and measure == 'accumulated'"
    )
    accounts, above = index.value.item() - 100, monthly.value.item()
    assert (round(accounts, 1), above) == (2.5, 3.4)
    verdict = judge("growth-2020", accounts, concepts={"above designated size": above})
    assert verdict == "holds_in_another_concept"


@pytest.mark.parametrize(
    ("year", "six_seen", "seventh"), [(2015, 232_719.4, 13_887.0), (2018, 322_676.4, 20_175.1)]
)
def test_the_paper_s_producer_services_leave_a_plausible_seventh_sector(year, six_seen, seventh):
    six = {
        "wholesale_retail", "transport_storage_post", "information_transmission_software",
        "finance", "real_estate", "leasing_business_services",
    }  # fmt: skip
    quarters = load("value_added_quarterly_2000_2021")
    quarters = quarters[quarters.quarter.str.startswith(str(year))]
    seen = quarters[quarters.sector.isin(six)].value.sum()
    other = quarters[quarters.sector == "other_sectors"].value.sum()
    implied = 10 * claim(f"producer-services-{year}").value - seen
    assert (round(seen, 1), round(implied, 1)) == (six_seen, seventh)
    # What science made of the other sectors, in the input–output tables of 2012 to 2020.
    table = load("io_value_added").pivot(index="year", columns="sector", values="value").loc[2012:]
    others = table[
        ["scientific_technical_services", "water_environment_public_facilities",
         "household_other_services", "education", "health_social_welfare",
         "culture_sports_entertainment", "public_administration"]
    ].sum(axis=1)  # fmt: skip
    parts = table["scientific_technical_services"] / others
    assert (round(parts.min(), 3), round(parts.max(), 3)) == (0.123, 0.175)
    bound = Bound("science", parts.min() * other / 10, parts.max() * other / 10, seen / 10)
    assert judge(f"producer-services-{year}", bound=bound) == "consistent"
