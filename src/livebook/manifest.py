"""What a site was made from, and whether it still is: decided without importing Sphinx."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from .package import digest

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
LOCKS = ("requirements.txt",)
# What a build writes, and what no page is made from.
_FOREIGN = {"_build", "tests", "benchmarks", "__pycache__", "node_modules", "dist", "build"}


def inputs(root: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that the site of the book at `root` is made from.

    At the top the configuration, the contents and the lock count; in folders every file does,
    hidden and generated ones apart. The files of this package count wherever it is installed.
    """
    files = {path.relative_to(root).as_posix(): path for path in _below(root, top=True)}
    package = Path(__file__).resolve().parent
    if not package.is_relative_to(root):
        files |= {
            f"livebook/{path.relative_to(package).as_posix()}": path
            for path in _below(package, top=False)
        }
    return {name: digest(path.read_bytes()) for name, path in sorted(files.items())}


def _below(folder: Path, *, top: bool) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in _FOREIGN or path.suffix == ".egg-info":
            continue
        if path.is_dir():
            # Another environment, or another book, inside this one.
            if not (path / "pyvenv.cfg").exists():
                yield from _below(path, top=False)
        elif not top or path.name in LOCKS or path.name.startswith("_") or _is_page(path):
            yield path


def _is_page(path: Path) -> bool:
    return path.suffix in (".md", ".ipynb", ".rst") and path.stem.islower()


def manifest(root: Path) -> bytes:
    """Return the manifest of the book's inputs, as it is published."""
    content = {"python": ".".join(map(str, sys.version_info[:3])), "inputs": inputs(root)}
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def sums(site: Path) -> bytes:
    """Return the lines of ``SHA256SUMS`` for a site."""
    lines = [
        f"{digest(path.read_bytes())}  {path.relative_to(site).as_posix()}\n"
        for path in sorted(site.rglob("*"))
        if path.is_file() and path != site / SUMS
    ]
    return "".join(lines).encode()


def is_current(root: Path, site: Path) -> bool:
    """Whether the site is whole and was made from exactly what the book is now."""
    try:
        return (site / MANIFEST).read_bytes() == manifest(root) and (
            site / SUMS
        ).read_bytes() == sums(site)
    except OSError:
        return False
