"""Years and quarters, as the tables write them: 2016 and ``"2016Q1"``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["between", "field", "number", "runs"]


def field(fields: Iterable[str]) -> str | None:
    """Return the field that holds the time of an observation: ``year``, ``quarter`` or None."""
    fields = set(fields)
    return next((name for name in ("year", "quarter") if name in fields), None)


def number(period: int | str) -> int:
    """Number a year, or a quarter; neighbours differ by one.

    Examples
    --------
    >>> number("2017Q1") - number("2016Q4")
    1
    """
    if isinstance(period, str):
        year, quarter = period.split("Q")
        return 4 * int(year) + int(quarter) - 1
    return int(period)


def between(first: Any, last: Any) -> list[Any]:
    """List years, or quarters, from the first to the last.

    Examples
    --------
    >>> between("2016Q3", "2017Q1")
    ['2016Q3', '2016Q4', '2017Q1']
    """
    numbers = range(number(first), number(last) + 1)
    if isinstance(first, str):
        return [f"{count // 4}Q{count % 4 + 1}" for count in numbers]
    return list(numbers)


def runs(periods: Iterable[Any]) -> str:
    """Write years, or quarters; a run is written as its first and last.

    Examples
    --------
    >>> runs([2004, 2016, 2017, 2018])
    '2004, 2016 to 2018'
    """
    found: list[list[Any]] = []
    for period in sorted(periods):
        if found and number(period) == number(found[-1][1]) + 1:
            found[-1][1] = period
        else:
            found.append([period, period])
    written = (str(first) if first == last else f"{first} to {last}" for first, last in found)
    return ", ".join(written) or "none"
