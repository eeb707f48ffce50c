"""A table whose cells are toned by their value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from .look import INK, PAPER, TILE, styled

__all__ = ["numbers", "tiles"]


def tiles(
    base: alt.Chart,
    field: str,
    *,
    domain: Sequence[float],
    opacity: Sequence[float],
    fill: str = INK,
    scale: dict[str, Any] | None = None,
    **style: Any,
) -> alt.Chart:
    """Tone the cells of a table: the fuller, the higher the value.

    Parameters
    ----------
    base : altair.Chart
        A chart with its columns and rows encoded.
    field : str
        The field that holds the values.
    domain : sequence of float
        The values of the palest and of the fullest tone.
    opacity : sequence of float
        How opaque these two are, from 0 to 1.
    fill : str
        The colour.
    scale : dict, optional
        Further properties of the scale: ``{"clamp": True}``.
    **style
        What differs from `book.look.TILE`.

    Returns
    -------
    altair.Chart

    Examples
    --------
    >>> drawn = tiles(alt.Chart(), "share", domain=(0, 0.6), opacity=(0.03, 0.6))
    >>> drawn.encoding.fillOpacity.to_dict()["scale"]
    {'domain': [0, 0.6], 'range': [0.03, 0.6]}
    """
    tone = alt.Scale(domain=[*domain], range=[*opacity], **(scale or {}))
    channel = alt.FillOpacity(f"{field}:Q", legend=None, scale=tone)
    return base.mark_rect(fill=fill, **styled(TILE, style)).encode(fillOpacity=channel)


def numbers(
    base: alt.Chart, field: str, format: str | None, light_text: str, **style: Any
) -> alt.Chart:
    """Print the value of each cell, light where the tone is full.

    Parameters
    ----------
    base : altair.Chart
        The chart of the cells.
    field : str
        The field that is printed.
    format : str or None
        How, in d3's language.
    light_text : str
        Where the text is light, in Vega's language: ``"datum.share > 0.42"``.
    **style
        The style of the text; its size is 12 pixels otherwise.

    Returns
    -------
    altair.Chart

    Examples
    --------
    >>> numbers(alt.Chart(), "share", ".0%", "datum.share > 0.42").encoding.text.to_dict()["format"]
    '.0%'
    """
    text = alt.Text(f"{field}:Q") if format is None else alt.Text(f"{field}:Q", format=format)
    colour = alt.condition(light_text, alt.value(PAPER), alt.value(INK))
    return base.mark_text(**{"fontSize": 12} | style).encode(text=text, color=colour)
