"""Points in a plane, equal to what chapters drew by hand."""

from __future__ import annotations

import altair as alt
import pandas as pd

from book import plane
from book.look import CONTEXT, INK

TABLE = pd.DataFrame({"size": [0.4, 0.7], "value": [0.2, 0.3], "name": ["China", "Brazil"],
                      "country": ["CHN", "BRA"], "china": [True, False]})  # fmt: skip


def test_a_cloud_has_one_point_picked_out_and_some_named():
    across, up = alt.X("size:Q"), alt.Y("value:Q")
    colour = alt.condition("datum.china", alt.value(INK), alt.value(CONTEXT))
    by_hand = alt.Chart(TABLE).encode(across, up, color=colour)
    points = by_hand.mark_point(filled=True, opacity=1).encode(
        size=alt.condition("datum.china", alt.value(110), alt.value(45))
    )
    text = by_hand.transform_filter(alt.FieldOneOfPredicate("country", ["CHN"])).mark_text(
        align="right", dx=-8, fontSize=11).encode(text="name:N")  # fmt: skip
    base = plane.cloud(TABLE, across, up, "datum.china")
    assert plane.dots(base, "datum.china", (110, 45)).to_dict() == points.to_dict()
    named = plane.names(base, "country", ["CHN"], align="right", dx=-8)
    assert named.to_dict() == text.to_dict()
