"""What a position or a colour means: axes, colour keys, and what a reader sees on hovering.

Each function returns a channel of Altair, so that a chapter can still write one by hand where
it needs what stands here for nobody else. The name of a field may carry its type (``"year:O"``);
without one, positions are numbers and rows and colours are names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import altair as alt

from .look import LEGEND, ROW_AXIS, styled

__all__ = ["SIGNED", "TRILLIONS", "YUAN", "colours", "hover", "rows", "shapes", "x", "y", "years"]

# How an axis prints what d3 has no format for, in Vega's language.
TRILLIONS = "datum.value / 1e4"  # from 100 million yuan, the unit of the accounts
SIGNED = "datum.value ? format(datum.value, '+.0%') : '0'"
YUAN = alt.Tooltip("value:Q", title="100 million yuan", format=",.1f")

Channel = TypeVar("Channel", alt.X, alt.Y)
_UNSAID: Any = object()


def years(
    first: float, last: float, ticks: Sequence[int], field: str = "year", **axis: Any
) -> alt.X:
    """Lay years from left to right.

    Parameters
    ----------
    first, last : float
        Where the axis begins and ends; a wider one leaves room for labels.
    ticks : sequence of int
        The years that are named.
    field : str
        The field that holds them.
    **axis
        Further properties of the axis, as `altair.Axis` names them.

    Returns
    -------
    altair.X

    Examples
    --------
    >>> years(2001, 2021.5, [2002, 2012]).to_dict()["scale"]
    {'domain': [2001, 2021.5], 'nice': False}
    """
    return x(field, "d", domain=(first, last), ticks=ticks, **axis)


def x(
    field: str,
    format: str | None = None,
    *,
    domain: Sequence[float] | None = None,
    ticks: int | Sequence[float] | None = None,
    title: str | None = None,
    scale: Mapping[str, Any] | None = None,
    **axis: Any,
) -> alt.X:
    """Lay numbers from left to right.

    Parameters
    ----------
    field : str
        The field that holds them.
    format : str, optional
        How a number is printed, in d3's language: ``".0%"``.
    domain : sequence of float, optional
        The lowest and the highest number of the axis; it ends exactly there.
    ticks : int or sequence of float, optional
        About how many numbers are named, or which.
    title : str, optional
        What stands beside the axis. The subtitle says the unit, so that most axes have none.
    scale : mapping, optional
        Further properties of the scale, as `altair.Scale` names them: ``{"zero": False}``.
    **axis
        Further properties of the axis, as `altair.Axis` names them.

    Returns
    -------
    altair.X

    Examples
    --------
    >>> x("share", ".0%", domain=(0, 1), ticks=3).to_dict()["axis"]
    {'format': '.0%', 'tickCount': 3}
    """
    return _quantity(alt.X, field, format, domain, ticks, title, scale, axis)


def y(
    field: str,
    format: str | None = None,
    *,
    domain: Sequence[float] | None = None,
    ticks: int | Sequence[float] | None = None,
    title: str | None = None,
    scale: Mapping[str, Any] | None = None,
    **axis: Any,
) -> alt.Y:
    """Lay numbers upwards; the parameters are those of `x`.

    Returns
    -------
    altair.Y

    Examples
    --------
    >>> y("value", ".1f", ticks=[0, 1], scale={"domainMin": 0}).to_dict()["scale"]
    {'domainMin': 0}
    """
    return _quantity(alt.Y, field, format, domain, ticks, title, scale, axis)


def rows(
    field: str,
    order: Sequence[Any] | None = _UNSAID,
    *,
    scale: Mapping[str, Any] | None = None,
    **axis: Any,
) -> alt.Y:
    """Give each name a row of its own.

    Parameters
    ----------
    field : str
        The field that holds the names.
    order : sequence or None, optional
        The names from top to bottom. None keeps the order of the data; without it they are
        sorted.
    scale : mapping, optional
        Properties of the scale: ``{"paddingInner": 0.3}``.
    **axis
        Properties of the axis that differ from `book.look.ROW_AXIS`; None takes one away.

    Returns
    -------
    altair.Y

    Examples
    --------
    >>> rows("industry", ["Textiles", "Chemicals"]).to_dict()["sort"]
    ['Textiles', 'Chemicals']
    """
    settings: dict[str, Any] = {"axis": alt.Axis(**styled(ROW_AXIS, axis))}
    if order is not _UNSAID:
        settings["sort"] = order if order is None else [*order]
    if scale:
        settings["scale"] = alt.Scale(**scale)
    return alt.Y(_typed(field, "N"), title=None, **settings)


def colours(
    field: str,
    meaning: Mapping[Any, str],
    *,
    legend: Mapping[str, Any] | None = None,
    **channel: Any,
) -> alt.Color:
    """Give each value of a field its colour.

    Parameters
    ----------
    field : str
        The field that holds the values.
    meaning : mapping
        The colour of each value, in the order of the legend.
    legend : mapping, optional
        A legend above the drawing, with these properties beside `book.look.LEGEND`:
        ``{"columns": 3}``, or ``{}``. Without it there is none: labels name the marks.
    **channel
        Further properties, as `altair.Color` names them.

    Returns
    -------
    altair.Color

    Examples
    --------
    >>> colours("source", {"NBS": "#56B4E9", "OECD": "#767676"}).to_dict()["scale"]
    {'domain': ['NBS', 'OECD'], 'range': ['#56B4E9', '#767676']}
    """
    if legend is None:
        channel = {"legend": None} | channel
    else:
        channel = {"title": None, "legend": alt.Legend(**styled(LEGEND, dict(legend)))} | channel
    return alt.Color(_typed(field, "N"), scale=_key(meaning), **channel)


def shapes(field: str, meaning: Mapping[Any, str], **channel: Any) -> alt.Shape:
    """Give each value of a field its shape; the legend of its colour shows both.

    Parameters
    ----------
    field : str
        The field that holds the values.
    meaning : mapping
        The shape of each value: ``{2007: "square", 2012: "diamond"}``.
    **channel
        Further properties, as `altair.Shape` names them.

    Returns
    -------
    altair.Shape

    Examples
    --------
    >>> shapes("year", {2007: "square"}).to_dict()["scale"]
    {'domain': [2007], 'range': ['square']}
    """
    return alt.Shape(_typed(field, "N"), scale=_key(meaning), **({"title": None} | channel))


def hover(*fields: str | alt.Tooltip, **formats: str) -> list[str | alt.Tooltip]:
    """Say what a reader sees of a mark on hovering.

    Parameters
    ----------
    *fields : str or altair.Tooltip
        Fields that are printed as they are.
    **formats : str
        Fields that are numbers, with their format: ``value=".1%"``.

    Returns
    -------
    list
        For ``encode(tooltip=…)``.

    Examples
    --------
    >>> hover("year", value=".1f")[1].to_dict()["format"]
    '.1f'
    """
    return [*fields, *(alt.Tooltip(f"{name}:Q", format=form) for name, form in formats.items())]


def _quantity(
    channel: type[Channel],
    field: str,
    form: str | None,
    domain: Sequence[float] | None,
    ticks: int | Sequence[float] | None,
    title: str | None,
    scale: Mapping[str, Any] | None,
    axis: dict[str, Any],
) -> Channel:
    if form is not None:
        axis = {"format": form} | axis
    if isinstance(ticks, int):
        axis = {"tickCount": ticks} | axis
    elif ticks is not None:
        axis = {"values": list(ticks)} | axis
    within: dict[str, Any] = {} if domain is None else {"domain": list(domain), "nice": False}
    within |= dict(scale or {})
    settings: dict[str, Any] = {"scale": alt.Scale(**within)} if within else {}
    if axis:
        settings["axis"] = alt.Axis(**axis)
    return channel(_typed(field, "Q"), title=title, **settings)


def _key(meaning: Mapping[Any, str]) -> alt.Scale:
    return alt.Scale(domain=[*meaning], range=[*meaning.values()])


def _typed(field: str, kind: str) -> str:
    return field if ":" in field else f"{field}:{kind}"
