"""A search finds English words and any part of a Chinese term."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from livebook.search import EnglishAndChinese, split

CHINESE = "制造业服务化，生产性服务业"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("servitization 服务化", ["servitization", "服务", "务化"]),
        ("制造业", ["制造", "造业"]),
        ("服务", ["服务"]),
        ("业", ["业"]),
        ("GDP增长8.7%", ["GDP", "增长", "8", "7"]),
        ("value_added, input–output", ["value_added", "input", "output"]),
        ("naïve café", ["naïve", "café"]),
        ("", []),
    ],
)
def test_words_and_pairs(text, words):
    assert split(text) == words


def known(character):
    # The browser's Unicode may be newer than Python's.
    return unicodedata.category(character) not in ("Cn", "Cs")


TEXTS = st.text(
    st.one_of(
        st.sampled_from(
            CHINESE + "abc XYZ_-–.,;%'\"/0123456789²½ёéßＡ１・ー々〇㐀\u0301\u200d\n\t"
        ),
        st.characters(codec="utf-8").filter(known),
    ),
    max_size=40,
)


@pytest.fixture(scope="module")
def cut(browser):
    """Cut a text as the reader's browser cuts the query."""
    page = browser.new_page()
    page.add_script_tag(content=EnglishAndChinese.js_splitter_code)
    yield lambda text: page.evaluate("text => splitQuery(text)", text)
    page.close()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(text=TEXTS)
@example(text=CHINESE)
@example(text="snake_case")
@example(text="e\u0301te\u0301")
def test_the_reader_s_query_is_cut_as_the_book_is(cut, text):
    assert cut(text) == split(text)


@given(st.text(st.sampled_from(CHINESE), min_size=2, max_size=12), st.data())
def test_any_part_of_a_term_is_among_its_words(term, data):
    start = data.draw(st.integers(0, len(term) - 2))
    end = data.draw(st.integers(start + 2, len(term)))
    assert set(split(term[start:end])) <= set(split(term)) or "，" in term


SEARCHES = {
    "Plain": {"About"},
    "plain words": {"About"},
    "rained": {"A tiny book", "Rain: 8 mm", "Snow"},
    "depth rained": set(),
    "制造业服务化": {"About"},
    "服务化": {"About"},
    "服务": {"About"},
    "务化 term": {"About"},
    "服造": set(),
    "volcano": set(),
}


def test_a_search_finds_the_pages(browser, address):
    page = browser.new_page()
    for query, pages in SEARCHES.items():
        page.goto(f"{address}/search.html?q={quote(query)}")
        page.wait_for_function("document.getElementById('lb-search-status').textContent")
        found = page.locator("#lb-search-results > li > a").all_inner_texts()
        assert (query, set(found)) == (query, pages)
    page.close()
