"""Read the pages of a built site in the order in which a reader turns them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

# Parts of a page that only a screen needs: links to itself, tools, folded code, what opens on a
# click.
SCREEN_ONLY = (
    ".headerlink, .lb-chart-tools, .lb-code, .lb-filter, .lb-narrow, .lb-run, #lb-facts, script"
)


@dataclass
class Page:
    """A page of the site.

    Parameters
    ----------
    file : str
        Its place in the site: ``"pages/rain.html"``.
    part : str
        The part of the book that it stands in; empty where the book has none.
    article : Tag
        Its content without the parts that only a screen needs; facts are plain text.
    language : str
        The language that it is written in.
    book : str
        The title of the book.
    """

    file: str
    part: str
    article: Tag
    language: str
    book: str

    @property
    def name(self) -> str:
        """The place of the page without its ending: ``"pages/rain"``."""
        return self.file.removesuffix(".html")

    @property
    def title(self) -> str:
        """The heading of the page, with its number."""
        heading = self.article.find("h1")
        return text_of(heading) if heading else self.name


def text_of(tag: Tag) -> str:
    """Return the text of a tag in one line."""
    return " ".join(tag.get_text().split())


def pages(site: Path) -> list[Page]:
    """Return the pages of the book in reading order, without search and index."""
    soups = {
        path.relative_to(site).as_posix(): BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in sorted(site.rglob("*.html"))
    }
    following = {file: _turned_to(file, soup, "next") for file, soup in soups.items()}
    previous = {file: _turned_to(file, soup, "prev") for file, soup in soups.items()}
    first = [file for file, after in following.items() if after and not previous[file]]
    order = first[:1]
    while order and (after := following[order[-1]]) and after not in order:
        order.append(after)
    parts = dict(_parts(order[0], soups[order[0]])) if order else {}
    return [_page(file, soups[file], parts.get(file, "")) for file in order]


def _page(file: str, soup: BeautifulSoup, part: str) -> Page:
    article = soup.select_one("article")
    assert article is not None
    for tag in article.select(SCREEN_ONLY):
        tag.decompose()
    for tag in article.select("a.lb-fact"):
        tag.unwrap()
    article.smooth()
    root, title = soup.html, soup.select_one(".lb-title")
    language = str(root.get("lang", "en")) if root else "en"
    return Page(file, part, article, language, text_of(title) if title else "")


def resolve(file: str, address: str) -> str:
    """Return the place in the site that a link on a page leads to.

    >>> resolve("pages/rain.html", "../data/a%20b.csv#top")
    'data/a b.csv'
    """
    path = unquote(urlsplit(address).path)
    parts: list[str] = file.split("/")[:-1]
    for step in path.split("/"):
        if step == "..":
            parts = parts[:-1]
        elif step != ".":
            parts.append(step)
    return "/".join(parts) if path else file


def _turned_to(file: str, soup: BeautifulSoup, relation: str) -> str | None:
    link = soup.find("link", rel=relation)
    return resolve(file, str(link["href"])) if isinstance(link, Tag) else None


def _parts(file: str, soup: BeautifulSoup) -> Iterator[tuple[str, str]]:
    part = ""
    for tag in soup.select(".lb-nav .caption, .lb-nav a[href]"):
        if "caption" in tag.get_attribute_list("class"):
            part = text_of(tag)
        else:
            yield resolve(file, str(tag["href"])), part
