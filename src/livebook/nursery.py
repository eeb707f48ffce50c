"""The process that kernels are forked from, and what a kernel is given before its first cell.

It runs as ``python -m livebook.nursery`` and imports as little of livebook as it can: a chapter
depends on each module of livebook that its kernel has imported.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterable


def main() -> None:
    """Import what the first line of input names, then fork a kernel for each line that follows.

    The first line of the answer names the threads that the imports have started, the next lines
    give the process ids of the kernels.
    """
    import_modules(json.loads(sys.stdin.readline()))
    # Imported objects stay: the collectors of the kernels skip them, and their memory stays shared.
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print(json.dumps([thread.name for thread in threading.enumerate()[1:]]), flush=True)
    for line in iter(sys.stdin.readline, ""):
        with warnings.catch_warnings():
            # Python 3.12 counts the threads of NumPy and Arrow, which prepare for a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            _become_kernel(**json.loads(line))
        print(pid, flush=True)


def import_modules(names: Iterable[str]) -> None:
    """Import modules; one that cannot be imported fails in the chapter that imports it."""
    for name in names:
        # What a module prints must not be taken for an answer of the nursery.
        with contextlib.suppress(Exception), contextlib.redirect_stdout(sys.stderr):
            importlib.import_module(name)


def distrust_bytecode(folder: str) -> None:
    """Let modules that are imported from now on be compiled from their source.

    Compiled code is trusted by time and size: a module that was edited within the second, and
    kept its size, would run as it was before.
    """
    sys.dont_write_bytecode = True
    sys.pycache_prefix = os.path.join(folder, "pycache")


def _become_kernel(arguments: list[str], env: dict[str, str], cwd: str) -> None:
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    # The pipes belong to the nursery: a print of a chapter must not answer for it.
    for stream in (0, 1):
        os.dup2(nothing, stream)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["livebook-kernel", *arguments]
    # As `python -m ipykernel_launcher` does: nothing is imported from the chapter's folder by name.
    sys.path[:] = [place for place in sys.path if place]
    distrust_bytecode(env["IPYTHONDIR"])
    try:
        from ipykernel.kernelapp import IPKernelApp

        IPKernelApp.launch_instance(argv=arguments)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
