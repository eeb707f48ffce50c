"""Take the README's picture of the book: ``make picture``, after ``make book``."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "_build" / "html" / "chapters" / "situation" / "manufacturing.html"


def main() -> None:
    """Open the chapter, open a number, and save what a reader sees."""
    browsers = ("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, browsers))),
            chromium_sandbox=False,
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(PAGE.as_uri())
        figure = page.locator(".lb-chart").first
        figure.scroll_into_view_if_needed()
        page.evaluate("window.scrollBy(0, 120)")
        page.locator("p:has(.lb-fact)").first.locator(".lb-fact").first.scroll_into_view_if_needed()
        page.screenshot(path=ROOT / ".github" / "picture.png")
        browser.close()


if __name__ == "__main__":
    main()
