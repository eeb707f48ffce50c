"""`convergence` by itself: its wheel, and an environment with what it needs and no more."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.full

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
PUBLISHING = ["IPython", "altair", "docutils", "jupyter_book", "myst_nb", "sphinx", "vl_convert"]
IMPORT_ALL = """
import importlib, pkgutil, sys
import convergence
for module in pkgutil.walk_packages(convergence.__path__, "convergence."):
    # They need the extra `measure`.
    if not module.name.startswith("convergence.own_data."):
        importlib.import_module(module.name)
print(*{name.partition(".")[0] for name in sys.modules})
"""


def closure(requirements: list[str]) -> set[str]:
    """Return the names of what these need, all the way down."""
    names: set[str] = set()
    todo = [(Requirement(text), "") for text in requirements]
    while todo:
        requirement, extra = todo.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        if name in names and not requirement.extras:
            continue
        names.add(name)
        children = [Requirement(text) for text in requires(name) or []]
        todo += [(child, wanted) for wanted in {"", *requirement.extras} for child in children]
    return names


def locked(names: set[str]) -> str:
    """Return the lock's entries of these names, with their hashes."""
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements.txt").read_text("utf-8"))
    return "\n".join(
        entry for entry in entries if canonicalize_name(entry.partition("==")[0]) in names
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # Of a copy: what an earlier build left in the repository would be packed too.
    source = folder / "source"
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps", "--no-index",
         "--no-build-isolation", "--wheel-dir", folder, source],
        check=True,
    )  # fmt: skip
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def environment(wheel: Path) -> Path:
    """The folder of programs of an environment without any of the extras."""
    folder = wheel.parent / "env"
    lock = wheel.parent / "runtime.txt"
    lock.write_text(locked(closure(RUNTIME)), "utf-8")
    uv = [sys.executable, "-m", "uv", "--quiet"]
    subprocess.run([*uv, "venv", "--python", sys.executable, folder], check=True)
    install = [*uv, "pip", "install", "--python", folder / "bin" / "python", "--no-deps"]
    subprocess.run([*install, "--require-hashes", "-r", lock], check=True)
    subprocess.run([*install, wheel], check=True)
    return folder / "bin"


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    # Outside the repository, and without a variable that leads there.
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "CONVERGENCE_DATA")
    }
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    code = [name for name in names if ".dist-info/" not in name]
    source = {
        path.relative_to(ROOT / "src").as_posix()
        for package in ("book", "convergence", "livebook")
        for path in (ROOT / "src" / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert set(code) == source
    assert {f"{package}/py.typed" for package in ("book", "convergence", "livebook")} <= source


def test_the_command_says_its_version_and_helps_with_examples(environment, tmp_path):
    said = run(environment / "convergence", "--version", cwd=tmp_path)
    assert re.fullmatch(r"convergence \d+\.\d+\.\d+\n", said.stdout)
    for arguments in ([], ["measure"]):
        said = run(environment / "convergence", *arguments, "--help", cwd=tmp_path)
        assert said.returncode == 0, said.stderr
        assert "examples:" in said.stdout
        # A command over two lines can be pasted as it stands.
        assert " \\\n      --services" in said.stdout


def test_no_tool_of_the_publishing_is_needed_or_there(environment, tmp_path):
    said = run(environment / "python", "-P", "-c", IMPORT_ALL, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert not set(said.stdout.split()) & set(PUBLISHING)
    for name in PUBLISHING:
        assert run(environment / "python", "-c", f"import {name}", cwd=tmp_path).returncode == 1


def test_what_an_extra_is_needed_for_says_so(environment, tmp_path):
    command = ["measure", "x.csv", "--unit", "a", "--time", "b", "--manufacturing", "c",
               "--services", "d", "--out", "out"]  # fmt: skip
    said = run(environment / "convergence", *command, cwd=tmp_path)
    assert said.returncode == 2
    assert "pip install '.[measure]'" in said.stderr
    assert "Traceback" not in said.stderr


def test_outside_a_book_the_tables_say_where_they_were_looked_for(environment, tmp_path):
    said = run(environment / "convergence", "check", cwd=tmp_path)
    assert said.returncode == 1
    assert str(tmp_path) in said.stderr
    assert "set CONVERGENCE_DATA" in said.stderr
    assert "Traceback" not in said.stderr


def test_outside_a_book_they_are_found_by_the_variable(environment, tmp_path):
    code = (
        f"import os; os.environ['CONVERGENCE_DATA'] = {str(ROOT / 'data')!r}\n"
        "from convergence.tables import load; print(len(load('value_added')))"
    )
    said = run(environment / "python", "-P", "-c", code, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert int(said.stdout) > 0
