"""Every page of the built site in a browser: wide and narrow, light and dark, served and opened."""

from __future__ import annotations

import csv
import gzip
import struct
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

ROOT = Path(__file__).resolve().parents[2]
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 740}
MODES = [
    ("http", "wide", "light"),
    ("http", "wide", "dark"),
    ("http", "narrow", "light"),
    ("http", "narrow", "dark"),
    ("file", "wide", "dark"),
    ("file", "narrow", "light"),
]
PAPER = "getComputedStyle(document.documentElement).backgroundColor"
TEXT_BUDGET, CHART_BUDGET = 200_000, 300_000
VISIBLE_DRAWINGS = """figures => figures.map(figure => [...figure.querySelectorAll("svg")]
  .filter(svg => svg.matches(".lb-chart-canvas *") && svg.checkVisibility())
  .map(svg => svg.getBoundingClientRect())
  .filter(box => box.width >= 200 && box.height >= 60
    && box.right <= figure.getBoundingClientRect().right + 1).length)"""


def documents(part):
    """Yield the documents that a part of _toc.yml names."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield from [value] if key in ("root", "file") else documents(value)
    elif isinstance(part, list):
        for item in part:
            yield from documents(item)


CONTENTS = list(documents(yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))))
TEXTS = {name: (ROOT / f"{name}.md").read_text("utf-8") for name in CONTENTS}
LEDGER = [
    f"_ledger/{name}"
    for name, text in TEXTS.items()
    if "\nkernelspec:" in text.partition("\n---\n")[0] and "fact(" in text
]
REST = [*LEDGER, "genindex", "search"]
PAGES = [*CONTENTS, *REST]
# One page of each kind, for every mode and test; the others get the rest in `make test-full`.
SAMPLE = {
    "index",
    "chapters/situation/manufacturing",
    "chapters/measurement/coordination",
    "chapters/paths/industries-and-services",
    "chapters/reference/data-dictionary",
    "chapters/reference/paper-checked",
    "chapters/reference/ledger",
    "chapters/solutions/part-2",
    "_ledger/chapters/measurement/level",
    "genindex",
    "search",
}
assert set(PAGES) >= SAMPLE


def sampled(names, *values):
    """Parametrize with names (and more values), all but the sample's only in the full run."""
    return [
        pytest.param(name, *values, marks=() if name in SAMPLE else pytest.mark.full)
        for name in names
    ]


class Reader:
    """A browser window of one kind, and everything that went wrong in it."""

    def __init__(self, browser, root, viewport, theme, **options):
        self.root = root
        self.context = browser.new_context(
            viewport=viewport, color_scheme=theme, reduced_motion="reduce",
            has_touch=viewport["width"] < 600, accept_downloads=True, **options,
        )  # fmt: skip
        self.page = self.context.new_page()
        self.loaded = []
        self.wrong = []
        self.page.on("request", self._requested)
        self.page.on("response", lambda response: self.loaded.append(response))
        self.page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("console", self._said)
        self.page.on("dialog", lambda dialog: self.wrong.append("a dialog"))

    def _requested(self, request):
        if not request.url.startswith((f"{self.root}/", "data:", "blob:")):
            self.wrong.append(f"asks another host: {request.url}")

    def _said(self, message):
        if message.type in ("error", "warning"):
            self.wrong.append(f"{message.type}: {message.text}")

    def open(self, name, query=""):
        self.loaded.clear()
        self.wrong.clear()
        self.page.goto(f"{self.root}/{name}.html{query}", wait_until="load")
        return self.page

    def overflow(self):
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    def drawings(self):
        """Return, for each figure, how many of its drawings can be seen."""
        return self.page.locator("figure.lb-chart").evaluate_all(VISIBLE_DRAWINGS)


@pytest.fixture(scope="module")
def readers(browser, built_site, site_url):
    """Make readers of each kind once."""
    made = {}

    def reader(scheme, width, theme, **options):
        key = (scheme, width, theme, *options)
        if key not in made:
            root = site_url if scheme == "http" else built_site.as_uri()
            viewport = WIDE if width == "wide" else NARROW
            made[key] = Reader(browser, root, viewport, theme, **options)
        return made[key]

    yield reader
    for one in made.values():
        one.context.close()


@pytest.fixture
def desk(readers):
    """A reader at a desk."""
    return readers("http", "wide", "light")


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        one
        for mode in MODES
        # Every page of the contents on a telephone; the rest, and the other modes, by sample.
        for one in (
            [*(pytest.param(name, mode) for name in CONTENTS), *sampled(REST, mode)]
            if mode == MODES[3]
            else sampled(PAGES, mode)
        )
    ],
)
def test_a_page_is_quiet_fits_and_shows_each_chart_once(readers, name, mode):
    reader = readers(*mode)
    page = reader.open(name)
    charts = page.locator("figure.lb-chart").count()
    assert reader.drawings() == [1] * charts
    assert reader.overflow() <= 0
    assert page.locator("h1").count() == 1
    assert reader.wrong == []


@pytest.mark.parametrize("name", sampled(PAGES))
@pytest.mark.parametrize("mode", [MODES[0], MODES[3]], ids="-".join)
def test_a_page_is_accessible(readers, mode, name):
    reader = readers(*mode)
    assert violations(reader.open(name)) == []


def violations(page):
    # Half the time goes into listing what is well, and into fetching the style sheet again.
    options = {"resultTypes": ["violations"], "preload": False}
    found = Axe().run(page, options=options).response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_without_javascript_each_chart_is_shown_once(readers, width):
    reader = readers("http", width, "light", java_script_enabled=False)
    for name in CONTENTS:
        page = reader.open(name)
        charts = page.locator("figure.lb-chart").count()
        assert (name, reader.drawings()) == (name, [1] * charts)
        assert (name, reader.overflow()) == (name, 0)
        assert page.locator("[data-action]:visible").count() == 0
        assert reader.wrong == []


# Slanted labels have boxes that overlap where the letters do not.
UNREADABLE = """svgs => svgs.filter(svg => svg.checkVisibility()).flatMap(svg => {
  const edge = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")].filter(text => text.textContent.trim());
  const boxes = texts.map(text => [text, text.getBoundingClientRect()]);
  const cut = boxes.filter(([, box]) => box.left < edge.left - 1 || box.right > edge.right + 1
    || box.top < edge.top - 1 || box.bottom > edge.bottom + 1);
  const level = boxes.filter(([text]) => !/rotate\\(-?[1-9]/.test(text.getAttribute("transform")));
  const covered = level.flatMap(([text, box], place) => level.slice(place + 1)
    .filter(([, other]) => Math.min(box.right, other.right) - Math.max(box.left, other.left) > 2
      && Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top) > 5)
    .map(([other]) => `${text.textContent} / ${other.textContent}`));
  return [...cut.map(([text]) => text.textContent), ...covered];
})"""


@pytest.mark.parametrize("name", sampled(name for name in CONTENTS if "chart(" in TEXTS[name]))
def test_no_label_of_a_chart_is_cut_off_or_covers_another(readers, name):
    for width in ("wide", "narrow"):
        page = readers("http", width, "light").open(name)
        drawings = page.locator("figure .lb-chart-canvas svg")
        assert (width, drawings.evaluate_all(UNREADABLE)) == (width, [])


CARD = """card => {
  const {left, top, right, bottom} = card.getBoundingClientRect();
  return {
    shown: card.checkVisibility(),
    inside: left >= 0 && top >= 0 && right <= innerWidth + 0.5 && bottom <= innerHeight + 0.5,
    terms: [...card.querySelectorAll("dt")].map(term => term.textContent),
    name: [...card.querySelectorAll("dd")].map(text => text.textContent).at(-1),
    focused: document.activeElement === card,
  };
}"""
CLOSED = """(link) => document.getElementById("lb-pop").hidden && document.activeElement === link"""


def unfold(page):
    """Open what is folded: a number in a closed solution cannot be clicked."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")


def terms(found):
    """Return the terms in their order, with the release and with details of its own between."""
    released = ["Released"] if "Released" in found else []
    details = found[1 : found.index("How")] if "How" in found else []
    return ["Value", *details, "How", "Tables", *released, "Made in", "Ledger"]


def opened(page, name, by_keyboard):
    """Assert that the card of a number stands in the window, and is the number's own."""
    card = page.locator("#lb-pop").evaluate(CARD)
    assert (name, card) == (
        name,
        {
            "shown": True,
            "inside": True,
            "terms": terms(card["terms"]),
            "name": name,
            "focused": by_keyboard,
        },
    )


# Every number of the book takes minutes; ten of each page, from first to last, a few seconds.
@pytest.mark.parametrize("most", [10, pytest.param(None, marks=pytest.mark.full)])
@pytest.mark.parametrize("name", sampled(CONTENTS))
def test_each_number_opens_by_mouse_and_by_keyboard(desk, name, most):
    page = desk.open(name)
    unfold(page)
    facts = page.locator("a.lb-fact")
    names = facts.evaluate_all("links => links.map(link => link.dataset.fact)")
    step = 1 if most is None else max(1, len(names) // most)
    for fact, said in list(zip(facts.all(), names, strict=True))[::step]:
        fact.click()
        opened(page, said, by_keyboard=False)
        page.keyboard.press("Escape")
        assert fact.evaluate(CLOSED), said
        page.keyboard.press("Enter")
        opened(page, said, by_keyboard=True)
        page.keyboard.press("Escape")
        assert fact.evaluate(CLOSED), said
    assert desk.overflow() <= 0
    assert desk.wrong == []


@pytest.mark.parametrize("name", sampled(CONTENTS))
@pytest.mark.parametrize("mode", [MODES[3], MODES[5]], ids="-".join)
def test_on_a_telephone_a_number_opens_by_touch_and_by_keyboard(readers, mode, name):
    reader = readers(*mode)
    page = reader.open(name)
    unfold(page)
    facts, card = page.locator("a.lb-fact"), page.locator("#lb-pop")
    for place in {0, facts.count() // 2, facts.count() - 1} & set(range(facts.count())):
        fact = facts.nth(place)
        said = fact.get_attribute("data-fact")
        fact.tap()
        opened(page, said, by_keyboard=False)
        assert reader.overflow() <= 0
        card.get_by_role("button", name="Close").tap()
        assert fact.evaluate(CLOSED), said
        fact.press("Enter")
        opened(page, said, by_keyboard=True)
        page.keyboard.press("Escape")
        assert fact.evaluate(CLOSED), said
    assert reader.wrong == []


def same(cell, other):
    """Whether a table shows what a CSV file holds: numbers by value, texts as they are."""
    try:
        # The table shows six digits, grouped as people read them; a year has none of that.
        return float(cell.replace(",", "")) == pytest.approx(float(other), rel=1e-5)
    except ValueError:
        return cell == other.removeprefix("'")


@pytest.mark.parametrize("name", sampled(CONTENTS))
def test_each_chart_can_be_explored_read_and_taken_away(desk, built_site, name):
    page = desk.open(name)
    assert "vega-bundle" not in str([response.url for response in desk.loaded])
    figures = page.locator("figure.lb-chart").all()
    for figure in figures:
        chart = figure.get_attribute("data-chart")
        figure.locator("[data-action=interact]").click()
        marks = figure.locator(".lb-chart-live svg .role-mark > *, .lb-chart-live canvas")
        marks.first.wait_for(state="attached")
        assert figure.locator(".lb-chart-canvas").is_hidden(), chart
        assert figure.locator(".lb-chart-live").bounding_box()["height"] > 60, chart
        assert desk.overflow() <= 0, chart

        figure.locator("[data-action=table]").press("Enter")
        table = figure.locator(".lb-chart-table table")
        table.wait_for()
        shown = table.evaluate("t => [...t.rows].map(r => [...r.cells].map(c => c.textContent))")
        with (built_site / "_charts" / f"{chart}.csv").open(
            encoding="utf-8-sig", newline=""
        ) as file:
            rows = list(csv.reader(file))
        assert len(shown) == len(rows), chart
        for line, row in zip(shown, rows, strict=True):
            assert all(map(same, line, row)), (chart, line, row)
            assert len(line) == len(row), (chart, line, row)

        with page.expect_download() as download:
            figure.locator("[data-action=png]").click()
        assert download.value.suggested_filename == f"{chart}.png"
        picture = Path(download.value.path()).read_bytes()
        assert picture[:8] == b"\x89PNG\r\n\x1a\n", chart
        width, height = struct.unpack(">II", picture[16:24])
        assert width >= 600, chart
        assert height >= 200, chart
        assert len(picture) > 10_000, chart

        figure.locator("[data-action=interact]").press("Enter")
        assert figure.locator(".lb-chart-canvas").is_visible(), chart
    bundles = [response.url for response in desk.loaded if "vega-bundle" in response.url]
    assert len(bundles) == bool(figures)
    assert desk.drawings() == [1] * len(figures)
    assert desk.wrong == []


@pytest.mark.parametrize("name", sampled(CONTENTS))
def test_charts_work_on_a_telephone_in_the_dark_without_a_server(readers, name):
    reader = readers("file", "narrow", "dark")
    page = reader.open(name)
    for figure in page.locator("figure.lb-chart").all():
        chart = figure.get_attribute("data-chart")
        figure.locator("[data-action=interact]").tap()
        figure.locator(".lb-chart-live svg .role-mark > *").first.wait_for(state="attached")
        figure.locator("[data-action=table]").tap()
        figure.locator(".lb-chart-table table").wait_for()
        assert reader.overflow() <= 0, chart
        # On dark paper no lettering may stay as dark as on light; on a mark it has the paper's.
        paper = page.evaluate(PAPER)
        inks = figure.locator(".lb-chart-live svg text").evaluate_all(
            "texts => texts.filter(t => t.textContent).map(t => getComputedStyle(t).fill)"
        )
        assert inks, chart
        assert [ink for ink in {*inks} - {paper} if lightness(ink) < 0.35] == [], chart
    assert reader.wrong == []


def lightness(colour):
    return sum(map(float, colour[colour.index("(") + 1 : -1].split(",")[:3])) / 765


def test_the_theme_can_be_chosen_and_is_kept(readers):
    for scheme in ("http", "file"):
        reader = readers(scheme, "wide", "dark")
        page = reader.open("index")
        dark = page.evaluate(PAPER)
        button = page.get_by_role("button", name="Dark theme")
        assert button.get_attribute("aria-pressed") == "true"
        button.press("Enter")
        assert button.get_attribute("aria-pressed") == "false"
        light = page.evaluate(PAPER)
        assert lightness(dark) < 0.3 < 0.7 < lightness(light)
        page.reload()
        assert page.evaluate(PAPER) == light
        reader.open(CONTENTS[-1])
        assert page.evaluate(PAPER) == light
        page.get_by_role("button", name="Dark theme").click()
        assert page.evaluate(PAPER) == dark
        page.evaluate("localStorage.clear()")
        assert reader.wrong == []


@pytest.mark.parametrize("scheme", ["http", "file"])
@pytest.mark.parametrize(
    "query", ["manufacturing", "Services producer", "制造业", "生产性服务业", "服务"]
)
def test_a_search_finds_pages_that_hold_the_words(readers, scheme, query):
    reader = readers(scheme, "wide", "light")
    page = reader.open("index")
    page.locator(".lb-search input").fill(query)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/search.html?q={quote(query).replace('%20', '+')}")
    results = page.locator("#lb-search-results > li > a")
    results.first.wait_for()
    assert reader.wrong == []
    results.first.click()
    page.wait_for_load_state()
    text = page.locator("main").inner_text().lower()
    for word in query.lower().split():
        assert word in text


@pytest.mark.parametrize(
    ("query", "title", "excerpt"),
    [
        ("生产性服务业", "Producer services", "Which services are producer services?"),
        ("input–output table", "Closeness", "An input–output table, read by hand"),
    ],
)
def test_a_search_names_the_right_page_and_section_first(desk, query, title, excerpt):
    page = desk.open("search", f"?q={quote(query)}")
    first = page.locator("#lb-search-results > li").first
    first.locator("mark").first.wait_for()
    assert first.locator("> a").inner_text() == title
    assert first.locator("p").first.inner_text().startswith(excerpt)
    assert desk.wrong == []


@cache
def packed(path):
    return len(gzip.compress(path.read_bytes(), 6, mtime=0))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_weighs_no_more_than_its_budget(browser, built_site, site_url, name):
    # A window of its own: what another page left in the cache is loaded again.
    reader = Reader(browser, site_url, WIDE, "light")
    page = reader.open(name)
    page.evaluate("new Promise(requestIdleCallback)")
    charts = page.locator("figure.lb-chart").count()
    reader.context.close()
    sizes = {
        path: packed(built_site / path)
        for path in {urlsplit(response.url).path[1:] for response in reader.loaded}
    }
    assert f"{name}.html" in sizes
    assert sum(sizes.values()) <= (CHART_BUDGET if charts else TEXT_BUDGET), sizes


def test_the_ledger_can_be_filtered_and_leads_to_each_entry(readers):
    for kind in (("http", "wide", "light"), ("file", "narrow", "dark")):
        reader = readers(*kind)
        page = reader.open("chapters/reference/ledger")
        facts, chapters = page.locator(".lb-ledger li"), page.locator(".lb-ledger details")
        assert facts.filter(visible=True).count() == 0
        page.get_by_label("Filter by name or value").fill("growth manufacturing")
        found = facts.filter(visible=True).all_inner_texts()
        assert found
        assert all("growth" in text and "manufacturing" in text for text in map(str.lower, found))
        assert page.locator(".lb-filter [role=status]").inner_text() == (
            f"{len(found)} of {facts.count()}"
        )
        assert reader.overflow() <= 0
        page.get_by_label("Filter by name or value").fill("")
        assert facts.filter(visible=True).count() == 0
        chapters.last.locator("summary").press("Enter")
        link = chapters.last.get_by_role("link").last
        name = link.inner_text()
        link.press("Enter")
        page.wait_for_url("**/_ledger/**")
        assert page.locator(f"[id='fact-{name}']").is_visible()
        assert page.locator(".lb-entries dl").filter(visible=True).count() == 1
        assert reader.wrong == []


def test_without_javascript_a_link_to_an_entry_opens_it(readers):
    reader = readers("file", "narrow", "light", java_script_enabled=False)
    page = reader.open(CONTENTS[1])
    link = page.locator("a.lb-fact").last
    name = link.get_attribute("data-fact")
    link.click()
    page.wait_for_url("**/_ledger/**")
    assert page.locator(f"[id='fact-{name}']").is_visible()
    assert page.locator(".lb-entries dl").filter(visible=True).count() == 1


def test_the_contents_open_on_a_telephone(readers):
    reader = readers("http", "narrow", "light")
    page = reader.open(CONTENTS[1])
    menu = page.get_by_role("button", name="Contents")
    menu.press("Enter")
    drawer = page.get_by_role("dialog", name="Contents")
    assert drawer.is_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    assert drawer.is_hidden()
    assert menu.evaluate("menu => menu === document.activeElement")
    menu.tap()
    drawer.get_by_role("link").nth(2).tap()
    page.wait_for_url(lambda url: not url.endswith(f"{CONTENTS[1]}.html"))
    assert reader.wrong == []


def test_what_is_open_is_accessible_too(readers):
    for theme in ("light", "dark"):
        reader = readers("http", "wide", theme)
        name = next(
            name for name in CONTENTS if reader.open(name).locator("figure.lb-chart").count()
        )
        page = reader.open(name)
        figure = page.locator("figure.lb-chart").first
        figure.locator("[data-action=interact]").click()
        figure.locator(".lb-chart-live svg").wait_for()
        figure.locator("[data-action=table]").click()
        figure.locator(".lb-chart-table table").wait_for()
        page.locator("a.lb-fact").first.click()
        page.locator("#lb-pop").wait_for()
        assert violations(page) == []
        page = reader.open(LEDGER[0])
        for entry in page.locator(".lb-entries summary").all()[:10]:
            entry.click()
        assert violations(page) == []
        assert reader.wrong == []


def test_a_keyboard_reaches_the_text_first_and_the_focus_is_seen(desk):
    page = desk.open(CONTENTS[1])
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to main content"
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "lb-main"
    page.keyboard.press("Tab")
    style = page.locator(":focus").evaluate("e => getComputedStyle(e).outlineStyle")
    assert style != "none"


@pytest.mark.parametrize("name", sampled(CONTENTS))
def test_on_paper_there_is_the_text_and_each_chart_once(desk, name):
    page = desk.open(name)
    page.emulate_media(media="print")
    try:
        charts = page.locator("figure.lb-chart").count()
        assert desk.drawings() == [1] * charts
        assert page.locator("h1").is_visible()
        for left_out in (".lb-nav", ".lb-search", ".lb-chart-tools", "#lb-theme", ".lb-turn"):
            assert page.locator(f"{left_out} >> visible=true").count() == 0, left_out
    finally:
        page.emulate_media(media="screen")
