"""Reading tables: verified, typed, in the newest vintage; and what is said when that fails."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convergence.tables import TableError, describe, load, reading
from convergence.tables.package import Resource

OPENED: list[str] = []
# An audit hook cannot be taken away again: one for the session, which only notes names.
sys.addaudithook(lambda event, details: OPENED.append(str(details[0])) if event == "open" else None)


def values(frame, **where):
    for field, value in where.items():
        frame = frame[frame[field] == value]
    return frame["value"].tolist()


def test_load_gives_the_newest_vintage_of_each_observation_and_keeps_its_column(folder):
    accounts = load("accounts")
    assert len(accounts) == 9
    assert accounts.columns.tolist() == ["year", "sector", "vintage", "status", "value", "source"]
    finance = accounts[accounts.sector == "finance"]
    # `middle` comes after `late` in the alphabet and in no other respect.
    assert finance.vintage.tolist() == ["late", "middle", "middle"]
    assert finance.status.tolist() == ["final", "revised", "preliminary"]
    assert finance.value.tolist() == [40.5, 44.0, 51.0]
    assert accounts.index.tolist() == list(range(9))
    assert accounts[["year", "value"]].attrs["table"] == "accounts"


def test_load_gives_one_vintage_or_every_row(folder):
    assert values(load("accounts", vintage="early"), sector="trade") == [70.0]
    assert set(load("accounts", vintage="middle").year) == {2016, 2017, 2018}
    assert len(load("accounts", vintage="all")) == 15


def test_an_unknown_vintage_is_answered_with_those_there_are(folder):
    with pytest.raises(
        TableError, match=r"no vintage 'new' in table 'accounts'; .* early, middle, late"
    ):
        load("accounts", vintage="new")
    with pytest.raises(ValueError, match="'sources' has no vintages") as error:
        load("sources", vintage="all")
    assert not isinstance(error.value, TableError)


def test_what_a_table_means_stays_with_chosen_rows(folder):
    folder.resources["accounts"]["schema"]["fields"][4]["unit"] = "million yuan"
    folder.save()
    accounts = load("accounts")
    assert accounts[accounts.year == 2016].attrs == {
        "table": "accounts",
        "observation": ["year", "sector"],
        "unit": "million yuan",
        "vintage": "vintage",
        "status": "status",
    }
    assert load("sources").attrs == {"table": "sources"}


def test_an_unknown_table_is_answered_with_those_spelt_alike(folder):
    with pytest.raises(TableError, match=r"no table 'acounts' .* did you mean accounts"):
        load("acounts")
    with pytest.raises(TableError, match=r"no table 'zzz' .* there are sources, vintages"):
        load("zzz")


def test_an_edited_file_is_refused_with_the_command_that_accepts_it(folder):
    folder.edit("accounts", "2017,trade,middle,revised,66,", "2017,trade,middle,revised,67,")
    with pytest.raises(TableError) as error:
        load("accounts")
    assert "data/accounts.csv" in str(error.value)
    assert 'convergence accept accounts --reason "…"' in str(error.value)
    assert len(load("sources")) == 1


def test_an_edit_of_the_vintages_stops_the_tables_that_depend_on_them(folder):
    folder.edit("vintages", "2020-12", "2019-01")
    with pytest.raises(TableError, match="convergence accept vintages"):
        load("accounts")


def test_a_missing_file_is_named(folder):
    (folder.path / "accounts.csv").unlink()
    with pytest.raises(TableError, match=r"data/accounts.csv is missing, .* table 'accounts'"):
        load("accounts")


def test_every_read_passes_through_open(folder):
    del OPENED[:]
    load("accounts")
    read = {Path(name).name for name in OPENED if name.startswith(str(folder.path))}
    assert read == {"datapackage.json", "accounts.csv", "vintages.csv"}


def test_the_folder_is_found_upwards(folder, monkeypatch):
    monkeypatch.delenv("CONVERGENCE_DATA")
    deep = folder.path.parent / "chapters" / "situation"
    deep.mkdir(parents=True)
    for here in (folder.path.parent, folder.path, deep):
        monkeypatch.chdir(here)
        assert len(load("sources")) == 1


def test_no_folder_is_said_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONVERGENCE_DATA", raising=False)
    with pytest.raises(TableError, match=r"no data folder: .*data/datapackage.json"):
        load("accounts")
    monkeypatch.setenv("CONVERGENCE_DATA", str(tmp_path))
    with pytest.raises(TableError, match=r"CONVERGENCE_DATA is .* no datapackage.json in it"):
        load("accounts")


TYPES = {
    "text": "string",
    "count": "integer",
    "amount": "number",
    "flag": "boolean",
    "day": "date",
    "month": "yearmonth",
}


def typed(folder, *rows):
    folder.table("typed", "text,count,amount,flag,day,month\n" + "".join(rows), TYPES, ["text"])
    folder.save()
    return load("typed")


def test_types_follow_the_schema(folder):
    frame = typed(folder, '"a, b",7,0.1,true,2026-01-31,2026-01\n', "b,-8,1e3,false,,2026-02\n")
    assert [str(dtype) for dtype in frame.dtypes] == [
        "str", "int64", "float64", "bool", "datetime64[us]", "str"
    ]  # fmt: skip
    assert frame.iloc[0].tolist() == ["a, b", 7, 0.1, True, pd.Timestamp("2026-01-31"), "2026-01"]
    assert pd.isna(frame.day[1])


def test_missing_cells_are_missing(folder):
    frame = typed(folder, "a,,,,,\n", "b,1,2.5,true,2026-01-31,2026-01\n")
    assert frame.iloc[0].isna().tolist() == [False, True, True, True, True, True]
    assert frame["count"].tolist()[1] == 1
    assert frame["flag"].tolist()[1] is True


def test_quarters_stay_strings_that_sort(folder):
    quarters = load("quarters").quarter
    assert quarters.tolist() == sorted(quarters)
    assert quarters[0] == "2017Q1"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_to_the_last_digit(number):
    resource = Resource(Path("data"), {"name": "n", "path": "n.csv", "schema": {"fields": [
        {"name": "value", "type": "number"}]}})  # fmt: skip
    assert reading.parse(resource, f"value\n{number!r}\n".encode()).value[0] == number


@pytest.mark.parametrize(
    ("row", "field", "found", "expected"),
    [
        ("a,1,1_000,true,,\n", "amount", "'1_000'", "type number"),
        ("a,1,nan,true,,\n", "amount", "'nan'", "type number"),
        ("a,1,inf,true,,\n", "amount", "'inf'", "type number"),
        ("a,1, 5,true,,\n", "amount", "' 5'", "type number"),
        ("a,1,-1e999,true,,\n", "amount", "'-1e999'", "type number"),
        ("a,1,5,true,2026-02-31,\n", "day", "'2026-02-31'", "type date"),
        ("a,99999999999999999999,5,true,,\n", "count", "'99999999999999999999'", "type integer"),
        ("a,1.5,5,true,,\n", "count", "'1.5'", "type integer"),
        ("a,1,5,yes,,\n", "flag", "'yes'", "type boolean"),
        ("a,1,5,true,2026-31-01,\n", "day", "'2026-31-01'", "type date"),
        ("a,1,5,true,,2026-13\n", "month", "'2026-13'", "type yearmonth"),
    ],
)
def test_a_cell_of_another_type_is_named(folder, row, field, found, expected):
    with pytest.raises(TableError) as error:
        typed(folder, "z,1,2,true,2026-01-31,2026-01\n", row)
    assert str(error.value) == (
        f"data/typed.csv, row 3, field {field}: found {found}; expected {expected} [type]"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"year,value\n2016,1,9\n", "row 2: found 3 cells; expected 2 cells"),
        (b"year\n2016\n", "row 1: found the columns year; expected the columns year, value"),
        (b"year,value\n2016,\xff\n", "row 2: found bytes that are not UTF-8"),
        (b'year,value\n2016,"1\n', "expected well-formed CSV"),
        (b"", r"found the columns \(none\)"),
    ],
)
def test_a_broken_file_is_named(folder, content, message):
    folder.table("broken", "year,value\n", {"year": "integer", "value": "number"}, ["year"])
    (folder.path / "broken.csv").write_bytes(content)
    folder.save()
    with pytest.raises(TableError, match=f"data/broken.csv.*{message}"):
        load("broken")


def test_a_table_without_rows_keeps_its_types(folder):
    folder.table("empty", "year,value\n", {"year": "integer", "value": "number"}, ["year"])
    folder.save()
    assert load("empty").dtypes.map(str).tolist() == ["int64", "float64"]


def test_a_vintage_nobody_knows_is_named(folder):
    folder.edit("accounts", "2017,trade,middle", "2017,trade,muddle")
    folder.save()
    with pytest.raises(TableError, match="row 10, field vintage: found 'muddle'"):
        load("accounts")


def test_two_vintages_of_one_month_leave_no_newest(folder):
    folder.edit("vintages", "2020-12", "2019-07")
    folder.save()
    with pytest.raises(
        TableError, match="late and middle, released in the same month, for year 2016"
    ):
        load("accounts")


def parquet(folder, frame, types):
    folder.table("large", ",".join(types) + "\n", types, ["year"])
    folder.resources["large"] |= {"path": "large.parquet", "format": "parquet"}
    frame.to_parquet(folder.path / "large.parquet")
    folder.save()


def test_parquet_is_read_from_the_verified_bytes(folder):
    frame = pd.DataFrame({"year": [2016, 2017], "value": [0.1, np.nan], "name": ["a", "b"]})
    parquet(folder, frame, {"year": "integer", "value": "number", "name": "string"})
    del OPENED[:]
    pd.testing.assert_frame_equal(load("large"), frame)
    assert str(folder.path / "large.parquet") in OPENED
    (folder.path / "large.parquet").write_bytes(b"PAR1")
    with pytest.raises(TableError, match="convergence accept large"):
        load("large")


def test_a_parquet_column_of_another_type_is_named(folder):
    parquet(folder, pd.DataFrame({"year": ["2016"]}), {"year": "integer"})
    with pytest.raises(
        TableError, match=r"data/large.parquet, field year: found str; expected type integer"
    ):
        load("large")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "data/datapackage.json, line 1, column 2: not JSON"),
        ("[]", "expected an object with a list of resources"),
        ('{"resources": []}', "expected an object with a list of resources"),
        ('{"resources": [{"name": "a"}]}', "resource 1 has no path"),
        ("[" * 100_000, "nested too deeply"),
        ("\xff", "is not UTF-8"),
        ('{"resources": [{"name": "a", "path": "../a.csv"}]}', "leaves the data folder"),
        ('{"resources": [{"name": "a", "path": "/etc/passwd"}]}', "leaves the data folder"),
        ('{"resources": [{"name": "a", "path": "a.csv"}]}', "has no schema with fields"),
    ],
)
def test_a_broken_descriptor_is_told_in_a_sentence(folder, text, message):
    (folder.path / "datapackage.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(TableError, match=message):
        load("a")


def test_extras_that_name_a_strange_field_are_told(folder):
    folder.resources["accounts"]["convergence"]["observation"] = ["year", "sektor"]
    folder.save()
    with pytest.raises(TableError, match="'accounts' speaks of a field 'sektor'"):
        load("accounts")


def test_describe_shows_what_a_reader_needs(folder):
    folder.resources["accounts"]["schema"]["fields"][4]["unit"] = "100 million yuan"
    folder.resources["accounts"]["convergence"]["gaps"] = [
        {"where": {"sector": ["trade"]}, "years": [2019, 2020, 2022], "reason": "not printed"}
    ]
    folder.save()
    described = describe("accounts")
    assert described.rows == 15
    assert described.coverage == "2016 to 2018."
    text = repr(described)
    for part in [
        "accounts: Accounts",
        "100 million yuan",
        "early (released 2018-02)\n  middle (released 2019-07)\n  late (released 2020-12)",
        "2019 to 2020, 2022 (trade): not printed",
        "2017: another classification",
        "Anything before 2016.",
    ]:
        assert part in text


def test_imports_stay_light():
    script = """
        import sys
        import convergence
        assert not [name for name in sys.modules if name.startswith("convergence.")]
        from convergence import cli
        from convergence.tables import package
        assert "pandas" not in sys.modules
        from convergence.tables import load
        assert "frictionless" not in sys.modules and "pyarrow.parquet" not in sys.modules
    """
    code = "\n".join(line.strip() for line in script.splitlines())
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


VINTAGE_NAMES = ["a", "b", "c", "d"]
ROWS = st.lists(
    st.tuples(st.sampled_from([2016, 2017, 2018]), st.sampled_from(VINTAGE_NAMES)),
    min_size=1,
    unique=True,
)


@given(ROWS, st.permutations(["2018-01", "2018-11", "2019-02", "2020-10"]), st.randoms())
def test_newest_is_the_vintage_released_last_in_whatever_order_the_rows_stand(rows, months, rng):
    resource = Resource(Path("data"), {
        "name": "t", "path": "t.csv", "schema": {"fields": []},
        "convergence": {"vintage": "vintage", "observation": ["year"]},
    })  # fmt: skip
    released = pd.Series(months, index=VINTAGE_NAMES)
    frame = pd.DataFrame(rows, columns=["year", "vintage"])
    got = reading.newest(frame, resource, released).set_index("year").vintage.to_dict()
    want = {
        year: max((vintage for y, vintage in rows if y == year), key=released.get)
        for year, _ in rows
    }
    assert got == want
    shuffled = list(rows)
    rng.shuffle(shuffled)
    again = reading.newest(pd.DataFrame(shuffled, columns=["year", "vintage"]), resource, released)
    assert again.set_index("year").vintage.to_dict() == want


def test_the_order_of_the_rows_does_not_change_what_is_loaded(folder):
    before = load("accounts")
    header, *rows = (folder.path / "accounts.csv").read_text().splitlines()
    random.Random(1).shuffle(rows)
    folder.write("accounts", "\n".join([header, *rows]) + "\n")
    folder.save()
    after = load("accounts").sort_values(["year", "sector"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(after, before)


def test_cells_keep_the_text_of_the_file():
    content = b'name,note\na,"two\nlines, ""quoted"""\n'
    fields = [{"name": "name"}, {"name": "note"}]
    resource = Resource(Path("data"), {"name": "n", "path": "n.csv", "schema": {"fields": fields}})
    assert reading.parse(resource, content).note[0] == 'two\nlines, "quoted"'
