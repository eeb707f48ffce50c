"""`livebook` in a book that has nothing to do with ours, installed from its wheel alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.full

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment that holds the lock and the wheel, no repository."""
    folder = tmp_path_factory.mktemp("elsewhere")
    pip = [sys.executable, "-m", "pip", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT],
        check=True,
    )
    subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
    inside = folder / "env" / "bin" / "python"
    locked = ["--require-hashes", "--no-deps", "-r", ROOT / "requirements.txt"]
    subprocess.run([inside, "-m", "pip", "install", "--quiet", *locked], check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([inside, "-m", "pip", "install", "--quiet", "--no-deps", wheel], check=True)
    return inside


def run(python: Path, *command: str, cwd: Path) -> str:
    # Outside the repository, and without a path that leads there.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-P", "-m", "livebook", *command],
        cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def test_a_strange_book_becomes_the_same_site(python, built, book):
    where = subprocess.run(
        [python, "-P", "-c", "import livebook; print(livebook.__file__)"],
        capture_output=True, text=True, check=True, cwd=book.root,
    )  # fmt: skip
    assert str(ROOT) not in where.stdout
    run(python, "build", cwd=book.root)
    assert book.differing(built.files()) == []
    assert "Nothing changed" in run(python, "build", cwd=book.root)


def test_its_changes_are_told_and_its_prose_is_read(python, built, book):
    run(python, "build", cwd=book.root)
    book.edit("data/rain.csv", "1,3", "1,9")
    printed = run(python, "build", cwd=book.root)
    assert "1 verdict flipped, 1 fact moved, 1 chart changed" in printed
    told = run(python, "diff", str(built.site), str(book.site), cwd=book.root)
    assert "was: There lie 12.5 cm, and it rained 8 mm." in told
    assert "Nothing found." in run(python, "lint", cwd=book.root)
    packed = run(python, "offline", cwd=book.root)
    assert "book-offline.zip" in packed
    assert book.path("_build/book-offline.zip").is_file()
