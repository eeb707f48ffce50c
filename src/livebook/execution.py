"""Run the chapters whose code, tables, modules or environment changed, and keep the rest.

A chapter's record holds what the chapter depended on when it last ran, as seen from inside its
kernel (`livebook.trace`), and the outputs of its cells. It is fresh while none of that has changed.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from . import charts, facts, patches
from .datapackage import DataPackage, digest
from .files import write_atomically
from .kernels import ForkingProvisioner, Nursery, foreign_modules, forking_is_wanted

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
LAST_LINES = 12
KERNEL_ENVIRONMENT = {
    "LIVEBOOK_BUILD": "1",
    # The order of a set, and of a chart made from one, would change from run to run.
    "PYTHONHASHSEED": "0",
}


class ChapterError(Exception):
    """Chapters that could not be executed; the text says which cells, and why."""


@dataclass
class Chapter:
    """A document of the book that holds code."""

    docname: str
    path: Path
    notebook: nbformat.NotebookNode
    given: list[dict[str, Any]] = field(default_factory=list)
    """The facts of other chapters that it asked for; see `livebook.stated`."""

    @property
    def wants(self) -> str | None:
        """The start of the names of the facts for which its front matter asks; None without one."""
        wanted: str | None = self.notebook.metadata.get("livebook", {}).get("facts")
        return wanted

    @property
    def code(self) -> str:
        """The fingerprint of its code cells, without its prose."""
        cells = [
            [cell.source, cell.metadata.get("tags", [])]
            for cell in self.notebook.cells
            if cell.cell_type == "code"
        ]
        kernel = self.notebook.metadata.get("kernelspec", {}).get("name", "python3")
        return digest(json.dumps([kernel, cells]).encode())


@dataclass
class Record:
    """What a chapter depended on when it ran, and what its code cells gave."""

    code: str
    environment: str
    given: str
    tables: dict[str, str]
    files: dict[str, str]
    modules: dict[str, str]
    outputs: list[list[dict[str, Any]]]

    @property
    def digest(self) -> str:
        """The fingerprint of the whole record, by which a damaged one is recognised."""
        return digest(json.dumps(vars(self), sort_keys=True).encode())

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the outputs: pages are read again when it changes."""
        return digest(json.dumps([self.outputs, sorted(self.tables)], sort_keys=True).encode())

    def stated_facts(self, document: str) -> Iterator[dict[str, Any]]:
        """Yield what the cells stated as facts, each with its `document` and `cell`."""
        for cell, outputs in enumerate(self.outputs, 1):
            for output in outputs:
                if payload := output.get("data", {}).get(facts.MIME_TYPE):
                    yield {**payload, "document": document, "cell": cell}


@dataclass
class Workshop:
    """Where a book's chapters run and where their records are kept.

    Parameters
    ----------
    root : Path
        The book's folder.
    store : Path
        The folder of the records.
    package : DataPackage or None
        The data package, where the book has one.
    lock : Path
        The locked environment; a book without one depends on the interpreter alone.
    timeout : int
        Seconds that one cell may take; -1 for no limit.
    fork : bool
        Whether to fork the kernels from one process; the environment may say otherwise
        (`livebook.kernels.SWITCH`).
    """

    root: Path
    store: Path
    package: DataPackage | None
    lock: Path
    timeout: int = -1
    fork: bool = True

    @property
    def environment(self) -> str:
        """The fingerprint of the interpreter and the locked environment."""
        lock = self.lock.read_bytes() if self.lock.is_file() else b""
        return digest(f"{sys.version_info[:3]}\n".encode() + lock)

    def record_file(self, docname: str) -> Path:
        """Return the file that keeps the record of a chapter."""
        return self.store / f"{docname}.json"

    def fresh_record(self, chapter: Chapter) -> Record | None:
        """Return the chapter's record if nothing that it depends on has changed."""
        try:
            kept = json.loads(self.record_file(chapter.docname).read_text("utf-8"))
            record = Record(**kept["record"])
        except (OSError, ValueError, TypeError, KeyError):
            return None
        if kept.get("digest") != record.digest:
            return None
        if (record.code, record.environment) != (chapter.code, self.environment):
            return None
        if record.given != _fingerprint_of(chapter.given):
            return None
        for table, fingerprint in record.tables.items():
            if self.package is None or self.package.fingerprint(table) != fingerprint:
                return None
        for name, fingerprint in (record.files | record.modules).items():
            if _file_fingerprint(self._absolute(name)) != fingerprint:
                return None
        return record

    def keep(self, chapter: Chapter, record: Record) -> None:
        """Write the chapter's record."""
        kept = {"digest": record.digest, "record": vars(record)}
        write_atomically(
            self.record_file(chapter.docname),
            json.dumps(kept, ensure_ascii=False, indent=1).encode(),
        )

    def record_of(self, chapter: Chapter, seen: Mapping[str, list[str]]) -> Record:
        """Return the record of a chapter that has just run and was `seen` to read files."""
        tables, files = {}, {}
        for name in seen["files"]:
            path = Path(name)
            if path == chapter.path:
                continue
            table = self.package.table_of(path) if self.package else None
            if table and self.package:
                tables[table] = self.package.fingerprint(table)
            elif not (self.package and path == self.package.path.resolve()):
                # A table's fingerprint holds its part of the descriptor; the rest does not count.
                files[self._relative(path)] = _file_fingerprint(path)
        return Record(
            code=chapter.code,
            environment=self.environment,
            given=_fingerprint_of(chapter.given),
            tables=tables,
            files=files,
            modules={
                self._relative(Path(name)): _file_fingerprint(Path(name))
                for name in seen["modules"]
            },
            outputs=[
                [_clean(output) for output in cell.outputs]
                for cell in chapter.notebook.cells
                if cell.cell_type == "code"
            ],
        )

    def check_unchanged(self, record: Record, begun: int) -> None:
        """Raise `ChapterError` where a file was edited after the chapter that reads it began."""
        tables = [self.package.file_of(name) for name in record.tables] if self.package else []
        files = [self._absolute(name) for name in record.files | record.modules]
        for path in [*tables, *files]:
            if path.is_file() and begun <= path.stat().st_mtime_ns <= time.time_ns():
                raise ChapterError(f"{path} was edited while a chapter read it; build again")

    def _relative(self, path: Path) -> str:
        return (
            path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)
        )

    def _absolute(self, name: str) -> Path:
        return self.root / name


def _file_fingerprint(path: Path) -> str:
    try:
        return digest(path.read_bytes())
    except OSError:
        return "absent"


def _fingerprint_of(given: list[dict[str, Any]]) -> str:
    return digest(json.dumps(given, sort_keys=True).encode())


def _clean(output: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(json.dumps(output))
    kept.pop("execution_count", None)
    return kept


def bring_up_to_date(
    chapters: Iterable[Chapter], workshop: Workshop, say: Callable[[str], None]
) -> dict[str, Record]:
    """Run each chapter that is not fresh, as many at once as there are cores.

    A chapter that asks for the facts of others runs after all that do not.

    Parameters
    ----------
    chapters : iterable of Chapter
    workshop : Workshop
    say : callable
        Gets one line of progress per chapter.

    Returns
    -------
    dict of str to Record
        By document name.

    Raises
    ------
    ChapterError
        If a chapter fails, after the others have finished: chapter, cell, code, error, output.
    """
    records: dict[str, Record] = {}
    chapters = list(chapters)
    stating = [chapter for chapter in chapters if chapter.wants is None]
    asking = [chapter for chapter in chapters if chapter.wants is not None]
    with contextlib.ExitStack() as stack:
        nursery, opened = None, False
        for wave in (stating, asking):
            stale = _stale(wave, records, workshop, say)
            if stale and not opened:
                nursery = _open_nursery([*stale, *asking], workshop, stack, say)
                opened = True
            if stale:
                records |= asyncio.run(_run_all(stale, workshop, nursery, say))
    return records


def _stale(
    chapters: list[Chapter],
    records: dict[str, Record],
    workshop: Workshop,
    say: Callable[[str], None],
) -> list[Chapter]:
    """Add the records that are fresh to `records`; return the chapters that have none.

    The chapters with the most code come first, so that no core waits for one that began last.
    """
    given = {chapter.docname: _stated(records, chapter.wants) for chapter in chapters}
    stale = []
    for chapter in chapters:
        chapter.given = given[chapter.docname]
        record = workshop.fresh_record(chapter)
        if record is None:
            stale.append(chapter)
        else:
            records[chapter.docname] = record
            say(f"{chapter.docname}: unchanged")
    return sorted(stale, key=lambda chapter: -len("".join(_codes(chapter))))


def _open_nursery(
    chapters: list[Chapter],
    workshop: Workshop,
    stack: contextlib.ExitStack,
    say: Callable[[str], None],
) -> Nursery | None:
    """Open the process that the kernels of `chapters` are forked from.

    None stands for kernels that are launched one by one.
    """
    if not forking_is_wanted(workshop.fork):
        say("kernels are launched one by one: forking is switched off")
        return None
    codes = [code for chapter in chapters for code in _codes(chapter)]
    modules = foreign_modules(codes, workshop.root)
    environment = dict(os.environ) | KERNEL_ENVIRONMENT
    nursery = stack.enter_context(Nursery(modules, environment))
    if nursery.threads:
        names = ", ".join(nursery.threads)
        say(f"kernels are launched one by one: what the chapters import started threads ({names})")
        return None
    return nursery


def _stated(records: Mapping[str, Record], prefix: str | None) -> list[dict[str, Any]]:
    """Return the facts whose names start with `prefix`; none where it is None."""
    return [
        fact
        for docname, record in sorted(records.items())
        for fact in record.stated_facts(docname)
        if prefix is not None and fact["name"].startswith(prefix)
    ]


async def _run_all(
    chapters: list[Chapter],
    workshop: Workshop,
    nursery: Nursery | None,
    say: Callable[[str], None],
) -> dict[str, Record]:
    places = asyncio.Semaphore(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
                               else os.cpu_count() or 1)  # fmt: skip
    done = 0

    async def run(chapter: Chapter) -> Record | ChapterError:
        nonlocal done
        async with places:
            start, begun = time.perf_counter(), time.time_ns()
            try:
                record = await _run(chapter, workshop, nursery)
                workshop.check_unchanged(record, begun)
                check_tables(chapter, record, workshop.package)
            except ChapterError as error:
                return error
            done += 1
            seconds = time.perf_counter() - start
            say(f"{chapter.docname}: run in {seconds:.1f} s ({done} of {len(chapters)})")
            workshop.keep(chapter, record)
            return record

    results = await asyncio.gather(*(run(chapter) for chapter in chapters))
    failures = [result for result in results if isinstance(result, ChapterError)]
    if failures:
        raise ChapterError("\n\n".join(str(failure) for failure in failures))
    return {
        chapter.docname: result
        for chapter, result in zip(chapters, results, strict=True)
        if isinstance(result, Record)
    }


class _TracedClient(NotebookClient):
    """A notebook client whose kernel records what it reads, from before the first cell."""

    running = 0

    async def traced_execute(
        self, root: Path, env: dict[str, str], cwd: Path, preparation: str
    ) -> dict[str, list[str]]:
        """Run the preparation and then the cells; return what the cells have read."""
        async with self._kernel(env=env, cwd=str(cwd)):
            watching = "import livebook.trace as _trace; _trace.start(); del _trace"
            await self._silently(f"{preparation}\n{watching}")
            for index, cell in enumerate(self.nb.cells):
                self.running = index
                await self.async_execute_cell(cell, index)
            reply = await self._silently(
                "", seen=f"__import__('json').dumps(__import__('livebook.trace').trace"
                f".report({str(root)!r}))"
            )  # fmt: skip
            text = reply["content"]["user_expressions"]["seen"]["data"]["text/plain"]
            # The reply is the repr of a JSON text.
            seen: dict[str, list[str]] = json.loads(ast.literal_eval(text))
            return seen

    @contextlib.asynccontextmanager
    async def _kernel(self, **options: Any) -> AsyncIterator[None]:
        """Start the kernel, and end it with the block.

        nbclient's own block takes over the signals of the process. Ctrl-C would then end the
        kernel of one chapter, and the others would go on.
        """
        manager: Any = self.km
        await self.async_start_new_kernel(**options)
        try:
            await self.async_start_new_kernel_client()
            yield
        finally:
            if self.kc is not None:
                self.kc.stop_channels()
            # It has nothing to save; asked to end, it would print that it was interrupted.
            await manager.shutdown_kernel(now=True)

    async def _silently(self, code: str, **expressions: str) -> dict[str, Any]:
        client: Any = self.kc
        reply: dict[str, Any] = await client.execute(
            code, silent=True, store_history=False, user_expressions=expressions,
            reply=True, timeout=60,
        )  # fmt: skip
        if reply["content"]["status"] != "ok":
            raise ChapterError(
                "the kernel cannot import livebook: is it installed in the kernel's environment?\n"
                + ANSI.sub("", "\n".join(reply["content"].get("traceback", [])))
            )
        return reply


async def _run(chapter: Chapter, workshop: Workshop, nursery: Nursery | None) -> Record:
    with tempfile.TemporaryDirectory(prefix="livebook-") as settings:
        # The startup files of whoever builds the book must not run in it.
        env = dict(os.environ) | KERNEL_ENVIRONMENT | {"IPYTHONDIR": settings}
        if chapter.wants is not None:
            given = Path(settings) / "facts.json"
            given.write_text(json.dumps(chapter.given), "utf-8")
            env[facts.STATED] = str(given)
        manager, preparation = _kernel_manager(chapter, workshop, nursery, settings)
        client = _TracedClient(
            chapter.notebook,
            km=manager,
            timeout=workshop.timeout if workshop.timeout > 0 else None,
            record_timing=False,
            coalesce_streams=True,
            extra_arguments=["--HistoryManager.enabled=False"],
            resources={"metadata": {"path": str(chapter.path.parent)}},
        )
        try:
            seen = await client.traced_execute(workshop.root, env, chapter.path.parent, preparation)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise ChapterError(_failure(chapter, client.running, error)) from None
        except ChapterError as error:
            raise ChapterError(f"{chapter.docname}: {error}") from None
    return workshop.record_of(chapter, seen)


def _kernel_manager(
    chapter: Chapter, workshop: Workshop, nursery: Nursery | None, settings: str
) -> tuple[AsyncKernelManager, str]:
    """Return the manager of a chapter's kernel, and the code that prepares a launched kernel.

    A launched kernel imports what a forked one has of its nursery, before it is watched.
    """
    name = chapter.notebook.metadata.get("kernelspec", {}).get("name", "python3")
    manager = AsyncKernelManager(
        kernel_name=name,
        # The sockets lie in a private folder: no port can be taken, nobody can listen.
        connection_file=os.path.join(settings, "kernel.json"),
        transport="ipc" if hasattr(os, "fork") else "tcp",
    )
    if name == "python3" and nursery is not None:
        provisioner = ForkingProvisioner(
            parent=manager, kernel_id=chapter.docname, kernel_spec=manager.kernel_spec
        )
        provisioner.nursery = nursery
        patches.use_provisioner(manager, provisioner)
        return manager, ""
    modules = foreign_modules(_codes(chapter), workshop.root)
    return manager, (
        "import livebook.nursery as _nursery\n"
        f"_nursery.import_modules({modules!r})\n"
        f"_nursery.distrust_bytecode({settings!r})\n"
        "del _nursery"
    )


def _failure(chapter: Chapter, running: int, error: Exception) -> str:
    cell = chapter.notebook.cells[running]
    cells_so_far = chapter.notebook.cells[: running + 1]
    number = sum(reached.cell_type == "code" for reached in cells_so_far)
    problem = next(
        (f"{output.ename}: {output.evalue}" for output in cell.outputs
         if output.output_type == "error"),
        ANSI.sub("", str(error)).strip(),
    )  # fmt: skip
    printed = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    parts = [f"{chapter.path.name} ({chapter.docname}), cell {number}: {problem}", "its code:"]
    parts += [f"    {line}" for line in cell.source.splitlines()]
    if printed.strip():
        parts.append("its last output:")
        parts += [f"    {line}" for line in ANSI.sub("", printed).splitlines()[-LAST_LINES:]]
    return "\n".join(parts)


def _codes(chapter: Chapter) -> list[str]:
    return [cell.source for cell in chapter.notebook.cells if cell.cell_type == "code"]


def check_tables(chapter: Chapter, record: Record, package: DataPackage | None) -> None:
    """Raise `ChapterError` where a fact or a chart names a table that was not read."""
    known = package.resources if package else {}
    for number, outputs in enumerate(record.outputs, 1):
        for output in outputs:
            for kind, mime in (("fact", facts.MIME_TYPE), ("chart", charts.MIME_TYPE)):
                payload = output.get("data", {}).get(mime)
                for table in payload["tables"] if payload else []:
                    if table["name"] not in known:
                        problem = f"no such table; the data package has {sorted(known)}"
                    elif table["name"] not in record.tables:
                        problem = f"the chapter did not read it; it read {sorted(record.tables)}"
                    else:
                        continue
                    raise ChapterError(
                        f"{chapter.path.name} ({chapter.docname}), cell {number}: "
                        f"{kind} {payload['name']!r} names table {table['name']!r}: {problem}"
                    )
                if unheld := _sources_in_no_table(payload, package):
                    raise ChapterError(
                        f"{chapter.path.name} ({chapter.docname}), cell {number}: "
                        f"{kind} {payload['name']!r} names the source {unheld[0]!r}, which no row "
                        f"of its tables has"
                    )


def _sources_in_no_table(payload: dict[str, Any] | None, package: DataPackage | None) -> list[str]:
    if not payload or not package:
        return []
    held = {source for table in payload["tables"] for source in package.sources_of(table["name"])}
    return [source for source in payload.get("sources", []) if source not in held]
