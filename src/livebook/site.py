"""Write the site beside the old one and put it in its place when it is whole.

Sphinx saves its environment before it writes pages, so a build that is cut off would leave old
pages that the next build believes to be new. Here every build that changes anything writes every
page into a fresh folder, and only then takes the place of the site before.
"""

from __future__ import annotations

import csv
import io
import json
import posixpath
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.display import progress_message

from . import notebooks
from .build import build_of
from .changes import FEED, LEDGER, LedgerError, atom, compare, markdown, read_ledger, summary
from .charts import framed
from .domain import BookError, chart_number, domain, reading_order, word
from .files import write_atomically
from .fonts import register, write_fonts
from .html import CHARTS_FOLDER, TABLES_FOLDER
from .manifest import MANIFEST, SUMS, is_current, manifest, sums
from .package import digest
from .search import INDEX, index

logger = logging.getLogger(__name__)

VEGA_BUNDLE = "_static/vega-bundle.js"


class Site:
    """The site of one build: where it is written, and where it goes."""

    def __init__(self, app: Sphinx):
        self.root = Path(app.srcdir)
        self.final = Path(app.outdir)
        self.store = self.final.parent / ".livebook"
        self.staging = self.store / "staging"
        self.former = self.store / "former"
        self.written = False
        self.recover()
        # Of now: what is edited while the book is built belongs to the next build.
        self.manifest = manifest(self.root)
        self.current = is_current(self.manifest, self.final)

    def recover(self) -> None:
        """Finish or undo what a build that was cut off left behind."""
        # Sphinx makes an empty folder where the site was before this is asked.
        if self.former.exists() and not (self.final / SUMS).exists():
            shutil.rmtree(self.final, ignore_errors=True)
            self.former.rename(self.final)
        shutil.rmtree(self.former, ignore_errors=True)
        shutil.rmtree(self.staging, ignore_errors=True)

    def redirect(self, app: Sphinx) -> None:
        """Let Sphinx write into the fresh folder."""
        # MyST-NB writes there at the end even where no page was written.
        (self.staging / "_static").mkdir(parents=True)
        app.outdir = type(app.outdir)(self.staging)
        app.builder.outdir = app.outdir
        # The site has an index of its own; Sphinx's would stem every word for nothing.
        app.builder.index_page = lambda *_: None  # type: ignore[method-assign]
        app.builder.dump_search_index = lambda: None  # type: ignore[method-assign]
        if self.current:
            # The fresh folder is empty, so Sphinx would take every page for outdated.
            app.builder.get_outdated_docs = list  # type: ignore[method-assign]

    def put_in_place(self) -> None:
        """Exchange the old site for the new one."""
        write_atomically(self.staging / MANIFEST, self.manifest)
        write_atomically(self.staging / SUMS, sums(self.staging))
        if self.final.exists():
            self.final.rename(self.former)
        self.final.parent.mkdir(parents=True, exist_ok=True)
        self.staging.rename(self.final)
        shutil.rmtree(self.former, ignore_errors=True)

    def restore(self, app: Sphinx) -> None:
        """Drop what is left of the fresh folder, and let Sphinx name the site's own place."""
        shutil.rmtree(self.staging, ignore_errors=True)
        app.outdir = app.builder.outdir = type(app.outdir)(self.final)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Complete the fresh folder and put it in place, or throw it away."""
    site = build_of(app).site
    if site is None:
        return
    if exception is not None or not site.written:
        site.restore(app)
        return
    with progress_message("completing the site"):
        check_pages(app)
        write_charts(app, site)
        write_tables(app, site)
        write_ledger(app, site)
        write_notebooks(app, site)
        write_search_index(app, site)
        write_feed(app, site)
        prune_static(site.staging)
        write_fonts(site.staging, site.store)
        (site.staging / ".buildinfo").unlink(missing_ok=True)
        check_links(site.staging)
        report = report_changes(site)
        site.put_in_place()
    site.restore(app)
    logger.info(report)


def check_pages(app: Sphinx) -> None:
    """Stop the build where a page was not written, of which Sphinx only warns."""
    missing = [
        docname
        for docname in sorted(app.env.found_docs)
        if not Path(app.builder.get_outfilename(docname)).is_file()
    ]
    if missing:
        raise BookError(f"\nnot written; is the disk full? {', '.join(missing)}")


def write_charts(app: Sphinx, site: Site) -> None:
    """Write the data, the pictures and the specification of each chart."""
    for name, chart in domain(app.env).charts.items():
        file = site.staging / CHARTS_FOLDER / name
        spec = json.dumps(chart["spec"], ensure_ascii=False, separators=(",", ":"))
        parts = {key: chart[key] for key in ("spec", "narrow", "table") if chart.get(key)}
        content = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        # Read by a script tag: fetch() is refused on file://.
        script = f"livebook.chart({json.dumps(name)},{content});\n"
        write_atomically(file.with_suffix(".js"), script.encode())
        write_atomically(file.with_suffix(".json"), f"{spec}\n".encode())
        source = build_of(app).package.cite(chart["tables"]) if chart["tables"] else ""
        svg = framed(chart["svg"]["wide"], chart["title"], chart["subtitle"], source)
        write_atomically(file.with_suffix(".svg"), svg.encode())
        write_atomically(file.with_suffix(".csv"), _csv(chart["table"]).encode("utf-8-sig"))
        if name in build_of(app).pictures:
            write_atomically(file.with_suffix(".png"), picture(svg))
    if domain(app.env).charts:
        write_atomically(site.staging / VEGA_BUNDLE, vega_bundle(site.store))


def write_tables(app: Sphinx, site: Site) -> None:
    """Put the data package on the site as it is, where a page lists its tables."""
    package = build_of(app).package
    if package is None or not domain(app.env).table_lists:
        return
    write_atomically(site.staging / TABLES_FOLDER / package.path.name, package.path.read_bytes())
    for name, resource in package.resources.items():
        target = site.staging / TABLES_FOLDER / resource["path"]
        write_atomically(target, package.file_of(name).read_bytes())


def picture(svg: str) -> bytes:
    """Return a drawing as PNG, for programs that show links with a picture."""
    import vl_convert

    register()
    return vl_convert.svg_to_png(svg, scale=2)


def _csv(table: dict[str, Any]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in [table["columns"], *table["rows"]]:
        writer.writerow([_unformulated(cell) for cell in row])
    return text.getvalue()


def _unformulated(cell: Any) -> Any:
    # A spreadsheet would run a text that starts like a formula.
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" else cell


# Inside a function: the bundle's own names would become the page's.
VEGA_SNIPPET = "window.livebookVega = {embed: vegaEmbed};"
VEGA_WRAPPER = "(()=>{%s\n})();\n"


def vega_bundle(store: Path) -> bytes:
    """Return Vega, Vega-Lite and vega-embed as one script, made once per version."""
    import altair
    import vl_convert

    version = ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    cached = store / f"vega-{version}-{vl_convert.__version__}.js"
    if not cached.is_file():
        bundle = vl_convert.javascript_bundle(VEGA_SNIPPET, version)
        write_atomically(cached, (VEGA_WRAPPER % bundle).encode())
    return cached.read_bytes()


def write_ledger(app: Sphinx, site: Site) -> None:
    """Write what the book states, and in which sentences, for programs and for the next book."""
    book = domain(app.env)
    facts = {
        name: {
            **fact,
            "cited": book.citing("fact", name),
            "sentences": build_of(app).sentences.get(name, []),
        }
        for name, fact in sorted(book.facts.items())
    }
    shown = ("title", "subtitle", "caption", "alt", "tables", "document", "cell", "table")
    charts = {
        name: {
            **{key: chart[key] for key in shown},
            "drawing": digest(json.dumps(chart["svg"], sort_keys=True).encode()),
            "cited": book.citing("chart", name),
        }
        for name, chart in sorted(book.charts.items())
    }
    package = build_of(app).package
    tables = {
        name: {key: resource.get(key) for key in ("title", "hash")}
        for name, resource in (package.resources if package else {}).items()
    }
    ledger = {"facts": facts, "charts": charts, "tables": tables}
    text = json.dumps(ledger, ensure_ascii=False, indent=1, sort_keys=True)
    write_atomically(site.staging / LEDGER, f"{text}\n".encode())


def write_notebooks(app: Sphinx, site: Site) -> None:
    """Write each executed page as a notebook that readers run themselves."""
    book, chapters = domain(app.env), build_of(app).notebooks
    for docname, chapter in chapters.items():
        counts = app.env.metadata[docname].get("wordcount", {})
        printed = notebooks.Printed(
            document=docname,
            fact=lambda name: word(book.facts[name], app.config.language),
            chart=lambda name: chart_number(app.env, name),
            substitutions={f"wordcount-{key}": str(count) for key, count in counts.items()},
            documents=chapters,
            folder=Path(app.env.doc2path(docname)).parent,
        )
        notebook = notebooks.convert(
            chapter, printed, app.config.html_title, app.config.livebook_notebook_setup
        )
        file = site.staging / notebooks.FOLDER / f"{docname}.ipynb"
        write_atomically(file, notebooks.written(notebook))


def write_search_index(app: Sphinx, site: Site) -> None:
    """Write the book's text for the search page, in the place of Sphinx's own index."""
    written = build_of(app).passages
    pages = [
        (docname, app.env.titles[docname].astext(), written[docname])
        for docname in reading_order(app.env)
        if docname in written
    ]
    write_atomically(site.staging / INDEX, index(pages))


def write_feed(app: Sphinx, site: Site) -> None:
    """Write the accepted changes of the data as an Atom feed, where a page lists them."""
    pages = sorted(domain(app.env).change_lists)
    if pages:
        base = f"{app.config.html_baseurl.rstrip('/')}/" if app.config.html_baseurl else ""
        address = base + app.builder.get_target_uri(pages[0])
        feed = atom(build_of(app).changes, app.config.html_title, address)
        write_atomically(site.staging / FEED, feed)


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


# Most of a page's tags, those of its drawings and its code, neither refer nor are referred to.
LINKING_TAG = re.compile(r"<[a-zA-Z][^<>]*\s(?:id|href|src|data-src|data-bundle)\s*=[^<>]*>")


class _Page(HTMLParser):
    """Collects the anchors of a page and what it refers to."""

    def __init__(self, text: str):
        super().__init__()
        self.anchors: set[str] = set()
        self.targets: set[str] = set()
        self.feed("".join(LINKING_TAG.findall(text)))

    def set_cdata_mode(self, *_: object, **__: object) -> None:
        """Go on after a script's tag: what stands in scripts and styles was left out."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if key == "id" and value:
                self.anchors.add(value)
            elif key in ("href", "src", "data-src", "data-bundle") and value:
                self.targets.add(value)


def check_links(site: Path) -> None:
    """Stop the build where a page refers to a page, an anchor or a file that is not there."""
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    pages = {
        name: _Page((site / name).read_text("utf-8"))
        for name in sorted(files)
        if name.endswith(".html")
    }
    broken = []
    for name, page in pages.items():
        for target in sorted(page.targets):
            file, _, anchor = target.partition("#")
            if re.match(r"[a-z][a-z0-9+.-]*:|//", target):
                continue
            place = posixpath.join(posixpath.dirname(name), unquote(file.partition("?")[0]))
            reached = posixpath.normpath(place) if file else name
            if reached not in files:
                broken.append(f"{name}: {target}: no such file")
            elif anchor and reached in pages and unquote(anchor) not in pages[reached].anchors:
                broken.append(f"{name}: {target}: no such anchor")
    if broken:
        raise BookError("\nlinks that lead nowhere:\n" + "\n".join(broken))


def prune_static(site: Path) -> None:
    """Remove the static files that no page, style or script of the site refers to.

    Extensions copy their scripts and icon fonts into every book, wanted or not.
    """
    static = (site / "_static").resolve()
    pages = "\n".join(path.read_text("utf-8") for path in site.rglob("*.html"))
    wanted = {static / name for name in re.findall(r'_static/([^"?#]+)', pages)}
    wanted.add((site / VEGA_BUNDLE).resolve())
    for style in [path for path in wanted if path.suffix == ".css" and path.is_file()]:
        targets = re.findall(r"url\([\"']?([^\"')?#]+)", style.read_text("utf-8"))
        wanted |= {(style.parent / target).resolve() for target in targets}
    for path in sorted(static.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in wanted:
            path.unlink()
