"""Write the files of a site besides its pages: charts, tables, ledger, notebooks, index, feed."""

from __future__ import annotations

import csv
import io
import json
from importlib import metadata
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from . import notebooks, patches
from .charts import framed
from .datapackage import digest
from .diff import FEED, LEDGER, atom
from .domain import chart_number, domain, reading_order, word
from .files import write_atomically
from .fonts import register
from .search import INDEX, index
from .state import state_of
from .swap import Site
from .visitors import CHARTS_FOLDER, TABLES_FOLDER

# Files that others wrote, and the licences of those that the site holds.
VENDOR = Path(__file__).parent / "vendor"
VEGA_BUNDLE = "_static/vega-bundle.js"
# Inside a function: the bundle's own names would become the page's.
VEGA_SNIPPET = "window.livebookVega = {embed: vegaEmbed};"
VEGA_WRAPPER = "(()=>{%s\n})();\n"


def write_charts(app: Sphinx, site: Site) -> None:
    """Write the data, the pictures and the specification of each chart."""
    for name, chart in domain(app.env).charts.items():
        file = site.staging / CHARTS_FOLDER / name
        spec = json.dumps(chart["spec"], ensure_ascii=False, separators=(",", ":"))
        parts = {key: chart[key] for key in ("spec", "narrow", "table") if chart.get(key)}
        content = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        # A page loads it as a script: browsers refuse fetch() on file://.
        script = f"livebook.chart({json.dumps(name)},{content});\n"
        write_atomically(file.with_suffix(".js"), script.encode())
        write_atomically(file.with_suffix(".json"), f"{spec}\n".encode())
        source = (
            state_of(app).tables.cite(chart["tables"], chart.get("sources", ()))
            if chart["tables"]
            else ""
        )
        svg = framed(chart["svg"]["wide"], chart["title"], chart["subtitle"], source)
        write_atomically(file.with_suffix(".svg"), svg.encode())
        write_atomically(file.with_suffix(".csv"), _csv(chart["table"]).encode("utf-8-sig"))
        if name in state_of(app).pictures:
            write_atomically(file.with_suffix(".png"), picture(svg))
    if domain(app.env).charts:
        write_atomically(site.staging / VEGA_BUNDLE, vega_bundle(site.store))


def write_tables(app: Sphinx, site: Site) -> None:
    """Put the data package on the site as it is, where a page lists its tables."""
    package = state_of(app).package
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


def vega_bundle(store: Path) -> bytes:
    """Return Vega, Vega-Lite and vega-embed as one script, made once per version."""
    import altair
    import vl_convert

    version = ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    cached = store / f"vega-{version}-{metadata.version('vl-convert-python')}.js"
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
            "sentences": state_of(app).sentences.get(name, []),
        }
        for name, fact in sorted(book.facts.items())
    }
    shown = (
        "title",
        "subtitle",
        "caption",
        "alt",
        "tables",
        "sources",
        "document",
        "cell",
        "table",
    )
    charts = {
        name: {
            **{key: chart[key] for key in shown if key in chart},
            "drawing": digest(json.dumps(chart["svg"], sort_keys=True).encode()),
            "cited": book.citing("chart", name),
        }
        for name, chart in sorted(book.charts.items())
    }
    package = state_of(app).package
    tables = {
        name: {key: resource.get(key) for key in ("title", "hash")}
        for name, resource in (package.resources if package else {}).items()
    }
    ledger = {"facts": facts, "charts": charts, "tables": tables}
    text = json.dumps(ledger, ensure_ascii=False, indent=1, sort_keys=True)
    write_atomically(site.staging / LEDGER, f"{text}\n".encode())


def write_notebooks(app: Sphinx, site: Site) -> None:
    """Write each executed page as a notebook that readers run themselves."""
    book, chapters = domain(app.env), state_of(app).notebooks
    for docname, chapter in chapters.items():
        counts = patches.word_counts(app.env, docname)
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
    """Write the book's text for the search page, instead of Sphinx's own index."""
    written = state_of(app).passages
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
        feed = atom(state_of(app).changes, app.config.html_title, address)
        write_atomically(site.staging / FEED, feed)


def write_licences(site: Site) -> None:
    """Put the licence of each foreign file of the site beside it."""
    for licence in sorted(VENDOR.glob("*.LICENSE.txt")):
        covered = site.staging / "_static" / licence.name.removesuffix(".LICENSE.txt")
        if covered.is_file():
            write_atomically(covered.parent / licence.name, licence.read_bytes())
