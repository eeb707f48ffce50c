"""Exported files: what is taken, in every form the site writes, and what is refused, and why."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from convergence.cli import main
from convergence.tables import load
from convergence.tables.checks import check
from convergence.tables.package import TableError
from convergence.upkeep.refresh import refresh, suggested_vintage
from convergence.upkeep.sources.figures import RefusedError

DAY = date(2030, 6, 1)
REGIONS, ACCOUNTS = "regions-2025", "accounts-2025"


@pytest.fixture
def save(tmp_path, exports):
    def save(content, name="export.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else exports.written(content))
        return path

    return save


def take(path, vintage, **options):
    paths = path if isinstance(path, list) else [path]
    return refresh("nbs-export", paths, vintage=vintage, date=DAY, **options)


def refused(tables, path, vintage=REGIONS, **options):
    """Give the problems of files that must be refused; the data folder must not change."""
    before = tables.snapshot()
    with pytest.raises(RefusedError, match="nothing was written") as error:
        take(path, vintage, **options)
    assert tables.snapshot() == before
    return error.value.problems


def test_a_new_year_of_the_provinces_is_taken_whole(tables, save, exports):
    lines = exports.provinces(2024)
    done = take(save(lines), REGIONS)
    assert [(one.table, len(one.rows), one.same) for one in done.added] == [
        ("sources", 1, 0),
        ("panel_recent", 31 * 14, 0),
    ]
    assert check() == []
    panel = load("panel_recent").query("year == 2024")
    beijing = panel[panel["province"] == "110000"].set_index("indicator")["value"]
    assert beijing["gdp"] == float(lines[3][1])
    assert beijing["value_added_real_estate"] == float(lines[3][12])
    (source,) = set(panel["source"])
    (row,) = [one for one in tables.rows("sources") if one["source"] == source]
    assert "export.csv" in row["read_at"] and "sha256" in row["read_at"]
    described = tables.described("panel_recent")
    assert described["title"] == "Provinces 2022–2024"
    assert described["schema"]["fields"][0]["constraints"]["maximum"] == 2024
    record = json.loads((tables.path / "changes" / "2030-06-01-panel_recent.json").read_text())
    assert len(record["differences"]["added"]) == 31 * 14
    assert record["reason"] == "Refreshed from export.csv"


def test_taking_the_same_file_again_changes_nothing(tables, save, exports):
    path = save(exports.provinces())
    take(path, REGIONS)
    before = tables.snapshot()
    done = take(path, REGIONS)
    assert not done.changes_anything and not done.is_written
    assert tables.snapshot() == before


def test_a_dry_run_tells_and_writes_nothing(tables, save, exports):
    before = tables.snapshot()
    done = take(save(exports.provinces()), REGIONS, dry_run=True)
    assert done.changes_anything and not done.is_written
    assert tables.snapshot() == before


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_every_encoding_of_the_site_gives_the_same_figures(tables, save, exports, encoding):
    done = take(save(exports.written(exports.provinces(), encoding)), REGIONS)
    assert len(done.added[1].rows) == 31 * 14
    assert [one for one in done.remarks if "GBK" in one] == (
        ["export.csv: read as GBK"] if encoding.startswith("gb") else []
    )


def test_order_of_rows_and_columns_trailing_blanks_and_line_ends_do_not_matter(
    tables, save, exports
):
    lines = exports.provinces()
    expected = take(save(lines), REGIONS, dry_run=True).added[1].rows
    turned = [*lines[:2], *([row[0], *reversed(row[1:])] for row in [lines[2], *lines[:2:-1]])]
    content = exports.written(turned).replace(b"\n", b"\r\n") + b" \r\n\r\n"
    rows = take(save(content), REGIONS, dry_run=True).added[1].rows
    strip = lambda rows: {tuple(v for k, v in row.items() if k != "source") for row in rows}  # noqa: E731
    assert strip(rows) == strip(expected)


def test_one_province_over_the_years_from_an_old_workbook(tables):
    done = take(Path(__file__).with_name("one_province.xls"), REGIONS)
    rows = done.added[1].rows
    assert {(row["province"], row["year"]) for row in rows} == {("440000", "2024")}
    assert (len(rows), done.added[1].same) == (14, 28)


def test_one_indicator_of_provinces_over_the_years(tables, save, exports):
    table = exports.provinces(2024)
    lines = [["数据库：分省年度数据"], ["指标：地区生产总值(亿元)"], ["时间：最近1年"]]
    lines += [["地区", "2024年"], *([row[0], row[1]] for row in table[3:])]
    rows = take(save(lines), REGIONS).added[1].rows
    assert {row["indicator"] for row in rows} == {"gdp"} and len(rows) == 31


def test_figures_of_provinces_go_to_the_table_of_their_vintage(tables, save, exports):
    lines = exports.one_province(18, (2015, 2014))
    lines[4][1] = "1"  # the one figure that the older panel holds
    done = take(save(lines), "regions-2020", accept="the older panel holds a made-up figure")
    assert [(one.table, len(one.rows), one.same) for one in done.added] == [
        ("sources", 1, 0),
        ("panel_13", 27, 1),
    ]


def test_years_and_quarters_of_the_nation(tables, save, exports):
    files = [
        save(exports.years(), "years.csv"),
        save(exports.quarters(), "quarters.csv"),
        save(exports.indices(), "indices.csv"),
    ]
    done = take(files, ACCOUNTS)
    assert {one.table: (len(one.rows), one.same) for one in done.added} == {
        "sources": (3, 0),
        "value_added": (16, 32 - 16),
        "value_added_quarterly": (64, 64),
        "growth_index_quarterly": (128, 128),
    }
    assert done.remarks == ["years.csv: no table takes '国民总收入(亿元)'; left out"]
    assert check() == []
    new = [row for row in tables.rows("value_added") if row["year"] == "2024"]
    assert {row["status"] for row in new} == {"preliminary"}  # the accounts are of April 2025
    index = tables.described("growth_index_quarterly")["convergence"]["identities"][0]
    assert index["where"]["quarter"] == ["2022Q1", "2023Q1", "2024Q1"]


def test_a_revision_comes_beside_the_old_figures(tables, save, exports):
    old = tables.rows("panel_recent")
    lines = exports.provinces(2023)
    revised = changed(lines, 3, 14, str(float(lines[3][14]) + 1))
    done = take(save(revised), "regions-2030-05")
    rows = tables.rows("panel_recent")
    assert [row for row in rows if row["vintage"] == REGIONS] == old
    assert len(rows) == len(old) + 31 * 14
    (vintage,) = [one for one in tables.rows("vintages") if one["vintage"] == "regions-2030-05"]
    assert (vintage["released"], vintage["census"]) == ("2030-05", "5")
    assert tables.described("panel_recent")["released"] == "2030-05"
    assert done.reminders[0].startswith("no splice names regions-2030-05: a chapter that compares")
    assert set(load("panel_recent").query("year == 2023")["vintage"]) == {"regions-2030-05"}
    assert check() == []


def test_the_identities_hold_for_the_next_vintage_too(tables, save, exports):
    take(save(exports.years()), "accounts-2030-01")
    for identity in tables.described("value_added")["convergence"]["identities"]:
        assert identity["where"]["vintage"] == [ACCOUNTS, "accounts-2030-01"]
    wrong = exports.years()
    wrong[3][1] = str(float(wrong[3][1]) + 50)
    (problem, *_) = refused(tables, save(wrong), "accounts-2030-02")
    assert (problem.row, problem.field, problem.rule) == (3, "2024年", "identity: strata make GDP")


def test_status_follows_the_calendar_of_the_accounts(tables, save, exports):
    take(save(exports.years((2028, 2027, 2026, 2025, 2024, 2023))), "accounts-2030-01")
    status = {
        row["year"]: row["status"]
        for row in tables.rows("value_added")
        if row["vintage"] == "accounts-2030-01"
    }
    assert [status[str(year)] for year in (2028, 2027, 2026)] == ["final", "revised", "revised"]


def test_a_gap_that_is_filled_is_no_longer_listed(tables, save, exports):
    rows = [row for row in tables.rows("value_added") if row["year"] != "2023"]
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (tables.path / "value_added.csv").write_text(text.getvalue(), "utf-8")
    tables.save()
    with pytest.raises(RefusedError) as error:
        take(save(exports.years((2024,))), ACCOUNTS)
    assert error.value.problems[0].rule == "gaps"
    extras = tables.resources["value_added"]["convergence"]
    extras["gaps"] = [{"where": {}, "years": [2023], "reason": "not found"}]
    tables.save()
    lines = exports.years((2024, 2023))
    take(save(changed(lines, len(lines) - 1, 2, "")), ACCOUNTS)  # manufacturing stays without 2023
    (gap,) = tables.described("value_added")["convergence"]["gaps"]
    assert gap == {"where": {"sector": ["manufacturing"]}, "years": [2023], "reason": "not found"}
    assert check(["value_added"]) == []


DAMAGES = {
    "a web page": (b"\xef\xbb\xbf\n<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
                   "a web page"),
    "a Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4671\n",
                          "Git LFS pointer"),
    "nothing": (b"", "an empty file"),
    "blanks": (b"\xef\xbb\xbf \r\n\r\n", "an empty file"),
    "a program": (bytes(range(256)) * 4, "no text: it holds bytes of zero"),
    "a broken character": ("地区,2024年\n".encode()[:-2], "row 1: found a text with a character"),
    "another text": (b"Dear all,\nplease find the data attached.\n", "no header"),
    "a broken workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x01" * 600, "a workbook that"),
    "a zip that is none": (b"PK\x03\x04 not a workbook", "a workbook that"),
    "an unknown encoding": (b"\xff\xfa\xff\xfa" * 40, "an unknown encoding"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_no_export_is_refused_in_one_sentence(tables, save, damage):
    content, found = DAMAGES[damage]
    (problem,) = refused(tables, save(content))
    assert problem.file == "export.csv"
    assert found in str(problem)
    assert "\n" not in str(problem)


def test_a_huge_file_is_refused_before_it_is_read(tables, tmp_path):
    path = tmp_path / "export.csv"
    with open(path, "wb") as file:
        file.truncate(500_000_000)
    (problem,) = refused(tables, path)
    assert str(problem).startswith("export.csv: found 500 MB; expected at most 20 MB")


def changed(lines, row, column, cell):
    return [
        [cell if (i, j) == (row, column) else old for j, old in enumerate(line)]
        for i, line in enumerate(lines)
    ]


@pytest.mark.parametrize(
    ("row", "column", "cell", "place", "found"),
    [
        (5, 3, "12,345.6", (6, "第二产业增加值 (亿元)"), "without commas"),
        (5, 3, "Mar-45", (6, "第二产业增加值 (亿元)"), "has made a date"),
        (5, 3, "2024/1/5", (6, "第二产业增加值 (亿元)"), "has made a date"),
        (5, 3, "#REF!", (6, "第二产业增加值 (亿元)"), "a number"),
        (5, 3, "nan", (6, "第二产业增加值 (亿元)"), "a number"),
        (5, 0, "大湾省", (6, "地区"), "a province that"),
        (5, 0, "北京市", (6, "北京市"), "twice"),
        (2, 3, "地区生产总值 (亿元)", (3, "地区生产总值 (亿元) "), "twice"),
        (2, 1, "地区生产总值 (万元)", (3, "地区生产总值 (万元)"), "the unit 亿元"),
        (2, 1, "地区生产总值", (3, "地区生产总值"), "no unit"),
        (1, 0, "时间：Jan-24", (None, "time"), "a year such as 2024年"),
    ],
)
def test_a_damaged_cell_is_named(tables, save, exports, row, column, cell, place, found):
    lines = changed(exports.provinces(), row, column, cell)
    problem = refused(tables, save(lines))[0]
    assert (problem.row, problem.field) == (place[0], place[1].strip())
    assert found in str(problem)


def test_the_header_of_quarters_is_read_strictly(tables, save, exports):
    lines = changed(exports.quarters(), 2, 3, "2024-04-01")
    (problem,) = refused(tables, save(lines), ACCOUNTS)
    assert (problem.row, problem.field) == (3, "2024-04-01")
    assert "has made a date" in problem.expected


def test_a_row_with_a_cell_too_few_or_too_many_is_refused(tables, save, exports):
    lines = exports.provinces()
    for row in (lines[7][:5] + lines[7][6:], [*lines[7][:5], "0.1", *lines[7][5:]]):
        (problem,) = refused(tables, save([*lines[:7], row, *lines[8:]]))
        assert (problem.row, problem.field) == (8, lines[7][0])
        assert "14, as in the header" in problem.expected


def test_columns_shifted_by_one_are_refused(tables, save, exports):
    lines = exports.provinces()
    shifted = [*lines[:3], *([row[0], row[-1], *row[1:-1]] for row in lines[3:])]
    problem = refused(tables, save(shifted))[0]
    assert problem.file == "export.csv" and problem.row and problem.field


def test_a_missing_province_is_named(tables, save, exports):
    lines = [line for line in exports.provinces() if line[0] != "西藏自治区"]
    (problem,) = refused(tables, save(lines))
    assert problem.found == "30 provinces, without 西藏"
    assert (problem.row, problem.field) == (3, "地区")


@pytest.mark.parametrize("left", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("form", ["provinces", "quarters", "years"])
def test_a_file_that_breaks_off_is_refused(tables, save, exports, form, left):
    content = exports.written(getattr(exports, form)())
    vintage = REGIONS if form == "provinces" else ACCOUNTS
    problem = refused(tables, save(content[: int(len(content) * left)]), vintage)[0]
    assert problem.row is not None


def test_figures_below_an_empty_line_are_not_lost(tables, save, exports):
    lines = exports.years()
    (problem,) = refused(tables, save([*lines[:9], [""], *lines[9:]]), ACCOUNTS)
    assert problem.row == 11


def test_another_unit_under_the_same_name_is_refused_even_if_accepted(tables, save, exports):
    lines = exports.provinces()
    wrong = [*lines[:3], *([row[0], *(f"{float(x) * 10_000:.0f}" for x in row[1:14]), row[14]]
                           for row in lines[3:])]  # fmt: skip
    problems = refused(tables, save(wrong), accept="I know better")
    assert problems[0].found.endswith(
        "a year before stands: 31 figures about 10,497 times too large"
    )
    assert problems[0].expected == "figures in 100 million yuan (亿元)"
    assert (problems[0].row, problems[0].field) == (4, "地区生产总值 (亿元)")


def test_a_jump_is_held_back_until_somebody_answers_for_it(tables, save, exports):
    lines = changed(exports.provinces(), 3, 14, "99000")
    (problem,) = refused(tables, save(lines))
    assert (problem.row, problem.field, problem.rule) == (4, "人均地区生产总值 (元/人)", "held")
    assert "--accept" in problem.expected
    done = take(save(lines), REGIONS, accept="the population was counted anew")
    assert [str(one.figure.value) for one in done.held] == ["99000"]
    record = json.loads((tables.path / "changes" / "2030-06-01-panel_recent.json").read_text())
    assert "the population was counted anew" in record["reason"]


def test_a_move_that_one_province_made_is_taken_from_another(tables, save, exports):
    rows = tables.rows("panel_recent")
    for row in rows:
        which = (row["year"], row["province"], row["indicator"])
        if which == ("2023", "110000", "gdp_per_capita"):
            row["value"] = f"{float(row['value']) * 1.3:.0f}"
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (tables.path / "panel_recent.csv").write_text(text.getvalue(), "utf-8")
    tables.save()
    lines = exports.provinces()
    moved = save(changed(lines, 4, 14, f"{float(lines[4][14]) * 1.25:.0f}"))
    assert take(moved, REGIONS, dry_run=True).held == []
    del tables.resources["panel_recent"]["convergence"]["places"]
    tables.save()
    (problem,) = refused(tables, moved)
    assert (problem.row, problem.rule) == (5, "held")


def test_a_figure_is_not_overwritten_in_place(tables, save, exports):
    lines = exports.provinces(2023)
    lines = changed(lines, 3, 14, str(float(lines[3][14]) + 1))
    (problem,) = refused(tables, save(lines))
    assert (problem.row, problem.field) == (4, "人均地区生产总值 (元/人)")
    assert "data/corrections.csv" in problem.expected


def correct(tables, kind, found, expectation):
    where = "year=2023 province=110000 indicator=gdp_per_capita"
    row = f"panel_recent,{where},value,{kind},{found},a slip,the yearbook,equals:{expectation}\n"
    with open(tables.path / "corrections.csv", "a", encoding="utf-8") as file:
        file.write(row)
    tables.save()


def test_a_cell_in_doubt_can_be_settled_and_the_register_says_so(tables, save, exports):
    lines = exports.provinces(2023)
    old = float(lines[3][14])
    correct(tables, "suspect", old, f"{old:.0f}")
    assert check() == []
    done = take(save(changed(lines, 3, 14, f"{old + 1:.0f}")), REGIONS)
    ((row, was),) = done.added[1].corrected
    assert (float(row["value"]), float(was)) == (old + 1, old)
    assert done.reminders[0].startswith("the publisher has settled a cell of data/corrections.csv")
    assert {problem.table for problem in check()} == {"corrections"}


def test_a_corrected_cell_stays_when_the_publisher_repeats_the_slip(tables, save, exports):
    lines = exports.provinces(2023)
    ours = float(lines[3][14])
    correct(tables, "corrected", ours + 7, f"{ours:.0f}")
    done = take(save(changed(lines, 3, 14, f"{ours + 7:.0f}")), REGIONS)
    assert not done.changes_anything


def test_an_empty_cell_is_left_out_and_said(tables, save, exports):
    lines = changed(exports.provinces(), 3, 14, "")
    done = take(save(lines), REGIONS)
    assert done.remarks == ["export.csv: 1 empty cells, left out: 北京市 人均地区生产总值 (元/人)"]
    assert len(done.added[1].rows) == 31 * 14 - 1


def test_two_files_that_contradict_each_other_are_refused(tables, save, exports):
    one = save(exports.years(), "one.csv")
    lines = exports.years()
    other = save(changed(lines, 2, 1, str(float(lines[2][1]) + 1)), "other.csv")
    (problem,) = refused(tables, [one, other], ACCOUNTS)
    assert (problem.file, problem.row, problem.field) == ("other.csv", 3, "2024年")
    assert "one.csv, row 3" in problem.found


def test_years_before_the_table_are_left_out_and_said(tables, save, exports):
    done = take(save(exports.one_province(18, (2024, 2023, 2022, 2021, 2020))), REGIONS)
    assert done.remarks == ["panel_recent begins in 2022: 28 earlier figures left out"]


def test_a_table_that_was_edited_and_not_accepted_is_not_built_upon(tables, save, exports):
    path = tables.path / "panel_recent.csv"
    path.write_bytes(path.read_bytes().replace(b"regions-2025", b"regions-2020", 1))
    with pytest.raises(TableError, match="convergence accept panel_recent"):
        take(save(exports.provinces()), REGIONS)


@pytest.mark.parametrize("vintage", [None, "next", "regions-2030-13", "regions 2030-01"])
def test_a_vintage_has_to_be_stated(tables, save, exports, vintage):
    with pytest.raises(ValueError, match=r"data/vintages\.csv") as error:
        take(save(exports.provinces()), vintage)
    # None is a slip of the call, a strange name one of the data.
    assert isinstance(error.value, TableError) == (vintage is not None)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (["imf"], {}, "no source 'imf'; there are nbs-export, worldbank, wiod"),
        (["nbs-export"], {"vintage": REGIONS}, "nbs-export reads files: give at least one"),
        (["worldbank", ["a.csv"]], {}, "worldbank is asked over the network; it reads no files"),
        (["wiod", ["a.xlsx"]], {"accept": " "}, "needs a reason"),
    ],
)
def test_arguments_that_cannot_be_meant_are_no_fault_of_the_tables(
    tables, arguments, options, message
):
    with pytest.raises(ValueError, match=message) as error:
        refresh(*arguments, **options)
    assert not isinstance(error.value, TableError)


def test_a_file_that_is_not_there_is_named(tables, tmp_path):
    (problem,) = refused(tables, tmp_path / "none.csv")
    assert "none.csv: found No such file" in str(problem)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("imf",), "invalid choice: 'imf'"),
        (("nbs-export",), "nbs-export reads files: --from FILE"),
        (("worldbank", "--from", "a.csv"), "it takes no --from"),
        (("wiod", "--from", "a.xlsx", "--accept", " "), "--accept is empty"),
    ],
)
def test_the_command_speaks_of_its_own_flags(tables, capsys, arguments, message):
    code, out, err = run(capsys, "refresh", *arguments)
    assert (code, out) == (2, "")
    assert message in err


def run(capsys, *arguments):
    try:
        code = main(arguments)
    except SystemExit as stopped:
        code = stopped.code
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command_shows_what_comes_and_what_is_next(tables, save, exports, capsys):
    path = str(save(exports.provinces()))
    arguments = ("refresh", "nbs-export", "--from", path, "--vintage", REGIONS)
    code, out, err = run(capsys, *arguments, "--dry-run")
    assert (code, err) == (0, "")
    assert "panel_recent: 434 rows new, 0 as they are\n  + year 2024, province 110000" in out
    assert "… and 414 more\n" in out
    assert out.endswith("nothing was written: this was a dry run\n")
    code, out, err = run(capsys, *arguments, "--date", "2030-06-01")
    assert (code, err) == (0, "")
    assert "recorded in data/changes/2030-06-01-panel_recent.json\n" in out
    assert out.endswith("now: make book\n")
    code, out, _ = run(capsys, *arguments)
    assert (code, out.endswith("nothing new: every figure is in the tables already\n")) == (0, True)


def test_the_command_refuses_with_file_row_and_field(tables, save, exports, capsys):
    path = str(save(changed(exports.provinces(), 5, 3, "x")))
    code, out, err = run(capsys, "refresh", "nbs-export", "--from", path, "--vintage", REGIONS)
    assert code == 1
    assert err == "convergence: the files were refused; nothing was written\n"
    assert out == (
        "  export.csv, row 6, field 第二产业增加值 (亿元): found 'x'; expected a number [export]\n"
    )


def test_the_vintage_is_told_by_the_figures_or_by_the_date_of_the_file(tables, save, exports):
    path = save(exports.one_province(18, (2024, 2023)))
    assert suggested_vintage("nbs-export", [path]) == (REGIONS, 14)
    revised = changed(exports.one_province(18, (2024, 2023)), 4, 2, "99999")
    path = save(revised)
    os.utime(path, (1_906_000_000, 1_906_000_000))
    assert suggested_vintage("nbs-export", [path]) == ("nbs-2030-05", 0)


def test_an_old_state_under_a_new_name_is_not_taken(tables, save, exports):
    done = take(save(exports.provinces(2023)), "regions-2030-05")
    assert not done.changes_anything
    assert done.remarks == [f"every figure is that of vintage {REGIONS}: no vintage of its own"]


def test_the_command_asks_for_the_vintage_where_somebody_can_answer(
    tables, save, exports, capsys, monkeypatch
):
    path = save(exports.provinces())
    os.utime(path, (1_906_000_000, 1_906_000_000))
    arguments = ("refresh", "nbs-export", "--from", str(path), "--dry-run")
    code, out, err = run(capsys, *arguments)
    assert code == 1 and "--vintage" in err
    assert out == "by the file's date, the figures are of a new vintage nbs-2030-05\n"
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    for answer, expected in [("", "nbs-2030-05"), ("regions-2025", REGIONS)]:
        monkeypatch.setattr("builtins.input", lambda question, answer=answer: answer)
        assert f"vintage {expected}," in run(capsys, *arguments)[1]
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert run(capsys, *arguments)[0] == 1


def test_help_is_light():
    code = "import sys; from convergence.cli import main\ntry: main(['refresh', '--help'])\n"
    code += "except SystemExit: pass\nsys.exit(' '.join({'pandas', 'numpy', 'wbgapi', "
    code += "'frictionless', 'python_calamine'} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "SOURCE" in done.stdout
