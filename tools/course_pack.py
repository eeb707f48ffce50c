"""Pack what a course needs into one zip file: ``make course-pack``, which builds the book first."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
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

notebooks/        the chapters, to run and to change
site/             the book, to read: open site/index.html
data/             the tables; datapackage.json says what each column means
wheels/           the packages: convergence and livebook (both in {own}),
                  JupyterLab, and all that they need
requirements.txt  the exact version of each, with its checksum

Set up, once
------------
The wheels are for {platform}, Python {version}. No connection is needed.
In a terminal, in this folder:

  python3 -m venv env
  env/bin/python -m pip install --no-index --find-links wheels --require-hashes -r requirements.txt

On Windows write  py  for  python3  and  env\\Scripts\\python  for  env/bin/python.
On another system, or with another Python (3.11 or newer), leave out  --no-index :
pip then fetches the same versions, and needs a connection this one time.

Run the notebooks
-----------------
  env/bin/python -m jupyter lab notebooks

A browser opens. Choose a chapter, then Run > Run All Cells. Change a cell and run it again:
nothing that you do there changes the book in site/.

Terms of use: LICENSE
"""


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
    """Build the wheel of the two packages into `folder`, the same bytes from the same files."""
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
    readme = README.format(
        title=title,
        own=own.name,
        platform=sysconfig.get_platform(),
        version=".".join(map(str, sys.version_info[:2])),
    )
    name, version = own.name.split("-")[:2]
    pinned = f"{name.replace('_', '-')}=={version} \\\n    --hash=sha256:{digest(own)}\n"
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


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
