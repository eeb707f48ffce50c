"""The report of a measurement: one HTML page that needs nothing but itself.

The only module of `convergence` that draws. Its tools (Altair, vl-convert, Jinja) come with the
extra ``measure``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
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
    from convergence.measure import Measurement

__all__ = ["FORMULAS", "UNITS", "page"]

UNITS = 30
INK = "#1C1E21"
WIDTH = 620

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


def page(found: Measurement) -> str:
    """Write the report as one HTML page, everything inside it."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["number"] = _number
    request = found.request
    first, last = found.periods.iloc[0], found.periods.iloc[-1]
    return environment.get_template("report.html").render(
        found=found,
        request=request,
        version=__version__,
        formulas=_formulas(found),
        trend=_picture(_trend(found)) if len(found.periods) > 1 else None,
        systems=_picture(_systems(found)) if len(found.periods) > 1 else None,
        ranking=_picture(_ranking(found)),
        first=first,
        last=last,
        times=tuple(found.periods[request.time].iloc[[0, -1]]),
        moved=_moved(last["D"] - first["D"]),
        top=found.units.iloc[0],
        bottom=found.units.iloc[-1],
        ranges={name: _range(name, table) for name, table in found.ranges.items()},
        weights=_weights(found),
        specification=_specification(found),
        shown=len(found.units),
    )


def _template(name: str) -> str:
    return resources.files("convergence.measure").joinpath(name).read_text("utf-8")


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


def _formulas(found: Measurement) -> dict[str, str]:
    model = found.model
    directions = {one.direction for one in model.indicators}
    weights = found.request.weights
    chosen = {
        "scaled": ["more", *(["less"] if -1 in directions else [])],
        "weights": [weights if isinstance(weights, str) and not found.request.model else "given"],
        "level": [""],
        "C": [model.kind],
        "D": [""],
        "closeness": [""],
    }
    return {
        name: "".join(
            latex2mathml.converter.convert(FORMULAS[name][one], display="block") for one in which
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
            "direction": "more is better" if one.direction == 1 else "less is better",
        }
        for one in found.model.indicators
    ]


def _range(question: str, table: pd.DataFrame) -> dict[str, Any]:
    if question == "trend":
        answer = table["rise"]
        return {
            "count": len(table),
            "low": answer.min(),
            "high": answer.max(),
            "rising": int((answer > 0).sum()),
        }
    tops = table["top"].value_counts()
    return {
        "count": len(table),
        "low": table["agreement"].min(),
        "high": table["agreement"].max(),
        "tops": [(str(unit), int(times)) for unit, times in tops.head(3).items()],
        "others": max(0, len(tops) - 3),
    }


def _specification(found: Measurement) -> str:
    request, model = found.request, found.model
    weights = (
        "weights taken from a model fitted earlier"
        if request.model
        else "given weights"
        if not isinstance(request.weights, str)
        else f"{request.weights} weights"
    )
    negative = f"; less is better in {', '.join(request.negative)}" if request.negative else ""
    c = f"C of the kind {model.kind}" + (f" with k = {model.k:g}" if model.kind == "liao" else "")
    alphas = ", ".join(f"{share:g} for {name}" for name, share in model.system_weights)
    return (
        f"two systems, manufacturing ({', '.join(request.manufacturing)}) and services "
        f"({', '.join(request.services)}){negative}; min–max scaling, bounds and weights from "
        f"{model.fitted_on}; {weights} within each system; {c}; T with {alphas}; values outside "
        f"the bounds: {model.outside}"
    )


def _picture(chart: alt.TopLevelMixin) -> str:
    """Draw a chart as a data URI: an image has no scripts, no links and no ids of the page."""
    styled = chart.configure(font="sans-serif").configure_view(stroke=None).configure_axis(
        labelFontSize=12, titleFontSize=12, titleFontWeight="normal", gridColor="#E3E0D8",
        domainColor=CONTEXT, tickColor=CONTEXT,
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


def _trend(found: Measurement) -> alt.LayerChart | alt.FacetChart:
    base = alt.Chart(_series(found)).encode(x=_time(found))
    scale = alt.Scale(domain=[0, max(1.0, float(found.periods["D90"].max()))])
    band = base.mark_area(color=CONTEXT, opacity=0.25).encode(
        y=alt.Y("D10:Q", title="D", scale=scale), y2="D90:Q"
    )
    line = base.mark_line(color=INK, point=alt.OverlayMarkDef(color=INK)).encode(y="D:Q")
    return alt.layer(band, line).properties(width=WIDTH, height=260)


def _systems(found: Measurement) -> alt.LayerChart | alt.FacetChart:
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
    # The lower label stands below its line, the higher one above: they never meet.
    labels = [
        alt.Chart(last.iloc[[at]])
        .mark_text(align="right", dy=dy, fontSize=12)
        .encode(x=_time(found), y="level:Q", text="system:N", color=colour)
        for at, dy in ((0, 14), (1, -12))
    ]
    return alt.layer(line, *labels).properties(width=WIDTH, height=220)


def _ranking(found: Measurement) -> alt.LayerChart | alt.FacetChart:
    units = found.units.rename(columns={found.request.unit: "unit"})
    units = units[["unit", "first", "last"]].astype({"unit": str})
    order = list(units["unit"])
    y = alt.Y("unit:N", sort=order, title=None, axis=alt.Axis(labelLimit=160, grid=False))
    base = alt.Chart(units).encode(y=y)
    # A unit that is not in the first period has no line.
    both = alt.Chart(units.dropna(subset=["first"])).encode(y=y)
    rule = both.mark_rule(color=CONTEXT).encode(x=alt.X("first:Q", title="D"), x2="last:Q")
    start = both.mark_point(color=CONTEXT, size=40).encode(x="first:Q")
    end = base.mark_circle(color=INK, size=60, opacity=1).encode(x="last:Q")
    return alt.layer(rule, start, end).properties(width=WIDTH - 120, height=18 * len(units))
