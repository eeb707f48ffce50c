"""The data dictionary prints each table once, below its title, in the group of its descriptor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def page(built_site: Path) -> BeautifulSoup:
    text = (built_site / "chapters/reference/data-dictionary.html").read_text("utf-8")
    return BeautifulSoup(text, "html.parser")


@pytest.fixture(scope="module")
def resources() -> list[dict]:
    return json.loads((ROOT / "data" / "datapackage.json").read_text("utf-8"))["resources"]


def title(section) -> str:
    return section.find(["h2", "h3"]).contents[0].strip()


def test_each_table_has_a_section_in_its_group(page, resources):
    printed = {}
    for entry in page.select("section.lb-ledger-entry"):
        table = entry.find_parent("section")
        group = table.find_parent("section")
        printed[entry["id"].removeprefix("table-")] = (title(group), title(table))
    assert printed == {
        resource["name"]: (resource["convergence"]["group"], resource["title"])
        for resource in resources
    }


def test_each_table_says_its_rows_and_shows_its_coverage(page, resources):
    for resource in resources:
        section = page.select_one(f"#table-{resource['name']}").find_parent("section")
        assert section.find("strong", string="Rows."), resource["name"]
        has_time = {"year", "quarter"} & set(resource["convergence"].get("observation", []))
        charts = [figure["id"] for figure in section.select("[id^=chart-coverage-]")]
        expected = f"chart-coverage-{resource['name'].replace('_', '-')}"
        assert charts == ([expected] if has_time else []), resource["name"]


def test_sections_stand_in_the_contents_of_the_page(page, resources):
    links = {link["href"] for link in page.select("nav a[href^='#']")}
    for resource in resources:
        section = page.select_one(f"#table-{resource['name']}").find_parent("section")
        assert f"#{section['id']}" in links, resource["name"]
