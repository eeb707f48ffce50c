"""Make a deck of slides of each page that has charts: nothing in it is written twice.

A slide shows a chart as the page does. The text around the chart becomes the speaker's notes. The
deck is one file: reveal.js, the site's style and its fonts are inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from html import escape
from importlib.util import find_spec
from pathlib import Path

from bs4 import Tag

from .files import write_atomically
from .fonts import with_fonts_inside
from .pages import Page, pages, text_of

REMEMBERED = "What to remember"
SPOKEN = ("p", "ul", "ol", "dl", "blockquote", "table")
# Height of a drawing over its width: above the first, what is said of it stands beside it instead
# of below; above the second, its letters are too small on a slide, and the page alone shows it.
BESIDE, TOO_TALL = 2 / 3, 1.5
STYLE = Path(__file__).parent / "theme" / "slides.css"
# Scripts of the file itself alone; the speaker's window shows the deck in frames.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "font-src data:; frame-src 'self' file:; base-uri 'none'; form-action 'none'"
)
START = (
    "Reveal.initialize({width: 1280, height: 720, margin: 0.05, center: false, display: 'flex', "
    "hash: true, transition: 'none', backgroundTransition: 'none', slideNumber: 'c/t', "
    "pdfMaxPagesPerSlide: 1, plugins: [RevealNotes]});"
)


@dataclass
class Slide:
    """A slide: what it shows, as HTML, and what is said about it."""

    kind: str
    shown: str
    notes: list[str] = field(default_factory=list)

    def html(self) -> str:
        """Return the slide as reveal.js takes it."""
        notes = f'<aside class="notes">{"".join(self.notes)}</aside>' if self.notes else ""
        return f'<section class="{self.kind}">{self.shown}{notes}</section>'


def write_decks(site: Path, folder: Path) -> list[Path]:
    """Write a deck for each page of a built site that has charts; return the files.

    A chart that is too tall for a slide counts as none.
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
    sections = "\n".join(slide.html() for slide in slides(page))
    library = [_library(name) for name in ("dist/reveal.js", "plugin/notes/notes.js")]
    scripts = "".join(f"<script>{script}</script>\n" for script in [*library, START])
    return (
        f'<!DOCTYPE html>\n<html lang="{page.language}" data-theme="light">\n<head>\n'
        f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(page.title)}: slides</title>\n<link rel="icon" href="data:,">\n'
        f"<style>{style}</style>\n</head>\n<body>\n"
        f'<div class="reveal"><div class="slides">\n{sections}\n</div></div>\n{scripts}'
        "</body>\n</html>\n"
    )


def slides(page: Page) -> list[Slide]:
    """Return the slides of a page: its title, its charts, its formulas, what to remember."""
    article = copy(page.article)
    for link in article.select("a"):
        # A deck stands alone: no page of the book is beside it.
        if not str(link.get("href", "")).startswith(("http:", "https:")):
            link.unwrap()
    for table in article.select("table"):
        # The speaker's window has no style of ours, and there columns would touch.
        table["cellpadding"] = "8"
    shown = [_opening(page, article)]
    last = None
    for section, parts in _sections(article):
        heading = section.find(["h2", "h3"], recursive=False) if section else None
        title = re.sub(r"^[\d.]+\s*", "", text_of(heading)) if heading else ""
        charts = [part for part in parts if part.name == "figure"]
        formulas = [part for part in parts if "math" in part.get("class", [])]
        if title == REMEMBERED:
            last = Slide("remembered", f"<h2>{escape(title)}</h2>{_html(parts)}")
        elif charts:
            said = [f"<p><b>{escape(title)}</b></p>"] if title else []
            for part in parts:
                if part.name != "figure":
                    (said if said is not None else shown[-1].notes).append(str(part))
                else:
                    shown.append(_chart(part))
                    shown[-1].notes += said or []
                    said = None
        elif title and formulas:
            spoken = [str(part) for part in parts if part not in formulas]
            shown.append(Slide("formulas", f"<h2>{escape(title)}</h2>{_html(formulas)}", spoken))
        elif parts:
            heads = [f"<p><b>{escape(title)}</b></p>"] if title else []
            shown[-1].notes += [*heads, *map(str, parts)]
    return [*shown, *([last] if last else [])]


def _opening(page: Page, article: Tag) -> Slide:
    heading = article.find("h1")
    title = escape(text_of(heading)) if heading else escape(page.name)
    aims = article.select_one(".objectives ul, .objectives ol")
    opening = f'<div class="opening">{aims or ""}</div>'
    return Slide("title", f'<h1>{title}</h1><p class="book">{escape(page.book)}</p>{opening}')


def _chart(figure: Tag) -> Slide:
    drawing = figure.select_one(".lb-chart-canvas")
    label = escape(str(drawing["aria-label"])) if drawing else ""
    parts = {
        name: figure.select_one(selector)
        for name, selector in (
            ("title", ".lb-chart-title"), ("subtitle", ".lb-chart-subtitle"),
            ("source", ".lb-chart-source"), ("caption", "figcaption"), ("svg", "svg"),
        )
    }  # fmt: skip
    inner = {name: part.decode_contents() if part else "" for name, part in parts.items()}
    place = "beside" if _tallness(figure) > BESIDE else "below"
    return Slide(
        "chart",
        f'<h2>{inner["title"]}</h2><p class="subtitle">{inner["subtitle"]}</p>'
        f'<div class="figure {place}">'
        f'<div class="drawing" role="img" aria-label="{label}">{parts["svg"] or ""}</div>'
        f'<div class="said"><p class="caption">{inner["caption"]}</p>'
        f'<p class="source">{inner["source"]}</p></div></div>',
    )


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
    classes = part.get("class", [])
    return part.name in SPOKEN or "math" in classes or "lb-chart" in classes


def _html(parts: list[Tag]) -> str:
    return "".join(map(str, parts))


def _style(site: Path) -> str:
    static = site / "_static"
    style = with_fonts_inside((static / "livebook.css").read_text("utf-8"), static)
    return f"{style}\n{_library('dist/reveal.css')}\n{STYLE.read_text('utf-8')}"


def _library(name: str) -> str:
    """Return a file of reveal.js, which sphinx-revealjs carries; its extension is not used."""
    spec = find_spec("sphinx_revealjs")
    assert spec is not None and spec.origin is not None
    text = (Path(spec.origin).parent / "_static" / "revealjs" / name).read_text("utf-8")
    return re.sub(r"</(?=script)", r"<\\/", text)
