"""What the dictionary and the definitions say of the tables."""

from __future__ import annotations

import pytest

from convergence.accounts.classifications import concordance, producer_services, sectors_of_tables
from convergence.periods import between
from convergence.tables import load, package
from convergence.tables.dictionary import coverage, groups, limits, time_of
from convergence.tables.package import read


def test_coverage_has_the_runs_and_their_gaps(folder):
    runs = coverage("accounts").set_index("row")
    assert runs.loc["trade"].values.tolist() == [[2016, 2016, 2], [2017, 2017, 1], [2018, 2018, 2]]
    folder.edit("accounts", "2017,trade,middle,revised,66,yearbook\n", "")
    folder.save()
    gone = coverage("accounts").set_index("row").loc["trade"]
    assert gone.values.tolist() == [[2016, 2016, 2], [2018, 2018, 2]]


def test_quarters_run_on_over_the_year(folder):
    assert coverage("quarters").values.tolist() == [["trade", "2017Q1", "2018Q1", 1]]


@pytest.mark.parametrize("name", ["value_added", "value_added_quarterly", "panel_31", "io_china"])
def test_coverage_counts_every_figure_once(book_data, name):
    runs = coverage(name)
    counted = sum(
        run.figures * len(between(run.first, run.last)) for run in runs.itertuples(index=False)
    )
    vintaged = "vintage" in read().resource(name).extras
    rows = load(name, "all" if vintaged else None)
    assert counted == rows[read().resource(name).extras["value"]].notna().sum()


def test_limits_tell_gaps_breaks_and_what_cannot_be_shown(folder):
    assert ("Break", "2017: another classification") in limits("accounts")
    assert limits("accounts")[-1] == ("Cannot show", "Anything before 2016.")
    assert limits("sources") == []


def test_gaps_of_one_reason_stand_together(folder):
    folder.resources["accounts"]["convergence"]["gaps"] = [
        {"where": {"sector": [name]}, "years": [2010, 2011, 2013], "reason": "Lost."}
        for name in ("trade", "finance")
    ]
    folder.save_descriptor()
    assert limits("accounts")[0] == (
        "Gap", "2010 to 2011, 2013 (trade); 2010 to 2011, 2013 (finance). Lost."
    )  # fmt: skip


def test_every_table_of_the_book_stands_under_one_heading(book_data):
    listed = [name for names in groups().values() for name in names]
    assert sorted(listed) == sorted(package.read().resources)
    assert "Other tables" not in groups()


def test_tables_of_one_heading_stand_together_in_the_order_of_the_descriptor(folder):
    for name, group in [("sources", "Keys"), ("accounts", "Figures"), ("claims", "Keys")]:
        folder.resources[name].setdefault("convergence", {})["group"] = group
    folder.save_descriptor()
    assert groups() == {
        "Keys": ["sources", "claims"],
        "Other tables": ["vintages", "splices", "quarters"],
        "Figures": ["accounts"],
    }


def test_coverage_is_shown_by_the_field_that_the_descriptor_names(folder):
    assert set(coverage("accounts").row) == {"finance", "services", "trade"}
    folder.resources["accounts"]["convergence"]["coverage"] = "status"
    folder.save_descriptor()
    assert set(coverage("accounts").row) == {"final", "revised", "preliminary"}


def test_every_table_with_a_time_has_a_coverage(book_data):
    timed = [name for name in package.read().resources if time_of(name)]
    assert "value_added" in timed and "sectors" not in timed
    for name in set(timed) - {"io_wiod"}:
        assert not coverage(name).empty, name


def test_the_classifications_meet_without_loss(book_data):
    meeting = concordance()
    letters = " ".join(meeting.gbt4754).split()
    assert set(letters) == set("ABCDEFGHIJKLMNOPQRS")
    codes = " ".join(meeting.isic).split()
    assert len(codes) == len(set(codes)) == 56
    foreign = " ".join(meeting.international).split()
    assert sorted(foreign) == sorted(load("io_sectors_international").sector)
    own = set(" ".join(meeting.sectors).split())
    assert own == set(load("io_sectors").sector) - {"research_technical"}


def test_the_definitions_hold_what_the_measures_use(book_data):
    found = producer_services().set_index("sector")
    assert found.paper.sum() == 7
    assert set(found.index[found.paper & ~found.narrow]) == {"real_estate", "wholesale_retail"}
    assert (found.operational == (found.share > 0.5)).all()


def test_a_table_holds_the_sectors_it_has_figures_of(book_data):
    held = sectors_of_tables().groupby("table").sector.agg(set)
    assert held["real_index"] == {
        "gdp",
        "primary_industry",
        "secondary_industry",
        "tertiary_industry",
    }
    assert {"finance", "real_estate"} <= held["panel_13"]
