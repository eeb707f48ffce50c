"""Layers that every kind of drawing uses: a selection of rows, points, labels, lines of reference.

Each function takes a chart with its positions (and often its colours) already encoded, and
returns it with a mark, or takes an axis and returns a layer of its own. The last parameters,
``**style``, change `book.look` for this one layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from .look import DASHED, LABEL, NOTE, PAPER, POINT, REFERENCE, styled

__all__ = ["break_at", "filled", "hollow", "label", "labels", "note", "only", "reference"]


def only(base: alt.Chart, where: str | None = None, **values: Any) -> alt.Chart:
    """Keep the rows in which fields have these values.

    Parameters
    ----------
    base : altair.Chart
        A chart of all rows.
    where : str, optional
        A condition that plain values cannot say, in Vega's language.
    **values
        Fields and the value that each must have.

    Returns
    -------
    altair.Chart

    Examples
    --------
    >>> chart = only(alt.Chart(pd.DataFrame({"year": [2002]})), year=2002, row="research")
    >>> chart.transform[0].filter
    "datum.year == 2002 && datum.row == 'research'"
    """
    said = [where] if where else []
    said += [
        f"datum.{name} == '{value}'" if isinstance(value, str) else f"datum.{name} == {value}"
        for name, value in values.items()
    ]
    return base.transform_filter(" && ".join(said))


def filled(base: alt.Chart, **style: Any) -> alt.Chart:
    """Draw filled points: what is settled.

    Examples
    --------
    >>> filled(alt.Chart(), size=50).mark.to_dict()
    {'type': 'point', 'filled': True, 'opacity': 1, 'size': 50}
    """
    return base.mark_point(**styled({"filled": True} | POINT, style))


def hollow(base: alt.Chart, **style: Any) -> alt.Chart:
    """Draw hollow points: what is preliminary, or where a movement starts.

    Examples
    --------
    >>> hollow(alt.Chart()).mark.to_dict()["fill"] == PAPER
    True
    """
    return base.mark_point(**styled({"fill": PAPER} | POINT, style))


def label(base: alt.Chart, text: str = "name:N", **style: Any) -> alt.Chart:
    """Write a field beside its mark.

    Parameters
    ----------
    base : altair.Chart
        The rows that are to be labelled, as `only` keeps them.
    text : str
        The field that is written. For fixed words, encode ``text=alt.value("…")`` instead.
    **style
        Where it stands (``align``, ``dx``, ``dy``), and what differs from `book.look.LABEL`.

    Returns
    -------
    altair.Chart

    Examples
    --------
    >>> label(alt.Chart(), dy=-14).mark.to_dict()
    {'type': 'text', 'dy': -14, 'fontWeight': 'bold'}
    """
    return base.mark_text(**styled(LABEL, style)).encode(text=text)


def labels(
    base: alt.Chart,
    field: str,
    places: Mapping[str, Mapping[str, Any]],
    text: str = "name:N",
    **style: Any,
) -> list[alt.Chart]:
    """Write the name of each line where it finds room: beside the point of one year.

    Parameters
    ----------
    base : altair.Chart
        The lines, with a field ``year``.
    field : str
        The field that tells the lines apart.
    places : mapping of str to mapping
        For each line, the ``year`` of the point and the style of the text.
    text : str
        The field that is written.
    **style
        The style that all of them have.

    Returns
    -------
    list of altair.Chart
        One layer for each line.

    Examples
    --------
    >>> base = alt.Chart(pd.DataFrame({"row": ["research"], "year": [2010]}))
    >>> (layer,) = labels(base, "row", {"research": {"year": 2010, "dy": 18}})
    >>> layer.transform[0].filter
    "datum.row == 'research' && datum.year == 2010"
    """
    return [
        label(
            only(base, **{field: value, "year": place["year"]}),
            text,
            **style | {name: setting for name, setting in place.items() if name != "year"},
        )
        for value, place in places.items()
    ]


def reference(axis: alt.X | alt.Y, value: float = 0, **style: Any) -> alt.Chart:
    """Draw the line that the marks are compared with, at one value of an axis.

    Examples
    --------
    >>> reference(alt.X("change:Q")).data.to_dict("list")
    {'change': [0]}
    """
    field = str(axis.shorthand).partition(":")[0]
    channel = "y" if isinstance(axis, alt.Y) else "x"
    rows = pd.DataFrame({field: [value]})
    return alt.Chart(rows).mark_rule(**styled(REFERENCE, style)).encode(**{channel: axis})


def break_at(time: alt.X, year: float, words: str) -> tuple[alt.Chart, alt.Chart]:
    """Mark a change of rules: a dashed line across the years, and words at its top.

    Parameters
    ----------
    time : altair.X
        The axis of years, as `book.scales.years` makes it.
    year : float
        Where the line stands.
    words : str
        What changes there; they end at the line.

    Returns
    -------
    tuple of altair.Chart
        The line, which belongs below the other layers, and the words, which belong above.

    Examples
    --------
    >>> line, words = break_at(alt.X("year:Q"), 2016, "a new classification →")
    >>> line.mark.type, words.mark.align
    ('rule', 'right')
    """
    edge = alt.Chart(pd.DataFrame({"year": [year], "words": [words]}))
    line = edge.mark_rule(**DASHED, **NOTE).encode(time)
    said = edge.mark_text(align="right", dx=-4, **NOTE)
    return line, said.encode(time, y=alt.value(8), text="words:N")


def note(base: alt.Chart, words: str, **style: Any) -> alt.Chart:
    """Write fixed words beside a mark.

    Parameters
    ----------
    base : altair.Chart
        The row that they stand beside, as `only` keeps it.
    words : str
        What is written.
    **style
        Where they stand, and how they look.

    Returns
    -------
    altair.Chart

    Examples
    --------
    >>> note(alt.Chart(), "volume", dy=-14).encoding.text.to_dict()
    {'value': 'volume'}
    """
    return base.mark_text(**style).encode(text=alt.value(words))
