"""Slopes: a line for each province from column to column, at the height of its rank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from .layers import label, only
from .look import ROW_AXIS, styled

__all__ = ["columns", "ends", "ranks"]


def columns(
    field: str, order: Sequence[str], *, padding: float, title: str | None = None, **axis: Any
) -> alt.X:
    """Give each name a column of its own, with its heading above.

    Parameters
    ----------
    field : str
        The field that holds the names.
    order : sequence of str
        The names from left to right.
    padding : float
        The room beside the first and the last column, in steps from column to column.
    title : str, optional
        What stands above the headings.
    **axis
        Properties of the axis that differ from `book.look.ROW_AXIS`.

    Returns
    -------
    altair.X

    Examples
    --------
    >>> columns("lens", ["size", "place"], padding=0.8).to_dict()["axis"]
    {'domain': False, 'labelColor': '#1C1E21', 'orient': 'top', 'ticks': False}
    """
    heading = alt.Axis(**styled(ROW_AXIS | {"orient": "top"}, axis))
    scale = alt.Scale(padding=padding)
    return alt.X(f"{field}:N", sort=[*order], title=title, scale=scale, axis=heading)


def ranks(last: float, first: float, field: str = "rank") -> alt.Y:
    """Lay ranks downwards, the first at the top; names at the ends stand for an axis.

    Parameters
    ----------
    last, first : float
        Where the drawing ends, at the bottom and at the top.
    field : str
        The field that holds the ranks.

    Returns
    -------
    altair.Y

    Examples
    --------
    >>> ranks(31.5, 0.5).to_dict()["scale"]
    {'domain': [31.5, 0.5], 'nice': False}
    """
    scale = alt.Scale(domain=[last, first], nice=False)
    return alt.Y(f"{field}:Q", title=None, scale=scale, axis=None)


def ends(
    base: alt.Chart, field: str, first: Any, last: Any, text: str = "name:N", **style: Any
) -> list[alt.Chart]:
    """Name the lines at both ends: left of the first column and right of the last.

    Parameters
    ----------
    base : altair.Chart
        The lines, with positions encoded.
    field : str
        The field that tells the columns apart.
    first, last : str or float
        Its values in the first and in the last column.
    text : str
        The field that is written.
    **style
        What differs from `book.look.LABEL`.

    Returns
    -------
    list of altair.Chart

    Examples
    --------
    >>> [layer.mark.align for layer in ends(alt.Chart(), "lens", "size", "place")]
    ['right', 'left']
    """
    sides = ((first, "right", -8), (last, "left", 8))
    return [
        label(only(base, **{field: value}), text, **{"align": align, "dx": dx} | style)
        for value, align, dx in sides
    ]
