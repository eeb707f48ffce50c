"""Marks in named rows: a range, a movement between years, the parts of a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from .layers import filled
from .look import INK, PAPER, SPAN, styled
from .scales import colours, hover, rows, shapes, x

__all__ = ["between_years", "dots", "span", "strips", "strips_of"]

# Shapes beside colours: a reader who cannot see the one sees the other.
YEAR_SHAPES = ("square", "diamond", "circle")
SPAN_SHAPES = ("square", "circle", "triangle-up")


def span(base: alt.Chart, start: alt.X, end: str, **style: Any) -> alt.Chart:
    """Draw the range of each row, from one value to another.

    Parameters
    ----------
    base : altair.Chart
        A chart with its rows encoded.
    start : altair.X
        The axis of the first value.
    end : str
        The field of the last value.
    **style
        What differs from `book.look.SPAN`.

    Returns
    -------
    altair.Chart

    Examples
    --------
    >>> span(alt.Chart(), alt.X("low:Q"), "high:Q", strokeWidth=6).encoding.x2.to_dict()
    {'field': 'high'}
    """
    return base.mark_rule(**styled(SPAN, style)).encode(start, x2=end)


def between_years(
    table: pd.DataFrame,
    tones: Mapping[int, str],
    *,
    bar: tuple[int, int],
    order: Sequence[str],
    field: str = "industry",
    format: str = ".1f",
) -> list[alt.Chart]:
    """Draw how each row moved: a mark for each year, and a bar between two of them.

    Parameters
    ----------
    table : data frame
        A row for each name and year: `field`, ``year`` and ``value``.
    tones : mapping of int to str
        The colours of three years; other years are not drawn.
    bar : tuple of int
        The years that the bar connects.
    order : sequence of str
        The names from top to bottom.
    field : str
        The field that holds the names.
    format : str
        How the axis prints a value.

    Returns
    -------
    list of altair.Chart
        The bars and the marks.

    Examples
    --------
    >>> table = pd.DataFrame({"industry": "Textiles", "year": [2007, 2012, 2017],
    ...                       "value": [1.0, 2.0, 3.0]})
    >>> bars, marks = between_years(
    ...     table, {2007: "grey", 2012: "black", 2017: "blue"}, bar=(2007, 2017),
    ...     order=["Textiles"])
    >>> bars.data.to_dict("records")
    [{'industry': 'Textiles', 'start': 1.0, 'end': 3.0}]
    """
    wide = table.pivot(index=field, columns="year", values="value").reset_index()
    ends = wide[[field, *bar]].rename(columns=dict(zip(bar, ("start", "end"), strict=True)))
    row = rows(field, order)
    bars = alt.Chart(ends).encode(y=row)
    marks = alt.Chart(table[table["year"].isin(tones)][[field, "year", "value"]]).encode(
        y=row,
        x=x("value", format, ticks=5),
        color=colours("year", tones, legend={}),
        shape=shapes("year", dict(zip(tones, YEAR_SHAPES, strict=True))),
        tooltip=hover(field, "year", value=".2f"),
    )
    return [span(bars, alt.X("start:Q"), "end:Q", opacity=0.5), filled(marks, size=60)]


def dots(
    base: alt.Chart, field: str, tones: Mapping[str, str], columns: int, **style: Any
) -> alt.Chart:
    """Draw a mark for each value of a field, told apart by colour and shape.

    Parameters
    ----------
    base : altair.Chart
        A chart with its positions encoded.
    field : str
        The field whose three values are told apart.
    tones : mapping of str to str
        The colour of each value.
    columns : int
        The number of columns of the legend.
    **style
        What differs from `book.look.POINT`.

    Returns
    -------
    altair.Chart

    Examples
    --------
    >>> drawn = dots(alt.Chart(), "span", {"a": "grey", "b": "green", "c": "black"}, 3)
    >>> drawn.encoding.shape.to_dict()["scale"]["range"]
    ['square', 'circle', 'triangle-up']
    """
    return filled(base, **{"size": 80} | style).encode(
        color=colours(field, tones, legend={"columns": columns}),
        shape=shapes(field, dict(zip(tones, SPAN_SHAPES, strict=True))),
    )


def strips_of(shares: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Lay out shares side by side, for `strips`.

    Parameters
    ----------
    shares : data frame
        A row for each strip, a column for each part; the parts of a row sum to one.
    names : mapping of str to str
        What each column is called, in the order in which the parts stand.

    Returns
    -------
    data frame
        A row for each part of a strip that is not empty: the index and the columns' name of
        `shares`, ``share``, ``order``, ``name``, and ``end`` and ``middle``, where it lies.

    Examples
    --------
    >>> shares = pd.DataFrame({"own": [0.25], "other": [0.75]}, index=[2012])
    >>> shares = shares.rename_axis(index="year", columns="use")
    >>> strips_of(shares, {"own": "Own", "other": "Other"})[["name", "middle"]].to_numpy().tolist()
    [['Own', 0.125], ['Other', 0.625]]
    """
    across, down = str(shares.columns.name), str(shares.index.name)
    strips = shares.stack().dropna().rename("share").reset_index()
    strips["order"] = strips[across].map({name: at for at, name in enumerate(names)})
    strips["name"] = strips[across].map(names)
    strips["end"] = strips.sort_values("order").groupby(down)["share"].cumsum()
    strips["middle"] = strips["end"] - strips["share"] / 2
    return strips[strips["share"] > 0]


def strips(
    table: pd.DataFrame,
    row: alt.Y,
    tones: Mapping[str, str],
    *,
    columns: int,
    dark_text: str,
    least: float = 0.09,
) -> list[alt.Chart]:
    """Divide a strip for each row into the parts of a whole, with their shares in them.

    Parameters
    ----------
    table : data frame
        What `strips_of` returns.
    row : altair.Y
        The axis that names the strips.
    tones : mapping of str to str
        The colour of each part, by its name, in the order in which the parts stand.
    columns : int
        The number of columns of the legend.
    dark_text : str
        Where the numbers are dark since the part is light, in Vega's language.
    least : float
        The share above which a part has its number.

    Returns
    -------
    list of altair.Chart
        The strips and the numbers.

    Examples
    --------
    >>> table = pd.DataFrame({"year": [2012], "name": ["Own"], "share": [1.0], "order": [0],
    ...                       "middle": [0.5]})
    >>> bars, numbers = strips(table, alt.Y("year:O"), {"Own": "green"}, columns=1,
    ...                        dark_text="false")
    >>> numbers.transform[0].filter
    'datum.share > 0.09'
    """
    base = alt.Chart(table).encode(row)
    key = {"columns": columns, "symbolType": "square"}
    bars = base.mark_bar(stroke=PAPER).encode(
        alt.X("share:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=None),
        color=colours("name", tones, legend=key, sort=[*tones]),
        order="order:Q",
        tooltip=hover(str(row.shorthand).partition(":")[0], "name", share=".1%"),
    )
    numbers = base.transform_filter(f"datum.share > {least}").mark_text(fontSize=12)
    return [
        bars,
        numbers.encode(
            alt.X("middle:Q"),
            text=alt.Text("share:Q", format=".0%"),
            color=alt.condition(dark_text, alt.value(INK), alt.value(PAPER)),
        ),
    ]
