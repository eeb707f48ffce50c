r"""Closeness of two industries, seen from their series and their places.

Each function answers another question: do the series move alike (`grey_relation`), grow alike
(`growth_proximity`), weigh alike (`share_proximity`), sit in the same places (`location_quotient`,
`coagglomeration`)? None sees who buys from whom; that takes input–output tables.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.measures.elementwise import absolute
from convergence.measures.validation import nonnegative, numbers, plain, same_length

__all__ = [
    "coagglomeration",
    "grey_relation",
    "growth_proximity",
    "location_quotient",
    "share_proximity",
]

NORMALISATIONS = ("initial", "mean", "minmax", "none")


def grey_relation(reference: Any, series: Any, rho: float = 0.5, normalise: str = "initial") -> Any:
    r"""Grey relational grade (Deng) of several series to a reference series.

    .. math:: r_i = \frac1T \sum_{t=1}^{T} \xi_i(t), \qquad
        \xi_i(t) = \frac{\min_i \min_t |\Delta_i(t)| + \rho \max_i \max_t |\Delta_i(t)|}
        {|\Delta_i(t)| + \rho \max_i \max_t |\Delta_i(t)|},
        \qquad \Delta_i(t) = x_0(t) - x_i(t)

    after normalising each series: by its first value (``initial``), by its mean (``mean``), or to
    its range (``minmax``). **The normalisation often decides the order** (rank correlations
    between two of them can be near 0.3), the choice of :math:`\rho` rarely does. The minimum and
    the maximum run over all series, so that taking one away changes the grades of the others,
    and a single series always has a moment of :math:`\xi = 1`. The grade compares shapes of a few
    points; it has no test, and two unrelated trends are close.

    Parameters
    ----------
    reference
        The reference series: T periods; or T periods × n series, one reference for each, as where
        each region's manufacturing is compared with the same region's services.
    series
        The series to compare: T periods, or T periods × n series.
    rho
        Distinguishing coefficient, above 0 and at most 1.
    normalise
        ``"initial"``, ``"mean"``, ``"minmax"`` or ``"none"``.

    Returns
    -------
    float or numpy.ndarray
        A grade above 0 and at most 1 for each series. If all series equal the reference, 1.

    Raises
    ------
    ValueError
        If a value is missing or infinite, the lengths differ, there are fewer than two periods,
        rho is out of range, or a series cannot be normalised (its first value or mean is not
        positive, its range is zero).

    Notes
    -----
    Deng (1982), Systems & Control Letters 1(5):288–294, doi:10.1016/S0167-6911(82)80025-X; the
    formula as in the mathmodels book, tested on two textbook cases.

    Examples
    --------
    >>> grey_relation([100, 110, 125], [[50, 20], [56, 21], [61, 30]]).round(3)
    array([0.89 , 0.683])
    """
    base, others = numbers(reference, "reference"), numbers(series, "series")
    if base.ndim not in (1, 2) or len(base) < 2:
        raise ValueError("reference: expected series of at least two periods")
    if not 0 < rho <= 1:
        raise ValueError(f"rho: expected a number above 0 and at most 1, found {rho!r}")
    if others.ndim not in (1, 2) or len(others) != len(base):
        raise ValueError(
            f"reference and series differ in length: {len(base)} and {len(others)} periods"
        )
    if base.ndim == 2 and base.shape != others.shape:
        raise ValueError(
            f"reference: expected one series, or one for each of series: {others.shape}, found "
            f"{base.shape}"
        )
    columns = np.column_stack([base, others])
    scaled = _normalised(columns, normalise)
    references = 1 if base.ndim == 1 else base.shape[1]
    distance = np.abs(scaled[:, :references] - scaled[:, references:])
    # Series that differ by rounding only would be graded by their rounding.
    distance[distance < 1e-12 * np.abs(scaled).max()] = 0
    smallest, widest = distance.min(), distance.max()
    if widest == 0:
        grades = np.ones(distance.shape[1])
    else:
        grades = ((smallest + rho * widest) / (distance + rho * widest)).mean(axis=0)
    return grades.item() if others.ndim == 1 else grades


def location_quotient(sector: Any, total: Any) -> np.ndarray:
    r"""Location quotient: a sector's share in a region, relative to its share in all regions.

    .. math:: LQ_i = \frac{e_i / t_i}{\sum_i e_i / \sum_i t_i}

    Above 1 the region is specialised in the sector. Shares of one region sum to 1, so that two
    large sectors' quotients push each other down: a negative relation between them is partly
    arithmetic.

    Parameters
    ----------
    sector
        Employment, value added or the like of the sector, one value for each region.
    total
        The same of all sectors together.

    Returns
    -------
    numpy.ndarray
        One quotient for each region.

    Raises
    ------
    ValueError
        If a value is missing, infinite or negative, the lengths differ, a region's total is 0 or
        below its sector, or the sector is 0 everywhere.

    Examples
    --------
    >>> location_quotient([30, 10], [100, 100])
    array([1.5, 0.5])
    """
    part, whole = nonnegative(sector, "sector"), nonnegative(total, "total")
    same_length(part, whole, ("sector", "total"))
    if not (whole > 0).all():
        raise ValueError(f"total: it is 0 at position {int(np.argmin(whole))}")
    if (part > whole).any():
        raise ValueError(f"sector: more than the total at position {int(np.argmax(part > whole))}")
    if not part.any():
        raise ValueError("sector: it is 0 in every region")
    return (part / whole) / (part.sum() / whole.sum())


def coagglomeration(first: Any, second: Any) -> Any:
    r"""Index of co-agglomeration of two industries in a region, from their location quotients.

    .. math:: \Theta = \left(1 - \frac{|LQ_a - LQ_b|}{LQ_a + LQ_b}\right) + (LQ_a + LQ_b)

    The first part is balance, from 0 to 1; the second, height, has no upper bound and usually
    decides the result (an average region has 1 + 2 = 3). The index does not see whether plants
    of the two industries are near each other inside the region.

    Parameters
    ----------
    first, second
        Location quotients of the two industries, region by region.

    Returns
    -------
    float or numpy.ndarray

    Raises
    ------
    ValueError
        If a quotient is missing, infinite or negative, the lengths differ, or both are 0.

    Examples
    --------
    >>> coagglomeration(1.0, 1.0)
    3.0
    """
    a, b = _pair(first, second, ("first", "second"))
    return plain(balance(a, b) + (a + b))


def share_proximity(first: Any, second: Any) -> Any:
    r"""Balance of two quantities: 1 if they are equal, 0 if one is zero.

    .. math:: J = 1 - \frac{|a - b|}{a + b} = \frac{2 \min(a, b)}{a + b}

    Where services outgrow industry J falls, however close the two work together.

    Parameters
    ----------
    first, second
        Shares, location quotients, or values in one unit.

    Returns
    -------
    float or numpy.ndarray

    Raises
    ------
    ValueError
        If a value is missing, infinite or negative, the lengths differ, or both are 0.

    Examples
    --------
    >>> share_proximity(30, 10)
    0.5
    """
    return plain(balance(*_pair(first, second, ("first", "second"))))


def balance(a: Any, b: Any) -> Any:
    """Compute J of `share_proximity`, for arrays and narwhals expressions whose sum is not 0."""
    return 1 - absolute(a - b) / (a + b)


def growth_proximity(first: Any, second: Any) -> Any:
    r"""Closeness of two rates of growth: 1 if they are equal, 0 if one is zero or signs differ.

    .. math:: X = 1 - \frac{|g_a - g_b|}{|g_a| + |g_b|}

    It jumps: near zero growth a small difference moves it through its whole range. Smooth it over
    years before comparing, and say so.

    Parameters
    ----------
    first, second
        Rates of growth, as fractions.

    Returns
    -------
    float or numpy.ndarray

    Raises
    ------
    ValueError
        If a rate is missing or infinite, the lengths differ, or both are 0 (0/0).

    Examples
    --------
    >>> growth_proximity([0.06, -0.02], [0.02, 0.05])
    array([0.5, 0. ])
    """
    a, b = numbers(first, "first"), numbers(second, "second")
    same_length(a, b, ("first", "second"))
    _not_both_zero(a, b)
    return plain(1 - np.abs(a - b) / (np.abs(a) + np.abs(b)))


def _normalised(columns: np.ndarray, how: str) -> np.ndarray:
    if how == "none":
        return columns
    if how == "minmax":
        low, width = columns.min(axis=0), np.ptp(columns, axis=0)
        if not (width > 0).all():
            raise ValueError(f"{_series(np.argmin(width))} is constant: it has no range")
        return (columns - low) / width
    if how not in NORMALISATIONS:
        raise ValueError(f"normalise: expected one of {', '.join(NORMALISATIONS)}, found {how!r}")
    divisor = columns[0] if how == "initial" else columns.mean(axis=0)
    if not (divisor > 0).all():
        worst = int(np.argmin(divisor))
        what = "first value" if how == "initial" else "mean"
        raise ValueError(f"{_series(worst)}: its {what}, {divisor[worst]:g}, is not positive")
    return columns / divisor


def _series(position: int | np.integer) -> str:
    return "reference" if position == 0 else f"series {position - 1}"


def _pair(first: Any, second: Any, names: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    a, b = nonnegative(first, names[0]), nonnegative(second, names[1])
    same_length(a, b, names)
    _not_both_zero(a, b)
    return a, b


def _not_both_zero(a: np.ndarray, b: np.ndarray) -> None:
    both = np.atleast_1d((a == 0) & (b == 0))
    if both.any():
        place = f" at position {int(np.argmax(both))}" if both.size > 1 else ""
        raise ValueError(f"first and second are both 0{place}: their closeness is 0/0")
