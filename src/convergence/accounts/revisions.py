"""How figures changed from one state of revision to the next, and what was known when."""

from __future__ import annotations

import pandas as pd

from convergence import periods
from convergence.tables import TableError, load, package, reading
from convergence.tables.vintages import PRELIMINARY

__all__ = ["as_known", "revisions"]


def as_known(name: str, month: str) -> pd.DataFrame:
    """Load a table as it was known at the end of a month: the newest figures released by then.

    Parameters
    ----------
    name
        Name of a table with vintages.
    month
        ``YYYY-MM``; vintages released later are left out.

    Returns
    -------
    pandas.DataFrame
        The columns of the table; observations that were not yet published are left out.

    Raises
    ------
    TableError
        If the table has no vintages, or if nothing in it had been released by then.

    Examples
    --------
    >>> rows = as_known("value_added", "2020-07")
    >>> run = rows[rows.sector == "manufacturing"]
    >>> run[run.year == 2019][["value", "status"]].to_dict("records")
    [{'value': 269175.1, 'status': 'preliminary'}]
    """
    rows = load(name, vintage="all")
    months = reading.released()
    known = rows[rows["vintage"].map(months) <= month]
    if known.empty:
        first = rows["vintage"].map(months).min()
        raise TableError(
            f"nothing in the table {name!r} had been released by {month}; first {first}"
        )
    newest = reading.newest(known.reset_index(drop=True), package.read().resource(name), months)
    newest.attrs = rows.attrs
    return newest


def revisions(rows: pd.DataFrame) -> pd.DataFrame:
    r"""Compare every figure with the first one that was published for the same observation.

    .. math:: r_{t,v} = \frac{V_{t,v}}{V_{t,1}} - 1

    Only years whose first figure in the table is preliminary are kept. If it is not, the figure
    that was published first is unknown.

    Parameters
    ----------
    rows
        One sector in all vintages: year (or quarter), vintage, status, value.

    Returns
    -------
    pandas.DataFrame
        The same rows with ``released`` (month), ``step`` (0 for the first figure) and
        ``revision`` (a fraction), in the order of release. A figure that only repeats the one
        before it, up to rounding to whole units, is left out.

    Examples
    --------
    >>> rows = load("value_added", vintage="all").query("sector == 'manufacturing'")
    >>> found = revisions(rows)
    >>> found[found.year == 2019][["vintage", "revision"]].round(4).to_dict("split")["data"]
    [['census4-2020Q2', 0.0], ['wdi-census4', -0.0187]]
    """
    period = periods.field(rows)
    ordered = rows.assign(released=rows["vintage"].map(reading.released()))
    ordered = ordered.sort_values([period, "released"], ignore_index=True)
    by_period = ordered.groupby(period)
    began_preliminary = by_period["status"].transform("first") == PRELIMINARY
    repeats = by_period["value"].diff().abs() < 1
    kept = ordered[began_preliminary & ~repeats].reset_index(drop=True)
    by_period = kept.groupby(period)
    return kept.assign(
        step=by_period.cumcount(),
        revision=kept["value"] / by_period["value"].transform("first") - 1,
    )
