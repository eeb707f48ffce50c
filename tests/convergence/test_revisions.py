"""What was known when, and how far figures moved."""

from __future__ import annotations

import pytest

from convergence.accounts.revisions import as_known, revisions
from convergence.tables import TableError, load


def test_the_newest_figure_released_by_then_is_known(folder):
    known = as_known("accounts", "2019-07").set_index(["year", "sector"])
    assert known.vintage[2018, "trade"] == "middle"
    assert known.value[2016, "finance"] == 40
    assert (
        as_known("accounts", "2020-12").set_index(["year", "sector"]).value[2016, "finance"] == 40.5
    )


def test_what_was_not_yet_published_is_not_there(folder):
    known = as_known("accounts", "2018-02")
    assert known.year.unique().tolist() == [2018]
    assert known.attrs["table"] == "accounts"


def test_before_the_first_release_nothing_was_known(folder):
    with pytest.raises(
        TableError, match=r"nothing in the table 'accounts' .* by 2018-01; first 2018-02"
    ):
        as_known("accounts", "2018-01")


def test_later_figures_are_set_against_the_first_preliminary_one(folder):
    folder.edit("accounts", "2018,trade,middle,preliminary,70", "2018,trade,middle,final,77")
    folder.save()
    rows = load("accounts", vintage="all").query("sector == 'trade'")
    found = revisions(rows)
    # 2016 and 2017 begin with revised figures: their first ones are unknown.
    assert found[["year", "vintage", "step"]].to_numpy().tolist() == [
        [2018, "early", 0], [2018, "middle", 1]
    ]  # fmt: skip
    assert found.revision.tolist() == [0, pytest.approx(0.1)]


def test_a_figure_that_only_repeats_is_no_revision(folder):
    rows = load("accounts", vintage="all").query("sector == 'trade'")
    assert revisions(rows).vintage.tolist() == ["early"]


def test_of_the_year_that_the_paper_uses_the_final_figure_is_lower(book_data):
    rows = load("value_added", vintage="all").query("sector == 'manufacturing'")
    moved = revisions(rows).set_index(["year", "vintage"]).revision
    assert moved[2019, "wdi-census4"] == pytest.approx(264136.72 / 269175.1 - 1)
