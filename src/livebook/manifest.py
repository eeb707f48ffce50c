"""The inputs of a site, and whether they have changed: decided without importing Sphinx."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from .datapackage import digest
from .files import write_atomically

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
STORE = ".livebook"
# Beside the site, which is the same whichever Python makes it and therefore names none.
_PYTHON = "python"
# Folders that builds write; no page is made from them.
_WRITTEN = {"_build", "build", "dist"}
_CACHES = {"__pycache__", "node_modules"}


def inputs(root: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that the site of the book at `root` is made from.

    Every file counts that is not hidden and not written by a build, those of this package
    wherever it is installed.
    """
    tops = [path for path in sorted(root.iterdir()) if path.name not in _WRITTEN]
    files = {path.relative_to(root).as_posix(): path for path in _below(tops)}
    package = Path(__file__).resolve().parent
    if not package.is_relative_to(root):
        files |= {
            f"livebook/{path.relative_to(package).as_posix()}": path for path in _below([package])
        }
    return {name: digest(path.read_bytes()) for name, path in sorted(files.items())}


def own_fingerprint() -> str:
    """Return the fingerprint of this package, on which all that it makes depends."""
    files = _below([Path(__file__).resolve().parent])
    return digest("".join(digest(path.read_bytes()) for path in files).encode())


def _below(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.name.startswith(".") or path.name in _CACHES or path.suffix == ".egg-info":
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and not (path / "pyvenv.cfg").exists():
            yield from _below(sorted(path.iterdir()))


def manifest(root: Path) -> bytes:
    """Return the manifest of the book's inputs, as it is published."""
    return (json.dumps({"inputs": inputs(root)}, indent=1, ensure_ascii=False) + "\n").encode()


def sums(site: Path) -> bytes:
    """Return the lines of ``SHA256SUMS`` for a site."""
    lines = [
        f"{digest(path.read_bytes())}  {path.relative_to(site).as_posix()}\n"
        for path in sorted(site.rglob("*"))
        if path.is_file() and path != site / SUMS
    ]
    return "".join(lines).encode()


def note_python(store: Path) -> None:
    """Note beside a site, in `store`, which Python made it."""
    write_atomically(store / _PYTHON, sys.version.encode())


def is_current(manifest: bytes, site: Path) -> bool:
    """Whether the site is whole and was made by this Python from exactly what the manifest lists.

    A chapter may print what another Python would print in another way.
    """
    try:
        return (
            (site / MANIFEST).read_bytes() == manifest
            and (site.parent / STORE / _PYTHON).read_bytes() == sys.version.encode()
            and (site / SUMS).read_bytes() == sums(site)
        )
    except OSError:
        return False
