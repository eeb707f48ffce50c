"""Whether a site is still what its book is: nothing that a page is made from may escape."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys

import pytest

from livebook.manifest import is_current, manifest


@pytest.fixture(scope="module")
def published(built, tmp_path_factory):
    """A built book that the tests disturb and put right again."""
    root = tmp_path_factory.mktemp("published") / "book"
    shutil.copytree(built.root, root)
    return type(built)(root)


def current(book):
    return is_current(manifest(book.root), book.site)


INPUTS = [
    "_config.yml",
    "_toc.yml",
    "index.md",
    "requirements.txt",
    "pages/rain.md",
    "pages/weather.py",
    "data/rain.csv",
    "data/datapackage.json",
]
ADDED = [
    "Intro.md",
    "references.bib",
    "logo.png",
    "helper.py",
    "pages/hail.md",
    "pages/tests/t.md",
    "pages/build/notes.md",
    "_static/own.css",
]
FOREIGN = [".git/index", "_build/changes.md", "pages/__pycache__/weather.cpython-311.pyc"]
SITE = ["index.html", "pages/rain.html", "_static/livebook.css", "_charts/rain.csv", "ledger.json"]


@pytest.mark.parametrize("name", INPUTS)
def test_an_edited_input_makes_the_site_old(published, name):
    path = published.path(name)
    content = path.read_bytes()
    assert current(published)
    path.write_bytes(content + b"\n")
    assert not current(published)
    path.write_bytes(content)
    assert current(published)


@pytest.mark.parametrize("name", ADDED)
def test_an_added_input_makes_the_site_old(published, name):
    published.write(name, "new")
    assert not current(published)
    published.path(name).unlink()
    assert current(published)


def test_a_removed_input_makes_the_site_old(published):
    published.path("pages/about.md").rename(published.path("_build/about.md"))
    assert not current(published)
    published.path("_build/about.md").rename(published.path("pages/about.md"))
    assert current(published)


@pytest.mark.parametrize("name", FOREIGN)
def test_what_no_page_is_made_from_does_not_count(published, name):
    published.write(name, "new")
    assert current(published)


def test_an_environment_inside_the_book_does_not_count(published):
    published.write("venv/pyvenv.cfg", "home = /usr")
    published.write("venv/lib/module.py", "x = 1")
    assert current(published)


@pytest.mark.parametrize("name", [*SITE, "manifest.json", "SHA256SUMS"])
def test_a_touched_or_lost_page_makes_the_site_old(published, name):
    path = published.site / name
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    assert not current(published)
    path.unlink()
    assert not current(published)
    path.write_bytes(content)
    assert current(published)


def test_a_foreign_file_in_the_site_makes_it_old(published):
    foreign = published.site / "pages" / "old.html"
    foreign.write_text("left over")
    assert not current(published)
    foreign.unlink()
    assert current(published)


def test_a_site_made_by_another_python_is_old_and_names_none(published):
    note = published.path("_build/.livebook/python")
    made_by = note.read_text()
    for other in ("3.10.0 (main)", None):
        note.unlink() if other is None else note.write_text(other)
        assert not current(published)
    note.write_text(made_by)
    assert current(published)
    version = ".".join(map(str, sys.version_info[:3])).encode()
    assert [name for name, content in published.files().items() if version in content] == []


def test_no_site_is_no_current_site(published, tmp_path):
    assert not is_current(manifest(published.root), tmp_path)


def test_the_sums_can_be_checked_by_everybody(built):
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"],
                   cwd=built.site, check=True)  # fmt: skip
    listed = (built.site / "SHA256SUMS").read_text("utf-8").splitlines()
    assert {line.split("  ", 1)[1] for line in listed} == built.files().keys() - {"SHA256SUMS"}


def test_the_manifest_names_the_inputs_by_their_hash(built):
    inputs = json.loads((built.site / "manifest.json").read_text("utf-8"))["inputs"]
    for name in INPUTS:
        assert inputs[name] == hashlib.sha256(built.path(name).read_bytes()).hexdigest()
    assert "livebook/swap.py" in inputs
    assert not [name for name in inputs if name.startswith(("_build", "."))]
