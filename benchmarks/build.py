"""Build times against stock ``jupyter-book build`` of the same chapters, in the same run.

Stock executes with MyST-NB's own modes in the stock theme. After a change of data its cache
answers with the old outputs, so what a right stock build costs then is a forced one.
"""

from __future__ import annotations

import csv
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = shutil.ignore_patterns(
    "_build", ".venv", ".git", "tests", "benchmarks", ".*_cache", "*.egg-info", "__pycache__"
)
ROUNDS = 5
# The script of the environment cannot stand in a folder whose path has a space in it.
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"


def copy(target: Path) -> Path:
    """Copy the book's inputs."""
    return Path(shutil.copytree(ROOT, target, ignore=LEFT_OUT))


def stock(book: Path, mode: str) -> None:
    """Configure a copy for stock Jupyter Book; roles that it does not know cost it warnings."""
    config = yaml.safe_load((book / "_config.yml").read_text("utf-8"))
    config["execute"]["execute_notebooks"] = mode
    config["sphinx"]["extra_extensions"].remove("livebook")
    del config["sphinx"]["config"]["html_theme"]
    (book / "_config.yml").write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")


def timed(*command: str, book: Path) -> float:
    """Return the seconds that a command takes in the folder of a book; it must succeed."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command], cwd=book, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return seconds


def ours(book: Path) -> float:
    """Return the seconds of ``livebook build``."""
    return timed("-m", "livebook", "build", ".", book=book)


def plain(book: Path) -> float:
    """Return the seconds of ``jupyter-book build .``."""
    return timed("-c", JUPYTER_BOOK, "build", ".", book=book)


def cold(build: Callable[[Path], float], book: Path) -> float:
    """Return the seconds of a build that finds nothing of an earlier one."""
    shutil.rmtree(book / "_build", ignore_errors=True)
    return build(book)


def edit_prose(book: Path, round_: int) -> None:
    """Add a sentence to a chapter."""
    page = book / "chapters" / "situation" / "manufacturing.md"
    page.write_text(f"{page.read_text('utf-8')}\nOne more sentence{'.' * (round_ + 1)}\n", "utf-8")


def edit_table(book: Path, round_: int) -> None:
    """Change one value of a table that one chapter reads, and accept it."""
    table = book / "data" / "census_2018.csv"
    with table.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    value = header.index("value")
    rows[-1][value] = str(float(rows[-1][value]) + 0.1 * (round_ + 1))
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    timed("-m", "convergence", "accept", table.stem, "--reason", "benchmark", book=book)


def run() -> bool:
    """Print medians and ratios; return whether the budgets of the design are kept."""
    with tempfile.TemporaryDirectory() as folder:
        book, forced = copy(Path(folder) / "book"), copy(Path(folder) / "forced")
        cached = copy(Path(folder) / "cached")
        stock(forced, "force")
        stock(cached, "cache")
        seconds: dict[str, list[float]] = {}

        def note(name: str, value: float) -> None:
            seconds.setdefault(name, []).append(value)
            # The whole takes half an hour: say where it is.
            print(f"round {round_ + 1} of {ROUNDS}: {value:8.2f}  {name}", flush=True)

        for round_ in range(ROUNDS):
            note("cold, livebook", cold(ours, book))
            note("cold, stock", cold(plain, forced))
            note("nothing changed, livebook build", ours(book))
            note("nothing changed, jupyter-book build", plain(book))
            if round_ == 0:
                plain(cached)
            note("nothing changed, stock with its cache", plain(cached))
            edit_prose(book, round_)
            note("prose changed, livebook", ours(book))
            edit_prose(cached, round_)
            note("prose changed, stock with its cache", plain(cached))
            edit_table(book, round_)
            note("one table changed, livebook", ours(book))
    median = {name: statistics.median(values) for name, values in seconds.items()}
    chapters = len(list((ROOT / "chapters").rglob("*.md")))
    print(f"build times, {chapters} pages, medians of {ROUNDS}, seconds")
    for name, value in median.items():
        print(f"{value:8.2f}  {name}  ({min(seconds[name]):.2f}–{max(seconds[name]):.2f})")
    unchanged = median["nothing changed, livebook build"]
    budgets = {
        "cold, of stock": (median["cold, livebook"] / median["cold, stock"], 0.6),
        "nothing changed, livebook build, seconds": (unchanged, 1.0),
        "nothing changed, jupyter-book build, of stock": (
            median["nothing changed, jupyter-book build"]
            / median["nothing changed, stock with its cache"], 1.3),
    }  # fmt: skip
    for name, (value, budget) in budgets.items():
        print(f"{value:8.2f}  {name}  (budget {budget}){'' if value <= budget else '  OVER'}")
    return all(value <= budget for value, budget in budgets.values())
