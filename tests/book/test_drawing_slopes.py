"""Slopes between columns are what chapters drew by hand."""

from __future__ import annotations

import altair as alt
import pandas as pd

from book import slopes
from book.look import INK

TABLE = pd.DataFrame({"name": ["a", "a"], "lens": ["size", "place"], "rank": [1, 2]})


def test_columns_have_their_headings_above_and_ranks_run_downwards():
    made = (
        alt.Chart(TABLE)
        .mark_line()
        .encode(
            slopes.columns(
                "lens", ["size", "place"], padding=0.3, title="Seen by", labelFontSize=13
            ),
            slopes.ranks(31.5, 0.5),
        )
    )
    heading = alt.Axis(orient="top", labelFontSize=13, labelColor=INK, domain=False, ticks=False)
    by_hand = alt.Chart(TABLE).mark_line().encode(
        alt.X("lens:N", sort=["size", "place"], title="Seen by", axis=heading,
              scale=alt.Scale(padding=0.3)),
        alt.Y("rank:Q", title=None, axis=None, scale=alt.Scale(domain=[31.5, 0.5], nice=False)),
    )  # fmt: skip
    assert made.to_dict() == by_hand.to_dict()


def test_names_stand_outside_the_first_and_the_last_column():
    base = alt.Chart(TABLE).encode(alt.X("lens:N"), alt.Y("rank:Q"))
    left, right = slopes.ends(base, "lens", "size", "place", fontSize=11, fontWeight=None)
    for made, value, place in (
        (left, "size", {"align": "right", "dx": -8}),
        (right, "place", {"align": "left", "dx": 8}),
    ):
        by_hand = base.transform_filter(f"datum.lens == '{value}'")
        by_hand = by_hand.mark_text(fontSize=11, **place).encode(text="name:N")
        assert made.to_dict() == by_hand.to_dict()
