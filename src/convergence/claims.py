"""What the source paper claims, and whether a recomputed value bears it out."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from convergence.tables import TableError, load

__all__ = ["VERDICTS", "Claim", "claim", "judge"]

# The words of each verdict, in the form that a fact takes them.
VERDICTS = {
    "reproduces": {"en": "reproduces", "zh": "可以重现"},
    "reproduces_with_another_vintage": {
        "en": "reproduces with another vintage",
        "zh": "换用另一版本的数据可以重现",
    },
    "does_not_follow": {"en": "does not follow", "zh": "不能由数据得出"},
    "cannot_be_tested": {"en": "cannot be tested", "zh": "无法检验"},
}


class Claim(NamedTuple):
    """A statement of the paper: a row of the table ``claims``."""

    id: str
    section: str
    quote: str
    value: float | None
    unit: str
    tolerance: float | None
    fact: str
    missing: str | None
    part: str


def claim(id: str) -> Claim:
    """Find a claim of the paper by its id.

    Parameters
    ----------
    id
        As in the table ``claims``, such as ``"growth-2016-2019"``.

    Raises
    ------
    TableError
        If there is no such claim, naming those that are spelt nearly so.
    """
    table = load("claims")
    found = table[table["claim"] == id]
    if found.empty:
        near = difflib.get_close_matches(str(id), table["claim"], n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {len(table)} others"
        raise TableError(f"no claim {id!r} in the table claims: {hint}")
    row = {name: None if pd.isna(cell) else cell for name, cell in found.iloc[0].items()}
    row["id"] = row.pop("claim")
    return Claim(**{name: row[name] for name in Claim._fields})


def judge(
    id: str,
    value: float | None,
    others: Mapping[str, float] | Iterable[float] | None = None,
) -> str:
    r"""Judge a claim of the paper by a recomputed value.

    .. math:: |\mathrm{value} - \mathrm{claimed}| \le \mathrm{tolerance}

    Parameters
    ----------
    id
        Id of the claim.
    value
        The recomputed value, in the claim's unit; None if the table that it needs is missing.
    others
        The same value from other vintages: by vintage, or just the values.

    Returns
    -------
    str
        ``"reproduces"`` if `value` is within the claim's tolerance;
        ``"reproduces_with_another_vintage"`` if one of `others` is; ``"does_not_follow"`` if none
        is; ``"cannot_be_tested"`` if there is no value. `VERDICTS` has the words.

    Raises
    ------
    TableError
        If there is no such claim; if there is a value although the claim names a missing table,
        or none although it names none; if the claim has no number or no tolerance; if a value is
        not finite.
    """
    one = claim(id)
    if value is None:
        if one.missing is None:
            raise TableError(
                f"claim {id!r} names no missing table, so it needs a value to be judged by"
            )
        return "cannot_be_tested"
    if one.missing is not None:
        raise TableError(
            f"claim {id!r} cannot be tested: the table claims says {one.missing!r} is missing; "
            "if it is there now, empty that cell"
        )
    if one.value is None or one.tolerance is None:
        raise TableError(f"claim {id!r} has no number with a tolerance in the table claims")
    rest = list(others.values() if isinstance(others, Mapping) else others or [])
    for number in [value, *rest]:
        if not math.isfinite(number):
            raise TableError(f"claim {id!r} cannot be judged by {number}")

    def agrees(number: float) -> bool:
        # A claim rounded to 8.7 with tolerance 0.05 is borne out by 8.65, in floats as on paper.
        return abs(number - one.value) <= one.tolerance + 1e-9 * max(1.0, abs(one.value))

    if agrees(value):
        return "reproduces"
    return "reproduces_with_another_vintage" if any(map(agrees, rest)) else "does_not_follow"
