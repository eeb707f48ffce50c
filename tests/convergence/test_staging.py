"""Several files as one change: all or none, one writer at a time, nothing lost in a race."""

from __future__ import annotations

import subprocess
import sys

import pytest

from convergence.files import staging


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a").write_bytes(b"old a")
    return tmp_path


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_files_are_written_and_nothing_else_is_left(folder):
    staging.write(folder, {"a": b"new a", "below/b": b"b"}, {"a": b"old a", "below/b": None})
    assert content(folder) == {"a": b"new a", "below/b": b"b"}
    assert sorted(path.name for path in folder.iterdir()) == ["a", "below"]


@pytest.mark.parametrize("read", [{"a": b"older a"}, {"a": None}, {"c": b"c"}])
def test_a_file_that_is_not_as_it_was_read_stops_the_change(folder, read):
    (name,) = read
    with pytest.raises(staging.ChangedError, match=f"{name} was changed by somebody else"):
        staging.write(folder, {"a": b"new a", "b": b"b"}, read)
    assert content(folder) == {"a": b"old a"}


def test_looking_and_finishing_where_nothing_was_cut_off_touch_nothing(folder):
    folder.chmod(0o555)
    assert not staging.is_cut_off(folder)
    assert staging.finish(folder) == []
    folder.chmod(0o755)


def test_what_was_cut_off_is_finished_once(folder):
    (folder / staging.COMPLETE / "below").mkdir(parents=True)
    (folder / staging.COMPLETE / "a").write_bytes(b"new a")
    (folder / staging.COMPLETE / "below" / "b").write_bytes(b"b")
    assert staging.is_cut_off(folder)
    assert staging.finish(folder) == ["a", "below/b"]
    assert content(folder) == {"a": b"new a", "below/b": b"b"}
    assert staging.finish(folder) == []


WRITER = """
import sys
from pathlib import Path
from convergence.files import staging
folder, name = Path(sys.argv[1]), sys.argv[2]
done = 0
while done < 40:
    before = (folder / "count").read_bytes()
    try:
        staging.write(folder, {"count": b"%d" % (int(before) + 1), name: before}, {"count": before})
        done += 1
    except staging.ChangedError:
        pass
"""


def test_two_writers_at_once_lose_no_change(tmp_path):
    (tmp_path / "count").write_bytes(b"0")
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name]) for name in "xy"
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    assert (tmp_path / "count").read_bytes() == b"80"


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    ready, target = tmp_path / "ready", tmp_path / "target"
    for number in ("1", "2"):
        ready.mkdir()
        (ready / number).write_text(number)
        staging.replace_folder(ready, target)
        assert [path.name for path in target.iterdir()] == [number]
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_folder_that_cannot_be_replaced_stays(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "old").write_text("old")
    with pytest.raises(FileNotFoundError):
        staging.replace_folder(tmp_path / "missing", target)
    assert content(tmp_path) == {"target/old": b"old"}
