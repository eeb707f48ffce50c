"""Accepting an edit: refused when wrong, shown and recorded when right, whole after a kill."""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
import subprocess
from collections import Counter

import pandas as pd
import pytest
from kills import Killed, kill_at

from convergence.cli import main
from convergence.files import staging
from convergence.tables import TableError, checks, load
from convergence.tables.checks import check
from convergence.upkeep import accept as accepting
from convergence.upkeep.accept import accept

DAY = datetime.date(2026, 1, 31)


def edit(folder, value="44.1"):
    folder.edit(
        "accounts", "2017,finance,middle,revised,44,", f"2017,finance,middle,revised,{value},"
    )


@pytest.fixture
def committed(folder):
    folder.commit()
    return folder


def test_accept_records_the_change_and_the_table_loads_again(committed):
    before = committed.recorded_hash("accounts")
    edit(committed)
    done = accept("accounts", "NBS mended 2017", DAY)
    after = committed.recorded_hash("accounts")
    change = {
        "key": {"year": "2017", "sector": "finance", "vintage": "middle"},
        "field": "value", "old": "44", "new": "44.1",
    }  # fmt: skip
    assert done.differences == {"added": [], "removed": [], "changed": [change]}
    size = len((committed.path / "accounts.csv").read_bytes())
    assert committed.records() == {
        "2026-01-31-accounts.json": {
            "date": "2026-01-31",
            "table": "accounts",
            "reason": "NBS mended 2017",
            "old": {"hash": before, "bytes": size - 2},
            "new": {"hash": after, "bytes": size},
            "differences": done.differences,
        }
    }
    assert check() == []
    assert 44.1 in load("accounts").value.tolist()


def test_rows_that_came_and_went_are_told(committed):
    committed.edit("accounts", "2018,trade,early,preliminary,70,yearbook\n", "")
    committed.edit(
        "accounts", "2018,trade,middle", "2018,trade,late,final,71,yearbook\n2018,trade,middle"
    )
    done = accept("accounts", "the verified figure of 2018", DAY)
    trade = {"year": "2018", "sector": "trade", "source": "yearbook"}
    assert done.differences == {
        "added": [trade | {"vintage": "late", "status": "final", "value": "71"}],
        "removed": [trade | {"vintage": "early", "status": "preliminary", "value": "70"}],
        "changed": [],
    }


def test_the_descriptor_keeps_its_form(committed):
    path = committed.path / "datapackage.json"
    before = path.read_text(encoding="utf-8")
    old = committed.recorded_hash("accounts")
    edit(committed)
    accept("accounts", "数据修订", DAY)
    size = len((committed.path / "accounts.csv").read_bytes())
    want = before.replace(old, committed.recorded_hash("accounts"))
    assert path.read_text(encoding="utf-8") == want.replace(
        f'"bytes": {size - 2},', f'"bytes": {size},'
    )
    record = (committed.path / "changes" / "2026-01-31-accounts.json").read_text(encoding="utf-8")
    assert '"reason": "数据修订"' in record and record.endswith("}\n")


def test_without_git_only_the_hashes_are_recorded(folder):
    edit(folder)
    done = accept("accounts", "mended", DAY)
    assert done.differences is None
    assert folder.records()["2026-01-31-accounts.json"]["differences"] is None
    assert check() == []


def test_a_commit_that_is_not_the_accepted_state_is_not_compared_with(committed):
    edit(committed, "44.1")
    accept("accounts", "first", DAY)
    edit_again = (committed.path / "accounts.csv").read_text().replace("44.1", "44.05")
    committed.write("accounts", edit_again)
    assert accept("accounts", "second", DAY).differences is None


def test_what_is_staged_is_compared_with_if_it_is_the_accepted_state(committed):
    edit(committed, "44.1")
    accept("accounts", "first", DAY)
    subprocess.run(["git", "add", "-A"], cwd=committed.path.parent, check=True)
    committed.edit("accounts", "44.1", "44.05")
    (change,) = accept("accounts", "second", DAY).differences["changed"]
    assert (change["old"], change["new"]) == ("44.1", "44.05")
    assert list(committed.records()) == ["2026-01-31-accounts-2.json", "2026-01-31-accounts.json"]
    assert check() == []


def test_no_change_writes_nothing(folder):
    done = accept("accounts", "nothing really", DAY)
    assert (done.differences, done.record) == (None, None)
    assert not (folder.path / "changes").exists()


def snapshot(folder):
    return {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("2017,finance,middle,revised,44,", "2017,finance,middle,revised,4x4,", "type-error"),
        (
            "2017,finance,middle,revised,44,",
            "2017,finance,middle,revised,45,",
            "identity: services",
        ),
        ("2017,finance,middle,revised,44,", "2017,finance,unheard,revised,44,", "foreign-key"),
        ("2017,finance,middle,revised,44,yearbook\n", "", "gaps"),
    ],
)
def test_a_wrong_edit_is_refused_and_nothing_is_written(folder, old, new, rule):
    folder.edit("accounts", old, new)
    before = snapshot(folder)
    with pytest.raises(
        accepting.EditRefusedError, match=r"was not accepted: .* nothing was written"
    ) as error:
        accept("accounts", "a slip", DAY)
    assert rule in {problem.rule for problem in error.value.problems}
    assert snapshot(folder) == before


def test_an_edit_that_breaks_another_table_is_refused(folder):
    folder.edit("vintages", "early,2018-02,3,nbs,Early,first figures\n", "")
    with pytest.raises(accepting.EditRefusedError) as error:
        accept("vintages", "tidied", DAY)
    assert {(one.table, one.rule) for one in error.value.problems} == {("accounts", "foreign-key")}


def test_an_edit_that_breaks_the_quarters_of_another_table_is_refused(folder):
    folder.resources["accounts"]["convergence"]["identities"] = []
    folder.save()
    folder.edit("accounts", "2017,trade,middle,revised,66,", "2017,trade,middle,revised,66.26,")
    with pytest.raises(accepting.EditRefusedError) as error:
        accept("accounts", "revised", DAY)
    assert [(one.table, one.rule) for one in error.value.problems] == [
        ("quarters", "identity: years")
    ]


def test_two_edited_tables_can_be_accepted_one_after_the_other(folder):
    folder.write("sources", "source,publisher\nrelease,NBS\nyearbook,NBS\n")
    folder.edit("accounts", "2016,trade,late,final,60,yearbook", "2016,trade,late,final,60,release")
    accept("accounts", "another source", DAY)
    accept("sources", "another source", DAY)
    assert check() == []


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_reason_is_needed(folder, reason):
    edit(folder)
    with pytest.raises(ValueError, match="needs a reason") as error:
        accept("accounts", reason, DAY)
    assert not isinstance(error.value, TableError)


def test_a_day_before_the_last_change_is_refused(folder):
    edit(folder, "44.1")
    accept("accounts", "first", DAY)
    folder.edit("accounts", "44.1", "44.05")
    with pytest.raises(
        TableError, match="2026-01-30 is before the last change to accounts, of 2026-01-31"
    ):
        accept("accounts", "second", DAY - datetime.timedelta(days=1))


def complete(folder):
    """The files that a reader sees, without what a killed run left of its preparations."""
    return {
        path: content
        for path, content in snapshot(folder).items()
        if staging.UNFINISHED not in path.parts
    }


@pytest.mark.parametrize("is_before", [True, False])
def test_a_kill_at_any_step_leaves_the_edit_unaccepted_or_accepted(committed, is_before):
    edit(committed)
    old = snapshot(committed)
    with pytest.MonkeyPatch.context() as patch:
        steps = kill_at(patch, -1, is_before)
        accept("accounts", "NBS mended 2017", DAY)
    new = snapshot(committed)
    seen = Counter()
    for moment in range(1, steps["steps"] + 1):
        shutil.rmtree(committed.path)
        for path, content in old.items():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
            kill_at(patch, moment, is_before)
            accept("accounts", "NBS mended 2017", DAY)
        if staging.is_cut_off(committed.path):
            with pytest.raises(TableError, match="run convergence check, which finishes it"):
                load("accounts")
        assert main(["check", "--hashes"]) == (0 if complete(committed) == new else 1)
        assert complete(committed) in (old, new), f"killed at step {moment}"
        seen["new" if complete(committed) == new else "old"] += 1
        accept("accounts", "NBS mended 2017", DAY)
        assert snapshot(committed) == new
    assert seen["old"] >= 3 and seen["new"] >= 3


@pytest.mark.parametrize("file", ["datapackage.json", "accounts.csv"])
def test_what_somebody_changes_meanwhile_is_not_overwritten(folder, monkeypatch, file):
    edit(folder)
    problems = checks.problems

    def edit_meanwhile(*arguments):
        found = problems(*arguments)
        (folder.path / file).write_bytes((folder.path / file).read_bytes() + b"\n")
        return found

    monkeypatch.setattr(checks, "problems", edit_meanwhile)
    before = snapshot(folder)
    with pytest.raises(TableError, match=rf"data/{file} was changed by somebody else meanwhile"):
        accept("accounts", "mended", DAY)
    changed = snapshot(folder)
    path = folder.path / file
    assert changed.pop(path).startswith(before.pop(path))
    assert changed == before


def test_a_kill_during_the_writing_leaves_no_half_file(folder, monkeypatch):
    edit(folder)
    before = snapshot(folder)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(TableError, match="cannot be written: No space left"):
        accept("accounts", "full disk", DAY)
    assert snapshot(folder) == before


def test_a_hash_recorded_behind_the_back_of_the_records_is_found(folder):
    edit(folder, "44.1")
    accept("accounts", "first", DAY)
    folder.edit("accounts", "44.1", "44.05")
    folder.save()
    (problem,) = check()
    assert problem.rule == "change record"
    assert re.search(
        r"the last record to lead to sha256:\w+…, as datapackage.json", problem.expected
    )


def test_going_back_to_an_earlier_state_is_a_change_like_any_other(folder):
    for value, previous in [("44.1", "44"), ("44", "44.1"), ("44.1", "44")]:
        row = "2017,finance,middle,revised"
        folder.edit("accounts", f"{row},{previous},", f"{row},{value},")
        accept("accounts", f"to {value}", DAY)
        assert check() == []
    assert len(folder.records()) == 3


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"table": "accounts", "old": 1, "new": 2}', "\x80"]
)
def test_a_broken_record_is_named(folder, text):
    (folder.path / "changes").mkdir()
    (folder.path / "changes" / "2026-01-31-accounts.json").write_bytes(text.encode("latin-1"))
    (problem,) = check()
    assert problem.file == "data/changes/2026-01-31-accounts.json"
    assert problem.found == "a file that is not a change record"
    assert "Restore the file from git, or delete it" in problem.expected
    edit(folder)
    with pytest.raises(TableError, match="a change of accounts, its old hash"):
        accept("accounts", "mended", DAY)


def new_table(folder):
    """Add a table as a person would: its file, and its description without a hash."""
    folder.table("rain", "year,mm\n2016,812\n2017,640\n", {"year": "integer"}, ["year"])
    del folder.resources["rain"]["hash"], folder.resources["rain"]["bytes"]
    folder.save_descriptor()


def test_a_new_table_can_be_accepted_without_a_hash(folder):
    new_table(folder)
    with pytest.raises(TableError, match=r"a new table.*convergence accept rain"):
        load("rain")
    done = accept("rain", "rainfall of the yearbook", DAY)
    assert (done.is_new, done.differences) == (True, None)
    (record,) = folder.records().values()
    assert record["old"] is None
    assert record["new"]["hash"] == folder.recorded_hash("rain")
    assert check() == []
    assert load("rain").year.tolist() == [2016, 2017]
    folder.edit("rain", "640", "641")
    accept("rain", "a slip", DAY)
    assert check() == []
    described = json.loads((folder.path / "datapackage.json").read_text())["resources"][-1]
    assert list(described).index("hash") < list(described).index("schema")


def test_an_empty_hash_is_no_hash(folder):
    new_table(folder)
    folder.resources["rain"]["hash"] = ""
    folder.save_descriptor()
    assert accept("rain", "rainfall", DAY).is_new
    assert check() == []


def test_a_new_table_that_is_wrong_stays_unaccepted(folder):
    new_table(folder)
    folder.edit("rain", "2017,640", "2017,640\n2017,641")
    before = snapshot(folder)
    with pytest.raises(accepting.EditRefusedError):
        accept("rain", "rainfall", DAY)
    assert snapshot(folder) == before


def test_a_lost_hash_does_not_make_a_table_new(folder):
    new_table(folder)
    accept("rain", "rainfall", DAY)
    folder.edit("rain", "640", "641")
    folder.save_descriptor()
    with pytest.raises(TableError, match="put the hash back"):
        accept("rain", "as if it were new", DAY)


def test_a_parquet_table_can_be_accepted(committed):
    path = committed.path / "large.parquet"
    types = {"year": "integer", "value": "number"}
    committed.table("large", "year,value\n", types, ["year"])
    committed.resources["large"] |= {
        "path": path.name, "format": "parquet", "mediatype": "application/vnd.apache.parquet"
    }  # fmt: skip
    pd.DataFrame({"year": [2016, 2017], "value": [1.5, 2.5]}).to_parquet(path)
    committed.save()
    committed.commit()
    pd.DataFrame({"year": [2016, 2017], "value": [1.5, 3.5]}).to_parquet(path)
    assert accept("large", "revised", DAY).differences["changed"] == [
        {"key": {"year": "2017"}, "field": "value", "old": "2.5", "new": "3.5"}
    ]
    assert load("large").value.tolist() == [1.5, 3.5]
