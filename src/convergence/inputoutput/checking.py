"""What the parts of an input–output table must be: of its sectors, complete, and in balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

Labelled = Any  # an array, or a Series or DataFrame whose labels are the sectors

# A gap in a row or column up to this share of its output is rounding. The Eurostat manual's table
# of Germany 1995 prints an output of industry of 1,079,400 in the row, 1,079,446 in the column.
TOLERANCE = 1e-4
# A gap up to this share of all output is rounding too: for an industry with almost no output,
# rounding is more than TOLERANCE of it.
NEGLIGIBLE = 1e-8


class BalanceError(ValueError):
    """A row or column of an input–output table does not add up."""


def labels(sectors: Sequence[Any] | None, *parts: Labelled) -> pd.Index:
    """Return the given sectors, or else the labels of the first part that has any, or 1, 2, …."""
    if sectors is not None:
        index = sectors if isinstance(sectors, pd.Index) else pd.Index(sectors)
    else:
        labelled = (part.index for part in parts if isinstance(part, pd.Series | pd.DataFrame))
        index = next(labelled, pd.RangeIndex(1, len(parts[0]) + 1))
    if index.has_duplicates:
        raise ValueError(f"the sector {index[index.duplicated()][0]} is there more than once")
    return index


def matrix(name: str, value: Labelled, sectors: pd.Index) -> np.ndarray:
    """Return flows between sectors as an array, rows and columns in the order of the sectors."""
    if isinstance(value, pd.DataFrame):
        value = aligned(name, aligned(name, value, sectors).T, sectors).T
    array = _floats(name, value, (len(sectors), len(sectors)))
    if np.isnan(array).any():
        row, column = np.argwhere(np.isnan(array))[0]
        where = f"from {sectors[row]} to {sectors[column]}"
        raise ValueError(f"{name} has no value {where}; write 0 where nothing flows")
    return array


def vector(name: str, value: Labelled, sectors: pd.Index) -> np.ndarray:
    """Return one value for each sector, in the order of the sectors."""
    if isinstance(value, Mapping):
        value = pd.Series(value)
    if isinstance(value, pd.Series):
        value = aligned(name, value, sectors)
    array = _floats(name, value, (len(sectors),))
    if np.isnan(array).any():
        raise ValueError(f"{name} has no value for {sectors[np.isnan(array)][0]}")
    return array


def columns(name: str, value: Labelled, sectors: pd.Index) -> tuple[np.ndarray, pd.Index]:
    """Return one or more values for each sector, shape (sectors, kinds), and the kinds' names."""
    if not isinstance(value, pd.DataFrame):
        return vector(name, value, sectors)[:, None], pd.Index([name])
    value = aligned(name, value, sectors)
    array = _floats(name, value, (len(sectors), value.shape[1]))
    if np.isnan(array).any():
        row, column = np.argwhere(np.isnan(array))[0]
        raise ValueError(f"{name} has no {value.columns[column]} of {sectors[row]}")
    return array, value.columns


def aligned(name: str, value: pd.Series | pd.DataFrame, sectors: pd.Index) -> Any:
    """Return the rows in the order of the sectors, all of them and no others."""
    if value.index is sectors or value.index.equals(sectors):
        return value
    if value.index.has_duplicates:
        twice = value.index[value.index.duplicated()][0]
        raise ValueError(f"{name} has {twice} more than once")
    for these, those, verb in [(sectors, value.index, "lacks"), (value.index, sectors, "has")]:
        if len(odd := these.difference(those, sort=False)):
            raise ValueError(f"{name} {verb} {listed(odd)}; the sectors are those of the table")
    return value.loc[sectors]


class Balance:
    """The output that rows and columns have to add up to, each within rounding."""

    def __init__(self, x: np.ndarray, sectors: pd.Index, unit: str | None) -> None:
        self.x = x
        self.sectors = sectors
        self.unit = unit
        self.tolerance = TOLERANCE * x + NEGLIGIBLE * x.sum()

    def require_output(self, bought: np.ndarray) -> None:
        """Refuse negative output, and inputs of a sector without output."""
        if (self.x < 0).any():
            worst = self.x.argmin()
            raise BalanceError(
                f"the output of {self.sectors[worst]} is negative: "
                f"{amount(self.x[worst], self.unit)}"
            )
        if (idle := (self.x == 0) & (np.abs(bought) > self.tolerance)).any():
            first = idle.argmax()
            raise BalanceError(
                f"{self.sectors[first]} has no output, but buys inputs of "
                f"{amount(bought[first], self.unit)}"
            )

    def require_rows(self, gap: np.ndarray) -> None:
        """Refuse rows whose sales differ from output by more than rounding."""
        hint = "a residual that the publisher shows belongs in error="
        self._require(gap, "row", "sales", hint)

    def require_columns(self, gap: np.ndarray) -> None:
        """Refuse columns whose inputs and value added differ from output by more than rounding."""
        hint = "imports belong in Z_imported=, taxes on products in other_inputs="
        self._require(gap, "column", "inputs and value added", hint)

    def _require(self, gap: np.ndarray, line: str, parts: str, hint: str) -> None:
        excess = np.abs(gap) / self.tolerance
        if not (excess > 1).any():
            return
        worst = excess.argmax()
        output, missing = self.x[worst], gap[worst]
        share = f", {abs(missing) / output:.2%} of it" if output else ""
        more = self.sectors[(excess > 1) & (np.arange(len(gap)) != worst)]
        raise BalanceError(
            f"the {line} of {self.sectors[worst]} does not balance: its {parts} are "
            f"{amount(abs(missing), self.unit)} {'short of' if missing > 0 else 'more than'} "
            f"its output of {amount(output, self.unit)}{share}; {hint}"
            f"{f'. Nor do those of {listed(more)}' if len(more) else ''}"
        )


def amount(value: float, unit: str | None) -> str:
    """Write an amount with its unit, to six digits."""
    return f"{value:,.6g}{f' {unit}' if unit else ''}"


def listed(names: Any) -> str:
    """Write the first five names, and how many more there are."""
    names = [str(name) for name in names]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _floats(name: str, value: Labelled, shape: tuple[int, ...]) -> np.ndarray:
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} holds something that is no number: {error}") from None
    if array.shape != shape:
        raise ValueError(
            f"{name} has the shape {' × '.join(map(str, array.shape))}, "
            f"expected {' × '.join(map(str, shape))}"
        )
    return array
