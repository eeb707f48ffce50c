"""Write a new site beside the old one and put it in its place when it is whole.

Sphinx saves its environment before it writes pages. A build that is cut off in between would leave
old pages that the next build believes to be new. Therefore a build that changes anything writes
every page into a fresh folder, which then takes the place of the site before.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sphinx.application import Sphinx

from . import patches
from .files import write_atomically
from .manifest import MANIFEST, STORE, SUMS, is_current, manifest, note_python, sums


class Site:
    """The site of one build: where it is written, and where it goes."""

    def __init__(self, app: Sphinx):
        self.root = Path(app.srcdir)
        self.final = Path(app.outdir)
        self.store = self.final.parent / STORE
        self.staging = self.store / "staging"
        self.former = self.store / "former"
        self.written = False
        self.recover()
        # Read before the build: a file that is edited during it belongs to the next build.
        self.manifest = manifest(self.root)
        self.current = is_current(self.manifest, self.final)

    def recover(self) -> None:
        """Finish or undo what a build that was cut off left behind."""
        # Sphinx makes an empty folder at the site's place before this code runs.
        if self.former.exists() and not (self.final / SUMS).exists():
            shutil.rmtree(self.final, ignore_errors=True)
            self.former.rename(self.final)
        shutil.rmtree(self.former, ignore_errors=True)
        shutil.rmtree(self.staging, ignore_errors=True)

    def redirect(self, app: Sphinx) -> None:
        """Let Sphinx write into the fresh folder."""
        # MyST-NB writes there at the end even if no page was written.
        (self.staging / "_static").mkdir(parents=True)
        patches.write_into(app, self.staging)
        patches.leave_out_search_index(app.builder)
        if self.current:
            # The fresh folder is empty, so Sphinx would take every page for outdated.
            patches.keep_pages(app.builder)

    def put_in_place(self) -> None:
        """Exchange the old site for the new one."""
        write_atomically(self.staging / MANIFEST, self.manifest)
        write_atomically(self.staging / SUMS, sums(self.staging))
        if self.final.exists():
            self.final.rename(self.former)
        self.final.parent.mkdir(parents=True, exist_ok=True)
        self.staging.rename(self.final)
        note_python(self.store)
        shutil.rmtree(self.former, ignore_errors=True)

    def restore(self, app: Sphinx) -> None:
        """Drop what is left of the fresh folder, and let Sphinx name the site's own place."""
        shutil.rmtree(self.staging, ignore_errors=True)
        patches.write_into(app, self.final)
