"""The data package of a book: which file belongs to which table, and what each is made of."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

# The month, as a descriptor writes it.
RELEASED = r"[12]\d{3}-(0[1-9]|1[0-2])"


class PackageError(ValueError):
    """A data package that cannot be read."""


def digest(content: bytes) -> str:
    """Return the SHA-256 of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@lru_cache(maxsize=256)
def _documents(file: Path, changed: int) -> frozenset[tuple[str, str]]:
    """Return the documents that rows of a file are from, each with the vintage of the rows."""
    with file.open(encoding="utf-8", newline="") as rows:
        return frozenset((row["source"], row.get("vintage", "")) for row in csv.DictReader(rows))


@lru_cache(maxsize=16)
def _publishers(file: Path, changed: int) -> dict[str, str]:
    with file.open(encoding="utf-8", newline="") as rows:
        return {row["source"]: row["publisher"] for row in csv.DictReader(rows)}


@dataclass
class DataPackage:
    """A Data Package (datapackage.org) as far as publishing needs it.

    Parameters
    ----------
    path : Path
        Its ``datapackage.json``.

    Raises
    ------
    PackageError
        If the descriptor is missing or is anything but a JSON object with resources.
    """

    path: Path
    resources: dict[str, dict[str, Any]] = field(init=False)
    sources: list[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        try:
            descriptor = json.loads(self.path.read_text("utf-8"))
            self.resources = {resource["name"]: resource for resource in descriptor["resources"]}
        except FileNotFoundError:
            raise PackageError(f"{self.path}: there is no data package here") from None
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise PackageError(f"{self.path}: not valid JSON: {error}") from None
        except (KeyError, TypeError):
            raise PackageError(
                f"{self.path}: expected an object with a list of named resources"
            ) from None
        self.sources = descriptor.get("sources", [])
        for name, resource in self.resources.items():
            if not re.fullmatch(RELEASED, str(resource.get("released", "2000-01"))):
                raise PackageError(
                    f"{self.path}: {name}: released is {resource['released']!r}; expected a month, "
                    'as "2026-04"'
                )

    def table_of(self, file: Path) -> str | None:
        """Return the name of the table that `file` holds, if it holds one."""
        return next((name for name in self.resources if self.file_of(name) == file), None)

    def file_of(self, name: str) -> Path:
        """Return the file of a table."""
        path: str = self.resources[name]["path"]
        return (self.path.parent / path).resolve()

    def title(self, name: str) -> str:
        """Return the title of a table."""
        title: str = self.resources.get(name, {}).get("title", name)
        return title

    def publishers(self, name: str) -> list[str]:
        """Return who published a table: the package's publishers where no table names its own."""
        own = any("sources" in resource for resource in self.resources.values())
        sources = self.resources.get(name, {}).get("sources", [] if own else self.sources)
        return [source["title"] for source in sources if "title" in source]

    def vintages(self, tables: list[dict[str, str]]) -> dict[str, list[str]]:
        """Return, by table, the vintages that figures are from; [] for the newest alone."""
        asked: dict[str, list[str]] = {}
        for table in tables:
            vintages, vintage = asked.setdefault(table["name"], []), table.get("vintage", "newest")
            if vintage not in vintages:
                vintages.append(vintage)
        return {name: [] if found == ["newest"] else found for name, found in asked.items()}

    def released(self, tables: list[dict[str, str]]) -> list[str]:
        """Return the months in which the newest figures of tables were released, the newest first.

        A table counts unless all its figures are from earlier vintages.
        """
        months = {
            self.resources.get(name, {}).get("released")
            for name, asked in self.vintages(tables).items()
            if not asked or "newest" in asked
        }
        return sorted(filter(None, months), reverse=True)

    def cite(self, tables: list[dict[str, str]], sources: Collection[str] = ()) -> str:
        """Return the line that says where figures are from: tables, vintages, publishers."""
        asked = self.vintages(tables)
        named = [
            self.title(name) + (f" (vintage: {', '.join(vintages)})" if vintages else "")
            for name, vintages in asked.items()
        ]
        publishers = self.publishers_of(asked, sources)
        return "; ".join(named) + (f". {'; '.join(publishers)}." if publishers else "")

    def publishers_of(
        self, asked: Mapping[str, Sequence[str]], sources: Collection[str] = ()
    ) -> list[str]:
        """Return who published the figures that were drawn from tables, each publisher once.

        Parameters
        ----------
        asked : mapping
            The tables and their vintages, as `vintages` gives them. A resource that is marked
            ``"lookup": true`` (names of sectors, a map) gives words to figures and no figures: it
            counts only where all are such. Of a table of which vintages were asked for, the rows
            of these count.
        sources : collection of str
            The documents that the figures are from. A table that holds some of them, in its field
            ``source``, counts for the publishers of those alone.
        """
        drawn = [name for name in asked if not self.resources.get(name, {}).get("lookup")]
        return list(
            dict.fromkeys(
                who
                for name in drawn or asked
                for who in self._publishers_of_rows(name, asked[name], sources)
            )
        )

    def _publishers_of_rows(
        self, name: str, vintages: Sequence[str], sources: Collection[str]
    ) -> list[str]:
        held = self.sources_of(name, () if "newest" in vintages else vintages)
        drawn = {source for source in sources if source in held} or (held if vintages else ())
        if not drawn:
            return self.publishers(name)
        found = {held[source] for source in drawn}
        # A descriptor may say more than the name, such as the edition.
        named = [who for who in self.publishers(name) if who.startswith(tuple(found))]
        return named + sorted(
            publisher for publisher in found if not any(who.startswith(publisher) for who in named)
        )

    def sources_of(self, name: str, vintages: Collection[str] = ()) -> dict[str, str]:
        """Return the publisher of each document that rows of a table are from.

        A table names the document of a row in a field ``source``, a foreign key to a table of
        documents with a field ``publisher``. {} for any other table. Of some `vintages`, the
        rows count whose field ``vintage`` has one of them.
        """
        schema = self.resources.get(name, {}).get("schema", {})
        register = next(
            (
                key["reference"]["resource"]
                for key in schema.get("foreignKeys", [])
                if key["fields"] in ("source", ["source"])
            ),
            None,
        )
        if register not in self.resources or self.file_of(name).suffix != ".csv":
            return {}
        file, documents = self.file_of(name), self.file_of(register)
        publishers = _publishers(documents, documents.stat().st_mtime_ns)
        return {
            source: publishers[source]
            for source, vintage in sorted(_documents(file, file.stat().st_mtime_ns))
            if source in publishers and (not vintages or vintage in vintages)
        }

    def fingerprint(self, name: str) -> str:
        """Return what a chapter that read the table depends on: its descriptor and its bytes."""
        if name not in self.resources:
            return "absent"
        file = self.file_of(name)
        described = json.dumps(self.resources[name], sort_keys=True, ensure_ascii=False)
        content = digest(file.read_bytes()) if file.is_file() else "absent"
        return digest(f"{described}\n{content}".encode())
