"""What the source paper claims, and whether a recomputed value bears it out."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from convergence.tables import TableError, load

__all__ = ["VERDICTS", "Claim", "Verdict", "claim", "judge"]

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


# How a figure of a claim without a number of its own kind is said, by the claim's unit.
SAID: dict[str, dict[float, str]] = {
    "sign of the change": {
        1: "a rise",
        0: "no change, or both ways",
        -1: "a fall, in one reading or more",
    },
    "1: yes, 0: no": {1: "yes", 0: "no"},
}
RANK = "rank"


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

    @property
    def digits(self) -> int:
        """The decimals that the paper prints: a tolerance of 0.05 is half a unit of the first."""
        return max(0, round(-math.log10(2 * self.tolerance))) if self.tolerance else 0

    def say(self, number: float, digits: int | None = None) -> str:
        """Write a number in the claim's unit, to so many decimals; as many as the paper's if None.

        Examples
        --------
        >>> claim("growth-2016-2019").say(8.0269, 2)
        '8.03 % a year'
        >>> claim("mainstay").say(1)
        'rank 1 among the sections of GDP'
        >>> claim("achievement-scale").say(1)
        'a rise'
        """
        if self.unit in SAID:
            return SAID[self.unit].get(number, f"{number:g}")
        text = f"{number:,.{self.digits if digits is None else digits}f}"
        if self.unit.startswith(RANK):
            return f"{RANK} {text}{self.unit.removeprefix(RANK)}"
        return f"{text} {self.unit}"


class Verdict(str):
    """The key of a verdict, with what it compared.

    Attributes
    ----------
    details
        Terms and texts: what the paper says, the tolerance, the recomputed figures, or what is
        missing. `livebook.fact` shows them beside the verdict.
    """

    details: dict[str, str]

    def __new__(cls, key: str, details: Mapping[str, str]) -> Verdict:
        """Make a verdict of its key and its details."""
        verdict = super().__new__(cls, key)
        verdict.details = dict(details)
        return verdict


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
    others: Mapping[str, float] | None = None,
) -> Verdict:
    r"""Judge a claim of the paper by a recomputed value.

    .. math:: |\mathrm{value} - \mathrm{claimed}| \le \mathrm{tolerance}

    Parameters
    ----------
    id
        Id of the claim.
    value
        The recomputed value, in the claim's unit; None if the table that it needs is missing.
    others
        The same value from other vintages, by the name of the vintage.

    Returns
    -------
    Verdict
        A text with ``details``: ``"reproduces"`` if `value` is within the claim's tolerance;
        ``"reproduces_with_another_vintage"`` if one of `others` is; ``"does_not_follow"`` if none
        is; ``"cannot_be_tested"`` if there is no value. `VERDICTS` has the words.

    Raises
    ------
    TableError
        If there is no such claim; if there is a value although the claim names a missing table,
        or none although it names none; if the claim has no number or no tolerance; if a value is
        not finite.

    Examples
    --------
    >>> verdict = judge("growth-2016-2019", 8.03, {"census4-2020Q2": 8.71})
    >>> verdict
    'reproduces_with_another_vintage'
    >>> verdict.details["Recomputed"], verdict.details["With another vintage"]
    ('8.03 % a year', '8.71 % a year (census4-2020Q2)')
    """
    one = claim(id)
    details = {"The paper says": one.quote}
    if one.value is not None:
        details["Claimed"] = one.say(one.value)
    if value is None:
        if one.missing is None:
            raise TableError(
                f"claim {id!r} names no missing table, so it needs a value to be judged by"
            )
        return Verdict("cannot_be_tested", details | {"Missing": one.missing})
    if one.missing is not None:
        raise TableError(
            f"claim {id!r} cannot be tested: the table claims says {one.missing!r} is missing; "
            "if it is there now, empty that cell"
        )
    if one.value is None or one.tolerance is None:
        raise TableError(f"claim {id!r} has no number with a tolerance in the table claims")
    rest = others or {}
    for number in [value, *rest.values()]:
        if not math.isfinite(number):
            raise TableError(f"claim {id!r} cannot be judged by {number}")

    def agrees(number: float) -> bool:
        # A claim rounded to 8.7 with tolerance 0.05 is borne out by 8.65, in floats as on paper.
        return abs(number - one.value) <= one.tolerance + 1e-9 * max(1.0, abs(one.value))

    details["Tolerance"] = f"{one.tolerance:g}"
    # One decimal more than the paper's shows on which side of the tolerance a value lies.
    digits = one.digits + 1 if one.tolerance else 0
    details["Recomputed"] = one.say(value, digits)
    if rest:
        details["With another vintage"] = "; ".join(
            f"{one.say(number, digits)} ({vintage})" for vintage, number in rest.items()
        )
    if agrees(value):
        return Verdict("reproduces", details)
    if any(map(agrees, rest.values())):
        return Verdict("reproduces_with_another_vintage", details)
    return Verdict("does_not_follow", details)
