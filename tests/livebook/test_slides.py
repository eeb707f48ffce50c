"""Decks: made from the pages, whole in one file, with notes, on screen and on paper."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import livebook
from livebook.pages import Page, pages
from livebook.slides import slides, write_decks

ARTICLE = """<article><section id="a"><h1>2. Rain</h1>
<div class="objectives admonition"><p>In this chapter</p><ul><li>Measure rain.</li></ul></div>
<p>It opens.</p>
<section><h2>2.1. Months</h2><p>Before.</p>
<figure class="lb-chart"><p class="lb-chart-title">It rained</p><p class="lb-chart-subtitle">mm</p>
<div class="lb-chart-canvas" aria-label="Bars."><svg class="lb-wide"></svg></div>
<p class="lb-chart-source">Source: <a href="x.html">rain</a>.</p>
<figcaption>Figure 1. Bars.</figcaption></figure>
<p>Between.</p>
<figure class="lb-chart"><p class="lb-chart-title">It snowed</p></figure><p>After.</p></section>
<section><h2>2.2. Why</h2><p>Because.</p><div class="math">m</div></section>
<section><h2>2.3. So</h2><p>Then.</p></section>
<section><h2>2.4. What to remember</h2><ul><li>Rain is wet.</li></ul></section>
<section><h2>2.5. Exercises</h2><div class="exercise">Think.</div></section>
</section></article>"""


def notes(slide):
    return BeautifulSoup("".join(slide.notes), "html.parser").get_text("|", strip=True)


def test_a_page_becomes_title_charts_formulas_and_what_to_remember():
    article = BeautifulSoup(ARTICLE, "html.parser").article
    made = slides(Page("rain.html", "", article, "en", "Weather"))
    assert [slide.kind for slide in made] == ["title", "chart", "chart", "formulas", "remembered"]
    title, first, second, formulas, last = made
    assert "<h1>2. Rain</h1>" in title.shown
    assert "<li>Measure rain.</li>" in title.shown
    assert notes(title) == "It opens."
    assert "<h2>It rained</h2>" in first.shown
    assert "Source: rain." in first.shown
    assert 'aria-label="Bars."' in first.shown
    assert notes(first) == "Months|Before.|Between."
    assert notes(second) == "After."
    assert '<div class="math">m</div>' in formulas.shown
    assert notes(formulas) == "Because.|So|Then."
    assert last.shown == "<h2>What to remember</h2><ul><li>Rain is wet.</li></ul>"


def with_drawing(width, height):
    """A site's page whose one chart is drawn in a given size, with words that wrap."""
    text = "Rain, and what else fell, month by month. " * 9
    figure = (
        '<figure class="lb-chart"><p class="lb-chart-title">Rain</p>'
        '<div class="lb-chart-canvas" aria-label="A field.">'
        f'<svg viewBox="0 0 {width} {height}"><rect width="100%" height="100%"/></svg></div>'
        f'<p class="lb-chart-source">{text}</p><figcaption>{text}</figcaption></figure>'
    )
    table = "<table><tr><td>Year</td><td>Rain</td></tr></table>"
    return (
        '<html lang="en"><link rel="next" href="b.html"><article><section><h1>Rain</h1>'
        f"<section><h2>Months</h2>{table}{figure}</section></section></article></html>"
    )


def site_of(folder, page):
    """A site of a page and an end, in the package's style."""
    (folder / "_static").mkdir(parents=True)
    style = Path(livebook.__file__).parent / "theme" / "static" / "livebook.css"
    shutil.copy(style, folder / "_static")
    (folder / "a.html").write_text(page, "utf-8")
    end = '<html><link rel="prev" href="a.html"><article><h1>End</h1></article></html>'
    (folder / "b.html").write_text(end, "utf-8")
    return folder


@pytest.mark.parametrize(("height", "place"), [(300, "below"), (600, "beside")])
def test_a_chart_is_as_large_as_the_slide_allows(browser, tmp_path, height, place):
    (file,) = write_decks(site_of(tmp_path / "site", with_drawing(680, height)), tmp_path / "out")
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(f"{file.as_uri()}#/1")
    page.locator(".reveal.ready").wait_for()
    box, said, arrow = (
        page.locator(name).bounding_box()
        for name in (".present .drawing svg", ".present .said", ".navigate-left")
    )
    assert box["height"] > (580 if place == "beside" else 450)
    assert page.locator(f".present .figure.{place}").count() == 1
    # No words lie under the arrows, and none below the slide.
    assert said["y"] + said["height"] <= 720
    words = page.locator(".present .said p").last.evaluate(
        """part => { const range = document.createRange(); range.selectNodeContents(part);
        return [...range.getClientRects()].map(line => [line.right, line.bottom]); }"""
    )
    assert words
    assert all(right < arrow["x"] or bottom < arrow["y"] for right, bottom in words)
    page.close()


def test_a_chart_too_tall_for_a_slide_is_left_to_the_page(tmp_path):
    assert write_decks(site_of(tmp_path / "site", with_drawing(600, 1200)), tmp_path / "out") == []


def test_columns_stand_apart_in_the_speakers_window(browser, tmp_path):
    (file,) = write_decks(site_of(tmp_path / "site", with_drawing(680, 300)), tmp_path / "out")
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{file.as_uri()}#/1")
    page.locator(".reveal.ready").wait_for()
    with context.expect_page() as opened:
        page.keyboard.press("s")
    cell = opened.value.locator("td").first
    cell.wait_for()
    assert cell.evaluate("cell => parseFloat(getComputedStyle(cell).paddingRight)") >= 6
    context.close()


@pytest.fixture(scope="module")
def decks(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides")
    return write_decks(built.site, folder), folder


def test_each_page_with_charts_gets_a_deck(decks):
    files, folder = decks
    assert files == [folder / "pages" / "rain.html"]


def test_a_deck_needs_no_other_file(decks):
    text = decks[0][0].read_text("utf-8")
    outside = re.sub(r"<(script|style)>.*?</\1>", "", text, flags=re.DOTALL)
    assert set(re.findall(r'(?:src|href)="([^"]*)"', outside)) == {"data:,"}
    assert "default-src 'none'" in outside
    style = re.findall(r"<style>(.*?)</style>", text, flags=re.DOTALL)[0]
    assert not re.findall(r"@import|url\((?!['\"]?data:)", style)


def test_reading_order_and_parts(built):
    assert [page.file for page in pages(built.site)] == [
        "index.html", "pages/rain.html", "pages/snow.html", "pages/about.html", "pages/ledger.html",
    ]  # fmt: skip


def test_a_deck_is_shown_spoken_to_and_printed(browser, decks):
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    problems = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    address = decks[0][0].as_uri()
    page.goto(address)
    page.locator(".reveal.ready").wait_for()
    total = page.evaluate("Reveal.getTotalSlides()")
    assert total == 2
    page.keyboard.press("ArrowRight")
    drawing = page.locator(".present .drawing svg")
    assert page.locator(".present h2").inner_text() == "It rained 8 mm"
    box = drawing.bounding_box()
    assert box["width"] > 400
    assert box["y"] + box["height"] < 720
    with context.expect_page() as opened:
        page.keyboard.press("s")
    speaker = opened.value
    speaker.get_by_text("The months are in Figure 1.").wait_for()
    page.goto(f"{address}?print-pdf")
    page.locator(".pdf-page").nth(total - 1).wait_for()
    heights = page.eval_on_selector_all(
        ".pdf-page", "pages => pages.map(page => page.scrollHeight - page.clientHeight)"
    )
    assert heights == [0, 0]
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == total
    assert problems == []
    context.close()


def test_the_command_writes_the_decks(built, tmp_path):
    book = built.copy(tmp_path / "book")
    shutil.copytree(built.path("_build"), book.path("_build"), dirs_exist_ok=True)
    printed = book.build("-m", "livebook", "slides", str(book.root))
    assert "?print-pdf" in printed
    assert book.path("_build/slides/pages/rain.html").is_file()
