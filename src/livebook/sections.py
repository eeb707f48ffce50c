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
        lead: list[nodes.Node] = []
        roots: list[tuple[int, nodes.section]] = []
        # The sections of the headings above, each within the one before it.
        opened: list[tuple[int, nodes.section]] = []
        for output in list(cell.children):
            for node in list(output.children):
                node.parent.remove(node)
                if isinstance(node, nodes.rubric) and "level" in node:
                    level, section = int(node["level"]), self._section(node)
                    while opened and opened[-1][0] >= level:
                        opened.pop()
                    if opened:
                        opened[-1][1].append(section)
                    else:
                        roots.append((level, section))
                    opened.append((level, section))
                else:
                    freed = self._freed(node, output, cell)
                    opened[-1][1].append(freed) if opened else lead.append(freed)
        self._place(cell, lead, roots)

    @staticmethod
    def _place(
        cell: nodes.container, lead: list[nodes.Node], roots: list[tuple[int, nodes.section]]
    ) -> None:
        """Put a section below that of the next higher level in which the cell stands."""
        # The nodes from the cell up to the document; a section's level is its depth.
        path: list[nodes.Element] = [cell]
        while path[-1].parent is not None:
            path.append(path[-1].parent)
        sections = [node for node in reversed(path) if isinstance(node, nodes.section)]
        places = []
        for level, root in roots:
            host = sections[min(level - 1, len(sections)) - 1] if level > 1 else path[-1]
            places.append((host, host.index(path[path.index(host) - 1]) + 1, root))
        # The last one first, so that the places of the others stay as they are.
        for host, place, root in reversed(places):
            host.insert(place, root)
        place = cell.parent.index(cell)
        cell.parent[place : place + 1] = lead

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
