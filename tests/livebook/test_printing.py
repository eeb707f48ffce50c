"""The whole book on one page and as PDF: links stay, drawings are drawn once, nothing is lost."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup

from livebook import printing
from livebook.pages import pages
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


def test_it_is_printed_with_an_outline_and_links(built, tmp_path):
    file = write_pdf(built.site, tmp_path / "book.pdf")
    content = file.read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/Outlines" in content
    assert len(re.findall(rb"/Subtype /Link", content)) >= 6
    assert len(re.findall(rb"/Type /Page\b", content)) >= 7
    assert (tmp_path / "book.html").is_file()


def test_without_a_browser_it_says_what_to_install(built, tmp_path, monkeypatch):
    monkeypatch.setattr(printing.shutil, "which", lambda name: None)
    with pytest.raises(PrintError, match="install Chromium"):
        write_pdf(built.site, tmp_path / "book.pdf")
    assert list(tmp_path.iterdir()) == []
