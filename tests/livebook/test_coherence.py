"""What prose cites must be stated, once; and what it prints can be trusted."""

from __future__ import annotations

import re

import pytest

FACT = 'fact("{}", 1, how="a guess", tables=["rain"])\n'


def refusals(printed):
    """Return the lines that say what is wrong with the book."""
    found = re.search(r"The book does not hold together:\s*\n((?:.+\n)+)", printed)
    assert found, printed
    return found[1].splitlines()


def test_everything_that_does_not_hold_together_is_said_at_once(book):
    book.edit("pages/about.md", "Plain words.", "{fact}`rain.totl` and {chart}`rian`.")
    book.edit("pages/about.md", "is a term.", "is a term.\n\nAgain {fact}`hail`.")
    book.edit("pages/rain.md", "Rain, {fact}`rain.total`", "Rain, {fact}`rain.mean`")
    book.edit("pages/rain.md", "Bars: {fact}`rain.total`", "Bars: {fact}`rain.median`")
    book.edit("pages/rain.md", "trend = ", FACT.format("twice") * 2 + "trend = ")
    book.edit("pages/snow.md", "snow = [", FACT.format("rain.total") + "    snow = [")
    book.edit("pages/snow.md", "with open", 'open("../data/rain.csv").read()\nwith open')
    said = refusals(book.build(code=1))

    about = [line for line in said if line.startswith("pages/about, line ")]
    assert [re.sub(r"line \d+", "line N", line) for line in about] == [
        "pages/about, line N: there is no fact 'rain.totl'; did you mean 'rain.total'?",
        "pages/about, line N: there is no chart 'rian'; did you mean 'rain'?",
        "pages/about, line N: there is no fact 'hail'",
    ]
    numbers = [int(re.search(r"line (\d+)", line)[1]) for line in about]
    assert numbers == [3, 3, 5]
    rain = "\n".join(line for line in said if line.startswith("pages/rain, line "))
    assert "there is no fact 'rain.mean'" in rain
    assert "there is no fact 'rain.median'" in rain
    assert "pages/rain, cell 2: fact 'twice' is already stated in pages/rain, cell 2" in said
    assert "pages/snow, cell 1: fact 'rain.total' is already stated in pages/rain, cell 1" in said
    assert len(said) == 7
    assert book.files() == {}


def test_links_that_lead_nowhere_stop_the_build(book):
    book.edit(
        "pages/about.md",
        "Plain words.",
        '<a href="rain.html#nothing">a</a> <a href="hail.html">b</a> <img src="no.png" alt="c">'
        ' <a href="../../above.html">d</a> <a href="rain.html#rain">e</a> <a href="../#rain">f</a>',
    )
    said = refusals(book.build(code=1))
    assert said == [
        "links that lead nowhere:",
        "pages/about.html: ../#rain: no such file",
        "pages/about.html: ../../above.html: no such file",
        "pages/about.html: hail.html: no such file",
        "pages/about.html: no.png: no such file",
        "pages/about.html: rain.html#nothing: no such anchor",
    ]
    assert book.files() == {}


def test_a_heading_prints_facts_of_its_own_page_only(book):
    book.edit("pages/snow.md", "# Snow", "# Snow and {fact}`rain.total`")
    printed = book.build(code=1)
    assert "a heading can print only a fact of its own page; 'rain.total' is stated elsewhere" in (
        printed
    )
    assert re.search(r"pages/snow, line \d+: a heading", printed)


def test_a_book_in_chinese_says_its_verdicts_in_chinese(book):
    book.edit("_config.yml", "language: en", "language: zh_CN")
    book.edit("pages/rain.md", "The months are", "## {fact}`rain.trend`\n\nThe months are")
    book.edit("pages/rain.md", "Bars: ", "{fact}`rain.trend`: ")
    book.build()
    page = book.page("pages/rain")
    assert re.search(r'<a class="lb-fact"[^>]*data-fact="rain.trend"[^>]*>上升</a>', page)
    assert re.search(r"<h2>(<span.*?</span>)?上升", page)
    assert re.search(r'aria-label="上升: 8\s*mm\."', page)
    assert "上升" in book.page("pages/ledger")
    assert not re.search(r"<a [^>]*>rose</a>", page)


@pytest.mark.parametrize("page", ["index", "pages/rain", "pages/snow"])
def test_a_fact_says_the_same_wherever_it_is_cited(built, page):
    cited = re.findall(
        r'<a class="lb-fact"[^>]*data-fact="rain.total"[^>]*>([^<]*)</a>', built.page(page)
    )
    assert cited
    assert set(cited) == {"8 mm"}


def entry_of(name, page):
    return re.search(rf'<dl id="fact-{name}">.*?</dl>', page, re.DOTALL)[0]


def test_the_ledger_tells_where_each_fact_comes_from_and_goes(built):
    entry = entry_of("snow.deep", built.page("_ledger/pages/snow"))
    for part in ("12.5", "weather.deepest", "Return the deepest.", "Snowfall", "Snow, cell 1"):
        assert part in entry
    assert "The weather office" in entry
    assert 'href="../../pages/snow.html"' in entry
    ledger = built.page("pages/ledger")
    assert re.findall(r'href="../(\S+)#fact-(\S+)">', ledger) == [
        ("_ledger/pages/rain.html", "rain.total"),
        ("_ledger/pages/rain.html", "rain.trend"),
        ("_ledger/pages/snow.html", "snow.deep"),
    ]


def test_a_book_without_a_ledger_links_a_number_to_its_cell(book):
    book.edit("pages/ledger.md", "```{ledger}\n```\n", "")
    book.build()
    assert not book.path("_build/html/_ledger").exists()
    assert 'href="pages/rain.html#cell-1" data-fact="rain.total"' in book.page("index")


def test_a_result_of_mathematics_rests_on_no_table(book):
    book.edit("pages/rain.md", "trend = ", 'fact("pi", 3, how="counting", tables=[])\ntrend = ')
    book.edit("pages/rain.md", '`.",\n    tables=["rain"]', '`.",\n    tables=[]')
    book.build()
    entry = entry_of("pi", book.page("_ledger/pages/rain"))
    assert "<dt>Tables</dt><dd>none: mathematics alone</dd>" in entry
    # Nothing that says "Source:" and then names none.
    assert not re.search(r"Source:\s*<", book.page("pages/rain"))
    assert not re.search(r"Source:\s*<", book.files()["_charts/rain.svg"].decode())


def test_the_picture_to_take_away_needs_nothing_of_the_page(built):
    picture = built.files()["_charts/rain.svg"].decode()
    assert "It rained 8 mm" in picture
    assert "The weather office" in picture
    assert "var(" not in picture
