"""Kernels that are forked from one process which has imported what the chapters import.

A kernel takes more than a second to start and another to import a data frame and a chart library;
a chapter of a book computes for less. The process that is forked from, the *nursery*
(`livebook.nursery`), imports other people's modules only: what a chapter imports of the book
itself is its own dependency.

A fork copies the thread that forks and no other. Kernels are therefore launched one by one, as
Jupyter does, where a fork may hang: on macOS, whose system libraries start threads, and where a
module that the chapters import has started a thread of Python's.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from . import patches

ALWAYS = ("ipykernel.kernelapp", "ipykernel.ipkernel", "vl_convert")
# "0" launches each kernel by itself, "1" forks them; it goes before the configuration.
SWITCH = "LIVEBOOK_FORK_KERNELS"


def forking_is_safe() -> bool:
    """Whether this system can fork a process that has imported large libraries."""
    return hasattr(os, "fork") and sys.platform != "darwin"


def forking_is_wanted(configured: bool) -> bool:
    """Whether to fork kernels: as the environment says, or else as the book is configured."""
    return os.environ.get(SWITCH, str(int(configured))) != "0" and hasattr(os, "fork")


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
            [sys.executable, "-m", "livebook.nursery"],
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

    @cached_property
    def threads(self) -> list[str]:
        """The names of the threads that the imports have started: a fork would lack them."""
        names: list[str] = json.loads(self._answer())
        return names

    def fork(self, arguments: list[str], env: dict[str, str], cwd: str) -> int:
        """Fork a kernel and return its process id."""
        if self.threads:
            raise RuntimeError(f"a fork would lack the threads {', '.join(self.threads)}")
        self._say({"arguments": arguments, "env": env, "cwd": cwd})
        return int(self._answer())

    def _answer(self) -> str:
        assert self.process.stdout is not None
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that kernels are forked from has died")
        return answer

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
        """Fork a kernel instead of executing `cmd`."""
        arguments = patches.kernel_arguments(cmd, self.nursery.process.pid)
        pid = self.nursery.fork(arguments, kwargs["env"], str(kwargs["cwd"]))
        return patches.adopt_process(self, ForkedProcess(pid))
