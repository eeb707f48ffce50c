"""The course pack, as a student meets it: unpacked, installed without a connection, run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Whatever asks the network asks a port at which nobody answers.
NOWHERE = dict.fromkeys(
    ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"
)

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def unpacked(built_site, tmp_path_factory) -> Path:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "course_pack.py"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    folder = tmp_path_factory.mktemp("a laptop")
    with zipfile.ZipFile(ROOT / "_build" / "course-pack.zip") as archive:
        archive.extractall(folder)
    return folder / "course-pack"


def alone(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command in the pack with nothing of this environment, and without a network."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
    return subprocess.run(
        command, cwd=folder, env=kept | NOWHERE | {"PIP_CONFIG_FILE": os.devnull},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def python(unpacked) -> Path:
    """The interpreter of an environment made as the pack's own README says."""
    readme = (unpacked / "README.txt").read_text("utf-8")
    commands = re.findall(
        r"^  (python3[.]\d+ -m venv .*|env/bin/python -m pip .*)$", readme, re.MULTILINE
    )
    assert len(commands) == 2
    for command in commands:
        words = command.split()
        if words[0].startswith("python3"):
            assert words[0] == "python{}.{}".format(*sys.version_info)
            words[0] = sys.executable
        done = alone(unpacked, *words)
        assert done.returncode == 0, done.stdout[-3000:]
    return unpacked / "env" / "bin" / "python"


def test_every_notebook_runs_without_a_connection(unpacked, python):
    notebooks = sorted((unpacked / "notebooks").rglob("*.ipynb"))
    published = ROOT / "_build" / "html" / "_notebooks"
    assert len(notebooks) == len(list(published.rglob("*.ipynb"))) > 0

    def faults(notebook: Path) -> list[str]:
        done = alone(unpacked, python, "-m", "jupyter", "execute", "--inplace", notebook)
        name = notebook.relative_to(unpacked).as_posix()
        if done.returncode:
            return [f"{name}: {done.stdout[-1500:]}"]
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        # A chart that cannot be shown is an error among the outputs, and stops nothing.
        return [
            f"{name}: {one['evalue'][:500]}" for one in outputs if one["output_type"] == "error"
        ]

    with ThreadPoolExecutor(2) as pool:
        found = [fault for faulty in pool.map(faults, notebooks) for fault in faulty]
    assert found == []


def test_what_the_readme_runs_is_there(unpacked, python):
    readme = (unpacked / "README.txt").read_text("utf-8")
    assert "env/bin/python -m jupyter lab notebooks\n" in readme
    assert alone(unpacked, python, "-m", "jupyter", "lab", "--version").returncode == 0
    assert "env/bin/convergence measure --help\n" in readme
    shown = alone(unpacked, unpacked / "env/bin/convergence", "measure", "--help")
    assert (shown.returncode, "--manufacturing" in shown.stdout) == (0, True)


def test_the_readme_lists_each_notebook_in_the_order_of_the_book(unpacked):
    readme = (unpacked / "README.txt").read_text("utf-8")
    listed = dict(re.findall(r"^  (chapters/\S+[.]ipynb) +(\S.*)$", readme, re.MULTILINE))
    notebooks = unpacked / "notebooks"
    found = {path.relative_to(notebooks).as_posix() for path in notebooks.rglob("*.ipynb")}
    assert set(listed) == found
    assert next(iter(listed)) == "chapters/situation/manufacturing.ipynb"
    assert listed["chapters/situation/manufacturing.ipynb"] == "Manufacturing"
    kept = re.search(r"(site/\S+)/ keeps each chapter", readme)[1]
    assert {path.relative_to(unpacked / kept).as_posix()
            for path in (unpacked / kept).rglob("*.ipynb")} == found  # fmt: skip


def test_the_book_and_the_tables_are_as_published(unpacked):
    for folder, source in (("site", ROOT / "_build" / "html"), ("data", ROOT / "data")):
        files = [path for path in source.rglob("*") if path.is_file()]
        assert files
        for path in files:
            copy = unpacked / folder / path.relative_to(source)
            assert copy.read_bytes() == path.read_bytes(), path
