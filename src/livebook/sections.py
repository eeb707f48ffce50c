"""Make sections of the headings that a cell prints, for pages that list one thing after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.transforms import SphinxTransform

from .nodes import chart_figure, table_list

TAG = "sections"
MARKDOWN = "text/markdown"


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
        for node, boxes in _printed(cell):
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
                freed = _freed(node, boxes)
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
        section = nodes.section("", title)
        section.source, section.line = rubric.source, rubric.line
        if rubric["ids"]:
            # MyST has given the heading its anchor, which now is the section's.
            for attribute in ("ids", "names", "dupnames"):
                section[attribute] = rubric[attribute]
            self.document.ids |= dict.fromkeys(rubric["ids"], section)
        else:
            section["names"] = [nodes.fully_normalize_name(title.astext())]
            self.document.note_implicit_target(section, section)
        return section


def _printed(
    cell: nodes.Element, boxes: tuple[nodes.Element, ...] = ()
) -> Iterator[tuple[nodes.Node, tuple[nodes.Element, ...]]]:
    """Give what a cell prints, each part with the boxes around it, the outermost first."""
    boxes = (*boxes, cell)
    for node in list(cell.children):
        element = node.get("nb_element") if isinstance(node, nodes.Element) else None
        if element == "cell_code_output":
            yield from _printed(node, boxes)
        elif element != "mime_bundle":
            yield node, boxes
        elif figures := list(node.findall(chart_figure)):
            for figure in figures:
                figure.parent.remove(figure)
                yield figure, boxes
        # An output in several formats, of which a page shows one.
        elif markdown := [form for form in node.children if form.get("mime_type") == MARKDOWN]:
            yield from _printed(markdown[0], (*boxes, node))
        else:
            yield node, boxes


def _freed(node: nodes.Node, boxes: tuple[nodes.Element, ...]) -> nodes.Node:
    """Give a chart or a table as it is, and other output in copies of its boxes."""
    if isinstance(node, chart_figure | table_list):
        return node
    for box in reversed(boxes):
        copied = box.copy()
        copied += node
        node = copied
    return node
