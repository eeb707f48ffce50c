"""The page for contributors: the places that it names are there, and its examples work."""

from __future__ import annotations

import doctest
import importlib.util
import re
import sys
import textwrap
from pathlib import Path

import pytest

from convergence.upkeep.sources import Source
from convergence.upkeep.sources.figures import RefusedError

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "chapters" / "reference" / "work-on-this-book.md").read_text("utf-8")
# What the reader of the page is about to make.
NEW = {
    "data/rainfall.csv", "src/convergence/measures/gap.py", "tests/convergence/test_gap.py",
    "chapters/measurement/gaps.md",
}  # fmt: skip


def part(heading: str) -> str:
    """Return the part of the page below a heading."""
    return re.split(r"^## ", PAGE, flags=re.MULTILINE)[
        [line.strip() for line in re.findall(r"^## (.*)", PAGE, re.MULTILINE)].index(heading) + 1
    ]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_places_that_it_names_are_there():
    named = set(re.findall(r"`([a-z_.]+/[\w./-]*|_toc\.yml|[A-Z]+\.md)`", PAGE)) - NEW
    named |= set(re.findall(r"tests/[\w./-]+", "".join(blocks(PAGE, "")))) - NEW
    assert len(named) > 20
    # A build makes the one; the rooms of the library are named without its folder.
    named.remove("_build/changes.md")
    tops = (ROOT, ROOT / "src" / "convergence")
    assert [name for name in named if not any((top / name).exists() for top in tops)] == []
    assert [name for name in NEW if (ROOT / name).exists()] == []


def test_the_example_of_a_measure_and_its_test_work(tmp_path, monkeypatch):
    module, test = blocks(part("A new measure"), "python")[:2]
    path = tmp_path / "gap.py"
    path.write_text(module, "utf-8")
    spec = importlib.util.spec_from_file_location("convergence.measures.gap", path)
    gap = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, gap)
    spec.loader.exec_module(gap)
    assert doctest.testmod(gap) == (0, 1)
    names: dict = {}
    exec(test, names)
    names["test_a_gap_is_a_share_and_has_no_direction"]()
    assert gap.relative_gap(1, 3) == 0.5
    with pytest.raises(ValueError, match="b: -1 at position 0 is negative"):
        gap.relative_gap([1, 2], [-1, 2])


def test_the_example_of_a_reader_works(tmp_path):
    module, entry = blocks(part("A publisher's format"), "python")
    names: dict = {}
    exec(module, names)
    path = tmp_path / "finance.csv"
    path.write_text("sector,finance\nperiod,value\n2023,93926.9\n", "utf-8")
    reading = names["figures"](None, [path], None)
    (figure,) = reading.figures
    assert (figure.table, figure.observation) == (
        "value_added", {"year": "2023", "sector": "finance"},
    )  # fmt: skip
    assert (figure.value, str(figure.origin)) == ("93926.9", "finance.csv, row 3, field value")
    path.write_text("sector,finance\nperiod,value\n2023,n.a.\n", "utf-8")
    with pytest.raises(RefusedError) as refused:
        names["figures"](None, [path], None)
    assert str(refused.value.problems[0]).startswith("finance.csv, row 3, field value: found n.a.")
    source = eval(f"{{{entry}}}", {"Source": Source})["institute"]
    assert (source.module, source.view) == ("institute", "nbs")


def test_the_example_of_a_chapter_states_what_it_cites(monkeypatch):
    (chapter,) = re.findall(r"^````text\n(.*?)^````", part("A chapter"), re.DOTALL | re.MULTILINE)
    (cell,) = re.findall(r"^```\{code-cell\} python\n(.*?)^```", chapter, re.DOTALL | re.MULTILINE)
    stated = []
    monkeypatch.setenv("CONVERGENCE_DATA", str(ROOT / "data"))
    monkeypatch.setattr("IPython.display.display", stated.append)
    exec(textwrap.dedent(cell), {})
    names = [repr(fact).partition(" = ")[0] for fact in stated]
    assert sorted(names) == sorted(re.findall(r"\{fact\}`([\w.]+)`", chapter))
