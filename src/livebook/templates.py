"""The HTML that livebook writes besides Sphinx's: templates of Jinja2, which escape every text.

A value that is HTML already comes as `markupsafe.Markup`; it was made by a template, by docutils
or by the drawing of a chart.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup, escape


class _WithoutIndentation(Extension):
    """Drops the line breaks of a template, which are there for its reader.

    A template that is a whole page keeps them.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        if source.startswith("<!DOCTYPE"):
            return source
        return re.sub(r"\s*\n\s*", "", source)


def with_code(text: str) -> Markup:
    """Return a text of a docstring or a descriptor, in which backticks mark code, as HTML.

    Examples
    --------
    >>> print(with_code("the `level` of <b>"))
    the <code>level</code> of &lt;b&gt;
    """
    return Markup(re.sub(r"(`+)([^`]+)\1", r"<code>\2</code>", str(escape(text))))


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    extensions=[_WithoutIndentation],
)
_ENVIRONMENT.filters["with_code"] = with_code


class Macros:
    """The macros of a template, as functions that return HTML."""

    def __init__(self, name: str):
        self._module = _ENVIRONMENT.get_template(name).module

    def __getattr__(self, name: str) -> Callable[..., Markup]:
        macro: Callable[..., Markup] = getattr(self._module, name)
        return macro


@cache
def macros(name: str) -> Macros:
    """Return the macros of a template."""
    return Macros(name)


def page(name: str, **values: Any) -> str:
    """Return a template that is a whole page, filled."""
    return _ENVIRONMENT.get_template(name).render(**values)
