"""Bars with their numbers, and movements whose start is hollow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt

from .layers import hollow, only
from .look import CONTEXT, INK, styled

__all__ = ["movement", "numbers", "points_of"]

NUMBER = {"fontSize": 11, "color": INK}


def points_of(values: Iterable[float]) -> list[str]:
    """Print changes in percentage points, with their sign.

    Parameters
    ----------
    values : iterable of float
        The changes. One that rounds to zero has no sign.

    Returns
    -------
    list of str

    Examples
    --------
    >>> points_of([1.26, -0.04, -5.33])
    ['+1.3', '0.0', '−5.3']
    """
    rounded = [round(value, 1) for value in values]
    return [f"{value:+.1f}".replace("-", "\u2212") if value else "0.0" for value in rounded]


def numbers(
    base: alt.Chart, field: str, text: str | alt.Text = "text:N", **style: Any
) -> list[alt.Chart]:
    """Write a number outside the end of each bar: right of zero or left of it.

    Parameters
    ----------
    base : altair.Chart
        The bars, with their positions encoded.
    field : str
        The field that says how long a bar is.
    text : str or altair.Text
        What is written.
    **style
        The style of the text, beside its size and colour; None takes one away.

    Returns
    -------
    list of altair.Chart
        The numbers on the right and those on the left.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"points": [1.2, -3.4], "text": ["+1.2", "−3.4"]})
    >>> right, left = numbers(alt.Chart(table), "points")
    >>> left.transform[0].filter, left.mark.align
    ('datum.points < 0', 'right')
    """
    look = styled(NUMBER, style)
    right = only(base, f"datum.{field} >= 0").mark_text(align="left", dx=5, **look)
    left = only(base, f"datum.{field} < 0").mark_text(align="right", dx=-5, **look)
    return [right.encode(text=text), left.encode(text=text)]


def movement(
    base: alt.Chart, start: int, end: int, colour: str, between: Sequence[int]
) -> list[alt.Chart]:
    """Draw where each row starts (hollow) and ends (filled), with short marks between.

    Parameters
    ----------
    base : altair.Chart
        A chart with a row for each name and year: its positions encoded, and a field ``year``.
    start, end : int
        The years of the hollow and of the filled point.
    colour : str
        The colour of the filled point.
    between : sequence of int
        The years of the short marks.

    Returns
    -------
    list of altair.Chart

    Examples
    --------
    >>> ticks, first, last = movement(alt.Chart(), 2007, 2017, "#56B4E9", between=(2002, 2012))
    >>> ticks.transform[0].filter
    'datum.year == 2002 || datum.year == 2012'
    """
    others = " || ".join(f"datum.year == {year}" for year in between)
    return [
        only(base, others).mark_tick(thickness=2, height=11, color=CONTEXT),
        hollow(only(base, year=start), stroke=INK, size=50),
        hollow(only(base, year=end), fill=colour, stroke=INK, size=60),
    ]
