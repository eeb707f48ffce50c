"""A refresh that is cut off, at any moment, leaves the old tables or the new ones."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import date

import pytest
from kills import Killed, kill_at

from convergence.cli import main
from convergence.files import staging
from convergence.tables import package
from convergence.tables.checks import check
from convergence.tables.package import TableError
from convergence.upkeep import writing
from convergence.upkeep.accept import accept
from convergence.upkeep.refresh import refresh

DAY = date(2030, 6, 1)


@pytest.fixture
def take(tables, exports, tmp_path):
    path = tmp_path / "export.csv"
    path.write_bytes(exports.written(exports.quarters()))

    def take():
        return refresh("nbs-export", [path], vintage="accounts-2025", date=DAY)

    take.path = path
    return take


@pytest.mark.parametrize("is_before", [True, False])
def test_every_step_of_the_writing_can_be_the_last(tables, take, is_before):
    old = tables.snapshot()
    with pytest.MonkeyPatch.context() as patch:
        count = kill_at(patch, -1, is_before)
        take()
    new = tables.snapshot()
    steps = count["steps"]
    assert steps == 2 * len(new.keys() - old.keys()) * 2 + 3, "files written, moved, and the rename"
    tables.restore(old)
    seen = Counter()
    for moment in range(1, steps + 1):
        with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
            kill_at(patch, moment, is_before)
            take()
        if staging.is_cut_off(tables.path):
            cut_off = tables.snapshot()
            with pytest.raises(TableError, match="run convergence check, which finishes it"):
                package.read()
            assert tables.snapshot() == cut_off, "reading wrote"
            writing.finish()
        package.read()
        left = {
            name: content
            for name, content in tables.snapshot().items()
            if not name.startswith(staging.UNFINISHED)
        }
        assert left in (old, new), f"killed at step {moment}"
        assert tables.hashes_are_valid()
        seen["new" if left == new else "old"] += 1
        tables.restore(old)
        for rest in tables.path.rglob("*"):
            if rest.is_dir() and not any(rest.iterdir()):
                rest.rmdir()
    assert seen["old"] > 3 and seen["new"] > 3


def test_the_command_says_what_it_finished(tables, take, capsys):
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        kill_at(patch, 12, False)
        take()
    assert staging.is_cut_off(tables.path), "killed too early for this test"
    assert main(["check", "--hashes"]) == 0
    assert capsys.readouterr().out.startswith("finished a change that was cut off:\n")
    assert main(["check", "--hashes"]) == 0
    assert "cut off" not in capsys.readouterr().out


@pytest.mark.parametrize("command", ["accept", "refresh"])
def test_what_writes_finishes_first_what_was_cut_off(tables, take, command):
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        kill_at(patch, 12, False)
        take()
    assert staging.is_cut_off(tables.path), "killed too early for this test"
    if command == "refresh":
        assert not take().changes_anything, "the cut off refresh has brought the figures"
    else:
        assert accept("sources", "no edit").record is None
    assert tables.hashes_are_valid() and not staging.is_cut_off(tables.path)


def test_what_a_killed_run_left_does_not_disturb_the_next(tables, take, monkeypatch):
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        kill_at(patch, 2, True)
        take()
    assert (tables.path / staging.UNFINISHED).is_dir()
    assert take().is_written
    assert check() == []
    assert not (tables.path / staging.UNFINISHED).exists()


def test_a_full_disk_changes_nothing(tables, take, monkeypatch):
    before = tables.snapshot()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TableError, match="cannot be written: No space left"):
        take()
    assert tables.snapshot() == before


def test_an_edit_of_the_description_meanwhile_is_not_overwritten(tables, take, monkeypatch):
    from convergence.tables import checks

    problems = checks.problems

    def edit_meanwhile(*arguments):
        tables.resources["splices"]["title"] = "Edited meanwhile"
        tables.save()
        return problems(*arguments)

    monkeypatch.setattr(checks, "problems", edit_meanwhile)
    with pytest.raises(TableError, match="changed by somebody else"):
        take()
    assert tables.described("splices")["title"] == "Edited meanwhile"
    assert tables.described("value_added")["schema"]["fields"][0]["constraints"]["maximum"] == 2023


@pytest.mark.full
def test_kills_at_random_moments(tables, take, capsys):
    old = tables.snapshot()
    command = [sys.executable, "-m", "convergence", "refresh", "nbs-export"]
    command += ["--from", str(take.path), "--vintage", "accounts-2025", "--date", "2030-06-01"]
    started = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    duration = time.monotonic() - started
    new = tables.snapshot()
    tables.restore(old)
    chance = random.Random(6)
    seen = Counter()
    while seen["old"] + seen["new"] < 50:
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Half of the kills fall anywhere, half into the last part, where the tables are written.
        time.sleep(chance.uniform(chance.choice([0, 0.6]), 1) * duration)
        running.send_signal(signal.SIGKILL)
        was_killed = running.wait() == -signal.SIGKILL
        checked = [sys.executable, "-m", "convergence", "check", "--hashes"]
        subprocess.run(checked, check=True, capture_output=True)
        left = {
            name: content
            for name, content in tables.snapshot().items()
            if not name.startswith(staging.UNFINISHED)
        }
        assert left in (old, new)
        assert tables.hashes_are_valid()
        if was_killed:
            seen["new" if left == new else "old"] += 1
        else:
            # The machine is quicker now than it was at the first run.
            duration *= 0.95
        tables.restore(old)
    with capsys.disabled():
        print(f"\n50 kills: {dict(seen)}")
    assert seen["old"] > 10
