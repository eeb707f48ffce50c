"""The four paths of the source paper, measured with input–output tables.

The paper names them and gives no number. Here each is a link between manufacturing and a group of
services. Servitization (制造业服务化) is what manufacturing buys from a group of services; research
and design, and information technology, are two such groups. Reverse manufacturing (服务型反向制造)
is the other direction: what a group of services buys from manufacturing. All are measured by the
same formulas, so that the two directions can be compared.

The measures show the input side only. No input–output table shows services that manufacturers
sell or make for themselves, nor service firms that begin to manufacture: they are not purchases
between two sectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from convergence.inputoutput.solving import coefficients, per_output, solve
from convergence.inputoutput.table import InputOutputTable, Stack, stacks

__all__ = [
    "MEASURES",
    "PAIRS",
    "PATHS",
    "SERVICES",
    "by_industry",
    "each",
    "four_paths",
    "grouping",
    "linkages",
]

SERVICES = {
    "all": "all services",
    "paper": "the seven producer services that the source paper lists",
    "narrow": "producer services without trade and real estate",
}
PATHS = {
    "research_design": "manufacturing buys research, design and technical services",
    "information_technology": "manufacturing buys information services",
    "servitization": "manufacturing buys services",
    "reverse_manufacturing": "services buy from manufacturing",
}
MAKERS = "manufacturing"
FACTORS = ("research_design", "information_technology")
PAIRS = pd.DataFrame(
    [(factor, factor, factor, MAKERS) for factor in FACTORS]
    + [("servitization", services, services, MAKERS) for services in SERVICES]
    + [("reverse_manufacturing", services, MAKERS, services) for services in SERVICES],
    columns=["path", "services", "supplier", "buyer"],
)
# Each text names the denominator, which decides what the number says.
MEASURES = {
    "direct": "inputs bought from the suppliers, per unit of the buyers' output",
    "complete": "what the buyers need from the suppliers, all rounds counted, per unit of the "
    "buyers' output",
    "share_of_inputs": "the suppliers' share of all intermediate inputs of the buyers",
    "share_of_complete": "the suppliers' share of all that the buyers need, all rounds counted",
    "share_of_value_added": "the suppliers' share of the home value added in the buyers' final "
    "output",
    "share_of_final_output": "the suppliers' value added, as a share of the buyers' final output, "
    "imported inputs and taxes in the denominator",
    "share_of_sales": "the buyers' share of the suppliers' intermediate sales",
}
MEASURED = [
    ("direct", "total"),
    ("direct", "domestic"),
    ("direct", "imported"),
    ("complete", "total"),
    ("complete", "domestic"),
    ("complete", "imported"),
    ("share_of_inputs", "total"),
    ("share_of_inputs", "domestic"),
    ("share_of_inputs", "imported"),
    ("share_of_complete", "total"),
    ("share_of_value_added", "domestic"),
    ("share_of_final_output", "domestic"),
    ("share_of_sales", "total"),
    ("share_of_sales", "domestic"),
    ("share_of_sales", "imported"),
]

Tables: TypeAlias = InputOutputTable | Mapping[Any, InputOutputTable] | pd.Series
Groups: TypeAlias = Mapping[str, Sequence[Any]] | pd.DataFrame


def grouping(sectors: pd.DataFrame) -> pd.DataFrame:
    """Say which sectors are manufacturing, and which services each path is about.

    Parameters
    ----------
    sectors
        ``sector``, ``manufacturing``, ``services``, ``producer_services_paper``,
        ``producer_services_narrow``, ``category``: as `tables.load` gives ``io_sectors`` or
        ``io_sectors_international``.

    Returns
    -------
    pandas.DataFrame
        Whether a sector (row) belongs to a group (column): ``manufacturing``; ``all``, ``paper``
        and ``narrow``, see `SERVICES`; ``research_design``, research and technical services;
        ``information_technology``, telecommunications and software. To try other groups, change
        these columns or add your own.

    Raises
    ------
    ValueError
        If a column is missing.

    Examples
    --------
    >>> from convergence.tables import load
    >>> groups = grouping(load("io_sectors"))
    >>> groups.columns[groups.loc["technical_services"]].tolist()
    ['all', 'paper', 'narrow', 'research_design']
    """
    flags = {
        "manufacturing": "manufacturing",
        "services": "all",
        "producer_services_paper": "paper",
        "producer_services_narrow": "narrow",
    }
    if lacking := [name for name in ("sector", "category", *flags) if name not in sectors]:
        raise ValueError(f"the table of sectors lacks the column {', '.join(lacking)}")
    table = sectors.set_index("sector")
    return (
        table[list(flags)]
        .rename(columns=flags)
        .assign(
            research_design=table["category"].isin(["RND", "TEC", "RNDTEC"]),
            information_technology=table["category"].eq("ICT"),
        )
        .astype(bool)
    )


def each(sectors: Sequence[Any]) -> pd.DataFrame:
    """Make a group of each sector, for tables of pairs.

    Parameters
    ----------
    sectors
        Ids of sectors.

    Returns
    -------
    pandas.DataFrame
        As `grouping` gives it, a column for each sector.

    Examples
    --------
    >>> each(["steel", "ships"]).loc["ships"].tolist()
    [False, True]
    """
    return pd.DataFrame(np.eye(len(sectors), dtype=bool), list(sectors), list(sectors))


def linkages(tables: Tables, suppliers: Groups, buyers: Groups) -> pd.DataFrame:
    r"""Measure what groups of sectors buy from others, in one table or in many at once.

    For suppliers *S* and buyers *B*:

    .. math::
        \begin{align*}
        \text{direct} &= \frac{z_{SB}}{x_B} &
        \text{complete} &= \frac{\sum_{i \in S} (y_i - x_i [i \in B])}{x_B},
        \quad (I - A)\, y = x_B \\
        \text{share of inputs} &= \frac{z_{SB}}{z_{\cdot B}} &
        \text{share of sales} &= \frac{z_{SB}}{z_{S \cdot}} \\
        \text{share of value added} &= \frac{\sum_{i \in S} v_i w_i / x_i}{\sum_i v_i w_i / x_i} &
        \text{share of final output} &= \frac{\sum_{i \in S} v_i w_i / x_i}{f_B},
        \quad (I - A^d)\, w = f_B
        \end{align*}

    :math:`x_B` and :math:`f_B` are output and final output of the buyers, as right-hand sides
    with zeros for all other sectors; a dot adds up over all sectors, and :math:`[i \in B]` is 1
    for a buyer. `MEASURES` says what each is a share of.

    ``origin`` names the products: ``total`` counts home-made and imported ones, ``domestic`` and
    ``imported`` one kind each, over a denominator of both, so that the two add up to the total.
    Only ``complete`` does not add up: its total takes imports as made at home (as NBS does), its
    imported part counts the foreign inputs that production at home needs.

    A table that does not separate imports has no ``domestic`` and ``imported`` rows; a competitive
    one has no shares of value added either. A measure has no row where its denominator is zero
    (nothing is sold or made), and a group has none where a table has no sector of it.

    What the measures cannot show: why the buyers buy. In current prices a share rises with the
    price of what is bought; and where all buyers turn to services, so does manufacturing. See
    `convergence.inputoutput.baselines`.

    Parameters
    ----------
    tables
        One table, or several by year, or by country and year: see `inputoutput.read`. Tables of
        the same sectors are solved together.
    suppliers, buyers
        Groups of sectors by name: lists of ids, all of them in the tables; or a DataFrame as
        `grouping` gives it, with a row for each sector of the tables.

    Returns
    -------
    pandas.DataFrame
        A row for each table (columns as the index of `tables` is named), ``supplier``, ``buyer``,
        ``measure`` and ``origin``; ``value`` is a fraction.

    Raises
    ------
    ValueError
        If a sector is unknown.

    Examples
    --------
    >>> table = InputOutputTable(
    ...     [[150, 500], [200, 100]], [1000, 2000], final=[350, 1700], va=[650, 1400],
    ...     sectors=["services", "goods"],
    ... )
    >>> found = linkages(table, {"s": ["services"]}, {"g": ["goods"]})
    >>> found.set_index("measure").value.round(3).to_dict()
    {'direct': 0.25, 'complete': 0.33, 'share_of_inputs': 0.833, 'share_of_complete': 0.73,
     'share_of_value_added': 0.215, 'share_of_final_output': 0.215, 'share_of_sales': 0.769}
    """
    series = series_of(tables)
    found = []
    for stack in stacks(list(series)):
        sells, of_sells = _membership(suppliers, stack.sectors)
        buys, of_buys = _membership(buyers, stack.sectors)
        values = _measure(stack, of_sells, of_buys)
        pairs = pd.MultiIndex.from_product([sells, buys], names=["supplier", "buyer"])
        found.append((stack, pairs, values.reshape(*values.shape[:2], -1)))
    return _rows(tables, series, found)


def four_paths(tables: Tables, groups: pd.DataFrame) -> pd.DataFrame:
    """Measure the four paths, for three groups of services, in one table or in many.

    See `linkages` for the formulas, `MEASURES` for the denominators: in 2020 services made 28.1 %
    of the home value added in China's manufactured final output, and 22.6 % of that output.

    What they cannot show: the paths' output side, for which purchases are only a proxy. In China's
    tables bought research is zero from 2017, when it counts as investment; software is partly
    investment in all countries.

    Parameters
    ----------
    tables
        As in `linkages`.
    groups
        As `grouping` gives it.

    Returns
    -------
    pandas.DataFrame
        A row for each table (columns as the index of `tables` is named), ``path`` (see `PATHS`),
        ``services`` (the group of services that sells, or buys in reverse manufacturing),
        ``measure`` and ``origin``; ``value`` is a fraction.

    Raises
    ------
    ValueError
        If `groups` does not know a sector of the tables, or lacks a column.

    Examples
    --------
    >>> from convergence.inputoutput import read
    >>> from convergence.tables import load
    >>> tables, groups = read(load("io_china")), grouping(load("io_sectors"))
    >>> paths = four_paths(tables[2020], groups)
    >>> of_all = paths.query("path == 'servitization' and services == 'all'").round(3)
    >>> of_all.set_index("measure").value.loc["share_of_value_added":"share_of_final_output"]
    measure
    share_of_value_added     0.281
    share_of_final_output    0.226
    Name: value, dtype: float64
    """
    _require(groups)
    series = series_of(tables)
    found = []
    for stack in stacks(list(series)):
        sells, of_sells = _membership(groups[[*FACTORS, *SERVICES, MAKERS]], stack.sectors)
        buys, of_buys = _membership(groups[[MAKERS, *SERVICES]], stack.sectors)
        values = _measure(stack, of_sells, of_buys)
        pairs = PAIRS[PAIRS["supplier"].isin(sells) & PAIRS["buyer"].isin(buys)]
        sellers = [sells.index(supplier) for supplier in pairs["supplier"]]
        customers = [buys.index(buyer) for buyer in pairs["buyer"]]
        index = pairs.set_index(["path", "services"]).index
        found.append((stack, index, values[:, :, sellers, customers]))
    return _rows(tables, series, found)


def by_industry(tables: Tables, groups: pd.DataFrame) -> pd.DataFrame:
    """Measure the four paths for each buying industry.

    On the first three paths each manufacturing industry buys, on the fourth each service. Compare
    industries between benchmark years (in China 2002, 2007, 2012, 2017); the tables of other years
    are updates, which move single industries by assumption.

    Parameters
    ----------
    tables, groups
        As in `four_paths`.

    Returns
    -------
    pandas.DataFrame
        As `four_paths`, with ``industry``, the sector that buys.

    Raises
    ------
    ValueError
        As `four_paths`.

    Examples
    --------
    >>> from convergence.inputoutput import read
    >>> from convergence.tables import load
    >>> tables, groups = read(load("io_china")), grouping(load("io_sectors"))
    >>> found = by_industry(tables[2020], groups).query("services == 'narrow'")
    >>> found = found.query("path == 'servitization' and measure == 'share_of_value_added'")
    >>> found.nlargest(2, "value")[["industry", "value"]].round(3).to_dict("split")["data"]
    [['electronics', 0.192], ['electrical_equipment', 0.163]]
    """
    _require(groups)
    single = each(groups.index)
    makers = single[groups.index[groups[MAKERS]]]
    inputs = linkages(tables, groups[[*FACTORS, *SERVICES]], makers)
    path = inputs["supplier"].where(inputs["supplier"].isin(FACTORS), "servitization")
    found = [inputs.assign(path=path, services=inputs["supplier"])]
    for name in SERVICES:
        rows = linkages(tables, groups[[MAKERS]], single[groups.index[groups[name]]])
        found.append(rows.assign(path="reverse_manufacturing", services=name))
    rows = pd.concat(found, ignore_index=True).rename(columns={"buyer": "industry"})
    keys = list(rows.columns[: rows.columns.get_loc("supplier")])
    return rows[[*keys, "path", "services", "industry", "measure", "origin", "value"]]


def _require(groups: pd.DataFrame) -> None:
    names = [MAKERS, *SERVICES, *FACTORS]
    if lacking := [name for name in names if name not in groups]:
        raise ValueError(f"the grouping lacks {', '.join(lacking)}; see paths.grouping")


def _rows(
    tables: Tables, series: pd.Series, found: list[tuple[Stack, pd.MultiIndex, np.ndarray]]
) -> pd.DataFrame:
    """Put values of shape (table, measure, pair) into rows; a missing value makes no row."""
    pairs = found[0][1].append([index for _, index, _ in found[1:]])
    before, cells = 0, []
    for stack, index, values in found:
        values = values.transpose(0, 2, 1)
        table, pair, measure = np.nonzero(~np.isnan(values))
        position = np.array(stack.positions)[table]
        cells.append((position, before + pair, measure, values[table, pair, measure]))
        before += len(index)
    table, pair, measure, value = map(np.concatenate, zip(*cells, strict=True))
    order = np.argsort(table, kind="stable")
    frames = [
        pairs.to_frame(index=False).take(pair[order]),
        pd.DataFrame(MEASURED, columns=["measure", "origin"]).take(measure[order]),
        pd.DataFrame({"value": value[order]}),
    ]
    if not isinstance(tables, InputOutputTable):
        frames.insert(0, series.index.to_frame(index=False).take(table[order]))
    return pd.concat([frame.reset_index(drop=True) for frame in frames], axis=1)


def series_of(tables: Tables) -> pd.Series:
    """Return the tables as a series with named keys; a single table has the key 0."""
    if isinstance(tables, InputOutputTable):
        return pd.Series([tables], dtype=object)
    series = tables if isinstance(tables, pd.Series) else pd.Series(dict(tables), dtype=object)
    if series.empty:
        raise ValueError("there is no table to measure")
    names = [name or f"key{at + 1}" for at, name in enumerate(series.index.names)]
    return series.rename_axis(names if len(names) > 1 else [series.index.name or "table"])


def _membership(groups: Groups, sectors: pd.Index) -> tuple[list[str], np.ndarray]:
    if isinstance(groups, pd.DataFrame):
        if len(unknown := sectors.difference(groups.index, sort=False)):
            raise ValueError(
                f"the grouping does not know the sector {', '.join(map(str, unknown))}"
            )
        member = groups.loc[sectors].to_numpy(dtype=float).T
        has_members = member.any(axis=1)
        return list(groups.columns[has_members]), member[has_members]
    member = np.zeros((len(groups), len(sectors)))
    for position, (name, ids) in enumerate(groups.items()):
        if unknown := [sector for sector in ids if sector not in sectors]:
            missing = ", ".join(map(str, unknown))
            raise ValueError(f"group {name!r}: no sector {missing} in the table")
        member[position, sectors.get_indexer(list(ids))] = 1
    return list(groups), member


def _measure(stack: Stack, S: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Values of `MEASURED`: shape (table, measure, suppliers, buyers).

    Rows of S and B are groups, columns sectors: 1 where the sector belongs to the group.
    """
    Z, x, imported = stack.Z, stack.x, stack.Z_imported
    parts = {"total": Z}
    if imported is not None:
        parts = {"total": Z + imported, "domestic": Z, "imported": imported}
    output = (x @ B.T)[:, None, :]
    inputs = (parts["total"].sum(axis=1) @ B.T)[:, None, :]
    sales = (parts["total"].sum(axis=2) @ S.T)[:, :, None]
    x_B = x[:, :, None] * B.T
    flows = {origin: S @ part @ B.T for origin, part in parts.items()}
    needs = {"total": solve(coefficients(parts["total"], x), x_B) - x_B}
    if imported is not None:
        y = solve(coefficients(Z, x), x_B)
        needs |= {"domestic": y - x_B, "imported": coefficients(imported, x) @ y}
    values = {}
    for origin, flow in flows.items():
        values["direct", origin] = _ratio(flow, output)
        values["share_of_inputs", origin] = _ratio(flow, inputs)
        values["share_of_sales", origin] = _ratio(flow, sales)
        values["complete", origin] = _ratio(S @ needs[origin], output)
    all_needs = needs["total"].sum(axis=1, keepdims=True)
    values["share_of_complete", "total"] = _ratio(S @ needs["total"], all_needs)
    if stack.va is not None and stack.final is not None:
        f_B = stack.final[:, :, None] * B.T
        content = per_output(stack.va, x)[:, :, None] * solve(coefficients(Z, x), f_B)
        all_content, all_final = (part.sum(axis=1, keepdims=True) for part in (content, f_B))
        values["share_of_value_added", "domestic"] = _ratio(S @ content, all_content)
        values["share_of_final_output", "domestic"] = _ratio(S @ content, all_final)
    missing = np.full((len(x), len(S), len(B)), np.nan)
    return np.stack([values.get(measured, missing) for measured in MEASURED], axis=1)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0)
