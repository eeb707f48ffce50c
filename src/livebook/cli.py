"""The command ``livebook``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import __version__
from .manifest import is_current, manifest
from .patches import build_with_jupyter_book

EPILOG = """examples:
  livebook build                          build the book in this folder
  livebook serve                          build it and serve it to this machine's browser
  livebook lint                           find typed numbers, unused facts, unmentioned charts
  livebook diff old/_build/html _build/html
                                          what changed from one built site to another
  livebook diff gh-pages _build/html --format json
                                          the same, against a git revision that holds a site
  livebook offline                        pack the site into one file to hand out
  livebook slides                         a deck for each chapter, in _build/slides
  livebook pdf                            the whole book as PDF
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 the book has a fault, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="livebook",
        description="Build a book that recomputes itself.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"livebook {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    described = {
        "build": "build the site, if anything changed",
        "serve": "build the site and serve it on this machine",
        "lint": "find prose that can drift from the data",
        "offline": "build the site and pack it into one zip file",
        "slides": "build the site and make a deck of slides of each page with charts",
        "pdf": "build the site and print the whole book with Chromium",
    }
    on_book = {name: commands.add_parser(name, help=text) for name, text in described.items()}
    for command in on_book.values():
        command.add_argument(
            "book", nargs="?", type=Path, default=Path(), help="its folder (default: this one)"
        )
    on_book["serve"].add_argument("--port", type=int, default=8000, help="default: %(default)s")
    comparing = commands.add_parser("diff", help="say what changed between two built sites")
    for name in ("old", "new"):
        comparing.add_argument(name, help="a ledger.json, a built site, or a git revision of one")
    comparing.add_argument("--format", choices=("markdown", "html", "json"), default="markdown")
    comparing.add_argument(
        "--record", type=Path, metavar="FILE", help="also note what moved in this change record"
    )
    options = parser.parse_args(arguments)
    if options.command == "diff":
        return diff(options.old, options.new, options.format, options.record)
    root = options.book.resolve()
    missing = [name for name in ("_config.yml", "_toc.yml") if not (root / name).is_file()]
    if missing:
        print(f"livebook: {root} holds no book: {' and '.join(missing)} not found", file=sys.stderr)
        return 2
    code = build(root)
    if code == 0 and options.command == "serve":
        serve(root / "_build" / "html", options.port)
    elif code == 0 and options.command == "lint":
        return lint(root)
    elif code == 0 and options.command == "offline":
        print(f"The book to hand out: {pack(root / '_build' / 'html')}")
    elif code == 0 and options.command == "slides":
        return slides(root)
    elif code == 0 and options.command == "pdf":
        return pdf(root)
    return code


def build(root: Path) -> int:
    """Build the book at `root` unless its site is already what it would become."""
    site = root / "_build" / "html"
    if is_current(manifest(root), site):
        print(f"Nothing changed. The book is at {site / 'index.html'}")
        return 0
    # Sphinx takes a second to import; nothing above may need it.
    return build_with_jupyter_book(root)


def lint(root: Path) -> int:
    """Print what is wrong with the prose of a built book."""
    from .diff import read_ledger
    from .prose import lint

    try:
        findings = lint(root, read_ledger(str(root / "_build" / "html")))
    except ValueError as error:
        print(f"livebook: {error}", file=sys.stderr)
        return 2
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings" if findings else "Nothing found.")
    return 1 if findings else 0


def diff(old: str, new: str, form: str, record: Path | None) -> int:
    """Print what changed between two built sites, and note it in a change record."""
    import json

    from .diff import compare, markdown, note, page, read_ledger

    try:
        report = compare(read_ledger(old), read_ledger(new))
        if record is not None:
            note(report, record)
    except (ValueError, OSError) as error:
        print(f"livebook: {error}", file=sys.stderr)
        return 2
    if form == "json":
        print(json.dumps(report.as_dict(), ensure_ascii=False, indent=1))
    else:
        print((page if form == "html" else markdown)(report), end="")
    return 0


def pack(site: Path) -> Path:
    """Pack a site into one zip file, the same bytes for the same site."""
    from .files import write_zip

    target = site.parent / f"{site.parent.parent.name}-offline.zip"
    files = (path for path in sorted(site.rglob("*")) if path.is_file())
    write_zip(
        target, {f"{target.stem}/{path.relative_to(site).as_posix()}": path for path in files}
    )
    return target


def slides(root: Path) -> int:
    """Write the decks of a built book."""
    from .slides import write_decks

    for file in write_decks(root / "_build" / "html", root / "_build" / "slides"):
        print(file)
    print("To print a deck, open it with ?print-pdf after its name. S opens the speaker's window.")
    return 0


def pdf(root: Path) -> int:
    """Print a built book."""
    from .printing import PrintError, write_pdf

    try:
        file = write_pdf(root / "_build" / "html", root / "_build" / f"{root.name}.pdf")
    except PrintError as error:
        print(f"livebook: {error}", file=sys.stderr)
        return 1
    print(f"The book as PDF: {file}")
    return 0


def serve(site: Path, port: int) -> None:
    """Serve the site on this machine until interrupted."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    handler = partial(SimpleHTTPRequestHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"The book is at http://127.0.0.1:{port}/ (stop with Ctrl-C)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
