"""What teachers and students rely on: terms that are explained, solutions that stay folded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = ROOT / "chapters" / "reference" / "glossary.md"
CHAPTERS = sorted(
    path for path in ROOT.glob("chapters/*/*.md") if "\nKey terms: " in path.read_text("utf-8")
)
SOLUTIONS = sorted(path.stem for path in ROOT.glob("chapters/solutions/*.md"))


def explained() -> set[str]:
    """Return the terms of the glossary, each name by itself."""
    blocks = re.findall(r"^```\{glossary\}\n(.*?)^```$", GLOSSARY.read_text("utf-8"), re.M | re.S)
    heads = [line for line in "\n".join(blocks).splitlines() if line and line[0] != " "]
    return {name for head in heads for name in re.split("、", head)}


def test_chapters_name_key_terms():
    assert len(CHAPTERS) >= 18


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_every_key_term_is_in_the_glossary(chapter):
    terms = re.search(r"\nKey terms: (.*?)\n(?:\n|:::)", chapter.read_text("utf-8"), re.DOTALL)
    chinese = re.findall(r"\(([^)]*[\u4e00-\u9fff][^)]*)\)", " ".join(terms[1].split()))
    assert chinese
    names = {name for group in chinese for name in re.split("、", group)}
    assert names - explained() == set()


@pytest.mark.parametrize("name", SOLUTIONS)
def test_solutions_are_folded_open_by_keyboard_and_are_printed(browser, site_url, name):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{site_url}/chapters/solutions/{name}.html")
    folds = page.locator("details.solution")
    assert folds.count() > 0
    opened = page.locator("details.solution[open]")
    assert opened.count() == 0
    summary = folds.first.locator(":scope > summary")
    assert summary.inner_text().startswith("Solution to Exercise")
    summary.focus()
    page.keyboard.press("Enter")
    assert opened.count() == 1
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert opened.count() == folds.count()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert opened.count() == 1
    page.close()


@pytest.mark.parametrize("name", SOLUTIONS)
def test_solutions_are_readable_without_javascript(browser, site_url, name):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/chapters/solutions/{name}.html")
    assert page.locator(".solution .solution-content").first.is_visible()
    context.close()
