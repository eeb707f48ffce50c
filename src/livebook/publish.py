"""Complete a site whose pages are written: its other files, its links, what changed with it."""

from __future__ import annotations

import io
import json
import re
from html import unescape
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util import logging
from sphinx.util.display import progress_message

from . import writers
from .datapackage import digest
from .diff import LedgerError, compare, markdown, read_ledger, summary
from .domain import BookError
from .files import write_atomically
from .links import check_links, prune_static
from .state import state_of
from .swap import Site

logger = logging.getLogger(__name__)

MATH_FONT = "_static/lb-math.woff2"


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Complete the fresh folder and put it in place, or throw it away."""
    site = state_of(app).site
    if site is None:
        return
    if exception is not None or not site.written:
        site.restore(app)
        return
    with progress_message("completing the site"):
        check_pages(app)
        writers.write_charts(app, site)
        writers.write_tables(app, site)
        writers.write_ledger(app, site)
        writers.write_notebooks(app, site)
        writers.write_search_index(app, site)
        writers.write_feed(app, site)
        prune_static(site.staging, kept=[writers.VEGA_BUNDLE])
        write_math_font(site)
        writers.write_licences(site)
        (site.staging / ".buildinfo").unlink(missing_ok=True)
        check_links(site.staging)
        report = report_changes(site)
        site.put_in_place()
    site.restore(app)
    logger.info(report)


def check_pages(app: Sphinx) -> None:
    """Stop the build where a page was not written, of which Sphinx only warns."""
    assert isinstance(app.builder, StandaloneHTMLBuilder)
    missing = [
        docname
        for docname in sorted(app.env.found_docs)
        if not Path(app.builder.get_outfilename(docname)).is_file()
    ]
    if missing:
        raise BookError(f"\nnot written; is the disk full? {', '.join(missing)}")


def report_changes(site: Site) -> str:
    """Write what changed since the site before, beside the site; return it in one line."""
    try:
        report = compare(read_ledger(str(site.final)), read_ledger(str(site.staging)))
    except LedgerError:
        return "There is no earlier site to compare with."
    file = site.final.parent / "changes.md"
    write_atomically(file, markdown(report).encode())
    write_atomically(
        file.with_suffix(".json"),
        (json.dumps(report.as_dict(), ensure_ascii=False, indent=1) + "\n").encode(),
    )
    return f"Since the site before: {summary(report)}" + (f" See {file}" if report else "")


def write_math_font(site: Site) -> None:
    """Write STIX Two Math with the characters that the site's formulas use.

    Without a math font brackets and roots do not stretch; the whole of it weighs ten times more.
    """
    formulas = "".join(
        "".join(re.findall(r"<math.*?</math>", path.read_text("utf-8"), re.DOTALL))
        for path in sorted(site.staging.rglob("*.html"))
    )
    characters = set(unescape(re.sub(r"<[^>]*>", "", formulas)))
    if formulas:
        write_atomically(site.staging / MATH_FONT, _subset(characters, site.store))


def _subset(characters: set[str], store: Path) -> bytes:
    key = digest("".join(sorted(characters)).encode())[:16]
    cached = store / f"math-{key}.woff2"
    if not cached.is_file():
        import ziamath
        from fontTools.subset import Options, Subsetter, load_font, save_font

        options = Options(flavor="woff2", layout_features=["*"], notdef_outline=True)
        source = Path(ziamath.__file__).parent / "fonts" / "STIXTwoMath-Regular.ttf"
        font = load_font(str(source), options)
        # Italic letters of the mathematical block stand for plain ones in <mi>.
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=_with_italics(characters))
        subsetter.subset(font)
        content = io.BytesIO()
        options.flavor = "woff2"
        save_font(font, content, options)
        write_atomically(cached, content.getvalue())
    return cached.read_bytes()


def _with_italics(characters: set[str]) -> set[int]:
    points = {ord(character) for character in characters}
    for character in characters:
        if "a" <= character <= "z":
            points.add(0x210E if character == "h" else 0x1D44E + ord(character) - ord("a"))
        elif "A" <= character <= "Z":
            points.add(0x1D434 + ord(character) - ord("A"))
        elif "α" <= character <= "ω":
            points.add(0x1D6FC + ord(character) - ord("α"))
    return points | set(map(ord, "()[]{}|‖√"))
