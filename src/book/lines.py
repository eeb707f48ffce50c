"""Lines through years, whose points say what kind of figure they are."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from .look import CONTEXT, INK, PAPER, POINT, styled

__all__ = ["residual_bars", "table_points", "threads"]


def table_points(base: alt.Chart, colour: alt.Color | str, **style: Any) -> alt.Chart:
    """Draw the points of input–output tables: benchmark tables filled, updates hollow.

    Parameters
    ----------
    base : altair.Chart
        A chart whose rows have a field ``table``, which is ``"update"`` for hollow points; see
        `book.input_output.kind_of_table`.
    colour : altair.Color or str
        The colours that `base` encodes, or the one colour of all points.
    **style
        What differs from `book.look.POINT`.

    Returns
    -------
    altair.Chart

    Examples
    --------
    >>> drawn = table_points(alt.Chart(), "#56B4E9", size=60)
    >>> drawn.encoding.fill.to_dict()["condition"]["test"]
    "datum.table == 'update'"
    """
    if isinstance(colour, str):
        style, inside = {"color": colour} | style, alt.value(colour)
    else:
        inside = colour  # type: ignore[assignment]
    points = base.mark_point(**styled(POINT, style))
    return points.encode(fill=alt.condition("datum.table == 'update'", alt.value(PAPER), inside))


def residual_bars(base: alt.Chart, end: str = "high:Q", **style: Any) -> alt.Chart:
    """Draw a broad pale bar from each point to another value: how far it might move.

    Parameters
    ----------
    base : altair.Chart
        The points.
    end : str
        The field with the other value.
    **style
        ``strokeWidth`` and ``opacity``.

    Returns
    -------
    altair.Chart

    Examples
    --------
    >>> residual_bars(alt.Chart(), strokeWidth=4).encoding.y2.to_dict()
    {'field': 'high'}
    """
    return base.mark_rule(**style).encode(y2=end)


def threads(base: alt.Chart, middle: pd.DataFrame, colour: str) -> list[alt.Chart]:
    """Draw a thin line for each province, a broad one for the middle, and the one that is picked.

    Parameters
    ----------
    base : altair.Chart
        The provinces, with positions encoded and a field ``name``. The drawing needs a parameter
        ``picked``: the name that is picked.
    middle : data frame
        The middle line: ``year`` and ``value``.
    colour : str
        The colour of the middle line.

    Returns
    -------
    list of altair.Chart

    Examples
    --------
    >>> table = pd.DataFrame({"year": [2015], "name": ["Beijing"], "value": [1.0]})
    >>> drawn = threads(alt.Chart(table), table, "#56B4E9")
    >>> [layer.mark.strokeWidth for layer in drawn]
    [1, 4, 2]
    """
    half = alt.Chart(middle).mark_line(color=colour, strokeWidth=4)
    picked = base.transform_filter("datum.name == picked").mark_line(color=INK, strokeWidth=2)
    return [
        base.mark_line(color=CONTEXT, strokeWidth=1, opacity=0.35),
        half.encode(x="year:Q", y="value:Q"),
        picked,
    ]
