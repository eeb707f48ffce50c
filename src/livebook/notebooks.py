"""Give readers each executed page as a notebook that Jupyter opens and runs as it is.

Jupyter's Markdown has no roles and no directives. The notebook holds what they print: the text of a
fact, the number of a chart, a box as a quotation. An unknown role or directive stays as written.
"""

from __future__ import annotations

import json
import posixpath
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

FOLDER = "_notebooks"
OPENING = re.compile(r"(?P<indent> *)(?P<fence>:{3,}|`{3,})\{(?P<name>[\w:-]+)\}(?P<argument>.*)")
OPTION = re.compile(r":(?P<key>[\w-]+):(?P<value>.*)")
ROLE = re.compile(r"(?P<code>(?P<ticks>``+).+?(?P=ticks))|\{(?P<name>[\w:-]+)\}`(?P<text>[^`]+)`")
LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<page>[^)\s#:]+\.md)(?:#[^)\s]*)?\)")
ANCHOR = re.compile(r"^\([\w.:-]+\)=\n", re.MULTILINE)
EQUATION_LABEL = re.compile(r"\$\$ *\([\w.:-]+\)$", re.MULTILINE)
COMMENT = re.compile(r"^%.*\n?", re.MULTILINE)
BOXES = ("admonition", "note", "tip", "hint", "important", "warning", "caution", "seealso")
DRAWING = """\
from importlib.util import find_spec

import altair

# With anywidget the charts bring their own script along: they are drawn without a connection.
if find_spec("anywidget"):
    altair.renderers.enable("jupyter", offline=True)"""


@dataclass
class Printed:
    """What the book prints on a page for its roles and directives.

    Parameters
    ----------
    document : str
        The page's name.
    fact, chart : callable
        Return the text of a fact and the number of a chart.
    substitutions : mapping of str to str
        Texts of the role ``sub-ref``.
    documents : collection of str
        The pages that have a notebook: links to others are left out.
    folder : Path
        Where the page's source is; it may include other files.
    """

    document: str
    fact: Callable[[str], str]
    chart: Callable[[str], str]
    substitutions: dict[str, str]
    documents: Iterable[str]
    folder: Path

    def role(self, match: re.Match[str]) -> str:
        """Return what a role prints."""
        name, text = match["name"], match["text"]
        if match["code"]:
            return match[0]
        if name == "fact":
            return self.fact(text)
        if name == "chart":
            return self.chart(text)
        if name == "math":
            return f"${text}$"
        if name == "sub-ref":
            return self.substitutions.get(text, text)
        return re.sub(r"\s*<[^>]*>$", "", text)

    def link(self, match: re.Match[str]) -> str:
        """Return a link to another page's notebook, or its text where there is none."""
        here = posixpath.dirname(self.document)
        target = posixpath.normpath(posixpath.join(here, match["page"].removesuffix(".md")))
        if target not in self.documents:
            return match["text"]
        return f"[{match['text']}]({posixpath.relpath(target, here or '.')}.ipynb)"

    def prose(self, text: str) -> str:
        """Return text without directives as Jupyter shows it."""
        for mark, instead in ((ANCHOR, ""), (EQUATION_LABEL, "$$"), (COMMENT, "")):
            text = mark.sub(instead, text)
        return LINK.sub(self.link, ROLE.sub(self.role, text))

    def directive(self, opening: re.Match[str], body: list[str]) -> str:
        """Return what a directive prints."""
        options = {}
        while body and (option := OPTION.fullmatch(body[0].strip())):
            options[option["key"]] = option["value"].strip()
            body = body[1:]
        name, argument = opening["name"], opening["argument"].strip()
        if name == "literalinclude" and (self.folder / argument).is_file():
            code = (self.folder / argument).read_text("utf-8").rstrip()
            return f"```{options.get('language', '')}\n{code}\n```"
        if name == "math":
            return "\n".join(["$$", *body, "$$"])
        inner = self.markdown("\n".join(body)).strip()
        title = self.prose(argument)
        if name == "solution":
            return f"<details><summary>Solution</summary>\n\n{inner}\n\n</details>"
        if name == "exercise":
            title = f"Exercise: {title}" if title else "Exercise"
        elif name in BOXES:
            title = title or name.capitalize()
        else:
            return "\n".join([opening[0], *body, opening["fence"]])
        return textwrap.indent(f"**{title}**\n\n{inner}", "> ", lambda line: True)

    def markdown(self, text: str) -> str:
        """Return MyST Markdown as Jupyter's own."""
        return "\n".join(self._blocks(text.split("\n")))

    def _blocks(self, lines: list[str]) -> Iterator[str]:
        prose: list[str] = []
        rest = iter(lines)
        for line in rest:
            opening = OPENING.fullmatch(line)
            plain = re.match(r" *(`{3,}|~{3,})", line)
            if opening is None and plain is None:
                prose.append(line)
                continue
            fence = (opening["fence"] if opening else plain[1]).strip()  # type: ignore[index]
            body = list(takewhile(partial(_is_inside, fence), rest))
            if prose:
                yield self.prose("\n".join(prose))
                prose = []
            yield (
                self.directive(opening, body)
                if opening
                else "\n".join([line, *body, re.match(r" *", line)[0] + fence])  # type: ignore[index]
            )
        if prose:
            yield self.prose("\n".join(prose))


def _is_inside(fence: str, line: str) -> bool:
    """Whether a line does not close the block that the fence has opened."""
    line = line.strip()
    return len(line) < len(fence) or set(line) != {fence[0]}


def convert(
    chapter: nbformat.NotebookNode, printed: Printed, book: str, setup: str
) -> nbformat.NotebookNode:
    """Return a chapter as a notebook: what it needs first, then its text and its code.

    Parameters
    ----------
    chapter : NotebookNode
        The cells as MyST-NB read them from the page's source.
    printed : Printed
        What the book prints on this page.
    book : str
        The title of the book.
    setup : str
        Code of the book's own that the cells rest on.

    Returns
    -------
    NotebookNode
        Without outputs; the same for the same page.
    """
    note = (
        f"*{book}*, as a notebook. The numbers in the text are those that the book prints; "
        "run the cells (Run → Run All Cells) to compute them yourself."
    )
    code = [cell.source for cell in chapter.cells if cell.cell_type == "code"]
    drawing = DRAWING if any(re.search(r"\bchart\(", source) for source in code) else ""
    preparation = "\n\n".join(filter(None, (drawing, setup.strip())))
    cells = [new_markdown_cell(note)]
    if preparation:
        cells.append(new_code_cell(preparation))
    for cell in chapter.cells:
        if cell.cell_type == "code":
            tags = cell.metadata.get("tags", [])
            cells.append(new_code_cell(cell.source, metadata={"tags": tags} if tags else {}))
        elif text := printed.markdown(cell.source).strip():
            cells.append(new_markdown_cell(text))
    for number, cell in enumerate(cells):
        # nbformat draws random ids: each build would differ.
        cell.id = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook: nbformat.NotebookNode = new_notebook(cells=cells, metadata=metadata)
    return notebook


def written(notebook: nbformat.NotebookNode) -> bytes:
    """Return a notebook as the bytes of its file."""
    nbformat.validate(notebook)
    return (json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
