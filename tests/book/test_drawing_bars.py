"""Bars with numbers, and movements, are what chapters drew by hand."""

from __future__ import annotations

import altair as alt
import pandas as pd

from book import bars
from book.look import CONTEXT, INK, PAPER, SERVITIZATION

TABLE = pd.DataFrame({"name": ["Trade", "Fuel"], "points": [1.2, -3.4], "text": ["+1.2", "−3.4"]})


def test_numbers_stand_outside_the_ends_of_their_bars():
    base = alt.Chart(TABLE).encode(alt.X("points:Q"), alt.Y("name:N"))
    number = {"fontSize": 11, "color": INK}
    right = base.transform_filter("datum.points >= 0").mark_text(align="left", dx=5, **number)
    left = base.transform_filter("datum.points < 0").mark_text(align="right", dx=-5, **number)
    by_hand = alt.layer(right.encode(text="text:N"), left.encode(text="text:N"))
    assert alt.layer(*bars.numbers(base, "points")).to_dict() == by_hand.to_dict()


def test_a_number_may_have_a_format_and_no_size_of_its_own():
    text = alt.Text("points:Q", format="+.3f")
    drawn = bars.numbers(alt.Chart(TABLE), "points", text, fontSize=None, color=None)
    assert [layer.to_dict()["mark"] for layer in drawn] == [
        {"type": "text", "align": "left", "dx": 5},
        {"type": "text", "align": "right", "dx": -5},
    ]
    assert drawn[0].to_dict()["encoding"]["text"]["format"] == "+.3f"


def test_a_movement_starts_hollow_and_ends_filled():
    table = pd.DataFrame({"name": "Trade", "year": [2002, 2007, 2012, 2017], "value": range(4)})
    base = alt.Chart(table).encode(alt.X("value:Q"), alt.Y("name:N"))
    drawn = bars.movement(base, 2007, 2017, SERVITIZATION, between=(2002, 2012))
    short = base.transform_filter("datum.year == 2002 || datum.year == 2012")
    start, end = (base.transform_filter(f"datum.year == {year}") for year in (2007, 2017))
    by_hand = alt.layer(
        short.mark_tick(thickness=2, height=11, color=CONTEXT),
        start.mark_point(fill=PAPER, stroke=INK, size=50, opacity=1),
        end.mark_point(fill=SERVITIZATION, stroke=INK, size=60, opacity=1),
    )
    assert alt.layer(*drawn).to_dict() == by_hand.to_dict()


def test_a_change_that_rounds_to_nothing_has_no_sign():
    assert bars.points_of([0.04, -0.04, 0.06]) == ["0.0", "0.0", "+0.1"]
