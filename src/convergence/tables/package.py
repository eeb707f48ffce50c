"""The data package on disk: where it is, what it describes, whether its files are as accepted."""

from __future__ import annotations

import builtins
import difflib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from convergence.files import staging

DESCRIPTOR = "datapackage.json"
FILL_IN = "FILL IN"  # what a person has to write in the description of a new table
SHOWN = 20  # lines of a list on a terminal


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a table: where, what was found, what was expected.

    ``row`` counts as a spreadsheet does: the header is row 1.
    """

    table: str
    file: str
    row: int | None
    field: str | None
    found: str
    expected: str
    rule: str

    def __str__(self) -> str:
        row = f", row {self.row}" if self.row else ""
        field = f", field {self.field}" if self.field else ""
        return (
            f"{self.file}{row}{field}: found {self.found}; expected {self.expected} [{self.rule}]"
        )


class TableError(ValueError):
    """A table, or the data package that describes it, is wrong, or does not have what is asked for.

    Its argument is a sentence, or the `Problem` that says where. Arguments that no table could
    satisfy raise ValueError or TypeError instead.
    """


class ProblemsError(TableError):
    """Something was refused for several reasons; ``problems`` holds them."""

    def __init__(self, sentence: str, problems: Iterable[Problem]):
        super().__init__(sentence)
        self.problems = list(problems)


@dataclass(frozen=True)
class Resource:
    """One table of the package: its descriptor, and the way to its bytes."""

    folder: Path
    descriptor: dict[str, Any]

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.descriptor["name"]

    @property
    def file(self) -> str:
        """The file as people name it: ``data/value_added.csv``."""
        return f"{self.folder.name}/{self.descriptor['path']}"

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.folder / self.descriptor["path"]

    @property
    def fields(self) -> dict[str, dict[str, Any]]:
        """Descriptors of the fields, by name, in the order of the columns."""
        return {field["name"]: field for field in self.descriptor["schema"]["fields"]}

    @property
    def primary_key(self) -> list[str]:
        """Fields that together are different in every row."""
        key = self.descriptor["schema"].get("primaryKey", [])
        return [key] if isinstance(key, str) else list(key)

    @property
    def extras(self) -> dict[str, Any]:
        """What the Data Package standard has no word for: observation, gaps, identities, breaks."""
        return self.descriptor.get("convergence", {})

    def bytes(self) -> bytes:
        """Read the file, whether or not it is the accepted one."""
        # A build records what a chapter reads by an audit hook on the builtin open; pandas' and
        # pyarrow's own readers would escape it.
        try:
            with open(self.path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            raise TableError(
                f"{self.file} is missing, though {self.folder.name}/{DESCRIPTOR} describes it as "
                f"table {self.name!r}"
            ) from None
        except OSError as error:
            raise TableError(f"{self.file} cannot be read: {error.strerror}") from None
        except ValueError:
            raise TableError(f"{self.file!r} is no name that a file can have") from None

    def hash_problem(self, data: builtins.bytes) -> Problem | None:
        """Say how `data` differs from the file that was accepted, or None if it is that file."""
        found, expected = digest(data), self.descriptor.get("hash")
        if found == expected and len(data) == self.descriptor.get("bytes"):
            return None
        if not expected:
            return Problem(
                self.name,
                self.file,
                None,
                None,
                "a new table, which nobody has accepted yet",
                f"an accepted file. Then run: {accept_command(self.name)}",
                "hash",
            )
        return Problem(
            self.name,
            self.file,
            None,
            None,
            f"{str(found)[:19]}… ({len(data)} bytes)",
            f"the accepted file, {str(expected)[:19]}… ({self.descriptor.get('bytes')} bytes). Is "
            f"the edit meant? Then run: {accept_command(self.name)}",
            "hash",
        )

    def accepted_bytes(self) -> builtins.bytes:
        """Read the file and make sure that it is the accepted one.

        Raises
        ------
        TableError
            If the file cannot be read, or if its sha256 is not the recorded one.
        """
        data = self.bytes()
        if problem := self.hash_problem(data):
            raise TableError(problem)
        return data


@dataclass(frozen=True)
class Package:
    """The folder with ``datapackage.json``, and the tables described there.

    ``content`` is that file as it was read, so that a change can be refused if it is another one
    when the change is written.
    """

    folder: Path
    descriptor: dict[str, Any]
    content: bytes

    @property
    def resources(self) -> dict[str, Resource]:
        """The tables, by name."""
        return {
            descriptor["name"]: Resource(self.folder, descriptor)
            for descriptor in self.descriptor["resources"]
        }

    def resource(self, name: str) -> Resource:
        """Find a table by name.

        Raises
        ------
        TableError
            If no table has this name; the message lists similar names, or all.
        """
        resources = self.resources
        if name in resources:
            return resources[name]
        near = difflib.get_close_matches(str(name), resources, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(resources)}"
        raise TableError(f"no table {name!r} in {self.folder.name}/{DESCRIPTOR}: {hint}")

    def hash_problems(self) -> list[Problem]:
        """Compare every file with its recorded sha256 and size."""
        problems = []
        for resource in self.resources.values():
            try:
                problem = resource.hash_problem(resource.bytes())
            except TableError as error:
                problem = missing_file(resource, error)
            if problem:
                problems.append(problem)
        return problems


@dataclass(frozen=True)
class Report:
    """What a check found, and how many rows each table has that was found well.

    ``rows`` has the checked tables by name; None where a table was not read, or is not well.
    """

    rows: dict[str, int | None]
    problems: list[Problem]

    def __str__(self) -> str:
        if any(problem.rule == "descriptor" for problem in self.problems):
            first = "no table can be checked while the description of the tables is wrong"
            return "\n".join([first, *listed(self.problems)])
        width = max(map(len, self.rows))
        lines = []
        for name, count in self.rows.items():
            of_table = [problem for problem in self.problems if problem.table == name]
            verdict = "ok" if count is None else f"{count:>7,} rows  ok"
            lines.append(f"{name:<{width}}  {f'{len(of_table)} wrong' if of_table else verdict}")
            lines += listed(of_table)
        return "\n".join(lines)


def hash_report(names: Iterable[str] = ()) -> Report:
    """Compare files with their recorded hashes, which takes no time.

    Parameters
    ----------
    names
        The tables to check; all, if none is named.

    Raises
    ------
    TableError
        If the data package itself cannot be read, or a name is unknown.
    """
    data = read()
    checked = [data.resource(name).name for name in names] or list(data.resources)
    problems = [problem for problem in data.hash_problems() if problem.table in checked]
    return Report(dict.fromkeys(checked), problems)


def missing_file(resource: Resource, error: TableError) -> Problem:
    """Make the problem of a table whose file cannot be read."""
    return Problem(
        resource.name, resource.file, None, None, str(error), "a file that can be read", "file"
    )


def digest(data: bytes) -> str:
    """Hash in the form of the Data Package standard: ``sha256:<hex>``."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def accept_command(table: str) -> str:
    """Write the command that accepts an edit of a table."""
    return f'convergence accept {table} --reason "…"'


def listed(lines: Iterable[object], rest: str = "") -> list[str]:
    """Indent lines for a terminal; of more than twenty, show twenty and count the others.

    Parameters
    ----------
    lines
        What to list: problems, rows.
    rest
        Where the others stand, for the last line.

    Examples
    --------
    >>> listed(range(22), "all in the record")[-2:]
    ['  19', '  … and 2 more, all in the record']
    """
    shown = [f"  {line}" for line in lines]
    if len(shown) <= SHOWN:
        return shown
    more = f"  … and {len(shown) - SHOWN} more{', ' if rest else ''}{rest}"
    return [*shown[:SHOWN], more]


def listed_row(row: Mapping[str, str]) -> str:
    """Write a row of a table on one line: ``year 2024, sector finance``."""
    return ", ".join(f"{field} {cell}" for field, cell in row.items())


def find() -> Path:
    """Find the data folder: ``CONVERGENCE_DATA``, or the nearest ``data/`` upwards from here.

    Raises
    ------
    TableError
        If there is no folder with a ``datapackage.json``.
    """
    if named := os.environ.get("CONVERGENCE_DATA"):
        if not (Path(named) / DESCRIPTOR).is_file():
            raise TableError(f"CONVERGENCE_DATA is {named!r}, but there is no {DESCRIPTOR} in it")
        return Path(named).resolve()
    here = Path.cwd()
    for folder in [here, *here.parents]:
        if (folder / "data" / DESCRIPTOR).is_file():
            return folder / "data"
    raise TableError(
        f"no data folder: neither {here} nor a folder above it holds data/{DESCRIPTOR}; "
        "go to the book's folder, or set CONVERGENCE_DATA"
    )


def read() -> Package:
    """Read the descriptor of the data package. Nothing is written.

    Raises
    ------
    TableError
        If there is no data folder, if its descriptor cannot be used, or if a change of the folder
        was cut off, so that old and new files stand side by side.
    """
    folder = find()
    where = f"{folder.name}/{DESCRIPTOR}"
    if staging.is_cut_off(folder):
        raise TableError(
            f"{folder.name}/ is being changed, or a change of it was cut off: run convergence "
            "check, which finishes it"
        )
    try:
        with open(folder / DESCRIPTOR, "rb") as file:
            content = file.read()
    except OSError as error:
        raise TableError(f"{where} cannot be read: {error.strerror}") from None
    return parse(folder, content)


def parse(folder: Path, content: bytes) -> Package:
    """Make a data package of its folder and the content of its descriptor.

    Raises
    ------
    TableError
        If the descriptor cannot be used.
    """
    where = f"{folder.name}/{DESCRIPTOR}"
    try:
        descriptor = json.loads(content.decode("utf-8"))
    except json.JSONDecodeError as error:
        raise TableError(
            f"{where}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}"
        ) from None
    except UnicodeDecodeError:
        raise TableError(f"{where} is not UTF-8") from None
    except RecursionError:
        raise TableError(f"{where} is nested too deeply") from None
    if complaint := _complaint(descriptor):
        raise TableError(f"{where}: {complaint}")
    return Package(folder, descriptor, content)


def _complaint(descriptor: Any) -> str | None:
    """Say what makes the descriptor unusable, or give None; frictionless judges the rest."""
    resources = descriptor.get("resources") if isinstance(descriptor, dict) else None
    if not isinstance(resources, list) or not resources:
        return "expected an object with a list of resources"
    names = set()
    for number, resource in enumerate(resources, start=1):
        where = f"resource {number}"
        if not isinstance(resource, dict):
            return f"{where} is not an object"
        for key in ("name", "path"):
            if not isinstance(resource.get(key), str) or not resource[key]:
                return f"{where} has no {key}"
        where = f"resource {resource['name']!r}"
        if resource["name"] in names:
            return f"{where} is there twice"
        names.add(resource["name"])
        path = PurePosixPath(resource["path"])
        if path.is_absolute() or ".." in path.parts or "\\" in resource["path"]:
            return f"{where} has the path {resource['path']!r}, which leaves the data folder"
        schema: Any = resource.get("schema")
        fields = schema.get("fields") if isinstance(schema, dict) else None
        if not isinstance(fields, list) or not fields:
            return f"{where} has no schema with fields"
        for field in fields:
            if not isinstance(field, dict) or not isinstance(field.get("name"), str):
                return f"{where} has a field without a name"
            if not isinstance(field.get("type", ""), str):
                return f"{where} has a field {field['name']!r} whose type is not a name"
        key = schema.get("primaryKey", [])
        extras = resource.get("convergence", {})
        if not isinstance(extras, dict):
            return f"{where} has a key 'convergence' that is not an object"
        named = [
            extras[role] for role in ("vintage", "value", "status", "coverage") if role in extras
        ]
        lists = [(role, extras.get(role, [])) for role in ("observation", "places")]
        for role, value in [("primaryKey", key), *lists]:
            if not isinstance(value, str | list):
                return f"{where} has a {role} that is not a list of fields"
            named += [value] if isinstance(value, str) else value
        known = {field["name"] for field in fields}
        if unknown := [name for name in named if not isinstance(name, str) or name not in known]:
            return f"{where} speaks of a field {unknown[0]!r} that its schema does not have"
    return None
