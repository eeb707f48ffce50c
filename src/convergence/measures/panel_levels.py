r"""Grade, closeness and level of each unit and time of a panel, beside C, T and D.

The totals of each period are computed first; then each row is computed alone. As in
`convergence.measures.panel`, the same code takes pandas and Polars frames, DuckDB relations and
Spark frames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any, TypeVar

import narwhals as nw

from convergence.measures.closeness import balance
from convergence.measures.coupling import SCHEMES, Scheme
from convergence.measures.elementwise import one_if_zero
from convergence.measures.level import COMBINATIONS, FIVE_CLASSES
from convergence.measures.panel import Model

__all__ = ["ADDED", "COMBINATION", "GRADES", "measured"]

Frame = TypeVar("Frame")

GRADES = "ten"
# How closeness and D become a level: a name in `level.COMBINATIONS`.
COMBINATION = "geometric"
ADDED = ("closeness", "level", "level_class")


def measured(frame: Frame, model: Model) -> Frame:
    r"""Add to a panel C, T, D, the grade of D, closeness, and the level with its class.

    .. math:: a_{it} = \frac{1}{n_a} \sum_{j=1}^{n_a} \frac{x_{ijt}}{\sum_i x_{ijt}}

    is the share of unit i in all units' first system at time t: the mean of its shares in the
    system's :math:`n_a` indicators, without those in which less is better. b is the same for the
    second system. Closeness J compares a and b as `closeness.share_proximity` does: it is 1 where
    a unit has equal shares of both systems. It says which system is where, not who buys from
    whom. The level L joins J and D as `level.level` does (geometric); a D above 1 counts as 1.
    Both are empty where a unit has neither system.

    Parameters
    ----------
    frame
        A pandas or Polars frame, a DuckDB relation or a Spark frame with the model's columns,
        none negative.
    model
        A model of two systems, as `convergence.measures.panel.fit` makes it.

    Returns
    -------
    frame
        Of the same kind, with the columns of `Model.apply` and ``grade`` (only for the kinds of
        C that the table of grades was made for), ``closeness``, ``level``, ``level_class``.

    Raises
    ------
    ValueError
        As `Model.apply`; or if a new column's name is taken, or there are not two systems, each
        with an indicator in which more is better.

    Examples
    --------
    >>> import pandas as pd
    >>> from convergence.measures.panel import fit
    >>> panel = pd.DataFrame({"city": ["a", "b"], "year": 2020, "x": [1.0, 3], "y": [2.0, 2]})
    >>> model = fit(panel, {"making": ["x"], "serving": ["y"]}, "city", "year",
    ...             bounds={"x": (0, 4), "y": (0, 4)}, weights="equal")
    >>> measured(panel, model)[["D", "grade", "closeness", "level_class"]].round(3)
           D                      grade  closeness  level_class
    0  0.595          bare coordination      0.667  rather high
    1  0.783  intermediate coordination      0.800  rather high
    """
    systems = [name for name, _ in model.system_weights]
    if len(systems) != 2:
        raise ValueError(f"closeness compares two systems, found {len(systems)}")
    data = nw.from_native(frame)  # type: ignore[call-overload]
    # A column of such a name would be overwritten silently.
    added = {*ADDED, "grade"}
    if taken := [name for name in data.collect_schema().names() if name.casefold() in added]:
        raise ValueError(f"the panel already has a column {taken[0]!r}: rename or drop it")
    columns = {
        system: [
            indicator.column
            for indicator in model.indicators
            if indicator.system == system and indicator.direction == 1
        ]
        for system in systems
    }
    totals = {name: f"total of {name}" for members in columns.values() for name in members}
    numbers = data.select(model.period, *(nw.col(name).cast(nw.Float64) for name in totals))
    sums = numbers.group_by(model.period).agg(
        *(nw.col(name).sum().alias(total) for name, total in totals.items())
    )
    applied = nw.from_native(model.apply(frame))  # type: ignore[call-overload]
    shares = [_share(columns[system], totals) for system in systems]
    joined = applied.join(sums, on=model.period, how="left").with_columns(
        shares[0].alias("share a"), shares[1].alias("share b")
    )
    a, b = nw.col("share a"), nw.col("share b")
    has_either = (a + b) > 0
    # A unit that has neither gets b = 1, which only keeps the division from failing.
    close = nw.when(has_either).then(balance(a, nw.when(has_either).then(b).otherwise(1.0)))
    level = COMBINATIONS[COMBINATION](nw.col("closeness"), nw.col("D").clip(0.0, 1.0))
    result = joined.with_columns(close.alias("closeness")).with_columns(level.alias("level"))
    words = {"level_class": _class(nw.col("level"), FIVE_CLASSES)}
    if model.kind in SCHEMES[GRADES].kinds:
        words["grade"] = _class(nw.col("D"), SCHEMES[GRADES])
    result = result.with_columns(*(expr.alias(name) for name, expr in words.items()))
    order = [*applied.collect_schema().names(), *(["grade"] if "grade" in words else []), *ADDED]
    return result.select(order).to_native()


def _share(names: Sequence[str], totals: Mapping[str, str]) -> nw.Expr:
    if not names:
        raise ValueError("closeness needs an indicator in which more is better in each system")
    parts = [nw.col(name).cast(nw.Float64) / one_if_zero(nw.col(totals[name])) for name in names]
    return reduce(add, parts) / len(parts)


def _class(value: nw.Expr, scheme: Scheme) -> Any:
    """Name the half-open interval that a value lies in, as `coupling.grade` does."""
    labels = scheme.labels("en")
    expression: Any = nw.lit(labels[0])
    for cut, label in zip(scheme.cuts, labels[1:], strict=True):
        expression = nw.when(value >= cut).then(nw.lit(label)).otherwise(expression)
    return nw.when(~value.is_null()).then(expression)
