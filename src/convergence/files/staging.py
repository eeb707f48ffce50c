"""Write several files of a folder as one change: after a kill all are new, or all are old.

The new files are first written into a folder of their own beside the old ones. Renaming that
folder is the moment of the change. What is left, moving the files to their places, is done at once,
and by `finish` if the process was killed before its end.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["ChangedError", "finish", "is_cut_off", "replace_folder", "write"]

UNFINISHED = ".incoming"
COMPLETE = ".accepted"


class ChangedError(Exception):
    """A file changed between the reading and the writing; nothing was written.

    ``file`` is its path below the folder.
    """

    def __init__(self, file: str):
        super().__init__(f"{file} was changed by somebody else meanwhile")
        self.file = file


def write(
    folder: Path, files: Mapping[str, bytes], read: Mapping[str, bytes | None] | None = None
) -> None:
    """Write files of a folder, all or none.

    Two processes that write at the same time wait for each other (on Linux and macOS; Windows has
    no such lock for a folder). The later one is refused if the earlier one changed what it read.

    Parameters
    ----------
    folder
        The folder, which exists.
    files
        The new content of files, by their path below the folder, with ``/`` between names.
    read
        What the change was computed from: the content of files when they were read, by their path;
        None for a file that was not there.

    Raises
    ------
    ChangedError
        If one of the files in `read` has another content now; then nothing was written.
    OSError
        If a file cannot be written; then nothing was written either.
    """
    with _alone(folder):
        _finish(folder)
        unfinished = folder / UNFINISHED
        if unfinished.exists():
            # A run that was killed before its change was made left this.
            shutil.rmtree(unfinished)
        for name, content in (read or {}).items():
            if _content(folder / name) != content:
                raise ChangedError(name)
        try:
            for name, content in files.items():
                _write_through(unfinished / name, content)
            os.rename(unfinished, folder / COMPLETE)
        except OSError:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        _finish(folder)


def is_cut_off(folder: Path) -> bool:
    """Tell whether a change of the folder was made, but not all files are in their places yet."""
    return (folder / COMPLETE).is_dir()


def finish(folder: Path) -> list[str]:
    """Move the files of a change that was cut off to their places.

    Parameters
    ----------
    folder
        The folder that `write` wrote to. It is not touched if nothing was cut off.

    Returns
    -------
    list of str
        The paths of the moved files, below the folder; empty if there was nothing to do.

    Raises
    ------
    OSError
        If a file cannot be moved.
    """
    if not is_cut_off(folder):
        return []
    with _alone(folder):
        return _finish(folder)


def replace_folder(ready: Path, target: Path) -> None:
    """Put a finished folder in the place of another, which is removed last.

    Parameters
    ----------
    ready
        The new folder; it is moved. It must be on the same disk as the target.
    target
        Where it belongs; a folder that stands there is replaced as a whole.

    Raises
    ------
    OSError
        If it cannot be moved; then the old folder stands where it stood.
    """
    if not target.exists():
        os.replace(ready, target)
        return
    before = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    os.replace(target, before)
    try:
        os.replace(ready, target)
    except OSError:
        os.replace(before, target)
        raise
    shutil.rmtree(before)


def _finish(folder: Path) -> list[str]:
    complete = folder / COMPLETE
    if not complete.is_dir():
        return []
    moved = []
    for path in sorted(complete.rglob("*")):
        if path.is_file():
            name = path.relative_to(complete)
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)
            moved.append(name.as_posix())
    shutil.rmtree(complete)
    return moved


def _write_through(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system releases when the process ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)
