"""Input–output tables: checked when they are made, solved for what is asked.

Notation as in Miller and Blair, *Input–Output Analysis* (2nd ed., Cambridge University Press,
2009): flows *Z*, output *x*, final use *f*, input coefficients *A*, Leontief inverse *L*,
allocation coefficients *B*, Ghosh inverse *G*. A row sells, a column buys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from convergence.tables import TableError, package

# What may be missing in a row or column: rounding. The Eurostat manual's table of Germany 1995
# prints an output of industry of 1,079,400 in the row and of 1,079,446 in the column.
TOLERANCE = 1e-4
# Of an industry that makes next to nothing, rounding is much: so much of all output is none.
NEGLIGIBLE = 1e-8
# WIOD's columns miss up to so much of an economy's output (Malta 2002: 0.08 %); Romania's of 2014
# misses ten times as much, and is refused.
PUBLISHED_GAP = 1e-3

Labelled = Any  # an array, or a Series or DataFrame whose labels are the sectors


class BalanceError(TableError):
    """A row or column of an input–output table does not add up."""


class InputOutputTable:
    r"""One input–output table: who buys each sector's product, and what it is made of.

    The table is closed by rows and by columns, which is checked when it is made:

    .. math:: x_i = \sum_j z_{ij} + f_i + e_i \qquad
              x_j = \sum_i z_{ij} + \sum_i m_{ij} + v_j + o_j

    Two kinds of table come in this form. Where home-made and imported products are parted, `Z` and
    `final` hold home-made ones and `Z_imported` the imported inputs *beside* them, so that *L*
    follows production at home. Where they are not, `Z` holds both and `final` a negative column
    ``imports``: a competitive table (竞争型), as NBS prints its coefficients from. `competitive`
    leads from the first kind to the second, `split_imports`, by an assumption, back.

    A sector without output has coefficients of zero; if it buys or sells something, that is an
    error. Negative cells stand as published: inventories fall, a surplus may be a loss. Shares in
    a sum of cells of both signs may then lie outside 0 to 1. The residual *e* is kept apart and
    never spread, so that what final use explains, *L f*, falls short of *x* by *L e*.

    What such a table cannot show: services that a manufacturer makes for itself, which cross no
    market; firms, of which one may make and serve; and prices, for its flows are values.

    Parameters
    ----------
    Z
        Intermediate flows :math:`z_{ij}` from row sector to column sector, square.
    x
        Output by sector, not negative.
    va
        Value added :math:`v_j` by sector.
    final
        Final use :math:`f_i`: one column, or a DataFrame with a column for each use
        (``consumption``, ``exports``, …).
    Z_imported
        Imported inputs :math:`m_{ij}`, by product and buyer, where the publisher parts them.
    error
        The publisher's residual :math:`e_i`, where a row leaves one: one column, or a DataFrame
        with a column for each kind.
    other_inputs
        What sectors pay besides (:math:`o_j`): net taxes on products, margins, imports that are
        not parted by product. One row, or a DataFrame with a row for each kind.
    sectors
        Labels; by default those of the first part that has any, or else 1, 2, ….
    unit
        Unit of all figures, for messages.

    Raises
    ------
    BalanceError
        If a row or column does not add up to output, within 0.01 % of it: with sector and size.
        Rows are checked if `final` is given, columns if `va` is.
    TableError
        If a part has another shape or other sectors, or a cell is missing.

    Notes
    -----
    Units: flows, output, value added, final use and residual are all in `unit`; coefficients and
    inverses are per unit of output.

    Examples
    --------
    Two sectors (Miller and Blair 2009, tables 2.3 and 2.4):

    >>> table = InputOutputTable(
    ...     [[150, 500], [200, 100]], [1000, 2000], final=[350, 1700], va=[650, 1400],
    ...     sectors=["farms", "factories"],
    ... )
    >>> table.L.round(4)
                farms  factories
    farms      1.2541     0.3300
    factories  0.2640     1.1221
    """

    def __init__(
        self,
        Z: Labelled,
        x: Labelled,
        *,
        va: Labelled | None = None,
        final: Labelled | None = None,
        Z_imported: Labelled | None = None,
        error: Labelled | None = None,
        other_inputs: Labelled | None = None,
        sectors: Sequence[Any] | None = None,
        unit: str | None = None,
    ) -> None:
        self.sectors = _labels(sectors, Z, x, va, final)
        self.unit = unit
        self._Z = self._matrix("Z", Z)
        self._x = self._vector("x", x)
        self._va = None if va is None else self._vector("va", va)
        self._final, self._uses = self._columns("final", final)
        self._imported = None if Z_imported is None else self._matrix("Z_imported", Z_imported)
        self._error, self._errors = self._columns("error", error)
        if isinstance(other_inputs, pd.DataFrame):
            other_inputs = other_inputs.T
        self._other, self._others = self._columns("other_inputs", other_inputs)
        self._check()

    def __repr__(self) -> str:
        parts = {
            "value added": self._va,
            "final use": self._final,
            "imports apart": self._imported,
            "residual": self._error,
            "other inputs": self._other,
        }
        with_ = ", ".join(name for name, part in parts.items() if part is not None)
        return (
            f"<InputOutputTable: {len(self.sectors)} sectors, output {self._amount(self._x.sum())}"
            f"{'; ' + with_ if with_ else ''}>"
        )

    @property
    def Z(self) -> pd.DataFrame:
        """Intermediate flows, from row to column."""
        return self._square(self._Z)

    @property
    def x(self) -> pd.Series:
        """Output by sector."""
        return self._by_sector(self._x)

    @property
    def va(self) -> pd.Series | None:
        """Value added by sector."""
        return None if self._va is None else self._by_sector(self._va)

    @property
    def final(self) -> pd.DataFrame | None:
        """Final use by sector, a column for each use."""
        return self._framed(self._final, self._uses)

    @property
    def Z_imported(self) -> pd.DataFrame | None:
        """Imported inputs, from product to buyer."""
        return None if self._imported is None else self._square(self._imported)

    @property
    def error(self) -> pd.DataFrame | None:
        """The residual of each row, a column for each kind."""
        return self._framed(self._error, self._errors)

    @property
    def other_inputs(self) -> pd.DataFrame | None:
        """What sectors pay besides inputs and value added, a row for each kind."""
        return None if self._other is None else self._framed(self._other, self._others).T

    def _square(self, array: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(array, self.sectors, self.sectors)

    def _by_sector(self, array: np.ndarray) -> pd.Series:
        return pd.Series(array, self.sectors)

    def _framed(self, array: np.ndarray | None, columns: pd.Index | None) -> pd.DataFrame | None:
        return None if array is None else pd.DataFrame(array, self.sectors, columns)

    def _matrix(self, name: str, value: Labelled) -> np.ndarray:
        if isinstance(value, pd.DataFrame):
            value = self._aligned(name, self._aligned(name, value).T).T
        n = len(self.sectors)
        array = _floats(name, value, (n, n))
        if np.isnan(array).any():
            i, j = np.argwhere(np.isnan(array))[0]
            where = f"from {self.sectors[i]} to {self.sectors[j]}"
            raise TableError(f"{name} has no value {where}; write 0 where nothing flows")
        return array

    def _vector(self, name: str, value: Labelled) -> np.ndarray:
        if isinstance(value, Mapping):
            value = pd.Series(value)
        if isinstance(value, pd.Series):
            value = self._aligned(name, value)
        array = _floats(name, value, (len(self.sectors),))
        if np.isnan(array).any():
            raise TableError(f"{name} has no value for {self.sectors[np.isnan(array)][0]}")
        return array

    def _columns(
        self, name: str, value: Labelled | None
    ) -> tuple[np.ndarray | None, pd.Index | None]:
        if value is None:
            return None, None
        if not isinstance(value, pd.DataFrame):
            return self._vector(name, value)[:, None], pd.Index([name])
        value = self._aligned(name, value)
        array = _floats(name, value, (len(self.sectors), value.shape[1]))
        if np.isnan(array).any():
            i, j = np.argwhere(np.isnan(array))[0]
            raise TableError(f"{name} has no {value.columns[j]} of {self.sectors[i]}")
        return array, value.columns

    def _aligned(self, name: str, value: pd.Series | pd.DataFrame) -> pd.Series | pd.DataFrame:
        if value.index is self.sectors or value.index.equals(self.sectors):
            return value
        if value.index.has_duplicates:
            twice = value.index[value.index.duplicated()][0]
            raise TableError(f"{name} has {twice} more than once")
        for these, those, verb in [
            (self.sectors, value.index, "lacks"),
            (value.index, self.sectors, "has"),
        ]:
            if len(odd := these.difference(those, sort=False)):
                raise TableError(f"{name} {verb} {_list(odd)}; the sectors are those of the table")
        return value.loc[self.sectors]

    def _check(self) -> None:
        if (self._x < 0).any():
            worst = self._x.argmin()
            output = self._amount(self._x[worst])
            raise BalanceError(f"the output of {self.sectors[worst]} is negative: {output}")
        bought = self._Z.sum(axis=0)
        if self._imported is not None:
            bought = bought + self._imported.sum(axis=0)
        if (idle := (self._x == 0) & (np.abs(bought) > self._tolerance)).any():
            one = idle.argmax()
            raise BalanceError(
                f"{self.sectors[one]} has no output, but buys inputs of {self._amount(bought[one])}"
            )
        if self._final is not None:
            gap = self._x - self._Z.sum(axis=1) - self._final.sum(axis=1)
            if self._error is not None:
                gap -= self._error.sum(axis=1)
            self._require_balance(
                gap, "row", "sales", "a residual that the publisher shows belongs in error="
            )
        if self._va is not None:
            gap = self._x - bought - self._va
            if self._other is not None:
                gap -= self._other.sum(axis=1)
            self._require_balance(
                gap,
                "column",
                "inputs and value added",
                "imports belong in Z_imported=, taxes on products in other_inputs=",
            )

    @property
    def _tolerance(self) -> np.ndarray:
        return TOLERANCE * self._x + NEGLIGIBLE * self._x.sum()

    def _require_balance(self, gap: np.ndarray, line: str, parts: str, hint: str) -> None:
        excess = np.abs(gap) / self._tolerance
        if not (excess > 1).any():
            return
        worst = excess.argmax()
        output, missing = self._x[worst], gap[worst]
        share = f", {abs(missing) / output:.2%} of it" if output else ""
        more = self.sectors[(excess > 1) & (np.arange(len(gap)) != worst)]
        raise BalanceError(
            f"the {line} of {self.sectors[worst]} does not balance: its {parts} are "
            f"{self._amount(abs(missing))} {'short of' if missing > 0 else 'more than'} "
            f"its output of {self._amount(output)}{share}; {hint}"
            f"{f'. Nor do those of {_list(more)}' if len(more) else ''}"
        )

    def _amount(self, value: float) -> str:
        return f"{value:,.6g}{f' {self.unit}' if self.unit else ''}"

    def _given(self, part: np.ndarray | None, name: str, what: str) -> np.ndarray:
        if part is None:
            raise TableError(f"{what} needs {name}, which this table was made without")
        return part

    @cached_property
    def A(self) -> pd.DataFrame:
        r"""Input coefficients (直接消耗系数): inputs of *i* per unit of output of *j*.

        .. math:: a_{ij} = \frac{z_{ij}}{x_j}

        Of home-made inputs only, where the table parts them from imported ones: see `competitive`.
        """
        return self._square(coefficients(self._Z, self._x))

    @cached_property
    def A_imported(self) -> pd.DataFrame:
        r"""Coefficients of imported inputs.

        .. math:: a^m_{ij} = \frac{m_{ij}}{x_j}
        """
        imported = self._given(self._imported, "Z_imported", "A_imported")
        return self._square(coefficients(imported, self._x))

    @cached_property
    def L(self) -> pd.DataFrame:
        r"""Leontief inverse: output of *i* for a unit of final use of *j*, all rounds counted.

        .. math:: L = (I - A)^{-1} = I + A + A^2 + \dots

        To solve for one final use, `output_for` is faster and more exact.
        """
        return self._square(solve(self.A.to_numpy(), np.eye(len(self.sectors))))

    @property
    def complete(self) -> pd.DataFrame:
        r"""Complete input coefficients (完全消耗系数), as NBS publishes them.

        .. math:: C = L - I

        NBS's own coefficients are of the `competitive` table. They grow with the number of
        sectors: compare years at one number only.
        """
        return self.L - np.eye(len(self.sectors))

    @cached_property
    def B(self) -> pd.DataFrame:
        r"""Allocation coefficients: the share of *i*'s output that goes to *j*.

        .. math:: b_{ij} = \frac{z_{ij}}{x_i}
        """
        return self._square(coefficients(self._Z.T, self._x).T)

    @cached_property
    def G(self) -> pd.DataFrame:
        r"""Ghosh inverse: output of *j* that the sales of a unit of *i*'s primary inputs reach.

        .. math:: G = (I - B)^{-1}

        A description of forward linkages; that more supply makes more demand it does not show.
        """
        return self._square(solve(self.B.to_numpy(), np.eye(len(self.sectors))))

    def output_for(self, final: Labelled) -> pd.Series:
        r"""Output that a final use needs, directly and indirectly.

        .. math:: x = L f, \quad\text{solved from}\quad (I - A)\,x = f

        Parameters
        ----------
        final
            Final use by sector, in the table's unit.

        Returns
        -------
        pandas.Series
            Output by sector, in the table's unit.

        Examples
        --------
        >>> table = InputOutputTable([[150, 500], [200, 100]], [1000, 2000])
        >>> table.output_for([600, 1500]).round(1).tolist()
        [1247.5, 1841.6]
        """
        return self._by_sector(solve(self.A.to_numpy(), self._vector("final", final)))

    def multipliers(self, of: Labelled | None = None) -> pd.Series:
        r"""What a unit of a sector's final use needs in the whole economy.

        .. math:: m_j = \sum_i q_i\, l_{ij} \qquad q_i = \frac{w_i}{x_i}

        Parameters
        ----------
        of
            A total by sector, *w*: value added, wages, jobs. Without it output itself,
            :math:`q_i = 1`: the output multiplier, or backward linkage.

        Returns
        -------
        pandas.Series
            By sector of final use: unit of `of` per unit of the table.

        Examples
        --------
        >>> table = InputOutputTable([[150, 500], [200, 100]], [1000, 2000], va=[650, 1400])
        >>> table.multipliers(table.va).round(6).tolist()
        [1.0, 1.0]
        """
        weights = np.ones(len(self.sectors))
        if of is not None:
            weights = _per_unit(self._vector("of", of), self._x)
        return self._by_sector(solve(self.A.to_numpy().T, weights))

    def power(self, *, matrix: str) -> pd.Series:
        r"""Power of dispersion (影响力系数): a sector's pull on all others, mean 1.

        .. math:: P_j = \frac{\sum_i l_{ij}}{\frac{1}{n} \sum_i \sum_j l_{ij}}

        Rasmussen (*Studies in Inter-sectoral Relations*, 1956) takes the inverse *L*; Chinese
        papers often the complete coefficients *L* − *I* in its place, which widens the range
        (Germany 1995, six sectors: 0.83–1.11 becomes 0.58–1.28). The mean is over sectors however
        small, so that the value hangs on how finely the table is cut.

        Parameters
        ----------
        matrix
            ``"L"`` or ``"complete"``: they give different answers, so it has to be named.

        Returns
        -------
        pandas.Series
            By sector; 1 is the mean of all sectors.

        Raises
        ------
        TableError
            If there is no such matrix.

        Examples
        --------
        >>> table = InputOutputTable([[150, 500], [200, 100]], [1000, 2000])
        >>> table.power(matrix="L").round(3).tolist()
        [1.022, 0.978]
        >>> table.power(matrix="complete").round(3).tolist()
        [1.068, 0.932]
        """
        _one_of(matrix, ("L", "complete"))
        return _over_mean(self.multipliers() - (matrix == "complete"))

    def sensitivity(self, *, matrix: str) -> pd.Series:
        r"""Sensitivity of dispersion (感应度系数): how all others pull on a sector, mean 1.

        .. math:: S_i = \frac{\sum_j l_{ij}}{\frac{1}{n} \sum_i \sum_j l_{ij}}

        :math:`l_{ij}` is a cell of the matrix that is named. Row sums of *L* answer to a unit of
        final use of every sector, however small: an unlikely economy. Row sums of the Ghosh
        inverse *G* do not.

        Parameters
        ----------
        matrix
            ``"L"``, ``"complete"`` (*L* − *I*) or ``"G"``: they give different answers, so it has
            to be named.

        Returns
        -------
        pandas.Series
            By sector; 1 is the mean of all sectors.

        Raises
        ------
        TableError
            If there is no such matrix.

        Examples
        --------
        >>> table = InputOutputTable([[150, 500], [200, 100]], [1000, 2000])
        >>> [table.sensitivity(matrix=m).round(3).tolist() for m in ("L", "complete", "G")]
        [[1.067, 0.933], [1.204, 0.796], [1.208, 0.792]]
        """
        _one_of(matrix, ("L", "complete", "G"))
        linked = (self.B if matrix == "G" else self.A).to_numpy()
        sums = solve(linked, np.ones(len(self.sectors)))
        return _over_mean(self._by_sector(sums - (matrix == "complete")))

    def value_added_in(
        self, *, final_of: Sequence[Any] | None = None, use: str | Sequence[str] | None = None
    ) -> pd.Series:
        r"""Value added of each sector that is contained in a final use.

        .. math:: c_i = v_i\, \frac{y_i}{x_i} \qquad (I - A)\, y = f

        With ``use="exports"`` it is the home value added in exports, with `final_of` manufacturing
        the value chains that end in manufactured goods. Summed over all final use it is value
        added itself, up to the residual's part.

        In a competitive table imports count as if made at home: part them first.

        Parameters
        ----------
        final_of
            The sectors whose product is used; all, if left out.
        use
            Name or names of columns of `final`; all, if left out.

        Returns
        -------
        pandas.Series
            By sector in which value is added, in the table's unit.

        Raises
        ------
        TableError
            If the table lacks value added or final use, if it does not part imports, or if a
            sector or use is unknown.

        Examples
        --------
        >>> table = InputOutputTable(
        ...     [[150, 500], [200, 100]], [1000, 2000], final=[350, 1700], va=[650, 1400],
        ...     sectors=["farms", "factories"],
        ... )
        >>> table.value_added_in(final_of=["factories"]).round(1).to_dict()
        {'farms': 364.7, 'factories': 1335.3}
        """
        va = self._given(self._va, "va", "value_added_in")
        return _per_unit(va, self._x) * self._output_in(final_of, use)

    def value_added_by_round(
        self,
        rounds: int,
        *,
        final_of: Sequence[Any] | None = None,
        use: str | Sequence[str] | None = None,
    ) -> pd.DataFrame:
        r"""Divide the value added contained in a final use into rounds of purchases.

        .. math:: c^{(k)}_i = v_i\, (A^k f)_i \qquad \sum_{k=0}^{\infty} c^{(k)} = c

        Round 0 is the value added by the makers of the final products, round 1 that of what they
        buy, round 2 that of what their suppliers buy. The rounds are bookkeeping inside one year,
        not stages in time. The sum is what `value_added_in` returns.

        Parameters
        ----------
        rounds
            How many rounds of purchases follow round 0.
        final_of, use
            As in `value_added_in`.

        Returns
        -------
        pandas.DataFrame
            A row for each sector in which value is added, a column for each round from 0 to
            `rounds`, in the table's unit.

        Raises
        ------
        TableError
            As `value_added_in`.

        Examples
        --------
        >>> table = InputOutputTable(
        ...     [[150, 500], [200, 100]], [1000, 2000], final=[350, 1700], va=[650, 1400],
        ...     sectors=["farms", "factories"],
        ... )
        >>> by_round = table.value_added_by_round(2, final_of=["factories"])
        >>> by_round.loc["farms"].tolist()
        [0.0, 276.25, 55.25]
        """
        va = self._given(self._va, "va", "value_added_by_round")
        demand = self._final_of(final_of, use)
        found = {0: demand}
        for number in range(1, rounds + 1):
            found[number] = self.A @ found[number - 1]
        return pd.DataFrame(found).mul(_per_unit(va, self._x), axis=0)

    def imports_in(
        self, *, final_of: Sequence[Any] | None = None, use: str | Sequence[str] | None = None
    ) -> pd.Series:
        r"""Imported inputs that are contained in a final use, by product.

        .. math:: c^m_i = \sum_j a^m_{ij}\, y_j \qquad (I - A)\, y = f

        In exports it is what Hummels, Ishii and Yi (*Journal of International Economics* 54, 2001)
        call vertical specialisation. Value added at home that comes back in imports counts as
        foreign: one country's table cannot tell.

        Parameters
        ----------
        final_of, use
            As in `value_added_in`.

        Returns
        -------
        pandas.Series
            By imported product, in the table's unit.

        Raises
        ------
        TableError
            If the table lacks imported flows or final use, or if a sector or use is unknown.

        Examples
        --------
        >>> table = InputOutputTable(
        ...     [[2, 1], [1, 3]], [10, 10], va=[6, 5], Z_imported=[[1, 0], [0, 1]],
        ...     final=pd.DataFrame({"home": [5, 4], "exports": [2, 2]}),
        ... )
        >>> exports = table.final.exports.sum()
        >>> float(table.imports_in(use="exports").sum() / exports).__round__(3)
        0.155
        """
        self._given(self._imported, "Z_imported", "imports_in")
        return self.A_imported @ self._output_in(final_of, use)

    def _output_in(
        self, final_of: Sequence[Any] | None, use: str | Sequence[str] | None
    ) -> pd.Series:
        return self.output_for(self._final_of(final_of, use))

    def _final_of(
        self, final_of: Sequence[Any] | None, use: str | Sequence[str] | None
    ) -> pd.Series:
        self._given(self._final, "final", "the content of final use")
        if self.deducts_imports:
            raise TableError(
                "final use has a column of imports to deduct, so that home-made and imported "
                "products are one; part them with split_imports()"
            )
        final = self.final
        if use is not None:
            uses = [use] if isinstance(use, str) else list(use)
            if odd := [one for one in uses if one not in final]:
                raise TableError(f"no final use {_list(odd)}; there are {_list(final.columns)}")
            final = final[uses]
        chosen = final.sum(axis=1)
        if final_of is not None:
            if isinstance(final_of, str):
                raise TableError(f"final_of takes a list of sectors, not the string {final_of!r}")
            if odd := [one for one in final_of if one not in self.sectors]:
                raise TableError(f"no sector {_list(odd)} in the table")
            chosen = chosen.where(self.sectors.isin(list(final_of)), 0.0)
        return chosen

    @property
    def deducts_imports(self) -> bool:
        """Whether home-made and imported products are one: `final` has a column ``imports``."""
        return self._final is not None and "imports" in self._uses

    @property
    def residual(self) -> pd.DataFrame:
        r"""The residual of each row, by kind, and its share of output.

        .. math:: s_i = \frac{e_i}{x_i}

        It stands beside the table and enters no coefficient: what a row leaves open, nobody knows.
        """
        kinds = pd.DataFrame(index=self.sectors) if self._error is None else self.error
        return kinds.assign(share=_per_unit(kinds.to_numpy(float).sum(axis=1), self._x))

    def competitive(self) -> InputOutputTable:
        r"""Count imported inputs as if they were made at home.

        .. math:: z^c_{ij} = z_{ij} + m_{ij} \qquad f^c_i = f_i - \sum_j m_{ij}

        NBS's published coefficients, and so its complete ones, are of this kind.

        Returns
        -------
        InputOutputTable
            Without `Z_imported`; its final use has a column ``imports`` to deduct.

        Raises
        ------
        TableError
            If the table has no imported flows.

        Examples
        --------
        >>> table = InputOutputTable(
        ...     [[2, 1], [1, 3]], [10, 10], final=[7, 6], Z_imported=[[1, 0], [0, 1]]
        ... )
        >>> table.competitive().A.to_numpy().tolist()
        [[0.3, 0.1], [0.1, 0.4]]
        """
        imported = self._given(self._imported, "Z_imported", "competitive")
        final = self.final
        if final is not None:
            final = final.assign(imports=-imported.sum(axis=1))
        return InputOutputTable(
            self.Z + imported,
            self._x,
            va=self.va,
            final=final,
            error=self.error,
            other_inputs=self.other_inputs,
            unit=self.unit,
        )

    def split_imports(self) -> InputOutputTable:
        r"""Part home-made from imported products, in proportion to each product's uses at home.

        .. math:: s_i = \min\left(1, \frac{m_i}{\sum_j z_{ij} + h_i}\right) \qquad
                  m_{ij} = s_i z_{ij}

        :math:`m_i` are the imports of product *i*, :math:`h_i` its final uses at home; exports are
        taken as home-made. Where imports exceed all uses at home, goods are sent on: the excess
        stands in the residual, as ``import_split``.

        The assumption is strong: an export-processing plant imports more than its neighbour, a
        bank less than a factory. In China's tables of 2017–2020, which part imports, it errs by
        less than 1.5 % in services' share of the value in manufactures, by 5 to 7 % in
        manufacturing's share of that in services, and by several times in the imported inputs of
        services themselves, which therefore cannot be shown.

        Returns
        -------
        InputOutputTable
            With `Z_imported`; final uses are of home-made products.

        Raises
        ------
        TableError
            If final use has no column ``imports``.

        Examples
        --------
        >>> table = InputOutputTable(
        ...     [[2, 1], [1, 3]], [10, 10],
        ...     final=pd.DataFrame({"home": [7, 6], "exports": [2, 2], "imports": [-2, -2]}),
        ... )
        >>> table.split_imports().Z_imported.round(2).to_numpy().tolist()
        [[0.4, 0.2], [0.2, 0.6]]
        """
        if not self.deducts_imports:
            raise TableError("split_imports needs a column imports (negative) in final use")
        final = self.final.drop(columns="imports")
        imports = -self.final["imports"].to_numpy()
        home = final.columns.drop("exports", errors="ignore")
        uses = self._Z.sum(axis=1) + final[home].to_numpy().sum(axis=1)
        share = np.clip(_per_unit(imports, uses), 0, 1)
        final[home] = final[home].mul(1 - share, axis=0)
        imported = self._Z * share[:, None]
        return InputOutputTable(
            self.Z - imported,
            self._x,
            va=self._va,
            final=final,
            Z_imported=imported,
            error=_with_split(self.error, share * uses - imports, self._x, self.sectors),
            other_inputs=self.other_inputs,
            unit=self.unit,
        )

    def aggregate(self, concordance: Mapping[Any, Any]) -> InputOutputTable:
        r"""Add sectors up to fewer.

        .. math:: Z' = S Z S^{\mathsf{T}} \qquad x' = S x

        :math:`s_{gi}` is 1 where sector *i* belongs to group *g*. Direct coefficients of the groups
        are those of the sectors, weighted by output; complete ones are not: adding up changes them.

        Parameters
        ----------
        concordance
            The group of each sector; groups come in the order in which they are first named.

        Returns
        -------
        InputOutputTable
            With the groups as its sectors.

        Raises
        ------
        TableError
            If a sector has no group, or a group is given for a sector that is not there.

        Examples
        --------
        >>> table = InputOutputTable([[2, 1, 0], [1, 3, 1], [0, 1, 1]], [10, 10, 5])
        >>> table.aggregate({1: "goods", 2: "goods", 3: "services"}).Z.to_numpy().tolist()
        [[7.0, 1.0], [1.0, 1.0]]
        """
        groups = self._aligned("the concordance", pd.Series(dict(concordance), dtype=object))
        if groups.isna().any():
            raise TableError(f"the concordance has no group for {groups.index[groups.isna()][0]}")
        names = pd.Index(dict.fromkeys(dict(concordance).values()))
        adds = pd.DataFrame(
            (names.to_numpy()[:, None] == groups.to_numpy()).astype(float), names, self.sectors
        )

        def rows(part: pd.DataFrame | pd.Series | None) -> Any:
            return None if part is None else adds @ part

        def columns(part: pd.DataFrame | None) -> Any:
            return None if part is None else part @ adds.T

        return InputOutputTable(
            columns(rows(self.Z)),
            rows(self.x),
            va=rows(self.va),
            final=rows(self.final),
            Z_imported=columns(rows(self.Z_imported)),
            error=rows(self.error),
            other_inputs=columns(self.other_inputs),
            unit=self.unit,
        )


def coefficients(Z: np.ndarray, x: np.ndarray) -> np.ndarray:
    r"""Input coefficients of one table, or of many in one array.

    .. math:: a_{ij} = \frac{z_{ij}}{x_j}

    Parameters
    ----------
    Z
        Flows, shape (…, rows, n).
    x
        Output, shape (…, n).

    Returns
    -------
    numpy.ndarray
        Shape of `Z`; zero where output is zero.

    Examples
    --------
    >>> coefficients(np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([4.0, 0.0])).tolist()
    [[0.25, 0.0], [0.5, 0.0]]
    """
    return _per_unit(Z, x[..., None, :])


def solve(A: np.ndarray, f: np.ndarray) -> np.ndarray:
    r"""Solve the Leontief system of one table, or of many in one array.

    .. math:: (I - A)\, x = f

    Parameters
    ----------
    A
        Coefficients, shape (…, n, n).
    f
        Right-hand sides, shape (n,) or (…, n, k).

    Returns
    -------
    numpy.ndarray
        Shape of `f`.

    Raises
    ------
    TableError
        If a system has no solution: its sectors use up more than they make.

    Examples
    --------
    >>> solve(np.array([[0.5]]), np.array([1.0])).tolist()
    [2.0]
    """
    try:
        return np.linalg.solve(np.eye(A.shape[-1]) - A, f)
    except np.linalg.LinAlgError:
        raise TableError(
            "the table cannot be solved: some sectors use up all that they make"
        ) from None


class Stack(NamedTuple):
    """Tables of the same sectors in arrays, whose first axis is the table."""

    sectors: pd.Index
    positions: list[int]  # of the tables, among those that were given
    Z: np.ndarray  # (table, n, n)
    x: np.ndarray  # (table, n)
    Z_imported: np.ndarray | None
    va: np.ndarray | None
    final: np.ndarray | None  # (table, n): all uses together, of products made at home


def stacks(tables: Sequence[InputOutputTable]) -> list[Stack]:
    """Put tables into arrays, so that numpy solves many at once.

    Parameters
    ----------
    tables
        Any tables.

    Returns
    -------
    list of Stack
        One for each kind of table: with the same sectors, and alike in what they hold. `va` and
        `final` are there only where the value added in final use can be told: both are known,
        and imports are parted.

    Examples
    --------
    >>> one = InputOutputTable([[1.0]], [2.0])
    >>> [(stack.positions, stack.Z.shape) for stack in stacks([one, one])]
    [([0, 1], (2, 1, 1))]
    """
    alike: dict[tuple[Any, ...], list[int]] = {}
    labels: dict[int, tuple[Any, ...]] = {}  # tables that are read together share one index
    for position, table in enumerate(tables):
        known = table._va is not None and table._final is not None and not table.deducts_imports
        if (which := id(table.sectors)) not in labels:
            labels[which] = tuple(table.sectors)
        kind = (labels[which], table._imported is not None, known)
        alike.setdefault(kind, []).append(position)
    made = []
    for (_, parted, known), positions in alike.items():
        held = [tables[position] for position in positions]
        made.append(
            Stack(
                held[0].sectors,
                positions,
                np.stack([table._Z for table in held]),
                np.stack([table._x for table in held]),
                np.stack([table._imported for table in held]) if parted else None,
                np.stack([table._va for table in held]) if known else None,
                np.stack([table._final.sum(axis=1) for table in held]) if known else None,
            )
        )
    return made


def read(rows: pd.DataFrame) -> pd.Series:
    """Make the tables that are stored as rows, one cell a row.

    Parameters
    ----------
    rows
        ``row``, ``column``, ``value``, one or more columns that tell tables apart (``year``;
        ``country`` and ``year``), and, where products are parted, ``flow``: ``total``,
        ``domestic``, ``imported`` or ``imported_proportional``. As `tables.load` gives
        ``io_china``, ``io_wiod`` and ``io_oecd_china``.

    Returns
    -------
    pandas.Series
        Of `InputOutputTable`, by year or by country and year; sectors in the order of the rows.
        Where the publisher parts imports, or the rows hold the estimate of
        ``imported_proportional``, so does the table. Its residual then has two kinds: ``error``,
        the publisher's, and ``import_split``, imports beyond all uses at home (goods sent on).
        What columns of the publisher miss stands in `other_inputs` as ``unexplained``.

    Raises
    ------
    BalanceError
        As `InputOutputTable`.
    TableError
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
        raise TableError(f"rows of input–output tables lack the column {_list(lacking)}")
    keys = [name for name in rows if name not in ("flow", "row", "column", "value", "source")]
    if not keys:
        raise TableError("no column tells the tables apart, such as year or country")
    flow = rows["flow"] if "flow" in rows else pd.Series("total", rows.index)
    table = rows.groupby(keys, sort=False).ngroup().to_numpy()
    index = pd.MultiIndex.from_frame(rows[keys].drop_duplicates())
    axes = [pd.factorize(part) for part in (flow, rows["row"], rows["column"])]
    cube = np.full((len(index), *(len(labels) for _, labels in axes)), np.nan)
    cube[(table, *(codes for codes, _ in axes))] = rows["value"]
    flows, lines, columns = (list(labels) for _, labels in axes)
    there = ~np.isnan(cube)
    if there.sum() < len(rows):
        raise TableError(f"{len(rows) - there.sum()} cells are there twice or have no value")
    unit = _unit(rows)
    layouts: dict[bytes, _Layout] = {}
    made = []
    for key, cells, present in zip(index, cube, there, strict=True):
        held = (present.any(axis=2), present.any(axis=1))
        pattern = held[0].tobytes() + held[1].tobytes()
        try:
            if pattern not in layouts:
                layouts[pattern] = _Layout(flows, lines, columns, *held)
            made.append(layouts[pattern].table(cells, unit))
        except TableError as error:
            raise type(error)(f"{' '.join(map(str, key))}: {error}") from None
    return pd.Series(made, index if len(keys) > 1 else index.get_level_values(0), dtype=object)


PARTS_OF_VALUE_ADDED = ("compensation", "production_taxes", "depreciation", "operating_surplus")


class _Layout:
    """Where the parts of a table stand among the cells of `read`; one for all tables alike."""

    def __init__(
        self,
        flows: list[Any],
        lines: list[Any],
        columns: list[Any],
        held: np.ndarray,
        filled: np.ndarray,
    ) -> None:
        rows = {name: _present(lines, held[at]) for at, name in enumerate(flows)}
        cols = {name: _present(columns, filled[at]) for at, name in enumerate(flows)}
        self.flow = {name: at for at, name in enumerate(flows) if rows[name]}
        self.sold = "domestic" if "domestic" in self.flow else "total"
        if "output" not in cols.get(self.sold, {}):
            raise TableError("there is no column output of the flow domestic or total")
        of_sold, by_sold = rows[self.sold], cols[self.sold]
        self.sectors = pd.Index([name for name in of_sold if name in by_sold and name != "output"])
        self.r = [of_sold[name] for name in self.sectors]
        self.c = [by_sold[name] for name in self.sectors]
        self.uses = [n for n in by_sold if n not in {*self.sectors, "output", "error"}]
        self.u = [by_sold[name] for name in self.uses]
        self.output = by_sold["output"]
        self.error = by_sold.get("error")
        self.imported = next((name for name in self.flow if name.startswith("imported")), None)
        imported_uses = cols[self.imported] if self.imported else {}
        # Where the imported flows are an estimate, the other flow holds both kinds of product.
        self.estimated = self.imported is not None and self.sold == "total"
        if self.estimated and "imports" not in self.uses:
            raise TableError("there is no column imports to part from the flow total")
        self.home = [at for at, name in enumerate(self.uses) if name in imported_uses]
        self.made_at_home = [at for at, name in enumerate(self.uses) if name != "imports"]
        besides = {"value_added", "output", *PARTS_OF_VALUE_ADDED, *self.sectors}
        totals = rows.get("total", {})
        self.va = totals.get("value_added")
        self.others = [name for name in totals if name not in besides]
        self.o = [totals[name] for name in self.others]

    def table(self, cells: np.ndarray, unit: str | None) -> InputOutputTable:
        sold = cells[self.flow[self.sold]][self.r]
        Z, final, x = sold[:, self.c], sold[:, self.u], sold[:, self.output]
        error = None
        if self.error is not None:
            error = pd.DataFrame({"error": sold[:, self.error]}, self.sectors)
        Z_imported = None
        if self.imported:
            imported = cells[self.flow[self.imported]][self.r]
            Z_imported = imported[:, self.c]
            if self.estimated:
                used = imported[:, [self.u[at] for at in self.home]]
                excess = Z_imported.sum(axis=1) + used.sum(axis=1)
                excess += final[:, self.uses.index("imports")]
                Z = Z - Z_imported
                final[:, self.home] -= used
                error = _with_split(error, excess, x, self.sectors)
        kept = self.made_at_home if self.estimated else slice(None)
        uses = pd.Index(self.uses)[kept]
        va, other = None, None
        if self.va is not None:
            totals = cells[self.flow["total"]]
            va = totals[self.va, self.c]
            other = self._other(totals[np.ix_(self.o, self.c)], x, Z, Z_imported, va)
        return InputOutputTable(
            Z,
            x,
            va=va,
            final=pd.DataFrame(final[:, kept], self.sectors, uses),
            Z_imported=Z_imported,
            error=error,
            other_inputs=other,
            sectors=self.sectors,
            unit=unit,
        )

    def _other(
        self,
        other: np.ndarray,
        x: np.ndarray,
        Z: np.ndarray,
        Z_imported: np.ndarray | None,
        va: np.ndarray,
    ) -> pd.DataFrame | None:
        gap = x - Z.sum(axis=0) - va - other.sum(axis=0)
        if Z_imported is not None:
            gap -= Z_imported.sum(axis=0)
        # Less is rounding; more is no gap that publishers leave, but an error of the table.
        left = (np.abs(gap) > TOLERANCE * x) & (np.abs(gap) <= PUBLISHED_GAP * x.sum())
        names = self.others
        if left.any():
            other, names = np.vstack([other, np.where(left, gap, 0)]), [*names, "unexplained"]
        return pd.DataFrame(other, names, self.sectors) if names else None


def _present(labels: list[Any], held: np.ndarray) -> dict[str, int]:
    return {name: at for at, name in enumerate(labels) if held[at]}


def _with_split(
    error: pd.DataFrame | None, split: np.ndarray, x: np.ndarray, sectors: pd.Index
) -> pd.DataFrame | None:
    """Add what a split of imports leaves open to the residual, where it is more than rounding."""
    split = np.where(np.abs(split) > TOLERANCE * x, split, 0.0)
    if not split.any():
        return error
    kinds = pd.DataFrame(index=sectors) if error is None else error
    return kinds.assign(import_split=split)


def _unit(rows: pd.DataFrame) -> str | None:
    if name := rows.attrs.get("table"):
        return package.read().resource(name).fields["value"].get("unit")
    return None


def _labels(sectors: Sequence[Any] | None, *parts: Labelled) -> pd.Index:
    if sectors is not None:
        labels = sectors if isinstance(sectors, pd.Index) else pd.Index(sectors)
    else:
        labelled = (part.index for part in parts if isinstance(part, pd.Series | pd.DataFrame))
        labels = next(labelled, pd.RangeIndex(1, len(parts[0]) + 1))
    if labels.has_duplicates:
        raise TableError(f"the sector {labels[labels.duplicated()][0]} is there more than once")
    return labels


def _floats(name: str, value: Labelled, shape: tuple[int, ...]) -> np.ndarray:
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise TableError(f"{name} holds something that is no number: {error}") from None
    if array.shape != shape:
        raise TableError(
            f"{name} has the shape {' × '.join(map(str, array.shape))}, "
            f"expected {' × '.join(map(str, shape))}"
        )
    return array


def _per_unit(value: np.ndarray, x: np.ndarray) -> np.ndarray:
    return value / np.where(x == 0, np.inf, x)


def _over_mean(values: pd.Series) -> pd.Series:
    return values / values.mean()


def _one_of(matrix: str, known: tuple[str, ...]) -> None:
    if matrix not in known:
        raise TableError(f"no matrix {matrix!r} here; name one of {_list(known)}")


def _list(names: Any) -> str:
    names = [str(name) for name in names]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
