"""The classes of a level, and ranges with numbers: equal to what chapters drew by hand."""

from __future__ import annotations

import altair as alt
import pandas as pd

from book import classes, ranges
from book.look import CONTEXT, INK, RULE
from convergence.measures.level import FIVE_CLASSES


def test_each_class_is_named_at_its_middle():
    made = classes.axis(labels=False, labelFontSize=11).to_dict()
    words = [name.split() for name in FIVE_CLASSES.labels("en")]
    by_hand = alt.Axis(
        values=[0.1, 0.3, 0.5, 0.7, 0.9], labelExpr=f"{words}[round(datum.value * 5 - 0.5)]",
        labels=False, title=None, ticks=False, domain=False, grid=False, labelColor=INK,
        labelFontSize=11,
    )  # fmt: skip
    assert made == by_hand.to_dict()


def test_a_line_stands_where_the_library_cuts_the_classes():
    for channel in ("x", "y"):
        drawn = classes.cuts(channel).to_dict()
        (rows,) = drawn["datasets"].values()
        assert tuple(row["cut"] for row in rows) == FIVE_CLASSES.cuts
        assert drawn["mark"] == {"type": "rule", "color": RULE}
        assert drawn["encoding"] == {channel: {"field": "cut", "type": "quantitative"}}


def test_a_range_is_a_bar_with_a_number_at_each_end():
    base = alt.Chart(pd.DataFrame({"row": ["a"], "min": [-0.1], "max": [0.3]})).encode(y="row:N")
    x = alt.X("min:Q", axis=None)
    made = alt.layer(*ranges.numbered(base, x, "datum.min > 0", "+.2f", height=10))
    tone = alt.condition("datum.min > 0", alt.value(INK), alt.value(CONTEXT))
    by_hand = alt.layer(
        base.mark_bar(height=10).encode(x, x2="max:Q", color=tone),
        base.mark_text(align="right", dx=-5).encode(x, text=alt.Text("min:Q", format="+.2f")),
        base.mark_text(align="left", dx=5).encode(
            alt.X("max:Q"), text=alt.Text("max:Q", format="+.2f")
        ),
    )
    assert made.to_dict() == by_hand.to_dict()
