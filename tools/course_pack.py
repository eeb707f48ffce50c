"""Pack what a course needs into one zip file: ``make course-pack``, which builds the book first."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from livebook.files import write_zip
from livebook.notebooks import FOLDER

ROOT = Path(__file__).resolve().parents[1]
LOCK = "requirements-course.txt"
PACKED = ("pyproject.toml", "README.md", "LICENSE", "src")
README = """\
{title}
Course pack

To read the book, open site/index.html in a browser. It needs no Python and no connection.
To run the chapters, first unpack the whole zip file, then follow the steps below.

site/             the book, to read
notebooks/        the chapters, to run and to change
data/             the tables; datapackage.json says what each column means
wheels/           the packages: convergence, livebook and book (all three in {own}),
                  JupyterLab, and all that they need
requirements.txt  the exact version of each, with its checksum

1. Set up, once
---------------
This takes a minute or two, and 1 GB on your disk.

Open a terminal in this folder, the one that holds README.txt:
  Windows  open the folder, click into its address line, type cmd, press Enter
  macOS    right-click the folder, choose Services, then New Terminal at Folder
  Linux    right-click in the folder, choose Open in Terminal

Linux and macOS, line by line:

  {python} -m venv env
  env/bin/python {install}

Windows, line by line:

  py -{version} -m venv env
  env\\Scripts\\python {install}

At the end the terminal says "Successfully installed" and names the packages.

The packages in wheels/ are for {system} and Python {version}, and need no connection. On
another system, or with another Python (3.11 or newer), change both commands:
  - in the first, write  python3  for  {python} , or on Windows  py  for  py -{version} ;
  - in the second, leave out  --no-index . pip then fetches the same versions, about 200 MB, and
    needs a connection this one time.

2. Run a chapter
----------------
Linux and macOS:  env/bin/python -m jupyter lab notebooks
Windows:          env\\Scripts\\python -m jupyter lab notebooks

A browser opens. If it asks about news from Jupyter, answer No. On the left, open a chapter from
the list at the end of this file; then choose Run > Run All Cells. Most chapters take less than
half a minute. Change a cell and press Shift+Enter to run it again. Nothing that you do there
changes the book in site/, and site/{notebooks}/ keeps each chapter as it was.

To stop, press Ctrl+C twice in the terminal. Next time, open a terminal in this folder and
start with step 2.

3. Measure a table of your own
------------------------------
Linux and macOS:  env/bin/convergence measure --help
Windows:          env\\Scripts\\convergence measure --help

The chapter "Measure your own region" shows how. Leave out its  pip install : step 1 has done it.
Where it says  convergence , write the name above.

If something goes wrong
-----------------------
"{python}: command not found", or on Windows "No suitable Python":
    You have another Python, or none. See the end of step 1, or install Python {version} from
    python.org.
"ensurepip is not available" (Debian, Ubuntu):
    Install {python}-venv with your system's package manager.
"No matching distribution found":
    The packages in wheels/ do not fit your system or your Python. Leave out  --no-index .
"No such file or directory: 'requirements.txt'":
    The terminal is in another folder, or the zip file is not unpacked.
No browser opens:
    Copy the address from the terminal that begins with http://localhost into your browser.
On Windows, a file name is too long:
    Move the folder up, for example to C:\\course-pack, delete env in it, and begin again.

The chapters, in the order of the book
--------------------------------------
{chapters}

Terms of use: LICENSE
"""
INSTALL = "-m pip install --no-index --find-links wheels --require-hashes -r requirements.txt"


def main() -> None:
    """Write the pack beside the built site, and say where it is and what it weighs."""
    target = ROOT / "_build" / "course-pack.zip"
    with tempfile.TemporaryDirectory() as folder:
        wheels = Path(folder)
        own = build_wheel(wheels)
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
             "--no-deps", "--require-hashes", "--only-binary", ":all:",
             "--requirement", ROOT / LOCK, "--dest", wheels],
            check=True,
        )  # fmt: skip
        write_zip(target, contents(wheels, own))
    print(f"The course pack: {target} ({target.stat().st_size / 1e6:.0f} MB)")


def build_wheel(folder: Path) -> Path:
    """Build the wheel of the three packages into `folder`, the same bytes from the same files."""
    with tempfile.TemporaryDirectory() as copied:
        # In the repository's own folder, setuptools would pack what it left there before.
        source = Path(copied)
        for name in PACKED:
            if (ROOT / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
                shutil.copytree(ROOT / name, source / name, ignore=ignored)
            else:
                shutil.copy2(ROOT / name, source / name)
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check",
             "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source],
            check=True,
            env=os.environ | {"SOURCE_DATE_EPOCH": "315532800"},
        )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    return wheel


def contents(wheels: Path, own: Path) -> dict[str, Path | bytes]:
    """Return what goes into the pack: name to file, or to bytes."""
    site = ROOT / "_build" / "html"
    title = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["title"]
    version = ".".join(map(str, sys.version_info[:2]))
    system = {"Darwin": "macOS"}.get(platform.system(), platform.system())
    readme = README.format(
        title=title,
        own=own.name,
        system=f"{system} ({platform.machine()})",
        version=version,
        python=f"python{version}",
        install=INSTALL,
        notebooks=FOLDER,
        chapters="\n".join(chapters(site / FOLDER)),
    )
    name, release = own.name.split("-")[:2]
    pinned = f"{name.replace('_', '-')}=={release} \\\n    --hash=sha256:{digest(own)}\n"
    files: dict[str, Path | bytes] = {
        "README.txt": readme.encode(),
        "LICENSE": ROOT / "LICENSE",
        "requirements.txt": (ROOT / LOCK).read_bytes() + pinned.encode(),
        # A notebook that sums up other chapters looks here for what they state.
        "notebooks/ledger.json": site / "ledger.json",
    }
    for folder, source in (
        ("notebooks", site / FOLDER),
        ("site", site),
        ("data", ROOT / "data"),
        ("wheels", wheels),
    ):
        for path in sorted(source.rglob("*")):
            if path.is_file():
                files[f"{folder}/{path.relative_to(source).as_posix()}"] = path
    return {f"course-pack/{name}": content for name, content in files.items()}


def chapters(folder: Path) -> Iterator[str]:
    """Yield the lines that name the parts of the book and the notebooks in them."""
    for part in yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"]:
        files = [folder / f"{chapter['file']}.ipynb" for chapter in part["chapters"]]
        if any(file.is_file() for file in files):
            yield part["caption"]
        for file in filter(Path.is_file, files):
            cells = json.loads(file.read_text("utf-8"))["cells"]
            text = "\n".join(
                "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"
            )
            title = re.search(r"^# (.+)$", text, re.MULTILINE)[1]
            yield f"  {file.relative_to(folder).as_posix():50} {title}"


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
