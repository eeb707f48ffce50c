"""Findings of the chapters on measuring, computed again from the tables without the library."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from convergence.tables import load

NARROW = [
    "transport_storage_post",
    "information_transmission_software",
    "finance",
    "leasing_business_services",
    "scientific_technical_services",
]


@pytest.fixture(scope="module")
def facts(built_site) -> dict[str, float]:
    ledger = json.loads((built_site / "ledger.json").read_text("utf-8"))
    return {name: fact["value"] for name, fact in ledger["facts"].items()}


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    rows = load("panel_31")
    return rows.pivot(index=["year", "province"], columns="indicator", values="value")


def jobs(panel: pd.DataFrame, sectors: list[str], private: bool) -> pd.DataFrame:
    columns = [f"employment_{sector}" for sector in sectors]
    if private:
        columns += [f"private_{name}" for name in columns if f"private_{name}" in panel]
    return panel[columns].sum(axis=1).unstack()


@pytest.mark.parametrize(
    ("private", "short", "apart", "together", "lost"),
    [(False, "urban", 27, 0.03, -0.205), (True, "private", 17, 0.54, -0.008)],
)
def test_whose_jobs_are_counted_decides(facts, panel, private, short, apart, together, lost):
    makers, services = (jobs(panel, sectors, private) for sectors in (["manufacturing"], NARROW))
    growth = [np.log(part.loc[2018] / part.loc[2013]) for part in (makers, services)]
    assert (growth[0] * growth[1] < 0).sum() == apart
    assert growth[0].corr(growth[1]) == pytest.approx(together, abs=0.005)
    whole = makers.sum(axis=1)
    assert whole[2018] / whole[2013] - 1 == pytest.approx(lost, abs=0.0005)
    name = {"urban": "jobs", "private": "private"}[short]
    assert facts[f"closeness.apart-{name}"] == apart
    assert facts[f"closeness.together-{short}"] == pytest.approx(growth[0].corr(growth[1]))
    assert facts[f"closeness.makers-{short}"] == pytest.approx(whole[2018] / whole[2013] - 1)


def test_manufacturing_is_a_smaller_customer_when_size_is_taken_out(facts):
    sectors = load("io_sectors").set_index("sector")
    flows = load("io_china").query("flow == 'total' and year in [2007, 2020]")
    makers = sectors.index[sectors["manufacturing"]]
    sellers = sectors.index[sectors["producer_services_narrow"]]
    output = flows[(flows["row"] == "output") & flows["column"].isin(sectors.index)]
    sold = flows[flows["row"].isin(sellers) & flows["column"].isin(sectors.index)]
    for year, ratio, without in ((2007, 0.71, 0.48), (2020, 0.55, 0.35)):
        made, bought = (part[part["year"] == year] for part in (output, sold))
        to_makers = bought.loc[bought["column"].isin(makers), "value"].sum()
        share = to_makers / bought["value"].sum()
        weight = made.loc[made["column"].isin(makers), "value"].sum() / made["value"].sum()
        outside = bought.loc[~bought["column"].isin(sellers), "value"].sum()
        assert share / weight == pytest.approx(ratio, abs=0.005)
        assert to_makers / outside == pytest.approx(without, abs=0.005)
        assert facts[f"closeness.free-{year}"] == pytest.approx(share / weight)
        assert facts[f"closeness.without-{year}"] == pytest.approx(to_makers / outside)


def test_the_rise_of_jobs_alone_turns_with_the_population(facts, panel):
    for private, name, risen in ((False, "jobs-to-2018", -0.014), (True, "jobs-private", 0.041)):
        levels = 1.0
        for sectors in (["manufacturing"], NARROW):
            counted = jobs(panel, sectors, private).loc[2013:2018]
            low, high = counted.min().min(), counted.max().max()
            levels = levels * (counted - low) / (high - low)
        mean = (levels**0.25).mean(axis=1)  # with equal weights D is the fourth root
        assert mean[2018] - mean[2013] == pytest.approx(risen, abs=0.0005)
        real = facts[f"coordination.placebo.{name}.real"]
        # The fourth root of a level that rounding lifts from zero is not small.
        assert real == pytest.approx(mean[2018] - mean[2013], abs=1e-6)


def test_partners_grow_together_no_more_than_anything_else(facts):
    # The statistic has power: on the index's scale a neighbour's services do not reach the own.
    assert facts["coordination.together.scale.real"] == pytest.approx(0.796, abs=0.0005)
    assert facts["coordination.together.scale.near"] < 0.1
    for name in ("growth", "urban", "private"):
        own, rest = (facts[f"coordination.together.{name}.{pair}"] for pair in ("real", "rest"))
        assert own < rest


def test_the_nation_climbs_with_farming_as_well(facts):
    accounts = load("value_added_1978_2022").query("year >= 2000")
    table = accounts.pivot(index="year", columns="sector", values="value")
    table["services"] = table["transport_storage_post"] + table["finance"]
    scaled = (table - table.min()) / (table.max() - table.min())
    for partner, name in (("services", "services"), ("agriculture", "farming")):
        d = (scaled["industry"] * scaled[partner]) ** 0.25
        for year in (2006, 2018):
            assert facts[f"coordination.nation.{name}-{year}"] == pytest.approx(d[year])
        assert d[2006] < 0.4 < 0.8 < d[2018]
