"""Print the whole book: one HTML page of all its pages, and a PDF of that by Chromium."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from bs4 import Tag

from .files import write_atomically
from .pages import Page, pages, resolve

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
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
    sheets = _sheets(_printed(browser, page))
    write_atomically(page, _with_sheets(content, sheets).encode())
    write_atomically(file, _printed(browser, page))
    return file


def _printed(browser: str, page: Path) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "book.pdf"
        command = [
            browser, "--headless", "--disable-gpu", f"--user-data-dir={folder}/profile",
            # A book is printed from its own files alone.
            "--host-resolver-rules=MAP * ~NOTFOUND", "--no-pdf-header-footer",
            "--generate-pdf-document-outline", f"--print-to-pdf={draft}",
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
        return draft.read_bytes()


def _sheets(pdf: bytes) -> dict[str, int]:
    """Return the number of the sheet on which each anchor stands, by its name.

    Chromium writes the sheets in their order, and each anchor as a name with its sheet.
    """
    order = re.findall(rb"\n(\d+) 0 obj\n<</Type /Page\n", pdf)
    sheets = {sheet: number for number, sheet in enumerate(order, 1)}
    anchors = re.findall(rb"/([\w.-]+) \[(\d+) 0 R /XYZ", pdf)
    return {name.decode(): sheets[sheet] for name, sheet in anchors if sheet in sheets}


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
        f"{_contents(book)}\n{articles}\n</body>\n</html>\n"
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
