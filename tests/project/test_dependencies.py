"""What pyproject.toml declares is what the two packages import, neither more nor less."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# Used without an import: by fonttools for woff2, and as the chapters' kernel.
RUN_ONLY = {"brotli", "ipykernel"}


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
    distributions = packages_distributions()
    third_party = modules - sys.stdlib_module_names - {"convergence", "livebook"}
    return {canonicalize_name(distributions.get(name, [name])[0]) for name in third_party}


def test_convergence_declares_what_it_imports():
    assert imported("convergence") == declared(PROJECT["dependencies"])


def test_livebook_declares_what_it_imports():
    extra = declared(PROJECT["optional-dependencies"]["livebook"])
    shared = declared(PROJECT["dependencies"])
    assert imported("livebook") - shared == extra - RUN_ONLY
