"""The report of a measurement: one HTML page that needs nothing but itself.

The formulas in it are those of the docstrings of the functions that were used. No other module of
`convergence` draws; the tools for it (Altair, vl-convert, Jinja) come with the extra ``measure``.
"""

from __future__ import annotations

import base64
import inspect
import json
import re
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

import altair as alt
import jinja2
import latex2mathml.converter
import pandas as pd
import vl_convert

from convergence import __version__
from convergence.colours import CONTEXT, MANUFACTURING, PRODUCER_SERVICES
from convergence.measures import closeness, level, panel_levels, weights
from convergence.measures.coupling import HAVE_POWER, KINDS, NEED_FRACTIONS
from convergence.measures.panel import Model
from convergence.own_data.measurement import ANSWERS, Measurement

__all__ = ["formulas", "page"]

INK = "#1C1E21"
# Each drawing is made twice: the letters of a wide one cannot be read when a phone shrinks it.
WIDTHS = (620, 300)

# The functions whose formulas the report prints for each way of weighing.
WEIGHING: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "entropy": (weights.entropy_weights, weights.entropy),
    "critic": (weights.critic_weights,),
    "equal": (weights.equal_weights,),
    "given": (),
    "fitted": (),
}
WEIGHING_WORDS: Mapping[str, str] = {
    "entropy": "p is the share of row i in the sum of all m rows. The more unevenly an indicator "
    "is spread, the lower its entropy e and the higher its weight; k runs over the indicators of "
    "the same system.",
    "critic": "σ is the standard deviation of z, r the correlation of two indicators; k runs over "
    "the indicators of the same system.",
    "equal": "n is the number of indicators of the system.",
    "given": "The weights were given, and sum to 1 in each system.",
    "fitted": "The weights are those of the model that was given.",
}
OUTSIDE: Mapping[str, str] = {
    "error": "no value lies outside the bounds",
    "clip": "values outside the bounds count as the bound",
    "keep": "values above the bounds are kept, so that D may be above 1",
}

# What each choice is, in the words of the formulas.
MEANINGS: Mapping[str, str] = {
    "bounds": "rows that give bounds and weights: all (pooled) or those of the first period (base; "
    "only where every indicator varies in it)",
    "normalisation": "z from the lowest value (minmax) or from zero (max)",
    "weights": "weights of the indicators",
    "kind": "kind of C",
    "alpha": "α of manufacturing in T",
}


def page(found: Measurement) -> str:
    """Write the report as one HTML page, everything inside it."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["number"] = _number
    environment.filters["signed"] = lambda value: f"{value:+.3f}".replace("-", "−")
    request = found.request
    first, last = found.periods.iloc[0], found.periods.iloc[-1]
    has_trend = len(found.periods) > 1
    kind = KINDS[found.model.kind]
    return environment.get_template("report.html").render(
        found=found,
        request=request,
        version=__version__,
        formulas=_printed(found),
        has_power=kind.has_power,
        need_fractions=NEED_FRACTIONS,
        trend=_pictures(_trend, found) if has_trend else None,
        systems=_pictures(_systems, found) if has_trend else None,
        ranking=_pictures(_ranking, found),
        first=first,
        last=last,
        times=tuple(found.periods[request.time].iloc[[0, -1]]),
        moved=_moved(last["D"] - first["D"]),
        top=_end(found, 0),
        bottom=_end(found, -1),
        ranges={name: _range(found, name, table) for name, table in found.ranges.items()},
        meanings=MEANINGS,
        indicators=_indicators(found),
        weighing=WEIGHING_WORDS[request.weighing],
        reversed=any(indicator.direction == -1 for indicator in found.model.indicators),
        specification=_specification(found),
        shown=len(found.units),
    )


def _template(name: str) -> str:
    return resources.files("convergence.own_data").joinpath(name).read_text("utf-8")


def _number(value: Any, digits: int = 3) -> str:
    if value is None or pd.isna(value):
        return "–"
    if isinstance(value, str):
        return value
    return f"{value:,.{digits}f}" if digits else f"{value:,.0f}"


def _moved(change: float) -> str:
    if abs(change) < 0.0005:
        return "did not move"
    return "rose" if change > 0 else "fell"


def _end(found: Measurement, at: int) -> dict[str, Any]:
    """Name the unit at one end of the ranking; a number is no name by itself."""
    row = found.units.iloc[at]
    unit = row[found.request.unit]
    name = unit if isinstance(unit, str) else f"{found.request.unit} {unit}"
    return {"name": name, "D": row["last"]}


def formulas(function: Callable[..., Any]) -> dict[str, str]:
    r"""Read the formulas of a docstring, by what they define.

    Parameters
    ----------
    function
        A function whose docstring has blocks ``.. math::``.

    Returns
    -------
    dict
        LaTeX of each formula (they are separated by ``\qquad``) by its label in brackets, such as
        *geometric*, where it has one, otherwise by its left side.

    Examples
    --------
    >>> formulas(closeness.share_proximity)
    {'J': 'J = 1 - \\frac{|a - b|}{a + b} = \\frac{2 \\min(a, b)}{a + b}'}
    >>> list(formulas(level.level))
    ['geometric', 'product', 'mean']
    """
    found = {}
    for block in re.findall(
        r"^\.\. math::(.*(?:\n(?:[ ]+.*)?)*)", inspect.getdoc(function) or "", re.MULTILINE
    ):
        for part in re.sub(r"\s+", " ", block).split(r"\qquad"):
            formula, _, label = part.strip(" ,").partition(r"\quad\text{(")
            name = label.removesuffix(")}") or formula.partition("=")[0]
            found[name.strip()] = formula.strip()
    return found


def _printed(found: Measurement) -> dict[str, str]:
    """Write the formulas that were used as MathML, those of one step beneath each other."""
    applied = formulas(Model.apply)
    shown = {
        "scaled": formulas(weights.minmax).values(),
        "weights": [
            formula
            for function in WEIGHING[found.request.weighing]
            for formula in formulas(function).values()
        ],
        "level": [applied["U_s"], applied["T"]],
        "C": formulas(KINDS[found.model.kind].compute).values(),
        "D": [applied["D"]],
        "shares": formulas(panel_levels.measured).values(),
        "closeness": [
            formulas(closeness.share_proximity)["J"],
            formulas(level.level)[panel_levels.COMBINATION],
        ],
    }
    return {
        name: "".join(
            latex2mathml.converter.convert(formula, display="block") for formula in of_step
        )
        for name, of_step in shown.items()
    }


def _indicators(found: Measurement) -> list[dict[str, Any]]:
    return [
        {
            "column": indicator.column,
            "system": indicator.system,
            "weight": indicator.weight,
            "lower": f"{indicator.lower:,.6g}",
            "upper": f"{indicator.upper:,.6g}",
            "direction": "more" if indicator.direction == 1 else "less",
        }
        for indicator in found.model.indicators
    ]


def _range(found: Measurement, question: str, table: pd.DataFrame) -> dict[str, Any]:
    answer = ANSWERS[question]
    tops = table["top"].value_counts() if question == "ranking" else pd.Series(dtype=int)
    causes = found.causes.get(question)
    return {
        "count": len(table),
        "low": table[answer].min(),
        "high": table[answer].max(),
        "rising": int((table[answer] > 0).sum()),
        "tops": [(str(unit), int(times)) for unit, times in tops.head(3).items()],
        "others": max(0, len(tops) - 3),
        "is_listed": _is_listed(found, table),
        "options": {choice: ", ".join(map(str, table[choice].unique())) for choice in MEANINGS},
        "shares": [] if causes is None else causes.to_dict("records"),
    }


def _is_listed(found: Measurement, table: pd.DataFrame) -> bool:
    """Tell whether the specification that was asked for is one of the table's."""
    request, model = found.request, found.model
    if request.weighing in ("given", "fitted"):
        return False
    first = found.periods[request.time].iloc[0]
    of_first = list(request.base) == [first] and model.outside == "keep"
    # If each system has a single indicator, the table lists equal weights only.
    weighing = request.weighing if request.weighing in set(table["weights"]) else "equal"
    same = (
        (table["bounds"] == ("base" if of_first else "pooled"))
        & (table["normalisation"] == "minmax")
        & (table["weights"] == weighing)
        & (table["kind"] == model.kind)
        & (~table["kind"].isin(HAVE_POWER) | (table["k"] == model.k))
        & (table["alpha"] == 0.5)
    )
    return bool(same.any()) and (of_first or not request.base)


def _specification(found: Measurement) -> str:
    request, model = found.request, found.model
    systems = " and ".join(
        f"{system} ({', '.join(names)})" for system, names in _columns(model).items()
    )
    reversed_ = [indicator.column for indicator in model.indicators if indicator.direction == -1]
    negative = f"; less is better in {', '.join(reversed_)}" if reversed_ else ""
    given = ", ".join(
        f"{indicator.weight:.4g} for {indicator.column}" for indicator in model.indicators
    )
    basis = {
        "entropy": f"bounds and entropy weights from {model.fitted_on}",
        "critic": f"bounds and CRITIC weights from {model.fitted_on}",
        "equal": f"bounds from {model.fitted_on}; equal weights",
        "given": f"bounds from {model.fitted_on}; given weights ({given})",
        "fitted": f"bounds and weights of a model fitted earlier on {model.fitted_on}",
    }[request.weighing]
    power = f" with k = {model.k:g}" if KINDS[model.kind].has_power else ""
    alphas = ", ".join(f"{share:g} for {name}" for name, share in model.system_weights)
    outside = f"; {OUTSIDE[model.outside]}" if request.base or request.model else ""
    return (
        f"two systems, {systems}{negative}; min–max scaling; {basis}; C of the kind {model.kind}"
        f"{power} ({KINDS[model.kind].source}); T with {alphas}; D = √(C T){outside}"
    )


def _columns(model: Model) -> dict[str, list[str]]:
    """Return the indicators of each system."""
    return {
        system: [indicator.column for indicator in model.indicators if indicator.system == system]
        for system, _ in model.system_weights
    }


def _pictures(draw: Callable[[Measurement, int], Any], found: Measurement) -> dict[str, str]:
    return {
        name: _picture(draw(found, width))
        for name, width in zip(("wide", "narrow"), WIDTHS, strict=True)
    }


def _picture(chart: alt.TopLevelMixin) -> str:
    """Draw a chart as a data URI: an image has no scripts, no links and no ids of the page."""
    styled = chart.configure(font="sans-serif").configure_view(stroke=None).configure_axis(
        labelFontSize=12, titleFontSize=12, titleFontWeight="normal", gridColor="#E3E0D8",
        domainColor=CONTEXT, tickColor=CONTEXT, labelOverlap=True, labelSeparation=6,
    )  # fmt: skip
    svg = vl_convert.vegalite_to_svg(json.dumps(styled.to_dict()))
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _time(found: Measurement) -> alt.X:
    numeric = pd.api.types.is_numeric_dtype(found.periods[found.request.time])
    axis = alt.Axis(format="d", tickMinStep=1) if numeric else alt.Axis(labelAngle=0)
    return (
        alt.X("time:Q" if numeric else "time:O", title=None, axis=axis, scale=alt.Scale(zero=False))
        if numeric
        else alt.X("time:O", title=None, axis=axis)
    )


def _series(found: Measurement) -> pd.DataFrame:
    # Column names are the user's own: a point or a bracket in one means something in Vega.
    table = found.periods.rename(columns={found.request.time: "time"})
    return table[["time", "D", "D10", "D50", "D90", "manufacturing", "services"]]


def _trend(found: Measurement, width: int) -> alt.LayerChart | alt.FacetChart:
    base = alt.Chart(_series(found)).encode(x=_time(found))
    scale = alt.Scale(domain=[0, max(1.0, float(found.periods["D90"].max()))])
    band = base.mark_area(color=CONTEXT, opacity=0.25).encode(
        y=alt.Y("D10:Q", title="D", scale=scale), y2="D90:Q"
    )
    line = base.mark_line(color=INK, point=alt.OverlayMarkDef(color=INK)).encode(y="D:Q")
    return alt.layer(band, line).properties(width=width, height=260)


def _systems(found: Measurement, width: int) -> alt.LayerChart | alt.FacetChart:
    long = _series(found).melt(
        "time", ["manufacturing", "services"], var_name="system", value_name="level"
    )
    colour = alt.Color(
        "system:N",
        scale=alt.Scale(
            domain=["manufacturing", "services"], range=[MANUFACTURING, PRODUCER_SERVICES]
        ),
        legend=None,
    )
    base = alt.Chart(long).encode(x=_time(found), color=colour)
    line = base.mark_line(point=True).encode(y=alt.Y("level:Q", title="mean level U"))
    last = long[long["time"] == long["time"].iloc[-1]].sort_values("level")
    low, high = last["level"] / long["level"].max()
    # At the ends of the lines; where these are close, one label stands higher than the other.
    apart = 7 if high - low < 0.15 else 0
    labels = [
        alt.Chart(last.iloc[[at]])
        .mark_text(align="left", dx=8, dy=dy, fontSize=12)
        .encode(x=_time(found), y="level:Q", text="system:N", color=colour)
        for at, dy in ((0, apart), (1, -apart))
    ]
    return alt.layer(line, *labels).properties(width=width - 80, height=220)


def _ranking(found: Measurement, width: int) -> alt.LayerChart | alt.FacetChart:
    units = found.units.rename(columns={found.request.unit: "unit"})
    units = units[["unit", "first", "last"]].astype({"unit": str})
    order = list(units["unit"])
    labels = 160 if width == max(WIDTHS) else 100
    y = alt.Y("unit:N", sort=order, title=None, axis=alt.Axis(labelLimit=labels, grid=False))
    base = alt.Chart(units).encode(y=y)
    # A unit that is not in the first period has no line.
    both = alt.Chart(units.dropna(subset=["first"])).encode(y=y)
    rule = both.mark_rule(color=CONTEXT).encode(
        x=alt.X("first:Q", title="D", axis=alt.Axis(tickCount=width // 60)), x2="last:Q"
    )
    start = both.mark_point(color=CONTEXT, size=40).encode(x="first:Q")
    end = base.mark_circle(color=INK, size=60, opacity=1).encode(x="last:Q")
    return alt.layer(rule, start, end).properties(
        width=width - labels * 3 // 4, height=18 * len(units)
    )
