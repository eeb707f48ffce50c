"""Make sections of the headings that a cell prints, for pages that list one thing after another."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.transforms import SphinxTransform

from .nodes import chart_figure, table_list

__all__ = ["MakeSections"]

TAG = "sections"


class MakeSections(SphinxTransform):
    """Replace a cell with the tag ``sections`` by what it prints, cut into sections at headings.

    MyST turns a heading in a cell's output into a rubric, since an output cannot hold a section.
    Rubrics of this cell become titles of sections of the page, with anchors and a place in its
    contents. Charts and tables stand freely in a section; other output keeps its cell's box.
    """

    # Before ArrangeCells, which sets the charts of the remaining cells free.
    default_priority = 390

    def apply(self, **kwargs: Any) -> None:
        """Cut every cell with the tag into sections."""
        for cell in list(self.document.findall(nodes.container)):
            if TAG in cell.get("cell_metadata", {}).get("tags", []):
                self._cut(cell)

    def _cut(self, cell: nodes.container) -> None:
        host = cell.parent
        place = host.index(cell)
        # The sections that are open: that of the cell, and those of the headings above.
        opened: list[tuple[int, nodes.Element]] = [(0, nodes.Element())]
        for output in list(cell.children):
            for node in list(output.children):
                node.parent.remove(node)
                if isinstance(node, nodes.rubric) and "level" in node:
                    level = int(node["level"])
                    while opened[-1][0] >= level:
                        opened.pop()
                    section = self._section(node)
                    opened[-1][1].append(section)
                    opened.append((level, section))
                else:
                    opened[-1][1].append(self._freed(node, output, cell))
        found = opened[0][1].children
        # A section of the first level ends the section in which the cell stands.
        lead = [node for node in found if not isinstance(node, nodes.section)]
        sections = [node for node in found if isinstance(node, nodes.section)]
        host[place : place + 1] = lead
        parent = host.parent if isinstance(host, nodes.section) else host
        at = parent.index(host) + 1 if parent is not host else len(parent.children)
        parent[at:at] = sections

    def _section(self, rubric: nodes.rubric) -> nodes.section:
        title = nodes.title(rubric.rawsource, "", *rubric.children)
        section = nodes.section("", title, names=[nodes.fully_normalize_name(title.astext())])
        section.source, section.line = rubric.source, rubric.line
        self.document.note_implicit_target(section, section)
        return section

    @staticmethod
    def _freed(node: nodes.Node, output: nodes.Node, cell: nodes.container) -> nodes.Node:
        if isinstance(node, chart_figure | table_list):
            return node
        box, inner = cell.copy(), output.copy()
        inner += node
        box += inner
        # The code of the cell is not shown again with each of its outputs.
        box["cell_metadata"] = cell["cell_metadata"] | {"tags": ["remove-input"]}
        return box
