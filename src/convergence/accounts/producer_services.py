"""Three definitions of producer services."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from convergence import periods
from convergence.tables import load

__all__ = ["DEFINITIONS", "MOSTLY", "sectors", "seen", "sold_to_producers"]

DEFINITIONS = {
    "paper": "the seven sectors that the source paper lists",
    "narrow": "those without trade and real estate, which also serve households",
    "operational": "services sold mostly to producers, by the input–output table of 2020",
}
# The share of a service's use at home above which it counts as sold mostly to producers.
MOSTLY = 0.5

SERVICES = {"tertiary_industry", "other_sectors"}


def sectors(definition: str, threshold: float = MOSTLY) -> list[str]:
    """List the sectors that are producer services under a definition.

    Parameters
    ----------
    definition
        ``"paper"``, ``"narrow"`` or ``"operational"``: see `DEFINITIONS`.
    threshold
        For the operational definition: a sector counts if producers buy more than this share of
        its use at home.

    Returns
    -------
    list of str
        Ids of sectors.

    Raises
    ------
    ValueError
        If there is no such definition.

    Examples
    --------
    >>> set(sectors("paper")) - set(sectors("operational"))
    {'real_estate'}
    """
    if definition not in DEFINITIONS:
        raise ValueError(f"no definition {definition!r}; there are {', '.join(DEFINITIONS)}")
    if definition == "operational":
        shares = sold_to_producers()
        return shares["sector"][shares["share"] > threshold].tolist()
    table = load("sectors")
    return table["sector"][table[f"producer_services_{definition}"]].tolist()


def sold_to_producers() -> pd.DataFrame:
    r"""Share of each service's use at home that producers buy as an input, in 2020.

    .. math:: m_s = \frac{Z_s}{Z_s + F_s}

    :math:`Z_s` are the purchases of service *s* by all industries, as an input; :math:`F_s` is its
    final use at home: consumption and investment. Exports are left out, since the table does not
    show what buyers abroad do with them. The 42 sectors of the table are first added up to
    sections of the classification.

    Returns
    -------
    pandas.DataFrame
        ``sector`` and ``share`` (a fraction), from the largest share to the smallest.

    Raises
    ------
    TableError
        As `tables.load`.

    Examples
    --------
    >>> sold_to_producers().round(3).head(2).to_dict("split")["data"]
    [['leasing_business_services', 0.939], ['transport_storage_post', 0.809]]
    """
    table = load("sectors")
    services = table["sector"][table["parent"].isin(SERVICES)]
    uses = load("io_uses_2020")
    sums = uses.groupby("section")[["intermediate_total", "final_use_domestic"]].sum()
    sums = sums[sums.index.isin(services)]
    share = sums["intermediate_total"] / sums.sum(axis=1)
    return share.sort_values(ascending=False).rename_axis("sector").reset_index(name="share")


def seen(rows: pd.DataFrame, wanted: Sequence[str]) -> list[str]:
    """List the wanted sectors that have a value in every year of the rows.

    Parameters
    ----------
    rows
        ``sector``, ``year`` (or ``quarter``), ``value``, for the years of interest.
    wanted
        Ids of sectors, as `sectors` gives them.

    Returns
    -------
    list of str
        In the order of `wanted`.

    Examples
    --------
    Since 2016 the table has six of the paper's seven:

    >>> va = load("value_added")
    >>> set(sectors("paper")) - set(seen(va[va.year >= 2016], sectors("paper")))
    {'scientific_technical_services'}
    """
    period = periods.field(rows)
    with_value = rows[rows["value"].notna()].groupby("sector")[period].nunique()
    every = rows[period].nunique()
    return [sector for sector in wanted if with_value.get(sector) == every]
