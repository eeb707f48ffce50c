"""Describing a new table: what is proposed, what is left to a person, what is refused whole."""

from __future__ import annotations

import json

import pytest

from convergence.cli import main
from convergence.tables import TableError, load
from convergence.tables.checks import check
from convergence.upkeep.accept import EditRefusedError, accept
from convergence.upkeep.new_table import NewTableRefusedError, new_table

RAIN = """\
year,code,city,value,wet,source
2016,01,Kunming,812.5,true,yearbook
2016,02,Dali,740,false,yearbook
2017,01,Kunming,,true,yearbook
2017,02,Dali,655.25,,yearbook
"""


@pytest.fixture
def rain(folder):
    folder.write("rain", RAIN)
    return folder.path / "rain.csv"


def described(folder, name="rain"):
    resources = json.loads((folder.path / "datapackage.json").read_text("utf-8"))["resources"]
    return next(resource for resource in resources if resource["name"] == name)


def fill_in(folder, name="rain"):
    """Write what a person would write, and the hole in the series that the table has."""
    descriptor = json.loads((folder.path / "datapackage.json").read_text("utf-8"))
    text = json.dumps(descriptor).replace("FILL IN: ", "")
    (folder.path / "datapackage.json").write_text(text, encoding="utf-8")


def test_types_key_years_and_references_are_proposed(folder, rain):
    done = new_table(rain)
    schema = described(folder)["schema"]
    assert {field["name"]: field["type"] for field in schema["fields"]} == {
        "year": "integer", "code": "string", "city": "string", "value": "number",
        "wet": "boolean", "source": "string",
    }  # fmt: skip
    assert schema["primaryKey"] == ["year", "code"]
    assert schema["fields"][0]["constraints"] == {
        "required": True, "minimum": 2016, "maximum": 2017
    }  # fmt: skip
    assert "required" not in schema["fields"][3]["constraints"]
    assert schema["foreignKeys"] == [
        {"fields": "source", "reference": {"resource": "sources", "fields": "source"}}
    ]
    extras = described(folder)["convergence"]
    assert (extras["observation"], extras["value"]) == (["year", "code"], "value")
    lines = (folder.path / "datapackage.json").read_text("utf-8").splitlines()
    assert all("FILL IN" in lines[number - 1] for number, _ in done.blanks)
    assert sum("FILL IN" in line for line in lines) == len(done.blanks)
    assert "the unit of value, as 10,000 persons" in dict(done.blanks).values()


def test_a_table_is_accepted_when_what_is_asked_for_is_filled_in(folder, rain):
    assert new_table(rain).problems == []
    with pytest.raises(EditRefusedError) as error:
        accept("rain", "rainfall of the yearbook")
    assert {problem.rule for problem in error.value.problems} == {"blank"}
    fill_in(folder)
    assert accept("rain", "rainfall of the yearbook").is_new
    assert check() == []
    assert load("rain").code.tolist() == ["01", "02", "01", "02"]
    assert main(["check", "rain"]) == 0


def test_a_reference_gives_a_field_the_type_of_the_other_table(folder):
    folder.table("cities", "city,name\n11,Dali\n12,Lijiang\n", {}, ["city"])
    folder.save()
    folder.write("rain", "city,value\n11,740\n12,650\n")
    assert new_table(folder.path / "rain.csv").problems == []
    assert described(folder)["schema"]["fields"][0]["type"] == "string"


def test_what_accept_would_refuse_is_said_at_once(folder):
    folder.write("rain", "year,value,source\n2017,1.5,yearbook\n2016,2.5,atlas\n")
    (problem,) = new_table(folder.path / "rain.csv").problems
    assert problem.rule == "foreign-key" and "atlas" in problem.found
    folder.edit("sources", "yearbook,NBS", "atlas,NBS\nyearbook,NBS")
    assert [problem.rule for problem in check(["rain"]) if problem.rule != "blank"] == [
        "hash", "order"
    ]  # fmt: skip


def test_the_key_can_be_named(folder, rain, capsys):
    assert main(["new-table", str(rain), "--key", "year,city"]) == 0
    assert described(folder)["schema"]["primaryKey"] == ["year", "city"]
    out = capsys.readouterr().out
    assert out.startswith(
        "rain is described in data/datapackage.json, with the key year, city\n  year: integer\n"
    )
    assert out.endswith('then: convergence accept rain --reason "…"\n')


def refused(folder, error, match, *arguments):
    before = {path: path.read_bytes() for path in folder.path.iterdir()}
    with pytest.raises(error, match=match) as caught:
        new_table(*arguments)
    assert {path: path.read_bytes() for path in folder.path.iterdir()} == before
    return caught.value


@pytest.mark.parametrize(
    ("content", "row", "field", "found"),
    [
        ("", None, None, "an empty file"),
        ("year,value\n", 2, None, "no rows"),
        ("year,value\r\n2016,1\r\n", 1, None, "a line that ends in CR"),
        ("\ufeffyear,value\n2016,1\n", 1, None, "a byte order mark"),
        ("year,value\n2016,1", 2, None, "no line end"),
        ("year,\n2016,1\n", 1, "", "''"),
        ("Year,value\n2016,1\n", 1, "Year", "'Year'"),
        ("year,year\n2016,1\n", 1, "year", "the field 'year' twice"),
        ("year,value\n2016,1,2\n", 2, None, "3 cells"),
        ("year,city,value\n2016,Dali,1\n2016,Dali,2\n", None, None, "no key: rows have the same"),
        ('year,value\n2016,"1\n', None, None, "unexpected end of data"),
    ],
)
def test_a_file_that_is_no_table_is_refused_whole(folder, content, row, field, found):
    folder.write("rain", content)
    error = refused(folder, NewTableRefusedError, "nothing was written", folder.path / "rain.csv")
    (problem,) = error.problems
    assert (problem.row, problem.field) == (row, field)
    assert problem.found.startswith(found)


def test_bytes_that_are_no_text_are_refused(folder):
    (folder.path / "rain.csv").write_bytes("year,city\n2016,大理\n".encode("gbk"))
    error = refused(folder, NewTableRefusedError, "nothing was written", folder.path / "rain.csv")
    assert [(problem.row, problem.expected) for problem in error.problems] == [(2, "UTF-8")]


def test_a_file_that_cannot_be_meant_is_refused(folder, rain, tmp_path, capsys):
    refused(folder, TableError, "accounts is described in", folder.path / "accounts.csv")
    refused(folder, TableError, "is missing", folder.path / "snow.csv")
    for name, match in [("rain.xlsx", "in .csv"), ("Rain-2.csv", "cannot name a table")]:
        refused(folder, ValueError, match, folder.path / name)
    elsewhere = tmp_path / "snow.csv"
    elsewhere.write_text(RAIN)
    refused(folder, ValueError, "put it to data/snow.csv", elsewhere)
    refused(folder, ValueError, "no field 'town' in data/rain.csv; it has year", rain, ["town"])
    assert main(["new-table", str(elsewhere)]) == 2
    assert capsys.readouterr().err.endswith("put it to data/snow.csv\n")
