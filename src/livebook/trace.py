"""Record, inside a chapter's kernel, which files of the book the chapter depends on.

The interpreter's audit hook sees each `open` in Python. It does not see a reader written in C that
opens files by itself: chapters read data through a function that opens them in Python.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_opened: set[str] = set()
# A file that a chapter has written is not an input, even if the chapter reads it back.
_written: set[str] = set()


def start() -> None:
    """Begin to record; call it before the chapter's first cell."""
    sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event != "open" or not args or isinstance(args[0], int):
        return
    try:
        mode = args[1]
        writes = not mode.startswith("r") if mode else args[2] & (os.O_WRONLY | os.O_CREAT)
        (_written if writes else _opened).add(os.path.abspath(os.fsdecode(args[0])))
    except TypeError:
        # An object with its own opener has no path, so it is not a file of the book.
        return


def report(root: str) -> dict[str, list[str]]:
    """Return the files below `root` that were read, and the modules imported from it.

    Returns
    -------
    dict
        ``files`` and ``modules``: sorted absolute paths. Hidden folders, environments and the
        build's own folder do not count; the modules of this package do, wherever it is
        installed.
    """
    book = Path(root).resolve()
    package = Path(__file__).resolve().parent

    def belongs(path: Path) -> bool:
        parts = path.relative_to(book).parts if path.is_relative_to(book) else (".",)
        return not any(part.startswith(".") or part in _FOREIGN for part in parts)

    modules = {
        Path(file).resolve()
        for module in list(sys.modules.values())
        if isinstance(file := getattr(module, "__file__", None), str) and file.endswith(".py")
    }
    files = {Path(name).resolve() for name in _opened - _written}
    return {
        "files": sorted(
            str(path)
            for path in files
            if belongs(path) and path.suffix != ".pyc" and path.is_file()
        ),
        "modules": sorted(
            str(path) for path in modules if belongs(path) or path.is_relative_to(package)
        ),
    }


_FOREIGN = {"_build", "site-packages", "__pycache__", "node_modules"}
