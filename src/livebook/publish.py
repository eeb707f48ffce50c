"""Complete a site whose pages are written: its other files, its links, what changed with it."""

from __future__ import annotations

import json
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util import logging
from sphinx.util.display import progress_message

from . import writers
from .diff import LedgerError, compare, markdown, read_ledger, summary
from .domain import BookError
from .files import write_atomically
from .fonts import write_fonts
from .links import check_links, prune_static
from .state import state_of
from .swap import Site

logger = logging.getLogger(__name__)


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
        write_fonts(site.staging, site.store)
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
