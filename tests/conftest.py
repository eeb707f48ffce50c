"""What tests of several folders share: the built site, a server for it, a browser."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import machines
import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
# How long an example takes depends on what else the machine does. A test of speed is a benchmark.
settings.register_profile("book", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("book")


@pytest.fixture(scope="session", autouse=True)
def fonts_of_the_machine(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let browsers see the same fonts on every machine: a Chinese one alone, as readers may have.

    What they show is then the site's own face, or visibly not.
    """
    folder = tmp_path_factory.mktemp("machine")
    machine = machines.environment(folder, "Noto Sans CJK SC")
    os.environ["FONTCONFIG_FILE"] = machine["FONTCONFIG_FILE"]


@pytest.fixture(scope="session")
def repository_files() -> list[Path]:
    """The repository's files, relative to its root: the tracked ones and those about to be."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: which files belong to the repository is not known")
    listed = subprocess.run(
        # A clone that belongs to somebody else is still only listed.
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    names = filter(None, listed.stdout.split("\0"))
    return [Path(name) for name in names if (ROOT / name).is_file()]


@pytest.fixture(scope="session")
def built_site() -> Path:
    """The folder of the book's pages, built from the repository as it stands."""
    # Tests may run in several processes: the first builds, the others then find nothing to do.
    (ROOT / "_build").mkdir(exist_ok=True)
    with (ROOT / "_build" / "tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build = subprocess.run(
            [sys.executable, "-m", "livebook", "build", "."],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    if build.returncode:
        pytest.fail(f"the book does not build:\n{build.stdout[-4000:]}", pytrace=False)
    return ROOT / "_build" / "html"


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and keeps its log to itself."""

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def site_url(built_site: Path) -> Iterator[str]:
    """The address, without a closing slash, at which the built site is served."""
    handler = partial(QuietHandler, directory=str(built_site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


# By module, not by session: while it is open, Playwright keeps an event loop running in this
# thread, and whatever calls asyncio.run there (the execution of a notebook) fails.
@pytest.fixture(scope="module")
def start_browser() -> Iterator[Callable[..., Browser]]:
    """Start a Chromium that can reach this machine only; a missing one is a failure, not a skip."""
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    if executable is None:
        pytest.fail("no browser: install Chromium (Debian: make browser)", pytrace=False)
    with sync_playwright() as playwright:

        def start(env: dict[str, str] | None = None) -> Browser:
            return playwright.chromium.launch(
                executable_path=executable,
                chromium_sandbox=os.geteuid() != 0,  # root has none
                env=env,
                args=[
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-quic",
                    "--disable-sync",
                    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                    "--no-first-run",
                ],
            )

        yield start


@pytest.fixture(scope="module")
def browser(start_browser: Callable[..., Browser]) -> Iterator[Browser]:
    """A browser on this machine."""
    chromium = start_browser()
    yield chromium
    chromium.close()
