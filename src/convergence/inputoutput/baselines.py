"""The paths beside what the whole economy, its prices and other countries do.

If all buyers buy more services, a rise in what manufacturing buys does not set it apart; and a
share at current prices rises with the price. Each function compares an indicator of
`convergence.inputoutput.paths` with one such null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from convergence.inputoutput.paths import PAIRS, Groups, Tables, each, linkages, series_of
from convergence.inputoutput.solving import solve
from convergence.inputoutput.table import InputOutputTable

__all__ = [
    "NBS_SECTIONS",
    "UN_ACTIVITIES",
    "at_prices_of",
    "content_if_dealt",
    "implicit_deflators",
    "ranks",
    "relative",
    "relative_at_sizes_of",
    "sector_prices",
    "within_and_mix",
]

# The activity of the United Nations' main aggregates whose prices each category of sectors takes.
# Mining and utilities have no prices of their own; they take those of all industry, which
# includes manufacturing.
UN_ACTIVITIES = {
    "AGR": "agriculture",
    "MIN": "industry",
    "MFG": "manufacturing",
    "UTL": "industry",
    "CON": "construction",
    "TRD": "trade_hotels",
    "ACC": "trade_hotels",
    "TRP": "transport_communication",
    "ICT": "transport_communication",
    "FIN": "other_activities",
    "RES": "other_activities",
    "LBS": "other_activities",
    "RND": "other_activities",
    "TEC": "other_activities",
    "RNDTEC": "other_activities",
    "ENV": "other_activities",
    "OTH": "other_activities",
}
# The section of China's national accounts whose prices each category of sectors takes. The yearly
# accounts have no manufacturing apart, and one section for all other services.
NBS_SECTIONS = {
    "AGR": "agriculture",
    "MIN": "industry",
    "MFG": "industry",
    "UTL": "industry",
    "CON": "construction",
    "TRD": "wholesale_retail",
    "ACC": "hotels_catering",
    "TRP": "transport_storage_post",
    "FIN": "finance",
    "RES": "real_estate",
    "ICT": "other_services",
    "LBS": "other_services",
    "RND": "other_services",
    "TEC": "other_services",
    "RNDTEC": "other_services",
    "ENV": "other_services",
    "OTH": "other_services",
}
ECONOMY = "economy"


def relative(tables: Tables, groups: pd.DataFrame) -> pd.DataFrame:
    r"""Divide each path's indicators by what they are for the economy as a whole.

    .. math:: r = \frac{\text{indicator}(S, B)}{\text{indicator}(S, \text{all sectors})}

    The null is that manufacturing buys what all sectors together buy. Above 1 manufacturing buys
    more of the services than the economy does; a rise says that it turned to them more than the
    economy did. For the share of value added the null is the suppliers' share in the table's own
    row of value added, which no residual touches.
    For the share of sales it is the buyers' share of all purchases,
    :math:`\text{indicator}(\text{all sectors}, B)`; the quotient equals that of the share of
    inputs, since every sale is a purchase.

    What it cannot show: the economy contains the buyers, so that where manufacturing makes half of
    all purchases the ratio stays near 1 by arithmetic; and services sold to households count in
    the shares of value added, but not in those of purchases.

    Parameters
    ----------
    tables, groups
        As in `paths.four_paths`.

    Returns
    -------
    pandas.DataFrame
        As `paths.four_paths`, with ``economy``, the null, and ``relative``, the quotient. There is
        no row where the null is zero.

    Raises
    ------
    ValueError
        As `paths.four_paths`.

    Examples
    --------
    >>> from convergence.inputoutput import read
    >>> from convergence.inputoutput.paths import grouping
    >>> from convergence.tables import load
    >>> tables, groups = read(load("io_china")), grouping(load("io_sectors"))
    >>> found = relative(tables[2020], groups).query("measure == 'share_of_value_added'")
    >>> found = found.query("path == 'servitization' and services == 'all'")
    >>> found[["value", "economy", "relative"]].round(3).to_dict("records")
    [{'value': 0.281, 'economy': 0.545, 'relative': 0.516}]
    """
    found = linkages(tables, *[groups.assign(**{ECONOMY: True})] * 2)
    keys = list(found.columns[: found.columns.get_loc("supplier")])
    sales = found["measure"] == "share_of_sales"
    matched = [
        found[rows].merge(null, on=[*keys, side, "measure", "origin"], suffixes=("", "_economy"))
        for rows, side, null in [
            (~sales, "supplier", found[found["buyer"] == ECONOMY].drop(columns="buyer")),
            (sales, "buyer", found[found["supplier"] == ECONOMY].drop(columns="supplier")),
        ]
    ]
    rows = pd.concat(matched).merge(PAIRS, on=["supplier", "buyer"])
    rows = rows.merge(_shares_of_value_added(tables, groups), how="left", on=[*keys, "supplier"])
    of_value = rows["measure"] == "share_of_value_added"
    rows["economy"] = rows["own_row"].where(of_value, rows["value_economy"])
    rows = rows[rows["economy"] != 0].assign(relative=rows["value"] / rows["economy"])
    named = ["path", "services", "measure", "origin", "value", "economy", "relative"]
    return rows[[*keys, *named]].reset_index(drop=True)


def _shares_of_value_added(tables: Tables, groups: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each group in each table's row of value added, as ``own_row``."""
    series = series_of(tables)
    rows = [
        pd.Series(dtype=float)
        if table.va is None
        else table.va @ groups.loc[table.sectors].astype(float) / table.va.sum()
        for table in series
    ]
    shares = pd.DataFrame(rows, index=series.index).rename_axis(columns="supplier")
    return shares.stack().rename("own_row").reset_index()


def relative_at_sizes_of(
    tables: pd.Series, suppliers: Groups, buyers: Sequence[Any], at: Any
) -> pd.DataFrame:
    r"""Divide what some buyers purchase by what all sectors do, with the sizes of sectors fixed.

    .. math::
        r_t = \frac{\sum_{j \in B} w_j\, a_{j,t} \big/ \sum_{j \in B} w_j}
                   {\sum_j w_j\, a_{j,t} \big/ \sum_j w_j}

    with :math:`a_{j,t}` what sector :math:`j` buys from the suppliers per unit of its output,
    imports included, and :math:`w_j` its output in one year. The economy's purchases per unit of
    output also rise because heavy buyers grow. With sizes fixed only what sectors buy per unit
    counts.

    Parameters
    ----------
    tables : series of InputOutputTable
        Tables by year.
    suppliers : mapping or data frame
        Groups of sectors that sell, as in `convergence.inputoutput.paths.linkages`.
    buyers : sequence
        The sectors that are set against all sectors.
    at : hashable
        The year whose outputs are the weights.

    Returns
    -------
    pandas.DataFrame
        A row for each table, a column for each group of suppliers. Tables whose sectors are not
        those of the year `at` are left out.

    Raises
    ------
    ValueError
        As `convergence.inputoutput.paths.linkages`.

    Examples
    --------
    >>> from convergence.inputoutput import read
    >>> from convergence.inputoutput.paths import grouping
    >>> from convergence.tables import load
    >>> tables, groups = read(load("io_china")), grouping(load("io_sectors"))
    >>> makers = groups.index[groups["manufacturing"]]
    >>> fixed = relative_at_sizes_of(tables[[2012, 2017]], groups[["all"]], makers, at=2012)
    >>> fixed["all"].round(2).to_dict()
    {2012: 0.72, 2017: 0.71}
    """
    sizes = tables[at].x
    alike = [set(table.sectors) == set(sizes.index) for table in tables]
    bought = linkages(tables[alike], suppliers, each(sizes.index))
    bought = bought[(bought["measure"] == "direct") & (bought["origin"] == "total")]
    period = bought.columns[0]
    rates = bought.pivot(index=[period, "supplier"], columns="buyer", values="value")
    rates = rates[sizes.index]
    inside = sizes[sizes.index.isin(list(buyers))]
    of_buyers = rates[inside.index] @ inside / inside.sum()
    return (of_buyers / (rates @ sizes / sizes.sum())).unstack()


def at_prices_of(
    table: InputOutputTable, prices: Mapping[Any, float] | pd.Series
) -> InputOutputTable:
    r"""Put a table at the prices of a base year, by double deflation.

    .. math:: \tilde z_{ij} = \frac{z_{ij}}{p_i} \qquad \tilde x_j = \frac{x_j}{p_j} \qquad
              \tilde v_j = \tilde x_j - \sum_i \tilde z_{ij} - \sum_i \tilde m_{ij} - \tilde o_j

    A product has one price for all buyers and origins: imports take the home price, other inputs
    (taxes) the buyer's. Value added is the remainder, which may be negative where the prices are
    coarse. Coefficients of such a table depend on relative prices only: if all prices double,
    they stay.

    Parameters
    ----------
    table
        The table at current prices.
    prices
        Price level of each sector's product, 1 in the base year.

    Returns
    -------
    InputOutputTable
        At prices of the base year.

    Raises
    ------
    ValueError
        If a sector has no price, or a price that is not positive.

    Examples
    --------
    >>> table = InputOutputTable([[150, 500], [200, 100]], [1000, 2000], va=[650, 1400])
    >>> real = at_prices_of(table, {1: 2.0, 2: 1.0})
    >>> real.A.to_numpy().tolist()
    [[0.15, 0.125], [0.4, 0.05]]
    >>> real.va.tolist()
    [225.0, 1650.0]
    """
    level = pd.Series(prices, dtype=float).reindex(table.sectors)
    if (wrong := ~(level > 0)).any():
        sector = table.sectors[wrong.argmax()]
        raise ValueError(f"the price of {sector} is {level[sector]}; expected a positive number")

    def by_row(part: pd.DataFrame | pd.Series | None) -> pd.DataFrame | pd.Series | None:
        return None if part is None else part.div(level, axis=0)

    Z, x, imported = by_row(table.Z), by_row(table.x), by_row(table.Z_imported)
    other = None if table.other_inputs is None else table.other_inputs.div(level, axis=1)
    va = None
    if table.va is not None:
        va = x - sum(part.sum() for part in (Z, imported, other) if part is not None)
    return InputOutputTable(
        Z,
        x,
        va=va,
        final=by_row(table.final),
        Z_imported=imported,
        error=by_row(table.error),
        other_inputs=other,
        unit=table.unit,
    )


def sector_prices(accounts: pd.DataFrame, sectors: pd.DataFrame, base: int) -> pd.DataFrame:
    r"""Price levels of sectors, from value added at current and at constant prices.

    .. math:: p_{s,t} = \frac{V_{a,t} / Q_{a,t}}{V_{a,b} / Q_{a,b}} \qquad s \in a

    They are coarse: seven activities for forty sectors, so that all industries of manufacturing
    share one price, and finance, research and education another; and they are prices of value
    added, not of output. In US dollars they contain the exchange rate, which is the same for all
    sectors and changes no coefficient and no share.

    Parameters
    ----------
    accounts
        ``year``, ``activity``, ``price_basis`` (``current`` and one constant), ``value``: as
        `tables.load` gives ``un_value_added``.
    sectors
        ``sector`` and ``category``, as `tables.load` gives ``io_sectors``.
    base
        The base year *b*.

    Returns
    -------
    pandas.DataFrame
        Price level, 1 in the base year: a row for each sector, a column for each year that has
        the prices of all sectors.

    Raises
    ------
    ValueError
        If the base year lacks a price, or a category of sectors is unknown.

    Examples
    --------
    >>> from convergence.tables import load
    >>> prices = sector_prices(load("un_value_added"), load("io_sectors"), base=2007)
    >>> prices.loc[["electronics", "finance"], 2015].round(2).tolist()
    [1.33, 1.99]
    """
    constant = accounts["price_basis"] != "current"
    volume = accounts[constant].pivot(index="activity", columns="year", values="value")
    value = accounts[~constant].pivot(index="activity", columns="year", values="value")
    return _by_sector(value / volume, UN_ACTIVITIES, sectors, base)


def implicit_deflators(
    accounts: pd.DataFrame, growth: pd.DataFrame, sectors: pd.DataFrame, base: int
) -> pd.DataFrame:
    r"""Price levels of sectors, from China's value added and its growth at constant prices.

    .. math:: p_{s,t} = \frac{V_{a,t}}{V_{a,b}} \Big/ \prod_{u=b+1}^{t} g_{a,u} \qquad s \in a

    with :math:`V` value added of the section :math:`a` at current prices and :math:`g` its index at
    constant prices, previous year = 1. They are coarse: nine sections for forty sectors, so that
    manufacturing takes the price of all industry, and information, business and technical
    services share one; and they are prices of value added, not of output.

    Parameters
    ----------
    accounts
        ``year``, ``sector``, ``value`` at current prices: years of the table
        ``value_added_1978_2022`` whose vintages rest on the same census.
    growth
        ``year``, ``sector``, ``base``, ``value``: the same years of ``growth_index_1978_2022``;
        the rows whose base is ``previous_year`` are used.
    sectors
        ``sector`` and ``category``, as `tables.load` gives ``io_sectors``.
    base
        The base year *b*.

    Returns
    -------
    pandas.DataFrame
        Price level, 1 in the base year: a row for each sector, a column for each year.

    Raises
    ------
    ValueError
        If the base year lacks a price, or a category of sectors is unknown.

    Examples
    --------
    >>> from convergence.tables import load
    >>> accounts, growth = (load(name).query("year >= 2000")
    ...                     for name in ("value_added_1978_2022", "growth_index_1978_2022"))
    >>> prices = implicit_deflators(accounts, growth, load("io_sectors"), base=2012)
    >>> prices.loc[["electronics", "finance"], 2017].round(2).tolist()
    [0.97, 1.17]
    """
    steps = growth[growth["base"] == "previous_year"]
    volume = steps.pivot(index="sector", columns="year", values="value").div(100).cumprod(axis=1)
    value = accounts.pivot(index="sector", columns="year", values="value")
    return _by_sector(value / volume, NBS_SECTIONS, sectors, base)


def _by_sector(
    level: pd.DataFrame, activities: Mapping[str, str], sectors: pd.DataFrame, base: int
) -> pd.DataFrame:
    """Give each sector the price level of its activity, 1 in the base year."""
    if base not in level or level.loc[list(set(activities.values())), base].isna().any():
        raise ValueError(f"not every activity has a price in the base year {base}")
    level = level.div(level[base], axis=0)
    table = sectors.set_index("sector")
    activity = table["category"].map(activities)
    if activity.isna().any():
        unknown = table["category"][activity.isna()].iloc[0]
        raise ValueError(f"no activity has prices for the category {unknown!r}")
    priced = level.loc[activity].set_axis(table.index)
    return priced.dropna(axis=1)


def ranks(rows: pd.DataFrame, of: str = "value", among: str = "country") -> pd.DataFrame:
    """Rank countries by each indicator, year by year; the highest is first.

    What it cannot show: convergence. A rank changes when other countries change; each country
    books purchases of research in its own way; and WIOD estimates the years between a country's
    benchmark tables.

    Parameters
    ----------
    rows
        As `paths.four_paths` or `relative` gives them for the tables of many countries.
    of
        The column to rank by: ``value``, or ``relative``.
    among
        The column that names what is ranked.

    Returns
    -------
    pandas.DataFrame
        The rows, with ``rank`` (1 is the highest) and ``ranked``, the number of those ranked.

    Raises
    ------
    ValueError
        If there is no such column.

    Examples
    --------
    >>> rows = pd.DataFrame({"country": ["CHN", "JPN"], "year": 2014, "value": [0.26, 0.29]})
    >>> ranks(rows)["rank"].tolist()
    [2, 1]
    """
    if lacking := [name for name in (of, among) if name not in rows]:
        raise ValueError(f"there is no column {', '.join(lacking)} to rank")
    keys = [name for name in rows if name not in (among, "value", "economy", "relative")]
    ranked = rows.groupby(keys, sort=False)[of] if keys else rows[of]
    rank = ranked.rank(ascending=False, method="min")
    return rows.assign(rank=rank.astype("Int64"), ranked=ranked.transform("count"))


def within_and_mix(rates: pd.DataFrame, sizes: pd.DataFrame) -> pd.Series:
    r"""Split the change of a weighted mean into changed rates and a changed mix of parts.

    .. math::
        \sum_i w^1_i r^1_i - \sum_i w^0_i r^0_i
        = \underbrace{\sum_i (r^1_i - r^0_i)\,\tfrac{w^0_i + w^1_i}{2}}_{\text{within}}
        + \underbrace{\sum_i (w^1_i - w^0_i)\,\tfrac{r^0_i + r^1_i}{2}}_{\text{mix}}

    with :math:`w_i` the size of part :math:`i` divided by all sizes. A total can rise although no
    part of it changed, if the parts with a high rate grew. Each effect is measured at the mean of
    both years, so that the two add up and neither depends on which year comes first.

    Parameters
    ----------
    rates : pandas.DataFrame
        A row for each part, a column for the first and one for the last year.
    sizes : pandas.DataFrame
        The same parts and years: what each rate is weighted with, in any unit.

    Returns
    -------
    pandas.Series
        ``within`` and ``mix``, in the unit of the rates.

    Raises
    ------
    ValueError
        If there are not two years, or the rows or columns of the two tables differ.

    References
    ----------
    Marshall's and Edgeworth's mean of both years as weights: Dietzenbacher and Los, "Structural
    decomposition techniques", *Economic Systems Research* 10 (1998).

    Examples
    --------
    >>> rates = pd.DataFrame({2007: [0.1, 0.3], 2017: [0.2, 0.3]}, index=["steel", "cars"])
    >>> sizes = pd.DataFrame({2007: [60, 40], 2017: [50, 50]}, index=["steel", "cars"])
    >>> within_and_mix(rates, sizes).round(3).to_dict()
    {'within': 0.055, 'mix': 0.015}
    """
    same = rates.index.equals(sizes.index) and rates.columns.equals(sizes.columns)
    if rates.shape[1] != 2 or not same:
        raise ValueError(
            "rates and sizes must have the same parts as rows and the same two years as columns; "
            f"there are {[*rates.columns]} and {[*sizes.columns]}, {len(rates)} and {len(sizes)} "
            "parts"
        )
    weights = sizes / sizes.sum()
    (r0, r1), (w0, w1) = ((table.iloc[:, 0], table.iloc[:, 1]) for table in (rates, weights))
    return pd.Series(
        {
            "within": ((r1 - r0) * (w0 + w1) / 2).sum(),
            "mix": ((w1 - w0) * (r0 + r1) / 2).sum(),
        }
    )


def content_if_dealt(
    table: InputOutputTable, services: Sequence[str], makers: Sequence[str], order: Sequence[int]
) -> np.ndarray:
    r"""Find services' share of each industry's value, had industries each other's purchases.

    .. math:: a_{ij}' = a_{ij}\,\frac{s_{\pi(j)}}{s_j} \quad (i \in S), \qquad
        a_{ij}' = a_{ij}\,\frac{1 - s_{\pi(j)}}{1 - s_j} \quad (i \notin S)

    with :math:`s_j` the part of services in what industry *j* buys. Its purchases as a whole, its
    value added and its mix of services stay. What the new table still shows is arithmetic, since
    its services belong to no industry.

    Parameters
    ----------
    table
        A table; its home flows are taken.
    services, makers
        The sectors that serve, and the industries among which shares are dealt.
    order
        Whose share each industry gets: positions in `makers`. ``range(len(makers))`` leaves the
        table as it is.

    Returns
    -------
    numpy.ndarray
        For each of `makers`, the services' part of the value added in a unit of its output.

    Raises
    ------
    ValueError
        If `order` is not an order of all makers.

    Examples
    --------
    >>> table = InputOutputTable([[10, 20, 5], [5, 10, 5], [10, 5, 5]], [100, 100, 100],
    ...                          va=[75, 65, 85], sectors=["goods", "machines", "services"])
    >>> content_if_dealt(table, ["services"], ["goods", "machines"], [1, 0]).round(3)
    array([0.05 , 0.144])
    """
    if sorted(order) != [*range(len(makers))]:
        raise ValueError(f"order must hold each position from 0 to {len(makers) - 1} once")
    inputs, value = table.A.to_numpy(copy=True), (table.va / table.x).to_numpy()
    serves, makes = table.sectors.isin(services), table.sectors.get_indexer([*makers])
    part, rest = inputs[np.ix_(serves, makes)], inputs[np.ix_(~serves, makes)]
    whole = part.sum(axis=0) + rest.sum(axis=0)
    dealt = (part.sum(axis=0) / whole)[[*order]]
    inputs[np.ix_(serves, makes)] = part / part.sum(axis=0) * dealt * whole
    inputs[np.ix_(~serves, makes)] = rest / rest.sum(axis=0) * (1 - dealt) * whole
    values = np.column_stack([np.where(serves, value, 0), value])
    of_services, of_all = solve(inputs.T, values).T
    content: np.ndarray = (of_services / of_all)[makes]
    return content
