"""The five classes of a level: words on an axis, and lines where one class ends."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from convergence.measures.level import FIVE_CLASSES

from .look import INK, RULE

__all__ = ["axis", "cuts"]


def axis(**style: Any) -> alt.Axis:
    """Name the classes on an axis from 0 to 1, each at its middle, a word below the other.

    Parameters
    ----------
    **style
        Further properties of the axis, as `altair.Axis` names them; ``labels=False`` leaves the
        words out where the panel beside it has them.

    Returns
    -------
    altair.Axis

    Examples
    --------
    >>> axis(labelFontSize=11).to_dict()["values"]
    [0.1, 0.3, 0.5, 0.7, 0.9]
    """
    edges = [0, *FIVE_CLASSES.cuts, 1]
    words = [word.split() for word in FIVE_CLASSES.labels("en")]
    return alt.Axis(
        values=[round(float(middle), 3) for middle in np.add(edges[:-1], edges[1:]) / 2],
        labelExpr=f"{words}[round(datum.value * 5 - 0.5)]",
        labelColor=INK,
        title=None,
        ticks=False,
        domain=False,
        grid=False,
        **style,
    )


def cuts(channel: str) -> alt.Chart:
    """Draw a line where a class ends and the next one begins.

    Parameters
    ----------
    channel : str
        The channel of the level: ``"x"`` or ``"y"``.

    Returns
    -------
    altair.Chart

    Examples
    --------
    >>> cuts("y").data["cut"].tolist()
    [0.2, 0.4, 0.6, 0.8]
    """
    edges = alt.Chart(pd.DataFrame({"cut": [*FIVE_CLASSES.cuts]}))
    return edges.mark_rule(color=RULE).encode(**{channel: "cut:Q"})
