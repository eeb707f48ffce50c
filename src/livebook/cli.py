"""The command ``livebook``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import __version__
from .manifest import is_current

EPILOG = """examples:
  livebook build            build the book in this folder
  livebook serve            build it and serve it to this machine's browser
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
    building = commands.add_parser("build", help="build the site, if anything changed")
    serving = commands.add_parser("serve", help="build the site and serve it on this machine")
    serving.add_argument("--port", type=int, default=8000, help="default: %(default)s")
    for command in (building, serving):
        command.add_argument(
            "book", nargs="?", type=Path, default=Path(), help="its folder (default: this one)"
        )
    options = parser.parse_args(arguments)
    root = options.book.resolve()
    missing = [name for name in ("_config.yml", "_toc.yml") if not (root / name).is_file()]
    if missing:
        print(f"livebook: {root} holds no book: {' and '.join(missing)} not found", file=sys.stderr)
        return 2
    code = build(root)
    if code == 0 and options.command == "serve":
        serve(root / "_build" / "html", options.port)
    return code


def build(root: Path) -> int:
    """Build the book at `root` unless its site is already what it would become."""
    site = root / "_build" / "html"
    if is_current(root, site):
        print(f"Nothing changed. The book is at {site / 'index.html'}")
        return 0
    # Sphinx takes a second to import; nothing above may need it.
    from jupyter_book.cli.main import main as jupyter_book

    try:
        jupyter_book(["build", str(root)], standalone_mode=False)
    except RuntimeError:
        # jupyter-book has printed the cause; its own traceback would bury it.
        return 1
    except KeyboardInterrupt:
        print("livebook: interrupted; the site before is untouched", file=sys.stderr)
        return 130
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
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
