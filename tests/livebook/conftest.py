"""A book of two chapters, and what its tests need to build, change and break it."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ANSI = re.compile(r"\x1b\[[0-9;]*m")
CHAPTER = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""
FILES = {
    "_config.yml": """\
title: A tiny book
author: Its authors
only_build_toc_files: true
sphinx:
  extra_extensions: [livebook]
  local_extensions: {wording: tools}
  config:
    html_theme: livebook
    language: en
    numfig_format: {figure: "Figure %s"}
""",
    "_toc.yml": """\
format: jb-book
root: index
chapters:
  - file: pages/rain
  - file: pages/snow
  - file: pages/about
  - file: pages/ledger
""",
    "requirements.txt": "pandas==3\n",
    "index.md": "# A tiny book\n\nIt rained {fact}`rain.total`, see {chart}`rain`.\n",
    "pages/about.md": "# About\n\nPlain words. 制造业服务化 is a term.\n",
    "pages/ledger.md": "# Ledger\n\n```{ledger}\n```\n\n```{tables}\n```\n",
    "pages/rain.md": CHAPTER
    + """\
# Rain: {fact}`rain.total`

It {fact}`rain.trend`. The mean is the sum over the months:

$$ m = \\sum_i \\frac{x_i}{n} $$

```{code-cell} ipython3
import altair as alt
import pandas as pd
from livebook import chart, fact

rain = pd.read_csv("../data/rain.csv")
fact("rain.total", rain.mm.sum(), style="{:,.0f} mm", how="the sum", tables=["rain"])
```

```{code-cell} ipython3
trend = "rose" if rain.mm.is_monotonic_increasing else "fell"
WORDS = {"rose": {"en": "rose", "zh": "上升"}, "fell": {"en": "fell", "zh": "下降"}}
fact("rain.trend", trend, words=WORDS, how="month on month", tables=["rain"])
```

```{code-cell} ipython3
title = alt.Title(f"It rained {rain.mm.sum()} mm", subtitle="Rain by month, mm")
chart(
    alt.Chart(rain).mark_bar(clip=True).encode(x="month:O", y="mm:Q").properties(title=title),
    name="rain",
    caption="Rain, {fact}`rain.total` in all.",
    alt="Bars: {fact}`rain.total`.",
    tables=["rain"],
)
```

The months are in {chart}`rain`.
""",
    "pages/snow.md": CHAPTER
    + """\
# Snow

There lie {fact}`snow.deep`, and it rained {fact}`rain.total`.

```{code-cell} ipython3
import csv
from livebook import fact
from weather import deepest

with open("../data/snow.csv") as file:
    snow = [float(row["cm"]) for row in csv.DictReader(file)]
fact("snow.deep", deepest(snow), style="{:.1f} cm", how=deepest, tables=["snow"])
```
""",
    "pages/weather.py": '''\
"""Measures of weather."""


def deepest(depths):
    """Return the deepest."""
    return max(depths)
''',
    "tools/wording.py": '''\
"""An extension of the book's own."""


def setup(app):
    """Say one thing in other words."""
    app.connect("source-read", lambda app, page, text: text.append(text.pop().replace(
        " is a term", " is one term")))
''',
    "data/rain.csv": "month,mm\n1,3\n2,5\n",
    "data/snow.csv": "month,cm\n1,10\n2,12.5\n",
    "data/datapackage.json": """\
{
 "name": "tiny",
 "sources": [{"title": "The weather office"}],
 "resources": [
  {"name": "rain", "title": "Rainfall", "path": "rain.csv"},
  {"name": "snow", "title": "Snowfall", "path": "snow.csv"}
 ]
}
""",
}


class Book:
    """A book in a folder."""

    def __init__(self, root: Path):
        self.root = root

    def path(self, name: str) -> Path:
        return self.root / name

    def write(self, name: str, text: str) -> None:
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text, "utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        text = self.path(name).read_text("utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def copy(self, root: Path, *, executed: bool = False) -> Book:
        """Return a copy that was never built, whose chapters were `executed` or not."""
        shutil.copytree(self.root, root, ignore=shutil.ignore_patterns("_build", "__pycache__"))
        # Vega's bundle takes seconds to make and depends on no book.
        kept = shutil.ignore_patterns("staging", "former", *(() if executed else ("chapters",)))
        shutil.copytree(self.path("_build/.livebook"), root / "_build" / ".livebook", ignore=kept)
        return Book(root)

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a build, or another command of Python's, and return its process."""
        return subprocess.Popen(
            [sys.executable, *(command or ("-m", "livebook", "build", str(self.root)))],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self, process: subprocess.Popen[str], code: int = 0) -> str:
        """Wait for a build, which must end with `code`, and return what it printed."""
        printed = ANSI.sub("", process.communicate()[0])
        assert process.returncode == code, printed
        return printed

    def build(self, *command: str, code: int = 0) -> str:
        return self.end(self.start(*command), code)

    def chapters_run(self) -> set[str]:
        """Build and return the chapters that were executed."""
        return set(re.findall(r"^(\S+): run in ", self.build(), re.MULTILINE))

    @property
    def site(self) -> Path:
        return self.path("_build/html")

    def page(self, name: str) -> str:
        return (self.site / f"{name}.html").read_text("utf-8")

    def files(self) -> dict[str, bytes]:
        """Return the published site: path to bytes."""
        paths = (path for path in self.site.rglob("*") if path.is_file())
        return {path.relative_to(self.site).as_posix(): path.read_bytes() for path in paths}

    def differing(self, site: dict[str, bytes]) -> list[str]:
        """Return the files in which the published site is not `site`."""
        own = self.files()
        return sorted(name for name in own | site if own.get(name) != site.get(name))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """The tiny book, built once for all processes of a run; nobody changes it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    book = Book(folder / "tiny" / "book")
    with (folder / "tiny.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not book.site.exists():
            for name, text in FILES.items():
                book.write(name, text)
            book.build()
    return book


@pytest.fixture
def book(built: Book, tmp_path: Path) -> Book:
    """A copy of the tiny book without its site; a chapter that a test leaves alone has run."""
    return built.copy(tmp_path / "book", executed=True)


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="session", params=["http", "file"])
def address(built: Book, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of the tiny book's site: from a server, and from its folder."""
    if request.param == "file":
        yield built.site.as_uri()
        return
    handler = partial(QuietHandler, directory=str(built.site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], dict[str, Any]]]:
    """The content of the last fact or chart that a cell of a build handed to Jupyter."""
    displayed: list[Any] = []
    monkeypatch.setenv("LIVEBOOK_BUILD", "1")
    monkeypatch.setattr("IPython.display.display", displayed.append)
    yield lambda: next(
        content for kind, content in displayed[-1].bundle.items() if kind.endswith("+json")
    )
