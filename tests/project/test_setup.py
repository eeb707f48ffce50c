"""The promise of the README: a fresh clone, one command, the book."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(folder: Path, *command: str) -> str:
    """Run a command as a newcomer does: nothing of this run's environment leads to this one."""
    leaks = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHONPATH", "VIRTUAL_ENV")
    done = subprocess.run(
        command,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in leaks},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        pytest.fail(f"{' '.join(command)}:\n{done.stdout[-4000:]}", pytrace=False)
    return done.stdout


def contents(site: Path) -> dict[str, bytes]:
    """Return the site's files: path to bytes."""
    files = (path for path in site.rglob("*") if path.is_file())
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in files}


@pytest.mark.full
def test_book_from_a_fresh_clone_in_a_folder_with_a_space(repository_files, tmp_path):
    clone = tmp_path / "a clone"
    for path in repository_files:
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, clone / path)

    make = ("make", f"PYTHON={sys.executable}")
    assert f"{clone}/_build/html/index.html" in run(clone, *make, "book")
    made = contents(clone / "_build" / "html")
    assert "index.html" in made

    run(clone, *make, "--question", ".venv/installed")
    run(clone, *make, "book")
    assert contents(clone / "_build" / "html") == made

    shutil.rmtree(clone / "_build")
    run(clone, str(clone / ".venv" / "bin" / "jupyter-book"), "build", ".")
    assert contents(clone / "_build" / "html") == made
