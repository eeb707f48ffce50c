"""Kernels that are forked from one process which has imported what the chapters import.

A kernel takes more than a second to start and another to import a data frame and a chart library;
a chapter of a book computes for less. The process that is forked from, the *nursery*, imports other
people's modules only: what a chapter imports of the book itself is its own dependency.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

ALWAYS = ("ipykernel.kernelapp", "ipykernel.ipkernel", "vl_convert")


def foreign_modules(codes: Iterable[str], root: Path) -> list[str]:
    """Return the modules imported by the cells that belong neither to the book nor to livebook."""
    named: set[str] = set()
    for code in codes:
        try:
            tree = ast.parse(code)
        except SyntaxError:
            # A magic, or a mistake that the chapter's own run will show.
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                named.add(node.module)
    return sorted(name for name in named if _is_foreign(name.partition(".")[0], root))


def _is_foreign(package: str, root: Path) -> bool:
    if package == "livebook":
        return False
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return False
    if spec is None:
        return False
    places = [spec.origin] if spec.has_location else list(spec.submodule_search_locations or [])
    return not any(
        Path(place).resolve().is_relative_to(root) and ".venv" not in Path(place).parts
        for place in places
        if place
    )


class Nursery:
    """The process that kernels are forked from; it ends with the block that opened it.

    Parameters
    ----------
    modules : list of str
        What to import before the first fork.
    env : dict
        The environment of the process; a kernel's own is set after the fork.
    """

    def __init__(self, modules: list[str], env: dict[str, str]):
        self.modules = modules
        self.env = env

    def __enter__(self) -> Nursery:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "livebook.kernels"],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C is for the build, which ends its kernels in order.
            start_new_session=True,
        )
        self._say([*ALWAYS, *self.modules])
        return self

    def __exit__(self, *args: object) -> None:
        self.process.communicate()

    def fork(self, arguments: list[str], env: dict[str, str], cwd: str) -> int:
        """Fork a kernel and return its process id."""
        self._say({"arguments": arguments, "env": env, "cwd": cwd})
        assert self.process.stdout is not None
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that kernels are forked from has died")
        return int(answer)

    def _say(self, message: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()


class ForkedProcess:
    """The part of `subprocess.Popen` that a provisioner needs, for a process of the nursery's."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int):
        self.pid = pid

    def poll(self) -> int | None:
        """Return None while the process lives; the nursery lets the dead vanish at once."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self) -> int:
        """Return at once: it is called when `poll` has seen the end."""
        return 0

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)


class ForkingProvisioner(LocalProvisioner):
    """Launches a kernel as a fork of the nursery."""

    nursery: Nursery

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork instead of executing `cmd`, whose arguments from ``-f`` on are the kernel's."""
        arguments = cmd[cmd.index("-f") :]
        self.pid = self.nursery.fork(arguments, kwargs["env"], str(kwargs["cwd"]))
        self.process = ForkedProcess(self.pid)
        self.pgid = self.pid
        return self.connection_info


def main() -> None:
    """Import what the first line of input names, then fork a kernel for each line that follows."""
    for name in json.loads(sys.stdin.readline()):
        # What cannot be imported fails in the chapter that wants it, where a reader sees why.
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    # What is imported stays: no kernel's collector walks it, and its memory stays shared.
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in iter(sys.stdin.readline, ""):
        pid = os.fork()
        if pid == 0:
            _become_kernel(**json.loads(line))
        print(pid, flush=True)


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
    # A kernel whose parent is gone ends: a killed build leaves nothing running.
    arguments = [*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"]
    sys.argv = ["livebook-kernel", *arguments]
    # As `python -m ipykernel_launcher` does: the chapter's folder is no place to import from.
    sys.path[:] = [place for place in sys.path if place]
    # Compiled code is trusted by time and size: a module that was edited within the second, and
    # kept its size, would run as it was before.
    sys.dont_write_bytecode = True
    sys.pycache_prefix = os.path.join(env["IPYTHONDIR"], "pycache")
    try:
        from ipykernel.kernelapp import IPKernelApp

        IPKernelApp.launch_instance(argv=arguments)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
