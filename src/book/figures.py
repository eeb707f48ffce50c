"""Put layers together: one drawing with its title, or several panels under one.

A title states the finding, and the subtitle the measure, its unit, the place and the years.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt

from .look import HEADING, styled

__all__ = ["figure", "panel", "side_by_side", "stacked"]

Layer = alt.Chart | alt.LayerChart
Layers = Layer | Iterable[Layer]


def figure(*layers: Layers, height: int, title: str, subtitle: str) -> alt.LayerChart:
    """Lay layers on top of each other, the first one lowest, below a title.

    Parameters
    ----------
    *layers : chart, or list of charts
        The layers.
    height : int
        The height in pixels; the page gives the width.
    title, subtitle : str
        The finding; and the measure, its unit, the place and the years.

    Returns
    -------
    altair.LayerChart
        For `livebook.chart`.

    Examples
    --------
    >>> import pandas as pd
    >>> line = alt.Chart(pd.DataFrame({"year": [2012]})).mark_line()
    >>> drawn = figure(line, [line.mark_point()], height=330, title="It rose", subtitle="Yuan")
    >>> [layer.mark for layer in drawn.layer]
    ['line', 'point']
    """
    headed = alt.Title(title, subtitle=subtitle)
    return _layered(layers).properties(height=height, title=headed)


def panel(*layers: Layers, width: int, height: int, heading: str, **style: Any) -> alt.LayerChart:
    """Lay layers on top of each other, below the heading of one panel.

    Parameters
    ----------
    *layers : chart, or list of charts
        The layers, the lowest first.
    width, height : int
        The size in pixels.
    heading : str
        What this panel shows.
    **style
        What differs from `book.look.HEADING`.

    Returns
    -------
    altair.LayerChart
        For `side_by_side` and `stacked`.

    Examples
    --------
    >>> import pandas as pd
    >>> line = alt.Chart(pd.DataFrame({"year": [2012]})).mark_line()
    >>> panel(line, width=190, height=230, heading="Computers").title.to_dict()["fontSize"]
    13
    """
    headed = alt.Title(heading, **styled(HEADING, style))
    return _layered(layers).properties(width=width, height=height, title=headed)


def side_by_side(
    panels: Sequence[Layer], *, title: str, subtitle: str, **settings: Any
) -> alt.HConcatChart:
    """Put panels in a row below one title, for a wide page.

    Parameters
    ----------
    panels : sequence of charts
        The panels, from left to right.
    title, subtitle : str
        As in `figure`.
    **settings
        As in `altair.hconcat`: ``spacing``.

    Returns
    -------
    altair.HConcatChart

    Examples
    --------
    >>> import pandas as pd
    >>> line = alt.Chart(pd.DataFrame({"year": [2012]})).mark_line()
    >>> len(side_by_side([line, line], title="It rose", subtitle="Yuan").hconcat)
    2
    """
    headed = alt.Title(title, subtitle=subtitle)
    return alt.hconcat(*panels, **settings).properties(title=headed)


def stacked(
    panels: Sequence[Layer | alt.HConcatChart], *, title: str, subtitle: str, **settings: Any
) -> alt.VConcatChart:
    """Put panels below each other, for a narrow page; the parameters are those of `side_by_side`.

    Returns
    -------
    altair.VConcatChart

    Examples
    --------
    >>> import pandas as pd
    >>> line = alt.Chart(pd.DataFrame({"year": [2012]})).mark_line()
    >>> len(stacked([line, line], title="It rose", subtitle="Yuan").vconcat)
    2
    """
    headed = alt.Title(title, subtitle=subtitle)
    return alt.vconcat(*panels, **settings).properties(title=headed)


def _layered(layers: Iterable[Layers]) -> alt.LayerChart:
    flat: list[Layer] = []
    for layer in layers:
        flat += [layer] if isinstance(layer, alt.Chart | alt.LayerChart) else [*layer]
    return alt.LayerChart(layer=flat)
