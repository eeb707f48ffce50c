"""Turn a chart's output into a figure of the document (a MIME renderer of MyST-NB)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes

from . import patches
from .charts import MIME_TYPE
from .domain import FACT_ROLE, domain
from .nodes import chart_figure

if TYPE_CHECKING:
    from myst_nb.core.render import MimeData, NbElementRenderer


class ChartRenderer:
    """Render `livebook.chart`'s MIME type; the picture itself is printed when pages are."""

    mime_priority_overrides: ClassVar = [("*", MIME_TYPE, 1)]

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        """Return the figure of a chart's output, or None for any other output."""
        if data.mime_type != MIME_TYPE:
            return None
        chart: dict[str, Any] = data.content
        figure = chart_figure(name=chart["name"], ids=[f"chart-{chart['name']}"])
        line = data.line or 0
        caption = patches.parse_caption(renderer, chart["caption"], line)
        # A caption may hold a text from data, which must not become markup.
        for raw in list(caption.findall(nodes.raw)):
            raw.replace_self(nodes.Text(raw.astext()))
        figure += caption
        env = patches.environment_of(renderer)
        for name in FACT_ROLE.findall(chart["alt"]):
            domain(env).note_use(env.docname, "fact", name, line)
        return [figure]
