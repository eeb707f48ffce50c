"""A Sphinx extension of this book: what autodoc prints of the library on the reference pages."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sphinx.application import Sphinx

SETTINGS = {
    "autodoc_default_options": {"members": True, "member-order": "bysource", "no-value": True},
    # As the source has them: a constant of forty names is a page of text when it is written out.
    "autodoc_preserve_defaults": True,
    "autodoc_typehints_format": "short",
    "add_module_names": False,
    # What a docstring has between single backticks is a name: a link where it is known.
    "default_role": "py:obj",
    "toc_object_entries_show_parents": "hide",
    "html_domain_indices": False,
    "napoleon_google_docstring": False,
}


def skipped(app: Sphinx, what: str, name: str, member: Any, *_: Any) -> bool | None:
    """Leave out what Python says of each field of a named tuple: its number."""
    return True if type(member).__name__ == "_tuplegetter" else None


def with_value(app: Sphinx, what: str, name: str, value: Any, _: Any, lines: list[str]) -> None:
    """Say what a constant holds, in the place of what Python says of its type."""
    if what != "data":
        return
    if lines and lines[0] in (type(value).__doc__ or ""):
        lines.clear()
    held = value if isinstance(value, Collection) and not isinstance(value, str) else [value]
    parts = [f"``{one if isinstance(one, str) else repr(one)}``" for one in held]
    if sum(map(len, parts)) < 400:
        lines += ["", ", ".join(parts)]


def parsable(
    app: Sphinx, what: str, name: str, value: Any, _: Any, signature: str | None, returned: str
) -> tuple[str, str] | None:
    """Write a default that a dataclass makes anew as ``...``.

    Python prints ``<factory>``, which is no expression: Sphinx would give up on the whole line.
    """
    return (signature.replace("<factory>", "..."), returned) if signature else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    for name, value in SETTINGS.items():
        app.config[name] = value
    app.connect("autodoc-skip-member", skipped)
    app.connect("autodoc-process-docstring", with_value)
    app.connect("autodoc-process-signature", parsable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
