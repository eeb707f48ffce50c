"""Which figures may be compared: the rule of vintages, and the splices that lift it.

Publishers revise. A difference between two figures of different vintages is partly revision; one
between a preliminary and a verified figure is too. Neither is computed unless the splice, a row of
the table ``splices`` with its reason, is asked for by name.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from convergence.tables import TableError, load

PRELIMINARY = "preliminary"


class VintageError(TableError):
    """Figures of different vintages would be compared without a splice."""


@dataclass(frozen=True)
class Splice:
    """Vintages that may be joined, and the reason that somebody gives for it."""

    name: str
    vintages: tuple[str, ...]
    accepts_preliminary: bool
    title: str
    reason: str

    def joins(self, rows: pd.DataFrame) -> bool:
        """Tell whether the figures in `rows` may be compared under this splice."""
        standing = self.accepts_preliminary or _have_one_status(rows)
        return bool(standing and rows["vintage"].isin(self.vintages).all())


def splices() -> dict[str, Splice]:
    """Read the table of splices."""
    return {
        row.splice: Splice(
            row.splice,
            tuple(row.vintages.split()),
            bool(row.accepts_preliminary),
            row.title,
            row.reason,
        )
        for row in load("splices").itertuples()
    }


def splice(name: str | None) -> Splice | None:
    """Find a splice by name.

    Raises
    ------
    TableError
        If no splice has this name.
    """
    if name is None:
        return None
    known = splices()
    if name not in known:
        raise TableError(f"no splice {name!r}; the table splices has {', '.join(known)}")
    return known[name]


def comparable(rows: pd.DataFrame) -> bool:
    """Tell whether figures are of one vintage, and either all preliminary or all not.

    Parameters
    ----------
    rows
        With a column ``vintage``, and ``status`` if the table has it.
    """
    return rows["vintage"].nunique() <= 1 and _have_one_status(rows)


def require_comparable(rows: pd.DataFrame, labels: list[str], joined_by: Splice | None) -> None:
    """Refuse to compare figures of different vintages, unless a splice joins them.

    Parameters
    ----------
    rows
        The figures that are to be compared, with a column ``vintage``, and ``status`` if the
        table has it.
    labels
        What each row is, for the message: ``["2016", "2019"]``.
    joined_by
        The splice that was asked for.

    Raises
    ------
    VintageError
        If the vintages differ, or one figure is preliminary and another is not, and the splice
        does not join them; it names both figures and the splices that would do.
    """
    if comparable(rows) or (joined_by and joined_by.joins(rows)):
        return
    differ = rows["vintage"].nunique() > 1
    names = rows["vintage"] if differ else rows["status"]
    if differ and "status" in rows:
        names = names + " (" + rows["status"] + ")"
    figures = " and ".join(
        f"{label} is {'of vintage ' if differ else ''}{name}"
        for label, name in zip(labels, names, strict=True)
    )
    if differ:
        remedy = 'Take both from one vintage, load(…, vintage="…")'
    else:
        figures += f" in vintage {rows['vintage'].iloc[0]}"
        remedy = "Take both from a vintage in which neither is preliminary"
    refused = f"The splice {joined_by.name!r} does not join them. " if joined_by else ""
    allowing = [
        f'splice="{known.name}" ({known.title})'
        for known in splices().values()
        if known.joins(rows)
    ]
    if allowing:
        remedy += f", or name the splice that joins them: {' or '.join(allowing)}"
    else:
        remedy += "; no splice in the table splices joins them"
    raise VintageError(f"{figures}: what separates them is partly revision. {refused}{remedy}.")


def _have_one_status(rows: pd.DataFrame) -> bool:
    if "status" not in rows:
        return True
    preliminary = rows["status"] == PRELIMINARY
    return bool(preliminary.all() or not preliminary.any())
