"""Bytes that a reader's browser loads to show each page, gzipped, before any interaction."""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEXT_BUDGET, CHART_BUDGET = 200_000, 300_000
# A browser asks for these on pages that hold a letter of theirs only.
FONT_OF = {"lb-math.woff2": "<math", "lb-sans-italic.woff2": "<em"}
LATER = {
    "searchindex.js": "the first search",
    "_static/vega-bundle.js": "the first chart that a reader makes interactive",
    "_static/lb-sans.js": "the first picture that a reader takes away",
}


def size(path: Path) -> int:
    """Return the gzipped size of a file; fonts and pictures are compressed as they are."""
    content = path.read_bytes()
    return len(content) if path.suffix in (".woff2", ".png") else len(gzip.compress(content, 9))


def loaded(page: Path) -> set[Path]:
    """Return the files that the page loads by itself: styles, scripts, fonts and pictures."""
    text = page.read_text("utf-8")
    names = re.findall(r'<script[^>]*\bsrc="([^"?]+)', text)
    names += re.findall(r'<link[^>]*rel="(?:preload )?stylesheet"[^>]*href="([^"?]+)', text)
    names += re.findall(r'<link[^>]*href="([^"?]+)[^>]*rel="stylesheet"', text)
    names += re.findall(r'<img[^>]*\bsrc="([^"?:]+)"', text)
    files = {page} | {(page.parent / name).resolve() for name in names}
    for style in [path for path in files if path.suffix == ".css"]:
        for target in re.findall(r"url\([\"']?([^\"')?#:]+)[\"']?\)", style.read_text("utf-8")):
            font = (style.parent / target).resolve()
            if font.is_file() and FONT_OF.get(font.name, "") in text:
                files.add(font)
    return files


def run() -> bool:
    """Print a line per page; return whether every page keeps its budget."""
    site = ROOT / "_build" / "html"
    if not (site / "index.html").is_file():
        print("weight: build the book first (make book)", file=sys.stderr)
        return False
    kept = True
    print("page weight, gzipped bytes before interaction")
    for page in sorted(site.rglob("*.html")):
        total = sum(map(size, loaded(page)))
        charts = 'class="lb-chart"' in page.read_text("utf-8")
        budget = CHART_BUDGET if charts else TEXT_BUDGET
        kept &= total <= budget
        mark = "" if total <= budget else "  OVER"
        print(f"{total:>9,} of {budget:,}  {page.relative_to(site)}{mark}")
    for name, when in LATER.items():
        print(f"{size(site / name):>9,} of no page  {name}, with {when}")
    return kept
