"""The age of figures: told on the day of reading, without a clock in the build."""

from __future__ import annotations

import datetime
import json

import pytest
from axe_playwright_python.sync_playwright import Axe

from livebook.codebook import released
from livebook.datapackage import DataPackage, PackageError

OLD = "; the oldest of these tables "
AGE = ' <span class="lb-age"></span>'
NARROW = {"width": 360, "height": 800}


@pytest.fixture(scope="module")
def book(built, tmp_path_factory):
    """The tiny book, whose tables say when they were released."""
    book = built.copy(tmp_path_factory.mktemp("dated") / "book")
    for table, month in {"rain": "2024-04", "snow": "2022-11"}.items():
        path = f'"path": "{table}.csv"'
        book.edit("data/datapackage.json", path, f'{path}, "released": "{month}"')
    book.edit(
        "_config.yml", "    language: en\n", "    language: en\n    livebook_stale_after: 18\n"
    )
    # A fact of both tables, and one of an earlier vintage.
    book.edit("pages/snow.md", 'how=deepest, tables=["snow"])', 'how=deepest, tables=["snow"])\n'
              'with open("../data/rain.csv") as file:\n    rows = len(file.readlines()) - 1\n'
              'fact("snow.rows", rows + len(snow), how="rows", tables=["snow", "rain"])\n'
              'fact("snow.before", len(snow), how="rows", tables=["snow@before"])')  # fmt: skip
    book.edit("pages/snow.md", "There lie", "{fact}`snow.rows`, {fact}`snow.before`. There lie")
    book.build()
    return book


@pytest.fixture
def reader(book, browser):
    """Opens a page from the folder on a day; whatever the page's policy forbids is a failure."""
    contexts, objections = [], []

    def read(name, day, **options):
        context = browser.new_context(viewport=NARROW, **options)
        contexts.append(context)
        page = context.new_page()
        page.clock.set_fixed_time(datetime.datetime.fromisoformat(f"{day}T12:00:00"))
        page.on("console", lambda message: objections.append(message.text))
        page.goto((book.site / f"{name}.html").as_uri())
        return page

    yield read
    for context in contexts:
        context.close()
    assert objections == []


def violations(page):
    # It may fetch no style sheet from a folder.
    options = {"resultTypes": ["violations"], "preload": False}
    found = Axe().run(page, ".lb-chart-source, .lb-ledger-entry dl", options)
    return [one["id"] for one in found.response["violations"]]


def test_months_are_said_the_newest_and_the_oldest():
    april, june = (
        f'<time datetime="{month}">{name}</time>'
        for month, name in [("2026-04", "April 2026"), ("2022-06", "June 2022")]
    )
    assert released([]) == ""
    assert released(["2026-04"]) == april + AGE
    assert released(["2026-04", "2024-01", "2022-06"]) == f"{april}{OLD}{june}{AGE}"


def test_a_month_counts_where_the_newest_figures_are_used(tmp_path):
    path = tmp_path / "datapackage.json"
    resources = [{"name": "a", "released": "2022-06"}, {"name": "b", "released": "2026-04"},
                 {"name": "c"}]  # fmt: skip
    path.write_text(json.dumps({"resources": resources}), "utf-8")
    package = DataPackage(path)
    assert package.released([{"name": name} for name in "abc"]) == ["2026-04", "2022-06"]
    assert package.released([{"name": "a", "vintage": "first"}, {"name": "c"}]) == []
    assert package.released([{"name": "a", "vintage": "first"}, {"name": "a"}]) == ["2022-06"]


@pytest.mark.parametrize("month", ["2026", "2026-13", "April 2026", 2026, None])
def test_a_release_that_is_no_month_is_refused(tmp_path, month):
    path = tmp_path / "datapackage.json"
    path.write_text(json.dumps({"resources": [{"name": "a", "released": month}]}), "utf-8")
    with pytest.raises(PackageError, match=r"a: released is .*; expected a month"):
        DataPackage(path)


@pytest.mark.parametrize(
    ("day", "said", "stale"),
    [
        ("2024-03-31", "", False),
        ("2024-04-30", "", False),
        ("2024-05-01", "(1 month ago)", False),
        ("2025-10-31", "(18 months ago)", False),
        ("2025-11-01", "(19 months ago: out of date?)", True),
        ("2027-05-01", "(3 years ago: out of date?)", True),
    ],
)
def test_the_age_stands_beside_the_month_beneath_a_chart(reader, day, said, stale):
    source = reader("pages/rain", day).locator(".lb-chart-source")
    month = "Source: Rainfall. The weather office. Released April 2024"
    assert source.inner_text().strip() == f"{month} {said}".strip()
    assert source.locator("time").get_attribute("datetime") == "2024-04"
    assert source.locator(".lb-stale").count() == stale


def test_the_age_is_that_of_the_oldest_table_and_no_earlier_vintages(reader):
    page = reader("pages/snow", "2024-12-01")
    card = page.locator(".lb-pop")
    page.locator('[data-fact="snow.rows"]').first.click()
    age = "(2 years ago: out of date?)"
    assert f"April 2024{OLD}November 2022 {age}" in card.inner_text()
    page.keyboard.press("Escape")
    page.locator('[data-fact="snow.before"]').first.click()
    assert "vintage: before" in card.inner_text()
    assert "Released" not in card.inner_text()


def test_the_list_of_tables_says_how_old_each_is(reader):
    entries = reader("pages/ledger", "2024-12-01").locator(".lb-ledger-entry")
    assert "April 2024 (8 months ago)" in entries.nth(0).inner_text()
    assert "November 2022 (2 years ago: out of date?)" in entries.nth(1).inner_text()


@pytest.mark.parametrize("day", ["2024-05-01", "2034-05-01"])
def test_the_age_moves_nothing_and_is_accessible(reader, day):
    for name, below in (("pages/rain", "figcaption"), ("pages/ledger", "#table-snow")):
        page = reader(name, day)
        tops = page.evaluate(
            """(below) => {
              const top = () => document.querySelector(below).getBoundingClientRect().top;
              const after = top();
              for (const age of document.querySelectorAll(".lb-age")) age.textContent = "";
              return [after, top()];
            }""",
            below,
        )
        assert tops[0] == pytest.approx(tops[1], abs=0.5)
        page = reader(name, day)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        assert violations(page) == []


def test_on_paper_and_without_javascript_the_month_stands_alone(reader):
    page = reader("pages/rain", "2034-05-01")
    page.emulate_media(media="print")
    assert page.locator(".lb-chart-source time").is_visible()
    assert not page.locator(".lb-chart-source .lb-age").is_visible()
    page = reader("pages/rain", "2034-05-01", java_script_enabled=False)
    source = page.locator(".lb-chart-source")
    assert (
        source.inner_text().strip() == "Source: Rainfall. The weather office. Released April 2024"
    )
