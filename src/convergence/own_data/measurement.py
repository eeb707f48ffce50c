"""From a panel that was read to what a measurement says about it: tables and warnings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
from duckdb import ColumnExpression as Column
from duckdb import ConstantExpression as Constant
from duckdb import FunctionExpression as Function

from convergence.measures import inequality, panel, panel_levels
from convergence.measures.coupling import KINDS, NEED_FRACTIONS, SCHEMES
from convergence.measures.elementwise import where
from convergence.measures.multiverse import Cube, multiverse, variance_decomposition
from convergence.own_data import reading
from convergence.own_data.request import Option, PanelError, Request

__all__ = ["ANSWERS", "CHOICES", "UNITS", "Measurement", "measured"]

# Units in the tables and drawings: so many of the highest, and of the lowest.
UNITS = 30
# Gini, Dagum and quantiles sort the values of one period in memory: so many at most.
SORTED_ROWS = 5_000_000
# The multiverse holds the whole panel in memory: so many values at most.
MULTIVERSE_CELLS = 2_000_000
# The share of the highest values that is cut to see whether a weight or a scale depends on them.
TAIL = 0.01
# A weight that moves by more when the highest values are cut depends on them.
WEIGHT_SHIFT = 0.1
# A scale depends on its highest values if all the others fill less than this share of it.
FILLED = 0.5
# An indicator with a smaller weight hardly counts in the level of its system.
NO_WEIGHT = 0.01
CHOICES: Mapping[str, Sequence[Any]] = {
    "bounds": ["pooled", "base"],
    "normalisation": ["minmax", "max"],
    "weights": list(panel.WEIGHTS),
    "kind": list(KINDS),
    "alpha": [0.4, 0.5, 0.6],
}
# The questions of the multiverse, and the column that answers each.
ANSWERS = {"trend": "rise", "ranking": "agreement"}


@dataclass(frozen=True)
class Measurement:
    """What was found, in tables small enough to print; the results themselves stand in a file.

    ``request`` is the request as it was met: without indicators that never vary. ``periods`` has
    mean levels, C, T, D and closeness by period; ``units`` the first and last D of the units (the
    highest and lowest ones of a large panel); ``inequality`` Dagum and Theil by period; ``ranges``
    and ``causes`` what the multiverse says, by question.
    """

    request: Request
    name: str
    model: panel.Model
    rows: int
    units_count: int
    periods: pd.DataFrame
    units: pd.DataFrame
    warnings: tuple[str, ...]
    inequality: pd.DataFrame | None = None
    ranges: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    causes: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    results_file: str = "results.csv"


def measured(
    data: reading.Panel,
    request: Request,
    name: str,
    stored: Path,
    progress: Callable[[str], None],
) -> Measurement:
    """Fit the model of a panel, or take the one that was given, and apply it.

    Parameters
    ----------
    data
        The panel.
    request
        What is to be measured.
    name
        What the panel is called.
    stored
        Where to write the results of each unit and time, as Parquet.
    progress
        Called with a few words before each step.

    Returns
    -------
    Measurement

    Raises
    ------
    PanelError, ValueError
        If the panel does not have what the request names, or cannot be measured.
    """
    notes = list(data.notes)
    request = _with_periods(data, request)
    if request.robust:
        _check_robust(data, request)
    model = request.fitted
    if model is None:
        request, constant = _without_constants(data, request)
        notes += constant
        progress("fitting bounds and weights")
        model = _fit(data.relation, request)
        notes += _fit_notes(data, request, model)
    _check_model(model, request)
    if request.model or request.base:
        _check_outside(data.relation, model)
    progress("measuring each unit and time")
    panel_levels.measured(data.relation, model).write_parquet(str(stored))
    relation = data.connection.read_parquet(str(stored))
    notes += _result_notes(relation, model)
    periods = _periods(relation, request)
    if data.rows < data.units * len(data.periods):
        notes.append(
            f"not every unit is there in every period ({periods['units'].min():,} to "
            f"{periods['units'].max():,} units): the means of two periods compare different units"
        )
    found = Measurement(
        request, name, model, data.rows, data.units, periods,
        _units(relation, request, periods), tuple(notes),
    )  # fmt: skip
    if request.group:
        progress("decomposing inequality by group")
        split, refused = _inequality(relation, request, data)
        found = replace(found, inequality=split, warnings=(*notes, *refused))
    if request.robust:
        progress("running every admissible specification")
        ranges, causes = _robust(data, request, model)
        found = replace(found, ranges=ranges, causes=causes)
    return found


def _with_periods(data: reading.Panel, request: Request) -> Request:
    """Find the base periods in the panel, whether they are given as text or as numbers."""
    there = {str(period): period for period in data.periods}
    if absent := [period for period in request.base if str(period) not in there]:
        listed = reading.listed(list(there)[: reading.NAMED], len(there))
        raise PanelError(
            Option("base"), f": there is no {request.time} {absent[0]}; the panel has {listed}"
        )
    return replace(request, base=[there[str(period)] for period in request.base])


def _check_robust(data: reading.Panel, request: Request) -> None:
    robust = Option("robust")
    cells = data.rows * len(request.columns.numbers)
    if cells > MULTIVERSE_CELLS:
        raise PanelError(
            robust,
            f" holds the whole panel in memory: at most {MULTIVERSE_CELLS:,} values, found "
            f"{cells:,}; take a sample of the units",
        )
    if len(data.periods) < 2:
        raise PanelError(robust, " asks how a trend and a ranking move: two periods are needed")
    if data.rows < data.units * len(data.periods):
        raise PanelError(robust, " compares the same units in every period: some lack one here")


def _without_constants(data: reading.Panel, request: Request) -> tuple[Request, list[str]]:
    """Leave out indicators without any variation, if their system has another one."""
    constant = _constants(data.relation, request)
    left: dict[str, Any] = {}
    for system, names in request.systems.items():
        left[system] = [name for name in names if name not in constant]
        if not left[system]:
            what = "0" if not any(constant[name] for name in names) else "the same number"
            raise PanelError(
                f"{system}: {', '.join(names)} {'is' if len(names) == 1 else 'are'} {what} in "
                "every row: nothing can be measured by it"
            )
    if constant and isinstance(request.weights, Mapping):
        name = next(iter(constant))
        raise PanelError(
            f"{name}: has a weight but is the same in every row; leave it out of ",
            Option("weights"), " and of the indicators",
        )  # fmt: skip
    kept = [name for name in request.negative if name not in constant]
    request = replace(request, **left, negative=kept)
    if request.base:
        of_base = data.relation.filter(
            Column(request.time).isin(*(Constant(period) for period in request.base))
        )
        if still := _constants(of_base, request):
            name, value = next(iter(still.items()))
            raise PanelError(
                f"{name}: it is {value:g} in every row of ", Option("base", list(request.base)),
                ": it has no bounds there; choose other base periods, or leave it out",
            )  # fmt: skip
    notes = [
        f"{name} is {value:g} in every row and is left out" for name, value in constant.items()
    ]
    return request, notes


def _constants(relation: duckdb.DuckDBPyRelation, request: Request) -> dict[str, float]:
    """Return the indicators that have one value only, and that value."""
    names = request.columns.numbers
    ends = [Function(end, Column(name)) for name in names for end in ("min", "max")]
    row = reading.only_row(relation.aggregate(ends))
    bounds = zip(names, row[::2], row[1::2], strict=True)
    return {name: low for name, low, high in bounds if low == high}


def _fit(relation: duckdb.DuckDBPyRelation, request: Request) -> panel.Model:
    chosen = {
        name: getattr(request, name)
        for name in ("weights", "kind", "k", "outside")
        if getattr(request, name) is not None
    }
    return panel.fit(
        relation,
        request.systems,
        request.unit,
        request.time,
        directions=dict.fromkeys(request.negative, -1),
        base=list(request.base) or None,
        **chosen,
    )


def _check_model(model: panel.Model, request: Request) -> None:
    fitted = {
        system: [indicator.column for indicator in model.indicators if indicator.system == system]
        for system in request.systems
    }
    same = all(set(fitted[system]) == set(names) for system, names in request.systems.items())
    if not same or (model.unit, model.period) != (request.unit, request.time):
        raise PanelError(
            "the panel is to be read as the model was fitted, with ",
            Option("unit", model.unit), " ", Option("time", model.period),
            *(part for item in fitted.items() for part in (" ", Option(*item))),
        )  # fmt: skip


def _check_outside(relation: duckdb.DuckDBPyRelation, model: panel.Model) -> None:
    """Refuse values that lie outside the bounds, and say what can be done about them."""
    if model.outside == "clip":
        return
    rows = nw.from_native(relation)
    for indicator, (below, outside) in _beyond(relation, model).items():
        wrong, number = (
            (indicator.is_outside(), outside)
            if model.outside == "error"
            else (indicator.scaled() < 0, below)
        )
        if not number:
            continue
        keys = (model.unit, model.period)
        unit, time, value = (
            rows.filter(wrong).select(*keys, indicator.column).sort(*keys).head(1).collect().row(0)
        )
        found = (
            f"{indicator.column}: {reading.counted(number, 'values')} outside the bounds "
            f"{indicator.lower:,.6g} … {indicator.upper:,.6g} (fitted on {model.fitted_on}), as "
            f"{value:,.6g} in {unit}, {time}; "
        )
        clip = Option("outside", "clip")
        if model.outside == "keep":
            raise PanelError(
                f"{found}one worse than the worst cannot be kept: choose ", clip,
                ", or other base periods",
            )  # fmt: skip
        if model.kind in NEED_FRACTIONS:
            raise PanelError(f"{found}choose ", clip, " (they count as the bound)")
        raise PanelError(
            f"{found}choose ", clip, " (they count as the bound), or ",
            Option("outside", "keep"), " (D may be above 1)",
        )  # fmt: skip


def _beyond(
    relation: duckdb.DuckDBPyRelation, model: panel.Model
) -> dict[panel.Indicator, tuple[int, int]]:
    """Count for each indicator the values that are worse than its bounds, and all outside."""
    flags = [
        flag
        for indicator in model.indicators
        for flag in (indicator.scaled() < 0, indicator.is_outside())
    ]
    sums = [where(flag, 1, 0).sum().alias(f"{at}") for at, flag in enumerate(flags)]
    counts = [int(number) for number in nw.from_native(relation).select(*sums).collect().row(0)]
    return dict(zip(model.indicators, zip(counts[::2], counts[1::2], strict=True), strict=True))


def _fit_notes(data: reading.Panel, request: Request, model: panel.Model) -> list[str]:
    """Name indicators that hardly count, or whose scale or weight depends on a few values."""
    highest = max(1, round(TAIL * data.rows))
    cuts = _cuts(data, request, highest)
    values = "highest value" if highest == 1 else f"{highest:,} highest values"
    notes = []
    for indicator in model.indicators:
        cut = cuts[indicator.column]
        filled = (cut - indicator.lower) / (indicator.upper - indicator.lower)
        if filled < FILLED:
            notes.append(
                f"the scale of {indicator.column} hangs on its {values}: all others lie in the "
                f"lowest {filled:.1%} of the bounds {indicator.lower:,.6g} … {indicator.upper:,.6g}"
            )
    if request.weighing in ("given", "equal"):
        return notes
    notes += [
        f"{indicator.column} hardly counts: its {request.weighing} weight is {indicator.weight:.2g}"
        for indicator in model.indicators
        if indicator.weight < NO_WEIGHT
    ]
    keys = [Column(key) for key in (request.unit, request.time)]
    capped = [
        Function("least", Column(name), Constant(cut)).alias(name) for name, cut in cuts.items()
    ]
    try:
        without = _fit(data.relation.select(*keys, *capped), request)
    except ValueError:
        return notes  # without its highest values an indicator would be constant
    weights = {indicator.column: indicator.weight for indicator in without.indicators}
    return notes + [
        f"the weight of {indicator.column} hangs on its {values}: {indicator.weight:.2f} as it "
        f"stands, {weights[indicator.column]:.2f} with that cut to the next lower one"
        for indicator in model.indicators
        if abs(indicator.weight - weights[indicator.column]) > WEIGHT_SHIFT
    ]


def _cuts(data: reading.Panel, request: Request, highest: int) -> dict[str, float]:
    """Return for each indicator the value below its so many highest ones."""
    # DuckDB rounds share × rows up to a row: 1e-12 less keeps 0.99 × 100 from becoming row 100.
    share = Constant(1 - highest / data.rows - 1e-12)
    quantile = "approx_quantile" if data.rows > SORTED_ROWS else "quantile_disc"
    names = request.columns.numbers
    parts = [Function(quantile, Column(name), share) for name in names]
    return dict(zip(names, reading.only_row(data.relation.aggregate(parts)), strict=True))


def _result_notes(relation: duckdb.DuckDBPyRelation, model: panel.Model) -> list[str]:
    outside, neither, above = reading.only_row(
        relation.aggregate(
            "count(*) FILTER (outside > 0), count(*) FILTER (closeness IS NULL), "
            "count(*) FILTER (D > 1)"
        )
    )
    notes = []
    if outside:
        done = "count as the bound" if model.outside == "clip" else "are kept"
        names = [
            f"{indicator.column} ({number:,})"
            for indicator, (_, number) in _beyond(relation, model).items()
            if number
        ]
        notes.append(
            f"values outside the model's bounds {done}, in {reading.counted(outside, 'rows')}: "
            f"{reading.listed(names[: reading.NAMED], len(names))}"
        )
    if above:
        notes.append(f"D is above 1 in {reading.counted(above, 'rows')}; for the level it is 1")
    if neither:
        notes.append(
            f"closeness is empty in {reading.counted(neither, 'rows')} that have neither system"
        )
    made_for = SCHEMES[panel_levels.GRADES].kinds
    if model.kind not in made_for:
        notes.append(
            "no grades: the ten grades were made for C of the kind "
            f"{' or '.join(made_for)}, not {model.kind}"
        )
    return notes


def _periods(relation: duckdb.DuckDBPyRelation, request: Request) -> pd.DataFrame:
    """Means of each period, with the D below which a tenth, half and nine tenths of units lie."""
    quantile = "quantile_cont" if reading.count(relation) <= SORTED_ROWS else "approx_quantile"
    means = [
        Function("avg", Column(name)).alias(name)
        for name in (*request.systems, "C", "T", "D", "closeness", "level")
    ]
    spread = [
        Function(quantile, Column("D"), Constant(share)).alias(f"D{share * 100:.0f}")
        for share in (0.1, 0.5, 0.9)
    ]
    units = Function("count", Column("D")).alias("units")
    time = Column(request.time)
    return (
        relation.aggregate([time, *means[:-2], *spread, *means[-2:], units], time).order(time).df()
    )


def _units(
    relation: duckdb.DuckDBPyRelation, request: Request, periods: pd.DataFrame
) -> pd.DataFrame:
    """First and last D of every unit; of the highest and lowest where there are very many."""
    first, last = (_plain(period) for period in periods[request.time].iloc[[0, -1]])
    time = Column(request.time)
    extra = [name for name in ("grade",) if name in relation.columns]
    rows = relation.select(
        Column(request.unit).alias("unit"),
        *([Column(request.group).alias("grouping")] if request.group else []),
        *(Column(name) for name in ("D", "closeness", "level", *extra)),
        (time == Constant(first)).alias("is_first"),
        (time == Constant(last)).alias("is_last"),
    ).filter("is_first OR is_last")
    parts = ["unit", *(["any_value(grouping) AS grouping"] if request.group else [])]
    parts += ["max(D) FILTER (is_first) AS first", "max(D) FILTER (is_last) AS last"]
    parts += [f"max({name}) FILTER (is_last) AS {name}" for name in ("closeness", "level", *extra)]
    table = rows.aggregate(", ".join(parts), "unit").filter("last IS NOT NULL")
    original = {"unit": request.unit, "grouping": request.group}
    head = table.order("last DESC, unit").limit(2 * UNITS + 1).df().rename(columns=original)
    if len(head) <= 2 * UNITS:
        return head
    bottom = table.order("last, unit").limit(UNITS).df().rename(columns=original)
    return pd.concat([head.head(UNITS), bottom.iloc[::-1]], ignore_index=True)


def _plain(value: Any) -> Any:
    """Return a plain number in place of one of numpy's, which DuckDB does not take."""
    return value.item() if isinstance(value, np.generic) else value


def _inequality(
    relation: duckdb.DuckDBPyRelation, request: Request, data: reading.Panel
) -> tuple[pd.DataFrame, list[str]]:
    rows: list[dict[str, Any]] = []
    refused: list[str] = []
    for column in ("D", *request.columns.numbers):
        for period in data.periods:
            of_period = relation.filter(Column(request.time) == Constant(period))
            if reading.count(of_period) > SORTED_ROWS:
                refused.append(
                    f"no inequality: more than {SORTED_ROWS:,} units a period cannot be sorted here"
                )
                return pd.DataFrame(rows), refused
            got = of_period.select(
                Column(column).alias("y"), Column(request.group or "").alias("g")
            ).fetchnumpy()
            y, g = np.asarray(got["y"], float), np.asarray(got["g"], str)
            if not y.any():
                refused.append(f"no inequality of {column} in {period}: all values are 0")
                continue
            gini, theil = inequality.dagum(y, g), inequality.theil(y, g)
            rows.append(
                {
                    "of": column,
                    request.time: period,
                    "gini": gini.total,
                    "gini_within": gini.within,
                    "gini_between": gini.between,
                    "gini_transvariation": gini.transvariation,
                    "theil": theil.total,
                    "theil_within": theil.within,
                    "theil_between": theil.between,
                }
            )
    return pd.DataFrame(rows), refused


def _robust(
    data: reading.Panel, request: Request, model: panel.Model
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    names = [indicator.column for indicator in model.indicators]
    frame = data.relation.sort(Column(request.unit), Column(request.time)).df()
    shape = (data.units, len(data.periods), len(names))
    values = frame[names].to_numpy(float, copy=True).reshape(shape)
    for at, indicator in enumerate(model.indicators):
        if indicator.direction == -1:
            values[..., at] = values[..., at].max() - values[..., at]
    units = list(frame[request.unit].iloc[:: len(data.periods)])
    systems = [indicator.system for indicator in model.indicators]
    cube = Cube({"as given": values}, systems, units)
    first = values[:, 0]
    constant = (first.min(axis=0) == first.max(axis=0)).any()
    # Where an indicator is the same for all units at first, that period cannot give its bounds.
    choices = {**CHOICES, "bounds": ["pooled"]} if constant else CHOICES
    ranges, causes = {}, {}
    for question, answer in ANSWERS.items():
        ranges[question] = multiverse(cube, choices, question)
        if ranges[question][answer].nunique() > 1:
            causes[question] = variance_decomposition(ranges[question], answer)
    return ranges, causes
