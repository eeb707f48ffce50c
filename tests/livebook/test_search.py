"""A search finds English words in any form and any part of a Chinese term, the best place first."""

from __future__ import annotations

from urllib.parse import quote

import pytest

PAGES = {
    "Plain": ["About"],
    "plain words": ["About"],
    "rained": ["A tiny book", "Rain: 8 mm", "Snow"],
    "depth rained": [],
    "制造业服务化": ["About"],
    "服务化": ["About"],
    "服务": ["About"],
    "务化 term": ["About"],
    "服造": [],
    "volcano": [],
}


@pytest.fixture
def search(browser, address):
    """Search the tiny book; return the page with what was found."""
    page = browser.new_page()

    def search(query, site=address):
        page.goto(f"{site}/search.html?q={quote(query)}")
        page.wait_for_function("document.getElementById('lb-search-status').textContent")
        return page

    yield search
    page.close()


def titles(page):
    return page.locator("#lb-search-results > li > a").all_inner_texts()


def test_a_search_finds_the_pages(search):
    for query, pages in PAGES.items():
        assert (query, sorted(titles(search(query)))) == (query, pages)


def test_the_index_is_loaded_with_the_first_search(browser, address):
    page = browser.new_page()
    loaded = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(f"{address}/search.html")
    assert not [url for url in loaded if "searchindex" in url]
    page.locator(".lb-search-page input").press_sequentially("rain")
    page.locator("#lb-search-results li").first.wait_for()
    assert len([url for url in loaded if "searchindex" in url]) == 1
    page.close()


def test_sphinx_writes_the_stemmer_that_the_search_uses(browser, built):
    page = browser.new_page()
    page.goto((built.site / "search.html").as_uri())
    assert page.evaluate("new Stemmer().stemWord('industries')") == "industri"
    assert page.evaluate("new Set(stopwords).has('the')")
    assert not page.evaluate("new Set(stopwords).has('rain')")
    page.close()


ABOUT = """\
# Cities

Rain is named once.

## Canals

The industry grew. `industrial_code` is code, and so is this:

    the word hidden

Inline $x$ and $\\frac{1}{2}$. It rained {fact}`rain.total`, and
生产性服务业 came.

## Rain

Rain, rain and rain.
"""


@pytest.fixture(scope="module")
def longer(built, tmp_path_factory):
    book = built.copy(tmp_path_factory.mktemp("longer") / "book")
    book.write("pages/about.md", ABOUT)
    book.build()
    return book.site.as_uri()


@pytest.mark.parametrize(
    ("query", "excerpt"),
    [
        # A title counts most, then how often a word stands in one section.
        ("rain", "Rain: Rain, rain and rain."),
        ("industries", "Canals: The industry grew. industrial_code is code, and so is this: "
         "Inline x and . It rained 8 mm, and 生产性服务业 came."),
        ("性服务", "Canals: "),
    ],
)  # fmt: skip
def test_the_section_is_named_and_quoted(search, longer, query, excerpt):
    found = search(query, longer).locator("#lb-search-results > li").filter(has_text="Cities")
    assert found.locator("p").first.inner_text().startswith(excerpt)
    assert found.locator("mark").count() > 0


def test_the_page_that_is_named_like_the_query_comes_first(search, longer):
    assert titles(search("rain", longer))[0] == "Rain: 8 mm"
    assert titles(search("snow", longer))[0] == "Snow"


def test_a_section_found_is_a_link_to_it(search, longer):
    page = search("canals", longer)
    page.get_by_role("link", name="Canals", exact=True).click()
    page.wait_for_url("**/pages/about.html#canals")


def test_code_is_not_searched_and_the_finding_of_a_chart_is(search, longer):
    assert titles(search("hidden", longer)) == []
    assert titles(search("8 mm rained", longer))
    assert "It rained 8 mm." in search("rained", longer).locator("#lb-search-results").inner_text()
    assert titles(search("read_csv", longer)) == []
