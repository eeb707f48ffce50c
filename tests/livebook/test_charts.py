"""What a chart needs, how it is drawn, and what readers get with it."""

from __future__ import annotations

import csv
import html
import io
import json
import math
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from xml.etree import ElementTree

import altair as alt
import pandas as pd
import pytest

import livebook
from livebook import charts, palette, writers
from livebook.charts import ChartError, chart

THEME = Path(livebook.__file__).parent / "theme" / "static"
RAIN = pd.DataFrame({"month": [1, 2, 3], "mm": [3.0, 5.0, 4.0], "place": ["hill", "dale", "dale"]})
TITLE = alt.Title("It rained", subtitle="mm, by month")
SAID = {"caption": "Rain.", "alt": "Bars that rise and fall.", "tables": ["rain"]}
MARKUP = "<img src=x onerror=alert(1)>"


def bars(rows=RAIN, **encodings):
    encodings = {"x": "month:O", "y": "mm:Q"} | encodings
    return alt.Chart(rows).mark_bar(clip=True).encode(**encodings).properties(title=TITLE)


def labels(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ({"caption": ""}, "caption is empty; expected a sentence"),
        ({"caption": " \n"}, "caption is empty"),
        ({"alt": ""}, "alt is empty; expected a sentence"),
        ({"alt": None}, "alt is empty"),
        ({"tables": "rain"}, "expected a list of table names"),
    ],
)
def test_what_a_reader_needs_must_be_said(shown, field, said):
    with pytest.raises(ChartError, match=re.escape(said)) as refusal:
        chart(bars(), name="rain", **SAID | field)
    assert str(refusal.value).startswith("chart 'rain': ")


@pytest.mark.parametrize(
    "title",
    [alt.Undefined, "It rained", alt.Title("It rained"), alt.Title("", subtitle="mm")],
    ids=["none", "text", "without subtitle", "empty"],
)
def test_a_chart_has_a_finding_and_a_measure(shown, title):
    with pytest.raises(ChartError, match="expected a title that states the finding and a subtitle"):
        chart(alt.Chart(RAIN, title=title).mark_bar().encode(x="mm"), name="rain", **SAID)


@pytest.mark.parametrize("name", ["Rain", "rain fall", "rain/fall", "../rain"])
def test_a_name_must_serve_as_an_anchor_and_a_file(shown, name):
    with pytest.raises(ValueError, match=r"chart name .*expected lower-case letters"):
        chart(bars(), name=name, **SAID)


@pytest.mark.parametrize("control", ["\x00", "\x07", "\x0c", "\x1f", "\uffff"])
def test_a_label_that_no_drawing_can_show_is_refused_and_ends_no_process(control):
    spec = bars(RAIN.assign(place=f"Dali{control}")).to_dict()
    with pytest.raises(ChartError, match="holds the control character"):
        charts.draw(spec, 300)


@pytest.mark.parametrize("text", ["two\nlines", "a tab\t", "\\u0000 as text"])
def test_other_labels_are_drawn(text):
    assert "<svg" in charts.draw(bars(RAIN.assign(place=text)).to_dict(), 300)


def test_no_data_is_refused(shown):
    with pytest.raises(ChartError, match="it has no data"):
        chart(bars(RAIN[:0]), name="rain", **SAID)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_a_missing_value_is_refused_where_it_stands(shown, value):
    rows = RAIN.assign(mm=[3.0, value, 4.0])
    with pytest.raises(ChartError, match="data row 2, column 'mm': missing or not finite"):
        chart(bars(rows), name="rain", **SAID)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_so_it_is_in_the_table_for_readers(shown, value):
    given = pd.DataFrame({"month": [1, 2], "mm": [value, 5.0]})
    with pytest.raises(ChartError, match="data row 1, column 'mm': missing or not finite"):
        chart(bars(), name="rain", data=given, **SAID)


@pytest.mark.parametrize("value", [None, pd.NA, math.nan])
def test_a_missing_text_is_refused_where_it_stands(shown, value):
    rows = RAIN.assign(place=["hill", "dale", value])
    with pytest.raises(ChartError, match="data row 3, column 'place'"):
        chart(bars(rows), name="rain", **SAID)


@pytest.mark.parametrize(
    "encoding",
    [{"y": "snow:Q"}, {"x": "snow:O"}, {"color": "snow:N"}, {"tooltip": ["month:O", "snow:Q"]}],
    ids=lambda encoding: next(iter(encoding)),
)
@pytest.mark.parametrize("mark", ["bar", "line", "point"])
def test_a_field_that_does_not_exist_is_refused(shown, mark, encoding):
    drawing = getattr(alt.Chart(RAIN), f"mark_{mark}")().encode(
        **{"x": "month:O", "y": "mm:Q"} | encoding
    )
    with pytest.raises(ChartError, match=r"it encodes 'snow'; its data have .*'place'"):
        chart(drawing.properties(title=TITLE), name="rain", **SAID)


def test_a_field_that_a_transform_makes_is_no_missing_field(shown):
    drawing = bars(y="inch:Q").transform_calculate(inch="datum.mm / 25.4")
    chart(drawing, name="rain", **SAID)
    assert shown()["svg"]["wide"]


def test_several_sets_of_data_need_one_for_readers(shown):
    layers = alt.layer(
        alt.Chart(RAIN).mark_bar().encode(x="month:O", y="mm:Q"),
        alt.Chart(RAIN[:1]).mark_point().encode(x="month:O", y="mm:Q"),
    ).properties(title=TITLE)
    with pytest.raises(ChartError, match="it draws 2 sets of data; say with data= which"):
        chart(layers, name="rain", **SAID)
    chart(layers, name="rain", data=RAIN[["month", "mm"]], **SAID)
    assert shown()["table"] == {
        "columns": ["month", "mm"],
        "rows": [[1, 3.0], [2, 5.0], [3, 4.0]],
    }


@pytest.mark.parametrize(
    "drawing",
    [
        alt.hconcat(bars().properties(title=""), bars().properties(title="")),
        alt.Chart(RAIN).mark_bar().encode(x="month:O", y="mm:Q").facet("place:N"),
        bars(column="place:N"),
        bars(facet="place:N"),
    ],
    ids=["concatenated", "faceted", "by column", "by facet"],
)
def test_what_cannot_be_fitted_needs_a_narrow_drawing(shown, drawing):
    with pytest.raises(ChartError, match="narrow= is needed"):
        chart(drawing.properties(title=TITLE), name="rain", **SAID)


def test_a_narrow_drawing_is_drawn_as_given(shown):
    wide = alt.hconcat(bars().properties(title=""), bars().properties(title=""))
    chart(wide.properties(title=TITLE), narrow=bars(y="mm:O"), name="rain", **SAID)
    assert width(shown()["svg"]["narrow"]) <= charts.NARROW


def width(svg):
    return float(re.search(r'<svg[^>]* width="([\d.]+)"', svg)[1])


def test_a_chart_is_drawn_for_a_page_and_for_a_telephone(shown):
    chart(bars(), name="rain", **SAID)
    drawn = shown()["svg"]
    assert {kind: width(svg) for kind, svg in drawn.items()} == {
        "wide": charts.WIDE,
        "narrow": charts.NARROW,
    }
    # The page prints the headings itself.
    assert "It rained" not in labels(drawn["wide"]) + labels(drawn["narrow"])


def test_a_percentage_is_printed_as_in_prose(shown):
    chart(bars(y=alt.Y("mm:Q", axis=alt.Axis(format=".0%"))), name="rain", **SAID)
    payload = shown()
    for svg in payload["svg"].values():
        assert "300\u202f%" in labels(svg)
        assert not any(label.endswith("0%") for label in labels(svg))
    # The picture in the page and the chart that answers are two programs.
    assert payload["spec"]["usermeta"]["embedOptions"]["formatLocale"]["percent"] == "\u202f%"


def test_the_picture_to_take_away_stands_alone(shown):
    chart(bars(), name="rain", **SAID)
    title = f"It rained {MARKUP} " + "and rained " * 20
    picture = charts.framed(shown()["svg"]["wide"], title, "mm", "A & B")
    ElementTree.fromstring(picture)
    said = [html.unescape(label) for label in labels(picture)]
    assert " ".join(said[:3]).startswith(f"It rained {MARKUP} and rained and rained")
    assert {"mm", "Source: A & B", "3"} <= set(said)
    assert width(picture) > charts.WIDE
    assert f'fill="{palette.PAPER}"' in picture
    assert "var(" not in picture


def test_ids_are_the_charts_own_and_lead_somewhere(shown):
    owners: dict[str, tuple[str, str]] = {}
    for name in ("rain", "rain-again"):
        chart(bars(), name=name, **SAID)
        for kind, svg in shown()["svg"].items():
            ids = re.findall(r'\bid="([^"]*)"', svg)
            uses = re.findall(r'url\(#([^)]*)\)|href="#([^"]*)"', svg)
            assert ids
            assert {a or b for a, b in uses} == set(ids)
            assert all(identifier.startswith(f"{name}-{kind}-") for identifier in ids)
            for identifier in ids:
                assert owners.setdefault(identifier, (name, kind)) == (name, kind)


def test_the_palette_becomes_the_themes(shown):
    blue, ink = palette.HUES["blue"], palette.INK
    words = alt.Chart(RAIN).mark_text(color=blue).encode(x="month:O", y="mm:Q", text="place:N")
    rule = alt.Chart(RAIN).mark_rule(color=ink).encode(x="month:O")
    drawing = (bars().mark_bar(color=blue) + words + rule).properties(title=TITLE)
    chart(drawing, name="rain", **SAID)
    for drawn in shown()["svg"].values():
        svg = charts.themed(drawn)
        assert re.search(r'<path[^>]*fill="var\(--lb-c-blue\)"', svg)
        assert re.search(r'<text[^>]*fill="var\(--lb-t-blue\)"[^>]*>hill', svg)
        assert re.search(r'<line[^>]*stroke="var\(--lb-c-ink\)"', svg)
        assert not re.search("#[0-9a-f]{6}", svg, re.IGNORECASE)


def test_every_colour_of_a_drawing_is_known_to_the_theme():
    style = (THEME / "livebook.css").read_text("utf-8")
    defined = set(re.findall(r"(--lb-[ct]-\w+)\s*:", style))
    used = {
        re.fullmatch(r"var\((--lb-[ct]-\w+)\)", variable)[1]
        for variable in (palette.MARK_VARIABLES | palette.TEXT_VARIABLES).values()
    }
    assert used - defined == set()


def test_the_interactive_chart_knows_the_same_palette():
    script = (THEME / "chart.js").read_text("utf-8")
    known = dict(re.findall(r'"(#[0-9a-f]{6})":\s*"(\w+)"', script))
    assert {colour: f"var(--lb-c-{name})" for colour, name in known.items()} == (
        palette.MARK_VARIABLES
    )


def test_the_drawing_does_not_depend_on_the_process():
    code = """\
    import hashlib, sys
    import altair as alt
    import pandas as pd
    from livebook.charts import chart
    import IPython.display
    shown = []
    IPython.display.display = shown.append
    rows = pd.DataFrame({"month": [1, 2], "mm": [3, 5], "place": ["hill", "dale"]})
    if len(sys.argv) > 1:  # what was drawn before must not count
        alt.Chart(rows).mark_bar(clip=True).encode(x="month:O").to_dict()
        chart(alt.Chart(rows).mark_bar(clip=True).encode(x="month:O", y="mm:Q").properties(
            title=alt.Title("t", subtitle="s")), name="b", caption="c", alt="a", tables=["rain"])
    bars = alt.Chart(rows).mark_bar(clip=True).encode(x="month:O", y="mm:Q", color="place:N")
    words = alt.Chart(rows).mark_text().encode(x="month:O", y="mm:Q", text="place:N")
    pick = alt.selection_point(fields=["place"])
    both = (bars.add_params(pick) + words).properties(title=alt.Title("t", subtitle="s"))
    chart(both, name="a", caption="c", alt="a", tables=["rain"])
    for content in list(shown[-1].bundle.values())[0].values():
        print(hashlib.sha256(repr(content).encode()).hexdigest())
    """
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), *arguments],
            env=os.environ | {"LIVEBOOK_BUILD": "1", "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
        )
        for seed, arguments in (("1", []), ("2", ["before"]))
    ]
    first, second = (process.communicate()[0] for process in processes)
    assert len(first.splitlines()) == 9
    assert first == second


def test_markup_in_data_stays_text(shown):
    rows = RAIN.assign(place=MARKUP)
    words = alt.Chart(rows).mark_text().encode(x="month:O", y="mm:Q", text="place:N")
    chart(words.properties(title=alt.Title(MARKUP, subtitle=MARKUP)), name="rain", **SAID)
    for svg in shown()["svg"].values():
        assert "<img" not in svg
        assert "&lt;img src=x onerror=alert(1)&gt;" in labels(svg)
    assert shown()["table"]["rows"][0][2] == MARKUP


@pytest.mark.parametrize(
    "text",
    ["approx 1.23456 mm", "from 0.1234, to (5.6789)", 'a class="b" c', "π ≈ 3.14159"],
)
def test_a_text_is_drawn_as_it_is(shown, text):
    words = alt.Chart(RAIN.assign(place=text)).mark_text().encode(x="month:O", text="place:N")
    chart(words.properties(title=TITLE), name="rain", **SAID)
    for svg in shown()["svg"].values():
        assert text in [html.unescape(label) for label in labels(svg)]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_runs_no_cell(text):
    written = writers._csv({"columns": ["place", text], "rows": [[text, -1.5], ["dale", 2]]})
    header, first, second = csv.reader(io.StringIO(written, newline=""))
    assert first == [f"'{text}", "-1.5"]
    assert second == ["dale", "2"]
    assert header == ["place", f"'{text}"]


def test_a_csv_cell_may_hold_anything():
    rows = [['say "rain", please', 1], ["two\nlines", 2], ["制造业", 0.1 + 0.2]]
    written = writers._csv({"columns": ["place", "mm"], "rows": rows})
    read = list(csv.reader(io.StringIO(written, newline="")))
    assert read == [["place", "mm"], *([text, repr(number)] for text, number in rows)]


def test_readers_get_no_noise_of_binary_sums(shown):
    rows = RAIN.assign(mm=[0.1 + 0.2, 1 / 3, 123456789.125])
    chart(bars(rows), name="rain", **SAID)
    assert [row[1] for row in shown()["table"]["rows"]] == [0.3, 0.333333333333, 123456789.125]


# Python 3.12 adds floats in another way than 3.11; so do processors.
@pytest.mark.parametrize("other", [0.1 + 0.2, 0.3 - 5e-17])
def test_a_chart_does_not_depend_on_the_last_digit_of_a_sum(shown, other):
    published = []
    for mm in (0.3, other):
        rows = RAIN.assign(mm=[mm, 5.0, 4.0])
        level = alt.Chart(pd.DataFrame({"mm": [mm]})).mark_rule().encode(y="mm:Q")
        both = (bars(rows) + level).properties(title=TITLE)
        chart(both, name="rain", data=rows, **SAID)
        published.append(json.dumps(shown()))
    assert other != 0.3
    assert published[0] == published[1]
    assert set(shown()["spec"]["datasets"]) == {"data-1", "data-2"}


def test_in_a_notebook_it_is_the_ordinary_chart(shown, monkeypatch):
    displayed = []
    monkeypatch.setattr("IPython.display.display", displayed.append)
    monkeypatch.delenv("LIVEBOOK_BUILD")
    drawing = bars()
    chart(drawing, name="rain", **SAID)
    assert displayed == [drawing]


def test_a_chart_hands_over_only_json(shown):
    rows = RAIN.assign(day=pd.Timestamp("2024-05-01"), wet=True, month=RAIN.month.astype("int64"))
    chart(bars(rows), name="rain", **SAID)
    assert json.loads(json.dumps(shown(), allow_nan=False)) == shown()
