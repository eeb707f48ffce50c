"""Print the tables of a data package: what each holds, field by field, and how to load it."""

from __future__ import annotations

import calendar
import textwrap
from pathlib import PurePosixPath
from typing import Any

from markupsafe import Markup

from .datapackage import DataPackage
from .templates import macros

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

    The code declares texts as such, so that a code like ``01`` keeps its zero.

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
    types = {field["name"]: field.get("type", "string") for field in fields}
    texts = [field for field, kind in types.items() if kind == "string"]
    typed = [
        (field["name"], R_TYPES[field["type"]]) for field in fields if field.get("type") in R_TYPES
    ]
    dtypes = ", ".join(f'"{field}": "string"' for field in texts)
    classes = ", ".join(f'{field} = "{kind}"' for field, kind in typed)
    python = f", dtype={{{dtypes}}}" if texts else ""
    r = f", colClasses = c({classes})" if typed else ""
    return {
        "Python": "import pandas\n" + _wrapped(f'{name} = pandas.read_csv("{file}"{python})'),
        "R": _wrapped(f'{name} <- read.csv("{file}"{r}, na.strings = "")'),
    }


def _wrapped(call: str) -> str:
    # Within brackets both languages let a line end at any blank. A name stays with its type.
    joined = call.replace(": ", ":\x1f").replace(" = ", "\x1f=\x1f")
    lines = textwrap.fill(joined, WIDTH, subsequent_indent="    ", break_long_words=False)
    return lines.replace("\x1f", " ")


def released(months: list[str]) -> Markup:
    """Return when figures were released; a script puts their age into the last element.

    Parameters
    ----------
    months : list of str
        As ``2026-04``, the newest first.
    """
    if not months:
        return Markup()
    ends = dict.fromkeys([months[0], months[-1]])
    return macros("tables.html").released([(month, _spelled(month)) for month in ends])


def _spelled(month: str) -> str:
    year, number = month.split("-")
    return f"{calendar.month_name[int(number)]} {year}"


def entry(package: DataPackage, name: str, address: str, heading: str) -> Markup:
    """Return the entry of a table.

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
    schema = resource.get("schema", {})
    key = schema.get("primaryKey", [])
    licences = dict.fromkeys(
        licence.get("title", licence.get("name", "")) for licence in resource.get("licenses", [])
    )
    count = resource.get("bytes")
    table = {
        "name": name,
        "title": resource.get("title", name),
        "description": resource.get("description", "").replace("`", ""),
        "publishers": "; ".join(package.publishers(name)),
        "released": released(package.released([{"name": name}])),
        "licences": "; ".join(licences),
        "key": [key] if isinstance(key, str) else key,
        "path": resource["path"],
        "size": size(count) if isinstance(count, int) else "",
        "hash": resource.get("hash", "").removeprefix("sha256:"),
    }
    fields = _fields(resource, schema)
    return macros("tables.html").entry(table, heading, address, loading(resource), fields)


def _fields(resource: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, str]]:
    """Return what the entry says of each field."""
    references: dict[str, str] = {}
    for key in schema.get("foreignKeys", []):
        names = [key["fields"]] if isinstance(key["fields"], str) else key["fields"]
        references |= dict.fromkeys(names, key["reference"]["resource"] or resource["name"])
    return [
        {
            "name": field["name"],
            "type": field.get("type", "string"),
            "unit": field.get("unit", ""),
            "meaning": _meaning(field, references),
        }
        for field in schema.get("fields", [])
    ]


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
    meaning = ". ".join([first.rstrip("."), " ".join(rest)]) if rest else first
    return meaning.replace("`", "")
