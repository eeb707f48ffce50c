"""The index of the search page: the book's text, section by section.

Sphinx's own index holds stems by page. It cannot quote, cannot rank by how often and where a word
stands, and cannot find a part of a Chinese term.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from docutils import nodes

from .nodes import chart_figure

INDEX = "searchindex.js"

# A section of a page: its anchor, its title and its text. What stands above the first section
# belongs to the page's own.
Passage = tuple[str, str, str]


def passages(doctree: nodes.document, charts: Mapping[str, Mapping[str, str]]) -> Iterator[Passage]:
    """Yield the sections of a page with the text that is not inside a further section.

    Parameters
    ----------
    doctree : docutils.nodes.document
        A page, with its facts printed.
    charts : mapping
        What is known of each chart, by name: its ``title`` is read with its caption.
    """
    for section in doctree.findall(_titled):
        title = " ".join(section[0].astext().split())
        texts = (" ".join(text.split()) for text in _texts(section, charts))
        yield section["ids"][0], title, " ".join(filter(None, texts))


def _titled(node: nodes.Node) -> bool:
    # An exercise holds a section without a title, which belongs to the one around it.
    return isinstance(node, nodes.section) and isinstance(next(iter(node), None), nodes.title)


# Code and formulas are not read as prose.
_NO_PROSE = nodes.FixedTextElement | nodes.math_block | nodes.raw


def _texts(node: nodes.Element, charts: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    if isinstance(node, chart_figure):
        yield charts[node["name"]]["title"] + "."
    for child in node.children[1:] if _titled(node) else node.children:
        if isinstance(child, _NO_PROSE) or _titled(child):
            continue
        if isinstance(child, nodes.TextElement):
            yield "".join(leaf.astext() for leaf in child.findall(nodes.Text) if _readable(leaf))
        elif isinstance(child, nodes.Element):
            yield from _texts(child, charts)


def _readable(leaf: nodes.Text) -> bool:
    return not isinstance(leaf.parent, nodes.math) or "\\" not in leaf.astext()


def index(pages: Iterable[tuple[str, str, list[Passage]]]) -> bytes:
    """Return the script that hands the pages (name, title, passages) to the search page."""
    text = json.dumps(list(pages), ensure_ascii=False, separators=(",", ":"))
    # A script: fetch() is refused on file://.
    return f"livebook.search({text});\n".encode()
