"""Write several files of the data folder as one: after a kill all are new, or none.

New files are first written beside the old ones, in a folder of their own. Renaming that folder is
the moment at which the change is made; moving the files to their places can then be finished by
whoever reads the data next.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["finish", "replace_folder", "write"]

UNFINISHED = ".incoming"
COMPLETE = ".accepted"


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files of a folder, all or none.

    Parameters
    ----------
    folder
        The data folder.
    files
        The new content of files, by their path below the folder.

    Raises
    ------
    OSError
        If one cannot be written; then none was changed.
    """
    finish(folder)
    unfinished = folder / UNFINISHED
    if unfinished.exists():
        # Left by a run that was killed before its change was made.
        shutil.rmtree(unfinished)
    try:
        for name, content in files.items():
            path = unfinished / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        os.rename(unfinished, folder / COMPLETE)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    finish(folder)


def finish(folder: Path) -> None:
    """Move the files of a change that was made to their places, if a kill left it half moved.

    Parameters
    ----------
    folder
        The data folder.
    """
    complete = folder / COMPLETE
    if not complete.is_dir():
        return
    for path in sorted(complete.rglob("*")):
        if path.is_file():
            target = folder / path.relative_to(complete)
            target.parent.mkdir(parents=True, exist_ok=True)
            # Another reader may be finishing the same change.
            with contextlib.suppress(FileNotFoundError):
                os.replace(path, target)
    shutil.rmtree(complete, ignore_errors=True)


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
