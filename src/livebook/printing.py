"""Print the whole book: one HTML page of all its pages, and a PDF of that by Chromium.

The outline is made from the headings themselves. Chromium's own takes their text from the letters
on the sheet, where a heading that wraps, or whose font comes from two files, is another text.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bs4 import Tag
from pypdf import PdfReader, PdfWriter
from pypdf.generic import Fit

from .files import write_atomically
from .pages import Page, pages, resolve, text_of

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HEADINGS = ("h1", "h2", "h3", "h4")
STYLE = Path(__file__).parent / "theme" / "book.css"


class PrintError(Exception):
    """A book that could not be printed; the text says why and what to do."""


def write_pdf(site: Path, file: Path) -> Path:
    """Print a built site as PDF, with a linked table of contents and an outline.

    Parameters
    ----------
    site : Path
        The folder of the site.
    file : Path
        The PDF. The page that is printed is written beside it, as HTML.

    Raises
    ------
    PrintError
        If there is no Chromium, or if it fails.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise PrintError(
            f"no browser to print with: install Chromium (tried {', '.join(BROWSERS)})"
        )
    page = file.with_suffix(".html")
    book, place = pages(site), os.path.relpath(site, page.parent)
    content = whole(book, place)
    write_atomically(page, content.encode())
    # Only a printed book knows its sheets: printed once more, the contents name them.
    sheets = _sheets(PdfReader(_printed(browser, page)))
    write_atomically(page, _with_sheets(content, sheets).encode())
    pdf = PdfWriter(clone_from=_printed(browser, page))
    _outline(pdf, _headings(book))
    printed = io.BytesIO()
    pdf.write(printed)
    write_atomically(file, printed.getvalue())
    return file


def _printed(browser: str, page: Path) -> io.BytesIO:
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "book.pdf"
        command = [
            browser, "--headless", "--disable-gpu", f"--user-data-dir={folder}/profile",
            # A book is printed from its own files alone.
            "--host-resolver-rules=MAP * ~NOTFOUND", "--no-pdf-header-footer",
            f"--print-to-pdf={draft}",
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # root has none
        done = subprocess.run(
            [*command, page.resolve().as_uri()],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if not draft.is_file():
            raise PrintError(f"{browser} printed nothing (exit code {done.returncode}):\n"
                             f"{done.stdout[-1500:]}")  # fmt: skip
        return io.BytesIO(draft.read_bytes())


def _sheets(pdf: PdfReader) -> dict[str, int]:
    """Return the number of the sheet on which each anchor stands, by its name."""
    return {
        name.removeprefix("/"): sheet + 1
        for name, place in pdf.named_destinations.items()
        if (sheet := pdf.get_destination_page_number(place)) is not None
    }


def _outline(pdf: PdfWriter, headings: Iterable[Heading]) -> None:
    """Give a printed book its outline; each heading lies within the last one of a higher level."""
    places = {name.removeprefix("/"): place for name, place in pdf.named_destinations.items()}
    above: list[tuple[int, Any]] = []
    for heading in headings:
        place = places[heading.anchor]
        while above and above[-1][0] >= heading.level:
            above.pop()
        sheet = pdf.get_destination_page_number(place)
        item = pdf.add_outline_item(
            title=heading.text, page_number=sheet, parent=above[-1][1] if above else None,
            fit=Fit.xyz(left=place.left, top=place.top),
        )  # fmt: skip
        above.append((heading.level, item))


@dataclass
class Heading:
    """A heading of the printed book: the id of its tag, its level from 1 on, its text."""

    anchor: str
    level: int
    text: str


def _headings(book: Iterable[Page]) -> list[Heading]:
    """Return the headings of pages that `whole` has made ready."""
    return [
        Heading(str(tag["id"]), int(tag.name[1]), text_of(tag))
        for page in book
        for tag in page.article.find_all(HEADINGS)
    ]


def _with_sheets(content: str, sheets: dict[str, int]) -> str:
    """Return the whole book with the number of its sheet behind each line of the contents."""

    def numbered(link: re.Match[str]) -> str:
        number = sheets.get(link["anchor"], "")
        return f"{link[0]}<span>{number}</span>"

    return re.sub(r'<a class="lb-line" href="#(?P<anchor>[^"]*)">.*?</a>', numbered, content)


def whole(book: list[Page], site: str) -> str:
    """Return all pages as one: cover, contents, articles, with links among them.

    Parameters
    ----------
    book : list of Page
        In reading order.
    site : str
        Where the site is, seen from the page.
    """
    first = book[0]
    files = {page.file: page for page in book}
    articles = "\n".join(_article(page, files, site) for page in book)
    return (
        f'<!DOCTYPE html>\n<html lang="{first.language}" data-theme="light">\n<head>\n'
        f'<meta charset="utf-8">\n<title>{escape(first.book)}</title>\n'
        f'<link rel="stylesheet" href="{escape(site)}/_static/livebook.css">\n'
        f"<style>{STYLE.read_text('utf-8')}</style>\n</head>\n<body>\n"
        f'<header class="lb-cover"><h1>{escape(first.book)}</h1></header>\n'
        f"{_contents(book)}\n{articles}\n{_landmarks(book)}</body>\n</html>\n"
    )


def _contents(book: Iterable[Page]) -> str:
    lines, part = [], ""
    for page in book:
        if page.part and page.part != part:
            part = page.part
            lines.append(f"</ul><p>{escape(part)}</p><ul>")
        # What the table of contents has below another page names no part.
        within = ' class="lb-within"' if part and not page.part else ""
        link = f'<a class="lb-line" href="#{_anchor(page.file)}">{escape(page.title)}</a>'
        lines.append(f"<li{within}>{link}</li>")
    return f'<nav class="lb-contents"><ul>{"".join(lines)}</ul></nav>'


def _landmarks(book: Iterable[Page]) -> str:
    """Return unseen links to all headings: Chromium notes the places of linked tags alone."""
    links = (f'<a href="#{heading.anchor}"></a>' for heading in _headings(book))
    return f"<nav hidden>{''.join(links)}</nav>\n"


def _anchor(file: str, inside: str = "") -> str:
    return f"{file.removesuffix('.html').replace('/', '-')}" + (f"--{inside}" if inside else "")


def _article(page: Page, files: dict[str, Page], site: str) -> str:
    article = page.article
    for tag in article.find_all(id=True):
        # Ids inside a drawing carry its name already, and what refers to them is not a link.
        if tag.find_parent("svg") is None:
            tag["id"] = _anchor(page.file, str(tag["id"]))
    for tag in article.select("a[href]"):
        _lead(tag, page, files)
    for tag in article.select("img[src]"):
        if not urlsplit(str(tag["src"])).scheme:
            tag["src"] = f"{site}/{resolve(page.file, str(tag['src']))}"
    for tag in article.select("details.admonition"):
        tag["open"] = ""
    article["id"] = _anchor(page.file)
    for number, tag in enumerate(article.find_all(HEADINGS), 1):
        tag.attrs.setdefault("id", _anchor(page.file, f"heading-{number}"))
    return str(article)


def _lead(link: Tag, page: Page, files: dict[str, Page]) -> None:
    """Let a link lead within the printed book, or to where it led on the web, or nowhere."""
    address = urlsplit(str(link["href"]))
    if address.scheme:
        return
    target = resolve(page.file, str(link["href"]))
    if target in files:
        link["href"] = f"#{_anchor(target, address.fragment)}"
    else:
        link.unwrap()
