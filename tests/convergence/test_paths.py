"""The four paths: by hand, by identity, against pymrio, and in the book's own tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pymrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from convergence.inputoutput import InputOutputTable, read
from convergence.inputoutput.paths import (
    MEASURED,
    MEASURES,
    PATHS,
    SERVICES,
    by_industry,
    each,
    four_paths,
    grouping,
    linkages,
)
from convergence.tables import load

# By hand: 3 × 3, half of what works buy from shops is imported.
SECTORS = ["farms", "works", "shops"]
TABLE = InputOutputTable(
    pd.DataFrame([[2, 4, 0], [2, 4, 3], [1, 2, 1]], SECTORS, SECTORS, dtype=float),
    [20.0, 20.0, 10.0],
    va=[15, 8, 6],
    final=[14, 11, 6],
    Z_imported=[[0, 0, 0], [0, 0, 0], [0, 2, 0]],
)
GROUPS = pd.DataFrame(
    {
        "manufacturing": [False, True, False],
        **{name: [False, False, True] for name in SERVICES},
        "research_design": False,
        "information_technology": [False, False, True],
    },
    SECTORS,
)


def lookup(rows: pd.DataFrame, **chosen: object) -> pd.Series:
    for column, value in chosen.items():
        rows = rows[rows[column] == value]
    return rows.set_index(["measure", "origin"])["value"]


def test_a_table_of_three_sectors_by_hand():
    InputOutputTable(TABLE.Z, TABLE.x, final=TABLE.final)
    found = lookup(four_paths(TABLE, GROUPS), path="servitization", services="narrow")
    assert found["direct"].to_dict() == {"total": 0.2, "domestic": 0.1, "imported": 0.1}
    # Works buy 10 at home and 2 abroad; shops sell 4 at home, and 2 come from abroad.
    assert found["share_of_inputs", "total"] == pytest.approx(4 / 12)
    assert found["share_of_sales", "imported"] == pytest.approx(2 / 6)
    A = np.array([[0.1, 0.2, 0], [0.1, 0.2, 0.3], [0.05, 0.1, 0.1]])
    need = np.linalg.inv(np.eye(3) - A)[:, 1]
    content = np.array([0.75, 0.4, 0.6]) * need
    assert found["share_of_value_added", "domestic"] == pytest.approx(content[2] / content.sum())
    assert found["share_of_final_output", "domestic"] == pytest.approx(content[2])
    assert found["complete", "domestic"] == pytest.approx(need[2])
    assert found["complete", "imported"] == pytest.approx(0.1 * need[1])
    with_imports = A + np.array([[0, 0, 0], [0, 0, 0], [0, 0.1, 0]])
    need = np.linalg.inv(np.eye(3) - with_imports)[:, 1] - [0, 1, 0]
    assert found["complete", "total"] == pytest.approx(need[2])
    assert found["share_of_complete", "total"] == pytest.approx(need[2] / need.sum())


def test_both_directions_are_measured_alike():
    found = four_paths(TABLE, GROUPS)
    assert set(found["path"]) == set(PATHS) - {"research_design"}
    assert set(found["measure"]) == set(MEASURES)
    mirrored = GROUPS.assign(
        manufacturing=GROUPS["all"], **dict.fromkeys(SERVICES, GROUPS["manufacturing"])
    )
    there = lookup(found, path="reverse_manufacturing", services="paper")
    back = lookup(four_paths(TABLE, mirrored), path="servitization", services="paper")
    pd.testing.assert_series_equal(there, back)


@st.composite
def tables(draw):
    n = 4
    A, M = 0.7 * draw(npst.arrays(float, (2, n, n), elements=st.floats(0.01, 1))) / (2 * n)
    f = draw(npst.arrays(float, n, elements=st.floats(0.1, 10)))
    x = np.linalg.solve(np.eye(n) - A, f)
    return InputOutputTable(
        A * x, x, va=x * (1 - A.sum(axis=0) - M.sum(axis=0)), final=f, Z_imported=M * x,
        sectors=["a", "b", "c", "d"],
    )  # fmt: skip


ADDITIVE = ["direct", "share_of_inputs", "share_of_sales"]
few = settings(max_examples=30, deadline=None)


@few
@given(tables())
def test_home_made_and_imported_add_up_where_a_docstring_says_so(table):
    found = linkages(table, each(table.sectors), each(table.sectors))
    wide = found.pivot(index=["supplier", "buyer", "measure"], columns="origin", values="value")
    sums = wide.loc[(slice(None), slice(None), ADDITIVE), :]
    np.testing.assert_allclose(sums["domestic"] + sums["imported"], sums["total"])


@few
@given(tables())
def test_shares_of_all_suppliers_or_buyers_add_up_to_one(table):
    found = linkages(table, each(table.sectors), {"buyers": ["b", "c"]})
    of_suppliers = found.groupby(["measure", "origin"])["value"].sum()
    for measure in ("share_of_inputs", "share_of_complete", "share_of_value_added"):
        origin = "domestic" if measure == "share_of_value_added" else "total"
        assert of_suppliers[measure, origin] == pytest.approx(1)
    bought = linkages(table, {"sellers": ["a", "d"]}, each(table.sectors))
    of_buyers = bought.groupby(["measure", "origin"])["value"].sum()
    assert of_buyers["share_of_sales", "total"] == pytest.approx(1)


@few
@given(st.lists(tables(), min_size=2, max_size=4))
def test_many_tables_give_what_each_gives(several):
    groups = pd.DataFrame({"s": [True, False, False, True]}, ["a", "b", "c", "d"])
    together = linkages(pd.Series(several, [2000 + at for at in range(len(several))]),
                        groups, {"b": ["b", "c"]})  # fmt: skip
    assert list(together["table"].unique()) == [2000 + at for at in range(len(several))]
    for at, table in enumerate(several):
        alone = linkages(table, groups, {"b": ["b", "c"]})["value"]
        in_batch = together.loc[together["table"] == 2000 + at, "value"]
        np.testing.assert_allclose(in_batch, alone)


@few
@given(tables())
def test_pymrio_agrees_on_content_and_needs(table):
    found = linkages(table, {"s": ["a", "c"]}, {"b": ["b"]}).set_index(["measure", "origin"]).value
    x = table.x.to_frame("indout")
    L = pymrio.calc_L(pymrio.calc_A(table.Z, x))
    S = pymrio.calc_S(table.va.to_frame("va").T, x)
    content = S.iloc[0] * L["b"]
    assert found["share_of_value_added", "domestic"] == pytest.approx(
        content[["a", "c"]].sum() / content.sum()
    )
    total = pymrio.calc_L(pymrio.calc_A(table.Z + table.Z_imported, x))
    assert found["complete", "total"] == pytest.approx(total["b"][["a", "c"]].sum())


# What is missing


def test_without_imports_apart_there_is_one_origin():
    plain = InputOutputTable(TABLE.Z, TABLE.x, final=TABLE.final, va=[15, 10, 6])
    found = linkages(plain, {"s": ["shops"]}, {"m": ["works"]})
    assert set(found["origin"][found["measure"] == "direct"]) == {"total"}
    assert "share_of_value_added" in set(found["measure"])
    found = linkages(TABLE.competitive(), {"s": ["shops"]}, {"m": ["works"]})
    assert "share_of_value_added" not in set(found["measure"])
    assert "share_of_complete" in set(found["measure"])


def test_what_has_no_denominator_has_no_row():
    idle = InputOutputTable([[1.0, 0], [0, 0]], [2.0, 0], final=[1, 0], va=[1, 0])
    found = linkages(idle, {"idle": [2], "busy": [1]}, {"busy": [1], "idle": [2]})
    assert found["value"].notna().all()
    assert found[found["buyer"] == "idle"].query("measure != 'share_of_sales'").empty
    zero = lookup(found, supplier="idle", buyer="busy")
    assert zero["direct", "total"] == 0
    assert ("share_of_sales", "total") not in zero


def test_a_group_without_a_sector_in_the_table_has_no_row():
    found = four_paths(TABLE, GROUPS)
    assert "research_design" not in set(found["path"])


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (lambda: linkages(TABLE, {"s": ["banks"]}, {}), "group 's': no sector banks in the table"),
        (
            lambda: four_paths(TABLE, GROUPS.drop("farms")),
            "the grouping does not know the sector farms",
        ),
        (lambda: four_paths({}, GROUPS), "there is no table to measure"),
        (lambda: four_paths(TABLE, GROUPS.drop(columns="narrow")), "the grouping lacks narrow"),
        (lambda: grouping(pd.DataFrame({"sector": ["a"]})), "lacks the column category, manuf"),
    ],
)
def test_a_grouping_that_does_not_fit_is_refused(measure, message):
    with pytest.raises(ValueError, match=message):
        measure()


def test_each_measure_names_its_denominator():
    assert set(MEASURES) == {measure for measure, _ in MEASURED}
    for measure, text in MEASURES.items():
        denominator = (
            "share of" if measure.startswith("share") else "per unit of the buyers' output"
        )
        assert denominator in text, measure


# The book's own tables


@pytest.fixture
def china(book_data):
    return read(load("io_china")), grouping(load("io_sectors"))


def test_two_denominators_of_services_content_in_2020(china):
    tables, groups = china
    found = lookup(four_paths(tables[2020], groups), path="servitization", services="all")
    assert round(100 * found["share_of_value_added", "domestic"], 1) == 28.1
    assert round(100 * found["share_of_final_output", "domestic"], 1) == 22.6


def test_the_level_with_trade_and_without(china):
    tables, groups = china
    groups = groups.assign(broad=groups["narrow"])
    groups.loc["wholesale_retail", "broad"] = True
    found = linkages(tables[2020], groups[["narrow", "broad"]], groups[["manufacturing"]])
    direct = found[(found["measure"] == "direct") & (found["origin"] == "total")]
    assert direct.set_index("supplier")["value"].mul(100).round(1).to_dict() == {
        "narrow": 7.4,
        "broad": 12.7,
    }


def test_research_leaves_intermediate_use_in_2017(china):
    tables, groups = china
    research = {"research": ["research_development"]}
    makers = {"makers": list(groups.index[groups["manufacturing"]])}
    found = linkages(tables.drop(2015), research, makers)
    bought = found[(found["measure"] == "direct") & (found["origin"] == "total")]
    by_year = bought.set_index("year")["value"]
    assert (by_year.loc[2002:2012] > 0).all()
    assert (by_year.loc[2017:] == 0).all()


def test_producer_services_turned_to_services(china):
    tables, groups = china
    buyers = groups.rename(columns={"all": "services"})[["manufacturing", "services"]]
    found = linkages(tables[[2007, 2020]], groups[["narrow"]], buyers)
    sold = found[(found["measure"] == "share_of_sales") & (found["origin"] == "total")]
    shares = sold.pivot(index="buyer", columns="year", values="value").mul(100).round()
    assert shares.loc["manufacturing"].tolist() == [39, 22]
    assert shares.loc["services"].tolist() == [38, 59]


def test_paths_1_and_2_are_parts_of_path_3(china):
    found = four_paths(*china)
    direct = found[(found["measure"] == "direct") & (found["origin"] == "total")]
    wide = direct.pivot(index="year", columns=["path", "services"], values="value")
    factors = wide["research_design"].iloc[:, 0] + wide["information_technology"].iloc[:, 0]
    served = wide["servitization"]
    assert (factors < served["narrow"]).all()
    assert (served["narrow"] < served["paper"]).all()
    assert (served["paper"] < served["all"]).all()


def test_industries_weighted_by_output_make_the_total(china):
    tables, groups = china
    table = tables[2017]
    found = by_industry(table, groups)
    total = four_paths(table, groups)
    for path in PATHS:
        for measure in ("direct", "complete"):
            parts = found[(found["path"] == path) & (found["measure"] == measure)]
            for (services, origin), rows in parts.groupby(["services", "origin"]):
                x = table.x[rows["industry"]].to_numpy()
                whole = lookup(total, path=path, services=services)[measure, origin]
                assert np.average(rows["value"], weights=x) == pytest.approx(whole)
    assert found[found["path"] == "servitization"]["industry"].nunique() == 16


def test_the_grouping_is_the_paper_s_list(china):
    _, groups = china
    paper, narrow = (set(groups.index[groups[name]]) for name in ("paper", "narrow"))
    assert paper - narrow == {"wholesale_retail", "real_estate"}
    assert set(groups.index[groups["information_technology"]]) == {
        "information_transmission_software"
    }
    assert set(groups.index[groups["research_design"]]) == {
        "research_development",
        "research_technical",
        "technical_services",
    }
