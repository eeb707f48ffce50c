r"""One's own panel, measured as the book measures: from a file to results and a report.

`measure` reads a file of any size, fits the model of `convergence.measures.panel` (or takes a
fitted one), and writes a folder: results for each unit and time, the fitted parameters, inequality
between groups, the range over admissible specifications, and a report that explains all of it.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from convergence.measures import inequality, panel, panel_levels
from convergence.measures.coupling import NEED_FRACTIONS, SCHEMES
from convergence.measures.elementwise import where
from convergence.measures.multiverse import Cube, multiverse, variance_decomposition
from convergence.own_data import reading, report
from convergence.own_data.reading import PanelError, quoted

__all__ = ["Measurement", "PanelError", "Request", "measure", "read_weights", "request"]

SYSTEMS = ("manufacturing", "services")
# What must be sorted (Gini, Dagum, quantiles) is held in memory, one period at a time.
SORTED_ROWS = 5_000_000
# The multiverse holds the whole panel, in each of its scalings.
MULTIVERSE_CELLS = 2_000_000
CSV_ROWS = 1_000_000
# The share of the highest values that is cut to see whether weight or scale hangs on them: a
# weight that moves by more, or a scale of which the rest fills less.
TAIL = 0.01
OWNED = 0.1
FILLED = 0.5
# An indicator of less weight does not count, whatever a paper's table of indicators says.
NO_WEIGHT = 0.01
CHOICES: Mapping[str, Sequence[Any]] = {
    "bounds": ["pooled", "base"],
    "normalisation": ["minmax", "max"],
    "weights": ["equal", "entropy", "critic"],
    "kind": ["standard", "liao", "wang2021", "fan2024"],
    "alpha": [0.4, 0.5, 0.6],
}
QUESTIONS = {"trend": "rise", "ranking": "agreement"}


@dataclass(frozen=True)
class Request:
    """What is to be measured, in the panel's own column names.

    Parameters
    ----------
    unit, time
        The columns that name a row.
    manufacturing, services
        The indicators of the two systems.
    negative
        Those of them in which less is better.
    weights
        ``"entropy"``, ``"critic"``, ``"equal"``, or a weight for each column.
    kind, k
        The kind of C, as for `coupling.coupling_degree`.
    base
        Periods that fix bounds and weights; all by default.
    outside
        What values outside the bounds become, as for `panel.fit`.
    group
        A column of groups of units, for Dagum's and Theil's decomposition.
    robust
        Whether to run the multiverse.
    model
        A fitted model to apply instead of fitting one.
    """

    unit: str
    time: str
    manufacturing: Sequence[str]
    services: Sequence[str]
    negative: Sequence[str] = ()
    weights: str | Mapping[str, float] = "entropy"
    kind: str = "standard"
    k: float = 2
    base: Sequence[int | str] = ()
    outside: str = "error"
    group: str | None = None
    robust: bool = False
    model: panel.Model | None = None

    @property
    def columns(self) -> reading.Columns:
        """The columns that are read."""
        return reading.Columns(
            self.unit, self.time, (*self.manufacturing, *self.services), self.group
        )


@dataclass(frozen=True)
class Measurement:
    """What was found, in tables small enough to print; the results themselves stand in a file.

    ``periods`` has mean levels, C, T, D and closeness by period; ``units`` the first and last D
    of the units (the highest and lowest ones of a large panel); ``inequality`` Dagum and Theil by
    period; ``ranges`` and ``causes`` what the multiverse says, by question.
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


def request(options: Any) -> Request:
    """Make a request of what the command line gave.

    Raises
    ------
    PanelError
        If a file of weights or a model cannot be read, or a model comes with choices that it has
        made already.
    """
    chosen = {
        name: getattr(options, name)
        for name in ("weights", "kind", "k", "outside")
        if getattr(options, name) is not None
    }
    if options.model is not None:
        made = ("weights", "kind", "k", "base", "negative")
        if fixed := [name for name in made if getattr(options, name)]:
            raise PanelError(f"--model has its own {fixed[0]}: leave out --{fixed[0]}")
        chosen["model"] = _read_model(options.model, chosen.pop("outside", None))
    if options.k is not None and options.kind != "liao":
        raise PanelError("--k is the power of the kind liao: leave it out, or add --kind liao")
    weights = chosen.get("weights", "entropy")
    if weights not in panel.WEIGHTS:
        if not Path(weights).is_file():
            raise PanelError(
                f"--weights: expected {', '.join(panel.WEIGHTS)} or a file, found {weights!r}"
            )
        chosen["weights"] = read_weights(Path(weights))
    return Request(
        options.unit,
        options.time,
        options.manufacturing,
        options.services,
        options.negative,
        base=[int(one) if one.isdecimal() else one for one in options.base],
        group=options.group,
        robust=options.robust,
        **chosen,
    )


def _read_model(path: Path, outside: str | None) -> panel.Model:
    if not path.is_file():
        inside = f"; did you mean {str(path / 'model.json')!r}?" if path.is_dir() else ""
        raise PanelError(f"--model: there is no file {str(path)!r}{inside}")
    try:
        model = panel.Model.from_json(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise PanelError(f"{path}: not a model.json that an earlier measurement wrote") from None
    return model if outside is None else replace(model, outside=outside)


def measure(
    source: str | Path | pd.DataFrame,
    request: Request,
    out: str | Path,
    progress: Callable[[str], None] = lambda step: None,
) -> Measurement:
    """Measure a panel and write everything into a folder, all of it or nothing.

    Parameters
    ----------
    source
        A file of CSV, Parquet or Excel, or a pandas frame; one row for each unit and time.
    request
        What is to be measured.
    out
        The folder to write. One that an earlier measurement wrote is replaced; any other that
        exists is refused.
    progress
        Called with a few words before each step.

    Returns
    -------
    Measurement
        The summary that the report shows. The folder holds ``results.csv`` (``.parquet`` from a
        million rows on), ``model.json``, ``inequality.csv`` (with groups), ``range-*.csv`` (with
        `Request.robust`) and ``report.html``.

    Raises
    ------
    PanelError
        One sentence: what is wrong with the panel or the request, and where.

    Examples
    --------
    >>> import tempfile
    >>> frame = pd.DataFrame({"city": list("abab"), "year": [2020, 2020, 2021, 2021],
    ...                       "jobs": [3.0, 5, 4, 6], "software": [1.0, 2, 2, 4]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = measure(frame, Request("city", "year", ["jobs"], ["software"]), f"{folder}/out")
    ...     print(sorted(one.name for one in Path(folder, "out").iterdir()))
    ['model.json', 'report.html', 'results.csv']
    >>> found.periods[["year", "D"]].round(3).values.tolist()
    [[2020.0, 0.343], [2021.0, 0.789]]
    """
    out = Path(out)
    _check_target(out)
    try:
        with reading.opened(source, request.columns, whole=request.model is None) as data:
            progress(
                f"read: {data.rows:,} rows, {data.units:,} units × {len(data.periods)} periods"
            )
            with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
                found = _measured(data, request, _name(source), Path(folder), progress)
                (Path(folder) / "report.html").write_text(report.page(found), "utf-8")
                _replace(Path(folder), out)
    except ValueError as error:
        if isinstance(error, PanelError):
            raise
        raise PanelError(str(error)) from None
    return found


def _name(source: str | Path | pd.DataFrame) -> str:
    return "a data frame" if isinstance(source, pd.DataFrame) else Path(source).name


def _check_target(out: Path) -> None:
    if not out.parent.is_dir():
        raise PanelError(f"the folder {str(out.parent)!r}, in which to write, does not exist")
    if not out.exists():
        return
    if not out.is_dir():
        raise PanelError(f"{str(out)!r} is a file: name a folder to write")
    if any(out.iterdir()) and not (
        (out / "model.json").is_file() and (out / "report.html").is_file()
    ):
        raise PanelError(f"{str(out)!r} holds other files: name a new folder to write")


def _replace(staged: Path, out: Path) -> None:
    """Put a finished folder in its place; what stood there goes last."""
    # The temporary folder is removed on leaving, so its content moves into one of our own.
    ready = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    for path in staged.iterdir():
        os.replace(path, ready / path.name)
    ready.chmod(0o755)
    if out.exists():
        before = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        os.replace(out, before)
        os.replace(ready, out)
        shutil.rmtree(before)
    else:
        os.replace(ready, out)


def _measured(
    data: reading.Panel,
    request: Request,
    name: str,
    folder: Path,
    progress: Callable[[str], None],
) -> Measurement:
    notes = list(data.notes)
    if request.robust:
        _check_robust(data, request)
    model = request.model
    if model is None:
        _check_names(data, request)
        request, constant = _without_constants(data, request)
        notes += constant
        progress("fitting bounds and weights")
        model = _fit(data.relation, request)
        notes += _fit_notes(data, request, model)
    _check_model(model, request)
    if request.model or request.base:
        _check_outside(data.relation, model)
    (folder / "model.json").write_text(model.to_json() + "\n", "utf-8")
    progress("measuring each unit and time")
    relation = panel_levels.measured(data.relation, model)
    stored = folder / "measured.parquet"
    relation.write_parquet(str(stored))
    relation = data.connection.read_parquet(str(stored))
    notes += _result_notes(relation, model)
    periods = _periods(relation, request)
    if data.rows < data.units * len(data.periods):
        notes.append(
            f"not every unit is there in every period ({periods['units'].min():,} to "
            f"{periods['units'].max():,} units): the means of two periods compare different units"
        )
    units = _units(relation, request, periods)
    split = None
    if request.group:
        progress("decomposing inequality by group")
        split, refused = _inequality(relation, request, data)
        notes += refused
        split.to_csv(folder / "inequality.csv", index=False)
    ranges: dict[str, pd.DataFrame] = {}
    causes: dict[str, pd.DataFrame] = {}
    if request.robust:
        progress("running every admissible specification")
        ranges, causes = _robust(data, request, model)
        for question, table in ranges.items():
            table.to_csv(folder / f"range-{question}.csv", index=False)
    results_file = _write_results(relation, stored, request, data.rows, folder)
    return Measurement(
        request,
        name,
        model,
        data.rows,
        data.units,
        periods,
        units,
        tuple(notes),
        split,
        ranges,
        causes,
        results_file,
    )


def _write_results(relation: Any, stored: Path, request: Request, rows: int, folder: Path) -> str:
    if rows > CSV_ROWS:
        os.replace(stored, folder / "results.parquet")
        return "results.parquet"
    ordered = relation.order(f"{quoted(request.unit)}, {quoted(request.time)}")
    ordered.write_csv(str(folder / "results.csv"), header=True)
    stored.unlink()
    return "results.csv"


def _without_constants(data: reading.Panel, request: Request) -> tuple[Request, list[str]]:
    """Leave out indicators without any variation, if their system has another one."""
    parts = ", ".join(f"min({quoted(c)}), max({quoted(c)})" for c in request.columns.numbers)
    row = reading.first_row(data.relation.aggregate(parts))
    bounds = dict(zip(request.columns.numbers, zip(row[::2], row[1::2], strict=True), strict=True))
    constant = {name: low for name, (low, high) in bounds.items() if low == high}
    left: dict[str, Any] = {}
    for system in SYSTEMS:
        names = getattr(request, system)
        left[system] = [name for name in names if name not in constant]
        if not left[system]:
            what = "0" if not any(constant[name] for name in names) else "the same number"
            raise PanelError(
                f"{system}: {', '.join(names)} {'is' if len(names) == 1 else 'are'} {what} in "
                "every row: nothing can be measured by it"
            )
    notes = [
        f"{name} is {value:g} in every row and is left out" for name, value in constant.items()
    ]
    kept = [name for name in request.negative if name not in constant]
    weights = request.weights
    if constant and isinstance(weights, Mapping):
        raise PanelError(f"{next(iter(constant))}: has a weight but is the same in every row")
    return replace(request, **left, negative=kept), notes


def _check_names(data: reading.Panel, request: Request) -> None:
    """Refuse options that name what the panel has not, before any long work."""
    numbers = request.columns.numbers
    if unknown := [one for one in request.negative if one not in numbers]:
        raise PanelError(
            f"--negative: {unknown[0]!r} is not one of the indicators {', '.join(numbers)}"
        )
    if isinstance(request.weights, Mapping):
        if unknown := [one for one in request.weights if one not in numbers]:
            raise PanelError(
                f"--weights: {unknown[0]!r} is not one of the indicators {', '.join(numbers)}"
            )
        if missing := [one for one in numbers if one not in request.weights]:
            raise PanelError(f"--weights: there is no weight for {missing[0]!r}")
    if absent := [one for one in request.base if one not in data.periods]:
        there = reading.listed(map(str, data.periods[: reading.NAMED]), len(data.periods))
        raise PanelError(f"--base: there is no {request.time} {absent[0]}; the panel has {there}")


def _check_robust(data: reading.Panel, request: Request) -> None:
    cells = data.rows * len(request.columns.numbers)
    if cells > MULTIVERSE_CELLS:
        raise PanelError(
            f"--robust holds the whole panel in memory: at most {MULTIVERSE_CELLS:,} values, found "
            f"{cells:,}; take a sample of the units"
        )
    if len(data.periods) < 2:
        raise PanelError("--robust asks how a trend and a ranking move: two periods are needed")
    if data.rows < data.units * len(data.periods):
        raise PanelError("--robust compares the same units in every period: some lack one here")


def _fit(relation: Any, request: Request) -> panel.Model:
    return panel.fit(
        relation,
        {system: list(getattr(request, system)) for system in SYSTEMS},
        request.unit,
        request.time,
        directions=dict.fromkeys(request.negative, -1),
        weights=request.weights,
        base=list(request.base) or None,
        kind=request.kind,
        k=request.k,
        outside=request.outside,
    )


def _check_model(model: panel.Model, request: Request) -> None:
    fitted = {
        system: [one.column for one in model.indicators if one.system == system]
        for system in SYSTEMS
    }
    same = all(set(fitted[system]) == set(getattr(request, system)) for system in SYSTEMS)
    if not same or (model.unit, model.period) != (request.unit, request.time):
        columns = " ".join(f"--{system} {','.join(fitted[system])}" for system in SYSTEMS)
        raise PanelError(
            "the panel is to be read as the model was fitted, with "
            f"--unit {model.unit} --time {model.period} {columns}"
        )


def _check_outside(relation: Any, model: panel.Model) -> None:
    """Refuse values that the bounds do not hold, and say what can be done about them."""
    if model.outside == "clip":
        return
    rows = nw.from_native(relation)
    for one, (below, outside) in _beyond(relation, model).items():
        wrong, number = (
            (one.is_outside(), outside) if model.outside == "error" else (one.scaled() < 0, below)
        )
        if not number:
            continue
        keys = (model.unit, model.period)
        unit, time, value = (
            rows.filter(wrong).select(*keys, one.column).sort(*keys).head(1).collect().row(0)
        )
        found = (
            f"{one.column}: {reading.counted(number, 'values')} outside the bounds "
            f"{one.lower:,.6g} … {one.upper:,.6g} (fitted on {model.fitted_on}), as "
            f"{value:,.6g} in {unit}, {time}"
        )
        keep = ", or --outside keep (D may be above 1)" if model.kind not in NEED_FRACTIONS else ""
        raise PanelError(
            f"{found}; choose --outside clip (they count as the bound){keep}"
            if model.outside == "error"
            else f"{found}; one worse than the worst cannot be kept: choose --outside clip, or "
            "other base periods"
        )


def _beyond(relation: Any, model: panel.Model) -> dict[panel.Indicator, tuple[int, int]]:
    """Count for each indicator the values that are worse than its bounds, and all outside."""
    flags = [flag for one in model.indicators for flag in (one.scaled() < 0, one.is_outside())]
    sums = [where(flag, 1, 0).sum().alias(f"{at}") for at, flag in enumerate(flags)]
    found = [int(one) for one in nw.from_native(relation).select(*sums).collect().row(0)]
    return dict(zip(model.indicators, zip(found[::2], found[1::2], strict=True), strict=True))


def _fit_notes(data: reading.Panel, request: Request, model: panel.Model) -> list[str]:
    """Name the indicators whose scale or weight hangs on a few values, or that hardly count."""
    names = request.columns.numbers
    highest = max(1, round(TAIL * data.rows))
    # A hair less, so that rounding does not step over the value that is meant.
    share = 1 - highest / data.rows - 1e-12
    quantile = "approx_quantile" if data.rows > SORTED_ROWS else "quantile_disc"
    cuts = reading.first_row(
        data.relation.aggregate(
            ", ".join(f"{quantile}({quoted(name)}, {share!r})" for name in names)
        )
    )
    values = "highest value" if highest == 1 else f"{highest:,} highest values"
    notes = []
    for one, at in zip(model.indicators, cuts, strict=True):
        filled = (at - one.lower) / (one.upper - one.lower)
        if filled < FILLED:
            notes.append(
                f"the scale of {one.column} hangs on its {values}: all others lie in the lowest "
                f"{filled:.1%} of the bounds {one.lower:,.6g} … {one.upper:,.6g}"
            )
    if isinstance(request.weights, Mapping) or request.weights == "equal":
        return notes
    notes += [
        f"{one.column} hardly counts: its {request.weights} weight is {one.weight:.2g}"
        for one in model.indicators
        if one.weight < NO_WEIGHT
    ]
    keys = ", ".join(quoted(key) for key in (request.unit, request.time))
    cut = data.relation.select(
        f"{keys}, "
        + ", ".join(
            f"least({quoted(name)}, {at!r}) AS {quoted(name)}"
            for name, at in zip(names, cuts, strict=True)
        )
    )
    try:
        without = {one.column: one.weight for one in _fit(cut, request).indicators}
    except ValueError:
        return notes  # without its highest values an indicator would be constant
    return notes + [
        f"the weight of {one.column} hangs on its {values}: {one.weight:.2f} as it stands, "
        f"{without[one.column]:.2f} with that cut to the next lower one"
        for one in model.indicators
        if abs(one.weight - without[one.column]) > OWNED
    ]


def _result_notes(relation: Any, model: panel.Model) -> list[str]:
    outside, neither, above = reading.first_row(
        relation.aggregate(
            "count(*) FILTER (outside > 0), count(*) FILTER (closeness IS NULL), "
            "count(*) FILTER (D > 1)"
        )
    )
    notes = []
    if outside:
        done = "count as the bound" if model.outside == "clip" else "are kept"
        beyond = {
            one.column: number for one, (_, number) in _beyond(relation, model).items() if number
        }
        names = [f"{name} ({number:,})" for name, number in beyond.items()]
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
    if model.kind not in SCHEMES[panel_levels.GRADES].kinds:
        notes.append(
            f"no grades: the ten grades were made for C of the kind "
            f"{' or '.join(SCHEMES[panel_levels.GRADES].kinds)}, not {model.kind}"
        )
    return notes


def _periods(relation: Any, request: Request) -> pd.DataFrame:
    quantile = "quantile_cont" if reading.count(relation) <= SORTED_ROWS else "approx_quantile"
    parts = [f"avg({quoted(name)}) AS {quoted(name)}" for name in (*SYSTEMS, "C", "T", "D")]
    parts += [f"{quantile}(D, {at}) AS D{at * 100:.0f}" for at in (0.1, 0.5, 0.9)]
    parts += ["avg(closeness) AS closeness", "avg(level) AS level", "count(*) AS units"]
    time = quoted(request.time)
    return relation.aggregate(f"{time}, {', '.join(parts)}", time).order(time).df()


def _units(relation: Any, request: Request, periods: pd.DataFrame) -> pd.DataFrame:
    """First and last D of every unit; of the highest and lowest where there are very many."""
    unit, time = quoted(request.unit), quoted(request.time)
    first, last = periods[request.time].iloc[[0, -1]]
    extra = (
        f", any_value({quoted(request.group)}) AS {quoted(request.group)}" if request.group else ""
    )
    grade = ", max(grade) FILTER (is_last = 1) AS grade" if "grade" in relation.columns else ""
    ends = relation.filter(f"{time} IN ({reading.literal(first)}, {reading.literal(last)})").select(
        f"*, CASE WHEN {time} = {reading.literal(last)} THEN 1 ELSE 0 END AS is_last"
    )
    table = ends.aggregate(
        f"{unit}{extra}, max(D) FILTER ({time} = {reading.literal(first)}) AS first, "
        f"max(D) FILTER (is_last = 1) AS last, max(closeness) FILTER (is_last = 1) AS closeness, "
        f"max(level) FILTER (is_last = 1) AS level{grade}",
        unit,
    ).filter("last IS NOT NULL")
    shown = report.UNITS
    top = table.order(f"last DESC, {unit}")
    if len(head := top.limit(2 * shown + 1).df()) <= 2 * shown:
        return head
    bottom = table.order(f"last, {unit}").limit(shown).df()
    return pd.concat([head.head(shown), bottom.iloc[::-1]], ignore_index=True)


def _inequality(
    relation: Any, request: Request, data: reading.Panel
) -> tuple[pd.DataFrame, list[str]]:
    rows: list[dict[str, Any]] = []
    refused: list[str] = []
    time, group = quoted(request.time), quoted(request.group or "")
    for column in ("D", *request.columns.numbers):
        for period in data.periods:
            of_period = relation.filter(f"{time} = {reading.literal(period)}")
            if reading.count(of_period) > SORTED_ROWS:
                refused.append(
                    f"no inequality: more than {SORTED_ROWS:,} units a period cannot be sorted here"
                )
                return pd.DataFrame(rows), refused
            got = of_period.select(f"{quoted(column)} AS y, {group} AS g").fetchnumpy()
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
    names = [one.column for one in model.indicators]
    frame = data.relation.order(f"{quoted(request.unit)}, {quoted(request.time)}").df()
    shape = (data.units, len(data.periods), len(names))
    values = frame[names].to_numpy(float, copy=True).reshape(shape)
    for at, one in enumerate(model.indicators):
        if one.direction == -1:
            values[..., at] = values[..., at].max() - values[..., at]
    units = list(frame[request.unit].iloc[:: len(data.periods)])
    cube = Cube({"as given": values}, [one.system for one in model.indicators], units)
    first = values[:, 0]
    constant = (first.min(axis=0) == first.max(axis=0)).any()
    # Where an indicator is the same for all at first, that period cannot give its bounds.
    choices = {**CHOICES, "bounds": ["pooled"]} if constant else CHOICES
    ranges, causes = {}, {}
    for question, answer in QUESTIONS.items():
        ranges[question] = multiverse(cube, choices, question)
        if ranges[question][answer].nunique() > 1:
            causes[question] = variance_decomposition(ranges[question], answer)
    return ranges, causes


def read_weights(path: Path) -> dict[str, float]:
    """Read a weight for each column from JSON (``{"column": 0.5}``) or CSV (``column,weight``).

    Raises
    ------
    PanelError
        If the file is not such a table.
    """
    text = _text(path)
    if path.suffix.lower() == ".json":
        try:
            return {str(name): float(weight) for name, weight in json.loads(text).items()}
        except (AttributeError, TypeError, ValueError):
            raise PanelError(f'{path.name}: expected JSON such as {{"column": 0.5}}') from None
    weights: dict[str, float] = {}
    lines = csv.reader(text.splitlines(), skipinitialspace=True)
    for at, cells in enumerate(lines, start=1):
        if not any(cells) or (at == 1 and [one.strip().lower() for one in cells[1:]] == ["weight"]):
            continue
        try:
            name, weight = cells[0].strip(), float(cells[1])
        except (IndexError, ValueError):
            raise PanelError(
                f"{path.name}, line {at}: expected column,weight such as output,0.5, found "
                f"{','.join(cells)!r}"
            ) from None
        if name in weights:
            raise PanelError(f"{path.name}, line {at}: {name} has a weight already")
        weights[name] = weight
    return weights


def _text(path: Path) -> str:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            return content.decode(encoding)
    raise PanelError(f"{path.name}: the file is neither UTF-8 nor GBK: save it as UTF-8")
