r"""Coordination of a whole panel: a model that is fitted once and then applied row by row.

Fitting aggregates the panel to a small set of parameters (bounds and weights of the indicators);
applying computes each row from that row alone. The same code, on narwhals, takes pandas and Polars
frames, DuckDB relations and Spark frames, and gives back the same kind. The order of the rows does
not matter.

**Which rows give the bounds decides what a trend can mean.**

* All rows (the default): the best year of the best province is 1. Each new year of data moves the
  bounds, and with them every past value.
* A base period (``base=[2013]``): new data change nothing that was computed before. Later values
  may leave 0 … 1: ``outside`` says what becomes of them.
* Fixed by you (``bounds=``): as with a base period, and comparable between studies. A lower bound
  of 0 keeps ratios: twice the quantity is twice the scaled value.
* Bounds of each year are not offered. They would remove what all units gain together, and with it
  every trend. For a ranking within a year, fit that year's rows alone.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from itertools import combinations
from typing import Any, NamedTuple, TypeVar

import narwhals as nw
import numpy as np

from convergence.measures.coupling import KINDS, NEED_FRACTIONS, check_kind, coordination_degree
from convergence.measures.elementwise import one_if_zero, where
from convergence.measures.weights import ZERO_POLICIES

__all__ = ["Indicator", "Model", "fit"]

Frame = TypeVar("Frame")

OUTSIDE = ("error", "clip", "keep")
WEIGHTS = ("equal", "entropy", "critic")
ADDED = ("C", "T", "D", "outside")


class Range(NamedTuple):
    """The smallest and the largest value of a column."""

    lower: float
    upper: float


@dataclass(frozen=True)
class Indicator:
    """One column of the panel: its system, bounds, direction and weight within the system."""

    column: str
    system: str
    lower: float
    upper: float
    direction: int
    weight: float

    def scaled(self) -> nw.Expr:
        """Scale the column between the bounds."""
        x = nw.col(self.column).cast(nw.Float64)
        distance = x - self.lower if self.direction == 1 else self.upper - x
        return distance / (self.upper - self.lower)

    def is_outside(self) -> nw.Expr:
        """Tell the rows whose value lies outside the bounds."""
        x = nw.col(self.column).cast(nw.Float64)
        return (x < self.lower) | (x > self.upper)


@dataclass(frozen=True)
class Model:
    """A fitted model: print it, save it, apply it. Made by `fit` or `Model.from_json`."""

    indicators: tuple[Indicator, ...]
    system_weights: tuple[tuple[str, float], ...]
    kind: str
    k: float
    outside: str
    unit: str
    period: str
    fitted_on: str

    def apply(self, frame: Frame) -> Frame:
        r"""Add each system's level, C, T and D to a panel, row by row.

        .. math:: U_s = \sum_{j \in s} w_j z_j, \qquad T = \sum_s \alpha_s U_s,
            \qquad D = \sqrt{C\,T}

        with z scaled between the model's bounds and C as in `coupling.coupling_degree`.

        Parameters
        ----------
        frame
            A pandas or Polars frame, a DuckDB relation or a Spark frame that has the model's
            columns.

        Returns
        -------
        frame
            Of the same kind, with a column for each system (named as the system), ``C``, ``T``,
            ``D`` and ``outside``: how many of the row's indicators lie outside the bounds.

        Raises
        ------
        ValueError
            If a column is missing or not numeric, a value is missing or infinite, a new column's
            name is taken, or, depending on the model, a value lies outside the bounds.

        Examples
        --------
        >>> import pandas as pd
        >>> panel = pd.DataFrame({"province": ["a", "b"], "year": 2020, "x": [0.0, 4], "y": [2, 1]})
        >>> model = fit(panel, {"making": ["x"], "serving": ["y"]}, "province", "year")
        >>> model.apply(panel.assign(x=2.0, y=1.5))[["making", "serving", "D"]].round(3)
           making  serving      D
        0     0.5      0.5  0.707
        1     0.5      0.5  0.707
        """
        data = nw.from_native(frame)  # type: ignore[call-overload]
        columns = [indicator.column for indicator in self.indicators]
        systems = dict(self.system_weights)
        _require_columns(data, [self.unit, self.period], columns)
        added = {name.casefold() for name in (*systems, *ADDED)}
        # To DuckDB and Spark, D and d are one name: the wrong column would be read silently.
        if taken := [name for name in data.collect_schema().names() if name.casefold() in added]:
            raise ValueError(f"the panel already has a column {taken[0]!r}: rename or drop it")
        summary = _summarise(data, columns, self.unit, self.period)
        self._check_bounds(data, summary)

        def level(system: str) -> nw.Expr:
            parts = [
                self._bounded(indicator) * indicator.weight
                for indicator in self.indicators
                if indicator.system == system
            ]
            return sum(parts[1:], start=parts[0]).alias(system)

        outside = [where(indicator.is_outside(), 1, 0) for indicator in self.indicators]
        levels = [nw.col(system) for system in systems]
        # Step by step, so that no engine has to expand the levels inside each other.
        return (
            data.with_columns(
                *(level(system) for system in systems),
                sum(outside[1:], start=outside[0]).alias("outside"),
            )
            .with_columns(
                KINDS[self.kind].compute(levels, self.k).clip(0.0, 1.0).alias("C"),
                sum(nw.col(name) * weight for name, weight in systems.items()).alias("T"),  # type: ignore[union-attr]
            )
            .with_columns(coordination_degree(nw.col("C"), nw.col("T")).alias("D"))
            .to_native()
        )

    def to_json(self) -> str:
        """Write the model down as JSON; `from_json` gives exactly the same model again."""
        return json.dumps({"model": "panel", **asdict(self)}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Model:
        """Read a model that `to_json` wrote.

        Raises
        ------
        ValueError
            If the text is not such a model.
        """
        try:
            content = json.loads(text)
            if content.pop("model") != "panel":
                raise KeyError
            content["indicators"] = tuple(Indicator(**part) for part in content["indicators"])
            content["system_weights"] = tuple((name, a) for name, a in content["system_weights"])
            return cls(**content)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ValueError("this is not the JSON of a panel model, or it is not whole") from None

    def __str__(self) -> str:
        """Show what was fitted, indicator by indicator."""
        wide = max(len(indicator.column) for indicator in self.indicators)
        lines = [f"coordination of {len(self.system_weights)} systems, C of the kind {self.kind}"]
        lines.append(f"fitted on {self.fitted_on}; values outside the bounds: {self.outside}")
        for system, weight in self.system_weights:
            lines.append(f"{system} ({weight:.4g} of T)")
            lines += [
                f"  {indicator.column:<{wide}}  {indicator.weight:.4f}  "
                f"{indicator.lower:.6g} … {indicator.upper:.6g}"
                f"{'' if indicator.direction == 1 else ', reversed'}"
                for indicator in self.indicators
                if indicator.system == system
            ]
        return "\n".join(lines)

    def _bounded(self, indicator: Indicator) -> nw.Expr:
        z = indicator.scaled()
        return z.clip(0.0, 1.0) if self.outside == "clip" else z

    def _check_bounds(self, data: Any, summary: Mapping[str, Range]) -> None:
        if self.outside == "clip":
            return
        for indicator in self.indicators:
            low, high = summary[indicator.column].lower, summary[indicator.column].upper
            below = low < indicator.lower if indicator.direction == 1 else high > indicator.upper
            beyond = low < indicator.lower or high > indicator.upper
            if beyond and (self.outside == "error" or below):
                where_ = _example(data.filter(indicator.is_outside()), self.unit, self.period)
                remedy = (
                    'fit with outside="clip" or "keep", or with other bounds'
                    if self.outside == "error"
                    else "a level below 0 has no coupling degree; clip, or fit with wider bounds"
                )
                raise ValueError(
                    f"{indicator.column}: values from {low:g} to {high:g} leave the bounds "
                    f"{indicator.lower:g} … {indicator.upper:g}, as at {where_}; {remedy}"
                )


def fit(
    frame: Any,
    systems: Mapping[str, Sequence[str]],
    unit: str,
    period: str,
    *,
    directions: Mapping[str, int] | None = None,
    weights: str | Mapping[str, float] = "entropy",
    zero: str = "limit",
    base: Sequence[Hashable] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    system_weights: Mapping[str, float] | None = None,
    kind: str = "standard",
    k: float = 2,
    outside: str = "error",
) -> Model:
    r"""Fit bounds and weights of a panel's indicators, by aggregation only.

    Entropy weights need two sums. With y the scaled indicator after the zero policy,

    .. math:: 1 - e_j = \frac{1}{\ln m} \cdot \frac1m \sum_i \frac{y_{ij}}{\bar y_j}
        \ln \frac{y_{ij}}{\bar y_j}, \qquad w_j = \frac{1 - e_j}{\sum_k (1 - e_k)}

    which is `weights.entropy_weights` (and Theil's index, by which :math:`\ln m` cancels). CRITIC
    weights need means and sums of products. Weights sum to 1 within each system; m counts the
    rows used, units × periods.

    Parameters
    ----------
    frame
        A pandas or Polars frame, a DuckDB relation or a Spark frame, one row for each unit and
        period.
    systems
        The systems (two or more) and the columns of each, in which more is better unless
        `directions` says otherwise.
    unit, period
        The columns that name a row.
    directions
        −1 for the columns in which less is better.
    weights
        ``"entropy"``, ``"critic"``, ``"equal"``, or a weight for each column, which sum to 1
        within each system.
    zero
        What entropy does about zeros: a name in `weights.ZERO_POLICIES`.
    base
        The periods whose rows give the bounds and the weights; all by default. What each choice
        does to trends stands at the head of this module.
    bounds
        Bounds for columns that are to have fixed ones, as (lower, upper).
    system_weights
        The weights of the systems in T, which sum to 1; equal ones by default.
    kind, k
        The kind of C, as for `coupling.coupling_degree`.
    outside
        What `Model.apply` does with values outside the bounds: ``"error"``, ``"clip"`` (they
        count as the bound: a trend flattens there), or ``"keep"`` (above 1 is kept, so that D
        may exceed 1; below 0 stays an error; not for ``wang2021`` and ``fan2024``).

    Returns
    -------
    Model
        A small frozen object: print it, save it with ``to_json``, ``apply`` it.

    Raises
    ------
    ValueError
        If a column is missing or not numeric, a value is missing or infinite, a unit and period
        are there twice, a unit lacks a period, an indicator is constant, a base period is not in
        the panel, there is one system only, or an argument is not what it should be.

    Examples
    --------
    >>> import pandas as pd
    >>> panel = pd.DataFrame({"province": ["a", "a", "b", "b"], "year": [2019, 2020] * 2,
    ...                       "jobs": [1.0, 2, 4, 5], "wage": [8.0, 9, 6, 7], "it": [0, 1, 2, 4]})
    >>> model = fit(panel, {"making": ["jobs", "wage"], "serving": ["it"]}, "province", "year")
    >>> print(model)
    coordination of 2 systems, C of the kind standard
    fitted on 2 units × 2 periods; values outside the bounds: error
    making (0.5 of T)
      jobs  0.5236  1 … 5
      wage  0.4764  6 … 9
    serving (0.5 of T)
      it    1.0000  0 … 4
    >>> model.apply(panel).D.round(3).tolist()
    [0.0, 0.624, 0.666, 0.909]
    >>> Model.from_json(model.to_json()) == model
    True
    """
    data = nw.from_native(frame)
    columns = [column for members in systems.values() for column in members]
    _check_arguments(systems, columns, weights, zero, kind, k, outside)
    signs = dict.fromkeys(columns, 1) | _only(directions, columns, "directions")
    if not set(signs.values()) <= {1, -1}:
        raise ValueError(f"directions: expected 1 or -1, found {sorted(set(signs.values()))}")
    _require_columns(data, [unit, period], columns)
    data = data.lazy().select(unit, period, *columns)
    fitted_on = _check_keys(data, unit, period, base)
    rows = data if base is None else data.filter(nw.col(period).is_in(list(base)))
    summary = _summarise(rows, columns, unit, period)
    fixed = _only(bounds, columns, "bounds")
    indicators = []
    for system, members in systems.items():
        for column in members:
            found = summary[column]
            low, high = fixed.get(column, (found.lower, found.upper))
            if not high > low:
                what = "is constant" if column not in fixed else "has no room between its bounds"
                raise ValueError(f"{column}: {what} ({low:g}); leave it out, or give it bounds")
            indicators.append(
                Indicator(column, system, float(low), float(high), signs[column], 1.0)
            )
    weighed = _weights(rows, indicators, weights, zero, summary)
    alpha = {system: 1 / len(systems) for system in systems}
    if system_weights is not None:
        alpha = {name: float(system_weights.get(name, 0)) for name in systems}
        _only(system_weights, list(systems), "system_weights")
        _sum_to_one(alpha.values(), "system_weights")
    return Model(
        tuple(replace(indicator, weight=weighed[indicator.column]) for indicator in indicators),
        tuple(alpha.items()),
        kind,
        float(k),
        outside,
        unit,
        period,
        fitted_on,
    )


def _check_arguments(
    systems: Mapping[str, Sequence[str]],
    columns: list[str],
    weights: Any,
    zero: str,
    kind: str,
    k: float,
    outside: str,
) -> None:
    if len(systems) < 2:
        raise ValueError("systems: coupling needs at least two systems")
    names = [name.casefold() for name in (*systems, *ADDED)]
    if taken := [name for name in systems if names.count(name.casefold()) > 1]:
        raise ValueError(f"systems: the name {taken[0]!r} is taken by another column of the result")
    if empty := [name for name, members in systems.items() if not members]:
        raise ValueError(f"systems: {empty[0]!r} has no columns")
    if twice := [column for column in columns if columns.count(column) > 1]:
        raise ValueError(f"systems: the column {twice[0]!r} is there more than once")
    check_kind(kind, k)
    choices = [("zero", zero, ZERO_POLICIES), ("outside", outside, OUTSIDE)]
    if not isinstance(weights, Mapping):
        choices.append(("weights", weights, WEIGHTS))
    for name, value, allowed in choices:
        if value not in allowed:
            raise ValueError(f"{name}: expected one of {', '.join(allowed)}, found {value!r}")
    check_outside(outside, kind)


def check_outside(outside: str, kind: str) -> None:
    """Make sure that values may be kept outside the bounds under this kind of C.

    Raises
    ------
    ValueError
        If they may not.
    """
    if outside == "keep" and kind in NEED_FRACTIONS:
        raise ValueError(f"outside: {kind} is made for levels from 0 to 1; clip instead of keep")


def _require_columns(data: Any, keys: list[str], columns: list[str]) -> None:
    schema = data.collect_schema()
    for name in (*keys, *columns):
        if name not in schema:
            raise ValueError(f"the panel has no column {name!r}; it has {', '.join(schema)}")
    for name in columns:
        if not schema[name].is_numeric():
            raise ValueError(f"{name}: expected numbers, found {schema[name]}")


def _check_keys(data: Any, unit: str, period: str, base: Sequence[Hashable] | None) -> str:
    """Make sure that the panel is whole, and say what its parameters come from."""
    counts = data.group_by(unit, period).agg(nw.len().alias("rows"))
    overall = _collect(
        counts.select(
            nw.len().alias("pairs"),
            nw.col(unit).n_unique().alias("units"),
            nw.col(period).n_unique().alias("periods"),
            nw.col("rows").max().alias("most"),
        )
    )
    if not overall["pairs"]:
        raise ValueError("the panel has no rows")
    if overall["most"] > 1:
        at = _example(counts.filter(nw.col("rows") > 1), unit, period)
        raise ValueError(f"the panel has more than one row for {at}")
    if overall["pairs"] < overall["units"] * overall["periods"]:
        missing = overall["units"] * overall["periods"] - overall["pairs"]
        some = ", ".join(f"{unit} {u}, {period} {p}" for u, p in _missing(counts, unit, period)[:3])
        raise ValueError(
            f"{missing} rows are missing, as {some}: leave out the units or the periods "
            "that are not whole, so that all years compare the same units"
        )
    if base is None:
        return f"{overall['units']} units × {overall['periods']} periods"
    there = set(counts.select(period).unique().collect()[period].to_list())
    if absent := [when for when in base if when not in there] or not base:
        raise ValueError(f"base: {absent if base else 'no period'}; not in the panel")
    return f"{overall['units']} units × {', '.join(map(str, base))}"


def _missing(counts: Any, unit: str, period: str) -> list[tuple[Any, Any]]:
    """Return the periods that the first three incomplete units lack; only these are collected."""
    periods = sorted(counts.select(period).unique().collect()[period].to_list())
    held = counts.group_by(unit).agg(nw.len().alias("held"))
    lacking = held.filter(nw.col("held") < len(periods)).sort(unit).head(3).collect()
    units = lacking[unit].to_list()
    there = counts.filter(nw.col(unit).is_in(units)).select(unit, period).collect()
    pairs = set(there.iter_rows())
    return [(u, p) for u in units for p in periods if (u, p) not in pairs]


def _summarise(data: Any, columns: list[str], unit: str, period: str) -> dict[str, Range]:
    """Make sure that all values are finite, and return the bounds of each column, in one pass."""
    numbers = {column: nw.col(column).cast(nw.Float64) for column in columns}
    query = [nw.len().alias("rows")]
    for at, x in enumerate(numbers.values()):
        query += [
            where(x.is_finite(), 1, 0).sum().alias(f"finite{at}"),
            x.min().alias(f"lower{at}"),
            x.max().alias(f"upper{at}"),
        ]
    found = _collect(data.lazy().select(query))
    for at, (column, x) in enumerate(numbers.items()):
        wrong = found["rows"] - found[f"finite{at}"]
        if wrong:
            where_ = _example(data.filter(x.is_null() | ~x.is_finite()), unit, period)
            raise ValueError(
                f"{column}: {wrong:.0f} values are missing or infinite, as at {where_}; "
                "leave these rows or the indicator out: nothing is filled in"
            )
    return {
        column: Range(found[f"lower{at}"], found[f"upper{at}"]) for at, column in enumerate(columns)
    }


def _weights(
    rows: Any,
    indicators: list[Indicator],
    weights: str | Mapping[str, float],
    zero: str,
    summary: Mapping[str, Range],
) -> dict[str, float]:
    """Weigh the indicators, so that those of each system sum to 1."""
    systems = {indicator.system for indicator in indicators}
    if isinstance(weights, Mapping):
        given = _only(weights, [indicator.column for indicator in indicators], "weights")
        for system in systems:
            members = [indicator.column for indicator in indicators if indicator.system == system]
            _sum_to_one([given.get(name, 0) for name in members], f"weights of {system}")
        return {indicator.column: float(given.get(indicator.column, 0)) for indicator in indicators}
    if weights == "equal":
        information = np.ones(len(indicators))
    else:
        # Weights of values outside the bounds would be those of other, wider bounds.
        for indicator in indicators:
            low, high = summary[indicator.column].lower, summary[indicator.column].upper
            if low < indicator.lower or high > indicator.upper:
                raise ValueError(
                    f"{indicator.column}: {weights} weights need values within the bounds, found "
                    f"{low:g} to {high:g}; give wider bounds, or weights"
                )
            if low == high:
                raise ValueError(f"{indicator.column}: is constant ({low:g}); leave it out")
        information = (_entropy if weights == "entropy" else _critic)(rows, indicators, zero)
    weighed = {}
    for system in systems:
        at = [
            position for position, indicator in enumerate(indicators) if indicator.system == system
        ]
        whole = information[at].sum()
        if not whole > 0:
            raise ValueError(f"{system}: its indicators all move in step: no {weights} weights")
        for position in at:
            weighed[indicators[position].column] = float(information[position] / whole)
    return weighed


def _entropy(rows: Any, indicators: list[Indicator], zero: str) -> np.ndarray:
    """Theil's index of each indicator, which is 1 − e times ln m."""
    y = [ZERO_POLICIES[zero](indicator.scaled()) for indicator in indicators]
    means = _means(rows, y)
    relative = [values / mean for values, mean in zip(y, means, strict=True)]
    return _means(rows, [one * one_if_zero(one).log() for one in relative])


def _critic(rows: Any, indicators: list[Indicator], zero: str) -> np.ndarray:
    """Spread times conflict with the other indicators of the same system."""
    z = [indicator.scaled() for indicator in indicators]
    centred = [values - mean for values, mean in zip(z, _means(rows, z), strict=True)]
    spread = np.sqrt(_means(rows, [values * values for values in centred]))
    pairs = [
        (a, b)
        for a, b in combinations(range(len(z)), 2)
        if indicators[a].system == indicators[b].system
    ]
    conflict = np.zeros(len(z))
    if pairs:
        products = _means(rows, [centred[a] * centred[b] for a, b in pairs])
        for (a, b), product in zip(pairs, products, strict=True):
            disagreement = 1 - product / (spread[a] * spread[b])
            # Rounding leaves 1e-16 where two indicators move in step.
            conflict[[a, b]] += disagreement if disagreement > 1e-12 else 0
    alone = [
        sum(indicator.system == other.system for other in indicators) == 1
        for indicator in indicators
    ]
    return np.where(alone, 1.0, spread * conflict)


def _means(rows: Any, expressions: list[nw.Expr]) -> np.ndarray:
    query = [expression.mean().alias(f"mean{at}") for at, expression in enumerate(expressions)]
    found = _collect(rows.select(query))
    return np.array([found[f"mean{at}"] for at in range(len(expressions))])


def _collect(query: Any) -> dict[str, float]:
    """Run a query that gives one row of numbers."""
    found = query.collect()
    # DuckDB sums whole numbers to decimals.
    row = (float(number) if isinstance(number, Decimal) else number for number in found.row(0))
    return dict(zip(found.columns, row, strict=True))


def _example(rows: Any, unit: str, period: str) -> str:
    """Name one of the rows, for an error."""
    first = rows.lazy().select(unit, period).head(1).collect().row(0)
    return f"{unit} {first[0]}, {period} {first[1]}"


def _only(given: Mapping[str, Any] | None, known: Sequence[str], name: str) -> dict[str, Any]:
    given = dict(given or {})
    if unknown := [key for key in given if key not in known]:
        raise ValueError(f"{name}: {unknown[0]!r} is not one of {', '.join(known)}")
    return given


def _sum_to_one(values: Any, name: str) -> None:
    values = [float(value) for value in values]
    if min(values) < 0:
        raise ValueError(f"{name}: {min(values):g} is negative")
    if abs(sum(values) - 1) > 1e-9:
        raise ValueError(f"{name}: they sum to {sum(values):.10g}, not to 1")
