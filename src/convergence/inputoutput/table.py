"""One input–output table: checked when it is made, solved for what is asked.

Notation as in `convergence.inputoutput.solving`, which has the algebra.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from convergence.inputoutput import checking, solving
from convergence.inputoutput.checking import TOLERANCE, Labelled, amount, listed


class InputOutputTable:
    r"""One input–output table: who buys each sector's product, and what it is made of.

    The table is closed by rows and by columns, which is checked when it is made:

    .. math:: x_i = \sum_j z_{ij} + f_i + e_i \qquad
              x_j = \sum_i z_{ij} + \sum_i m_{ij} + v_j + o_j

    Two kinds of table come in this form. In the first, home-made and imported products are
    separate: `Z` and `final` hold home-made ones, `Z_imported` the imported inputs *beside* them,
    so that *L* follows production at home. In the second, a competitive table (竞争型), `Z` holds
    both and `final` has a negative column ``imports``; NBS prints its coefficients from such
    tables. `competitive` turns the first kind into the second; `split_imports` turns the second
    into the first, by an assumption.

    A sector without output has coefficients of zero; it is an error if it buys or sells. Negative
    cells stay as published: inventories fall, a surplus may be a loss. Shares in a sum of cells of
    both signs may then lie outside 0 to 1. The residual *e* is kept separate and never spread over
    other cells, so that the output explained by final use, *L f*, falls short of *x* by *L e*.

    What such a table cannot show: services that a manufacturer makes for itself, which are not
    sold; firms, since one firm may both make and serve; and prices, since its flows are values.

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
        Imported inputs :math:`m_{ij}`, by product and buyer, where the publisher separates them.
    error
        The publisher's residual :math:`e_i`, where a row leaves one: one column, or a DataFrame
        with a column for each kind.
    other_inputs
        Other payments of sectors (:math:`o_j`): net taxes on products, margins, imports that are
        not separated by product. One row, or a DataFrame with a row for each kind.
    sectors
        Labels; by default those of the first part that has any, or else 1, 2, ….
    unit
        Unit of all figures, for messages.

    Raises
    ------
    BalanceError
        If a row or column misses its output by more than 0.01 % of it: with sector and size.
        Rows are checked if `final` is given, columns if `va` is.
    ValueError
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
        self.sectors = checking.labels(sectors, Z, x, va, final)
        self.unit = unit
        self._Z = checking.matrix("Z", Z, self.sectors)
        self._x = checking.vector("x", x, self.sectors)
        self._va = None if va is None else checking.vector("va", va, self.sectors)
        self._final, self._uses = self._columns("final", final)
        self._imported = None
        if Z_imported is not None:
            self._imported = checking.matrix("Z_imported", Z_imported, self.sectors)
        self._error, self._errors = self._columns("error", error)
        if isinstance(other_inputs, pd.DataFrame):
            other_inputs = other_inputs.T
        self._other, self._others = self._columns("other_inputs", other_inputs)
        self._check()

    def _columns(
        self, name: str, value: Labelled | None
    ) -> tuple[np.ndarray | None, pd.Index | None]:
        return (None, None) if value is None else checking.columns(name, value, self.sectors)

    def _check(self) -> None:
        balance = checking.Balance(self._x, self.sectors, self.unit)
        bought = self._Z.sum(axis=0)
        if self._imported is not None:
            bought = bought + self._imported.sum(axis=0)
        balance.require_output(bought)
        if self._final is not None:
            gap = self._x - self._Z.sum(axis=1) - self._final.sum(axis=1)
            if self._error is not None:
                gap -= self._error.sum(axis=1)
            balance.require_rows(gap)
        if self._va is not None:
            gap = self._x - bought - self._va
            if self._other is not None:
                gap -= self._other.sum(axis=1)
            balance.require_columns(gap)

    def __repr__(self) -> str:
        parts = {
            "value added": self._va,
            "final use": self._final,
            "imports apart": self._imported,
            "residual": self._error,
            "other inputs": self._other,
        }
        held = ", ".join(name for name, part in parts.items() if part is not None)
        return (
            f"<InputOutputTable: {len(self.sectors)} sectors, "
            f"output {amount(self._x.sum(), self.unit)}{'; ' + held if held else ''}>"
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
        """Payments of sectors other than inputs and value added, a row for each kind."""
        other = self._framed(self._other, self._others)
        return None if other is None else other.T

    def _square(self, array: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(array, self.sectors, self.sectors)

    def _by_sector(self, array: np.ndarray) -> pd.Series:
        return pd.Series(array, self.sectors)

    def _framed(self, array: np.ndarray | None, columns: pd.Index | None) -> pd.DataFrame | None:
        return None if array is None else pd.DataFrame(array, self.sectors, columns)

    def _given(self, part: Any, name: str, what: str) -> Any:
        if part is None:
            raise ValueError(f"{what} needs {name}, which this table was made without")
        return part

    @cached_property
    def A(self) -> pd.DataFrame:
        r"""Input coefficients (直接消耗系数): inputs of *i* per unit of output of *j*.

        .. math:: a_{ij} = \frac{z_{ij}}{x_j}

        They count home-made inputs only, where the table separates them from imported ones: see
        `competitive`.
        """
        return self._square(solving.coefficients(self._Z, self._x))

    @cached_property
    def A_imported(self) -> pd.DataFrame:
        r"""Coefficients of imported inputs.

        .. math:: a^m_{ij} = \frac{m_{ij}}{x_j}
        """
        imported = self._given(self._imported, "Z_imported", "A_imported")
        return self._square(solving.coefficients(imported, self._x))

    @cached_property
    def L(self) -> pd.DataFrame:
        r"""Leontief inverse: output of *i* for a unit of final use of *j*, all rounds counted.

        .. math:: L = (I - A)^{-1} = I + A + A^2 + \dots

        To solve for one final use, `output_for` is faster and more exact.
        """
        return self._square(solving.inverse(self.A.to_numpy()))

    @property
    def complete(self) -> pd.DataFrame:
        r"""Complete input coefficients (完全消耗系数), as NBS publishes them.

        .. math:: C = L - I

        NBS computes its own from the `competitive` table. Complete coefficients grow with the
        number of sectors: compare years only in tables of the same number.
        """
        return self.L - np.eye(len(self.sectors))

    @cached_property
    def B(self) -> pd.DataFrame:
        r"""Allocation coefficients: the share of *i*'s output that goes to *j*.

        .. math:: b_{ij} = \frac{z_{ij}}{x_i}
        """
        return self._square(solving.allocations(self._Z, self._x))

    @cached_property
    def G(self) -> pd.DataFrame:
        r"""Ghosh inverse: output of *j* that is reached by a unit of primary inputs of *i*.

        .. math:: G = (I - B)^{-1}

        It describes forward linkages. It does not show that more supply makes more demand.
        """
        return self._square(solving.inverse(self.B.to_numpy()))

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
        wanted = checking.vector("final", final, self.sectors)
        return self._by_sector(solving.solve(self.A.to_numpy(), wanted))

    def multipliers(self, of: Labelled | None = None) -> pd.Series:
        r"""What a unit of a sector's final use needs in the whole economy.

        .. math:: m_j = \sum_i q_i\, l_{ij} \qquad q_i = \frac{w_i}{x_i}

        Parameters
        ----------
        of
            A total by sector, *w*: value added, wages, jobs. If it is left out, output itself
            counts, :math:`q_i = 1`: the output multiplier, or backward linkage.

        Returns
        -------
        pandas.Series
            A value for each sector whose final use grows: unit of `of` per unit of the table.

        Examples
        --------
        >>> table = InputOutputTable([[150, 500], [200, 100]], [1000, 2000], va=[650, 1400])
        >>> table.multipliers(table.va).round(6).tolist()
        [1.0, 1.0]
        """
        q = np.ones(len(self.sectors))
        if of is not None:
            q = solving.per_output(checking.vector("of", of, self.sectors), self._x)
        return self._by_sector(solving.multipliers(self.A.to_numpy(), q))

    def power(self, *, matrix: str) -> pd.Series:
        r"""Power of dispersion (影响力系数): a sector's pull on all others, mean 1.

        .. math:: P_j = \frac{\sum_i l_{ij}}{\frac{1}{n} \sum_i \sum_j l_{ij}}

        Rasmussen (*Studies in Inter-sectoral Relations*, 1956) takes the inverse *L*. Chinese
        papers often take the complete coefficients *L* − *I* instead, which widens the range
        (Germany 1995, six sectors: 0.83–1.11 becomes 0.58–1.28). Small sectors count as much as
        large ones in the mean, so that the value depends on how many sectors the table has.

        Parameters
        ----------
        matrix
            ``"L"`` or ``"complete"``. It has no default, since the two give different answers.

        Returns
        -------
        pandas.Series
            A value for each sector; their mean is 1.

        Raises
        ------
        ValueError
            If there is no such matrix.

        Examples
        --------
        >>> table = InputOutputTable([[150, 500], [200, 100]], [1000, 2000])
        >>> table.power(matrix="L").round(3).tolist()
        [1.022, 0.978]
        >>> table.power(matrix="complete").round(3).tolist()
        [1.068, 0.932]
        """
        _require_known(matrix, ("L", "complete"))
        return _over_mean(self.multipliers() - (matrix == "complete"))

    def sensitivity(self, *, matrix: str) -> pd.Series:
        r"""Sensitivity of dispersion (感应度系数): how all others pull on a sector, mean 1.

        .. math:: S_i = \frac{\sum_j l_{ij}}{\frac{1}{n} \sum_i \sum_j l_{ij}}

        :math:`l_{ij}` is a cell of the chosen matrix. Row sums of *L* assume one unit of final use
        of every sector, small or large: an unlikely economy. Row sums of the Ghosh inverse *G*
        make no such assumption.

        Parameters
        ----------
        matrix
            ``"L"``, ``"complete"`` (*L* − *I*) or ``"G"``. It has no default, since the three give
            different answers.

        Returns
        -------
        pandas.Series
            A value for each sector; their mean is 1.

        Raises
        ------
        ValueError
            If there is no such matrix.

        Examples
        --------
        >>> table = InputOutputTable([[150, 500], [200, 100]], [1000, 2000])
        >>> [table.sensitivity(matrix=m).round(3).tolist() for m in ("L", "complete", "G")]
        [[1.067, 0.933], [1.204, 0.796], [1.208, 0.792]]
        """
        _require_known(matrix, ("L", "complete", "G"))
        direct = (self.B if matrix == "G" else self.A).to_numpy()
        sums = solving.solve(direct, np.ones(len(self.sectors)))
        return _over_mean(self._by_sector(sums - (matrix == "complete")))

    def value_added_in(
        self, *, final_of: Sequence[Any] | None = None, use: str | Sequence[str] | None = None
    ) -> pd.Series:
        r"""Value added of each sector that is contained in a final use.

        .. math:: c_i = v_i\, \frac{y_i}{x_i} \qquad (I - A)\, y = f

        With ``use="exports"`` it is the home value added in exports; with the manufacturing
        sectors as `final_of`, the value added in chains that end in manufactured goods. Summed
        over all final use it is value added itself, up to the part of the residual.

        A competitive table counts imports as if made at home: separate them first.

        Parameters
        ----------
        final_of
            The sectors whose products are used; by default all.
        use
            Name or names of columns of `final`; by default all.

        Returns
        -------
        pandas.Series
            Value added by each sector, in the table's unit.

        Raises
        ------
        ValueError
            If the table lacks value added or final use, if its final use deducts imports, or if a
            sector or use is unknown.
        TypeError
            If `final_of` is one text instead of a list.

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
        return solving.per_output(va, self._x) * self._output_in(final_of, use)

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
        ValueError
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
        return pd.DataFrame(found).mul(solving.per_output(va, self._x), axis=0)

    def imports_in(
        self, *, final_of: Sequence[Any] | None = None, use: str | Sequence[str] | None = None
    ) -> pd.Series:
        r"""Imported inputs that are contained in a final use, by product.

        .. math:: c^m_i = \sum_j a^m_{ij}\, y_j \qquad (I - A)\, y = f

        In exports it is what Hummels, Ishii and Yi (*Journal of International Economics* 54, 2001)
        call vertical specialisation. Home value added that comes back in imports counts as
        foreign, since the table of one country cannot show it.

        Parameters
        ----------
        final_of, use
            As in `value_added_in`.

        Returns
        -------
        pandas.Series
            A value for each imported product, in the table's unit.

        Raises
        ------
        ValueError
            If the table lacks imported flows or final use, or if a sector or use is unknown.
        TypeError
            If `final_of` is one text instead of a list.

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
        final = self._given(self.final, "final", "the content of final use")
        if self.deducts_imports:
            raise ValueError(
                "final use has a column of imports to deduct, so that home-made and imported "
                "products are not separate; separate them with split_imports()"
            )
        if use is not None:
            uses = [use] if isinstance(use, str) else list(use)
            if unknown := [name for name in uses if name not in final]:
                raise ValueError(
                    f"no final use {listed(unknown)}; there are {listed(final.columns)}"
                )
            final = final[uses]
        chosen = final.sum(axis=1)
        if final_of is not None:
            if isinstance(final_of, str):
                raise TypeError(f"final_of takes a list of sectors, not the string {final_of!r}")
            if unknown := [sector for sector in final_of if sector not in self.sectors]:
                raise ValueError(f"no sector {listed(unknown)} in the table")
            chosen = chosen.where(self.sectors.isin(list(final_of)), 0.0)
        return chosen

    @property
    def deducts_imports(self) -> bool:
        """Whether `final` has a column ``imports``: products of both origins are in one row."""
        return self._uses is not None and "imports" in self._uses

    @property
    def _shows_value_added(self) -> bool:
        return self._va is not None and self._final is not None and not self.deducts_imports

    @property
    def residual(self) -> pd.DataFrame:
        r"""The residual of each row, by kind, and its share of output.

        .. math:: s_i = \frac{e_i}{x_i}

        It stands beside the table and enters no coefficient, since nobody knows who bought it.
        """
        error = self.error
        kinds = pd.DataFrame(index=self.sectors) if error is None else error
        return kinds.assign(share=solving.per_output(kinds.to_numpy(float).sum(axis=1), self._x))

    def competitive(self) -> InputOutputTable:
        r"""Count imported inputs as if they were made at home.

        .. math:: z^c_{ij} = z_{ij} + m_{ij} \qquad f^c_i = f_i - \sum_j m_{ij}

        NBS computes its published coefficients, direct and complete, from such a table.

        Returns
        -------
        InputOutputTable
            Without `Z_imported`; its final use has a column ``imports`` to deduct.

        Raises
        ------
        ValueError
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
        r"""Separate home-made from imported products, in proportion to each product's home uses.

        .. math:: s_i = \min\left(1, \frac{m_i}{\sum_j z_{ij} + h_i}\right) \qquad
                  m_{ij} = s_i z_{ij}

        :math:`m_i` are the imports of product *i*, :math:`h_i` its final uses at home; exports are
        taken as home-made. Where imports exceed all uses at home, goods are sent on: the excess
        stands in the residual, as ``import_split``.

        The assumption is strong: an export-processing plant imports more than its neighbour, a
        bank less than a factory. China's tables of 2017–2020, which separate imports, show its
        error. Services' share of the value in manufactures is less than 1 % wrong, manufacturing's
        share of the value in services 5 to 6 %. The imported inputs of services come out 1.6 to
        2.2 times as large as published, so that they cannot be shown.

        Returns
        -------
        InputOutputTable
            With `Z_imported`; final uses are of home-made products.

        Raises
        ------
        ValueError
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
            raise ValueError("split_imports needs a column imports (negative) in final use")
        everything = self._given(self.final, "final", "split_imports")
        imports = -everything["imports"].to_numpy()
        final = everything.drop(columns="imports")
        home = final.columns.drop("exports", errors="ignore")
        uses = self._Z.sum(axis=1) + final[home].to_numpy().sum(axis=1)
        share = solving.import_shares(imports, uses)
        final[home] = final[home].mul(1 - share, axis=0)
        imported = self._Z * share[:, None]
        return InputOutputTable(
            self.Z - imported,
            self._x,
            va=self._va,
            final=final,
            Z_imported=imported,
            error=with_import_split(self.error, share * uses - imports, self._x, self.sectors),
            other_inputs=self.other_inputs,
            unit=self.unit,
        )

    def aggregate(self, concordance: Mapping[Any, Any]) -> InputOutputTable:
        r"""Add sectors up to fewer.

        .. math:: Z' = S Z S^{\mathsf{T}} \qquad x' = S x

        :math:`s_{gi}` is 1 where sector *i* belongs to group *g*. Direct coefficients of the groups
        are those of the sectors, weighted by output; complete coefficients are not.

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
        ValueError
            If a sector has no group, or a group is given for an unknown sector.

        Examples
        --------
        >>> table = InputOutputTable([[2, 1, 0], [1, 3, 1], [0, 1, 1]], [10, 10, 5])
        >>> table.aggregate({1: "goods", 2: "goods", 3: "services"}).Z.to_numpy().tolist()
        [[7.0, 1.0], [1.0, 1.0]]
        """
        given = pd.Series(dict(concordance), dtype=object)
        groups = checking.aligned("the concordance", given, self.sectors)
        if groups.isna().any():
            raise ValueError(f"the concordance has no group for {groups.index[groups.isna()][0]}")
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
        A stack for each kind of table: the same sectors and the same parts. `va` and `final` are
        there only where the home value added in final use can be computed: both are known, and
        final use does not deduct imports.

    Examples
    --------
    >>> table = InputOutputTable([[1.0]], [2.0])
    >>> [(stack.positions, stack.Z.shape) for stack in stacks([table, table])]
    [([0, 1], (2, 1, 1))]
    """
    alike: dict[tuple[Any, ...], list[int]] = {}
    labels: dict[int, tuple[Any, ...]] = {}  # tables that are read together share one index
    for position, table in enumerate(tables):
        if (index := id(table.sectors)) not in labels:
            labels[index] = tuple(table.sectors)
        kind = (labels[index], table._imported is not None, table._shows_value_added)
        alike.setdefault(kind, []).append(position)
    made = []
    for (_, has_imports, shows_value_added), positions in alike.items():
        members = [tables[position] for position in positions]
        finals = [table._final for table in members if table._final is not None]
        made.append(
            Stack(
                members[0].sectors,
                positions,
                np.stack([table._Z for table in members]),
                np.stack([table._x for table in members]),
                _stacked([table._imported for table in members]) if has_imports else None,
                _stacked([table._va for table in members]) if shows_value_added else None,
                np.stack([final.sum(axis=1) for final in finals]) if shows_value_added else None,
            )
        )
    return made


def _stacked(arrays: list[np.ndarray | None]) -> np.ndarray:
    return np.stack([array for array in arrays if array is not None])


def with_import_split(
    error: pd.DataFrame | None, split: np.ndarray, x: np.ndarray, sectors: pd.Index
) -> pd.DataFrame | None:
    """Put imports beyond all uses into the residual, where they are more than rounding."""
    split = np.where(np.abs(split) > TOLERANCE * x, split, 0.0)
    if not split.any():
        return error
    kinds = pd.DataFrame(index=sectors) if error is None else error
    return kinds.assign(import_split=split)


def _require_known(matrix: str, known: tuple[str, ...]) -> None:
    if matrix not in known:
        raise ValueError(f"no matrix {matrix!r} here; name one of {listed(known)}")


def _over_mean(values: pd.Series) -> pd.Series:
    return values / values.mean()
