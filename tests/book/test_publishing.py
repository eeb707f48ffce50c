"""Our book as `livebook` publishes it: nothing stale, whatever happens to a build.

The oracle is always a clean cold build of the same inputs in another folder.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.full

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(
    "_build", ".venv", ".git", "tests", "benchmarks", ".*_cache", "*.egg-info", "__pycache__"
)
TABLES = [
    one["name"] for one in json.loads((ROOT / "data/datapackage.json").read_text())["resources"]
]
KILLS = 20


def copy_of(book: Path, target: Path) -> Path:
    shutil.copytree(book, target, ignore=LEFT_OUT)
    return target


def build(book: Path) -> str:
    # The copies' own sources, not those of the installed project.
    env = os.environ | {"PYTHONPATH": str(book / "src")}
    done = subprocess.run(
        [sys.executable, "-m", "livebook", "build", "."],
        cwd=book, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def files(book: Path) -> dict[str, str]:
    site = book / "_build" / "html"
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in site.rglob("*")
        if path.is_file()
    }


def differing(one: Path, other: Path) -> list[str]:
    mine, theirs = files(one), files(other)
    return sorted(name for name in mine | theirs if mine.get(name) != theirs.get(name))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built copy of our book."""
    copied = copy_of(ROOT, tmp_path_factory.mktemp("ours") / "book")
    build(copied)
    return copied


def mutate_parquet(path: Path, schema: dict) -> None:
    frame = pd.read_parquet(path)
    frame.loc[len(frame) // 2, "value"] *= 1.001
    frame.to_parquet(path, index=False)


def mutate_csv(path: Path, schema: dict) -> None:
    fields = {field["name"]: field for field in schema["fields"]}
    keys = set(schema.get("primaryKey", []))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    row = rows[len(rows) // 2]
    numbers = [n for n in row if fields[n]["type"] == "number" and n not in keys and row[n]]
    texts = [n for n in row if n not in keys and row[n] and fields[n]["type"] == "string"
             and not {"enum", "pattern"} & fields[n].get("constraints", {}).keys()]  # fmt: skip
    if numbers:
        row[numbers[0]] = repr(float(row[numbers[0]]) * 1.001)
    elif texts:
        row[texts[-1]] += " (changed)"
    else:
        # A list of pairs holds nothing but keys.
        rows.remove(row)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def mutate(book: Path, table: str) -> None:
    """Change one value of a table a little, and record its hash as accepting it would."""
    descriptor = json.loads((book / "data/datapackage.json").read_text("utf-8"))
    (resource,) = [one for one in descriptor["resources"] if one["name"] == table]
    path = book / "data" / resource["path"]
    (mutate_parquet if path.suffix == ".parquet" else mutate_csv)(path, resource["schema"])
    resource["hash"] = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    resource["bytes"] = path.stat().st_size
    (book / "data/datapackage.json").write_text(
        json.dumps(descriptor, ensure_ascii=False, indent=2) + "\n", "utf-8"
    )


@pytest.fixture(scope="module")
def readers(book: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The chapters that read each table, found without the tracker that the tests judge.

    A chapter's code starts without any table; each table for want of which it fails is given to
    it, until it runs to its end.
    """
    chapters = [path for path in sorted((book / "chapters").rglob("*.md")) if cells_of(path)]
    needed = partial(tables_needed, book, tmp_path_factory.mktemp("without"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(chapters, pool.map(needed, chapters), strict=True))
    return {
        table: {
            chapter.relative_to(book).with_suffix("").as_posix()
            for chapter, tables in found.items()
            if table in tables
        }
        for table in TABLES
    }


def cells_of(chapter: Path) -> list[str]:
    cells = re.findall(
        r"^```\{code-cell\}[^\n]*\n(.*?)^```", chapter.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    return [re.sub(r"^:\S+:.*$", "", cell, flags=re.MULTILINE) for cell in cells]


def tables_needed(book: Path, folder: Path, chapter: Path) -> set[str]:
    data = folder / chapter.stem
    data.mkdir()
    descriptor = json.loads((book / "data/datapackage.json").read_text("utf-8"))
    shutil.copy2(book / "data/datapackage.json", data)
    files = {one["path"]: one["name"] for one in descriptor["resources"]}
    script = folder / f"{chapter.stem}.py"
    script.write_text("\n".join(cells_of(chapter)), "utf-8")
    env = os.environ | {"PYTHONPATH": str(book / "src"), "CONVERGENCE_DATA": str(data)}
    while True:
        done = subprocess.run(
            [sys.executable, script], env=env, cwd=chapter.parent, text=True, check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        present = {path.name for path in data.iterdir()}
        if done.returncode == 0:
            return {name for file, name in files.items() if file in present}
        problem = done.stderr.strip().splitlines()[-1]
        missing = [file for file in files.keys() - present if f"/{file} is missing" in problem]
        assert len(missing) == 1, done.stderr[-2000:]
        shutil.copy2(book / "data" / missing[0], data)


@pytest.mark.parametrize("table", TABLES)
def test_a_changed_value_runs_its_readers_and_nothing_is_stale(book, readers, table, tmp_path):
    changed = tmp_path / "changed"
    # With what the earlier build left behind, as in a maintainer's folder.
    shutil.copytree(book, changed, symlinks=True)
    mutate(changed, table)
    ran = set(re.findall(r"^(\S+): run in ", build(changed), re.MULTILINE))
    assert ran == readers[table]
    cold = copy_of(changed, tmp_path / "another place")
    build(cold)
    assert differing(changed, cold) == []


def test_two_cold_builds_from_two_paths_are_the_same_bytes(book, tmp_path):
    other = copy_of(ROOT, tmp_path / "a path with spaces" / "Buch 书")
    build(other)
    assert differing(book, other) == []


def test_a_build_killed_at_any_moment_is_made_good_by_the_next(book, tmp_path):
    changed = tmp_path / "changed"
    shutil.copytree(book, changed, symlinks=True)
    before = files(changed)
    mutate(changed, "value_added")
    cold = copy_of(changed, tmp_path / "cold")
    start = time.monotonic()
    build(cold)
    # Longer than an incremental build takes, so that some kills come after its end.
    longest = time.monotonic() - start
    moments = random.Random(20).sample(range(int(longest * 1000)), KILLS)
    env = os.environ | {"PYTHONPATH": str(changed / "src")}
    for moment in sorted(moments):
        process = subprocess.Popen(
            [sys.executable, "-m", "livebook", "build", "."], cwd=changed, env=env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            process.wait(moment / 1000)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if (changed / "_build" / "html").exists():
            whole = files(changed)
            assert whole == before or differing(changed, cold) == [], f"half a site at {moment} ms"
        # Back to the old state, so that the next kill meets a build that has work to do.
        if differing(changed, cold) == []:
            shutil.rmtree(changed)
            shutil.copytree(book, changed, symlinks=True)
            mutate(changed, "value_added")
    build(changed)
    assert differing(changed, cold) == []
