"""The Sphinx extension: which step follows which event of a build."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
from sphinx.util import logging

from . import __version__, charts, facts, maths, notebooks, patches, visitors
from .datapackage import DataPackage, PackageError, digest
from .diff import LedgerError
from .domain import (
    ArrangeCells,
    BookError,
    ChangesDirective,
    ChartRole,
    FactRole,
    LedgerDirective,
    LivebookDomain,
    PrintOwnFacts,
    PrintReferences,
    TablesDirective,
    check,
    domain,
)
from .execution import Chapter, ChapterError, Workshop, bring_up_to_date
from .kernels import forking_is_safe
from .manifest import inputs, own_fingerprint
from .nodes import (
    cell_code,
    change_list,
    chart_figure,
    chart_reference,
    fact_cards,
    fact_reference,
    ledger_list,
    table_list,
)
from .publish import finish
from .search import passages
from .sections import MakeSections
from .state import BuildState, begin_build, state_of
from .swap import Site

logger = logging.getLogger(__name__)

# "Fig. 2" and "8.0" end no sentence: the next one starts with a capital or a Chinese character.
SENTENCE_END = re.compile(r"(?<=[.!?])[ \n]+(?=[A-Z“\"‘(\u4e00-\u9fff])|(?<=[。！？])")
FOREIGN_THEMES = ("sphinx_book_theme", "pydata_sphinx_theme")


class ExecutionError(SphinxError):
    """Chapters that did not run to their end."""

    category = "Chapters failed"


def configure(app: Sphinx, config: Any) -> None:
    """Set what every living book needs, so that its configuration need not."""
    # Chapters are executed by livebook, which sees the data they read.
    config.nb_execution_mode = "off"
    # A table that a cell writes as Markdown may cite facts and charts.
    config.nb_render_markdown_format = "myst"
    config.html_math_renderer = maths.RENDERER
    config.myst_update_mathjax = False
    config.html_show_search_summary = False
    config.html_copy_source = False
    if config.project == "Project name not set":
        config.project = config.html_title
    # Hidden folders hold environments and caches, whose pages are not the book's.
    config.exclude_patterns += [".*", "**/.*"]
    config.ogp_social_cards = {"enable": False}
    if config.html_baseurl:
        # Canonical addresses, pictures for links and the sitemap need to know where the site is.
        config.html_baseurl = config.html_baseurl.rstrip("/") + "/"
        config.ogp_site_url = config.ogp_site_url or config.html_baseurl
        app.setup_extension("sphinx_sitemap")
        config.sitemap_url_scheme = "{link}"
        config.sitemap_excludes = ["search.html", "genindex.html"]
    if config.html_theme != "sphinx_book_theme":
        # Jupyter Book loads its theme as an extension too, which then fails on another's pages.
        patches.silence(app, FOREIGN_THEMES)
    # An extension in the book's own folder has no version: its content stands for one.
    files = inputs(Path(app.srcdir))
    own = [files[name] for name in ("requirements.txt", *_extensions(app)) if name in files]
    config.livebook_fingerprint = "".join([own_fingerprint(), *own])


def _extensions(app: Sphinx) -> list[str]:
    """Return the files of the extensions, relative to the book's folder."""
    files = (getattr(extension.module, "__file__", None) for extension in app.extensions.values())
    return sorted(os.path.relpath(file, app.srcdir) for file in files if file)


def begin(app: Sphinx) -> None:
    """Open the data package, and a fresh folder for the site."""
    # A book consists of millions of small objects that stay. At its defaults the garbage collector
    # walks them so often that reading and writing the pages takes twice as long.
    gc.set_threshold(200_000, 20, 50)
    root = Path(app.srcdir)
    descriptor = root / app.config.livebook_data_package
    try:
        package = DataPackage(descriptor) if descriptor.is_file() else None
        state = begin_build(app, root, package)
    except (PackageError, LedgerError) as error:
        raise BookError(str(error)) from None
    restore = patches.take_over_execution(lambda notebook, path: fill(app.env, notebook, path))
    app.connect("build-finished", lambda app, exception: restore(), priority=999)
    if app.builder.name == "html":
        state.site = Site(app)
        state.site.redirect(app)


def run_chapters(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Bring the chapters up to date; return the documents that must be read again."""
    state = state_of(app)
    chapters = [
        chapter for docname in sorted(env.found_docs) if (chapter := _chapter(env, docname))
    ]
    workshop = Workshop(
        root=state.root,
        store=Path(app.doctreedir).parent / ".livebook" / "chapters",
        package=state.package,
        lock=state.root / "requirements.txt",
        timeout=app.config.nb_execution_timeout,
        fork=app.config.livebook_fork_kernels,
    )
    state.notebooks = {chapter.docname: chapter.notebook for chapter in chapters}
    logger.info("")
    try:
        state.records = bring_up_to_date(chapters, workshop, logger.info)
    except ChapterError as error:
        raise ExecutionError(f"\n{error}") from None
    read = domain(env).documents
    return [
        docname
        for docname in sorted(env.found_docs)
        if read.get(docname) != _fingerprints(state, env, docname)
    ]


def _chapter(env: BuildEnvironment, docname: str) -> Chapter | None:
    path = Path(env.doc2path(docname))
    notebook = patches.read_notebook(env, path)
    return Chapter(docname, path, notebook) if notebook else None


def _fingerprints(state: BuildState, env: BuildEnvironment, docname: str) -> dict[str, str]:
    # A time stamp would miss a file that was restored, or copied with its old time.
    files = [Path(env.doc2path(docname))]
    files += [state.root / name for name in sorted(env.dependencies.get(docname, ()))]
    record = state.records.get(docname)
    return {
        "files": digest(b"".join(path.read_bytes() for path in files if path.is_file())),
        "outputs": record.fingerprint if record else "",
    }


def after_read(app: Sphinx, doctree: nodes.document) -> None:
    """Remember what a document was read from."""
    patches.forget_inner_documents(doctree)
    env = app.env
    domain(env).documents[env.docname] = _fingerprints(state_of(app), env, env.docname)


def drop_inline_scripts(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Remove inline scripts, which the site's policy forbids; sphinx-thebe adds two to a page."""
    for node in list(doctree.findall(nodes.raw)):
        if "html" in node.get("format", "") and "<script" in node.astext():
            node.parent.remove(node)


def after_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Note that the site is being written, its text, and in which sentences its facts stand."""
    state = state_of(app)
    if state.site is not None:
        state.site.written = True
    if pagename in state.notebooks:
        context["notebook"] = f"{notebooks.FOLDER}/{pagename}.ipynb"
    context["stale_after"] = app.config.livebook_stale_after
    context["root_title"] = app.env.titles[app.config.root_doc].astext()
    if app.config.html_baseurl:
        _set_picture(app, pagename, context)
    if doctree is not None:
        if "nosearch" not in app.env.metadata[pagename]:
            state.passages[pagename] = list(passages(doctree, domain(app.env).charts))
        for name, sentence in sentences(doctree):
            state.sentences.setdefault(name, []).append({"page": pagename, "text": sentence})


def _set_picture(app: Sphinx, pagename: str, context: dict[str, Any]) -> None:
    """Let links to a page show its first chart, or the book's first where it has none."""
    ranked = sorted(
        (chart["document"] != pagename, chart["document"], chart["cell"], name)
        for name, chart in domain(app.env).charts.items()
    )
    if ranked and context.get("meta") is not None:
        name = ranked[0][-1]
        context["meta"]["og:image"] = f"{visitors.CHARTS_FOLDER}/{name}.png"
        context["meta"]["og:image:alt"] = domain(app.env).charts[name]["title"]
        state_of(app).pictures.add(name)


def sentences(doctree: nodes.document) -> Iterable[tuple[str, str]]:
    """Yield each fact's name with each sentence that prints it."""
    blocks = (nodes.paragraph, nodes.caption, nodes.term, nodes.entry, nodes.title)
    for block in doctree.findall(lambda node: isinstance(node, blocks)):
        references = list(block.findall(fact_reference))
        if not references or any(isinstance(part, blocks) for part in block.children):
            continue
        text, spans = "", []
        for leaf in block.findall(nodes.Text):
            owner = leaf.parent if isinstance(leaf.parent, fact_reference) else None
            if owner is not None:
                spans.append((len(text), owner["name"]))
            text += leaf.astext()
        start = 0
        for sentence in [*SENTENCE_END.finditer(text), None]:
            end = sentence.start() if sentence else len(text)
            for place, name in spans:
                if start <= place < end:
                    yield name, " ".join(text[start:end].split())
            start = sentence.end() if sentence else end


def fill(env: BuildEnvironment, notebook: nbformat.NotebookNode, path: Path) -> None:
    """Put a chapter's outputs into the notebook that is read, and its facts into the domain."""
    record = state_of(env.app).records[env.docname]
    if record.code != Chapter(env.docname, path, notebook).code:
        raise ExecutionError(f"{env.docname} was edited while the book was built; build again")
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, outputs in zip(code_cells, record.outputs, strict=True):
        cell.outputs = [
            nbformat.from_dict(_for_page(output)) for output in outputs if _shown(output)
        ]
    env.temp_data["livebook_cells"] = number_cells(notebook)
    domain(env).note_record(env.docname, record)


def _shown(output: dict[str, Any]) -> bool:
    return facts.MIME_TYPE not in output.get("data", {})


def _for_page(output: dict[str, Any]) -> dict[str, Any]:
    if charts.MIME_TYPE in output.get("data", {}):
        output = {**output, "data": {charts.MIME_TYPE: output["data"][charts.MIME_TYPE]}}
    return output | ({"execution_count": None} if output["output_type"] == "execute_result" else {})


def number_cells(notebook: nbformat.NotebookNode) -> dict[int, int]:
    """Return, by place among all cells, the number of each code cell."""
    code = [place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    return {place: number for number, place in enumerate(code, 1)}


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the parts of the extension."""
    app.add_config_value("livebook_data_package", "data/datapackage.json", "env", str)
    app.add_config_value("livebook_notebook_setup", "", "html", str)
    # In months. The reader's browser compares, so that a site does not depend on the day it is
    # built.
    app.add_config_value("livebook_stale_after", 24, "html", int)
    app.add_config_value("livebook_fork_kernels", forking_is_safe(), "", bool)
    app.add_config_value("livebook_fingerprint", "", "env", str)
    app.add_config_value("livebook_allowed_digits", [], "", list)
    patches.set_up_open_graph(app)
    app.add_html_theme("livebook", str(Path(__file__).parent / "theme"))
    app.add_html_math_renderer(
        maths.RENDERER, (maths.visit_math, None), (maths.visit_displaymath, None)
    )

    app.add_domain(LivebookDomain)
    app.add_role("fact", FactRole())
    app.add_role("chart", ChartRole())
    app.add_directive("ledger", LedgerDirective)
    app.add_directive("tables", TablesDirective)
    app.add_directive("changes", ChangesDirective)
    app.add_transform(MakeSections)
    app.add_transform(ArrangeCells)
    app.add_transform(PrintOwnFacts)
    app.add_post_transform(PrintReferences)

    text_only: dict[str, Any] = {
        builder: (lambda self, node: None, lambda self, node: None)
        for builder in ("text", "latex", "man", "texinfo")
    }
    app.add_enumerable_node(
        chart_figure, "figure", html=(visitors.visit_chart_figure, visitors.depart_chart_figure),
        **text_only,
    )  # fmt: skip
    for node, visit_and_depart in (
        (fact_reference, (visitors.visit_fact_reference, visitors.depart_fact_reference)),
        (chart_reference, (visitors.visit_chart_reference, visitors.depart_chart_reference)),
        (cell_code, (visitors.visit_cell_code, visitors.depart_cell_code)),
        (fact_cards, (visitors.visit_fact_cards, None)),
        (ledger_list, (visitors.visit_ledger_list, None)),
        (table_list, (visitors.visit_table_list, None)),
        (change_list, (visitors.visit_change_list, None)),
    ):
        app.add_node(node, html=visit_and_depart, **text_only)
    app.add_node(
        nodes.caption, override=True, html=(visitors.visit_caption, visitors.depart_caption)
    )

    app.connect("config-inited", configure, priority=100)
    app.connect("builder-inited", begin)
    app.connect("env-get-outdated", run_chapters)
    app.connect("doctree-read", after_read)
    app.connect("env-updated", check, priority=900)
    app.connect("doctree-resolved", drop_inline_scripts, priority=900)
    app.connect("html-collect-pages", visitors.ledger_pages)
    app.connect("html-page-context", after_page, priority=400)
    # After every other extension has written its files.
    app.connect("build-finished", finish, priority=900)
    return {"version": __version__, "parallel_read_safe": False, "parallel_write_safe": False}
