"""Mutated files: known damage is refused and named; nothing changes the tables silently."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convergence.tables.package import TableError
from convergence.upkeep.refresh import refresh
from convergence.upkeep.sources.figures import RefusedError

DAY = date(2030, 6, 1)
FORMS = ("provinces", "one_province", "years", "quarters", "indices")
# What each form can be told to be wrong by: sums check the accounts, nothing checks a lone index.
SUMMED = ("provinces", "years", "quarters")
LETTERS = st.text("abcxyzäß元万率-/#!?", min_size=1, max_size=4)
counted: Counter[str] = Counter()


def head(lines):
    """Give the place of the header."""
    return next(i for i, line in enumerate(lines) if len(line) > 1)


def known_rows(form, lines):
    """Give the rows that a table takes."""
    return [
        i for i in range(head(lines) + 1, len(lines)) if not lines[i][0].startswith("国民总收入")
    ]


def some_cell(draw, form, lines):
    row = draw(st.sampled_from(known_rows(form, lines)))
    return row, draw(st.integers(1, len(lines[row]) - 1))


# Each damage changes lines, or bytes, so that the file must be refused.


def not_a_number(draw, form, lines):
    row, column = some_cell(draw, form, lines)
    lines[row][column] = draw(
        st.one_of(
            LETTERS,
            st.sampled_from(["１２３", "1,234", "1 234", "nan", "1e5", "12%", "--", "=A1", "NULL"]),
        )
    )
    return lines


def a_date(draw, form, lines):
    row, column = some_cell(draw, form, lines)
    lines[row][column] = draw(st.sampled_from(["Mar-45", "2024/1/5", "5-Jan", "1月5日"]))
    return lines


def a_date_in_the_header(draw, form, lines):
    if form == "provinces":
        lines[1][0] = "时间：2024/1/1"
    else:
        at = head(lines)
        lines[at][draw(st.integers(1, len(lines[at]) - 1))] = "2024/1/1"
    return lines


def another_unit_named(draw, form, lines):
    at = head(lines)
    places = (
        [(at, i) for i in range(1, len(lines[at]))]
        if form == "provinces"
        else [(i, 0) for i in known_rows(form, lines)]
    )
    row, column = draw(st.sampled_from(places))
    other = draw(st.sampled_from(["万元", "亿美元", "%", "10 thousand yuan"]))
    lines[row][column] = re.sub(r"\([^()]*\)", f"({other})", lines[row][column])
    return lines


def another_unit_silently(draw, form, lines):
    """万元 for 亿元 in every figure."""
    for row in known_rows(form, lines):
        for column in range(1, len(lines[row])):
            lines[row][column] = f"{float(lines[row][column]) * 10_000:.0f}"
    return lines


def one_column_in_another_unit(draw, form, lines):
    column = draw(st.integers(1, len(lines[head(lines)]) - 1))
    for row in known_rows(form, lines):
        lines[row][column] = f"{float(lines[row][column]) * 10_000:.0f}"
    return lines


def a_row_twice(draw, form, lines):
    row = draw(st.sampled_from(known_rows(form, lines)))
    lines.insert(draw(st.integers(head(lines) + 1, len(lines))), list(lines[row]))
    return lines


def a_column_twice(draw, form, lines):
    at = head(lines)
    column = draw(st.integers(1, len(lines[at]) - 1))
    for line in lines[at:]:
        line.append(line[column])
    return lines


def an_unknown_province(draw, form, lines):
    name = draw(st.sampled_from(["大湾省", "Atlantis", "北京", "香港特别行政区", "??"]))
    if form == "one_province":
        lines[1][0] = f"地区：{name}x"
    else:
        lines[draw(st.sampled_from(known_rows(form, lines)))][0] = f"{name}x"
    return lines


def a_province_left_out(draw, form, lines):
    del lines[draw(st.sampled_from(known_rows(form, lines)))]
    return lines


def a_cell_too_few(draw, form, lines):
    row, column = some_cell(draw, form, lines)
    del lines[row][column]
    return lines


def a_cell_too_many(draw, form, lines):
    row, column = some_cell(draw, form, lines)
    lines[row].insert(column, "7.7")
    return lines


def shifted_columns(draw, form, lines):
    for row in known_rows(form, lines):
        lines[row] = [lines[row][0], lines[row][-1], *lines[row][1:-1]]
    return lines


def a_slip_in_a_sum(draw, form, lines):
    """One figure of a total is wrong by a tenth or more."""
    factor = draw(st.sampled_from([0.1, 0.5, 0.9, 1.1, 2, 10]))
    if form == "provinces":
        row, column = draw(st.sampled_from(known_rows(form, lines))), draw(st.integers(1, 13))
    else:
        totals = [i for i in known_rows(form, lines) if "制造" not in lines[i][0]]
        totals = [i for i in totals if "Manufact" not in lines[i][0]]
        row, column = draw(st.sampled_from(totals)), draw(st.integers(1, len(lines[4]) - 1))
    lines[row][column] = f"{float(lines[row][column]) * factor:.1f}"
    return lines


def a_figure_the_table_has_otherwise(draw, form, lines):
    """A year that is in the table, under its own vintage, with another figure."""
    at = head(lines)
    known = [i for i, name in enumerate(lines[at]) if re.search("2023", name)]
    rows = [i for i in known_rows(form, lines) if "Accumulated" not in lines[i][0]]
    row, column = draw(st.sampled_from(rows)), draw(st.sampled_from(known))
    lines[row][column] = f"{float(lines[row][column]) + draw(st.integers(1, 400)) / 10:.1f}"
    return lines


def cut_off(draw, form, content):
    text = content.rstrip()
    at = draw(st.integers(len(text) // 20, len(text) - 30))
    while form == "years" and text[at - 1 : at] in b"\r\n":
        at += 1  # cut between two lines the square alone looks whole
    return text[:at]


def a_web_page(draw, form, content):
    start = draw(st.sampled_from([b"", b"\xef\xbb\xbf", b"\n\n "]))
    tag = draw(
        st.sampled_from([b"<html>", b"<!DOCTYPE html>", b"<?xml version='1.0'?>", b"<HTML "])
    )
    return start + tag + content


def a_pointer(draw, form, content):
    size = draw(st.integers(1, 10**9))
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize {size}\n".encode()


def nothing(draw, form, content):
    return draw(st.sampled_from([b"", b"\n", b"\xef\xbb\xbf", b" \r\n \r\n", b"\t,\t,\n"]))


def zeros(draw, form, content):
    at = draw(st.integers(0, len(content)))
    return content[:at] + b"\x00" * draw(st.integers(1, 9)) + content[at:]


ON_LINES = {
    not_a_number: FORMS,
    a_date: FORMS,
    a_date_in_the_header: FORMS,
    another_unit_named: FORMS,
    another_unit_silently: FORMS,
    one_column_in_another_unit: SUMMED,
    a_row_twice: FORMS,
    a_column_twice: FORMS,
    an_unknown_province: ("provinces", "one_province"),
    a_province_left_out: ("provinces",),
    a_cell_too_few: FORMS,
    a_cell_too_many: FORMS,
    shifted_columns: ("provinces", "years", "quarters", "one_province"),
    a_slip_in_a_sum: SUMMED,
    a_figure_the_table_has_otherwise: ("one_province", "years", "quarters", "indices"),
}
ON_BYTES = {cut_off: FORMS, a_web_page: FORMS, a_pointer: FORMS, nothing: FORMS, zeros: FORMS}
# The rest says itself what it is; these damages have a place.
HAS_PLACE = set(ON_LINES)


@st.composite
def damaged(draw, exports):
    damage = draw(st.sampled_from(sorted(ON_LINES | ON_BYTES, key=lambda one: one.__name__)))
    form = draw(st.sampled_from((ON_LINES | ON_BYTES)[damage]))
    lines = getattr(exports, form)()
    if damage in ON_LINES:
        return damage, form, exports.written(damage(draw, form, [list(line) for line in lines]))
    return damage, form, damage(draw, form, exports.written(lines))


@st.composite
def altered(draw, exports):
    """Change a file in a way that may or may not matter."""
    form = draw(st.sampled_from(FORMS))
    lines = [list(line) for line in getattr(exports, form)()]
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
    for _ in range(draw(st.integers(0, 3))):
        row, column = some_cell(draw, form, lines)
        what = draw(st.sampled_from(["empty", "blank", "nudge", "swap rows", "name", "drop row"]))
        if what == "empty":
            lines[row][column] = ""
        elif what == "blank":
            lines[row][column] = f" {lines[row][column]} \t"
        elif what == "nudge" and re.fullmatch(r"[\d.]+", lines[row][column]):
            lines[row][column] = f"{float(lines[row][column]) + draw(st.integers(-9, 9)) / 10:.2f}"
        elif what == "swap rows":
            other = draw(st.sampled_from(known_rows(form, lines)))
            lines[row], lines[other] = lines[other], lines[row]
        elif what == "name":
            lines[row][0] = draw(LETTERS)
        elif what == "drop row" and len(lines) > head(lines) + 3:
            del lines[row]
    content = bytearray(exports.written(lines, encoding))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(content) - 1))
        what = draw(st.sampled_from(["flip", "drop", "insert"]))
        if what == "flip":
            content[at] = draw(st.integers(0, 255))
        elif what == "drop":
            del content[at]
        else:
            content.insert(at, draw(st.integers(0, 255)))
    return form, bytes(content)


def vintage_of(form):
    return "regions-2025" if "province" in form else "accounts-2025"


def refuse_damaged(tables, path, damage, form, content):
    before = tables.snapshot()
    path.write_bytes(content)
    with pytest.raises(RefusedError) as error:
        refresh("nbs-export", [path], vintage=vintage_of(form), date=DAY)
    assert tables.snapshot() == before
    problems = error.value.problems
    assert problems, damage.__name__
    for problem in problems:
        assert "\n" not in str(problem)
    first = problems[0]
    assert first.file == path.name, damage.__name__
    if damage in HAS_PLACE:
        # What stands above the header has no column; it is named by what it says.
        above = damage in (a_date_in_the_header, an_unknown_province) and first.row is None
        assert (first.row or above) and first.field, f"{damage.__name__}: {first}"
    counted["damaged", "refused"] += 1


def refuse_or_report(tables, path, form, content):
    before = tables.snapshot()
    path.write_bytes(content)
    try:
        done = refresh("nbs-export", [path], vintage=vintage_of(form), date=DAY)
    except TableError as error:
        assert str(error)
        assert tables.snapshot() == before
        counted["altered", "refused"] += 1
        return
    assert tables.hashes_are_valid()
    reported = {one.table: one.rows for one in done.added}
    for name in tables.resources:
        old = before[f"{name}.csv"].decode().splitlines()
        new = (tables.path / f"{name}.csv").read_text("utf-8").splitlines()
        assert not set(old) - set(new), f"{name}: a row went"
        assert len(new) - len(old) == len(reported.get(name, [])), f"{name}: a row came unsaid"
    counted["altered", "imported" if done.changes_anything else "nothing new"] += 1
    tables.restore(before)


def few(count):
    return settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.parametrize(
    ("damages", "alterations"),
    [(110, 90), pytest.param(1100, 900, marks=pytest.mark.full)],
)
def test_mutated_files(shared_tables, exports, tmp_path_factory, damages, alterations, capsys):
    path = tmp_path_factory.mktemp("fuzz") / "export.csv"
    counted.clear()

    @few(damages)
    @given(damaged(exports))
    def every_known_damage_is_refused(case):
        refuse_damaged(shared_tables, path, *case)

    @few(alterations)
    @given(altered(exports))
    def the_rest_is_refused_or_reported(case):
        refuse_or_report(shared_tables, path, *case)

    every_known_damage_is_refused()
    the_rest_is_refused_or_reported()
    with capsys.disabled():
        print(f"\nmutated files: {dict(counted)}")
    assert counted["damaged", "refused"] >= damages
    assert sum(counted.values()) >= damages + alterations


@pytest.mark.parametrize("count", [20, pytest.param(200, marks=pytest.mark.full)])
def test_mutated_tables(shared_tables, exports, tmp_path_factory, count):
    """A table that is not the accepted one is not built upon, whatever happened to it."""
    path = tmp_path_factory.mktemp("fuzz") / "export.csv"
    path.write_bytes(exports.written(exports.quarters()))
    touched = ["value_added", "value_added_quarterly", "sources", "vintages", "nbs_indicators",
               "provinces", "panel_recent"]  # fmt: skip

    @few(count)
    @given(st.data())
    def refused(data):
        before = shared_tables.snapshot()
        name = data.draw(st.sampled_from(touched))
        content = bytearray(before[f"{name}.csv"])
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= data.draw(st.integers(1, 255))
        (shared_tables.path / f"{name}.csv").write_bytes(content)
        damaged_state = shared_tables.snapshot()
        with pytest.raises(TableError, match=rf"data/{name}\.csv: found .*convergence accept"):
            refresh("nbs-export", [path], vintage="accounts-2025", date=DAY)
        assert shared_tables.snapshot() == damaged_state
        shared_tables.restore(before)

    refused()
