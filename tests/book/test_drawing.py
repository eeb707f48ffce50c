"""The book's drawing: equal to what chapters drew by hand, in one look, short in a chapter."""

from __future__ import annotations

import ast
import json
import re
import statistics
from pathlib import Path

import altair as alt
import pandas as pd
import pytest

from book import figures, layers, lines, look, rows, scales, tiles, wording
from book.look import CONTEXT, INK, MUTED, PAPER, RESEARCH_AND_DESIGN

ROOT = Path(__file__).resolve().parents[2]
CELL = re.compile(r"^```\{code-cell\} *(\S*)\n(?::[^\n]*\n)*(.*?)^```$", re.MULTILINE | re.DOTALL)
CHAPTERS = {
    path.relative_to(ROOT).as_posix(): [
        (language, re.sub(r"\A(?::.*\n)+", "", code))
        for language, code in CELL.findall(path.read_text("utf-8"))
    ]
    for path in sorted((ROOT / "chapters").rglob("*.md"))
}
# A chapter that draws with the library keeps the rules of short cells.
DRAWN = {
    name: cells
    for name, cells in CHAPTERS.items()
    if any(re.search(r"^(from|import) book\b", code, re.MULTILINE) for _, code in cells)
}
TABLE = pd.DataFrame(
    {"row": ["a", "a", "b"], "year": [2012, 2018, 2012], "value": [1.0, 2.0, 3.0],
     "table": ["benchmark", "update", "benchmark"], "high": [1.5, 2.0, 3.0]}
)  # fmt: skip


def spec(chart: alt.TopLevelMixin) -> dict:
    return chart.to_dict()


@pytest.mark.parametrize(
    ("made", "by_hand"),
    [
        (
            scales.years(2001, 2021.5, [2002, 2020]),
            alt.X("year:Q", title=None, scale=alt.Scale(domain=[2001, 2021.5], nice=False),
                  axis=alt.Axis(format="d", values=[2002, 2020])),
        ),
        (scales.x("share"), alt.X("share:Q", title=None)),
        (
            scales.y("value", ".1f", ticks=6, scale={"domainMin": 0}),
            alt.Y("value:Q", title=None, scale=alt.Scale(domainMin=0),
                  axis=alt.Axis(format=".1f", tickCount=6)),
        ),
        (
            scales.rows("name", ["b", "a"], labelLimit=150),
            alt.Y("name:N", title=None, sort=["b", "a"], axis=alt.Axis(
                labelColor=INK, labelLimit=150, ticks=False, domain=False)),
        ),
        (
            scales.rows("row", None, labelColor=None),
            alt.Y("row:N", title=None, sort=None, axis=alt.Axis(ticks=False, domain=False)),
        ),
        (
            scales.rows("year:O"),
            alt.Y("year:O", title=None, axis=alt.Axis(labelColor=INK, ticks=False, domain=False)),
        ),
        (
            scales.colours("row", {"a": INK, "b": CONTEXT}),
            alt.Color("row:N", legend=None, scale=alt.Scale(
                domain=["a", "b"], range=[INK, CONTEXT])),
        ),
        (
            scales.colours("row", {"a": INK}, legend={"columns": 3}),
            alt.Color("row:N", title=None, legend=alt.Legend(orient="top", columns=3),
                      scale=alt.Scale(domain=["a"], range=[INK])),
        ),
        (
            scales.shapes("year", {2007: "square"}),
            alt.Shape("year:N", title=None, scale=alt.Scale(domain=[2007], range=["square"])),
        ),
    ],
)  # fmt: skip
def test_a_scale_is_what_a_chapter_wrote_by_hand(made, by_hand):
    assert made.to_dict() == by_hand.to_dict()


def test_lines_through_tables_are_what_a_chapter_drew_by_hand():
    tone = scales.colours("row", {"a": INK, "b": RESEARCH_AND_DESIGN})
    years, amount = scales.years(2001, 2021, [2012]), scales.y("value")
    base = alt.Chart(TABLE).encode(years, amount, color=tone)
    cut, said = layers.break_at(years, 2016, "new rules →")
    made = figures.figure(
        cut, lines.residual_bars(base, strokeWidth=5), base.mark_line(),
        lines.table_points(base, tone, size=45),
        layers.labels(base, "row", {"a": {"year": 2012, "dy": -14}}, "row:N", dx=4), said,
        height=330, title="It rose", subtitle="Yuan",
    )  # fmt: skip
    edge = alt.Chart(pd.DataFrame({"year": [2016], "words": ["new rules →"]}))
    points = base.mark_point(opacity=1, size=45).encode(
        fill=alt.condition("datum.table == 'update'", alt.value(PAPER), tone)
    )
    label = base.transform_filter("datum.row == 'a' && datum.year == 2012")
    by_hand = alt.layer(
        edge.mark_rule(strokeDash=[4, 3], color=MUTED).encode(years),
        base.mark_rule(strokeWidth=5).encode(y2="high:Q"),
        base.mark_line(),
        points,
        label.mark_text(fontWeight="bold", dy=-14, dx=4).encode(text="row:N"),
        edge.mark_text(align="right", dx=-4, color=MUTED).encode(
            years, y=alt.value(8), text="words:N"),
    ).properties(height=330, title=alt.Title("It rose", subtitle="Yuan"))  # fmt: skip
    assert spec(made) == spec(by_hand)


def test_points_of_one_colour_are_hollow_where_a_table_is_an_update():
    made = spec(lines.table_points(alt.Chart(TABLE), RESEARCH_AND_DESIGN))
    assert made["mark"] == {"type": "point", "color": RESEARCH_AND_DESIGN, "opacity": 1}
    assert made["encoding"]["fill"] == {
        "condition": {"test": "datum.table == 'update'", "value": PAPER},
        "value": RESEARCH_AND_DESIGN,
    }


def test_movements_between_years_are_what_a_chapter_drew_by_hand():
    table = pd.DataFrame(
        {"industry": ["b"] * 4 + ["a"] * 4, "year": [2002, 2007, 2012, 2017] * 2,
         "value": [float(number) for number in range(8)]}
    )  # fmt: skip
    tones = {2007: CONTEXT, 2012: INK, 2017: RESEARCH_AND_DESIGN}
    made = figures.figure(
        rows.between_years(table, tones, bar=(2012, 2017), order=["b", "a"]),
        height=430, title="It rose", subtitle="Yuan",
    )  # fmt: skip
    row = alt.Y("industry:N", sort=["b", "a"], title=None, axis=alt.Axis(
        labelColor=INK, ticks=False, domain=False))  # fmt: skip
    years = [2007, 2012, 2017]
    ends = pd.DataFrame({"industry": ["a", "b"], "start": [6.0, 2.0], "end": [7.0, 3.0]})
    bars = alt.Chart(ends).mark_rule(color=CONTEXT, opacity=0.5, strokeWidth=2)
    dots = alt.Chart(table[table["year"] > 2002]).mark_point(filled=True, size=60, opacity=1)
    by_hand = alt.layer(
        bars.encode(y=row, x="start:Q", x2="end:Q"),
        dots.encode(
            y=row, x=alt.X("value:Q", title=None, axis=alt.Axis(format=".1f", tickCount=5)),
            color=alt.Color("year:N", title=None, legend=alt.Legend(orient="top"),
                            scale=alt.Scale(domain=years, range=[*tones.values()])),
            shape=alt.Shape("year:N", title=None, scale=alt.Scale(
                domain=years, range=["square", "diamond", "circle"])),
            tooltip=["industry", "year", alt.Tooltip("value", format=".2f")]),
    ).properties(height=430, title=alt.Title("It rose", subtitle="Yuan"))  # fmt: skip
    assert spec(made) == spec(by_hand)


def test_strips_lie_side_by_side_in_the_order_of_their_names():
    shares = pd.DataFrame(
        {"own": [0.25, 0.0], "other": [0.75, 1.0]},
        index=pd.Index([2012, 2017], name="year"),
    ).rename_axis(columns="use")
    table = rows.strips_of(shares, {"other": "Other", "own": "Own"})
    found = table.set_index(["year", "name"])["middle"].to_dict()
    # The other part comes first; a part that is empty has no strip.
    assert found == {(2012, "Other"): 0.375, (2012, "Own"): 0.875, (2017, "Other"): 0.5}


def test_a_toned_table_is_what_a_chapter_drew_by_hand():
    base = alt.Chart(TABLE).encode(alt.X("year:O"), alt.Y("row:N"))
    made = alt.layer(
        tiles.tiles(base, "value", domain=(0, 0.6), opacity=(0.03, 0.6)),
        tiles.numbers(base, "value", ".0%", "datum.value > 0.42"),
    )
    tone = alt.Scale(domain=[0, 0.6], range=[0.03, 0.6])
    by_hand = alt.layer(
        base.mark_rect(fill=INK, stroke=PAPER, strokeWidth=2).encode(
            fillOpacity=alt.FillOpacity("value:Q", legend=None, scale=tone)),
        base.mark_text(fontSize=12).encode(
            text=alt.Text("value:Q", format=".0%"),
            color=alt.condition("datum.value > 0.42", alt.value(PAPER), alt.value(INK))),
    )  # fmt: skip
    assert spec(made) == spec(by_hand)


def test_a_line_of_reference_lies_on_its_axis():
    for axis, channel in ((alt.X("change:Q"), "x"), (scales.y("change", ".0%"), "y")):
        drawn = spec(layers.reference(axis, 1, color=CONTEXT))
        assert drawn["encoding"] == {channel: axis.to_dict() | {"type": "quantitative"}}
        assert [*drawn["datasets"].values()] == [[{"change": 1}]]
        assert drawn["mark"] == {"type": "rule", "color": CONTEXT}


def test_panels_stand_side_by_side_or_below_each_other_under_one_title():
    line = alt.Chart(TABLE).mark_line().encode(alt.X("year:Q"), alt.Y("value:Q"))
    panels = [figures.panel(line, width=190, height=230, heading=name) for name in "ab"]
    title = {"title": "It rose", "subtitle": "Yuan"}
    wide, narrow = figures.side_by_side(panels, **title), figures.stacked(panels, **title)
    heading = alt.Title("a", fontSize=13, offset=8)
    first = alt.layer(line).properties(width=190, height=230, title=heading)
    for drawn, joined in ((wide, "hconcat"), (narrow, "vconcat")):
        assert spec(drawn)["title"] == {"text": "It rose", "subtitle": "Yuan"}
        assert len(spec(drawn)[joined]) == 2
        assert spec(drawn)[joined][0]["title"] == spec(first)["title"]


def test_words_and_numbers_are_printed_as_in_prose():
    assert wording.per_cent(0.4653) == "47\u202f%"
    assert wording.signed(-0.051) == "−5\u202f%"
    assert wording.verdicts(**{"2": ("two", "两")}) == {"2": {"en": "two", "zh": "两"}}


def test_the_look_stands_in_one_place():
    colour = re.compile(r"#[0-9A-Fa-f]{6}\b|convergence\.colours|livebook\.palette|strokeDash")
    for path in (ROOT / "src" / "book").glob("*.py"):
        code = ast.unparse(_without_docstrings(ast.parse(path.read_text("utf-8"))))
        assert path.name == "look.py" or not colour.search(code), path.name
    assert set(look.__all__) <= vars(look).keys()


def test_a_chapter_takes_its_colours_from_the_look():
    for name, cells in DRAWN.items():
        for _, code in cells:
            assert not re.search(r"convergence\.colours|livebook\.palette", code), name


def test_cells_are_python_and_short():
    assert DRAWN
    for name, cells in DRAWN.items():
        assert {language for language, _ in cells} == {"python"}, name
        lengths = [len(code.strip("\n").splitlines()) for _, code in cells]
        assert statistics.median(lengths) <= 10, name
        assert max(lengths) <= 25, (name, cells[lengths.index(max(lengths))][1])


def test_a_function_of_a_chapter_is_short():
    for name, cells in DRAWN.items():
        for _, code in cells:
            for node in ast.walk(ast.parse(code)):
                if isinstance(node, ast.FunctionDef):
                    body = node.end_lineno - node.body[0].lineno + 1
                    assert body <= 5, (name, node.name)


def test_a_chapter_depends_on_the_modules_that_it_draws_with(built_site):
    # The inputs of a chapter decide whether it runs again: those it uses, and no others.
    used = {"__init__", "figures", "layers", "look", "scales", "wording"}
    kept = built_site.parent / ".livebook/chapters/chapters/situation/manufacturing.json"
    modules = json.loads(kept.read_text("utf-8"))["record"]["modules"]
    assert {Path(name).stem for name in modules if name.startswith("src/book/")} == used


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return tree
