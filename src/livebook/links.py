"""Check what the pages of a site refer to, and remove the static files that they do not."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from .domain import BookError

# Most tags of a page belong to drawings and code, and have none of these attributes.
LINKING_TAG = re.compile(r"<[a-zA-Z][^<>]*\s(?:id|href|src|data-src|data-bundle)\s*=[^<>]*>")


class _Page(HTMLParser):
    """Collects the anchors of a page and what it refers to."""

    def __init__(self, text: str):
        super().__init__()
        self.anchors: set[str] = set()
        self.targets: set[str] = set()
        for tag in LINKING_TAG.findall(text):
            self.feed(tag)
            # The parser takes what follows the tag of a script or a style for code.
            self.reset()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if key == "id" and value:
                self.anchors.add(value)
            elif key in ("href", "src", "data-src", "data-bundle") and value:
                self.targets.add(value)


def check_links(site: Path) -> None:
    """Stop the build where a page refers to a page, an anchor or a file that is not there."""
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    pages = {
        name: _Page((site / name).read_text("utf-8"))
        for name in sorted(files)
        if name.endswith(".html")
    }
    broken = []
    for name, page in pages.items():
        for target in sorted(page.targets):
            file, _, anchor = target.partition("#")
            if re.match(r"[a-z][a-z0-9+.-]*:|//", target):
                continue
            place = posixpath.join(posixpath.dirname(name), unquote(file.partition("?")[0]))
            reached = posixpath.normpath(place) if file else name
            if reached not in files:
                broken.append(f"{name}: {target}: no such file")
            elif anchor and reached in pages and unquote(anchor) not in pages[reached].anchors:
                broken.append(f"{name}: {target}: no such anchor")
    if broken:
        raise BookError("\nlinks that lead nowhere:\n" + "\n".join(broken))


def prune_static(site: Path, kept: Iterable[str]) -> None:
    """Remove the static files that no page, style or script of the site refers to.

    Extensions copy their scripts and icon fonts into every book, wanted or not.

    Parameters
    ----------
    site : Path
        The folder of the site.
    kept : iterable of str
        The files, relative to it, that stay although no tag of a page loads them.
    """
    static = (site / "_static").resolve()
    pages = "\n".join(path.read_text("utf-8") for path in site.rglob("*.html"))
    wanted = {static / name for name in re.findall(r'_static/([^"?#]+)', pages)}
    wanted |= {(site / name).resolve() for name in kept}
    for style in [path for path in wanted if path.suffix == ".css" and path.is_file()]:
        targets = re.findall(r"url\([\"']?([^\"')?#]+)", style.read_text("utf-8"))
        wanted |= {(style.parent / target).resolve() for target in targets}
    for path in sorted(static.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in wanted:
            path.unlink()
