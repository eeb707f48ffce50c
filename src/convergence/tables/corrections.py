"""The register of doubtful and mended cells, and what must stay true of each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from convergence.tables import package, reading
from convergence.tables.package import Package, Problem, Resource, TableError

__all__ = ["NAME", "cells", "problems"]

NAME = "corrections"
EQUALS = "equals:"
RULE = "correction"


def cells(row: pd.Series, frame: pd.DataFrame) -> pd.DataFrame:
    """Find the rows of a table that a row of the register speaks of.

    Parameters
    ----------
    row
        A row of the table ``corrections``; its ``where`` names fields and values, as in
        ``year=2015 province=230000``.
    frame
        The table that it names, with every vintage.

    Raises
    ------
    TableError
        If ``where`` is not of this form, or names a field that the table does not have.

    Examples
    --------
    >>> from convergence.tables import load
    >>> register = load("corrections")
    >>> cells(register.iloc[0], load(register["table"][0]))["value"].tolist()
    [515.9]
    """
    chosen = pd.Series(True, index=frame.index)
    for pair in row["where"].split():
        name, equals, value = pair.partition("=")
        if not equals or name not in frame:
            raise TableError(f"{pair!r} names no field of the table {row['table']}")
        chosen &= frame[name].astype("str") == value
    if row["field"] not in frame:
        raise TableError(f"{row['field']!r} is no field of the table {row['table']}")
    return frame[chosen]


def problems(data: Package) -> Iterator[Problem]:
    """Find rows of the register that the tables no longer bear out.

    A publisher who mends a doubtful figure ends the doubt: the row then says something untrue, and
    results that leave the cell out leave out a good figure.

    Parameters
    ----------
    data
        The data package; without a table ``corrections`` there is nothing to find.

    Yields
    ------
    Problem
        With the row of the register, what its table holds now, and what to do.
    """
    register = data.resources.get(NAME)
    if register is None:
        return
    frames: dict[str, pd.DataFrame] = {}
    for position, row in reading.parse(register, register.bytes()).iterrows():
        try:
            name = row["table"]
            if name not in frames:
                named = data.resource(name)
                frames[name] = reading.parse(named, named.bytes())
            found = cells(row, frames[name])
        except TableError as error:
            yield _problem(register, position, "where", str(error), "a cell of a table")
            continue
        if found.empty:
            where = f"no row of {name} where {row['where']}"
            yield _problem(register, position, "where", where, "the row that is in doubt")
            continue
        expected = float(row["expectation"].removeprefix(EQUALS))
        if row["kind"] == "suspect" and expected != row["found"]:
            yield _problem(
                register,
                position,
                "expectation",
                row["expectation"],
                f"{EQUALS}{row['found']:.15g}: a suspect figure stands as the publisher has it",
            )
        for value in found[row["field"]]:
            if value != expected:
                yield _problem(
                    register,
                    position,
                    "expectation",
                    f"{value:.15g} in {name} where {row['where']}",
                    f"{expected:.15g}. Has the publisher settled it? Then take the row out of "
                    f"{register.file}, or write what is in doubt now, and run: "
                    f"{package.accept_command(NAME)}",
                )


def _problem(register: Resource, position: int, field: str, found: str, expected: str) -> Problem:
    return Problem(NAME, register.file, int(position) + 2, field, found, expected, RULE)
