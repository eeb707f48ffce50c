"""Publish a Jupyter Book whose every number is computed, sourced and never stale.

In a chapter, `fact` names a number and `chart` a picture; prose cites them with the roles
``fact`` and ``chart``. As a Sphinx extension (``extra_extensions: [livebook]``) the package
executes the chapters, checks what they cite and writes a site that stands alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from .charts import chart
    from .facts import fact, format_value, stated

__version__ = "0.1.0"
__all__ = ["chart", "fact", "format_value", "stated"]


def __getattr__(name: str) -> Any:
    # A chapter that only states facts must not pay for importing Altair, nor depend on it.
    if name in ("fact", "format_value", "stated"):
        from . import facts

        return getattr(facts, name)
    if name == "chart":
        from .charts import chart

        return chart
    raise AttributeError(f"module 'livebook' has no attribute {name!r}")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    from .extension import setup

    return setup(app)
