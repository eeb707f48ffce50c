"""Points in a plane, of which one is picked out and a few are named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from .layers import filled, label
from .look import CONTEXT, INK

__all__ = ["PLACE", "cloud", "dots", "names"]

# Names of points stand close together: small, not bold, to the right of their points.
PLACE: dict[str, Any] = {"fontWeight": None, "fontSize": 11, "align": "left", "dx": 8}


def cloud(table: pd.DataFrame, across: alt.X, up: alt.Y, picked: str) -> alt.Chart:
    """Place the rows of a table, dark where they are picked out and grey elsewhere.

    Parameters
    ----------
    table : data frame
        A row for each point.
    across, up : altair.X, altair.Y
        The axes, as `book.scales` makes them.
    picked : str
        Which rows are picked out, in Vega's language: ``"datum.china"``.

    Returns
    -------
    altair.Chart
        A chart without a mark, for `dots` and `names`.

    Examples
    --------
    >>> table = pd.DataFrame({"size": [0.4], "value": [0.2], "china": [True]})
    >>> base = cloud(table, alt.X("size:Q"), alt.Y("value:Q"), "datum.china")
    >>> base.encoding.color.to_dict()["condition"]["test"]
    'datum.china'
    """
    colour = alt.condition(picked, alt.value(INK), alt.value(CONTEXT))
    return alt.Chart(table).encode(across, up, color=colour)


def dots(base: alt.Chart, picked: str, sizes: tuple[int, int], **style: Any) -> alt.Chart:
    """Draw the points, larger where they are picked out.

    Parameters
    ----------
    base : altair.Chart
        As `cloud` makes it.
    picked : str
        Which rows are picked out, in Vega's language.
    sizes : tuple of int
        The area of a point that is picked out, and of the others, in square pixels.
    **style
        What differs from `book.look.POINT`.

    Returns
    -------
    altair.Chart

    Examples
    --------
    >>> drawn = dots(alt.Chart(), "datum.china", (110, 45))
    >>> drawn.encoding.size.to_dict()["value"]
    45
    """
    picked_out, other = sizes
    size = alt.condition(picked, alt.value(picked_out), alt.value(other))
    return filled(base, **style).encode(size=size)


def names(base: alt.Chart, field: str, values: Sequence[str], **style: Any) -> alt.Chart:
    """Write the names of some points beside them.

    Parameters
    ----------
    base : altair.Chart
        The points, with a field ``name``.
    field : str
        The field that tells the points apart.
    values : sequence of str
        The points that are named, by their value of `field`.
    **style
        Where the names stand, and what differs from `PLACE`.

    Returns
    -------
    altair.Chart

    Examples
    --------
    >>> names(alt.Chart(), "country", ["CHN"], dx=-8).transform[0].filter.to_dict()
    {'field': 'country', 'oneOf': ['CHN']}
    """
    named = base.transform_filter(alt.FieldOneOfPredicate(field, [*values]))
    return label(named, **PLACE | style)
