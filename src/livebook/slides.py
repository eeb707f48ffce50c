"""Make a deck of slides of each page that has charts, from the page alone.

A slide shows a chart as the page does. The text around the chart becomes the speaker's notes. The
deck is one file: reveal.js, the site's style and its fonts are inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import Tag
from markupsafe import Markup

from . import templates
from .files import write_atomically
from .fonts import with_fonts_inside
from .pages import Page, pages, text_of
from .templates import macros

REMEMBERED = "What to remember"
SPOKEN = ("p", "ul", "ol", "dl", "blockquote", "table")
# Limits of a drawing's height over its width. Above the first, the text stands beside the drawing
# instead of below it. Above the second, its letters would be too small: only the page shows it.
BESIDE, TOO_TALL = 2 / 3, 1.5
STYLE = Path(__file__).parent / "theme" / "slides.css"
# reveal.js 5.2.0 (github.com/hakimel/reveal.js): `dist/reveal.js`, `dist/reveal.css` and
# `plugin/notes/notes.js`, as they were released.
LIBRARY = Path(__file__).parent / "vendor" / "reveal.js"


@dataclass
class Slide:
    """A slide: what it shows, and what is said about it."""

    kind: str
    shown: Markup
    notes: list[Markup] = field(default_factory=list)

    def html(self) -> Markup:
        """Return the slide as reveal.js takes it."""
        return macros("slides.html").slide(self.kind, self.shown, Markup().join(self.notes))


def write_decks(site: Path, folder: Path) -> list[Path]:
    """Write a deck for each page of a built site that has charts; return the files.

    Charts that are too tall for a slide do not count.
    """
    style = _style(site)
    files = []
    for page in pages(site):
        for figure in page.article.select("figure.lb-chart"):
            if _tallness(figure) > TOO_TALL:
                figure.decompose()
        if page.article.select_one("figure.lb-chart"):
            file = folder / page.file
            write_atomically(file, deck(page, style).encode())
            files.append(file)
    return files


def deck(page: Page, style: str) -> str:
    """Return the deck of a page as one HTML file that needs no other."""
    scripts = [_script(name) for name in ("reveal.js", "notes.js")]
    return templates.page(
        "deck.html",
        page=page,
        style=Markup(style),
        slides=[slide.html() for slide in slides(page)],
        licence=Markup((LIBRARY / "LICENSE").read_text("utf-8").strip()),
        scripts=scripts,
    )


def slides(page: Page) -> list[Slide]:
    """Return the slides of a page: its title, its charts, its formulas, what to remember."""
    article = copy(page.article)
    for link in article.select("a"):
        # A deck is handed out alone, without the pages of the book.
        if not str(link.get("href", "")).startswith(("http:", "https:")):
            link.unwrap()
    for table in article.select("table"):
        # The speaker's window does not have the book's style: columns would touch there.
        table["cellpadding"] = "8"
    html = macros("slides.html")
    shown = [_opening(page, article)]
    last = None
    for section, parts in _sections(article):
        heading = section.find(["h2", "h3"], recursive=False) if section else None
        title = re.sub(r"^[\d.]+\s*", "", text_of(heading)) if heading else ""
        charts = [part for part in parts if part.name == "figure"]
        formulas = [part for part in parts if "math" in part.get_attribute_list("class")]
        if title == REMEMBERED:
            last = Slide("remembered", html.titled(title, _html(parts)))
        elif charts:
            # What stands above the first chart is said with it.
            notes = [html.heading(title)]
            for part in parts:
                if part.name != "figure":
                    notes.append(Markup(part))
                elif part is charts[0]:
                    shown.append(Slide("chart", _chart(part), notes))
                else:
                    shown.append(Slide("chart", _chart(part)))
                    notes = shown[-1].notes
        elif title and formulas:
            spoken = [Markup(part) for part in parts if part not in formulas]
            shown.append(Slide("formulas", html.titled(title, _html(formulas)), spoken))
        elif parts:
            shown[-1].notes += [html.heading(title), *map(Markup, parts)]
    return [*shown, *([last] if last else [])]


def _opening(page: Page, article: Tag) -> Slide:
    heading = article.find("h1")
    title = text_of(heading) if heading else page.name
    aims = article.select_one(".objectives ul, .objectives ol")
    return Slide("title", macros("slides.html").opening(title, page.book, Markup(aims or "")))


def _chart(figure: Tag) -> Markup:
    canvas = figure.select_one(".lb-chart-canvas")
    label = str(canvas["aria-label"]) if canvas else ""
    selectors = {
        "title": ".lb-chart-title",
        "subtitle": ".lb-chart-subtitle",
        "source": ".lb-chart-source",
        "caption": "figcaption",
    }
    parts = {}
    for name, selector in selectors.items():
        part = figure.select_one(selector)
        parts[name] = Markup(part.decode_contents() if part else "")
    parts["drawing"] = Markup(figure.select_one("svg") or "")
    place = "beside" if _tallness(figure) > BESIDE else "below"
    return macros("slides.html").chart(parts, place, label)


def _tallness(figure: Tag) -> float:
    """Return the height of a figure's drawing over its width."""
    drawing = figure.select_one("svg[viewbox]")
    width, height = str(drawing["viewbox"]).split()[2:] if drawing else (1, 0)
    return float(height) / float(width)


def _sections(article: Tag) -> Iterator[tuple[Tag | None, list[Tag]]]:
    """Yield what stands before the sections, and each with its parts, its subsections' too."""
    body = article.find("section") or article
    assert isinstance(body, Tag)
    yield None, [part for part in body.find_all(recursive=False) if _told(part)]
    for section in body.find_all("section", recursive=False):
        yield section, list(_parts(section))


def _parts(section: Tag) -> Iterator[Tag]:
    for part in section.find_all(recursive=False):
        if part.name == "section":
            yield from _parts(part)
        elif _told(part):
            yield part


def _told(part: Tag) -> bool:
    classes = part.get_attribute_list("class")
    return part.name in SPOKEN or "math" in classes or "lb-chart" in classes


def _html(parts: list[Tag]) -> Markup:
    return Markup().join(map(Markup, parts))


def _style(site: Path) -> str:
    static = site / "_static"
    style = with_fonts_inside((static / "livebook.css").read_text("utf-8"), static)
    library = (LIBRARY / "reveal.css").read_text("utf-8")
    return f"{style}\n{library}\n{STYLE.read_text('utf-8')}"


def _script(name: str) -> Markup:
    """Return a script of reveal.js as it may stand inside a page."""
    text = (LIBRARY / name).read_text("utf-8")
    return Markup(re.sub(r"</(?=script)", r"<\\/", text))
