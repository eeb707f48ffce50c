"""Ranges in named rows, with the number at each end."""

from __future__ import annotations

import altair as alt

from .look import CONTEXT, INK

__all__ = ["numbered"]


def numbered(
    base: alt.Chart, start: alt.X, sure: str, format: str, *, end: str = "max", height: int = 12
) -> list[alt.Chart]:
    """Draw the range of each row as a bar, dark where it is sure, with both ends in numbers.

    Parameters
    ----------
    base : altair.Chart
        A chart with its rows encoded.
    start : altair.X
        The axis of the lower end.
    sure : str
        Where a bar is dark, in Vega's language: ``"datum.min > 0"``.
    format : str
        How the ends are printed, in d3's language.
    end : str
        The field of the upper end.
    height : int
        The height of a bar in pixels.

    Returns
    -------
    list of altair.Chart
        The bars, the lower numbers and the upper numbers.

    Examples
    --------
    >>> bars, lower, upper = numbered(alt.Chart(), alt.X("min:Q"), "datum.min > 0", "+.2f")
    >>> lower.mark.align, upper.encoding.x.to_dict()["field"]
    ('right', 'max')
    """
    low = str(start.shorthand).partition(":")[0]
    tone = alt.condition(sure, alt.value(INK), alt.value(CONTEXT))
    lower = base.mark_text(align="right", dx=-5).encode(
        start, text=alt.Text(f"{low}:Q", format=format)
    )
    upper = base.mark_text(align="left", dx=5).encode(
        alt.X(f"{end}:Q"), text=alt.Text(f"{end}:Q", format=format)
    )
    return [base.mark_bar(height=height).encode(start, x2=f"{end}:Q", color=tone), lower, upper]
