"""`convergence measure`: one's own panel from a file to results and a report."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from convergence import cli
from convergence.measures import coupling, inequality, panel
from convergence.measures.coupling import coordination, grade
from convergence.measures.level import level
from convergence.own_data import measure
from convergence.own_data.measure import PanelError, Request

UNITS, YEARS = 12, range(2015, 2021)
NUMBERS = ["output", "energy", "software", "finance"]
ARGUMENTS = [
    *("--unit", "city", "--time", "year", "--manufacturing", "output,energy"),
    *("--services", "software,finance"),
]


def cities() -> pd.DataFrame:
    random = np.random.default_rng(4)
    rows = [
        (
            f"city {at:02}",
            year,
            "east" if at < 5 else "west",
            (at + 1) * 1.05 ** (year - 2015) * random.uniform(9, 11),
            random.uniform(50, 200),
            (at + 1) * 1.1 ** (year - 2015) * random.uniform(2, 4),
            random.uniform(0, 90),
        )
        for at in range(UNITS)
        for year in YEARS
    ]
    return pd.DataFrame(rows, columns=["city", "year", "region", *NUMBERS]).round(4)


REQUEST = Request("city", "year", ["output", "energy"], ["software", "finance"], ["energy"])


def run(path: Path, out: Path, *more: str) -> int:
    return cli.main(["measure", str(path), *ARGUMENTS, "--out", str(out), *more])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "cities.csv"
    cities().to_csv(path, index=False)
    return path


def as_semicolons(path: Path) -> Path:
    cities().to_csv(path / "a.csv", index=False, sep=";", decimal=",", encoding="utf-8-sig")
    return path / "a.csv"


def as_gbk(path: Path) -> Path:
    cities().replace({"region": {"east": "东部", "west": "西部"}}).to_csv(
        path / "a.csv", index=False, encoding="gbk"
    )
    return path / "a.csv"


def as_utf16(path: Path) -> Path:
    cities().to_csv(path / "a.csv", index=False, encoding="utf-16")
    return path / "a.csv"


def as_old_mac(path: Path) -> Path:
    """Write a file whose lines end by a carriage return alone."""
    cities().to_csv(path / "a.csv", index=False, lineterminator="\r")
    return path / "a.csv"


def as_mixed_lines(path: Path) -> Path:
    """Write a file in which the last lines, far down, end in another way than the first ones."""
    lines = cities().assign(note="x" * 20_000).to_csv(index=False).splitlines(keepends=True)
    text = "".join(lines[:-2]) + "".join(line.replace("\n", "\r\n") for line in lines[-2:])
    (path / "a.csv").write_bytes(text.encode())
    return path / "a.csv"


def as_tabs(path: Path) -> Path:
    cities().to_csv(path / "a.txt", index=False, sep="\t", lineterminator="\r\n")
    return path / "a.txt"


def as_parquet(path: Path) -> Path:
    cities().to_parquet(path / "a.parquet", index=False)
    return path / "a.parquet"


def as_floats(path: Path) -> Path:
    """Write years as pandas leaves them once a year has been missing."""
    cities().astype({"year": float}).to_parquet(path / "a.parquet", index=False)
    return path / "a.parquet"


def as_excel(path: Path) -> Path:
    cities().to_excel(path / "a.xlsx", index=False)
    return path / "a.xlsx"


FORMATS = [
    as_semicolons, as_gbk, as_utf16, as_old_mac, as_mixed_lines, as_tabs, as_parquet,
    as_floats, as_excel,
]  # fmt: skip


@pytest.mark.parametrize("write", FORMATS)
def test_the_same_panel_in_every_format_gives_the_same_results(write, table, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    measure.measure(table, REQUEST, tmp_path / "one")
    measure.measure(write(folder), REQUEST, tmp_path / "two")
    one, two = (pd.read_csv(tmp_path / name / "results.csv") for name in ("one", "two"))
    pd.testing.assert_frame_equal(one, two, rtol=1e-12, atol=0)


def test_the_results_are_those_of_the_library(table, tmp_path):
    measure.measure(table, REQUEST, tmp_path / "out")
    got = pd.read_csv(tmp_path / "out" / "results.csv")
    frame = cities()
    model = panel.fit(
        frame,
        {"manufacturing": ["output", "energy"], "services": ["software", "finance"]},
        "city", "year", directions={"energy": -1},
    )  # fmt: skip
    expected = model.apply(frame)
    for column in ("manufacturing", "services", "C", "T", "D"):
        np.testing.assert_allclose(got[column], expected[column], rtol=1e-12, atol=1e-15)
    totals = frame.groupby("year")[NUMBERS].transform("sum")
    share = frame[NUMBERS] / totals
    # Energy, in which less is better, says nothing about where manufacturing is.
    a, b = share["output"], (share["software"] + share["finance"]) / 2
    close = 2 * np.minimum(a, b) / (a + b)
    np.testing.assert_allclose(got["closeness"], close, rtol=1e-12)
    np.testing.assert_allclose(got["level"], (close * got["D"]) ** 0.5, rtol=1e-12)
    assert (got["level_class"] == level(got["closeness"], got["D"]).label).all()
    u, v = got["manufacturing"], got["services"]
    np.testing.assert_allclose(got["D"], (u * v) ** 0.25, rtol=1e-12)
    assert (got["grade"] == grade(coordination(got[["manufacturing", "services"]]))).all()
    saved = panel.Model.from_json((tmp_path / "out" / "model.json").read_text())
    for mine, theirs in zip(saved.indicators, model.indicators, strict=True):
        assert mine.column == theirs.column
        assert mine.weight == pytest.approx(theirs.weight, rel=1e-12)


def test_a_model_is_applied_again_to_another_year(table, tmp_path):
    assert run(table, tmp_path / "one", "--base", "2015,2016", "--outside", "clip") == 0
    later = tmp_path / "later.csv"
    cities().query("year == 2020").to_csv(later, index=False)
    again = ["--model", str(tmp_path / "one" / "model.json")]
    assert run(later, tmp_path / "two", *again) == 0
    one, two = (pd.read_csv(tmp_path / name / "results.csv") for name in ("one", "two"))
    one = one[one["year"] == 2020].reset_index(drop=True)
    pd.testing.assert_frame_equal(one, two, rtol=1e-12)


def test_inequality_is_that_of_the_library_and_sums(table, tmp_path):
    assert run(table, tmp_path / "out", "--group", "region") == 0
    got = pd.read_csv(tmp_path / "out" / "inequality.csv")
    parts = got[["gini_within", "gini_between", "gini_transvariation"]].sum(axis=1)
    np.testing.assert_allclose(parts, got["gini"], rtol=1e-10)
    np.testing.assert_allclose(got["theil_within"] + got["theil_between"], got["theil"], rtol=1e-10)
    last = cities().query("year == 2020")
    (row,) = got[(got["of"] == "software") & (got["year"] == 2020)].to_dict("records")
    assert row["gini"] == pytest.approx(inequality.gini(last["software"]), rel=1e-12)
    assert row["theil"] == pytest.approx(inequality.theil(last["software"]).total, rel=1e-10)


def test_robust_gives_the_range_and_the_choices_that_move_it(table, tmp_path):
    found = measure.measure(table, replace(REQUEST, robust=True), tmp_path / "out")
    trend = pd.read_csv(tmp_path / "out" / "range-trend.csv")
    # The specification that was asked for is one of those in the range, with the same answer.
    (same,) = trend.query(
        "bounds == 'pooled' and normalisation == 'minmax' and weights == 'entropy' "
        "and kind == 'standard' and alpha == 0.5"
    )["rise"]
    assert same == pytest.approx(found.periods["D"].iloc[-1] - found.periods["D"].iloc[0], rel=1e-9)
    assert found.causes["trend"]["share"].sum() == pytest.approx(1)
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert f"{trend['rise'].min():+.3f} to {trend['rise'].max():+.3f}" in page
    # What was varied stands in the report, for who has to defend it.
    for options in ("pooled, base", "minmax, max", "equal, entropy, critic", "0.4, 0.5, 0.6"):
        assert options in page


def growing() -> pd.DataFrame:
    """Make a panel in which nothing is ever lower than in the first year."""
    frame = cities()
    first = frame["city"].map(frame.groupby("city")["output"].first())
    for name, rate in (("output", 0.04), ("software", 0.1)):
        frame[name] = (first * (1 + rate * (frame["year"] - 2015))).round(4)
    return frame


@pytest.mark.parametrize(
    ("arguments", "is_listed"),
    [
        ([], True),
        (["--kind", "liao"], True),
        (["--kind", "liao", "--k", "3"], False),
        (["--weights", "w.csv"], False),
        (["--base", "2015", "--outside", "keep"], True),
        (["--base", "2015", "--outside", "clip"], False),
        (["--base", "2015,2016", "--outside", "keep"], False),
    ],
)
def test_the_report_says_whether_its_own_number_is_in_the_range(
    arguments, is_listed, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    growing().to_csv("a.csv", index=False)
    Path("w.csv").write_text("output,1\nsoftware,1\n")
    columns = ["--manufacturing", "output", "--services", "software", "--robust", "--out", "out"]
    assert cli.main(["measure", "a.csv", *ARGUMENTS[:4], *columns, *arguments]) == 0
    page = Path("out/report.html").read_text("utf-8")
    found = pd.read_csv("out/results.csv").groupby("year")["D"].mean()
    own = found.loc[2020] - found.loc[2015]
    assert f"with {own:+.3f}, is {'one' if is_listed else 'none'} of them" in page
    if is_listed:
        assert np.isclose(pd.read_csv("out/range-trend.csv")["rise"], own, rtol=1e-9).any()


def test_the_report_needs_nothing_else_and_shows_text_as_text(tmp_path):
    evil = "<img src=x onerror=alert(1)>"
    path = tmp_path / "evil.csv"
    frame = cities().rename(columns={"output": evil}).replace({"city": {"city 03": evil}})
    frame.to_csv(path, index=False)
    request = Request("city", "year", [evil], ["software"], group="region", robust=True)
    measure.measure(path, request, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "<img src=x" not in page and "&lt;img src=x" in page
    assert "<script" not in page
    assert set(re.findall(r'src="([a-z]+:)', page)) == {"data:"}
    assert not re.search(r'(?:src|href)="(?!data:)', page)


def test_the_report_says_what_was_found(table, tmp_path):
    found = measure.measure(table, REQUEST, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    first, last = found.periods["D"].iloc[[0, -1]]
    words = "rose" if last > first else "fell"
    assert f"Coordination {words} from {first:.3f} in 2015 to {last:.3f} in 2020" in page
    results = pd.read_csv(tmp_path / "out" / "results.csv").query("year == 2020")
    top = results.loc[results["D"].idxmax()]
    assert f"D is highest in {top['city']} ({top['D']:.3f})" in page
    assert "less is better in energy" in page


def test_warnings_name_what_hangs_on_few_values_and_constants(tmp_path):
    frame = cities()
    frame["finance"] = 1.0
    frame.loc[3, "output"] = 1e6
    frame.to_csv(tmp_path / "odd.csv", index=False)
    found = measure.measure(tmp_path / "odd.csv", REQUEST, tmp_path / "out")
    text = "\n".join(found.warnings)
    assert "finance is 1 in every row and is left out" in text
    assert "the weight of output hangs on its highest value: 0.95 as it stands, 0.45 with" in text
    lowest, second = frame["output"].min(), frame["output"].nlargest(2).iloc[1]
    filled = (second - lowest) / (1e6 - lowest)
    assert f"others lie in the lowest {filled:.1%} of the bounds" in text
    assert "software" not in text
    # Turned round, all but one are near the best: nothing is left to tell them apart.
    frame.assign(energy=frame["energy"].where(frame.index != 5, 1e7)).to_csv(
        tmp_path / "odd.csv", index=False
    )
    found = measure.measure(tmp_path / "odd.csv", REQUEST, tmp_path / "out")
    weights = {one.column: one.weight for one in found.model.indicators}
    assert f"energy hardly counts: its entropy weight is {weights['energy']:.2g}" in found.warnings
    assert 0 < weights["energy"] < 0.01


def test_the_warning_of_gaps_names_units_years_and_columns(tmp_path):
    frame = cities()
    hole = (frame["city"] == "city 07") & (frame["year"] > 2015)
    frame.loc[hole, "software"] = np.nan
    frame = frame[(frame["city"] != "city 03") | (frame["year"] != 2018)]
    frame.to_csv(tmp_path / "gaps.csv", index=False)
    found = measure.measure(tmp_path / "gaps.csv", REQUEST, tmp_path / "out")
    assert found.warnings[0] == (
        "left out, for want of a row or a value: 2 units: city 03 (2018), city 07 (2016, 2017, "
        "2018, 2019 and 1 more); empty cells: software (5)"
    )
    assert not {"city 03", "city 07"} & set(pd.read_csv(tmp_path / "out" / "results.csv")["city"])
    year = cities()
    year.loc[year["year"] == 2018, "finance"] = np.nan
    year.to_csv(tmp_path / "year.csv", index=False)
    found = measure.measure(tmp_path / "year.csv", REQUEST, tmp_path / "out")
    assert found.warnings[0] == (
        "left out, for want of a row or a value: 1 period: 2018 (city 00, city 01, city 02, "
        "city 03 and 8 more); empty cells: finance (12)"
    )


def test_a_model_on_a_panel_with_gaps_says_what_is_not_compared(table, tmp_path):
    assert run(table, tmp_path / "one") == 0
    later = cities().query("year >= 2019")
    later.loc[later.index[0], "output"] = np.nan
    later.to_csv(tmp_path / "later.csv", index=False)
    model = panel.Model.from_json((tmp_path / "one" / "model.json").read_text())
    request = replace(REQUEST, negative=(), model=model)
    found = measure.measure(tmp_path / "later.csv", request, tmp_path / "two")
    assert (
        "1 of 24 rows are left out, for want of a value: city 00 2019; empty cells: output (1)"
        in (found.warnings)
    )
    assert any("not every unit is there in every period (11 to 12 units)" in one
               for one in found.warnings)  # fmt: skip
    page = (tmp_path / "two" / "report.html").read_text("utf-8")
    assert "Bounds and weights come from an earlier model" in page
    assert "The bounds come from this panel" not in page


def test_the_choice_of_what_is_outside_is_explained_where_it_is_needed(tmp_path, capsys):
    frame = cities()
    frame.loc[frame["year"] == 2019, "software"] += 100
    frame.loc[(frame["year"] == 2020) & (frame["city"] == "city 05"), "software"] = 0.1
    columns = ["--manufacturing", "output", "--services", "software", "--base", "2015"]
    command = ["measure", str(tmp_path / "a.csv"), *ARGUMENTS[:4], *columns]
    out = ["--out", str(tmp_path / "out")]
    first = frame[frame["year"] == 2015]
    above = (frame["software"] > first["software"].max()).sum()
    below = (frame["software"] < first["software"].min()).sum()
    # The first of the two columns is to be within its bounds, so that the second one is named.
    frame["output"] = frame["city"].map(first.set_index("city")["output"])
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert above and below
    assert cli.main([*command, *out]) == 2
    said = capsys.readouterr().err
    assert f"software: {above + below} values outside the bounds" in said
    assert "--outside clip (they count as the bound), or --outside keep (D may be above 1)" in said
    assert cli.main([*command, *out, "--outside", "keep"]) == 2
    said = capsys.readouterr().err
    assert f"software: {below} value" in said and "choose --outside clip, or other base" in said
    assert cli.main([*command, *out, "--outside", "clip"]) == 0
    rows = f"count as the bound, in {above + below} rows: software ({above + below})"
    assert rows in capsys.readouterr().err


def test_a_phone_gets_drawings_of_its_own(table, tmp_path):
    measure.measure(table, REQUEST, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    sources = {
        name: re.findall(rf'{name}="data:image/svg\+xml;base64,([^"]+)"', page)
        for name in ("srcset", "src")
    }
    widths = {
        name: [int(re.search(r'width="(\d+)', base64.b64decode(one).decode())[1]) for one in found]
        for name, found in sources.items()
    }
    assert len(widths["src"]) == len(widths["srcset"]) == 3
    assert max(widths["srcset"]) <= 380 < 500 <= min(widths["src"])


def test_no_grades_where_the_thresholds_were_made_for_another_kind(table, tmp_path):
    assert run(table, tmp_path / "out", "--kind", "fan2024") == 0
    assert "grade" not in pd.read_csv(tmp_path / "out" / "results.csv").columns
    assert "no grades: the ten grades were made for C of the kind" in (
        tmp_path / "out" / "report.html"
    ).read_text("utf-8")


def test_weights_come_from_a_file(table, tmp_path):
    weights = {"output": 0.75, "energy": 0.25, "software": 0.5, "finance": 0.5}
    (tmp_path / "w.json").write_text(json.dumps(weights))
    (tmp_path / "w.csv").write_text(
        "column,weight\n" + "".join(f"{name},{one}\n" for name, one in weights.items())
    )
    for name in ("w.json", "w.csv"):
        assert run(table, tmp_path / name[2:], "--weights", str(tmp_path / name)) == 0
        model = panel.Model.from_json((tmp_path / name[2:] / "model.json").read_text())
        assert {one.column: one.weight for one in model.indicators} == weights


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            "column,weight\noutput;1",
            "w.csv, line 2: expected column,weight such as output,0.5, found",
        ),
        ("指标,权重\noutput,1", "w.csv, line 1: expected column,weight"),
        ("output,0.5\noutput,0.5", "w.csv, line 2: output has a weight already"),
        ("output,1\nsoftware,1", "--weights: there is no weight for 'energy'"),
        ("output,1\nsmoke,1", "--weights: 'smoke' is not one of the indicators"),
        (
            "output,0.5\nenergy,0.6\nsoftware,0.5\nfinance,0.5",
            "--weights: those of manufacturing sum to 1.1, not to 1",
        ),
    ],
)
def test_a_wrong_file_of_weights_is_refused_with_its_line(lines, message, table, tmp_path, capsys):
    # As a Chinese Excel writes it.
    (tmp_path / "w.csv").write_text(lines, "gbk")
    assert run(table, tmp_path / "out", "--weights", str(tmp_path / "w.csv")) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_was_written_is_listed(table, tmp_path, capsys):
    assert run(table, tmp_path / "out", "--group", "region", "--robust") == 0
    said = capsys.readouterr().out
    assert "report.html (read it first)" in said
    for one in (tmp_path / "out").iterdir():
        assert one.name in said


def test_an_earlier_result_is_replaced_and_nothing_else_is_touched(table, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(table, out) == 0
    (out / "results.csv").write_text("old")
    assert run(table, out) == 0
    assert (out / "results.csv").read_text() != "old"
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    table.write_text(table.read_text().replace("city 03", "city 04"))
    assert run(table, out) == 2
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    assert run(table, tmp_path / "mine") == 2
    assert "holds other files" in capsys.readouterr().err
    assert [one.name for one in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    assert {one.name for one in tmp_path.iterdir()} == {"cities.csv", "out", "mine"}


def test_a_panel_of_one_year_is_measured_without_a_trend(tmp_path):
    cities().query("year == 2018").to_csv(tmp_path / "one.csv", index=False)
    assert run(tmp_path / "one.csv", tmp_path / "out") == 0
    assert "Coordination was" in (tmp_path / "out" / "report.html").read_text("utf-8")


# Bad panels: each damage is done in several places, two hundred in all.
Damage = Callable[[list[list[str]], int, int], tuple[list[list[str]], str]]


def text_in_number(rows, row, column):
    rows[row][column] = "12 (estimated)"
    return rows, rf"row {row + 1}, {rows[0][column]}: expected a number, found '12 \(estimated\)'"


def thousands(rows, row, column):
    rows[row][column] = '"1,234.5"'
    return rows, rf"row {row + 1}, {rows[0][column]}: expected a number, found '1,234.5'"


def negative(rows, row, column):
    rows[row][column] = "-3.5"
    return rows, rf"row {row + 1}, {rows[0][column]}: -3.5 is negative"


def infinite(rows, row, column):
    rows[row][column] = "inf"
    return rows, rf"row {row + 1}, {rows[0][column]}: expected a number, found 'inf'"


def dash(rows, row, column):
    rows[row][column] = "—"
    return rows, rf"row {row + 1}, {rows[0][column]}: expected a number, found '—'"


def field_more(rows, row, column):
    rows[row].insert(column, "7")
    return rows, rf"row {row + 1}: the row has not the 7 fields"


def field_less(rows, row, column):
    del rows[row][column]
    return rows, rf"row {row + 1}: the row has not the 7 fields"


def row_twice(rows, row, column):
    rows.append(rows[row])
    return rows, rf"rows {row + 1} and {len(rows)}: both are city {rows[row][0]}, year"


def no_unit(rows, row, column):
    rows[row][0] = " "
    return rows, rf"row {row + 1}, city: it is empty"


def no_year(rows, row, column):
    rows[row][1] = ""
    return rows, rf"row {row + 1}, year: it is empty"


def column_missing(rows, row, column):
    name = rows[0][column]
    rows[0][column] = f"{name}_"
    return rows, rf"there is no column '{name}'.*did you mean '{name}_'"


def column_twice(rows, row, column):
    other = 3 if column != 3 else 4
    rows[0][column] = rows[0][other]
    gone = r"there is no column 'output'"
    return rows, gone if column == 3 else rf"names '{rows[0][other]}' more than once"


def all_zero(rows, row, column):
    for line in rows[1:]:
        line[3] = line[4] = "0"
    return rows, "manufacturing: output, energy are 0 in every row"


def constant(rows, row, column):
    for line in rows[1:]:
        line[5] = line[6] = "4.5"
    return rows, "services: software, finance are the same number in every row"


def half_gone(rows, row, column):
    kept = [line for at, line in enumerate(rows[1:]) if (at + at // len(YEARS) + row) % 2]
    return [rows[0], *kept], r"of 72 pairs of city and year lack a row or a value"


def half_empty(rows, row, column):
    for line in rows[1::2]:
        line[column] = ""
    return rows, r"36 of 72 pairs of city and year lack a row or a value"


def one_unit(rows, row, column):
    kept = [line for line in rows[1:] if line[0] == rows[row][0]]
    return [rows[0], *kept], "city: there is one unit only"


def no_rows(rows, row, column):
    return rows[:1], "there is a header, but no row beneath it"


def two_regions(rows, row, column):
    rows[row][2] = "north"
    ends = "('east' and in 'north'|'north' and in 'west')"
    return rows, rf"region: {rows[row][0].replace('city', 'city city')} is in {ends}"


def open_quote(rows, row, column):
    rows[row][0] = f'"{rows[row][0]}'
    return rows, rf"row {row + 1}: a quotation mark is opened and not closed"


def control(rows, row, column):
    rows[row][0] += "\x07"
    return rows, rf"row {row + 1}, city: .* holds a control character"


DAMAGES: list[Damage] = [
    text_in_number, thousands, negative, infinite, dash, field_more, field_less, row_twice,
    no_unit, no_year, column_missing, column_twice, all_zero, constant, half_gone, half_empty,
    one_unit, no_rows, two_regions, open_quote, control,
]  # fmt: skip
PLACES = [(2, 3), (9, 4), (17, 5), (30, 6), (31, 3), (44, 4), (55, 5), (60, 6), (66, 3), (72, 6)]


def damaged() -> Iterator[tuple[str, list[list[str]], str]]:
    whole = [line.split(",") for line in cities().to_csv(index=False).splitlines()]
    for damage in DAMAGES:
        for row, column in PLACES:
            rows, message = damage([line.copy() for line in whole], row, column)
            yield damage.__name__, rows, message


def test_two_hundred_bad_panels_get_one_sentence_each(tmp_path, capsys):
    count = 0
    for name, rows, message in damaged():
        path = tmp_path / "bad.csv"
        path.write_text("\n".join(map(",".join, rows)) + "\n", "utf-8")
        assert run(path, tmp_path / "out", "--group", "region") == 2, name
        errors = [
            line for line in capsys.readouterr().err.splitlines() if line.startswith("convergence:")
        ]
        assert len(errors) == 1, (name, errors)
        assert re.search(message, errors[0]), (name, message, errors[0])
        assert [one.name for one in tmp_path.iterdir()] == ["bad.csv"], name
        count += 1
    assert count == 210


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "a.csv: this is an empty file; expected a table"),
        (
            "a.csv",
            b"<!DOCTYPE html><html>404</html>",
            "a.csv: this is a web page, saved under the name of a table",
        ),
        ("a.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
        ("a.csv", b"PK\x03\x04" + bytes(100), "a workbook under the name of a text file"),
        ("a.xlsx", b"city,year\n1,2\n", "a text file under the name of a workbook: rename it"),
        ("a.parquet", b"city,year\n1,2\n", "a text file under the name of a Parquet file: rename"),
        ("a.csv", b"city,year\n\xff\xff\xff\xff", "neither UTF-8 nor GBK"),
        ("a.parquet", b"PAR1" + bytes(100), "not a Parquet file, or cut off"),
        ("a.xlsx", b"PK\x03\x04" + bytes(100), "a workbook that cannot be read (invalid Zip"),
        ("a.docx", b"PK\x03\x04" + bytes(100), "expected a file of CSV, Parquet or Excel"),
    ],
)
def test_what_is_no_table_is_refused(name, content, message, tmp_path, capsys):
    (tmp_path / name).write_bytes(content)
    assert run(tmp_path / name, tmp_path / "out") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_gbk_is_found_where_its_first_sign_stands_far_down(tmp_path, capsys):
    """The first million characters are plain ASCII; then a city has a Chinese name."""
    frame = cities().assign(note="x" * 20_000)
    frame["city"] = frame["city"].replace({"city 11": "武汉"})
    frame.to_csv(tmp_path / "a.csv", index=False, encoding="gbk")
    assert run(tmp_path / "a.csv", tmp_path / "out", "--negative", "energy") == 0
    got = pd.read_csv(tmp_path / "out" / "results.csv")
    measure.measure(frame.drop(columns="note"), REQUEST, tmp_path / "frame")
    expected = pd.read_csv(tmp_path / "frame" / "results.csv")
    assert "武汉" in set(got["city"])
    pd.testing.assert_frame_equal(got, expected, rtol=1e-12)
    # The same bytes, where signs of UTF-8 stood before, are damage.
    lines = (tmp_path / "a.csv").read_bytes().replace(b"city 01", "城市".encode())
    (tmp_path / "b.csv").write_bytes(lines)
    assert run(tmp_path / "b.csv", tmp_path / "none") == 2
    assert "b.csv: this is a text in UTF-8 with a damaged character" in capsys.readouterr().err


@pytest.mark.parametrize("lines", [1, 60_000])
def test_bytes_of_zero_are_refused_wherever_they_stand(lines, tmp_path, capsys):
    # A mark at the beginning promises text, and what stands far down is not looked at first.
    path = tmp_path / "zero.csv"
    body = "".join(f"c{n},{year},{n + year},{2 * n + 1}\n" for n in range(lines) for year in (1, 2))
    zero = "d\x00,1,1,2\nd\x00,2,2,1\n"
    path.write_text(f"\ufeffcity,year,a,b\n{body}{zero}", "utf-8")
    arguments = ["--unit", "city", "--time", "year", "--manufacturing", "a", "--services", "b"]
    assert cli.main(["measure", str(path), *arguments, "--out", str(tmp_path / "out")]) == 2
    assert (
        f"row {2 * lines + 2}, city: 'd\\x00' holds a control character" in capsys.readouterr().err
    )
    assert not (tmp_path / "out").exists()


def test_rows_are_counted_as_the_reader_of_the_file_counts_them(tmp_path, capsys):
    """Empty rows, which DuckDB passes over, count as well."""
    lines = cities().to_csv(index=False).splitlines()
    lines[7] = lines[7].replace(lines[7].split(",")[4], "many")
    (tmp_path / "a.csv").write_text("\n".join([lines[0], "", "", *lines[1:]]) + "\n")
    assert run(tmp_path / "a.csv", tmp_path / "out") == 2
    assert "row 10, energy: expected a number, found 'many'" in capsys.readouterr().err
    lines[7] = lines[8]
    (tmp_path / "a.csv").write_text("\n".join([lines[0], "", "", *lines[1:]]) + "\n")
    assert run(tmp_path / "a.csv", tmp_path / "out") == 2
    assert "rows 10 and 11: both are city city 01" in capsys.readouterr().err


def test_base_periods_are_found_as_text_and_as_numbers(tmp_path):
    """Where one period is no number all are text, and so `2016` is as well."""
    frame = cities()
    frame["year"] = frame["year"].astype(str).replace({"2020": "2020 (first half)"})
    frame.to_csv(tmp_path / "a.csv", index=False)
    requests = [replace(REQUEST, base=[period], outside="clip") for period in (2016, "2016")]
    models = [
        measure.measure(tmp_path / "a.csv", request, tmp_path / "out").model for request in requests
    ]
    assert models[0] == models[1]
    assert models[0].fitted_on == "12 units × 2016"


def titled(rows: list[list[str]], path: Path) -> Path:
    if path.suffix == ".xlsx":
        pd.DataFrame(rows).to_excel(path, index=False, header=False)
    else:
        path.write_text("\n".join(map(",".join, rows)) + "\n", "gbk")
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_titles_above_and_notes_beneath_a_table_are_found(name, tmp_path, capsys):
    whole = [line.split(",") for line in cities().to_csv(index=False).splitlines()]
    empty = [""] * (len(whole[0]) - 1)
    above = [["各市数据", *empty], ["单位：万人", *empty], ["", *empty]]
    path = titled([*above, *whole], tmp_path / name)
    assert run(path, tmp_path / "out") == 2
    assert "the names of the columns stand in row 4: delete the rows above" in (
        capsys.readouterr().err
    )
    path = titled([*whole, ["资料来源", *empty]], tmp_path / name)
    assert run(path, tmp_path / "out") == 2
    assert "row 74, year: it is empty; every row needs one (delete rows of notes" in (
        capsys.readouterr().err
    )
    assert not (tmp_path / "out").exists()


def test_merged_cells_are_refused_with_their_place(tmp_path, capsys):
    cities().to_excel(tmp_path / "a.xlsx", index=False)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    book.active.merge_cells("A2:A7")
    book.save(tmp_path / "a.xlsx")
    assert run(tmp_path / "a.xlsx", tmp_path / "out") == 2
    assert "merged cells, the first at row 2, column 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--base", "1999"], "no year 1999; the panel has 2015, 2016, 2017, 2018 and 2 more"),
        (["--weights", "entropie"], "expected equal, entropy, critic or a file, found 'entropie'"),
        (["--k", "3"], "--k is the power of the kind liao"),
        (
            ["--kind", "fan2024", "--base", "2015", "--outside", "keep"],
            "--outside keep: fan2024 is made for levels from 0 to 1; choose --outside clip",
        ),
        (["--group", "nowhere"], "there is no column 'nowhere'"),
        (["--group", "city"], "the column 'city' is named twice"),
        (["--negative", "smoke"], "--negative: 'smoke' is not one of"),
        (["--model", "nothing.json"], "there is no file 'nothing.json'"),
        (["--services", "output"], "'output' is named twice"),
    ],
)
def test_a_request_that_cannot_be_met_is_said(arguments, message, table, tmp_path, capsys):
    assert run(table, tmp_path / "out", *arguments) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_name_with_a_space_that_is_not_quoted_is_said(table, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(table, tmp_path / "out", "--group", "the", "region")
    assert stopped.value.code == 2
    assert "unrecognized arguments: region (quote a name" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(table, tmp_path / "out", "--negative", "output,", "energy")
    assert "without spaces after them, found 'output,'" in capsys.readouterr().err


@pytest.mark.parametrize("choice", [["--kind", "liao"], ["--negative", "energy"]])
def test_a_model_with_its_own_choices_takes_no_others(choice, table, tmp_path, capsys):
    assert run(table, tmp_path / "one") == 0
    model = ["--model", str(tmp_path / "one" / "model.json")]
    assert run(table, tmp_path / "two", *model, *choice) == 2
    assert f"--model has its own {choice[0][2:]}" in capsys.readouterr().err


def test_a_model_is_read_with_its_own_columns_in_their_systems(table, tmp_path, capsys):
    assert run(table, tmp_path / "one") == 0
    capsys.readouterr()
    turned = ["--manufacturing", "software,finance", "--services", "output,energy"]
    model = ["--model", str(tmp_path / "one" / "model.json"), "--out", str(tmp_path / "two")]
    assert cli.main(["measure", str(table), *ARGUMENTS[:4], *turned, *model]) == 2
    assert " ".join(ARGUMENTS) in capsys.readouterr().err
    assert run(table, tmp_path / "two", "--model", str(tmp_path / "one")) == 2
    assert f"did you mean {str(tmp_path / 'one' / 'model.json')!r}?" in capsys.readouterr().err
    other = tmp_path / "other.json"
    other.write_text("{}")
    assert run(table, tmp_path / "two", "--model", str(other)) == 2
    assert "not a model.json that an earlier measurement wrote" in capsys.readouterr().err


def test_every_option_is_explained_in_the_help_and_in_the_chapter(capsys):
    with pytest.raises(SystemExit):
        cli.main(["measure", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    chapter = Path(__file__).parents[2] / "chapters" / "reference" / "measure-your-own.md"
    text = chapter.read_text("utf-8")
    options = set(re.findall(r" (--[a-z]+)\b", said)) - {"--help"}
    assert {"--base", "--outside", "--model", "--robust"} < options
    for option in options:
        assert f"`{option}" in text or f" {option} " in text, option
    for value in ("error", "clip", "keep"):
        assert re.search(rf"--outside {{.*{value}", said) and f"`{value}`" in text
    for kind in coupling.KINDS:
        assert f"`{kind}`" in text


@pytest.mark.parametrize("name", ["level", "Grade", "closeness", "D"])
def test_a_column_that_the_results_would_overwrite_is_refused(name, tmp_path, capsys):
    cities().rename(columns={"output": name}).to_csv(tmp_path / "a.csv", index=False)
    arguments = [name if one == "output,energy" else one for one in ARGUMENTS]
    command = ["measure", str(tmp_path / "a.csv"), *arguments, "--out", str(tmp_path / "out")]
    assert cli.main(command) == 2
    assert f"the panel already has a column '{name}'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_frame_is_measured_as_a_file_is(table, tmp_path):
    measure.measure(table, REQUEST, tmp_path / "one")
    measure.measure(cities(), REQUEST, tmp_path / "two")
    one, two = (pd.read_csv(tmp_path / name / "results.csv") for name in ("one", "two"))
    pd.testing.assert_frame_equal(one, two, rtol=1e-12)
    with pytest.raises(PanelError, match="there is no column 'output'"):
        measure.measure(cities().drop(columns="output"), REQUEST, tmp_path / "three")
    text = cities().astype({"output": object})
    text.loc[3, "output"] = "many"
    with pytest.raises(PanelError, match=r"^output: expected a column of numbers, found object$"):
        measure.measure(text, REQUEST, tmp_path / "three")
