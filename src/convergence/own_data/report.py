"""The report of a measurement: one HTML page that needs nothing but itself.

The only module of `convergence` that draws. Its tools (Altair, vl-convert, Jinja) come with the
extra ``measure``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any

import altair as alt
import jinja2
import latex2mathml.converter
import pandas as pd
import vl_convert

from convergence import __version__
from convergence.colours import CONTEXT, MANUFACTURING, PRODUCER_SERVICES

if TYPE_CHECKING:
    from convergence.own_data.measure import Measurement

__all__ = ["FORMULAS", "UNITS", "page"]

UNITS = 30
INK = "#1C1E21"
# Wide, and for a phone: a drawing that is scaled down to one cannot be read there.
WIDTHS = (620, 300)

FORMULAS: Mapping[str, Mapping[str, str]] = {
    "scaled": {
        "more": r"z = \frac{x - \min x}{\max x - \min x}",
        "less": r"z = \frac{\max x - x}{\max x - \min x}",
    },
    "weights": {
        "entropy": r"w_j = \frac{1 - e_j}{\sum_k (1 - e_k)}, \qquad e_j = -\frac{1}{\ln m}"
        r"\sum_i p_{ij} \ln p_{ij}, \qquad p_{ij} = \frac{z_{ij}}{\sum_i z_{ij}}",
        "critic": r"w_j = \frac{c_j}{\sum_k c_k}, \qquad c_j = \sigma_j \sum_k (1 - r_{jk})",
        "equal": r"w_j = \frac{1}{n}",
        "given": r"\sum_j w_j = 1",
    },
    "level": {"": r"U_s = \sum_{j \in s} w_j z_j, \qquad T = \sum_s \alpha_s U_s"},
    "C": {
        "standard": r"C = \frac{2 \sqrt{U_1 U_2}}{U_1 + U_2}",
        "liao": r"C = \left[ \frac{4\, U_1 U_2}{(U_1 + U_2)^2} \right]^k",
        "wang2021": r"C = \sqrt{\left(1 - |U_1 - U_2|\right) \frac{\min(U_1, U_2)}"
        r"{\max(U_1, U_2)}}",
        "fan2024": r"C = 1 - |U_1 - U_2|",
    },
    "D": {"": r"D = \sqrt{C\, T}"},
    "closeness": {"": r"J = \frac{2 \min(a, b)}{a + b}, \qquad L = \sqrt{J\, \min(D, 1)}"},
}


WEIGHTS: Mapping[str, str] = {
    "entropy": "p is the part of row i in the sum of all m rows. The more unevenly an indicator is "
    "spread, the lower its entropy e and the higher its weight; k runs over the indicators of the "
    "same system.",
    "critic": "σ is the standard deviation of z, r the correlation of two indicators; k runs over "
    "the indicators of the same system.",
    "equal": "n is the number of indicators of the system.",
    "given": "The weights were given, and sum to 1 in each system.",
    "fitted": "The weights are those of the model that was given.",
}
# Where the kinds of C come from, for a paper's list of references; full in `coupling`.
SOURCES: Mapping[str, str] = {
    "standard": "Wang et al. 2021, doi:10.31497/zrzyxb.20210319",
    "liao": "after Liao 1999",
    "wang2021": "Wang et al. 2021, doi:10.31497/zrzyxb.20210319",
    "fan2024": "Fan, Ke and Cao 2024, doi:10.13546/j.cnki.tjyjc.2024.22.007",
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
    return environment.get_template("report.html").render(
        found=found,
        request=request,
        version=__version__,
        formulas=_formulas(found),
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
        weights=_weights(found),
        weighing=WEIGHTS[_weighing(found)],
        reversed=any(one.direction == -1 for one in found.model.indicators),
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


def _weighing(found: Measurement) -> str:
    if found.request.model:
        return "fitted"
    weights = found.request.weights
    return weights if isinstance(weights, str) else "given"


def _formulas(found: Measurement) -> dict[str, str]:
    model = found.model
    directions = {one.direction for one in model.indicators}
    weighing = _weighing(found)
    chosen = {
        "scaled": ["more", *(["less"] if -1 in directions else [])],
        "weights": [weighing if weighing in FORMULAS["weights"] else "given"],
        "level": [""],
        "C": [model.kind],
        "D": [""],
        "closeness": [""],
    }
    return {
        name: "".join(
            latex2mathml.converter.convert(part, display="block")
            for one in which
            # One beneath the other: side by side they are wider than a phone.
            for part in FORMULAS[name][one].split(r", \qquad ")
        )
        for name, which in chosen.items()
    }


def _weights(found: Measurement) -> list[dict[str, Any]]:
    return [
        {
            "column": one.column,
            "system": one.system,
            "weight": one.weight,
            "lower": f"{one.lower:,.6g}",
            "upper": f"{one.upper:,.6g}",
            "direction": "more" if one.direction == 1 else "less",
        }
        for one in found.model.indicators
    ]


def _range(found: Measurement, question: str, table: pd.DataFrame) -> dict[str, Any]:
    answer = "rise" if question == "trend" else "agreement"
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
        "options": {one: ", ".join(map(str, table[one].unique())) for one in MEANINGS},
        "shares": [] if causes is None else causes.to_dict("records"),
    }


def _is_listed(found: Measurement, table: pd.DataFrame) -> bool:
    """Tell whether the specification that was asked for is one of the table's."""
    request, model = found.request, found.model
    if request.model or not isinstance(request.weights, str):
        return False
    first = found.periods[request.time].iloc[0]
    of_first = list(request.base) == [first] and model.outside == "keep"
    # Where each system has one indicator only, all weights are one.
    weights = request.weights if request.weights in set(table["weights"]) else "equal"
    same = (
        (table["bounds"] == ("base" if of_first else "pooled"))
        & (table["normalisation"] == "minmax")
        & (table["weights"] == weights)
        & (table["kind"] == model.kind)
        & ((table["kind"] != "liao") | (table["k"] == model.k))
        & (table["alpha"] == 0.5)
    )
    return bool(same.any()) and (of_first or not request.base)


def _specification(found: Measurement) -> str:
    request, model = found.request, found.model
    systems = " and ".join(
        f"{system} ({', '.join(one.column for one in model.indicators if one.system == system)})"
        for system, _ in model.system_weights
    )
    reversed_ = [one.column for one in model.indicators if one.direction == -1]
    negative = f"; less is better in {', '.join(reversed_)}" if reversed_ else ""
    given = ", ".join(f"{one.weight:.4g} for {one.column}" for one in model.indicators)
    basis = {
        "entropy": f"bounds and entropy weights from {model.fitted_on}",
        "critic": f"bounds and CRITIC weights from {model.fitted_on}",
        "equal": f"bounds from {model.fitted_on}; equal weights",
        "given": f"bounds from {model.fitted_on}; given weights ({given})",
        "fitted": f"bounds and weights of a model fitted earlier on {model.fitted_on}",
    }[_weighing(found)]
    c = f"C of the kind {model.kind}" + (f" with k = {model.k:g}" if model.kind == "liao" else "")
    alphas = ", ".join(f"{share:g} for {name}" for name, share in model.system_weights)
    outside = f"; {OUTSIDE[model.outside]}" if request.base or request.model else ""
    return (
        f"two systems, {systems}{negative}; min–max scaling; {basis}; {c} "
        f"({SOURCES[model.kind]}); T with {alphas}; D = √(C T){outside}"
    )


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
