"""The register of doubtful cells: each row must hold, and say so loudly when it no longer does."""

from __future__ import annotations

import pytest

from convergence.tables import corrections, load
from convergence.tables.checks import check
from convergence.tables.package import TableError, read
from convergence.tables.reading import Tables

REGISTER = """\
table,where,field,kind,found,reason,evidence,expectation
accounts,year=2017 sector=trade,value,suspect,66,too round,its neighbours,equals:66
"""


@pytest.fixture
def register(folder):
    folder.table("corrections", REGISTER, {"found": "number"}, ["table", "where", "field"])
    folder.save()
    return folder


def rows(folder, old, new):
    folder.edit("corrections", old, new)
    folder.save()
    return [
        (problem.row, problem.field, problem.found, problem.expected)
        for problem in corrections.problems(Tables(read()))
    ]


def test_a_doubt_that_stands_is_no_problem(register):
    assert check() == []


def test_the_publisher_s_new_figure_is_told_with_both_figures_and_the_way_out(register):
    register.edit("accounts", "2017,trade,middle,revised,66", "2017,trade,middle,revised,66.1")
    register.save()
    problem = next(one for one in check() if one.rule == "correction")
    assert (problem.file, problem.row, problem.field) == ("data/corrections.csv", 2, "expectation")
    assert problem.found == "66.1 in accounts where year=2017 sector=trade"
    assert problem.expected.startswith("66. Has the publisher settled it?")
    assert 'convergence accept corrections --reason "…"' in problem.expected


def test_every_vintage_of_the_cell_must_hold(register):
    register.edit(
        "corrections",
        "year=2017 sector=trade,value,suspect,66,",
        "year=2016 sector=finance,value,suspect,40,",
    )
    register.edit("corrections", "equals:66", "equals:40")
    register.save()
    assert [one.found for one in corrections.problems(Tables(read()))] == [
        "40.5 in accounts where year=2016 sector=finance"
    ]


@pytest.mark.parametrize(
    ("old", "new", "field", "found"),
    [
        ("year=2017 ", "year=2031 ", "where", "no row of accounts where year=2031 sector=trade"),
        ("year=2017 ", "jahr=2017 ", "where", "'jahr' is no field of the table accounts"),
        ("year=2017 ", "2017 ", "where", "'2017' is not of the form field=value"),
        ("year=2017 ", "year= ", "where", "'year=' is not of the form field=value"),
        ("year=2017 ", "sector=x ", "where", "'sector=trade' names the field sector again"),
        ("year=2017 sector=trade", "", "where", "no pair field=value"),
        (",value,", ",price,", "where", "'price' is no field of the table accounts"),
        ("accounts,", "acounts,", "where", "no table 'acounts' in data/datapackage.json: did you"),
        ("equals:66", "equals:67", "expectation", "equals:67"),
    ],
)
def test_a_row_that_speaks_of_nothing_is_told(register, old, new, field, found):
    first = rows(register, old, new)[0]
    assert first[:2] == (2, field)
    assert first[2].startswith(found)


@pytest.mark.parametrize("expectation", ["", "66", "equals:high"])
def test_a_register_that_breaks_its_own_rules_is_not_followed(register, expectation):
    register.resources["corrections"]["schema"]["fields"][-1]["constraints"] = {
        "required": True,
        "pattern": r"equals:[0-9.]+",
    }
    register.edit("corrections", "equals:66", expectation)
    register.save()
    (problem,) = check()
    assert (problem.row, problem.field, problem.rule) == (2, "expectation", "constraint-error")


@pytest.mark.parametrize("text", ["", "year", "=2015", "year=", "year=2015 year=2016"])
def test_a_place_of_another_form_is_refused(text):
    with pytest.raises(TableError):
        corrections.where(text)


def test_without_a_register_there_is_nothing_to_check(folder):
    assert list(corrections.problems(Tables(read()))) == []


def test_every_doubt_of_the_book_names_exactly_one_cell(book_data):
    register = load("corrections")
    vintages = {"panel_13", "panel_recent"}
    frames = {
        name: load(name, "all" if name in vintages else None) for name in register.table.unique()
    }
    for _, row in register.iterrows():
        found = corrections.cells(row, frames[row.table])[row.field]
        assert found.tolist() == [row.found], row["where"]
