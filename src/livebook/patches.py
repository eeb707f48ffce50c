"""Every place where livebook reaches into the inside of another library.

Each is a function with its reason, and `tests/livebook/test_patches.py` exercises each, so that a
release that changes the inside fails there. The functions import the other library themselves:
`livebook build` imports this module before it knows whether Sphinx is needed.

Some reaches stand in scripts, templates and classes and cannot be called from here:

- ``theme/static/search.js`` uses ``Stemmer`` and ``stopwords``, which Sphinx writes into
  ``_static/language_data.js`` in the book's language
  (``test_sphinx_writes_the_stemmer_that_the_search_uses``).
- ``theme/layout.html`` leaves out the scripts and styles of other extensions by their file names
  (``test_no_asset_of_another_extension_is_loaded``), and mends the HTML of docutils and
  sphinx-exercise: two ids that recur (``test_ids_are_unique_on_each_page``), the role of
  footnotes, an empty header cell and the mark of the current page
  (``test_the_template_mends_the_html_of_others``).
- ``visitors.visit_caption`` takes the place of Sphinx's visitor of captions and calls it for all
  but charts (``test_a_caption_of_another_figure_is_set_as_sphinx_sets_it``).
- ``domain.ArrangeCells`` knows how MyST-NB marks the parts of a code cell in the document tree
  (``test_myst_nb_marks_the_parts_of_a_cell``).
- ``execution._TracedClient`` starts kernels and runs cells with methods of nbclient's client
  (``tests/livebook/test_execution.py`` runs chapters through it, kills and interrupts them).
- ``search.py``, ``visitors.py`` and ``domain.py`` read ``env.titles``, ``env.toc_fignumbers`` and
  ``env.toctree_includes`` of Sphinx (every page of the built book shows them).
- ``printing.py`` reads the PDF that Chromium prints (``tests/livebook/test_printing.py``).
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docutils import nodes
    from jupyter_client.connect import KernelConnectionInfo
    from jupyter_client.manager import KernelManager
    from jupyter_client.provisioning.local_provisioner import LocalProvisioner
    from markdown_it import MarkdownIt
    from myst_nb.core.render import NbElementRenderer
    from nbformat import NotebookNode
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment


def take_over_execution(fill: Callable[[NotebookNode, Path], None]) -> Callable[[], None]:
    """Let `fill` put the outputs into each notebook that MyST-NB reads.

    MyST-NB's modes of execution are a closed list without a plug-in point. Its parser looks up
    ``create_client`` in its module for each page: the function there is replaced.

    Parameters
    ----------
    fill : callable
        Gets the notebook and its file before MyST-NB renders the notebook.

    Returns
    -------
    callable
        Puts MyST-NB's own function back.
    """
    from myst_nb import sphinx_
    from myst_nb.core.execute.base import NotebookClientBase

    class FilledNotebook(NotebookClientBase):
        def start_client(self) -> None:
            fill(self.notebook, self.path)

    def create_client(
        notebook: NotebookNode, source: str, nb_config: Any, logger: Any, *_: Any, **__: Any
    ) -> NotebookClientBase:
        # What follows the logger differs between releases: 1.5 passes a class of kernel managers.
        return FilledNotebook(notebook, Path(source), nb_config, logger)

    former = sphinx_.create_client
    sphinx_.create_client = create_client

    def restore() -> None:
        sphinx_.create_client = former

    return restore


def read_notebook(env: BuildEnvironment, path: Path) -> NotebookNode | None:
    """Return a page as MyST-NB reads it, or None where the page holds no code.

    The chapters run before Sphinx reads the pages, and must run what MyST-NB will print. It keeps
    its configuration in attributes that it adds to the environment.
    """
    from myst_nb.core.read import create_nb_reader

    content = path.read_text("utf-8")
    settings: Any = env
    reader = create_nb_reader(str(path), settings.myst_config, settings.mystnb_config, content)
    return reader.read(content) if reader else None


def parse_caption(renderer: NbElementRenderer, text: str, line: int) -> nodes.caption:
    """Return a text of Markdown as a caption.

    A MIME renderer gets MyST-NB's renderer of elements; the renderer of Markdown inside it parses
    roles, and has no method that gives the nodes back.
    """
    from docutils import nodes

    markdown = renderer.renderer
    caption = nodes.caption()
    with markdown.current_node_context(caption):
        markdown.nested_render_text(text, line, inline=True)
    return caption


def environment_of(renderer: NbElementRenderer) -> BuildEnvironment:
    """Return the Sphinx environment in which MyST-NB renders an element."""
    env: BuildEnvironment = renderer.renderer.sphinx_env
    return env


def word_counts(env: BuildEnvironment, docname: str) -> dict[str, int]:
    """Return MyST-Parser's counts of a page, which the role ``sub-ref`` prints.

    MyST-Parser keeps them in the page's metadata. It has no function that gives them.
    """
    counts: dict[str, int] = env.metadata[docname].get("wordcount", {})
    return counts


def markdown_parser(extensions: list[str]) -> MarkdownIt:
    """Return the parser with which MyST-Parser reads the book.

    The lint needs tokens with their lines. MyST-Parser's public interface gives documents alone.
    """
    from markdown_it.renderer import RendererHTML
    from myst_parser.config.main import MdParserConfig
    from myst_parser.parsers.mdit import create_md_parser

    # The parser is wanted for its tokens; it never renders.
    return create_md_parser(MdParserConfig(enable_extensions=set(extensions)), RendererHTML)


def silence(app: Sphinx, packages: tuple[str, ...]) -> None:
    """Take away every listener of packages whose names start as given.

    Jupyter Book loads its theme as an extension even where a book has another theme. The theme's
    listeners then fail on pages that are not its own. Sphinx cannot unload an extension.
    """
    for event, listeners in app.events.listeners.items():
        app.events.listeners[event] = [
            listener
            for listener in listeners
            if not listener.handler.__module__.startswith(packages)
        ]


def write_into(app: Sphinx, folder: Path) -> None:
    """Let Sphinx and its builder write into another folder than the one of the command line.

    The folder is settled before extensions are asked, and the builder holds a copy of it.
    """
    app.outdir = app.builder.outdir = type(app.outdir)(folder)


def leave_out_search_index(builder: Builder) -> None:
    """Keep Sphinx from indexing the pages.

    The site has an index of its own (`livebook.search`). Sphinx's would stem every word for
    nothing, and no configuration switches it off.
    """
    vars(builder)["index_page"] = lambda *_: None
    vars(builder)["dump_search_index"] = lambda: None


def keep_pages(builder: Builder) -> None:
    """Let Sphinx take every page for up to date.

    Sphinx compares the pages with the files in its output folder, which is fresh in each build.
    """
    vars(builder)["get_outdated_docs"] = list


def forget_inner_documents(doctree: nodes.document) -> None:
    """Let every node of a page name the page as its document.

    MyST-Parser parses reStructuredText within Markdown into a document of its own, whose settings
    hold the whole environment. Sphinx would save it, and load it again, with each such page.
    """
    for node in doctree.findall():
        node.document = doctree


def use_provisioner(manager: KernelManager, provisioner: LocalProvisioner) -> None:
    """Let a manager launch its kernel by `provisioner`.

    Jupyter chooses the provisioner by the kernel's specification, which is installed in the
    environment: a build would have to install one of its own. A manager keeps one that it has.
    """
    manager.provisioner = provisioner


def adopt_process(provisioner: LocalProvisioner, process: Any) -> KernelConnectionInfo:
    """Let a provisioner take a process that it did not launch for its kernel's.

    Parameters
    ----------
    provisioner : LocalProvisioner
    process : object
        What a provisioner needs of a `subprocess.Popen`: see `livebook.kernels.ForkedProcess`.

    Returns
    -------
    dict
        How to reach the kernel, as ``launch_kernel`` has to return it.
    """
    provisioner.process = process
    provisioner.pid = process.pid
    # The process leads a group of its own: a signal reaches what it started, too.
    provisioner.pgid = process.pid
    return provisioner.connection_info


def kernel_arguments(command: list[str], parent: int) -> list[str]:
    """Return the arguments of ipykernel in the command that would launch it.

    `parent` is the process with which the kernel ends, so that a killed build leaves nothing
    running. ipykernel knows it by a trait that is named for Windows and works everywhere.
    """
    return [*command[command.index("-f") :], f"--IPKernelApp.parent_handle={parent}"]


def build_with_jupyter_book(root: Path) -> int:
    """Build the book at `root` as ``jupyter-book build`` does; return the exit code.

    Jupyter Book 1 has no function that builds a book, only a command, which reports by
    exceptions: a RuntimeError whose cause is printed already, and an exit whose code is an
    interruption.
    """
    from jupyter_book.cli.main import main

    try:
        main(["build", str(root)], standalone_mode=False)
    except RuntimeError:
        # Its traceback would bury the cause that is printed above.
        return 1
    except (KeyboardInterrupt, SystemExit) as stop:
        if isinstance(stop, SystemExit) and not isinstance(stop.code, KeyboardInterrupt):
            return stop.code if isinstance(stop.code, int) else 1
        print("livebook: interrupted; the site before is untouched", file=sys.stderr)
        return 130
    return 0


def set_up_open_graph(app: Sphinx) -> None:
    """Set up sphinxext-opengraph without the module that draws its cards.

    That module imports Matplotlib, a second of each build; where there is none, the extension
    prints a line about it in each build. `livebook.extension.configure` switches the cards off.
    """
    drawing = types.ModuleType("sphinxext.opengraph._social_cards")
    drawing.DEFAULT_SOCIAL_CONFIG, drawing.create_social_card = {}, None  # type: ignore[attr-defined]
    sys.modules[drawing.__name__] = drawing
    try:
        app.setup_extension("sphinxext.opengraph")
    finally:
        del sys.modules[drawing.__name__]
