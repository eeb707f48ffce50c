"""What each table covers: which series, which years, and what is known to be missing."""

from __future__ import annotations

from typing import Any

import pandas as pd

from convergence import periods
from convergence.tables import load, package

__all__ = ["coverage", "groups", "limits", "time_of"]

# A list of more values than this is given as their number.
LISTED = 6


def time_of(name: str) -> str | None:
    """Name the field of a table that holds the time of an observation: year, quarter or none."""
    return periods.field(package.read().resource(name).extras.get("observation", []))


def groups() -> dict[str, list[str]]:
    """List the tables under the headings of the dictionary, in the order of the descriptor.

    Returns
    -------
    dict
        The names of the tables by heading, which is the ``group`` of their descriptors.

    Examples
    --------
    >>> groups()["Provinces"][:2]
    ['panel_31', 'panel_13']
    """
    found: dict[str, list[str]] = {}
    for resource in package.read().resources.values():
        found.setdefault(resource.extras.get("group", "Other tables"), []).append(resource.name)
    return found


def coverage(name: str) -> pd.DataFrame:
    """List the runs of years, or quarters, for which a table has figures.

    Parameters
    ----------
    name
        Name of a table whose observations have a year or a quarter.

    Returns
    -------
    pandas.DataFrame
        One row a run: ``row`` (a value of the field that the descriptor names as ``coverage``, or
        of the first field of the observation beside the time: a sector, an indicator, a country),
        ``first``, ``last`` (period) and ``figures``, the number of figures in each period of the
        run; each vintage and each province counts. Rows in the order of the file.

    Raises
    ------
    TableError
        As `load`.

    Examples
    --------
    >>> runs = coverage("value_added")
    >>> runs[runs.row == "manufacturing"].head(2).to_dict("split")["data"]
    [['manufacturing', 2004, 2004, 2], ['manufacturing', 2005, 2015, 1]]
    """
    extras = package.read().resource(name).extras
    period = time_of(name)
    others = [field for field in extras["observation"] if field != period]
    shown = extras.get("coverage", others[0] if others else None)
    frame = load(name, vintage="all" if "vintage" in extras else None)
    if value := extras.get("value"):
        frame = frame[frame[value].notna()]
    rows = frame[shown] if shown else pd.Series(name, index=frame.index)
    counts = frame.groupby([rows.rename("row"), period], sort=False).size()
    runs: list[list[Any]] = []
    for row in rows.unique():
        for time, figures in counts[row].sort_index().items():
            last: list[Any] = runs[-1] if runs else [None] * 4
            follows = last[0] == row and periods.number(time) == periods.number(last[2]) + 1
            if follows and last[3] == figures:
                last[2] = time
            else:
                runs.append([row, time, time, figures])
    return pd.DataFrame(runs, columns=["row", "first", "last", "figures"])


def limits(name: str) -> list[tuple[str, str]]:
    """List what is known to be missing from a table, where it breaks, and what it cannot show.

    Returns
    -------
    list of tuple
        Kind (``"Gap"``, ``"Break"``, ``"Checked"``: the identities, ``"Cannot show"``)
        and text.

    Raises
    ------
    TableError
        If there is no such table.

    Examples
    --------
    >>> kinds = [kind for kind, text in limits("value_added")]
    >>> kinds[0], kinds[-1]
    ('Gap', 'Cannot show')
    """
    extras = package.read().resource(name).extras
    # Several entries may have one reason, for groups of series with different years.
    gaps: dict[str, list[str]] = {}
    for gap in extras.get("gaps", []):
        where = "; ".join(_series(field, held) for field, held in gap.get("where", {}).items())
        when = periods.runs(gap.get("years") or gap.get("quarters"))
        gaps.setdefault(gap["reason"], []).append(f"{when} ({where})" if where else when)
    found = [
        ("Gap", f"{'; '.join(when) if len(when) <= 2 else _spread(when)}. {reason}")
        for reason, when in gaps.items()
    ]
    found += [("Break", f"{jump['at']}: {jump['reason']}") for jump in extras.get("breaks", [])]
    checked = [sums["name"].replace("_", " ") for sums in extras.get("identities", [])]
    if checked:
        found.append(("Checked", f"{'; '.join(checked)}."))
    if cannot := extras.get("cannot"):
        found.append(("Cannot show", cannot))
    return found


def _series(field: str, held: list[Any]) -> str:
    return ", ".join(map(str, held)) if len(held) <= LISTED else f"{len(held)} of {field}"


def _spread(when: list[str]) -> str:
    return f"{when[0]}, and the like for {len(when) - 1} other groups of series"
