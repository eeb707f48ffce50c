"""Which sectors of one classification are which of another, read from the package's tables."""

from __future__ import annotations

import pandas as pd

from convergence.accounts.producer_services import DEFINITIONS, sectors, sold_to_producers
from convergence.tables import load, package

__all__ = ["concordance", "producer_services", "sectors_of_tables"]


def concordance() -> pd.DataFrame:
    """Set GB/T 4754, the sectors of the Chinese tables and ISIC Rev. 4 side by side.

    Classifications divide the economy differently. The book adds up each of them to the same
    categories. Within a row the classifications cover about the same activities; they are not
    equal code by code.

    Returns
    -------
    pandas.DataFrame
        One row for each category, in the order of ISIC: ``category``, ``gbt4754`` (letters of the
        sections), ``sectors`` (of `io_sectors`), ``isic`` (ISIC Rev. 4, as WIOD writes it) and
        ``international`` (sectors of `io_sectors_international`), each a space-separated text.

    Raises
    ------
    TableError
        As `load`.

    Examples
    --------
    >>> concordance().set_index("category").loc["LBS", ["gbt4754", "isic"]].tolist()
    ['L', 'M69_M70 M73 N']
    """
    letters = load("sectors").set_index("sector")["gbt4754"]
    chinese = load("io_sectors").assign(gbt4754=lambda rows: rows["section"].map(letters))
    # The table of 2015 alone has research and technical services in one sector.
    chinese = chinese[chinese["category"] != "RNDTEC"]
    international = load("io_sectors_international")
    categories = international.sort_values("position")["category"].unique()

    def joined(rows: pd.DataFrame, column: str) -> pd.Series:
        ordered = rows.dropna(subset=[column]).sort_values("position")
        return ordered.groupby("category")[column].agg(lambda cells: " ".join(cells.unique()))

    return pd.DataFrame(
        {
            "gbt4754": joined(chinese, "gbt4754"),
            "sectors": joined(chinese, "sector"),
            "isic": joined(international, "wiod").map(
                lambda codes: " ".join(sorted(codes.split()))
            ),
            "international": joined(international, "sector"),
        },
        index=pd.Index(categories, name="category"),
    ).reset_index()


def producer_services() -> pd.DataFrame:
    """List every section of services with the definitions of producer services that hold it.

    Returns
    -------
    pandas.DataFrame
        ``sector``, ``share`` (the fraction of its use at home that went to producers in 2020), and
        for each of `producer_services.DEFINITIONS` a column that says whether it holds the sector;
        from the largest share to the smallest.

    Raises
    ------
    TableError
        As `load`.

    Examples
    --------
    >>> found = producer_services().set_index("sector")
    >>> found.loc["real_estate", ["paper", "narrow", "operational"]].tolist()
    [True, False, False]
    """
    shares = sold_to_producers()
    holds = {name: shares["sector"].isin(sectors(name)) for name in DEFINITIONS}
    return shares.assign(**holds)


def sectors_of_tables() -> pd.DataFrame:
    """List the sectors of the accounts that each table holds.

    Returns
    -------
    pandas.DataFrame
        ``table`` and ``sector``: a row for each table and each sector (of the table `sectors`)
        that it has figures of, in the order of the package.

    Raises
    ------
    TableError
        As `load`.

    Examples
    --------
    >>> found = sectors_of_tables()
    >>> found[found.sector == "gdp"]["table"].tolist()[:2]
    ['value_added', 'value_added_quarterly']
    """
    resources = package.read().resources.values()
    of_sectors = [
        resource.name
        for resource in resources
        if _refers_to_sectors(resource) and "value" in resource.fields
    ]
    indicators = load("province_indicators").set_index("indicator")["sector"].dropna()
    of_indicators = [
        resource.name
        for resource in resources
        if {"indicator", "province"} <= resource.fields.keys()
    ]
    found = [(name, load(name)["sector"]) for name in of_sectors]
    found += [(name, load(name)["indicator"].map(indicators).dropna()) for name in of_indicators]
    rows = [(name, sector) for name, cells in found for sector in cells.unique()]
    return pd.DataFrame(rows, columns=["table", "sector"])


def _refers_to_sectors(resource: package.Resource) -> bool:
    keys = resource.descriptor["schema"].get("foreignKeys", [])
    return any(
        key["reference"]["resource"] == "sectors" and key["fields"] in ("sector", ["sector"])
        for key in keys
    )
