"""The register of doubtful and mended cells, and what must stay true of each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from convergence.tables import package
from convergence.tables.package import Problem, Resource, TableError

if TYPE_CHECKING:
    import pandas as pd

    from convergence.tables.reading import Tables

__all__ = ["NAME", "cells", "problems", "where"]

NAME = "corrections"
EQUALS = "equals:"
RULE = "correction"


def where(text: str) -> dict[str, str]:
    """Read which row a row of the register speaks of: ``year=2015 province=230000``.

    Parameters
    ----------
    text
        Pairs of a field and its value as the table's file writes it, with ``=`` between them and
        spaces between pairs.

    Returns
    -------
    dict
        The value of each field, as text, in the order of the pairs.

    Raises
    ------
    TableError
        If a pair lacks its field or its value, or names a field again.

    Examples
    --------
    >>> where("year=2015 province=230000")
    {'year': '2015', 'province': '230000'}
    """
    values: dict[str, str] = {}
    for pair in text.split():
        field, _, value = pair.partition("=")
        if not field or not value:
            raise TableError(f"{pair!r} is not of the form field=value, as year=2015")
        if field in values:
            raise TableError(f"{pair!r} names the field {field} again")
        values[field] = value
    if not values:
        raise TableError("no pair field=value, as year=2015")
    return values


def cells(row: pd.Series, frame: pd.DataFrame) -> pd.DataFrame:
    """Find the rows of a table that a row of the register speaks of.

    Parameters
    ----------
    row
        A row of the table ``corrections``; its ``where`` is of the form that `where` reads.
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
    # An empty cell is a missing value.
    wanted = where(row["where"] if isinstance(row["where"], str) else "")
    for field in (*wanted, row["field"]):
        if field not in frame:
            raise TableError(f"{field!r} is no field of the table {row['table']}")
    for field, value in wanted.items():
        frame = frame[frame[field].astype("str") == value]
    return frame


def problems(tables: Tables) -> Iterator[Problem]:
    """Find rows of the register that the tables no longer confirm.

    A publisher who mends a doubtful figure ends the doubt: the row then says something untrue, and
    results that leave the cell out leave out a good figure.

    Parameters
    ----------
    tables
        The tables of the data package; without a table ``corrections`` nothing is found.

    Yields
    ------
    Problem
        With the row of the register, what its table holds now, and what to do.
    """
    if NAME not in tables:
        return
    register = tables[NAME]
    for position, row in register.frame.iterrows():
        name = row["table"]
        try:
            found = cells(row, tables[name].frame)
        except TableError as error:
            yield _problem(register.resource, position, "where", str(error), "a cell of a table")
            continue
        if found.empty:
            absent = f"no row of {name} where {row['where']}"
            yield _problem(register.resource, position, "where", absent, "the row that is in doubt")
            continue
        yield from _unconfirmed(register.resource, position, row, found[row["field"]])


def _unconfirmed(
    register: Resource, position: int, row: pd.Series, found: pd.Series
) -> Iterator[Problem]:
    """Compare what the register expects with its own account and with the table's cells."""
    expected = float(row["expectation"].removeprefix(EQUALS))
    if row["kind"] == "suspect" and expected != row["found"]:
        yield _problem(
            register,
            position,
            "expectation",
            row["expectation"],
            f"{EQUALS}{row['found']:.15g}: a suspect figure stands as the publisher has it",
        )
    for value in found:
        if value != expected:
            yield _problem(
                register,
                position,
                "expectation",
                f"{value:.15g} in {row['table']} where {row['where']}",
                f"{expected:.15g}. Has the publisher settled it? Then take the row out of "
                f"{register.file}, or write what is in doubt now, and run: "
                f"{package.accept_command(NAME)}",
            )


def _problem(register: Resource, position: Any, field: str, found: str, expected: str) -> Problem:
    return Problem(NAME, register.file, int(position) + 2, field, found, expected, RULE)
