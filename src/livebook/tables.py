"""Print the tables of a data package: what each holds, field by field, and how to load it."""

from __future__ import annotations

import calendar
import textwrap
from html import escape
from pathlib import PurePosixPath
from typing import Any

from .package import DataPackage

# How R's read.csv calls the types of a Data Package whose cells it would guess wrongly.
R_TYPES = {"string": "character", "date": "Date"}
WIDTH = 72
UNITS = ("bytes", "KB", "MB", "GB")


def size(count: int) -> str:
    """Write a number of bytes as people do.

    Examples
    --------
    >>> size(812), size(26232), size(3899592)
    ('812 bytes', '26 KB', '3.9 MB')
    """
    value, power = float(count), 0
    while value >= 1000 and power < len(UNITS) - 1:
        value, power = value / 1000, power + 1
    return f"{value:.1f} {UNITS[power]}" if power > 1 else f"{value:.0f} {UNITS[power]}"


def loading(resource: dict[str, Any]) -> dict[str, str]:
    """Return the code that loads a table, in Python and in R.

    Codes such as ``01`` are texts: both languages are told so.

    Examples
    --------
    >>> code = loading({"name": "rain", "path": "rain.csv", "schema": {"fields": [
    ...     {"name": "place", "type": "string"}, {"name": "mm", "type": "number"}]}})
    >>> print(code["R"])
    rain <- read.csv("rain.csv", colClasses = c(place = "character"),
        na.strings = "")
    """
    name = resource["name"].replace("-", "_").replace(".", "_")
    file = PurePosixPath(resource["path"]).name
    if PurePosixPath(file).suffix == ".parquet":
        return {
            "Python": f'import pandas\n{name} = pandas.read_parquet("{file}")',
            "R": f'{name} <- arrow::read_parquet("{file}")',
        }
    fields = resource.get("schema", {}).get("fields", [])
    texts = [one["name"] for one in fields if one.get("type", "string") == "string"]
    typed = [(one["name"], R_TYPES[one["type"]]) for one in fields if one.get("type") in R_TYPES]
    dtypes = ", ".join(f'"{field}": "string"' for field in texts)
    classes = ", ".join(f'{field} = "{kind}"' for field, kind in typed)
    python = f", dtype={{{dtypes}}}" if texts else ""
    r = f", colClasses = c({classes})" if typed else ""
    return {
        "Python": "import pandas\n" + _wrapped(f'{name} = pandas.read_csv("{file}"{python})'),
        "R": _wrapped(f'{name} <- read.csv("{file}"{r}, na.strings = "")'),
    }


def _wrapped(call: str) -> str:
    # Within brackets both languages let a line end at any blank; a name stays with its type.
    held = call.replace(": ", ":\x1f").replace(" = ", "\x1f=\x1f")
    lines = textwrap.fill(held, WIDTH, subsequent_indent="    ", break_long_words=False)
    return lines.replace("\x1f", " ")


def released(months: list[str]) -> str:
    """Return, as HTML, when figures were released; a script puts their age into the last element.

    Parameters
    ----------
    months : list of str
        As ``2026-04``, the newest first.
    """
    if not months:
        return ""
    ends = list(dict.fromkeys([months[0], months[-1]]))
    return "; the oldest of these tables ".join(map(_time, ends)) + ' <span class="lb-age"></span>'


def _time(month: str) -> str:
    year, number = month.split("-")
    return f'<time datetime="{month}">{calendar.month_name[int(number)]} {year}</time>'


def entry(package: DataPackage, name: str, address: str, heading: str) -> str:
    """Return the entry of a table as HTML.

    Parameters
    ----------
    package : DataPackage
    name : str
        The table's name.
    address : str
        Where the page finds the table's file.
    heading : str
        The element that prints the table's title above it, as ``h2``; "" for no title.
    """
    resource = package.resources[name]
    licences = dict.fromkeys(
        one.get("title", one.get("name", "")) for one in resource.get("licenses", [])
    )
    fields = resource.get("schema", {}).get("fields", [])
    key = resource.get("schema", {}).get("primaryKey", [])
    keys = ", ".join(
        f"<code>{escape(one)}</code>" for one in ([key] if isinstance(key, str) else key)
    )
    count = resource.get("bytes")
    file = f'<a href="{escape(address)}" download><code>{escape(resource["path"])}</code></a>' + (
        f" ({size(count)})" if isinstance(count, int) else ""
    )
    rows = [
        ("Holds", escape(resource.get("description", "")).replace("`", "")),
        ("Publisher", escape("; ".join(package.publishers(name)))),
        ("Released", released(package.released([{"name": name}]))),
        ("Licence", escape("; ".join(licences))),
        ("One row for each", keys),
        ("File", file),
        ("SHA-256", f"<code>{escape(resource.get('hash', '').removeprefix('sha256:'))}</code>"),
    ]
    shown = "".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in rows if text)
    title = escape(resource.get("title", name))
    head = f"<{heading}>{title}</{heading}>" if heading else ""
    code = "".join(
        f'<p>{language}</p><div class="highlight"><pre>{escape(text)}</pre></div>'
        for language, text in loading(resource).items()
    )
    return (
        f'<section class="lb-ledger-entry" id="table-{escape(name)}">{head}<dl>{shown}</dl>'
        + (_fold(f"Fields ({len(fields)})", _fields(resource, fields)) if fields else "")
        + _fold("How to load it", code)
        + "</section>"
    )


def _fold(summary: str, content: str) -> str:
    return f'<details class="lb-code"><summary>{summary}</summary>{content}</details>'


def _fields(resource: dict[str, Any], fields: list[dict[str, Any]]) -> str:
    references: dict[str, str] = {}
    for key in resource.get("schema", {}).get("foreignKeys", []):
        names = [key["fields"]] if isinstance(key["fields"], str) else key["fields"]
        references |= dict.fromkeys(names, key["reference"]["resource"] or resource["name"])
    lines = "".join(
        f'<tr><th scope="row">{escape(field["name"])}</th>'
        f"<td>{escape(field.get('type', 'string'))}</td><td>{escape(field.get('unit', ''))}</td>"
        f"<td>{_meaning(field, references)}</td></tr>"
        for field in fields
    )
    heads = "".join(f"<th>{head}</th>" for head in ("Field", "Type", "Unit", "Meaning"))
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"


def _meaning(field: dict[str, Any], references: dict[str, str]) -> str:
    """Say what a field is: its title and description, what it may hold, where it leads."""
    constraints = field.get("constraints", {})
    parts = [field.get("title", ""), field.get("description", "")]
    if "enum" in constraints:
        parts.append(f"One of: {', '.join(map(str, constraints['enum']))}.")
    if field["name"] in references:
        parts.append(f"A row of {references[field['name']]}.")
    if not constraints.get("required"):
        parts.append("May be empty.")
    first, *rest = [part for part in parts if part] or [""]
    return escape(". ".join([first.rstrip("."), " ".join(rest)]) if rest else first).replace(
        "`", ""
    )
