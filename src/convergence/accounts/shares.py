"""Totals and shares of sectors, each from figures of one vintage."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from convergence import periods
from convergence.tables import TableError, load, package, reading
from convergence.tables.vintages import VintageError, comparable

__all__ = ["share", "together", "total"]


def together(table: str, sectors: Sequence[str]) -> pd.DataFrame:
    """Load sectors to add up or compare: each year from one vintage.

    `tables.load` gives each figure in its newest vintage, which may differ between two sectors of
    one year. This function gives, for each year, the newest vintage that holds all the sectors.

    Parameters
    ----------
    table
        Name of a table with the fields ``sector`` and ``vintage``.
    sectors
        Ids of the sectors.

    Returns
    -------
    pandas.DataFrame
        The columns of the table; years in which no vintage holds all the sectors are left out.

    Raises
    ------
    TableError
        As `tables.load`; or if no vintage holds all the sectors in any year.

    Examples
    --------
    >>> rows = together("value_added", ["manufacturing", "gdp"])
    >>> rows[rows.year == 2019][["sector", "value", "vintage"]].to_dict("split")["data"]
    [['gdp', 990865.0, 'census4-2020Q2'], ['manufacturing', 269175.1, 'census4-2020Q2']]
    """
    rows = load(table, vintage="all")
    period = periods.field(rows)
    chosen = rows[rows["sector"].isin(sectors) & rows["value"].notna()]
    count = chosen.groupby([period, "vintage"])["sector"].transform("nunique")
    complete = chosen[count == len(set(sectors))].reset_index(drop=True)
    if complete.empty:
        raise TableError(f"no vintage of the table {table!r} holds all of {', '.join(sectors)}")
    resource = package.read().resource(table)
    newest = reading.newest(complete, resource, reading.released())
    newest.attrs = rows.attrs
    return newest


def total(rows: pd.DataFrame, sectors: Sequence[str]) -> pd.DataFrame:
    r"""Add up sectors, in every year that has them all.

    .. math:: V_t = \sum_{s} V_{s,t}

    Parameters
    ----------
    rows
        ``sector``, ``year`` (or ``quarter``), ``value``, and, if the table has them, ``vintage``
        and ``status``: one row for each sector and year.
    sectors
        Ids of the sectors.

    Returns
    -------
    pandas.DataFrame
        A series: one row for each year, with ``value`` in the unit of the rows, ``vintage`` and
        ``status``.

    Raises
    ------
    VintageError
        If the sectors of a year are of different vintages: see `together`.
    ValueError
        If a sector is there twice in a year, or no year has all the sectors.

    Examples
    --------
    >>> rows = pd.DataFrame(
    ...     [[2018, "trade", 3], [2018, "finance", 2], [2019, "trade", 4]],
    ...     columns=["year", "sector", "value"],
    ... )
    >>> total(rows, ["trade", "finance"])
       year  value
    0  2018      5
    """
    period = periods.field(rows)
    chosen = rows[rows["sector"].isin(sectors) & rows["value"].notna()]
    if (twice := chosen.duplicated([period, "sector"])).any():
        first = chosen[twice].iloc[0]
        raise ValueError(
            f"{first['sector']} is there more than once in {first[period]}; choose one"
        )
    count = chosen.groupby(period)["sector"].transform("size")
    complete = chosen[count == len(set(sectors))]
    if complete.empty:
        raise ValueError(f"no {period} has all of {', '.join(sectors)}")
    kept = [name for name in ("vintage", "status") if name in rows]
    for when, of_year in complete.groupby(period):
        if "vintage" in kept and not comparable(of_year):
            raise VintageError(
                f"the sectors of {when} are of the vintages "
                f"{' and '.join(of_year['vintage'].unique())}; "
                "load those that you add up with shares.together"
            )
    grouped = complete.groupby(period, as_index=False)
    return grouped.agg({"value": "sum"} | dict.fromkeys(kept, "first"))


def share(part: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    r"""Share of a part in a whole, in every year that both have.

    .. math:: s_t = \frac{V_{\mathrm{part},t}}{V_{\mathrm{whole},t}}

    Parameters
    ----------
    part, whole
        Series: ``year`` (or ``quarter``), ``value`` in the same unit, and, if the tables have
        them, ``vintage`` and ``status``.

    Returns
    -------
    pandas.DataFrame
        A series whose ``value`` is a fraction, with the ``vintage`` and ``status`` of the part.

    Raises
    ------
    VintageError
        If part and whole of a year are of different vintages: see `together`.
    ValueError
        If a year is there twice, or the two have no year in common.

    Examples
    --------
    China in the world's manufacturing:

    >>> world = load("world_manufacturing").query("indicator == 'manufacturing'")
    >>> shares = share(world[world.country == "CHN"], world[world.country == "WLD"])
    >>> round(shares.set_index("year").value[2019], 3)
    np.float64(0.273)
    """
    period = periods.field(part)
    for series in (part, whole):
        if (twice := series[period].duplicated()).any():
            when = series[period][twice].iloc[0]
            raise ValueError(f"{when} is there more than once in the part or the whole; choose one")
    both = part.merge(whole, on=period, suffixes=("", "_whole"))
    if both.empty:
        raise ValueError(f"the part and the whole have no {period} in common")
    if "vintage_whole" in both:
        differ = both[both["vintage"] != both["vintage_whole"]]
        if len(differ):
            first = differ.iloc[0]
            raise VintageError(
                f"in {first[period]} the part is of vintage {first['vintage']}, "
                f"the whole of {first['vintage_whole']}; load both with shares.together"
            )
    kept = [name for name in ("vintage", "status") if name in part]
    shares = both.assign(value=both["value"] / both["value_whole"])[[period, "value", *kept]]
    return shares.dropna(subset="value").reset_index(drop=True)
