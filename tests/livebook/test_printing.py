"""The whole book on one page and as PDF: links stay, drawings are drawn once, nothing is lost."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from livebook import printing
from livebook.pages import Page, pages, text_of
from livebook.printing import PrintError, whole, write_pdf


@pytest.fixture(scope="module")
def book_page(built):
    return BeautifulSoup(whole(pages(built.site), "html"), "html.parser")


def test_every_page_is_there_in_reading_order(book_page):
    heads = [head.get_text() for head in book_page.select("article h1")]
    assert heads == ["A tiny book", "Rain: 8 mm", "Snow", "About", "Ledger"]


def test_links_lead_within_the_printed_book(book_page):
    ids = Counter(tag["id"] for tag in book_page.find_all(id=True))
    assert [name for name, count in ids.items() if count > 1] == []
    targets = [link["href"] for link in book_page.select("a[href]")]
    assert targets
    assert {target for target in targets if target.removeprefix("#") not in ids} == set()
    listed = [link.get_text() for link in book_page.select(".lb-contents a")]
    assert listed == ["A tiny book", "Rain: 8 mm", "Snow", "About", "Ledger"]


def test_numbers_are_text_and_each_chart_is_drawn_once(book_page):
    assert "It rained 8 mm, see Figure 1." in book_page.get_text()
    assert book_page.select("a.lb-fact, script, button, template") == []
    assert len(book_page.select(".lb-chart svg")) == 1


def outlined(items, level=1):
    """Yield the level and the text of each line of an outline."""
    for item in items:
        if isinstance(item, list):
            yield from outlined(item, level + 1)
        else:
            yield level, item.title


def lines(items):
    """Return the lines of an outline in their order."""
    return [line for item in items for line in (lines(item) if isinstance(item, list) else [item])]


def test_it_is_printed_with_an_outline_and_links(built, tmp_path):
    pdf = PdfReader(write_pdf(built.site, tmp_path / "book.pdf"))
    assert len(pdf.pages) >= 7
    links = [note for sheet in pdf.pages for note in sheet.get("/Annots", ())
             if note.get_object()["/Subtype"] == "/Link"]  # fmt: skip
    assert len(links) >= 6
    book = pages(built.site)
    whole(book, "html")
    headings = [
        (int(tag.name[1]), text_of(tag)) for page in book for tag in page.article.select("h1, h2")
    ]
    assert {1, 2} == {level for level, _ in headings}
    assert list(outlined(pdf.outline)) == headings
    assert (tmp_path / "book.html").is_file()


def test_a_page_below_another_stays_in_its_part():
    def article(name):
        return BeautifulSoup(f"<article><h1>{name}</h1></article>", "html.parser").article

    book = [
        Page(f"{name}.html", part, article(name), "en", "Weather")
        for name, part in (("a", "One"), ("b", ""), ("c", "One"), ("d", "Two"))
    ]
    contents = BeautifulSoup(whole(book, "."), "html.parser").select_one(".lb-contents")
    assert [part.get_text() for part in contents.select("p")] == ["One", "Two"]
    assert [one.get_text() for one in contents.select("li.lb-within")] == ["b"]


MIXED = "服务型制造 ‘service-oriented’ 2007–2020: D′ ≤ β"
LONG = "How manufacturing and services converge in a heading that is longer than one line is wide"
WIDE = "".join(f"<td>a_long_name_{number}</td>" for number in range(10))
PRINTED = f"""<section><h1>{LONG}</h1>
<table class="dataframe"><thead><tr>{WIDE}</tr></thead><tbody><tr>{WIDE}</tr></tbody></table>
<p>After.</p><section><h2>{MIXED}</h2></section></section>"""


@pytest.fixture
def small_site(tmp_path):
    """A site of two pages in the package's style."""
    site = tmp_path / "site"
    (site / "_static").mkdir(parents=True)
    for file in (Path(printing.__file__).parent / "theme" / "static").iterdir():
        shutil.copy(file, site / "_static")
    for name, link, body in (
        ("a", '<link rel="next" href="b.html">', PRINTED),
        ("b", '<link rel="prev" href="a.html">', "<h1>End</h1>"),
    ):
        page = f'<html lang="en"><head>{link}</head><article class="lb-article">{body}</article>'
        (site / f"{name}.html").write_text(page, "utf-8")
    return site


def test_the_outline_has_headings_as_they_are_written(small_site, tmp_path):
    """However a heading wraps, and from however many fonts its letters come."""
    pdf = PdfReader(write_pdf(small_site, tmp_path / "book.pdf"))
    assert list(outlined(pdf.outline)) == [(1, LONG), (2, MIXED), (1, "End")]
    sheets = [pdf.get_destination_page_number(line) for line in lines(pdf.outline)]
    # Before them: the cover and the contents.
    assert sheets == [2, 2, 3]
    assert [pdf.pages[sheet].extract_text() != "" for sheet in sheets] == [True] * 3
    first, second, _ = lines(pdf.outline)
    assert first.top > second.top


def test_the_contents_name_the_sheet_on_which_a_page_begins(small_site, tmp_path):
    write_pdf(small_site, tmp_path / "book.pdf")
    printed = BeautifulSoup((tmp_path / "book.html").read_text("utf-8"), "html.parser")
    lines = [line.get_text(" ") for line in printed.select(".lb-contents li")]
    # Before them: the cover and the contents.
    assert lines == [f"{LONG} 3", "End 4"]


def test_a_table_is_no_wider_than_the_sheet(browser, small_site, tmp_path):
    write_pdf(small_site, tmp_path / "book.pdf")
    sheet = browser.new_page(viewport={"width": 658, "height": 900})
    sheet.emulate_media(media="print")
    sheet.goto((tmp_path / "book.html").as_uri())
    table, after = (sheet.locator(name).bounding_box() for name in ("table", "table + p"))
    assert sheet.locator("table").evaluate("table => table.scrollWidth - table.clientWidth") == 0
    assert table["x"] + table["width"] <= 658
    assert sheet.locator("thead").evaluate("head => getComputedStyle(head.parentNode).display") == (
        "table"  # so that its head is printed on each sheet
    )
    assert after["y"] - table["y"] - table["height"] > 15
    sheet.close()


def test_without_a_browser_it_says_what_to_install(built, tmp_path, monkeypatch):
    monkeypatch.setattr(printing.shutil, "which", lambda name: None)
    with pytest.raises(PrintError, match="install Chromium"):
        write_pdf(built.site, tmp_path / "book.pdf")
    assert list(tmp_path.iterdir()) == []
