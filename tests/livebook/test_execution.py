"""What runs again, and that a site built in steps is the site built at once."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

import livebook
from livebook import kernels
from livebook.datapackage import DataPackage
from livebook.execution import Chapter, ChapterError, Workshop, bring_up_to_date

RAIN, SNOW = "pages/rain", "pages/snow"
CHANGES = {
    "prose": ([("pages/rain.md", "The months are in", "Month by month it is in")], set()),
    "a fact's place in prose": ([("index.md", "It rained {fact}`rain.total`, s", "S")], set()),
    "code": ([("pages/snow.md", "{:.1f} cm", "{:.2f} cm")], {SNOW}),
    "a value of a table": ([("data/rain.csv", "2,5", "2,500")], {RAIN}),
    "a value that prints the same": ([("data/snow.csv", "1,10", "1,9")], {SNOW}),
    "a table's descriptor": ([("data/datapackage.json", "Snowfall", "Depth of snow")], {SNOW}),
    "the package's descriptor": ([("data/datapackage.json", "The weather", "A weather")], set()),
    "a module": ([("pages/weather.py", "max(depths)", "min(depths)")], {SNOW}),
    "an extension of its own": ([("tools/wording.py", "one term", "our term")], set()),
    "the lock": ([("requirements.txt", "pandas==3", "pandas==3.0")], {RAIN, SNOW}),
    "a fact moved to an earlier page": (
        [
            ("pages/snow.md", "fact(", "depth = dict(deep=deepest(snow))\n# fact("),
            (
                "pages/rain.md",
                "```{code-cell} ipython3\ntrend",
                '```{code-cell} ipython3\nfact("snow.deep", 9, how="a guess", tables=["rain"])\n'
                "trend",
            ),
        ],
        {RAIN, SNOW},
    ),
    "a page less": ([("_toc.yml", "  - file: pages/about\n", "")], set()),
    "a page more": ([("_toc.yml", "chapters:\n", "chapters:\n  - file: pages/about\n")], set()),
}
# Two builds each: one of every kind of dependency sooner, the others in the full run.
SOONER = {"prose", "code", "a value of a table", "a module", "an extension of its own"}
EACH_CHANGE = [
    pytest.param(change, marks=[] if change in SOONER else pytest.mark.full) for change in CHANGES
]


@pytest.fixture(scope="module")
def growing(built, tmp_path_factory):
    """A book that each case changes further."""
    book = built.copy(tmp_path_factory.mktemp("growing") / "book")
    book.build()
    return book


def test_two_cold_builds_in_two_folders_are_the_same(growing, built):
    assert growing.differing(built.files()) == []
    assert growing.build().startswith("Nothing changed.")


@pytest.mark.parametrize("change", EACH_CHANGE)
def test_exactly_what_a_change_touches_runs_and_the_site_is_a_cold_builds(
    growing, tmp_path, change
):
    edits, stale = CHANGES[change]
    for edit in edits:
        growing.edit(*edit)
    # In another folder, so that no path gets into the site.
    cold = growing.copy(tmp_path / "elsewhere")
    building = cold.start()
    assert growing.chapters_run() == stale
    cold.end(building)
    assert growing.differing(cold.files()) == []
    assert growing.build().startswith("Nothing changed.")


def test_jupyter_book_publishes_the_same_and_leaves_what_is_current(built, tmp_path):
    book = built.copy(tmp_path / "book")
    command = ("-c", "from jupyter_book.cli.main import main; main()", "build", ".")
    assert "Finished generating HTML" in book.build(*command)
    assert book.differing(built.files()) == []
    times = {path: path.stat().st_mtime_ns for path in book.site.rglob("*")}
    book.build(*command)
    assert {path: path.stat().st_mtime_ns for path in book.site.rglob("*")} == times
    assert book.build().startswith("Nothing changed.")


def test_where_nothing_changed_sphinx_is_not_imported(built):
    code = """
import sys
from livebook.cli import main
assert main(["build", sys.argv[1]]) == 0
heavy = {"sphinx", "docutils", "jupyter_book", "altair", "pandas", "IPython", "nbclient"}
print(sorted(heavy & sys.modules.keys()))
"""
    printed = built.build("-c", code, str(built.root))
    assert printed.startswith("Nothing changed.")
    assert printed.splitlines()[-1] == "[]"


@pytest.mark.parametrize("unknown", ["nowhere", "pages"])
def test_a_folder_without_a_book_is_wrong_usage(built, unknown):
    printed = built.build("-m", "livebook", "build", unknown, code=2)
    assert "holds no book: _config.yml and _toc.yml not found" in printed


FAILING = {
    "raises": ['print("so far", 6 * 7)', 'open("../data/rain.csv")\nraise KeyError("mm")'],
    "dies": ["print(1)", "import os\nos._exit(7)"],
    "sleeps": ["print(2)", "import time\ntime.sleep(60)"],
    "unread": [
        "from livebook import fact",
        'fact("unread", 1, how="a guess", tables=["snow"])',
    ],
    "unknown": [
        "import altair as alt, pandas as pd\nfrom livebook import chart",
        'open("../data/rain.csv").read()',
        'title = alt.Title("t", subtitle="s")\n'
        'bars = alt.Chart(pd.DataFrame({"x": [1]}), title=title).mark_bar().encode(x="x:O")\n'
        'chart(bars, name="hail", caption="c", alt="a", tables=["hail"])',
    ],
    "refused": [
        "from livebook import fact",
        'fact("lost", float("nan"), style=".1f", how="a guess", tables=["snow"])',
    ],
}


def test_failing_chapters_are_named_and_the_old_site_stays(built, tmp_path):
    book = built.copy(tmp_path / "book")
    shutil.copytree(built.path("_build"), book.path("_build"), dirs_exist_ok=True)
    before = book.files()
    head = book.path("pages/rain.md").read_text("utf-8").partition("# Rain")[0]
    for name, cells in FAILING.items():
        code = "".join(f"```{{code-cell}} ipython3\n{cell}\n```\n\n" for cell in cells)
        book.write(f"pages/{name}.md", f"{head}# {name}\n\n{code}")
    chapters = "".join(f"  - file: pages/{name}\n" for name in FAILING)
    book.edit("_toc.yml", "chapters:\n", f"chapters:\n{chapters}")
    book.edit("_config.yml", "sphinx:\n", "execute:\n  timeout: 8\nsphinx:\n")
    printed = book.build(code=1)

    assert book.differing(before) == []
    assert "Traceback" not in printed
    said = {
        name: re.search(rf"^{name}\.md \(pages/{name}\), (.*(?:\n.+)*)", printed, re.MULTILINE)
        for name in FAILING
    }
    assert [name for name, match in said.items() if match is None] == []
    said = {name: match[1] for name, match in said.items()}
    assert said["raises"].splitlines()[0] == "cell 2: KeyError: 'mm'"
    assert '    raise KeyError("mm")' in said["raises"]
    assert said["dies"].startswith("cell 2: ")
    assert "os._exit(7)" in said["dies"]
    assert said["sleeps"].startswith("cell 2: ")
    assert "time.sleep(60)" in said["sleeps"]
    assert "cell 2: fact 'unread' names table 'snow': the chapter did not read it" in said["unread"]
    assert "cell 3: chart 'hail' names table 'hail': no such table" in said["unknown"]
    assert "cell 2: FactError: fact 'lost': value is nan" in said["refused"]


def test_a_library_for_cards_is_not_imported():
    code = """
import importlib, sys
from types import SimpleNamespace
from livebook.patches import set_up_open_graph
set_up_open_graph(SimpleNamespace(setup_extension=importlib.import_module))
print("matplotlib" in sys.modules, "sphinxext.opengraph" in sys.modules)
import matplotlib
"""
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout == "False True\n"


def test_a_failing_cell_shows_the_last_it_printed(book):
    book.edit("pages/snow.md", "import csv\n", 'for n in range(99): print("line", n)\n1 / 0\n')
    printed = book.build(code=1)
    assert "snow.md (pages/snow), cell 1: ZeroDivisionError: division by zero" in printed
    assert "    line 98\n" in printed
    assert "line 50\n" not in printed
    assert book.files() == {}


@pytest.fixture
def workshop(tmp_path):
    """A place to run chapters without publishing them."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "rain.csv").write_text("mm\n3\n")
    resources = [{"name": "rain", "path": "rain.csv"}]
    (data / "datapackage.json").write_text(json.dumps({"resources": resources}))
    package = DataPackage(data / "datapackage.json")
    return Workshop(tmp_path, tmp_path / "store", package, tmp_path / "requirements.txt")


def chapter(workshop, *cells, name="rain"):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    return Chapter(name, workshop.root / f"{name}.md", notebook)


def run_chapters(workshop, chapters):
    """Bring chapters up to date; return what each printed, and whether it ran for that."""
    said: list[str] = []
    records = bring_up_to_date(chapters, workshop, said.append)
    return [
        (
            "".join(output["text"] for outputs in records[name].outputs for output in outputs),
            f"{name}: unchanged" not in said,
        )
        for name in (chapter.docname for chapter in chapters)
    ]


def run(workshop, *cells):
    """Bring a chapter of these cells up to date."""
    return run_chapters(workshop, [chapter(workshop, *cells)])[0]


def told(workshop, *cells):
    """Bring a chapter up to date; return what it printed, and what was said meanwhile."""
    said: list[str] = []
    records = bring_up_to_date([chapter(workshop, *cells)], workshop, said.append)
    texts = [output["text"] for outputs in records["rain"].outputs for output in outputs]
    return "".join(texts), said


def run_all(workshop, cells):
    """Bring up to date a chapter of each cell, from one nursery."""
    return run_chapters(
        workshop, [chapter(workshop, cell, name=f"c{n}") for n, cell in enumerate(cells)]
    )


READ = 'print(open("data/rain.csv").read().split()[1])'


DAMAGES = {
    "half": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "a list": lambda text: "[]",
    "null": lambda text: "null",
    "a key": lambda text: text.replace('"outputs"', '"output"'),
    "a digit": lambda text: text.replace('"text": "3', '"text": "4'),
    "a type": lambda text: re.sub(r'"tables": \{[^}]*\}', '"tables": []', text),
}


def test_a_damaged_record_is_no_record(workshop):
    assert run(workshop, READ) == ("3\n", True)
    record = workshop.record_file("rain")
    whole = record.read_text("utf-8")
    for name, damage in DAMAGES.items():
        damaged = damage(whole)
        assert damaged != whole, name
        record.write_text(damaged, "utf-8")
        assert workshop.fresh_record(chapter(workshop, READ)) is None, name
    assert run(workshop, READ) == ("3\n", True)
    assert record.read_text("utf-8") == whole
    assert run(workshop, READ) == ("3\n", False)


PARENT = "import os\nprint(os.getppid())"
OFF = "kernels are launched one by one: forking is switched off"


def test_a_kernel_is_forked_or_launched_as_the_book_is_configured(workshop):
    parent, said = told(workshop, PARENT)
    assert int(parent) != os.getpid()
    assert OFF not in said
    workshop.fork = False
    parent, said = told(workshop, f"{PARENT} # again")
    assert int(parent) == os.getpid()
    assert OFF in said


@pytest.mark.parametrize(("switch", "configured", "forked"), [("0", True, 0), ("1", False, 1)])
def test_the_environment_goes_before_the_configuration(
    workshop, monkeypatch, switch, configured, forked
):
    monkeypatch.setenv(kernels.SWITCH, switch)
    workshop.fork = configured
    parent, said = told(workshop, PARENT)
    assert (int(parent) != os.getpid()) == forked
    assert (OFF not in said) == forked


def test_kernels_are_launched_where_an_import_has_started_a_thread(workshop, monkeypatch):
    library = workshop.root.parent / "library"
    library.mkdir()
    (library / "restless.py").write_text(
        "import threading\n"
        "print('imported')\n"
        "threading.Thread(target=threading.Event().wait, name='waits', daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(library), prepend=os.pathsep)
    monkeypatch.syspath_prepend(library)
    parent, said = told(workshop, f"{PARENT}\nimport restless")
    assert int(parent) == os.getpid()
    assert [line for line in said if "started threads (waits)" in line]


@pytest.mark.parametrize(("system", "safe"), [("linux", True), ("darwin", False)])
def test_macos_does_not_fork_unless_a_book_asks_for_it(monkeypatch, system, safe):
    monkeypatch.setattr(sys, "platform", system)
    assert kernels.forking_is_safe() == safe


def test_launched_kernels_make_the_same_site(built, tmp_path):
    book = built.copy(tmp_path / "book")
    book.edit(
        "_config.yml", "    language: en\n", "    language: en\n    livebook_fork_kernels: false\n"
    )
    assert OFF in book.build()
    assert book.differing(built.files()) == ["SHA256SUMS", "manifest.json"]


@pytest.mark.parametrize("fork", [True, False])
def test_a_module_that_is_edited_within_the_second_is_compiled_again(workshop, fork):
    workshop.fork = fork
    path = workshop.root / "extra.py"
    cell = "import extra\nprint(extra.__doc__)"
    for text in ("one", "two"):
        saved = path.stat().st_mtime_ns if path.exists() else None
        path.write_text(f'"""{text}"""\n')
        if saved:
            os.utime(path, ns=(saved, saved))
        assert run(workshop, cell) == (f"{text}\n", True)


READING = [
    'print(open("extra.txt").read())',
    'import pandas as pd\nprint(pd.read_csv("extra.csv").columns[0])',
    'from pathlib import Path\nprint(Path("extra.json").read_bytes())',
    'import numpy as np\nprint(np.loadtxt("extra.txt", dtype=str))',
    "import extra\nprint(extra.__doc__)",
    "from extra import __doc__ as text\nprint(text)",
    'exec(open("extra.py").read())',
    "%run extra.py",
]


def test_a_chapter_depends_on_each_file_it_read(workshop):
    files = [workshop.root / f"extra.{kind}" for kind in ("txt", "csv", "json", "py")]
    for path in files:
        path.write_text('"""one"""\nprint("one")\n')
    first = run_all(workshop, READING)
    assert [(ran, "one" in text) for text, ran in first] == [(True, True)] * len(READING)
    assert run_all(workshop, READING) == [(text, False) for text, _ in first]
    # As long, and saved within the same tick of the clock: only the content can tell.
    for path in files:
        saved = path.stat().st_mtime_ns
        path.write_text('"""two"""\nprint("two")\n')
        os.utime(path, ns=(saved, saved))
    second = run_all(workshop, READING)
    assert [(ran, "two" in text) for text, ran in second] == [(True, True)] * len(READING)


def test_a_chapter_depends_on_the_part_of_livebook_that_it_imports(workshop, monkeypatch):
    library = workshop.root.parent / "library"
    shutil.copytree(Path(livebook.__file__).parent, library / "livebook")
    monkeypatch.setenv("PYTHONPATH", str(library))
    cell = "import livebook.facts\nprint(livebook.facts.__file__)"
    used, unused = library / "livebook" / "facts.py", library / "livebook" / "search.py"
    assert run(workshop, cell) == (f"{used}\n", True)
    unused.write_text(unused.read_text("utf-8") + "\n# changed\n", "utf-8")
    assert run(workshop, cell) == (f"{used}\n", False)
    used.write_text(used.read_text("utf-8") + "\n# changed\n", "utf-8")
    assert run(workshop, cell) == (f"{used}\n", True)


def test_a_chapter_depends_on_no_file_that_it_wrote(workshop):
    cell = 'open("result.txt", "w").write("1");'
    assert run(workshop, cell) == ("", True)
    (workshop.root / "result.txt").write_text("2")
    assert run(workshop, cell) == ("", False)


@pytest.mark.parametrize("file", ["data/rain.csv", "extra.txt"])
def test_what_is_saved_while_a_chapter_runs_is_not_taken_for_what_it_read(workshop, file):
    (workshop.root / "extra.txt").write_text("5\n3\n")
    # Saved by another program, once.
    save = f"open({file!r}, 'w').write('mm\\\\n4\\\\n')"
    cell = f"""
import os, subprocess, sys
print(open({file!r}).read().split()[1])
if not os.path.exists("saved"):
    os.mkdir("saved")
    subprocess.run([sys.executable, "-c", "{save}"], check=True)
"""
    with contextlib.suppress(ChapterError):
        run(workshop, cell)
    assert run(workshop, cell) == ("4\n", True)


def test_a_chapter_may_read_what_it_wrote(workshop):
    cell = 'open("result.txt", "w").write("1"); print(open("result.txt").read())'
    assert run(workshop, cell) == ("1\n", True)
    assert run(workshop, cell) == ("1\n", False)


def test_a_file_from_the_future_is_no_edit(workshop):
    # Unpacked from an archive, or made on a machine whose clock is ahead.
    later = time.time() + 86_400
    os.utime(workshop.root / "data" / "rain.csv", (later, later))
    assert run(workshop, READ) == ("3\n", True)
    assert run(workshop, READ) == ("3\n", False)


def test_a_table_is_known_by_its_own_part_of_the_descriptor(workshop):
    assert run(workshop, READ) == ("3\n", True)
    descriptor = workshop.root / "data" / "datapackage.json"
    content = json.loads(descriptor.read_text("utf-8"))
    content["resources"].append({"name": "snow", "path": "snow.csv"})
    descriptor.write_text(json.dumps(content))
    workshop.package = DataPackage(descriptor)
    assert run(workshop, READ) == ("3\n", False)
    content["resources"][0]["title"] = "Rainfall"
    descriptor.write_text(json.dumps(content))
    workshop.package = DataPackage(descriptor)
    assert run(workshop, READ) == ("3\n", True)
