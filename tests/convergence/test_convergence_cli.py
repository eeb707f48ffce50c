"""The command line: what it prints, its exit codes, and that it never shows a traceback."""

from __future__ import annotations

import copy
import io
import json
import os
import random
import shlex
import shutil
import subprocess
import sys

import pytest

import convergence
from convergence.cli import main
from convergence.tables import package


def run(capsys, *arguments):
    """Run the command in this process; give exit code, output and errors."""
    try:
        code = main(arguments)
    except SystemExit as stopped:
        code = stopped.code
    out, err = capsys.readouterr()
    return code, out, err


def test_check_prints_one_line_a_table(folder, capsys):
    assert run(capsys, "check") == (
        0,
        "sources         1 rows  ok\n"
        "vintages        3 rows  ok\n"
        "splices         2 rows  ok\n"
        "accounts       15 rows  ok\n"
        "quarters        5 rows  ok\n"
        "claims          2 rows  ok\n",
        "",
    )
    assert run(capsys, "check", "claims", "sources")[1] == (
        "claims         2 rows  ok\nsources        1 rows  ok\n"
    )


def test_check_prints_what_is_wrong_and_where(folder, capsys):
    folder.edit("accounts", "2018,trade,early,preliminary,70", "2018,trade,early,preliminary,x")
    folder.save()
    code, out, _ = run(capsys, "check")
    assert code == 1
    assert "accounts  1 wrong\n" in out
    assert "  data/accounts.csv, row 15, field value: found 'x'; expected type" in out
    assert "quarters  1 wrong\n" in out


def test_many_problems_are_counted_and_not_all_printed(folder, capsys):
    rows = "".join(f"{year},x\n" for year in range(1900, 2000))
    folder.table("wrong", "year,value\n" + rows, {"year": "integer", "value": "number"}, ["year"])
    folder.save()
    code, out, _ = run(capsys, "check", "wrong")
    assert code == 1
    assert "100 wrong" in out and "… and 80 more" in out
    assert len(out.splitlines()) == 22


def test_hashes_are_checked_alone(folder, capsys):
    assert run(capsys, "check", "--hashes")[0] == 0
    folder.edit("sources", "NBS", "N.B.S.")
    (folder.path / "claims.csv").unlink()
    code, out, _ = run(capsys, "check", "--hashes")
    assert code == 1
    assert "accounts  ok\n" in out
    assert 'convergence accept sources --reason "…"' in out
    assert "data/claims.csv is missing" in out


def test_accept_shows_the_difference(folder, capsys):
    folder.commit()
    folder.edit("accounts", "2017,finance,middle,revised,44,", "2017,finance,middle,revised,44.1,")
    folder.edit("accounts", "2018,trade,early,preliminary,70,yearbook\n", "")
    code, out, err = run(
        capsys, "accept", "accounts", "--reason", "NBS revised", "--date", "2026-01-31"
    )
    assert (code, err) == (0, "")
    assert out == (
        "accounts: 0 rows added, 1 removed, 1 cells changed\n"
        "  - year 2018, sector trade, vintage early, status preliminary, value 70, "
        "source yearbook\n"
        "  ~ year 2017, sector finance, vintage middle: value '44' → '44.1'\n"
        "recorded in data/changes/2026-01-31-accounts.json\n"
    )
    assert run(capsys, "check")[0] == 0


def test_accept_without_git_says_so(folder, capsys):
    folder.edit("accounts", "2017,finance,middle,revised,44,", "2017,finance,middle,revised,44.1,")
    code, out, _ = run(capsys, "accept", "accounts", "--reason", "NBS revised")
    assert code == 0
    assert "not in git" in out and "only the hashes are recorded" in out


def test_accept_without_a_change_says_so(folder, capsys):
    code, out, err = run(capsys, "accept", "accounts", "--reason", "nothing")
    assert (code, err) == (0, "")
    assert out == "accounts: no change; the file is the accepted one\n"


def test_accept_refuses_a_wrong_edit(folder, capsys):
    folder.edit("accounts", "2017,finance,middle,revised,44,", "2017,finance,middle,revised,45,")
    code, out, err = run(capsys, "accept", "accounts", "--reason", "a slip")
    assert code == 1
    assert err == "convergence: accounts was not accepted: 1 problems; nothing was written\n"
    assert "services is 110, but trade + finance is 111" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "required: COMMAND"),
        (("chek",), "invalid choice: 'chek'"),
        (("accept", "accounts"), "required: --reason"),
        (("accept", "accounts", "--reason", "  "), "--reason is empty"),
        (("accept", "accounts", "--reason", "x", "--date", "31.1.2026"), "is not a day such as"),
        (("check", "--hash-only"), "unrecognized arguments"),
    ],
)
def test_a_command_that_is_not_understood_exits_with_2(folder, capsys, arguments, message):
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert message in err


def test_an_unknown_table_is_told(folder, capsys):
    for arguments in (["check", "acounts"], ["accept", "acounts", "--reason", "x"]):
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (1, "")
        assert err == (
            "convergence: no table 'acounts' in data/datapackage.json: did you mean accounts?\n"
        )


def test_help_has_examples_and_version_is_told(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert 'convergence accept value_added --reason "' in out
    assert run(capsys, "--version")[:2] == (0, f"convergence {convergence.__version__}\n")


def test_a_file_that_may_not_be_read_is_told(folder, capsys, monkeypatch):
    def refused(path, *arguments, **options):
        if str(path).endswith("accounts.csv"):
            raise PermissionError(13, "Permission denied", path)
        return open(path, *arguments, **options)

    monkeypatch.setattr(package, "open", refused, raising=False)
    code, out, _ = run(capsys, "check", "--hashes")
    assert code == 1
    assert "data/accounts.csv cannot be read: Permission denied" in out


def test_a_folder_where_a_file_should_be_is_told(folder, capsys):
    (folder.path / "accounts.csv").unlink()
    (folder.path / "accounts.csv").mkdir()
    code, out, _ = run(capsys, "check", "--hashes")
    assert code == 1
    assert "data/accounts.csv cannot be read: Is a directory" in out


def command(*arguments, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "convergence", *arguments],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_the_command_in_a_process_of_its_own(folder):
    outside = folder.path.parent
    done = command("check", "--hashes", cwd=outside, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    folder.edit("sources", "NBS", "N.B.S.")
    done = command("check", "--hashes", cwd=outside, PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert "\\u2026" in done.stdout and done.stderr == ""
    nowhere = {"cwd": "/", "CONVERGENCE_DATA": ""}
    done = command("check", **nowhere)
    assert done.returncode == 1
    assert done.stderr.startswith("convergence: no data folder: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_leaves_early_is_no_error(folder):
    pipe = subprocess.run(
        [
            "bash", "-o", "pipefail", "-c",
            f"{shlex.quote(sys.executable)} -m convergence check | true; "
            "echo ${PIPESTATUS[0]}",
        ],
        cwd=folder.path.parent, capture_output=True, text=True,
    )  # fmt: skip
    assert pipe.stderr == ""


JUNK = [None, True, 0, -1, 1e308, "", "x", "../x", [], {}, [None], [[]], {"x": {}}, "\0"]


def places(node, path=()):
    """List the paths to every node of a JSON document."""
    yield path
    children = node.items() if isinstance(node, dict) else enumerate(node)
    for key, child in children:
        if isinstance(child, dict | list):
            yield from places(child, (*path, key))
        else:
            yield (*path, key)


def broken(descriptor, path, change):
    """Give the descriptor with one node changed, or taken out."""
    result = copy.deepcopy(descriptor)
    if not path:
        return change
    node = result
    for key in path[:-1]:
        node = node[key]
    if change is KeyError:
        del node[path[-1]]
    else:
        node[path[-1]] = change
    return result


def descriptors(folder, count):
    path = folder.path / "datapackage.json"
    original = json.loads(path.read_text(encoding="utf-8"))
    choose = random.Random(20261122)
    everywhere = list(places(original))
    for _ in range(count):
        yield broken(original, choose.choice(everywhere), choose.choice([KeyError, *JUNK]))


def never_a_traceback(folder, capsys, count):
    # The identities of all kinds, gaps and exceptions are there to be broken too.
    extras = folder.resources["accounts"]["convergence"]
    extras["gaps"] = [{"where": {"sector": ["trade"]}, "years": [2017], "reason": "none"}]
    extras["identities"][0]["unless"] = [{"where": {"year": [2017]}, "reason": "none"}]
    folder.edit("accounts", "2018,trade,early,preliminary,70", "2018,trade,early,preliminary,71")
    folder.save()
    for descriptor in descriptors(folder, count):
        (folder.path / "datapackage.json").write_text(json.dumps(descriptor))
        for arguments in (
            ["check"],
            ["check", "--hashes"],
            ["accept", "accounts", "--reason", "x"],
        ):
            code, _, err = run(capsys, *arguments)
            assert code in (0, 1), descriptor
            assert len(err.splitlines()) <= 1, err


def test_a_broken_descriptor_never_shows_a_traceback(folder, capsys):
    never_a_traceback(folder, capsys, 20)


@pytest.mark.full
def test_hundreds_of_broken_descriptors_never_show_a_traceback(folder, capsys):
    never_a_traceback(folder, capsys, 400)


def test_output_that_is_no_terminal_needs_no_encoding(folder, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert main(["check", "--hashes"]) == 0


def bytes_broken(content, choose):
    """Give a file's bytes with a few of them changed, taken out or put in."""
    result = bytearray(content)
    for _ in range(choose.randint(1, 4)):
        at = choose.randrange(len(result))
        junk = choose.choice([b"", b"\n", b",", b'"', b"\xff", b"\0", b"\r", b"9", b"x", b"-"])
        result[at : at + choose.randint(0, 3)] = junk
    return bytes(result)


@pytest.mark.full
def test_a_hundred_broken_tables_never_show_a_traceback(folder, capsys):
    descriptor = (folder.path / "datapackage.json").read_bytes()
    choose = random.Random(20261122)
    for _ in range(100):
        name = choose.choice(list(folder.resources))
        path = folder.path / f"{name}.csv"
        content = path.read_bytes()
        path.write_bytes(bytes_broken(content, choose))
        for arguments in (["check"], ["accept", name, "--reason", "x"], ["check"]):
            code, _, err = run(capsys, *arguments)
            assert code in (0, 1)
            assert len(err.splitlines()) <= 1, err
        path.write_bytes(content)
        (folder.path / "datapackage.json").write_bytes(descriptor)
        shutil.rmtree(folder.path / "changes", ignore_errors=True)
