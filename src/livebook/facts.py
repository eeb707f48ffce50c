"""State a fact in a cell: a value with its formula, its tables and its wording."""

from __future__ import annotations

import inspect
import json
import math
import os
import re
import string
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

MIME_TYPE = "application/vnd.livebook.fact+json"
# Names the file with the facts of other chapters that a chapter asked for.
STATED = "LIVEBOOK_STATED"
NAME_PATTERN = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
NARROW_NO_BREAK_SPACE = "\u202f"
MINUS = "\u2212"
# A sum of floats differs beyond this digit from one Python to the next (3.12 adds them in another
# way than 3.11) and from one processor to another. Publishers print fewer.
DIGITS = 12


class FactError(ValueError):
    """A fact that cannot be published as it is stated."""


def building() -> bool:
    """Whether the code runs in a build of the book, not in a notebook of its reader."""
    return os.environ.get("LIVEBOOK_BUILD") == "1"


def check_name(kind: str, name: str) -> None:
    """Raise `FactError` unless `name` can serve as an anchor and as a file name."""
    if not isinstance(name, str) or not NAME_PATTERN.fullmatch(name):
        raise FactError(
            f"{kind} name {name!r}: expected lower-case letters and digits, "
            "separated by single dots or hyphens, as in 'manufacturing.growth'"
        )


def plain_number(value: Any) -> int | float | None:
    """Return `value` as it is published: a Python number, a float to `DIGITS` significant digits.

    None where it is no number; a bool is not.

    Examples
    --------
    >>> plain_number(0.1 + 0.2), plain_number(3), plain_number(True)
    (0.3, 3, None)
    """
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    return int(value) if isinstance(value, Integral) else float(f"{float(value):.{DIGITS}g}")


def format_value(value: int | float, style: str | None, scale: float = 1) -> str:
    """Format a number as prose prints it.

    Parameters
    ----------
    value : int or float
        The number as computed.
    style : str or None
        A format specification (``".1%"``, ``",.0f"``) or a template with one field
        (``"{:.1f} trillion yuan"``). None prints an integer with thousands separators.
    scale : float
        The factor from the stored unit to the printed one.

    Returns
    -------
    str
        With a true minus sign, and a narrow no-break space before ``%``.

    Examples
    --------
    >>> format_value(-0.0804, ".1%")
    '−8.0\u202f%'
    >>> format_value(269175.1, "{:.1f} trillion yuan", 1e-4)
    '26.9 trillion yuan'
    """
    if style is None:
        if not isinstance(value, int):
            raise FactError(
                f"a style is needed to print {value!r}: a format specification such as '.1%' "
                "or a template such as '{:.1f} million'"
            )
        style = ","
    shown = value * scale if scale != 1 else value
    if not math.isfinite(shown):
        raise FactError(f"{value!r} × {scale!r} is too large to print")
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(style) if field is not None]
        text = style.format(shown) if fields else format(shown, style)
    except (ValueError, IndexError, KeyError) as error:
        raise FactError(f"style {style!r} cannot print {shown!r}: {error}") from None
    if "{" in style and len(fields) != 1:
        raise FactError(f"style {style!r} has {len(fields)} fields; expected one for the number")
    text = re.sub(r"(?<=\d)%", NARROW_NO_BREAK_SPACE + "%", text)
    text = re.sub(r"(?<![\w.])-(?=[\d.])", MINUS, text)
    # A rounded −0.0 would claim a fall that the digits do not show.
    return re.sub(rf"{MINUS}(?=[0.,]+(?!\d)(?![.,]?\d))", "", text)


def describe_method(how: Callable[..., Any] | str) -> dict[str, str]:
    """Return how a value was made, as a reader sees it.

    A function gives its dotted name, the first line of its docstring and the first
    ``.. math::`` block in it; a text stands for itself.
    """
    if isinstance(how, str):
        if not how.strip():
            raise FactError("how: expected the function that made the value, or a short text")
        return {"text": how.strip()}
    doc = inspect.getdoc(how) if inspect.isroutine(how) or inspect.isclass(how) else None
    name = getattr(how, "__qualname__", "")
    if not doc or "<lambda>" in name or "<locals>" in name:
        raise FactError(
            f"how={how!r}: expected a public function with a docstring, or a short text"
        )
    method = {"function": f"{how.__module__}.{name}", "text": doc.splitlines()[0].strip()}
    block = re.search(r"^\.\. math::[ ]*(\S.*)?\n((?:\n|[ ]+.*(?:\n|$))*)", doc, re.MULTILINE)
    if block:
        formula = f"{block[1] or ''}\n{textwrap.dedent(block[2])}".strip()
        method["formula"] = re.sub(r"\s+", " ", formula)
    return method


def parse_tables(tables: Sequence[str]) -> list[dict[str, str]]:
    """Split ``"table@vintage"`` names; raise `FactError` for anything but a list of names."""
    if not isinstance(tables, list | tuple) or not all(isinstance(name, str) for name in tables):
        raise FactError(
            f"tables={tables!r}: expected a list of table names, such as ['value_added'] "
            "or ['value_added@census4-2020Q2']"
        )
    parsed = []
    for table in tables:
        name, _, vintage = table.partition("@")
        parsed.append({"name": name, "vintage": vintage} if vintage else {"name": name})
    return parsed


def parse_sources(sources: Iterable[str]) -> dict[str, list[str]]:
    """Return ``{"sources": ids}``, each id once, or {} for none."""
    ids = [sources] if isinstance(sources, str) else list(sources)
    if not all(isinstance(source, str) and source for source in ids):
        raise FactError(
            "sources: expected ids of documents, such as rows['source']; "
            f"found {next(source for source in ids if not (isinstance(source, str) and source))!r}"
        )
    return {"sources": sorted(set(ids))} if ids else {}


def _words_of_verdict(value: Any, words: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    spelled = {
        str(key): {"en": word} if isinstance(word, str) else dict(word)
        for key, word in words.items()
    }
    for key, word in spelled.items():
        if not any(word.values()):
            raise FactError(f"verdict {key!r} has no words")
    if value not in spelled:
        raise FactError(f"verdict {value!r} has no words; words are given for {sorted(spelled)}")
    return spelled


class Published:
    """An object that Jupyter displays as a MIME bundle with a plain-text form."""

    def __init__(self, bundle: dict[str, Any]):
        self.bundle = bundle

    def __repr__(self) -> str:
        text: str = self.bundle["text/plain"]
        return text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.bundle


def fact(
    name: str,
    value: Any,
    *,
    how: Callable[..., Any] | str,
    tables: Sequence[str],
    style: str | None = None,
    scale: float = 1,
    unit: str | None = None,
    words: Mapping[str, str | Mapping[str, str]] | None = None,
    sources: Iterable[str] = (),
) -> None:
    """State a fact, so that prose anywhere in the book can print it as ``{fact}`name```.

    Parameters
    ----------
    name : str
        Its name, one for the whole book: ``"manufacturing.growth"``.
    value : number or str
        A finite number, kept to twelve significant digits, or the key of a verdict, which must be
        among `words`. If it has an attribute ``details``, a mapping of terms to texts, these stand
        beside it wherever it is explained: what a verdict has compared, say. In place of a text
        stands a table, if need be: a list of mappings with the same keys, whose cells are texts,
        numbers, or ``{"value": 8.71, "text": "8.71 % a year"}``. It keeps its numbers in the
        ledger.
    how : callable or str
        The function that made the value (its docstring holds the formula), or a short text.
    tables : list of str
        The tables it rests on; ``"name@vintage"`` where one vintage was asked for.
        The chapter must have read each of them. Empty for a result of mathematics alone.
    style : str, optional
        How to print it: ``".1%"`` or ``"{:.1f} trillion yuan"``; see `format_value`.
    scale : float, optional
        The factor from `unit` to the printed magnitude.
    unit : str, optional
        The unit of `value`, shown with the full figure.
    words : mapping, optional
        For a verdict: the words of each possible key, as a text or by language.
    sources : iterable of str, optional
        Where tables hold figures of several publishers: the ids in the column ``source`` of the
        rows used, such as ``rows["source"]``. Their publishers alone are named then.

    Raises
    ------
    FactError
        If the name is malformed, the value is missing, not finite or without words, or the
        method or the tables are not said.

    Examples
    --------
    >>> fact("a.growth", 0.0804, style=".1%", how="a ratio", tables=["a"])
    a.growth = 8.0\u202f%
    >>> fact("a.growth", float("nan"), style=".1%", how="a ratio", tables=["a"])
    Traceback (most recent call last):
    livebook.facts.FactError: fact 'a.growth': value is nan; expected a finite number
    """
    check_name("fact", name)
    try:
        payload = _payload(value, how, tables, style, scale, unit, words)
        payload |= parse_sources(sources)
    except FactError as error:
        raise FactError(f"fact {name!r}: {error}") from None
    payload = {"name": name, **payload}
    from IPython.display import display

    display(Published({MIME_TYPE: payload, "text/plain": f"{name} = {payload['text']}"}))


def stated(prefix: str = "") -> list[dict[str, Any]]:
    """Return the facts that the other chapters of the book state.

    A chapter that sums up others says so in its front matter, ``livebook: {facts: claim.}``. It
    runs when all chapters that do not have run, and again when one of these facts has changed.
    Outside a build the facts are those of the book as it was built last.

    Parameters
    ----------
    prefix : str
        What the names of the facts start with.

    Returns
    -------
    list of dict
        ``name``, ``value``, ``text``, ``how``, ``tables``, ``document``, ``cell``, and ``words``,
        ``unit`` and ``details`` where the fact has them.

    Raises
    ------
    FactError
        In a build: if the chapter does not ask for them in its front matter. Outside one: if the
        book has not been built.
    """
    if named := os.environ.get(STATED):
        facts = json.loads(Path(named).read_text("utf-8"))
    elif building():
        raise FactError(
            f"a chapter that calls stated({prefix!r}) asks for these facts in its front matter: "
            f"livebook: {{facts: '{prefix}'}}"
        )
    else:
        here = Path.cwd()
        files = [
            folder / name
            for folder in (here, *here.parents)
            for name in ("_build/html/ledger.json", "ledger.json")
        ]
        file = next((file for file in files if file.is_file()), None)
        if file is None:
            raise FactError(f"no built book at {here} or above it; run: livebook build")
        ledger = json.loads(file.read_text("utf-8"))
        facts = [{"name": name, **fact} for name, fact in ledger["facts"].items()]
    return [fact for fact in facts if fact["name"].startswith(prefix)]


def _detail(term: str, detail: Any) -> str | list[dict[str, Any]]:
    """Return a detail of a value as it is published: a text, or the rows of a table."""
    if not isinstance(detail, list | tuple):
        return str(detail)
    if not detail or not all(isinstance(row, Mapping) and row for row in detail):
        raise FactError(
            f"detail {term!r}: expected a text, or a table: a list of rows such as "
            "[{'reading': 'first figures', 'value': 8.7}]"
        )
    columns = list(detail[0])
    rows = []
    for number, row in enumerate(detail, 1):
        if list(row) != columns:
            raise FactError(
                f"detail {term!r}, row {number}: it has the columns {list(row)}; "
                f"row 1 has {columns}"
            )
        rows.append({str(column): _detail_cell(cell) for column, cell in row.items()})
    return rows


def _detail_cell(cell: Any) -> str | int | float | dict[str, Any]:
    if isinstance(cell, Mapping) and set(cell) == {"value", "text"}:
        return {"value": _detail_cell(cell["value"]), "text": str(cell["text"])}
    number = plain_number(cell)
    return str(cell) if number is None or not math.isfinite(number) else number


def _payload(
    value: Any,
    how: Callable[..., Any] | str,
    tables: Sequence[str],
    style: str | None,
    scale: float,
    unit: str | None,
    words: Mapping[str, Any] | None,
) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    if words is not None:
        payload["words"] = _words_of_verdict(value, words)
        payload["value"] = str(value)
        spelled = payload["words"][value]
        payload["text"] = spelled.get("en") or next(iter(spelled.values()))
    else:
        number = plain_number(value)
        if number is None:
            raise FactError(
                f"value is {value!r} ({type(value).__name__}); expected a number, "
                "or the key of a verdict together with words="
            )
        if not math.isfinite(number):
            raise FactError(f"value is {number}; expected a finite number")
        payload["value"] = number
        payload["text"] = format_value(number, style, scale)
        if style is not None and re.search(r"%\}|%$", style):
            payload["percent"] = True
    if unit:
        payload["unit"] = unit
    if details := getattr(value, "details", None):
        payload["details"] = {str(term): _detail(term, detail) for term, detail in details.items()}
    payload["how"] = describe_method(how)
    payload["tables"] = parse_tables(tables)
    return payload
