"""The locks are complete, hashed, agree with pyproject.toml and name no machine."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.txt", "requirements-test.txt", "requirements-course.txt")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
BOOK = (
    PROJECT["project"]["dependencies"]
    + PROJECT["project"]["optional-dependencies"]["livebook"]
    + PROJECT["project"]["optional-dependencies"]["measure"]
    + PROJECT["dependency-groups"]["book"]
)
TEST = PROJECT["dependency-groups"]["test"]
PYTHONS = [
    name.rpartition(" ")[2]
    for name in PROJECT["project"]["classifiers"]
    if name.startswith("Programming Language :: Python :: 3.")
]


def entries(lock: str) -> list[str]:
    """Return the lock's lines without comments, continued lines joined."""
    text = re.sub(r"^\s*#.*$", "", (ROOT / lock).read_text("utf-8"), flags=re.MULTILINE)
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def markers(python: str) -> dict[str, str]:
    """Return what markers are compared with under another Python."""
    return {"python_version": python, "python_full_version": f"{python}.1"}


def needs(name: str) -> list[str]:
    """Return what a distribution needs; nothing for one that only another Python installs."""
    try:
        return requires(name) or []
    except PackageNotFoundError:
        assert any(
            entry.startswith(f"{name}==") and "python_full_version" in entry
            for lock in LOCKS
            for entry in entries(lock)
        ), f"{name} is locked for this Python and not installed"
        return []


def versions(lock: str, python: str | None = None) -> dict[str, str]:
    """Return what the lock installs on this machine, or here under another Python."""
    environment = markers(python) if python else None
    found = {}
    for entry in entries(lock):
        requirement = Requirement(entry.split("--hash")[0])
        if requirement.marker is None or requirement.marker.evaluate(environment):
            (pin,) = requirement.specifier
            assert pin.operator == "=="
            found[canonicalize_name(requirement.name)] = pin.version
    return found


def problems(direct: list[str], locked: dict[str, str], python: str | None = None) -> list[str]:
    """Say where the locked versions are not what the requirements ask for, all the way down."""
    environment = markers(python) if python else {}
    found = []
    reached: set[str] = set()
    seen: set[tuple[str, str]] = set()
    todo = [(text, "", "pyproject.toml") for text in direct]
    while todo:
        text, extra, parent = todo.pop()
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate(environment | {"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        reached.add(name)
        if name not in locked:
            found.append(f"{name}, which {parent} needs, is not locked")
            continue
        if not requirement.specifier.contains(locked[name], prereleases=True):
            found.append(f"{parent} needs {requirement}, locked is {locked[name]}")
        for wanted in {"", *requirement.extras} - {e for n, e in seen if n == name}:
            seen.add((name, wanted))
            todo += [(child, wanted, name) for child in needs(name)]
    return found + [f"{name} is locked, and nothing needs it" for name in locked.keys() - reached]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_hashed(lock):
    assert len(entries(lock)) > 20
    for entry in entries(lock):
        assert re.fullmatch(r"[\w.-]+==\S+( +;[^;]*?)?( +--hash=sha256:[0-9a-f]{64})+ *", entry)


@pytest.mark.parametrize("lock", LOCKS)
def test_no_index_option_path_or_address(lock):
    text = (ROOT / lock).read_text("utf-8")
    assert "/" not in text
    assert not re.search(r"^\s*-(?!-hash=sha256:)", text, flags=re.MULTILINE)


def test_the_book_lock_is_what_pyproject_asks_for():
    assert problems(BOOK, versions("requirements.txt")) == []


def test_both_locks_together_are_what_pyproject_asks_for():
    both = versions("requirements.txt") | versions("requirements-test.txt")
    assert problems(BOOK + TEST, both) == []


def test_ci_runs_each_python_that_is_promised():
    build = yaml.safe_load((ROOT / ".github" / "workflows" / "build.yml").read_text("utf-8"))
    assert build["jobs"]["build"]["strategy"]["matrix"]["python"] == PYTHONS
    assert PROJECT["project"]["requires-python"] == f">={PYTHONS[0]}"


@pytest.mark.parametrize("python", PYTHONS)
def test_the_locks_are_complete_under_each_python(python):
    book, added = (versions(lock, python) for lock in ("requirements.txt", "requirements-test.txt"))
    assert problems(BOOK, book, python) == []
    assert problems(BOOK + TEST, book | added, python) == []


def test_the_test_lock_holds_only_what_the_tests_add():
    assert not versions("requirements.txt").keys() & versions("requirements-test.txt").keys()


def test_students_get_the_versions_that_made_the_book():
    book, course = versions("requirements.txt"), versions("requirements-course.txt")
    assert {name: course[name] for name in book.keys() & course.keys()} == {
        name: book[name] for name in book.keys() & course.keys()
    }
    wanted = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["course"]
    wanted += PROJECT["project"]["optional-dependencies"]["measure"]
    assert {canonicalize_name(Requirement(one).name) for one in wanted} <= course.keys()


def test_the_build_backend_is_locked():
    # Without build isolation the project is installed with what the lock holds.
    assert set(PROJECT["build-system"]["requires"]) <= set(PROJECT["dependency-groups"]["book"])


def test_problems_are_found():
    locked = versions("requirements.txt")
    assert problems([*BOOK, "sphinx<1"], locked) == [
        f"pyproject.toml needs sphinx<1, locked is {locked['sphinx']}"
    ]
    assert problems(BOOK, locked | {"left-over": "1"}) == [
        "left-over is locked, and nothing needs it"
    ]
    without = {name: version for name, version in locked.items() if name != "docutils"}
    assert "docutils, which sphinx needs, is not locked" in problems(BOOK, without)
