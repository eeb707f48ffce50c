"""Each reach into another library does what livebook needs of it: every test exercises one."""

from __future__ import annotations

import asyncio
import inspect
import io
import os
import pickle
import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from docutils import nodes
from jupyter_client import AsyncKernelManager
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from livebook import patches
from livebook.kernels import ForkedProcess, ForkingProvisioner, Nursery

CARDS = "sphinxext.opengraph._social_cards"
PAGE = """\
---
file_format: mystnb
kernelspec: {display_name: Python 3, language: python, name: python3}
---
# Rain

Five words stand here, exactly.

```{code-cell} python
:tags: [show-input]
print("rain")
```

```{eval-rst}
- It is *wet*.
```

Once upon a time.[^note]

[^note]: A footnote.

<table><thead><tr><th></th><th>mm</th></tr></thead></table>

```{figure} rain.svg
A drawing.
```
"""


@pytest.fixture
def sphinx(tmp_path):
    """Make Sphinx's application for a folder with one page; nothing is executed."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "index.md").write_text(PAGE, "utf-8")
    (source / "rain.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', "utf-8")

    def make(**settings):
        settings = {"extensions": ["myst_nb"], "nb_execution_mode": "off", **settings}
        folders = (tmp_path / "html", tmp_path / "doctrees", "html")
        return Sphinx(source, None, *folders, settings, status=None, warning=io.StringIO())

    with patch_docutils(source), docutils_namespace():
        yield make


# -- MyST-NB and MyST-Parser


def as_myst_nb_1_4(create_client, notebook, path):
    return create_client(notebook, str(path), None, None, None)


def as_myst_nb_1_5(create_client, notebook, path):
    return create_client(*(notebook, str(path), None, None, None), kernel_manager_class=None)


@pytest.fixture
def filled():
    """What MyST-NB's clients had filled, while livebook takes over."""
    calls = []
    restore = patches.take_over_execution(lambda notebook, path: calls.append((notebook, path)))
    yield calls
    restore()


@pytest.mark.parametrize("call", [as_myst_nb_1_4, as_myst_nb_1_5])
def test_a_notebook_is_filled_however_myst_nb_asks_for_its_client(filled, tmp_path, call):
    from myst_nb import sphinx_

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    with call(sphinx_.create_client, notebook, tmp_path / "rain.md") as client:
        assert client.notebook is notebook
    assert filled == [(notebook, tmp_path / "rain.md")]


def test_the_installed_myst_nb_calls_the_client_that_took_over(filled, sphinx):
    sphinx().build()
    ((notebook, path),) = filled
    assert path.name == "index.md"
    assert [cell.source for cell in notebook.cells if cell.cell_type == "code"] == ['print("rain")']


def test_myst_nb_gets_its_own_client_back():
    from myst_nb import sphinx_

    own = sphinx_.create_client
    patches.take_over_execution(lambda notebook, path: None)()
    assert sphinx_.create_client is own


def test_a_page_is_read_as_myst_nb_reads_it_and_a_page_without_code_is_none(sphinx, filled):
    app = sphinx()
    app.build()
    page = Path(app.srcdir) / "index.md"
    before = patches.read_notebook(app.env, page)
    assert [cell.source for cell in before.cells] == [cell.source for cell in filled[0][0].cells]
    page.write_text("# Plain\n", "utf-8")
    assert patches.read_notebook(app.env, page) is None


def test_myst_parser_counts_the_words_of_a_page(sphinx):
    app = sphinx()
    app.build()
    assert set(patches.word_counts(app.env, "index")) == {"minutes", "words"}
    assert 5 < patches.word_counts(app.env, "index")["words"] < 100
    assert patches.word_counts(app.env, "nowhere") == {}


def test_the_parser_of_markdown_knows_roles_and_lines():
    tokens = patches.markdown_parser(["dollarmath"]).parse("One.\n\nIt is {fact}`a.b` of $x$.\n")
    (second,) = [token for token in tokens if token.type == "inline" and token.map == [2, 3]]
    role, formula = [
        child for child in second.children if child.type in ("myst_role", "math_inline")
    ]
    assert (role.meta["name"], role.content) == ("fact", "a.b")
    assert formula.content == "x"


def test_a_caption_is_parsed_where_myst_nb_renders_an_element(sphinx):
    from myst_nb.core.render import NbElementRenderer

    captions = []

    class Renderer(NbElementRenderer):
        def render_stdout(self, output, cell_metadata, cell_index, source_line):
            assert patches.environment_of(self).docname == "index"
            captions.append(patches.parse_caption(self, "It is *wet*.", source_line))
            return []

    def print_rain(notebook, path):
        (cell,) = [cell for cell in notebook.cells if cell.cell_type == "code"]
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="rain")]

    restore = patches.take_over_execution(print_rain)
    try:
        app = sphinx()
        from myst_nb import sphinx_

        loaded, sphinx_.load_renderer = sphinx_.load_renderer, lambda name: Renderer
        try:
            app.build()
        finally:
            sphinx_.load_renderer = loaded
    finally:
        restore()
    (caption,) = captions
    assert caption.astext() == "It is wet."
    assert [node.astext() for node in caption.findall(nodes.emphasis)] == ["wet"]


def test_myst_nb_marks_the_parts_of_a_cell(sphinx, filled):
    app = sphinx()
    app.build()
    (cell,) = app.env.get_doctree("index").findall(
        lambda node: isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"
    )
    assert cell["cell_metadata"]["tags"] == ["show-input"]
    assert cell["cell_index"] == 1
    assert [part["nb_element"] for part in cell.children] == ["cell_code_source"]


def test_a_page_with_restructuredtext_holds_one_document(sphinx):
    app = sphinx()
    app.connect("doctree-read", lambda app, doctree: patches.forget_inner_documents(doctree))
    found = []
    app.connect(
        "doctree-read",
        lambda app, doctree: found.append({node.document is doctree for node in doctree.findall()}),
    )
    app.build()
    assert found == [{True}]
    # An environment that is saved with each page would weigh far more than the page.
    assert len(pickle.dumps(app.env.get_doctree("index"))) < 50_000


# -- Sphinx


def test_a_theme_that_is_not_used_is_silent(sphinx):
    app = sphinx(extensions=["myst_nb", "sphinx_book_theme"], html_theme="basic")
    themes = ("sphinx_book_theme", "pydata_sphinx_theme")

    def heard():
        return [
            listener.handler.__module__
            for listeners in app.events.listeners.values()
            for listener in listeners
        ]

    assert [module for module in heard() if module.startswith(themes)]
    patches.silence(app, themes)
    assert not [module for module in heard() if module.startswith(themes)]
    assert [module for module in heard() if module.startswith("myst_nb")]
    app.build()


def test_sphinx_writes_into_another_folder_and_no_index(sphinx, tmp_path):
    app = sphinx()
    patches.write_into(app, tmp_path / "elsewhere")
    patches.leave_out_search_index(app.builder)
    app.build()
    assert (tmp_path / "elsewhere" / "index.html").is_file()
    assert not (tmp_path / "elsewhere" / "searchindex.js").exists()
    assert not list((tmp_path / "html").rglob("*.html"))


def test_sphinx_without_these_patches_writes_an_index(sphinx, tmp_path):
    sphinx().build()
    assert (tmp_path / "html" / "searchindex.js").is_file()


@pytest.mark.parametrize("kept", [True, False])
def test_pages_that_are_kept_are_not_written_though_the_folder_is_fresh(sphinx, tmp_path, kept):
    sphinx().build()
    again = sphinx()
    (tmp_path / "fresh" / "_static").mkdir(parents=True)
    patches.write_into(again, tmp_path / "fresh")
    if kept:
        patches.keep_pages(again.builder)
    again.build()
    assert (tmp_path / "fresh" / "index.html").is_file() != kept


# -- the template of a page, which mends what others write


@pytest.fixture(scope="module")
def mended(built, tmp_path_factory):
    book = built.copy(tmp_path_factory.mktemp("mended") / "book")
    book.edit("pages/about.md", "Plain words.", PAGE.partition("Once upon")[2])
    book.write("pages/rain.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>')
    book.build()
    return book


def test_the_template_mends_the_html_of_others(mended):
    page = mended.page("pages/about")
    assert '<aside role="presentation" class="footnote-list' in page
    assert "<th></th>" not in page
    # As pandas prints the column of an index.
    assert "<thead><tr><td></td><th>mm</th></tr></thead>" in page
    current = re.findall(r'<a aria-current="page"[^>]*>([^<]*)</a>', page)
    assert [text.strip() for text in current] == ["About"]


def test_a_caption_of_another_figure_is_set_as_sphinx_sets_it(mended):
    page = mended.page("pages/about")
    assert re.search(
        r'<p><span class="caption-number">[^<]*</span><span class="caption-text">A dra', page
    )
    # A chart's stands in its figcaption without Sphinx's number.
    assert '<span class="caption-number">Figure 1. </span>Rain, ' in mended.page("pages/rain")


def test_no_asset_of_another_extension_is_loaded(built):
    for name in ("index", "pages/rain", "pages/about"):
        loaded = set(re.findall(r"_static/([\w.-]+)", built.page(name)))
        assert loaded <= {"theme.js", "livebook.js", "livebook.css", "chart.js", "vega-bundle.js"}


# -- Jupyter


def has_ended(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def waited_for(condition):
    until = time.monotonic() + 30
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


async def answer(manager, code):
    """Start the manager's kernel; return the value of an expression in it, as text."""
    await manager.start_kernel(cwd=os.getcwd())
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    reply = await client.execute("", user_expressions={"asked": code}, reply=True, timeout=60)
    client.stop_channels()
    return reply["content"]["user_expressions"]["asked"]["data"]["text/plain"]


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """A manager whose kernel is forked from a nursery, and the nursery."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    with Nursery(["json"], dict(os.environ)) as nursery:
        file = str(tmp_path / "kernel.json")
        manager = AsyncKernelManager(connection_file=file, transport="ipc", kernel_name="python3")
        provisioner = ForkingProvisioner(
            parent=manager, kernel_id="rain", kernel_spec=manager.kernel_spec
        )
        provisioner.nursery = nursery
        patches.use_provisioner(manager, provisioner)
        yield manager, nursery


def test_a_kernel_is_forked_watched_and_ended_by_jupyter(kernel):
    manager, nursery = kernel

    async def stay():
        ids = await answer(manager, "(__import__('os').getpid(), __import__('os').getppid())")
        pid, parent = map(int, ids.strip("()").split(","))
        assert parent == nursery.process.pid
        assert (manager.provisioner.pid, manager.provisioner.pgid) == (pid, pid)
        assert await manager.is_alive()
        await manager.shutdown_kernel(now=True)
        assert waited_for(lambda: has_ended(pid))
        assert not await manager.is_alive()

    asyncio.run(stay())


def test_a_kernel_ends_with_the_process_that_it_was_forked_from(kernel):
    manager, nursery = kernel

    async def stay():
        pid = int(await answer(manager, "__import__('os').getpid()"))
        nursery.process.kill()
        assert waited_for(lambda: has_ended(pid))

    asyncio.run(stay())


def test_what_a_provisioner_asks_of_a_process_is_there():
    used = set(
        re.findall(r"self\.process\.(\w+)", inspect.getsource(ForkingProvisioner.__mro__[1]))
    )
    # Windows alone; the process of `launch_kernel`, which is replaced.
    used -= {"win32_interrupt_event"}
    assert {name for name in used if not hasattr(ForkedProcess(os.getpid()), name)} == set()


# -- sphinxext-opengraph


def test_open_graph_is_set_up_without_the_module_that_draws_cards():
    asked = []
    app = SimpleNamespace(setup_extension=lambda name: asked.append((name, CARDS in sys.modules)))
    patches.set_up_open_graph(app)
    assert asked == [("sphinxext.opengraph", True)]
    assert CARDS not in sys.modules


# -- Jupyter Book


def test_jupyter_book_builds_a_book_and_reports_by_exit_codes(tmp_path):
    (tmp_path / "_config.yml").write_text("title: A book\n", "utf-8")
    (tmp_path / "_toc.yml").write_text("format: jb-book\n", "utf-8")
    # In a process of its own: other tests leave nodes registered, of which Sphinx warns.
    build = "import sys, pathlib; from livebook import patches; "
    build += "sys.exit(patches.build_with_jupyter_book(pathlib.Path(sys.argv[1])))"
    command = [sys.executable, "-c", build, str(tmp_path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: index\n", "utf-8")
    (tmp_path / "index.md").write_text("# A book\n", "utf-8")
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert (tmp_path / "_build" / "html" / "index.html").is_file()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit(KeyboardInterrupt())])
def test_an_interruption_is_exit_code_130(monkeypatch, tmp_path, capsys, stop):
    from jupyter_book.cli import main

    def interrupted(*_, **__):
        raise stop

    monkeypatch.setattr(main, "main", interrupted)
    assert patches.build_with_jupyter_book(tmp_path) == 130
    assert "interrupted; the site before is untouched" in capsys.readouterr().err


def test_every_patch_is_exercised_here():
    exercised = Path(__file__).read_text("utf-8")
    functions = [
        name
        for name, function in inspect.getmembers(patches, inspect.isfunction)
        if function.__module__ == patches.__name__
    ]
    # Through the provisioner: kernels.py calls these two.
    inside = {"adopt_process", "kernel_arguments"}
    assert functions
    assert [name for name in functions if f"patches.{name}(" not in exercised] == sorted(inside)
    assert all(inspect.getdoc(getattr(patches, name)) for name in functions)
    tests = Path(__file__).parent.parent
    for test in re.findall(r"``(test_\w+)``", patches.__doc__):
        assert any(
            f"def {test}(" in path.read_text("utf-8") for path in tests.rglob("test_*.py")
        ), test
