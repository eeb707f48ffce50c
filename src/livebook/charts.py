"""Show a chart in a cell: drawn once at build time, interactive on demand."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import altair as alt
import narwhals as nw

from .facts import (
    NARROW_NO_BREAK_SPACE,
    FactError,
    Published,
    building,
    check_name,
    parse_sources,
    parse_tables,
    plain_number,
)
from .fonts import FAMILIES, MEASURED, face_rule, register, wrapped
from .palette import HUES, INK, MARK_VARIABLES, MUTED, PAPER, RULE, TEXT_VARIABLES

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

MIME_TYPE = "application/vnd.livebook.chart+json"
WIDE, NARROW = 680, 328
# As prose prints numbers; in the terms of d3-format.
FORMAT_LOCALE = {
    "decimal": ".",
    "thousands": ",",
    "grouping": [3],
    "currency": ["$", ""],
    "percent": f"{NARROW_NO_BREAK_SPACE}%",
}


class ChartError(FactError):
    """A chart that cannot be published as it is given."""


@alt.theme.register("livebook", enable=True)
def theme() -> alt.theme.ThemeConfig:
    """The look of every chart: quiet axes, no frame, the hues of `livebook.palette`."""
    return {
        "config": {
            # A page has paper of its own. A notebook may be dark, and the ink of a chart is dark.
            "background": None if building() else PAPER,  # type: ignore[typeddict-item]
            "font": FAMILIES,
            "view": {"stroke": None, "continuousHeight": 300, "continuousWidth": WIDE},
            "axis": {
                "labelColor": MUTED,
                "titleColor": MUTED,
                "labelFontSize": 12,
                "titleFontSize": 12,
                "titleFontWeight": "normal",
                "domainColor": RULE,
                "tickColor": RULE,
                "gridColor": RULE,
                "labelPadding": 6,
            },
            "axisX": {"grid": False, "labelAngle": 0, "titlePadding": 8},
            "axisY": {"domain": False, "ticks": False},
            "header": {"labelColor": INK, "labelFontSize": 13, "labelFontWeight": "bold",
                       "labelAnchor": "start", "title": None},
            "legend": {"labelColor": INK, "titleColor": MUTED, "labelFontSize": 12,
                       "titleFontSize": 12, "titleFontWeight": "normal", "orient": "top"},
            "line": {"strokeWidth": 2.2},
            "point": {"size": 45, "strokeWidth": 2},
            "bar": {"color": HUES["blue"]},
            "text": {"color": INK, "fontSize": 12},
            "rule": {"color": MUTED},
            "range": {"category": list(HUES.values())},
            "title": {"anchor": "start", "color": INK, "fontSize": 16, "fontWeight": "bold",
                      "subtitleColor": MUTED, "subtitleFontSize": 13, "offset": 14},
        }
    }  # fmt: skip


def chart(
    altair_chart: alt.TopLevelMixin,
    *,
    name: str,
    caption: str,
    alt: str,
    tables: Sequence[str],
    data: IntoDataFrame | None = None,
    narrow: alt.TopLevelMixin | None = None,
    sources: Iterable[str] = (),
) -> None:
    """Show a chart that prose anywhere in the book can cite as ``{chart}`name```.

    In Jupyter it is the ordinary interactive chart. In the book it is a picture drawn at build
    time, with its data, its sources and, on demand, its interaction.

    Parameters
    ----------
    altair_chart : altair.Chart
        Its title states the finding; its subtitle says measure, unit, place and years.
    name : str
        Its name, one for the whole book: ``"manufacturing-run"``.
    caption, alt : str
        The caption below it and its description for people who do not see it; both may hold
        ``{fact}`…```.
    tables : list of str
        The tables it rests on, as in `livebook.fact`.
    data : data frame, optional
        The table that readers get with the chart. Needed where the chart has several.
    narrow : altair.Chart, optional
        How to draw it 328 pixels wide. Needed for concatenated and faceted charts, whose width
        cannot be fitted.
    sources : iterable of str, optional
        Where tables hold figures of several publishers: the ids in the column ``source`` of the
        rows drawn, as in `livebook.fact`.

    Raises
    ------
    ChartError
        If the caption, the description, the title or the subtitle is missing, if there are no
        data, or if a number in them is missing or not finite.
    """
    check_name("chart", name)
    try:
        payload = _payload(altair_chart, name, caption, alt, tables, data, narrow)
        payload |= parse_sources(sources)
    except FactError as error:
        raise ChartError(f"chart {name!r}: {error}") from None
    from IPython.display import display

    if building():
        display(Published({MIME_TYPE: payload, "text/plain": f"chart {name}"}))
    else:
        display(altair_chart)


def _payload(
    altair_chart: alt.TopLevelMixin,
    name: str,
    caption: str,
    description: str,
    tables: Sequence[str],
    data: IntoDataFrame | None,
    narrow: alt.TopLevelMixin | None,
) -> dict[str, Any]:
    for field, text in (("caption", caption), ("alt", description)):
        if not isinstance(text, str) or not text.strip():
            raise ChartError(f"{field} is empty; expected a sentence")
    spec = _specification(altair_chart)
    title, subtitle = _headings(spec)
    table = _table(spec, data)
    _check_fields(spec, spec.get("datasets", {}))
    if not _is_fitted(spec) and narrow is None:
        raise ChartError("narrow= is needed: a concatenated or faceted chart cannot be fitted")
    payload: dict[str, Any] = {
        "name": name,
        "title": title,
        "subtitle": subtitle,
        "caption": caption.strip(),
        "alt": description.strip(),
        "tables": parse_tables(tables),
        "table": table,
        "spec": spec,
    }
    if narrow is not None:
        payload["narrow"] = _specification(narrow)
    if building():
        payload["svg"] = _drawings(spec, payload.get("narrow", spec), name)
    return payload


def _specification(altair_chart: alt.TopLevelMixin) -> dict[str, Any]:
    """Return a chart as Vega-Lite, its numbers as they are published."""
    spec = altair_chart.to_dict()
    # Altair names a set of data after a hash of its values, whose last digits are not published.
    hashed = [name for name in spec.get("datasets", {}) if re.fullmatch("data-[0-9a-f]{32}", name)]
    names = {name: f"data-{number}" for number, name in enumerate(hashed, 1)}

    def published(part: Any) -> Any:
        if isinstance(part, dict):
            return {names.get(key, key): published(value) for key, value in part.items()}
        if isinstance(part, list):
            return [published(value) for value in part]
        if isinstance(part, str):
            return names.get(part, part)
        return plain_number(part) if isinstance(part, float) else part

    locale = {"embedOptions": {"formatLocale": FORMAT_LOCALE}}
    return {**published(spec), "usermeta": locale}


def _headings(spec: dict[str, Any]) -> tuple[str, str]:
    title = spec.get("title")
    if not isinstance(title, dict) or not title.get("text") or not title.get("subtitle"):
        raise ChartError(
            "expected a title that states the finding and a subtitle that says measure, unit, "
            "place and years: .properties(title=alt.Title('…', subtitle='…'))"
        )
    return tuple(
        " ".join(part) if isinstance(part, list) else str(part)
        for part in (title["text"], title["subtitle"])
    )  # type: ignore[return-value]


def _is_fitted(spec: dict[str, Any]) -> bool:
    """Whether the chart is one panel, whose width can be set."""
    panels = {"concat", "hconcat", "vconcat", "facet", "repeat", "spec"} & spec.keys()
    return not panels and not {"facet", "row", "column"} & spec.get("encoding", {}).keys()


def _check_fields(
    spec: dict[str, Any], datasets: dict[str, list[dict[str, Any]]], name: str | None = None
) -> None:
    """Raise `ChartError` where a mark encodes a field that its data do not have.

    Vega draws nothing then, and says nothing. Below a transformation fields may be made.
    """
    if spec.get("transform"):
        return
    name = spec.get("data", {}).get("name", name)
    rows = datasets.get(name or "", [])
    for channel in spec.get("encoding", {}).values() if rows else []:
        for encoded in channel if isinstance(channel, list) else [channel]:
            field = encoded.get("field") if isinstance(encoded, dict) else None
            if isinstance(field, str) and re.sub(r"\\(.)", r"\1", field) not in rows[0]:
                raise ChartError(f"it encodes {field!r}; its data have {sorted(rows[0])}")
    for part in ("layer", "concat", "hconcat", "vconcat"):
        for view in spec.get(part, []):
            _check_fields(view, datasets, name)
    if isinstance(spec.get("spec"), dict):
        _check_fields(spec["spec"], datasets, name)


def _table(spec: dict[str, Any], data: IntoDataFrame | None) -> dict[str, Any]:
    if data is not None:
        frame = nw.from_native(data, eager_only=True)
        columns = frame.columns
        rows = [[_cell(value) for value in row] for row in frame.iter_rows()]
    else:
        datasets: list[list[dict[str, Any]]] = list(spec.get("datasets", {}).values())
        if len(datasets) != 1:
            raise ChartError(
                f"it draws {len(datasets)} sets of data; say with data= which table readers get"
            )
        columns = list(datasets[0][0]) if datasets[0] else []
        rows = [[_cell(row.get(column)) for column in columns] for row in datasets[0]]
    if not rows:
        raise ChartError("it has no data")
    for number, row in enumerate(rows, 1):
        for column, value in zip(columns, row, strict=True):
            if value is None:
                raise ChartError(
                    f"data row {number}, column {column!r}: missing or not finite; drop the row "
                    "and draw the gap"
                )
    return {"columns": list(columns), "rows": rows}


def _cell(value: Any) -> str | int | float | None:
    number = plain_number(value)
    if number is None:
        return None if value is None or value != value else str(value)
    return number if math.isfinite(number) else None


def _drawings(spec: dict[str, Any], narrow: dict[str, Any], name: str) -> dict[str, str]:
    # The page prints the title as text, which wraps and can be selected.
    return {
        size: plain(
            draw({key: value for key, value in drawn.items() if key != "title"}, width),
            f"{name}-{size}",
        )
        for size, drawn, width in (("wide", spec, WIDE), ("narrow", narrow, NARROW))
    }


def draw(spec: dict[str, Any], width: int) -> str:
    """Draw a Vega-Lite specification as SVG, fitted to `width` pixels where it can be."""
    import vl_convert

    register()
    spec = {**spec, "config": {**spec.get("config", {}), "font": MEASURED}}
    if _is_fitted(spec):
        spec |= {"width": width, "autosize": {"type": "fit", "contains": "padding"}}
    version = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    text = json.dumps(spec)
    # vl-convert ends the whole process where a label cannot stand in XML; JSON escapes controls.
    if held := re.search(r"(?<!\\)(?:\\\\)*(\\u00[01][\da-f]|\\ufff[ef]|\\[bf])", text):
        raise ChartError(
            f"its data or a text holds the control character {held[1]}, which no drawing can show"
        )
    svg = vl_convert.vegalite_to_svg(text, vl_version=version, format_locale=FORMAT_LOCALE)
    if re.search(r"\bNaN\b|>undefined<|\bInfinity\b", svg):
        raise ChartError(
            "the drawing has a coordinate or a label that is not a number: does every encoded "
            "field exist in the data?"
        )
    if other := set(re.findall(r'<[^>]*\bfont-family="([^"]*)"', svg)) - {MEASURED}:
        raise ChartError(
            f"it is lettered in {', '.join(map(repr, sorted(other)))}; drawings are lettered in "
            "the site's own face, which every machine has: leave out font="
        )
    return svg


def plain(svg: str, prefix: str) -> str:
    """Make a drawing small and reproducible: short coordinates, ids under `prefix`."""
    ids = dict.fromkeys(re.findall(r'<[^>]*\bid="([^"]+)"', svg))
    renamed = {identifier: f"{prefix}-{number}" for number, identifier in enumerate(ids, 1)}
    family = f' font-family="{MEASURED}"'

    def tidy(tag: re.Match[str]) -> str:
        text = re.sub(
            r'(\bid="|url\(#|href="#)([^")]+)',
            lambda found: found[1] + renamed.get(found[2], found[2]),
            tag[0].replace(family, ""),
        )
        text = re.sub(r"(?<![\w#])-?\d*\.\d{3,}", _short, text)
        # The figure describes the picture. Labels of single marks do not help a screen reader.
        return re.sub(r' (?:aria-[a-z]+|role|class|version)="[^"]*"', "", text)

    # Inside tags only: the words of a label are the chart's own.
    return re.sub(r"<[^>]*>", tidy, svg).replace(
        # Else a browser may round the width of each letter to a pixel, and a label is not as wide
        # as it was measured.
        "<svg ",
        f'<svg font-family="{FAMILIES}" text-rendering="geometricPrecision" ',
        1,
    )


def _short(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")


def themed(svg: str) -> str:
    """Replace the palette's colours by CSS variables, so that a drawing follows the theme."""

    def recolour(match: re.Match[str]) -> str:
        variables = TEXT_VARIABLES if match[1] == "text" else MARK_VARIABLES
        return re.sub(
            r'(fill|stroke)="([^"]+)"',
            lambda colour: f'{colour[1]}="{variables.get(colour[2].lower(), colour[2])}"',
            match[0],
        )

    return re.sub(r"<(\w+)[^>]*>", recolour, svg)


def framed(svg: str, title: str, subtitle: str, source: str) -> str:
    """Return a drawing as a picture that stands alone: headings above it, its source beneath.

    Examples
    --------
    >>> picture = framed('<svg width="300" height="100" viewBox="0 0 300 100"/>', "A", "b", "c")
    >>> picture.startswith("<svg"), ">A</text>" in picture
    (True, True)
    """
    width, height = (float(size) for size in re.findall(r'\b(?:width|height)="([\d.]+)"', svg)[:2])
    margin, texts, top = 16, [], 16.0
    above = ((title, 18, INK, "bold"), (subtitle, 14, MUTED, "normal"))
    for text, size, colour, weight in above:
        for line in wrapped(text, size, width, bold=weight == "bold"):
            top += size * 1.3
            texts.append((top, line, size, colour, weight))
    top += 12
    bottom = top + height + 6
    for line in wrapped(f"Source: {source}" if source else "", 11, width):
        bottom += 11 * 1.35
        texts.append((bottom, line, 11, MUTED, "normal"))
    printed = "".join(
        f'<text x="{margin}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'fill="{colour}">{html.escape(line)}</text>'
        for y, line, size, colour, weight in texts
    )
    drawing = svg.replace("<svg ", f'<svg x="{margin}" y="{top:.1f}" ', 1)
    whole_width, whole_height = width + 2 * margin, bottom + margin
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole_width:g}" '
        f'height="{whole_height:.1f}" viewBox="0 0 {whole_width:g} {whole_height:.1f}" '
        f'font-family="{FAMILIES}"><style>{face_rule()}</style>'
        f'<rect width="100%" height="100%" fill="{PAPER}"/>'
        f"{printed}{drawing}</svg>\n"
    )
