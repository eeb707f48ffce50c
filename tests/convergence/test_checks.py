"""What `check` finds: each rule broken once, and told with file, row, field, found, expected."""

from __future__ import annotations

import importlib.resources
import json
from collections import Counter

import jsonschema
import pandas as pd
import pytest

from convergence.tables import TableError, load, reading
from convergence.tables.checks import check


def only(problems):
    assert len(problems) == 1, "\n".join(map(str, problems))
    return problems[0]


def told(problem):
    return problem.file, problem.row, problem.field, problem.found, problem.expected, problem.rule


def extras(folder, table="accounts"):
    return folder.resources[table]["convergence"]


def test_a_valid_package_has_no_problems(folder):
    assert check() == []


def test_the_book_s_own_data_have_no_problems(book_data):
    assert [str(problem) for problem in check()] == []


def test_an_edit_is_a_problem_until_it_is_accepted(folder):
    folder.edit("sources", "NBS", "N.B.S.")
    problem = only(check())
    assert problem.rule == "hash"
    assert problem.file == "data/sources.csv"
    assert "convergence accept sources" in problem.expected
    assert check(["vintages"]) == []


def test_a_missing_file_is_a_problem(folder):
    (folder.path / "claims.csv").unlink()
    problem = only(check())
    assert (problem.table, problem.rule) == ("claims", "file")
    assert "data/claims.csv is missing" in problem.found


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_an_emptied_file_is_told_as_such(folder, content):
    (folder.path / "accounts.csv").write_bytes(content)
    folder.save()
    assert told(only([one for one in check(["accounts"]) if one.rule != "hash"])) == (
        "data/accounts.csv",
        None,
        None,
        "an empty file",
        "a line that names the fields, and the rows below it",
        "text",
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("2018,trade,early,preliminary,70", "2018,trade,early,preliminary,7O",
         (15, "value", "'7O'", 'type "number"', "type-error")),
        ("2018,trade,early,preliminary,70", "2018,trade,early,preliminary,-70",
         (15, "value", "'-70'", 'constraint "minimum" is "0"', "constraint-error")),
        ("2018,trade,early,preliminary,70", "2018,trade,early,,70",
         (15, "status", "nothing", 'constraint "required" is "True"', "constraint-error")),
        ("2018,trade,early,preliminary,70", "2018,trade,middle,preliminary,70",
         (16, "year, sector, vintage", "'2018, trade, middle'",
          "a key of its own; this is the same as in the row at position 15", "primary-key")),
        ("2018,trade,early,", "2018,trade,easter,",
         (15, "vintage", "'easter'", "a value that the table vintages has; "
          "a new one goes into vintages first", "foreign-key")),
        ("early,preliminary,70,yearbook", "early,preliminary,70,yearbook,7",
         (15, None, "'7'", "as many cells as the header has", "extra-cell")),
        ("early,preliminary,70,yearbook", "early,preliminary,70",
         (15, "source", "nothing", "as many cells as the header has", "missing-cell")),
    ],
)  # fmt: skip
def test_a_broken_cell_is_named(folder, old, new, expected):
    fields = folder.resources["accounts"]["schema"]["fields"]
    fields[3]["constraints"] = {"required": True}
    fields[4]["constraints"] = {"minimum": 0}
    folder.edit("accounts", old, new)
    folder.save()
    assert told(check()[0])[1:] == expected


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda text: b"\xef\xbb\xbf" + text, "a byte order mark"),
        (lambda text: text.replace(b"\n", b"\r\n"), "a line that ends in CR"),
        (lambda text: text.rstrip(b"\n"), "no line end"),
    ],
)
def test_what_a_spreadsheet_leaves_behind_is_named(folder, change, found):
    path = folder.path / "accounts.csv"
    path.write_bytes(change(path.read_bytes()))
    folder.save()
    assert (check()[0].found, check()[0].rule) == (found, "text")


def test_rows_out_of_order_are_named(folder):
    text = (folder.path / "accounts.csv").read_text()
    lines = text.splitlines(keepends=True)
    lines[3], lines[4] = lines[4], lines[3]
    folder.write("accounts", "".join(lines))
    folder.save()
    assert told(only(check())) == (
        "data/accounts.csv", 4, "year, sector, vintage", "2016, services, middle",
        "here 2016, services, late: rows sorted by the key", "order",
    )  # fmt: skip


def test_a_sum_that_does_not_add_up_is_named(folder):
    folder.edit("accounts", "2017,trade,middle,revised,66", "2017,trade,middle,revised,66.16")
    folder.save()
    problems = check(["accounts"])
    assert told(only(problems)) == (
        "data/accounts.csv", 9, "sector",
        "services is 110, but trade + finance is 110.16 (year 2017, vintage middle)",
        "a difference of at most 0.15", "identity: services",
    )  # fmt: skip


def test_a_sum_within_rounding_is_no_problem(folder):
    folder.edit("accounts", "2017,trade,middle,revised,66", "2017,trade,middle,revised,66.15")
    folder.save()
    assert check(["accounts"]) == []


def test_a_sum_is_only_asked_of_complete_groups(folder):
    folder.edit("accounts", "2018,trade,early,preliminary,70,yearbook\n", "")
    folder.save()
    assert check() == []


def test_a_sum_with_a_misspelt_part_is_named(folder):
    extras(folder)["identities"][0]["parts"] = ["trade", "finances"]
    folder.save()
    problem = only(check())
    assert problem.found == "sector 'finances' in no row that it applies to"


def test_a_sum_that_applies_nowhere_is_named(folder):
    extras(folder)["identities"][0]["where"] = {"vintage": ["late"], "year": [2016]}
    folder.save()
    assert check() == []
    folder.edit(
        "accounts", "2016,trade,late,final,60,yearbook\n", "2016,trade,late,final,,yearbook\n"
    )
    folder.save()
    assert [problem.found for problem in check()] == ["no row to which it applies"]


def test_an_exception_covers_what_it_names_and_nothing_else(folder):
    folder.edit("accounts", "2017,trade,middle,revised,66", "2017,trade,middle,revised,70")
    identity = extras(folder)["identities"][0]
    identity["unless"] = [{"where": {"year": [2017]}, "reason": "printed so"}]
    folder.save()
    assert check(["accounts"]) == []
    identity["unless"][0]["where"] = {"year": [2018]}
    folder.save()
    assert [problem.found for problem in check(["accounts"])] == [
        "an exception where {'year': [2018]} that nothing needs",
        "services is 110, but trade + finance is 114 (year 2017, vintage middle)",
    ]


def test_quarters_that_do_not_make_the_year_are_named(folder):
    folder.edit("quarters", "2017Q4,trade,middle,revised,17,", "2017Q4,trade,middle,revised,17.26,")
    folder.save()
    assert told(only(check())) == (
        "data/quarters.csv", 5, "value",
        "the four quarters make 66.26, but data/accounts.csv has 66 "
        "(year 2017, sector trade, vintage middle)",
        "a difference of at most 0.25", "identity: years",
    )  # fmt: skip


def test_quarters_of_a_table_that_is_not_there_are_named(folder):
    extras(folder, "quarters")["identities"][0]["table"] = "years"
    folder.save()
    assert only(check()).found == "a table 'years' that is not there"


def test_a_balance_is_asked_of_every_row(folder):
    folder.table(
        "uses",
        "sector,inputs,final,output\na,1,2,3\nb,4,5,9\nc,4,5,8.5\n",
        {"inputs": "number", "final": "number", "output": "number"},
        ["sector"],
        {
            "identities": [
                {"name": "uses", "kind": "balance", "left": ["inputs", "final"],
                 "right": ["output"], "tolerance": 0.4}
            ]
        },
    )  # fmt: skip
    folder.save()
    problem = only(check())
    assert (problem.row, problem.found) == (
        4, "inputs + final is 9, but output is 8.5 (sector c)"
    )  # fmt: skip


def remove_trade_2017(folder):
    folder.edit("accounts", "2017,trade,middle,revised,66,yearbook\n", "")


def test_a_hole_in_a_series_is_named(folder):
    remove_trade_2017(folder)
    folder.save()
    problem = check(["accounts"])[0]
    assert told(problem) == (
        "data/accounts.csv", None, "year", "nothing for 2017 (trade)",
        "a value, or a known gap that names it", "gaps",
    )  # fmt: skip


def test_an_empty_value_is_a_hole_too(folder):
    folder.edit("accounts", "2017,trade,middle,revised,66,", "2017,trade,middle,revised,,")
    folder.save()
    assert "nothing for 2017 (trade)" in [problem.found for problem in check(["accounts"])]


def test_a_hole_that_is_known_is_no_problem(folder):
    remove_trade_2017(folder)
    extras(folder)["gaps"] = [{"where": {"sector": ["trade"]}, "years": [2017], "reason": "none"}]
    folder.save()
    assert check(["accounts"]) == []


@pytest.mark.parametrize(
    ("gap", "found"),
    [
        ({"where": {"sector": ["trade"]}, "years": [2017]},
         "2017 (trade) listed as a gap, but there is a value"),
        ({"where": {"sector": ["trade"]}, "years": [2021]},
         "2021 (trade) listed as a gap, but the series does not reach it"),
        ({"where": {"sector": ["mining"]}, "years": [2017]}, "a gap where {'sector': ['mining']}"),
    ],
)  # fmt: skip
def test_a_known_gap_that_is_none_is_named(folder, gap, found):
    extras(folder)["gaps"] = [gap | {"reason": "none"}]
    folder.save()
    assert only(check()).found == found


def test_a_missing_quarter_is_a_hole(folder):
    folder.edit("quarters", "2017Q3,trade,middle,revised,16.5,yearbook\n", "")
    extras(folder, "quarters")["identities"] = []
    folder.save()
    assert only(check()).found == "nothing for 2017Q3 (trade)"
    extras(folder, "quarters")["gaps"] = [{"quarters": ["2017Q3"], "reason": "not printed"}]
    folder.save()
    assert check() == []


def test_a_break_outside_the_table_is_named(folder):
    extras(folder)["breaks"][0]["at"] = 2030
    folder.save()
    assert only(check()).found == "a break at 2030"


def test_vintages_that_tie_are_named(folder):
    folder.edit("vintages", "2020-12", "2019-07")
    folder.save()
    assert "released in the same month" in only(check()).found


def test_a_month_of_release_that_is_not_the_newest_vintages_is_named(folder):
    described = folder.resources["accounts"]
    months = {row["vintage"]: row["released"] for row in load("vintages").to_dict("records")}
    described["released"] = max(months.values())
    folder.save()
    assert check() == []
    described["released"] = min(months.values())
    folder.save()
    problem = only(check())
    assert (problem.field, problem.found) == ("released", repr(min(months.values())))
    assert problem.expected.startswith(repr(max(months.values())))


@pytest.mark.parametrize(
    ("field", "constraints", "cell", "expected"),
    [
        ("value", {"minimum": 0}, -1.0, "minimum 0"),
        ("value", {"maximum": 5}, 6.0, "maximum 5"),
        ("value", {"required": True}, None, "required true"),
        ("name", {"enum": ["a", "b"]}, "c", 'enum ["a", "b"]'),
        ("name", {"pattern": "[a-c]"}, "dd", 'pattern "[a-c]"'),
    ],
)
def test_constraints_hold_in_parquet_as_well(folder, field, constraints, cell, expected):
    rows = {"year": [2016, 2017], "value": [1.0, 2.0], "name": ["a", "b"]}
    rows[field][1] = cell
    folder.table("large", "year,value,name\n", {"year": "integer", "value": "number"}, ["year"])
    fields = {one["name"]: one for one in folder.resources["large"]["schema"]["fields"]}
    fields[field]["constraints"] = constraints
    store_as_parquet(folder, rows)
    problem = only(check(["large"]))
    assert (problem.row, problem.field, problem.expected) == (3, field, expected)


def test_a_parquet_row_must_be_known_to_the_table_it_refers_to(folder):
    foreign = {"source": "sources"}
    folder.table("large", "year,source\n", {"year": "integer"}, ["year"], foreign=foreign)
    store_as_parquet(folder, {"year": [2016, 2017], "source": ["yearbook", "hearsay"]})
    problem = only(check(["large"]))
    assert (problem.row, problem.field, problem.rule) == (3, "source", "foreign-key")
    assert (problem.found, "sources" in problem.expected) == ("'hearsay'", True)


def store_as_parquet(folder, rows):
    folder.resources["large"] |= {
        "path": "large.parquet", "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
    }  # fmt: skip
    pd.DataFrame(rows).to_parquet(folder.path / "large.parquet")
    folder.save()


def test_a_parquet_table_is_checked_too(folder):
    folder.table("large", "year,value\n", {"year": "integer", "value": "number"}, ["year"])
    store_as_parquet(folder, {"year": [2016, 2016], "value": [1.0, 2.0]})
    assert told(only(check(["large"]))) == (
        "data/large.parquet", 3, "year", "2016", "a key of its own", "primary-key"
    )  # fmt: skip
    pd.DataFrame({"year": ["2016"], "value": [1.0]}).to_parquet(folder.path / "large.parquet")
    folder.save()
    assert only(check(["large"])).field == "year"


def test_a_descriptor_against_the_standard_is_named(folder):
    folder.resources["accounts"]["schema"]["fields"][0]["type"] = "yeer"
    folder.save()
    problem = check()[0]
    assert (problem.file, problem.rule) == ("data/datapackage.json", "descriptor")
    assert "yeer" in problem.found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"gaps": [{"years": [2017]}]}, "at convergence/gaps/0: 'reason' is a required property"),
        ({"gap": []}, "at convergence: Additional properties are not allowed"),
        ({"identities": [{"name": "x", "kind": "sums"}]}, "'sums' is not one of"),
        ({"identities": [{"name": "x", "kind": "sum", "tolerance": 1, "field": "sector",
                          "total": "a"}]}, "'parts' is a required property"),
        ({"gaps": [{"where": {"sector": "trade"}, "years": [2017], "reason": "r"}]},
         "at convergence/gaps/0/where/sector: 'trade' is not of type 'array'"),
    ],
)  # fmt: skip
def test_a_slip_in_our_own_part_of_the_descriptor_is_named(folder, change, found):
    extras(folder).update(change)
    folder.save()
    assert any(found in problem.found for problem in check())
    assert {problem.table for problem in check()} == {"accounts"}


def test_an_unknown_name_is_told(folder):
    with pytest.raises(TableError, match=r"no table 'account'.* did you mean accounts"):
        check(["account"])


def test_every_table_is_parsed_once_in_a_check(book_data, monkeypatch):
    parsed = Counter()
    parse = reading.parse

    def counted(resource, content):
        parsed[resource.name] += 1
        return parse(resource, content)

    monkeypatch.setattr(reading, "parse", counted)
    names = ["value_added_quarterly", "value_added", "vintages", "corrections", "panel_31"]
    assert check(names) == []
    assert set(names) <= set(parsed)
    assert set(parsed.values()) == {1}


def test_what_a_new_table_leaves_to_be_filled_in_is_a_problem(folder):
    folder.resources["accounts"]["schema"]["fields"][4]["unit"] = "FILL IN: the unit of value"
    folder.save_descriptor()
    problem = only(check())
    assert (problem.rule, problem.field) == ("blank", "schema fields value unit")
    assert problem.expected == "the unit of value"


def test_the_schema_of_the_descriptor_is_one_that_editors_can_use(book_data):
    source = importlib.resources.files("convergence.tables") / "datapackage.schema.json"
    schema = json.loads(source.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    descriptor = json.loads((book_data / "datapackage.json").read_text("utf-8"))
    assert list(validator.iter_errors(descriptor)) == []
    descriptor["resources"][0]["convergence"]["vintage"] = "year"
    (error,) = validator.iter_errors(descriptor)
    assert list(error.absolute_path) == ["resources", 0, "convergence", "vintage"]
