"""Text from data never becomes markup, wherever it is shown."""

from __future__ import annotations

import csv
import json

import pytest

MARKUP = "<img src=x onerror=alert(1)>"
# The quotation mark would end an attribute.
EVIL = f'">{MARKUP}'
CELLS = """\
```{code-cell} ipython3
place = rain.place[0]
rain
```

```{code-cell} ipython3
print(place)
fact("evil.word", "key", words={"key": place}, how=place, tables=["rain"])
fact("evil.number", 1, style="{} " + place, unit=place, how="a guess", tables=["rain"])
```

```{code-cell} ipython3
words = alt.Chart(rain).mark_text(fontSize=30).encode(
    x="month:O", y="mm:Q", text="place:N", tooltip=["place:N", "mm:Q"], color="place:N")
chart(
    words.properties(title=alt.Title(f"At {place}", subtitle=f"Rain at {place}")),
    name="evil", caption=f"Rain at {place}.", alt=f"Words: {place}.", tables=["rain"])
```

It is {fact}`evil.word` and {fact}`evil.number`, see {chart}`evil`.
"""
# Every element that markup of ours in data would make, and every place to look for it.
FOUND = """() => {
  const roots = [document, ...[...document.querySelectorAll("template")].map((t) => t.content)];
  const found = "[onerror], img[src=x], image[*|href=x]";
  return roots.flatMap((root) => [...root.querySelectorAll(found)]).map((node) => node.outerHTML);
}"""


@pytest.fixture(scope="module")
def evil(built, tmp_path_factory):
    book = built.copy(tmp_path_factory.mktemp("evil") / "book")
    rows = [["month", "mm", "place"], [1, 3, EVIL], [2, 5, f"=1+{EVIL}"]]
    with book.path("data/rain.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    descriptor = json.loads(book.path("data/datapackage.json").read_text("utf-8"))
    descriptor["resources"][0] |= {"title": EVIL, "description": EVIL, "hash": EVIL}
    descriptor["sources"][0]["title"] = EVIL
    book.write("data/datapackage.json", json.dumps(descriptor))
    book.edit("pages/rain.md", "The months are in", f"{CELLS}\nThe months are in")
    book.build()
    return book


@pytest.fixture(scope="module")
def page(evil, browser):
    page = browser.new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("dialog", lambda dialog: (page.said.append("a dialog"), dialog.dismiss()))
    yield page
    page.close()


@pytest.mark.parametrize(
    "name", ["index", "pages/rain", "pages/ledger", "_ledger/pages/rain", "genindex"]
)
def test_it_stays_text_on(evil, page, name):
    page.goto((evil.site / f"{name}.html").as_uri())
    assert page.evaluate(FOUND) == []
    assert page.said == []


def test_it_stays_text_in_what_a_search_finds(evil, page):
    page.goto((evil.site / "search.html").as_uri() + "?q=onerror")
    page.locator("#lb-search-results mark").first.wait_for()
    assert MARKUP in page.locator("#lb-search-results").inner_text()
    page.locator(".lb-search-page input").fill(EVIL)
    assert page.evaluate(FOUND) == []
    assert page.said == []


def test_it_stays_text_in_the_page_and_what_opens_on_it(evil, page):
    page.goto((evil.site / "pages" / "rain.html").as_uri())
    assert page.locator("table.dataframe td").filter(has_text=EVIL).count() == 2
    assert page.locator(".cell_output pre").filter(has_text=EVIL).count() == 1
    figure = page.locator("figure#chart-evil")
    for part in (".lb-chart-title", ".lb-chart-subtitle", "figcaption", ".lb-chart-source"):
        # In prose, a straight quotation mark becomes a curved one.
        assert MARKUP in figure.locator(part).inner_text()
    assert EVIL in figure.locator(".lb-chart-canvas").get_attribute("aria-label")
    assert EVIL in figure.locator("svg.lb-wide").text_content()

    for name in ("evil.word", "evil.number"):
        page.locator(f"a.lb-fact[data-fact='{name}']").click()
        assert EVIL in page.locator("#lb-pop").inner_text()
        assert page.evaluate(FOUND) == []
        page.keyboard.press("Escape")

    figure.locator("[data-action=table]").click()
    figure.locator(".lb-chart-table table").wait_for()
    assert figure.locator(".lb-chart-table td").filter(has_text=EVIL).count() == 2

    figure.locator("[data-action=interact]").click()
    figure.locator(".lb-chart-live svg text").filter(has_text=EVIL).first.wait_for()
    figure.locator(".lb-chart-live .role-mark text").first.hover()
    tooltip = page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for()
    assert EVIL in tooltip.inner_text()
    assert page.evaluate(FOUND) == []
    assert page.said == []


def test_it_stays_text_in_the_files(evil):
    files = evil.files()
    assert MARKUP not in files["_charts/evil.svg"].decode()
    rows = csv.reader(files["_charts/evil.csv"].decode("utf-8-sig").splitlines())
    assert list(rows) == [["month", "mm", "place"], ["1", "3", EVIL], ["2", "5", f"'=1+{EVIL}"]]
    ledger = json.loads(files["ledger.json"])
    assert ledger["facts"]["evil.word"]["text"] == EVIL
