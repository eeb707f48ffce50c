"""The report of `convergence measure` in a real browser: on a phone, in the dark, on paper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe

from convergence.own_data.measure import Request, measure

LONG = "employment_in_information_transmission_software_and_information_technology"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a report that has every part, and names longer than a phone is wide."""
    random = np.random.default_rng(8)
    rows = [
        (f"地区 {unit}", year, "东部" if unit < 4 else "西部", *random.uniform(1, 100, 4) * year)
        for unit in range(9)
        for year in range(2015, 2021)
    ]
    names = ["jobs", "制造业新产品销售收入（亿元）", LONG, "finance"]
    panel = pd.DataFrame(rows, columns=["city", "year", "region", *names])
    panel.loc[3, "jobs"] = np.nan
    out: Path = tmp_path_factory.mktemp("measured") / "out"
    measure(panel, Request("city", "year", names[:2], names[2:], group="region", robust=True), out)
    return (out / "report.html").as_uri()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_reads_on_every_screen(report, browser, width, scheme):
    page = browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
    )
    page.goto(report)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    drawn = page.evaluate("[...document.images].map(one => [one.naturalWidth, one.clientWidth])")
    assert len(drawn) == 3
    for natural, shown in drawn:
        # Never so much smaller than drawn that its lettering, of 12 pixels, cannot be read.
        assert shown / natural > 0.85
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False})
    assert [one["id"] for one in found.response["violations"]] == []
    page.close()


def test_nothing_is_cut_off_on_paper(report, browser):
    # As wide as A4 between its margins.
    page = browser.new_page(viewport={"width": 680, "height": 960}, color_scheme="dark")
    page.emulate_media(media="print")
    page.goto(report)
    assert page.evaluate("document.documentElement.scrollWidth") == 680
    cut = (
        "[...document.querySelectorAll('.table')].filter(one => one.scrollWidth > one.clientWidth)"
    )
    assert page.evaluate(f"{cut}.length") == 0
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert min(map(int, paper.removeprefix("rgb(").removesuffix(")").split(","))) > 240
    page.close()
