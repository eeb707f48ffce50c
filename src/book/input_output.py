"""What chapters read out of input–output tables again and again.

The measures themselves are in `convergence.inputoutput.paths`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from convergence.inputoutput import InputOutputTable
from convergence.inputoutput.baselines import at_prices_of, implicit_deflators
from convergence.inputoutput.paths import linkages
from convergence.tables import load

__all__ = [
    "BENCHMARKS",
    "SHORT_NAMES",
    "at_constant_prices",
    "bought",
    "bought_by_industry",
    "deflators",
    "kind_of_table",
    "residual",
]

# The statistical office surveys the structure of the economy for years that end in 2 and 7. Its
# tables of other years carry the structure of a benchmark table forward.
BENCHMARKS = [2002, 2007, 2012, 2017]
# Names of industries that are too long for the axis of a chart.
SHORT_NAMES = {
    "other_manufacturing": "Other, repair",
    "electronics": "Electronics",
    "machinery": "Machinery",
    "paper_printing": "Paper, printing",
    "petroleum_coking": "Petroleum, coke",
    "instruments": "Instruments",
    "mineral_products": "Mineral products",
    "wood_furniture": "Wood, furniture",
    "apparel_leather": "Apparel, leather",
    "basic_metals": "Basic metals",
}


def kind_of_table(years: pd.Series) -> pd.Series:
    """Tell benchmark tables and updates apart.

    Parameters
    ----------
    years : series of int
        The years of tables.

    Returns
    -------
    series of str
        ``"benchmark"`` or ``"update"``.

    Examples
    --------
    >>> kind_of_table(pd.Series([2017, 2020])).tolist()
    ['benchmark', 'update']
    """
    return years.isin(BENCHMARKS).map({True: "benchmark", False: "update"})


def bought(rows: pd.DataFrame) -> pd.Series:
    """Select what buyers pay for inputs, imports included, in yuan per 100 yuan of output.

    Parameters
    ----------
    rows : data frame
        What `convergence.inputoutput.paths.linkages` returns for one supplier and one buyer, or
        one path of `convergence.inputoutput.paths.four_paths`.

    Returns
    -------
    series
        A hundred times the direct coefficient, by year.

    Examples
    --------
    >>> rows = pd.DataFrame({"year": [2012, 2012], "measure": ["direct", "complete"],
    ...                      "origin": ["total", "total"], "value": [0.01, 0.02]})
    >>> bought(rows).to_dict()
    {2012: 1.0}
    """
    kept = (rows["measure"] == "direct") & (rows["origin"] == "total")
    return 100 * rows[kept].set_index("year")["value"]


def bought_by_industry(
    tables: pd.Series, sectors: pd.DataFrame, rows: Sequence[str]
) -> pd.DataFrame:
    """Compute what each manufacturing industry buys from some rows of the tables.

    Parameters
    ----------
    tables : series of InputOutputTable
        The tables, by year.
    sectors : data frame
        The table ``io_sectors``.
    rows : sequence of str
        The sectors that sell.

    Returns
    -------
    data frame
        A row for each industry and year, with ``value`` in yuan per 100 yuan of the industry's
        output and the name of the industry, short where it has a short one, in ``industry``.

    Examples
    --------
    >>> from convergence.inputoutput import read
    >>> from convergence.tables import load
    >>> tables = read(load("io_china"))[[2012, 2017]]
    >>> table = bought_by_industry(tables, load("io_sectors"), ["technical_services"])
    >>> sorted(table["year"].unique().tolist()), "Basic metals" in set(table["industry"])
    ([2012, 2017], True)
    """
    makers = sectors.loc[sectors["manufacturing"], "sector"]
    found = linkages(tables, {"bought": [*rows]}, {maker: [maker] for maker in makers})
    found = found[(found["measure"] == "direct") & (found["origin"] == "total")]
    names = sectors.set_index("sector")["name_en"].to_dict() | SHORT_NAMES
    return found.assign(value=100 * found["value"], industry=found["buyer"].map(names))


def residual(
    tables: Iterable[tuple[int, InputOutputTable]], row: str, buyers: Sequence[str]
) -> pd.Series:
    r"""Compare the publisher's residual of a row with the output of some buyers.

    .. math:: 100\,\frac{e_r}{\sum_{b} x_b}

    with :math:`e_r` the residual of row :math:`r` and :math:`x_b` the output of buyer :math:`b`.

    Parameters
    ----------
    tables : iterable of (int, InputOutputTable)
        The years and the tables: ``tables.items()``. Tables without a residual, from 2017 on,
        are left out.
    row : str
        The sector of the row.
    buyers : sequence of str
        The sectors whose output is summed.

    Returns
    -------
    series
        The residual per 100 of output, by year.

    Examples
    --------
    >>> from convergence.inputoutput import read
    >>> from convergence.tables import load
    >>> tables = read(load("io_china"))[[2012, 2017]]
    >>> residual(tables.items(), "technical_services", ["electronics"]).index.tolist()
    [2012]
    """
    share = {}
    for year, table in tables:
        if table.error is not None:
            share[year] = 100 * table.error.loc[row, "error"] / table.x[[*buyers]].sum()
    return pd.Series(share)


def deflators(base: int) -> pd.DataFrame:
    """Return the prices that the book puts tables at: implicit deflators of the fourth census.

    Parameters
    ----------
    base : int
        The year with price 1, from 2000.

    Returns
    -------
    data frame
        A row for each sector of ``io_sectors``, a column for each year from 2000 to 2022.

    Examples
    --------
    >>> deflators(2007).loc["wholesale_retail", [2012, 2017]].round(2).tolist()
    [1.29, 1.39]
    """
    accounts, growth = (
        load(name).query("year >= 2000")
        for name in ("value_added_1978_2022", "growth_index_1978_2022")
    )
    return implicit_deflators(accounts, growth, load("io_sectors"), base)


def at_constant_prices(tables: pd.Series, prices: pd.DataFrame) -> pd.Series:
    """Put all tables at the prices of one year.

    Parameters
    ----------
    tables : series of InputOutputTable
        The tables, by year.
    prices : data frame
        Prices by sector and year, as `deflators` returns them.

    Returns
    -------
    series of InputOutputTable
        The same years.

    Examples
    --------
    >>> from convergence.inputoutput import read
    >>> tables = read(load("io_china"))[[2012]]
    >>> real = at_constant_prices(tables, deflators(2012))[2012]
    >>> bool((real.A - tables[2012].A).abs().max(axis=None) < 1e-12)
    True
    """
    priced = {year: at_prices_of(tables[year], prices[year]) for year in tables.index}
    return pd.Series(priced).rename_axis(tables.index.name)
