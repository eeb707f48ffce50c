"""Growth of one series, nominal and real; figures of different vintages are never compared unseen.

A *series* is a DataFrame with one row for each ``year`` (or ``quarter``, as ``2016Q1``), a
``value``, and, if its table has them, ``vintage`` and ``status``: the rows of one sector, country
or item in a table that `tables.load` gives.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from convergence import periods
from convergence.tables import vintages
from convergence.tables.vintages import VintageError, comparable, require_comparable

__all__ = [
    "Decomposition",
    "VintageError",
    "cagr",
    "chained_volume",
    "decompose",
    "deflate",
    "difference",
    "growth",
    "implicit_prices",
    "rebase",
    "yearly",
]


def growth(
    series: pd.DataFrame, start: int | str, end: int | str, splice: str | None = None
) -> float:
    r"""Relative change of a series from one year to another.

    .. math:: g = \frac{V_{\mathrm{end}}}{V_{\mathrm{start}}} - 1

    Parameters
    ----------
    series
        One sector: ``year`` (or ``quarter``), ``value`` in any one unit, ``vintage``, ``status``.
    start, end
        The two years (or quarters).
    splice
        Name of the splice to use if the two figures are of different vintages.

    Returns
    -------
    float
        A fraction: 0.26 is 26 %.

    Raises
    ------
    VintageError
        If the two figures are of different vintages, or one is preliminary and the other is not,
        and no splice that joins them is named.
    ValueError
        If a year is missing or there twice, or the starting value is not positive.

    Examples
    --------
    >>> series = pd.DataFrame({"year": [2016, 2019], "value": [200.0, 252.0]})
    >>> round(growth(series, 2016, 2019), 6)
    0.26
    """
    first, last = _ends(series, start, end, splice)
    _positive(first, start)
    return last / first - 1


def cagr(
    series: pd.DataFrame, start: int | str, end: int | str, splice: str | None = None
) -> float:
    r"""Compound yearly rate of growth of a series.

    .. math:: r = \left(\frac{V_{\mathrm{end}}}{V_{\mathrm{start}}}\right)^{1/n} - 1

    where *n* is the number of years from start to end.

    Parameters
    ----------
    series
        One sector: ``year`` (or ``quarter``), ``value`` in any one unit, ``vintage``, ``status``.
    start, end
        The two years (or quarters; the exponent counts years, a quarter being 1/4).
    splice
        Name of the splice to use if the two figures are of different vintages.

    Returns
    -------
    float
        A fraction a year: 0.08 is 8 % a year.

    Raises
    ------
    VintageError
        As `growth`.
    ValueError
        If a year is missing or there twice, a value is not positive, or `end` is not after
        `start`.

    Examples
    --------
    Manufacturing 2016 to 2019, both figures as the fourth census left them:

    >>> from convergence.tables import load
    >>> va = load("value_added")
    >>> round(cagr(va[va.sector == "manufacturing"], 2016, 2019), 4)
    0.0803
    """
    first, last = _ends(series, start, end, splice)
    _positive(first, start)
    _positive(last, end)
    years = (periods.number(end) - periods.number(start)) / _per_year(_period(series))
    if years <= 0:
        raise ValueError(f"the end, {end}, is not after the start, {start}")
    return (last / first) ** (1 / years) - 1


def difference(
    series: pd.DataFrame, start: int | str, end: int | str, splice: str | None = None
) -> float:
    r"""Absolute change of a series from one year to another.

    .. math:: \Delta = V_{\mathrm{end}} - V_{\mathrm{start}}

    Parameters
    ----------
    series
        One sector: ``year`` (or ``quarter``), ``value``, ``vintage``, ``status``.
    start, end
        The two years (or quarters).
    splice
        Name of the splice to use if the two figures are of different vintages.

    Returns
    -------
    float
        In the unit of the series' values.

    Raises
    ------
    VintageError
        As `growth`.
    ValueError
        If a year is missing or there twice.

    Examples
    --------
    >>> difference(pd.DataFrame({"year": [2016, 2019], "value": [200.0, 252.0]}), 2016, 2019)
    52.0
    """
    first, last = _ends(series, start, end, splice)
    return last - first


def yearly(series: pd.DataFrame, splice: str | None = None) -> pd.DataFrame:
    r"""Growth of each year on the year before; of each quarter on the same quarter a year before.

    .. math:: g_t = \frac{V_t}{V_{t-1}} - 1

    Parameters
    ----------
    series
        One sector: ``year`` (or ``quarter``), ``value``, ``vintage``, ``status``.
    splice
        Name of the splice to use where neighbouring years are of different vintages.

    Returns
    -------
    pandas.DataFrame
        One row for each year whose preceding year is there: ``year`` (or ``quarter``), ``growth``
        (a fraction), and, if the series has them, ``vintage`` and ``status`` of that year and
        ``joined``: whether the rate needed the splice. Mark such rates where you draw them.

    Raises
    ------
    VintageError
        As `growth`, for any two neighbouring years.
    ValueError
        If a year is there twice, or the value of a preceding year is not positive.

    Examples
    --------
    >>> yearly(pd.DataFrame({"year": [2016, 2017, 2019], "value": [200.0, 210.0, 252.0]}))
       year  growth
    0  2017    0.05
    """
    joined_by = vintages.splice(splice)
    rows = _checked(series).dropna(subset="value")
    period = _period(rows)
    by_time = {periods.number(row[period]): row for row in rows.to_dict("records")}
    rates: list[dict[str, Any]] = []
    for time in sorted(by_time):
        row, earlier = by_time[time], by_time.get(time - _per_year(period))
        if earlier is None:
            continue
        first, last = _comparable_values(earlier, row, period, joined_by)
        _positive(first, earlier[period])
        rate = {period: row[period], "growth": last / first - 1}
        if "vintage" in rows:
            rate["vintage"] = row["vintage"]
            rate["joined"] = not comparable(pd.DataFrame([earlier, row]))
        if "status" in rows:
            rate["status"] = row["status"]
        rates.append(rate)
    columns = [period, "growth", *(name for name in ("vintage", "status") if name in rows)]
    return pd.DataFrame(rates, columns=columns + ["joined"] * ("vintage" in rows))


def rebase(series: pd.DataFrame, base: int | str, splice: str | None = None) -> pd.DataFrame:
    r"""Turn a series into an index that is 100 in the base year.

    .. math:: I_t = 100 \cdot \frac{V_t}{V_{\mathrm{base}}}

    Parameters
    ----------
    series
        One sector: ``year`` (or ``quarter``), ``value``, ``vintage``, ``status``.
    base
        The year (or quarter) that becomes 100.
    splice
        Name of the splice to use if a year is of another vintage than the base year.

    Returns
    -------
    pandas.DataFrame
        The series with ``value`` as an index; other columns stay.

    Raises
    ------
    VintageError
        As `growth`, for any year against the base year.
    ValueError
        If the base year is missing or its value is not positive.

    Examples
    --------
    >>> rebase(pd.DataFrame({"year": [2016, 2019], "value": [200.0, 252.0]}), 2016)
       year  value
    0  2016  100.0
    1  2019  126.0
    """
    joined_by = vintages.splice(splice)
    rows = _checked(series)
    period = _period(rows)
    start = _row(rows, base)
    _positive(start["value"], base)
    for row in rows.to_dict("records"):
        _comparable_values(start, row, period, joined_by)
    return rows.assign(value=100 * rows["value"] / start["value"])


def implicit_prices(nominal: pd.DataFrame, volume: pd.DataFrame) -> pd.DataFrame:
    r"""Price index that a value and its volume imply (an implicit deflator).

    .. math:: P_t = \frac{V_t}{Q_t}

    Parameters
    ----------
    nominal
        Series of one sector's values at current prices.
    volume
        Series of the same sector's volume: an index at constant prices, with any base year.

    Returns
    -------
    pandas.DataFrame
        The years that both have: `nominal` with ``value`` as the price level, and the vintages
        of the nominal values. The level has no meaningful unit: see `rebase`.

    Raises
    ------
    ValueError
        If a year is there twice, or the two have no year in common.

    Examples
    --------
    >>> value = pd.DataFrame({"year": [2016, 2019], "value": [200.0, 252.0]})
    >>> volume = pd.DataFrame({"year": [2016, 2019], "value": [100.0, 120.0]})
    >>> implicit_prices(value, volume).value.tolist()
    [2.0, 2.1]
    """
    rows, quantities = _checked(nominal), _checked(volume)
    period = _period(rows)
    matched = rows[period].map(quantities.set_index(_period(quantities))["value"])
    if matched.isna().all():
        raise ValueError(f"the values and the volumes have no {period} in common")
    kept = matched.notna()
    return rows[kept].assign(value=rows["value"][kept] / matched[kept]).reset_index(drop=True)


def deflate(
    series: pd.DataFrame, prices: pd.DataFrame, base: int | str, splice: str | None = None
) -> pd.DataFrame:
    r"""Express a series at the prices of a base year.

    .. math:: R_t = V_t \cdot \frac{P_{\mathrm{base}}}{P_t}

    Parameters
    ----------
    series
        Series of one sector's values at current prices.
    prices
        Series of a price index, with any base year.
    base
        The year whose prices are used.
    splice
        Name of the splice to use if the price index joins vintages.

    Returns
    -------
    pandas.DataFrame
        The series with ``value`` at prices of the base year; vintages are those of the series.

    Raises
    ------
    VintageError
        If the price index joins vintages and no splice is named.
    ValueError
        If the price index lacks a year of the series.

    Examples
    --------
    >>> value = pd.DataFrame({"year": [2016, 2019], "value": [200.0, 252.0]})
    >>> prices = pd.DataFrame({"year": [2016, 2019], "value": [100.0, 105.0]})
    >>> deflate(value, prices, base=2016).value.tolist()
    [200.0, 240.0]
    """
    rows = _checked(series)
    period = _period(rows)
    wanted = prices[prices[_period(prices)].isin([*rows[period], base])]
    index = rebase(wanted, base, splice).set_index(_period(prices))["value"]
    level = rows[period].map(index)
    if level.isna().any():
        missing = ", ".join(map(str, rows[period][level.isna()]))
        raise ValueError(f"the price index has no value for {missing}")
    return rows.assign(value=rows["value"] * 100 / level)


class Decomposition(NamedTuple):
    """A yearly rate of nominal growth, with its price and volume parts (fractions a year)."""

    nominal: float
    price: float
    volume: float


def decompose(
    series: pd.DataFrame,
    prices: pd.DataFrame,
    start: int | str,
    end: int | str,
    splice: str | None = None,
) -> Decomposition:
    r"""Split a yearly rate of nominal growth into price and volume.

    .. math:: 1 + r = (1 + r_P)(1 + r_Q)

    Parameters
    ----------
    series
        Series of one sector's values at current prices.
    prices
        Series of a price index, with any base year.
    start, end
        The two years (or quarters).
    splice
        Name of the splice to use if figures of either series are of different vintages.

    Returns
    -------
    Decomposition
        ``nominal``, ``price`` and ``volume``: fractions a year.

    Raises
    ------
    VintageError, ValueError
        As `cagr`, for either series.

    Examples
    --------
    >>> value = pd.DataFrame({"year": [2018, 2019], "value": [200.0, 210.0]})
    >>> prices = pd.DataFrame({"year": [2018, 2019], "value": [100.0, 102.0]})
    >>> rates = decompose(value, prices, 2018, 2019)
    >>> print(f"{rates.nominal:.3f} {rates.price:.3f} {rates.volume:.3f}")
    0.050 0.020 0.029
    """
    nominal = cagr(series, start, end, splice)
    price = cagr(prices, start, end, splice)
    return Decomposition(nominal, price, (1 + nominal) / (1 + price) - 1)


def chained_volume(values: pd.DataFrame, indices: pd.DataFrame, start: int, end: int) -> float:
    r"""Compute the yearly growth of the volume of several sectors together.

    .. math::

        \left(\prod_{t = s + 1}^{e} \frac{\sum_i V_{i, t - 1} \, q_{it}}{\sum_i V_{i, t - 1}}
        \right)^{1 / (e - s)} - 1

    with :math:`V_{it}` the value added of sector :math:`i` at current prices and :math:`q_{it}`
    its volume in year :math:`t` over that of the year before: a Laspeyres index whose weights
    are those of the year before, chained.

    Parameters
    ----------
    values : data frame
        Value added at current prices: a row for each year, a column for each sector.
    indices : data frame
        Volume over that of the year before, as a ratio, with the same columns.
    start, end : int
        The first and the last year. Weights are taken from `start` to ``end - 1``, indices from
        ``start + 1`` to `end`.

    Returns
    -------
    float
        The growth a year, as a fraction.

    Raises
    ------
    ValueError
        If `end` is not after `start`, or a weight or an index is missing.

    References
    ----------
    European Commission and others, *System of National Accounts 2008*, chapter 15.

    Examples
    --------
    >>> values = pd.DataFrame({"finance": [100.0], "trade": [300.0]}, index=[2021])
    >>> indices = pd.DataFrame({"finance": [1.08], "trade": [1.04]}, index=[2022])
    >>> round(chained_volume(values, indices, 2021, 2022), 4)
    0.05
    """
    if end <= start:
        raise ValueError(f"the last year, {end}, is not after the first, {start}")
    weights = values.reindex(range(start, end))
    volumes = indices.reindex(range(start + 1, end + 1))[values.columns]
    for name, needed in (("value", weights), ("index", volumes)):
        for year, row in needed.iterrows():
            if row.isna().any():
                raise ValueError(f"no {name} of {', '.join(row.index[row.isna()])} in {year}")
    steps = (weights.to_numpy() * volumes.to_numpy()).sum(axis=1) / weights.to_numpy().sum(axis=1)
    return float(steps.prod() ** (1 / (end - start)) - 1)


def _ends(
    series: pd.DataFrame, start: int | str, end: int | str, splice: str | None
) -> tuple[float, float]:
    joined_by = vintages.splice(splice)
    rows = _checked(series)
    return _comparable_values(_row(rows, start), _row(rows, end), _period(rows), joined_by)


def _comparable_values(
    first: dict[str, Any], last: dict[str, Any], period: str, joined_by: vintages.Splice | None
) -> tuple[float, float]:
    if "vintage" in first:
        pair = pd.DataFrame([first, last])
        require_comparable(pair, [str(first[period]), str(last[period])], joined_by)
    return float(first["value"]), float(last["value"])


def _checked(series: pd.DataFrame) -> pd.DataFrame:
    """Make sure that these rows are one series: one sector, one row a period, vintages known."""
    period = _period(series)
    if "value" not in series:
        raise ValueError(f"a series needs a column value; this has {', '.join(series.columns)}")
    for kept in ("vintage", "status"):
        if series.attrs.get(kept) and kept not in series:
            raise VintageError(
                f"the table {series.attrs['table']} has a {kept} for each figure, but this slice "
                f"of it has lost the column {kept}; keep it, so that no rate joins vintages unseen"
            )
    for field in _identity(series, period):
        if series[field].nunique() > 1:
            several = ", ".join(map(str, series[field].unique()[:4]))
            raise ValueError(f"more than one series: {field} is {several}; choose one")
    twice = series[period][series[period].duplicated()]
    if len(twice):
        vintages = series[series[period] == twice.iloc[0]].get("vintage")
        of = f", of vintages {', '.join(vintages)}" if vintages is not None else ""
        raise ValueError(f"{twice.iloc[0]} is there more than once{of}; choose one")
    return series


def _identity(series: pd.DataFrame, period: str) -> list[str]:
    """List the fields that have one value in a series: its sector, country, item, ….

    The descriptor of a table names the fields of an observation. Rows that come from no table
    have no descriptor: there each column of texts counts.
    """
    described = series.attrs.get("observation")
    if described is not None:
        return [field for field in described if field != period and field in series]
    others = [name for name in series if name not in (period, "value", "vintage", "status")]
    return [name for name in others if pd.api.types.is_string_dtype(series[name])]


def _row(rows: pd.DataFrame, when: int | str) -> dict[str, Any]:
    period = _period(rows)
    found = rows[rows[period] == when]
    if found.empty or pd.isna(found["value"].iloc[0]):
        has = periods.runs(rows[period][rows["value"].notna()])
        raise ValueError(f"the series has no value for {when!r}; it has {has}")
    return found.to_dict("records")[0]


def _period(series: pd.DataFrame) -> str:
    if period := periods.field(series):
        return period
    raise ValueError(f"a series needs a column year or quarter; has {', '.join(series.columns)}")


def _per_year(period: str) -> int:
    return 4 if period == "quarter" else 1


def _positive(value: float, when: int | str) -> None:
    if not value > 0:
        raise ValueError(f"the value for {when} is {value}: a rate of growth needs a positive one")
