"""What pyproject.toml declares is what the packages and the book use, neither more nor less."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
# Used without an import: by fonttools for woff2, and by name as extensions.
RUN_ONLY = {"brotli", "sphinx-sitemap", "sphinxext-opengraph"}


def declared(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def imported(package: str) -> set[str]:
    """Return the distributions that the package's modules import, at the top or later."""
    modules = set()
    for path in (ROOT / "src" / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                modules.add(node.module.partition(".")[0])
    return distributions(modules)


def distributions(modules: set[str]) -> set[str]:
    """Return the distributions of other projects that these modules come from."""
    known = packages_distributions()
    others = modules - sys.stdlib_module_names - {"convergence", "livebook"}
    return {canonicalize_name(known.get(name, [name])[0]) for name in others}


def test_convergence_declares_what_it_imports():
    extras = PROJECT["optional-dependencies"]
    own = declared([*PROJECT["dependencies"], *extras["spatial"], *extras["measure"]])
    assert imported("convergence") == own


def test_livebook_declares_what_it_imports():
    extra = declared(PROJECT["optional-dependencies"]["livebook"])
    shared = declared(PROJECT["dependencies"])
    assert imported("livebook") - shared == extra - RUN_ONLY


def test_the_book_declares_its_extensions():
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    used = distributions(set(config["sphinx"]["extra_extensions"]))
    backend = declared(PYPROJECT["build-system"]["requires"])
    assert used == declared(PYPROJECT["dependency-groups"]["book"]) - backend
