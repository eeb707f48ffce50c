"""Input–output tables that are stored as rows, one cell a row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from convergence.inputoutput.checking import TOLERANCE, listed
from convergence.inputoutput.table import InputOutputTable, with_import_split

# A gap in a column up to this share of the economy's output is one that publishers leave: WIOD's
# columns miss up to 0.08 % (Malta 2002). Romania's of 2014 misses ten times as much: refused.
PUBLISHED_GAP = 1e-3

PARTS_OF_VALUE_ADDED = ("compensation", "production_taxes", "depreciation", "operating_surplus")


def read(rows: pd.DataFrame) -> pd.Series:
    """Make the tables that are stored as rows, one cell a row.

    Parameters
    ----------
    rows
        ``row``, ``column``, ``value``, one or more columns that distinguish tables (``year``;
        ``country`` and ``year``), and, where home-made and imported products are separate,
        ``flow``: ``total``, ``domestic``, ``imported`` or ``imported_proportional``. As
        `tables.load` gives ``io_china``, ``io_wiod`` and ``io_oecd_china``. The unit of the
        values is ``attrs["unit"]``, if it is there.

    Returns
    -------
    pandas.Series
        `InputOutputTable` by year, or by country and year; sectors in the order of the rows.
        A table has `Z_imported` where the publisher separates imports, or where the rows hold
        the estimate ``imported_proportional``. Its residual then has two kinds: ``error``, the
        publisher's, and ``import_split``, imports beyond all uses at home (goods sent on).
        A gap that the publisher leaves in a column, up to 0.1 % of the economy's output, stands
        in `other_inputs` as ``unexplained``.

    Raises
    ------
    BalanceError
        As `InputOutputTable`.
    ValueError
        If a column or a cell is missing.

    Examples
    --------
    >>> rows = pd.DataFrame(
    ...     [[2020, "a", "a", 2], [2020, "a", "final", 3], [2020, "a", "output", 5],
    ...      [2020, "value_added", "a", 3]],
    ...     columns=["year", "row", "column", "value"],
    ... )
    >>> read(rows)[2020].A.loc["a", "a"]
    np.float64(0.4)
    """
    if lacking := [name for name in ("row", "column", "value") if name not in rows]:
        raise ValueError(f"rows of input–output tables lack the column {listed(lacking)}")
    keys = [name for name in rows if name not in ("flow", "row", "column", "value", "source")]
    if not keys:
        raise ValueError("no column distinguishes the tables, such as year or country")
    flow = rows["flow"] if "flow" in rows else pd.Series("total", rows.index)
    table = rows.groupby(keys, sort=False).ngroup().to_numpy()
    index = pd.MultiIndex.from_frame(rows[keys].drop_duplicates())
    axes = [pd.factorize(labels) for labels in (flow, rows["row"], rows["column"])]
    blocks = np.full((len(index), *(len(labels) for _, labels in axes)), np.nan)
    blocks[(table, *(codes for codes, _ in axes))] = rows["value"]
    names = [list(labels) for _, labels in axes]
    filled = ~np.isnan(blocks)
    if filled.sum() < len(rows):
        raise ValueError(f"{len(rows) - filled.sum()} cells are there twice or have no value")
    layouts: dict[bytes, _Layout] = {}
    made = []
    for key, block, cells in zip(index, blocks, filled, strict=True):
        row_has_cells, column_has_cells = cells.any(axis=2), cells.any(axis=1)
        pattern = row_has_cells.tobytes() + column_has_cells.tobytes()
        try:
            if pattern not in layouts:
                layouts[pattern] = _Layout(names, row_has_cells, column_has_cells)
            made.append(layouts[pattern].table(block, rows.attrs.get("unit")))
        except ValueError as error:
            raise type(error)(f"{' '.join(map(str, key))}: {error}") from None
    return pd.Series(made, index if len(keys) > 1 else index.get_level_values(0), dtype=object)


class _Layout:
    """Where the parts of a table stand in its block of cells; one for all tables that are alike.

    Parameters
    ----------
    names
        Names of the flows, rows and columns: the three axes of the block.
    row_has_cells, column_has_cells
        Shapes (flows, rows) and (flows, columns): whether a row or column of a flow has a cell.
    """

    def __init__(
        self, names: list[list[Any]], row_has_cells: np.ndarray, column_has_cells: np.ndarray
    ) -> None:
        flows, row_names, column_names = names
        rows = {flow: _positions(row_names, row_has_cells[at]) for at, flow in enumerate(flows)}
        columns = {
            flow: _positions(column_names, column_has_cells[at]) for at, flow in enumerate(flows)
        }
        self.flows = {flow: at for at, flow in enumerate(flows) if rows[flow]}
        self.sold = "domestic" if "domestic" in self.flows else "total"
        if "output" not in columns.get(self.sold, {}):
            raise ValueError("there is no column output of the flow domestic or total")
        sold_rows, sold_columns = rows[self.sold], columns[self.sold]
        self.sectors = pd.Index(
            [name for name in sold_rows if name in sold_columns and name != "output"]
        )
        self.uses = [
            name for name in sold_columns if name not in {*self.sectors, "output", "error"}
        ]
        self.sector_rows = [sold_rows[sector] for sector in self.sectors]
        self.sector_columns = [sold_columns[sector] for sector in self.sectors]
        self.use_columns = [sold_columns[use] for use in self.uses]
        self.output_column = sold_columns["output"]
        self.error_column = sold_columns.get("error")
        self.imported = next((flow for flow in self.flows if flow.startswith("imported")), None)
        # Where the imported flow is an estimate, the other one holds products of both origins.
        self.estimated = self.imported is not None and self.sold == "total"
        if self.estimated and "imports" not in self.uses:
            raise ValueError("there is no column imports to separate from the flow total")
        imported_columns = columns[self.imported] if self.imported else {}
        self.uses_with_imports = [at for at, use in enumerate(self.uses) if use in imported_columns]
        self.uses_but_imports = [at for at, use in enumerate(self.uses) if use != "imports"]
        total_rows = rows.get("total", {})
        known = {"value_added", "output", *PARTS_OF_VALUE_ADDED, *self.sectors}
        self.others = [name for name in total_rows if name not in known]
        self.other_rows = [total_rows[name] for name in self.others]
        self.value_added_row = total_rows.get("value_added")

    def table(self, block: np.ndarray, unit: str | None) -> InputOutputTable:
        """Make the table of one block of cells, shape (flows, rows, columns)."""
        sold = block[self.flows[self.sold]][self.sector_rows]
        Z, final = sold[:, self.sector_columns], sold[:, self.use_columns]
        x = sold[:, self.output_column]
        error = None
        if self.error_column is not None:
            error = pd.DataFrame({"error": sold[:, self.error_column]}, self.sectors)
        uses, Z_imported = pd.Index(self.uses), None
        if self.imported is not None:
            imported = block[self.flows[self.imported]][self.sector_rows]
            Z_imported = imported[:, self.sector_columns]
            if self.estimated:
                used = imported[:, [self.use_columns[at] for at in self.uses_with_imports]]
                beyond_uses = Z_imported.sum(axis=1) + used.sum(axis=1)
                beyond_uses += final[:, self.uses.index("imports")]
                Z = Z - Z_imported
                final[:, self.uses_with_imports] -= used
                final, uses = final[:, self.uses_but_imports], uses[self.uses_but_imports]
                error = with_import_split(error, beyond_uses, x, self.sectors)
        va, other = None, None
        if self.value_added_row is not None:
            totals = block[self.flows["total"]]
            va = totals[self.value_added_row, self.sector_columns]
            paid = totals[np.ix_(self.other_rows, self.sector_columns)]
            other = self._other_inputs(paid, x, Z, Z_imported, va)
        return InputOutputTable(
            Z,
            x,
            va=va,
            final=pd.DataFrame(final, self.sectors, uses),
            Z_imported=Z_imported,
            error=error,
            other_inputs=other,
            sectors=self.sectors,
            unit=unit,
        )

    def _other_inputs(
        self,
        paid: np.ndarray,
        x: np.ndarray,
        Z: np.ndarray,
        Z_imported: np.ndarray | None,
        va: np.ndarray,
    ) -> pd.DataFrame | None:
        """Return what sectors pay besides, with the gaps that the publisher leaves."""
        gap = x - Z.sum(axis=0) - va - paid.sum(axis=0)
        if Z_imported is not None:
            gap -= Z_imported.sum(axis=0)
        # A gap below TOLERANCE is rounding; above PUBLISHED_GAP it is an error of the table,
        # which InputOutputTable refuses.
        published = (np.abs(gap) > TOLERANCE * x) & (np.abs(gap) <= PUBLISHED_GAP * x.sum())
        names = self.others
        if published.any():
            paid, names = np.vstack([paid, np.where(published, gap, 0)]), [*names, "unexplained"]
        return pd.DataFrame(paid, names, self.sectors) if names else None


def _positions(names: list[Any], has_cells: np.ndarray) -> dict[Any, int]:
    return {name: at for at, name in enumerate(names) if has_cells[at]}
