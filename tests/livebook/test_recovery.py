"""A build that is cut off, at whatever moment, leaves no trace in the site of the next."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

# Runs a build that acts on itself when a file is opened for writing, renamed or removed: the
# interpreter's audit hook sees each of these before it happens.
DISTURBED = r"""
import os, re, signal, sys
root, pattern, action = sys.argv[1:]

def hook(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        if isinstance(path, int) or not flags & (os.O_WRONLY | os.O_RDWR):
            return
    elif event == "shutil.rmtree":
        if not os.path.exists(arguments[0]):
            return
    elif event != "os.rename":
        return
    paths = (part for part in arguments[:2] if isinstance(part, (str, bytes, os.PathLike)))
    if re.search(pattern, " ".join([event, *map(os.fsdecode, paths)])):
        act()

def act():
    global pattern
    pattern = r"(?!)"
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "interrupt":
        os.kill(os.getpid(), signal.SIGINT)
    elif action == "full":
        raise OSError(28, "No space left on device")
    else:
        with open(os.path.join(root, "pages", "about.md"), "a") as page:
            page.write(action)

sys.addaudithook(hook)
from livebook.cli import main
sys.exit(main(["build", root]))
"""
OLD, NONE, NEW = range(3)
# Each step of a build: what it does to files, and which site stands there before it is done.
STEPS = {
    "writes a record": (r"open \S*chapters/pages/\.?rain\.json", OLD),
    "writes a doctree": (r"open \S*\.doctrees/pages/rain\.doctree", OLD),
    "saves what Sphinx knows": (r"open \S*\.doctrees/environment\.pickle", OLD),
    "writes the first page": (r"open \S*staging/index\.html", OLD),
    "writes a later page": (r"open \S*staging/pages/snow\.html", OLD),
    "writes the search index": (r"open \S*staging/\.?searchindex\.js", OLD),
    "writes a chart": (r"open \S*staging/_charts/", OLD),
    "writes the ledger": (r"open \S*staging/\.?ledger\.json", OLD),
    "writes the sums": (r"open \S*staging/\.?SHA256SUMS", OLD),
    "moves the old site away": (r"os\.rename \S*_build/html \S*former", OLD),
    "moves the new site in place": (r"os\.rename \S*staging \S*_build/html", NONE),
    "removes the old site": (r"shutil\.rmtree \S*former", NEW),
}
SOONER = {"writes a later page", "moves the new site in place"}
EACH_STEP = [pytest.param(step, marks=[] if step in SOONER else pytest.mark.full) for step in STEPS]


class Twice:
    """One book in two states, each with the site of a cold build."""

    def __init__(self, built, folder):
        self.book = built.copy(folder / "book")
        self.states = {"2,5": built.files()}
        other = built.copy(folder / "other")
        other.edit("data/rain.csv", "2,5", "2,500")
        other.build()
        begun = time.monotonic()
        self.book.build()
        self.duration = time.monotonic() - begun
        self.states["2,500"] = other.files()

    def change(self):
        """Bring the book into its other state; return the site before and the one to come."""
        state, other = self.states
        if not self.book.path("data/rain.csv").read_text().endswith(f"{state}\n"):
            state, other = other, state
        if self.book.differing(self.states[state]):  # a test before failed half-way
            self.book.build()
        self.book.edit("data/rain.csv", f"{state}\n", f"{other}\n")
        return self.states[state], self.states[other]


@pytest.fixture(scope="module")
def twice(built, tmp_path_factory):
    return Twice(built, tmp_path_factory.mktemp("twice"))


def disturbed(book, step, action, code):
    return book.build("-c", DISTURBED, str(book.root), STEPS[step][0], action, code=code)


@pytest.mark.parametrize("step", EACH_STEP)
def test_a_build_that_is_killed_as_it(twice, step):
    book = twice.book
    old, new = twice.change()
    disturbed(book, step, "kill", -signal.SIGKILL)
    assert book.differing([old, {}, new][STEPS[step][1]]) == []
    book.build()
    assert book.differing(new) == []
    assert book.build().startswith("Nothing changed.")


# The last step needs no space.
@pytest.mark.parametrize("step", EACH_STEP[:-1])
def test_a_build_whose_disk_is_full_as_it(twice, step):
    book = twice.book
    old, new = twice.change()
    printed = disturbed(book, step, "full", 1)
    assert "No space left on device" in printed
    if step == "writes a later page":
        assert "not written; is the disk full? pages/snow" in printed
    assert book.differing([old, {}, new][STEPS[step][1]]) == []
    book.build()
    assert book.differing(new) == []


def test_an_interrupted_build_says_so_and_leaves_the_site(twice):
    book = twice.book
    old, new = twice.change()
    printed = disturbed(book, "writes a later page", "interrupt", 130)
    assert "livebook: interrupted; the site before is untouched" in printed
    assert "Traceback" not in printed
    assert book.differing(old) == []
    book.build()
    assert book.differing(new) == []


def test_a_build_that_is_interrupted_while_chapters_run_says_so(built, tmp_path):
    book = built.copy(tmp_path / "book")
    flag = tmp_path / "running"
    book.edit(
        "pages/snow.md",
        "import csv\n",
        f"import os, time\nopen({str(flag)!r}, 'w').write(str(os.getpid()))\ntime.sleep(300)\n",
    )
    building = book.start()
    while not (flag.exists() and flag.read_text()) and building.poll() is None:
        time.sleep(0.1)
    building.send_signal(signal.SIGINT)
    printed = book.end(building, 130)
    assert "livebook: interrupted; the site before is untouched" in printed
    assert "Traceback" not in printed
    assert book.files() == {}
    with pytest.raises(ProcessLookupError):
        os.kill(int(flag.read_text()), 0)


@pytest.mark.full
def test_a_site_that_was_moved_away_comes_back_even_if_the_next_build_fails(twice):
    book = twice.book
    old, new = twice.change()
    disturbed(book, "moves the new site in place", "kill", -signal.SIGKILL)
    book.edit("pages/snow.md", "import csv", "1 / 0")
    book.build(code=1)
    left = book.differing(old)
    book.edit("pages/snow.md", "1 / 0", "import csv")
    assert left == []
    book.build()
    assert book.differing(new) == []


@pytest.mark.full
def test_what_is_saved_while_a_book_is_built_is_in_the_next_build(built, twice, tmp_path):
    book = twice.book
    twice.change()
    disturbed(book, "writes a later page", "\nMore words.\n", 0)
    assert "More words." not in book.page("pages/about")
    cold = book.copy(tmp_path / "cold")
    cold.build()
    book.build()
    assert "More words." in book.page("pages/about")
    assert book.differing(cold.files()) == []
    book.edit("pages/about.md", "\nMore words.\n", "")
    book.build()


@pytest.mark.full
@pytest.mark.parametrize("moment", range(20))
def test_a_build_that_is_killed_at_a_random_moment(twice, moment):
    book = twice.book
    old, new = twice.change()
    building = book.start()
    # Most of the time goes into imports: most moments must lie after them.
    time.sleep(twice.duration * (1 - random.Random(moment).random() ** 2))
    building.kill()
    building.communicate()
    assert book.files() in (old, new, {})
    book.build()
    assert book.differing(new) == []
