"""The reference of the library holds every public name, once, with one line when to use which."""

from __future__ import annotations

import ast
import re
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "chapters" / "reference"
PAGES = {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("api*.md"))}
# Modules without a list of public names that are public all the same.
CONSTANTS = {"convergence.colours", "convergence.units", "livebook.palette"}
UNLISTED = {*CONSTANTS, "convergence.tables.package", "convergence.tables.vintages"}


def public() -> dict[str, set[str]]:
    """Return the names that each public module lists; of the unlisted ones, what they define."""
    found = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
        module = module.removesuffix(".__init__")
        listed, defined = None, set()
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if name == "__all__":
                    listed = set(ast.literal_eval(node.value))
                elif module in CONSTANTS and name.isupper() and not name.endswith("_VARIABLES"):
                    defined.add(name)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                defined.add(node.name)
        if listed is not None or module in UNLISTED:
            found[module] = {name for name in listed or defined if not name.startswith("_")}
    return found


PUBLIC = public()


def test_each_public_module_stands_once_and_has_its_line():
    text = "\n".join(PAGES.values())
    printed = Counter(re.findall(r"automodule:: (\S+)", text))
    lines = Counter(re.findall(r"^\{py:mod\}`(\S+)`\n: \w", PAGES["api"], re.MULTILINE))
    once = Counter(list(PUBLIC))
    assert not once - printed, "no api-….md has an automodule of these; see work-on-this-book.md"
    assert not once - lines, "api.md has no line on these; see work-on-this-book.md"
    assert not printed - once, "printed twice, or not public: it has no __all__"
    assert not lines - once, "two lines in api.md, or not public: it has no __all__"


def test_each_line_links_to_its_module(built_site):
    page = (built_site / "chapters/reference/api.html").read_text("utf-8")
    assert set(re.findall(r'href="api-[\w-]+\.html#module-([\w.]+)"', page)) == set(PUBLIC)


@pytest.fixture(scope="module")
def anchors(built_site: Path) -> Counter[str]:
    """How often each name is described on the pages."""
    pages = [(built_site / f"chapters/reference/{name}.html").read_text("utf-8") for name in PAGES]
    return Counter(re.findall(r'id="((?:book|convergence|livebook)\.[\w.]+)"', "\n".join(pages)))


def places(module: str, name: str) -> set[str]:
    """Return where a public name may be described: where it is defined or passed on."""
    thing = getattr(import_module(module), name)
    passed_on = {
        f"{other}.{name}"
        for other, names in PUBLIC.items()
        if name in names and getattr(import_module(other), name) is thing
    }
    defined = f"{getattr(thing, '__module__', module)}.{getattr(thing, '__qualname__', name)}"
    return passed_on | {defined}


def test_every_public_name_is_described_once(anchors):
    missing = [
        f"{module}.{name}"
        for module, names in PUBLIC.items()
        for name in sorted(names)
        if not places(module, name) & anchors.keys()
    ]
    assert missing == []
    assert {name for name, times in anchors.items() if times > 1} == set()


def test_signatures_formulas_and_examples_are_set(built_site):
    page = (built_site / "chapters/reference/api-accounts.html").read_text("utf-8")
    start = page.index('id="convergence.accounts.growth.cagr"')
    entry = page[start:].partition('class="py function"')[0]
    assert "<mfrac>" in entry
    assert 'class="doctest' in entry
    assert "Parameters" in entry
    assert re.search(r'href="[^"]*#convergence\.accounts\.growth\.growth"', entry)
    assert "Alias for field number" not in page
    assert not re.search(r"0x[0-9a-f]{6,}", page)


def test_signatures_are_read_as_python(built_site: Path):
    for name in PAGES:
        page = (built_site / f"chapters/reference/{name}.html").read_text("utf-8")
        # What stands where a signature could not be parsed, or prints an object of this machine.
        for left_over in ("~collections", "&lt;factory&gt;", "~pandas", "object at 0x"):
            assert left_over not in page, (name, left_over)
