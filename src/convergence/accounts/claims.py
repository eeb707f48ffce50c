"""What the source paper claims, and whether a recomputed value confirms it."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from convergence.tables import TableError, load

__all__ = ["NOT_FACTS", "VERDICTS", "Bound", "Claim", "ClaimReading", "Verdict", "claim", "judge"]

# Words for each verdict, as `livebook.fact` takes them.
VERDICTS = {
    "reproduces": {"en": "reproduces", "zh": "可以重现"},
    "reproduces_with_another_vintage": {
        "en": "reproduces with another vintage",
        "zh": "换用另一版本的数据可以重现",
    },
    "holds_in_another_concept": {"en": "holds in another concept", "zh": "换一种口径成立"},
    "consistent": {"en": "is consistent with what is seen", "zh": "与可见部分一致"},
    "does_not_reproduce": {"en": "does not reproduce", "zh": "不能重现"},
    "cannot_be_tested": {"en": "cannot be tested", "zh": "无法检验"},
    "not_a_statement_of_fact": {"en": "is not a statement of fact", "zh": "不是事实陈述"},
}

# Kinds of statement that are neither true nor false, and those about literature.
NOT_FACTS = ("definition", "recommendation", "bibliography")

# Words for claims whose value is a sign or a yes/no, by the unit of the claim.
WORDS: dict[str, dict[float, str]] = {
    "sign of the change": {1: "a rise", 0: "no change, or both ways", -1: "a fall"},
    "1: yes, 0: no": {1: "yes", 0: "no"},
}
RANK = "rank"


class Claim(NamedTuple):
    """A statement of the paper: a row of the table ``claims``.

    Attributes
    ----------
    kind
        ``number``, ``direction``, ``description``, ``effect``; or one of `NOT_FACTS`.
    test
        ``full``; ``weak`` where nearly any figures would pass; ``none`` where no table measures
        what the words say.
    missing
        What a test, or a fuller one, would need.
    note
        Why a test is weak, or why the statement is not one of fact.
    phrase_zh
        The Chinese set phrase behind the words, where the translation matters.
    """

    id: str
    section: str
    quote: str
    value: float | None
    unit: str
    tolerance: float | None
    fact: str
    missing: str | None
    part: str
    kind: str
    test: str
    note: str | None
    phrase_zh: str | None

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

    @property
    def slack(self) -> float:
        """How far the true number may be from the printed one: the tolerance and a rounding error.

        8.65 agrees with 8.7 ± 0.05; in floats the difference is a little above 0.05.
        """
        return (self.tolerance or 0.0) + 1e-9 * max(1.0, abs(self.value or 0.0))

    def agrees(self, number: float) -> bool | None:
        """Whether a number is within the tolerance of the paper's; None if the paper has none.

        Examples
        --------
        >>> claim("growth-2016-2019").agrees(8.65), claim("growth-2016-2019").agrees(8.649)
        (True, False)
        """
        if self.value is None or self.tolerance is None:
            return None
        return bool(abs(number - self.value) <= self.slack)


class ClaimReading(NamedTuple):
    """One way to read a claim, and what it gives.

    Attributes
    ----------
    label
        The vintage, the concept or the definition.
    kind
        ``nearest``, ``definition``, ``vintage``, ``concept`` or ``beside``.
    value
        In the claim's unit; for a reading of kind ``beside`` it may be a text.
    agrees
        Whether it agrees with the paper; None if there is nothing to compare.
    """

    label: str
    kind: str
    value: float | str
    agrees: bool | None


class Bound(NamedTuple):
    """What the unseen part of a claimed number may be, in the claim's unit.

    Attributes
    ----------
    unseen
        Names that part.
    low, high
        The interval in which it plausibly lies.
    seen
        The part that the tables show; 0 for an interval about the whole number.
    """

    unseen: str
    low: float
    high: float
    seen: float = 0.0


class Verdict(str):
    """The key of a verdict, and the figures behind it.

    Attributes
    ----------
    readings
        Every reading that was tried, the nearest first.
    weak
        Whether nearly any figures would have passed.
    details
        Terms and texts, or under "Readings" a list of rows: what `livebook.fact` shows beside the
        verdict and keeps in the ledger.
    """

    readings: tuple[ClaimReading, ...]
    weak: bool
    details: dict[str, Any]

    def __new__(
        cls, key: str, readings: Iterable[ClaimReading], weak: bool, details: Mapping[str, Any]
    ) -> Verdict:
        """Make a verdict from its key and what is behind it."""
        verdict = super().__new__(cls, key)
        verdict.readings, verdict.weak, verdict.details = tuple(readings), weak, dict(details)
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
    value: float | None = None,
    vintages: Mapping[str, float] | None = None,
    *,
    definitions: Mapping[str, float] | None = None,
    concepts: Mapping[str, float] | None = None,
    beside: Mapping[str, float | str] | None = None,
    bound: Bound | None = None,
    reading: str = "newest figures",
) -> Verdict:
    r"""Judge a claim of the paper by recomputed values.

    A value agrees with the paper if it lies within half a unit of the last digit printed:

    .. math:: |\mathrm{value} - \mathrm{claimed}| \le \mathrm{tolerance}

    One rule gives the verdict on every claim. The first of these that is true decides:

    1. The table ``claims`` calls the statement a definition, a recommendation or bibliography:
       ``not_a_statement_of_fact``. No figure can make it pass or fail.
    2. The table says that no table measures what the words say (``test`` is ``none``), or there is
       no value, no bound, and no vintage or concept that agrees: ``cannot_be_tested``.
    3. The value agrees, and so does every one of `definitions`: ``reproduces``.
    4. One of `vintages` agrees: ``reproduces_with_another_vintage``.
    5. One of `concepts` agrees, or the value or one of `definitions` does:
       ``holds_in_another_concept``.
    6. The part that is not seen would lie within its `bound`: ``consistent``.
    7. Otherwise: ``does_not_reproduce``.

    `beside` never decides: a proxy that is far from the words makes no statement pass or fail.
    If the table calls the test weak, because nearly any figures would pass it, the verdict is
    marked so.

    Parameters
    ----------
    id
        Id of the claim.
    value
        By the newest figures, in the reading nearest to the paper's words, in the claim's unit;
        None if the tables do not have it.
    vintages
        The same by earlier figures, by the name of the vintage.
    definitions
        By other definitions that the paper's words leave open and that are as near to them as the
        first: base years, lists of sectors, weights.
    concepts
        By another concept or population: the claim with a qualifier that the paper dropped.
    beside
        By proxies that are far from the words; shown, and left out of the verdict. One in another
        unit is written as a text, such as ``"29.6 % of assessed enterprises"``.
    bound
        What the unseen part of the number may be.
    reading
        Names the reading that `value` belongs to.

    Returns
    -------
    Verdict
        A text, with ``readings``, ``weak`` and ``details``. `VERDICTS` has the words.

    Raises
    ------
    TableError
        If there is no such claim; if nothing can decide although the table ``claims`` names
        nothing that is missing; if a value is given and the claim has no number to compare with.
    ValueError
        If a value is not finite, or the bound is empty.

    Examples
    --------
    >>> verdict = judge("growth-2016-2019", 8.03, {"census4-2020Q2": 8.71})
    >>> verdict
    'reproduces_with_another_vintage'
    >>> [(reading.label, reading.agrees) for reading in verdict.readings]
    [('newest figures', False), ('census4-2020Q2', True)]

    Six sectors of seven are seen, in billion yuan; the seventh would have to be 1,388.7:

    >>> seventh = Bound("scientific and technical services", 1245, 1769, seen=23271.94)
    >>> verdict = judge("producer-services-2015", bound=seventh)
    >>> verdict
    'consistent'
    >>> print(verdict.details["Not seen"])
    scientific and technical services: would be 1,388.700; plausible: 1,245.000 to 1,769.000
    """
    tested = claim(id)
    groups: dict[str, Mapping[str, float | str]] = {
        "nearest": {} if value is None else {reading: value},
        "definition": definitions or {},
        "vintage": vintages or {},
        "concept": concepts or {},
        "beside": beside or {},
    }
    readings = [
        ClaimReading(
            label, kind, number, None if isinstance(number, str) else tested.agrees(number)
        )
        for kind, by_label in groups.items()
        for label, number in by_label.items()
    ]
    for found in readings:
        if not isinstance(found.value, str) and not math.isfinite(found.value):
            raise ValueError(f"claim {id!r} cannot be judged by {found.value} ({found.label})")
    if bound and not bound.low <= bound.high:
        raise ValueError(f"claim {id!r}: no number lies between {bound.low} and {bound.high}")
    key = _decide(tested, readings, bound)
    weak = tested.test == "weak" and key in ("reproduces", "reproduces_with_another_vintage")
    return Verdict(key, readings, weak, _details(tested, key, weak, readings, bound))


def _decide(tested: Claim, readings: list[ClaimReading], bound: Bound | None) -> str:
    """Return the key of the verdict: the rule that the docstring of `judge` states."""

    def of(*kinds: str) -> list[ClaimReading]:
        return [found for found in readings if found.kind in kinds]

    if tested.kind in NOT_FACTS:
        return "not_a_statement_of_fact"
    agreeing = [found for found in of("vintage", "concept") if found.agrees]
    near = of("nearest", "definition")
    if tested.test == "none" or not (near or agreeing or bound):
        if tested.missing is None:
            raise TableError(
                f"claim {tested.id!r} names no missing table, so it needs a value to be judged by"
            )
        return "cannot_be_tested"
    if tested.value is None or tested.tolerance is None:
        raise TableError(f"claim {tested.id!r} has no number with a tolerance in the table claims")
    if near and all(found.agrees for found in near):
        return "reproduces"
    if any(found.agrees for found in of("vintage")):
        return "reproduces_with_another_vintage"
    if any(found.agrees for found in [*near, *of("concept")]):
        return "holds_in_another_concept"
    # The claimed number is rounded, so what it implies is known to its tolerance.
    low, high = bound[1:3] if bound else (math.inf, -math.inf)
    implied = tested.value - (bound.seen if bound else 0)
    within = low - tested.slack <= implied <= high + tested.slack
    return "consistent" if within else "does_not_reproduce"


def _details(
    tested: Claim, key: str, weak: bool, readings: list[ClaimReading], bound: Bound | None
) -> dict[str, Any]:
    """Return what stands beside a verdict, from the paper's words to the readings."""
    details: dict[str, Any] = {"The paper says": tested.quote}
    if tested.phrase_zh:
        details["Set phrase in Chinese"] = tested.phrase_zh
    if tested.value is not None:
        details["Read as"] = tested.say(tested.value)
    if tested.tolerance:
        details["Tolerance"] = f"{tested.tolerance:g}"
    # One decimal more than the paper's shows on which side of the tolerance a value lies.
    digits = tested.digits + 1 if tested.tolerance else 0
    if bound and tested.value is not None:
        implied, low, high = (
            f"{number:,.{digits}f}" for number in (tested.value - bound.seen, *bound[1:3])
        )
        details["Not seen"] = f"{bound.unseen}: would be {implied}; plausible: {low} to {high}"
    if weak and tested.note:
        details["Weak test"] = tested.note
    if key == "not_a_statement_of_fact" and tested.note:
        details["Why"] = tested.note
    if tested.missing:
        details["Missing" if key == "cannot_be_tested" else "Missing for a fuller test"] = (
            tested.missing
        )
    if readings:
        agreement = {True: "yes", False: "no", None: "–"}
        details["Readings"] = [
            {
                "reading": found.label,
                "kind": found.kind,
                "value": _shown(tested, found.value, digits),
                "agrees": agreement[found.agrees],
            }
            for found in readings
        ]
    return details


def _shown(tested: Claim, value: float | str, digits: int) -> str | dict[str, float | str]:
    if isinstance(value, str):
        return value
    # A grade has no unit, and its proxies are degrees between 0 and 1.
    text = f"{value:.2f}" if tested.unit == "grade" else tested.say(value, digits)
    return {"value": value, "text": text}
