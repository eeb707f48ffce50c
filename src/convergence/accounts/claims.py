"""What the source paper claims, and whether a recomputed value confirms it."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from convergence.tables import TableError, load

__all__ = ["VERDICTS", "Claim", "Verdict", "claim", "judge"]

# Words for each verdict, as `livebook.fact` takes them.
VERDICTS = {
    "reproduces": {"en": "reproduces", "zh": "可以重现"},
    "reproduces_with_another_vintage": {
        "en": "reproduces with another vintage",
        "zh": "换用另一版本的数据可以重现",
    },
    "does_not_follow": {"en": "does not follow", "zh": "不能由数据得出"},
    "cannot_be_tested": {"en": "cannot be tested", "zh": "无法检验"},
}

# Words for claims whose value is a sign or a yes/no, by the unit of the claim.
WORDS: dict[str, dict[float, str]] = {
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
        """The number of decimals that the paper prints.

        A tolerance is half a unit of the last decimal: 0.05 belongs to one decimal.
        """
        return max(0, round(-math.log10(2 * self.tolerance))) if self.tolerance else 0

    def say(self, number: float, digits: int | None = None) -> str:
        """Write a number in the claim's unit, to `digits` decimals; by default the paper's.

        Examples
        --------
        >>> claim("growth-2016-2019").say(8.0269, 2)
        '8.03 % a year'
        >>> claim("mainstay").say(1)
        'rank 1 among the sections of GDP'
        >>> claim("achievement-scale").say(1)
        'a rise'
        """
        if self.unit in WORDS:
            return WORDS[self.unit].get(number, f"{number:g}")
        text = f"{number:,.{self.digits if digits is None else digits}f}"
        if self.unit.startswith(RANK):
            return f"{RANK} {text}{self.unit.removeprefix(RANK)}"
        return f"{text} {self.unit}"


class Verdict(str):
    """The key of a verdict, and the figures behind it.

    Attributes
    ----------
    details
        Terms and texts: what the paper says, the tolerance, the recomputed figures, or what is
        missing. `livebook.fact` shows them beside the verdict.
    """

    details: dict[str, str]

    def __new__(cls, key: str, details: Mapping[str, str]) -> Verdict:
        """Make a verdict from its key and its details."""
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
        If there is no such claim; the message names those with a similar spelling.
    """
    table = load("claims")
    found = table[table["claim"] == id]
    if found.empty:
        near = difflib.get_close_matches(str(id), table["claim"], n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {len(table)} others"
        raise TableError(f"no claim {id!r} in the table claims: {hint}")
    row: dict[str, Any] = {
        name: None if pd.isna(cell) else cell for name, cell in found.iloc[0].items()
    }
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
        The recomputed value, in the claim's unit; None if a table that it needs is missing.
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
        If there is no such claim; if a value is given although the claim names a missing table,
        or no value although it names no missing table; if the claim has no number or tolerance.
    ValueError
        If a value is not finite.

    Examples
    --------
    >>> verdict = judge("growth-2016-2019", 8.03, {"census4-2020Q2": 8.71})
    >>> verdict
    'reproduces_with_another_vintage'
    >>> verdict.details["Recomputed"], verdict.details["With another vintage"]
    ('8.03 % a year', '8.71 % a year (census4-2020Q2)')
    """
    tested = claim(id)
    details = {"The paper says": tested.quote}
    if tested.value is not None:
        details["Claimed"] = tested.say(tested.value)
    if value is None:
        if tested.missing is None:
            raise TableError(
                f"claim {id!r} names no missing table, so it needs a value to be judged by"
            )
        return Verdict("cannot_be_tested", details | {"Missing": tested.missing})
    if tested.missing is not None:
        raise TableError(
            f"claim {id!r} cannot be tested: the table claims says {tested.missing!r} is missing; "
            "if it is there now, empty that cell"
        )
    claimed, tolerance = tested.value, tested.tolerance
    if claimed is None or tolerance is None:
        raise TableError(f"claim {id!r} has no number with a tolerance in the table claims")
    by_vintage = others or {}
    for number in [value, *by_vintage.values()]:
        if not math.isfinite(number):
            raise ValueError(f"claim {id!r} cannot be judged by {number}")

    def agrees(number: float) -> bool:
        # 8.65 agrees with 8.7 ± 0.05; in floats the difference is a little above 0.05.
        return abs(number - claimed) <= tolerance + 1e-9 * max(1.0, abs(claimed))

    details["Tolerance"] = f"{tolerance:g}"
    # One decimal more than the paper's shows on which side of the tolerance a value lies.
    digits = tested.digits + 1 if tolerance else 0
    details["Recomputed"] = tested.say(value, digits)
    if by_vintage:
        details["With another vintage"] = "; ".join(
            f"{tested.say(number, digits)} ({vintage})" for vintage, number in by_vintage.items()
        )
    if agrees(value):
        return Verdict("reproduces", details)
    if any(map(agrees, by_vintage.values())):
        return Verdict("reproduces_with_another_vintage", details)
    return Verdict("does_not_follow", details)
