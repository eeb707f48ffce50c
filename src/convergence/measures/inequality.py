r"""Differences between units and between groups of units: level, composition and trend.

The measures divide by a mean, so that they need quantities with a true zero (jobs, wages, value
added per head). The zero of an index that was scaled between bounds is arbitrary, and so is its
Gini coefficient, its Theil index and its coefficient of variation.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from convergence.measures.elementwise import one_if_zero
from convergence.measures.validation import nonnegative, numbers, same_length

__all__ = [
    "Beta",
    "Dagum",
    "Markov",
    "Moran",
    "Theil",
    "beta_convergence",
    "dagum",
    "gini",
    "markov_transitions",
    "morans_i",
    "sigma_convergence",
    "theil",
]


def gini(y: Any, weights: Any = None) -> float:
    r"""Gini coefficient.

    .. math:: G = \frac{\sum_i \sum_j w_i w_j |y_i - y_j|}{2 W^2 \bar y},
        \qquad W = \sum_i w_i, \qquad \bar y = \frac{\sum_i w_i y_i}{W}

    With n units of equal weight it is at most :math:`1 - 1/n`, not 1; no correction is applied. A
    quantity per head needs the number of heads as weights: without them a small province counts
    as much as a large one, which answers another question.

    Parameters
    ----------
    y
        One value for each unit, not negative.
    weights
        What each unit stands for, such as its population; equal by default.

    Returns
    -------
    float
        0 if all are equal.

    Raises
    ------
    ValueError
        If a value is missing, infinite or negative, all are zero, or the weights are negative, all
        zero, or differ from the values in number.

    Notes
    -----
    Sorting takes O(n log n): with the cumulated weights :math:`F_i` in the order of y,
    :math:`G = \sum_i w_i (y_i - \bar y) (2 F_i - w_i - W) / (W^2 \bar y)`.

    Examples
    --------
    >>> gini([1, 1, 1, 1]), gini([0, 0, 0, 1])
    (0.0, 0.75)
    >>> gini([1, 3], weights=[3, 1])
    0.25
    """
    values, counts = _values_and_weights(y, weights)
    order = np.argsort(values, kind="stable")
    values, counts = values[order], counts[order]
    whole = counts.sum()
    mean = (counts * values).sum() / whole
    rank = 2 * np.cumsum(counts) - counts - whole
    # Subtracting the mean changes nothing but rounding: nearly equal values keep their digits.
    return max(0.0, float((counts * (values - mean) * rank).sum() / (whole**2 * mean)))


class Dagum(NamedTuple):
    """Gini coefficient decomposed by groups; the three components sum to the total.

    ``pairwise`` holds the Gini coefficients within groups (diagonal) and between pairs of groups,
    ``sizes`` the number of units in each group.
    """

    total: float
    within: float
    between: float
    transvariation: float
    pairwise: pd.DataFrame
    sizes: pd.Series


def dagum(y: Any, groups: Any) -> Dagum:
    r"""Gini coefficient, decomposed by groups after Dagum.

    .. math:: G = G_w + G_{nb} + G_t

    .. math:: G_{jh} = \frac{\Delta_{jh}}{\mu_j + \mu_h}, \qquad
        \Delta_{jh} = \frac{1}{n_j n_h} \sum_{i=1}^{n_j} \sum_{r=1}^{n_h} |y_{ji} - y_{hr}|

    .. math:: G_w = \sum_j G_{jj} p_j s_j

    .. math:: G_{nb} = \sum_{j<h} G_{jh} (p_j s_h + p_h s_j) D_{jh}, \qquad
        G_t = \sum_{j<h} G_{jh} (p_j s_h + p_h s_j) (1 - D_{jh})

    .. math:: D_{jh} = \frac{|\mu_j - \mu_h|}{\Delta_{jh}}

    with the groups' means :math:`\mu`, shares of units p and shares of the quantity s. The part
    between groups, :math:`G_{nb}` (net), is the Gini coefficient of the group means;
    transvariation, :math:`G_t`, is there because groups overlap. The number and the size of the
    groups largely decide which of the three is largest; a share of G explains nothing by itself.

    Parameters
    ----------
    y
        One value for each unit, not negative.
    groups
        The group of each unit. A group of one unit is allowed: it has no inequality within.

    Returns
    -------
    Dagum
        ``total``, ``within``, ``between``, ``transvariation``, ``pairwise`` and ``sizes``; groups
        in the order in which they first appear. A pair of groups with zeros only has 0.

    Raises
    ------
    ValueError
        If a value is missing, infinite or negative, all are zero, the lengths differ, a unit has
        no group, or there are fewer than two groups.

    Notes
    -----
    Dagum (1997), Empirical Economics 22(4):515–531, doi:10.1007/BF01205777; the formulas as in
    ChinaXiv 202208.00072, tested on the table printed there. With k groups it takes O(k n log n):
    each group is sorted once, and the values of every other group are looked up in it.

    Examples
    --------
    >>> split = dagum([1, 2, 3, 6], ["east", "east", "west", "west"])
    >>> round(split.total, 4), round(split.within, 4), round(split.between, 4)
    (0.3333, 0.0833, 0.25)
    >>> split.pairwise.round(4)
            east    west
    east  0.1667  0.5000
    west  0.5000  0.1667
    """
    values = _one_dimension(nonnegative(y, "y"))
    codes, labels = _groups(groups, len(values))
    if not values.any():
        raise ValueError("y: all values are 0, so that shares of them are 0/0")
    members = [np.sort(values[codes == code]) for code in range(len(labels))]
    means = np.array([group.mean() for group in members])
    sizes = np.array([len(group) for group in members])
    p, s = sizes / len(values), sizes * means / values.sum()

    pairwise = np.zeros((len(members), len(members)))
    within = between = transvariation = 0.0
    for j in range(len(members)):
        for h in range(j, len(members)):
            difference = _mean_difference(members[j], members[h])
            if difference == 0:
                continue  # all values are equal, also where both means are 0
            pairwise[j, h] = pairwise[h, j] = difference / (means[j] + means[h])
            if j == h:
                within += pairwise[j, j] * p[j] * s[j]
                continue
            share = pairwise[j, h] * (p[j] * s[h] + p[h] * s[j])
            affluence = min(1.0, abs(means[j] - means[h]) / difference)
            between += share * affluence
            transvariation += share * (1 - affluence)
    return Dagum(
        gini(values),
        float(within),
        float(between),
        float(transvariation),
        pd.DataFrame(pairwise, index=labels, columns=labels),
        pd.Series(sizes, index=labels),
    )


class Theil(NamedTuple):
    """Theil's index T, and its two components, which sum to it."""

    total: float
    within: float
    between: float


def theil(y: Any, groups: Any = None, weights: Any = None) -> Theil:
    r"""Theil's index T, decomposed by groups.

    .. math:: T = \sum_i s_i \ln \frac{y_i}{\bar y} = T_w + T_b, \qquad
        s_i = \frac{w_i y_i}{\sum_j w_j y_j}, \qquad \bar y = \frac{\sum_i w_i y_i}{\sum_i w_i}

    .. math:: T_w = \sum_g s_g T_g, \qquad T_b = \sum_g s_g \ln \frac{\bar y_g}{\bar y}

    The indices :math:`T_g` of the groups are weighted with the groups' shares :math:`s_g` of the
    **quantity**. Some papers print shares of the population instead, which belong to Theil's L;
    the components then do not sum to the total.

    Parameters
    ----------
    y
        A quantity per head (or per unit of `weights`), one value for each unit, not negative;
        0 ln 0 is 0.
    groups
        The group of each unit; by default all units are one group.
    weights
        What each unit stands for, such as its population; equal by default.

    Returns
    -------
    Theil
        ``total``, ``within`` and ``between``. The total is 0 if all are equal, at most ln n.

    Raises
    ------
    ValueError
        As `gini`; or if values and groups differ in number, or a unit has no group.

    Notes
    -----
    Theil (1967), Economics and Information Theory. Tested on the mathmodels book's wages of 31
    provinces × 8 industries.

    Examples
    --------
    >>> split = theil([10, 12, 20, 5, 8], groups=["a", "a", "a", "b", "b"])
    >>> round(split.total, 4), round(split.within, 4), round(split.between, 4)
    (0.1011, 0.0412, 0.0598)
    """
    values, counts = _values_and_weights(y, weights)
    codes = np.zeros(len(values), dtype=int)
    if groups is not None:
        codes, _ = _groups(groups, len(values), least=1)
    amount, heads = np.bincount(codes, counts * values), np.bincount(codes, counts)
    share = counts * values / amount.sum()
    mean = amount.sum() / heads.sum()
    group_mean = amount / one_if_zero(heads)
    within = _share_log(share, values / one_if_zero(group_mean[codes]))
    between = _share_log(amount / amount.sum(), group_mean / mean)
    return Theil(_share_log(share, values / mean), within, between)


def sigma_convergence(y: Any, spread: str = "log") -> np.ndarray:
    r"""Spread between units, period by period; it falls if they converge.

    .. math:: \sigma_t = \sqrt{\frac1n \sum_i \left(x_{it} - \bar x_t\right)^2}

    with :math:`x = \ln y` (``log``), :math:`x = y / \bar y_t` (``relative``: the coefficient of
    variation) or :math:`x = y` (``absolute``). The three can disagree: if all values double, the
    absolute spread doubles and the other two stay. Where the zero of y is arbitrary, report a
    relative and the absolute spread.

    Parameters
    ----------
    y
        n units × T periods.
    spread
        ``"log"``, ``"relative"`` or ``"absolute"``.

    Returns
    -------
    numpy.ndarray
        One number for each period.

    Raises
    ------
    ValueError
        If a value is missing or infinite, or there are fewer than two units; for ``log``, if a
        value is not positive; for ``relative``, if a value is negative or all of a period are 0.

    Examples
    --------
    >>> sigma_convergence([[1, 2], [4, 4]]).round(3)
    array([0.693, 0.347])
    >>> sigma_convergence([[1, 2], [4, 4]], spread="absolute")
    array([1.5, 1. ])
    """
    values = numbers(y, "y")
    if values.ndim != 2 or len(values) < 2:
        raise ValueError("y: expected at least two units × periods")
    if spread == "absolute":
        return values.std(axis=0)
    if spread == "log":
        if not (values > 0).all():
            raise ValueError(f"y: {values.min():g} has no logarithm; use relative or absolute")
        return np.log(values).std(axis=0)
    if spread == "relative":
        means = nonnegative(values, "y").mean(axis=0)
        if not means.all():
            raise ValueError(f"y: all values of period {int(np.argmin(means))} are 0")
        return values.std(axis=0) / means
    raise ValueError(f"spread: expected log, relative or absolute, found {spread!r}")


class Beta(NamedTuple):
    """Regression of growth on the initial level, and the speed that it implies.

    ``slope`` is b, ``standard_error`` the standard error of b. ``speed`` is λ, per year, and
    ``half_life`` is ln 2 / λ, in years.
    """

    slope: float
    standard_error: float
    intercept: float
    r_squared: float
    speed: float
    half_life: float


def beta_convergence(first: Any, last: Any, years: float) -> Beta:
    r"""Test whether units that start low grow faster (unconditional β-convergence).

    .. math:: \frac1T \ln \frac{y_{iT}}{y_{i0}} = a + b \ln y_{i0} + \varepsilon_i

    .. math:: \lambda = -\frac{\ln(1 + bT)}{T}, \qquad \text{half-life} = \frac{\ln 2}{\lambda}

    A negative b does not mean that units become more alike: noise in the first year alone makes b
    negative (Galton's fallacy). Look at σ too. The regression shows no cause.

    Parameters
    ----------
    first, last
        Values of the units in the first and the last period, positive.
    years
        T, the time between them.

    Returns
    -------
    Beta
        The half-life is infinite where b is not negative.

    Raises
    ------
    ValueError
        If a value is missing, infinite or not positive, the lengths differ, there are fewer than
        three units, all start at one value, `years` is not positive, or b is below −1/T: the units
        then overshoot each other, so that no speed is defined.

    Notes
    -----
    Barro and Sala-i-Martin (1992), Journal of Political Economy 100(2):223–251,
    doi:10.1086/261816.

    Examples
    --------
    >>> result = beta_convergence([1, 2, 4], [2, 3, 5], years=10)
    >>> round(result.slope, 4), round(result.speed, 4), round(result.half_life, 1)
    (-0.0339, 0.0414, 16.7)
    """
    start, end = numbers(first, "first"), numbers(last, "last")
    same_length(start, end, ("first", "last"))
    if start.ndim != 1 or len(start) < 3:
        raise ValueError("first: a regression needs at least three units")
    if not (start > 0).all() or not (end > 0).all():
        raise ValueError("first, last: a rate of growth needs positive values")
    if not years > 0:
        raise ValueError(f"years: expected a positive number, found {years!r}")
    x, growth = np.log(start), np.log(end / start) / years
    x_spread = ((x - x.mean()) ** 2).sum()
    if x_spread == 0:
        raise ValueError("first: all units start alike, so that no slope is defined")
    slope = ((x - x.mean()) * (growth - growth.mean())).sum() / x_spread
    intercept = growth.mean() - slope * x.mean()
    residual = ((growth - intercept - slope * x) ** 2).sum()
    whole = ((growth - growth.mean()) ** 2).sum()
    if 1 + slope * years <= 0:
        raise ValueError(f"b is {slope:.4g}, below −1/T: the units overshoot each other")
    speed = -np.log(1 + slope * years) / years
    return Beta(
        slope=float(slope),
        standard_error=float(np.sqrt(residual / (len(x) - 2) / x_spread)),
        intercept=float(intercept),
        r_squared=float(1 - residual / whole) if whole else 1.0,
        speed=float(speed),
        half_life=float(np.log(2) / speed) if speed > 0 else float("inf"),
    )


class Moran(NamedTuple):
    """Moran's I, its expectation without a spatial pattern, and a permutation p-value."""

    i: float
    expected: float
    p_value: float


def morans_i(
    y: Mapping[Hashable, float],
    neighbours: Mapping[Hashable, Sequence[Hashable]],
    permutations: int = 999,
    seed: int = 0,
) -> Moran:
    r"""Test whether neighbours are alike (Moran's I).

    .. math:: I = \frac{n}{\sum_i \sum_j w_{ij}}
        \frac{\sum_i \sum_j w_{ij} (y_i - \bar y)(y_j - \bar y)}{\sum_i (y_i - \bar y)^2}

    with weights :math:`w_{ij} = 1/(\text{number of neighbours of } i)` for neighbours, computed
    by PySAL's esda. It finds likeness in space, not a spillover: neighbours may be alike because
    they share causes.

    Parameters
    ----------
    y
        One value for each unit.
    neighbours
        The neighbours of each unit. A unit without any, such as an island province, must be given
        one, or be left out of both arguments: state your choice.
    permutations
        Number of random arrangements for the p-value.
    seed
        Seed of these arrangements: the same seed gives the same p-value.

    Returns
    -------
    Moran
        ``i``, ``expected`` (−1/(n − 1)) and ``p_value`` (of the nearer tail of the permutations).

    Raises
    ------
    ValueError
        If a value is missing or infinite, all are equal, the units of the two arguments differ, a
        unit has no neighbour or an unknown one, or a relation is not mutual.

    Examples
    --------
    >>> line = {"a": ["b"], "b": ["a", "c"], "c": ["b", "d"], "d": ["c"]}
    >>> round(morans_i({"a": 1, "b": 2, "c": 3, "d": 4}, line, permutations=9).i, 3)
    0.4
    """
    units = list(neighbours)
    values = dict(y)
    if set(values) != set(units):
        odd = sorted(map(str, set(values) ^ set(units)))
        raise ValueError(f"y and neighbours are not of the same units: {', '.join(odd[:4])}")
    for unit, others in neighbours.items():
        if not others:
            raise ValueError(f"{unit!r} has no neighbour: give it one, or leave it out")
        for other in others:
            if unit not in neighbours.get(other, ()):
                raise ValueError(f"{unit!r} has the neighbour {other!r}, but not the reverse")
    array = numbers([values[unit] for unit in units], "y")
    if array.min() == array.max():
        raise ValueError("y: all values are equal, so that Moran's I is 0/0")
    # Imported here because it is slow to import and only this function needs it; so is giddy below.
    from esda.moran import Moran as esda_moran
    from libpysal.weights import W

    weights = W({unit: list(others) for unit, others in neighbours.items()}, id_order=units)
    state = np.random.get_state()
    np.random.seed(seed)  # esda draws from numpy's global generator
    try:
        result = esda_moran(array, weights, permutations=permutations)
    finally:
        np.random.set_state(state)
    return Moran(float(result.I), float(result.EI), float(result.p_sim))


class Markov(NamedTuple):
    """Transitions between classes: counts, probabilities, and the steady state."""

    counts: pd.DataFrame
    probabilities: pd.DataFrame
    steady_state: pd.Series


def markov_transitions(classes: Any, order: Sequence[Hashable]) -> Markov:
    r"""Transitions of units between classes, from each period to the next.

    .. math:: p_{ab} = \frac{n_{ab}}{\sum_c n_{ac}}, \qquad \pi = \pi P

    computed by PySAL's giddy. The steady state :math:`\pi` is the distribution that units would
    approach if these probabilities never changed: a summary of the past, not a forecast.

    Parameters
    ----------
    classes
        The class of each unit in each period: n units × T periods.
    order
        The classes, from lowest to highest. A class that no unit ever leaves is absorbing.

    Returns
    -------
    Markov
        ``counts`` and ``probabilities`` (rows: from, columns: to), and ``steady_state``.

    Raises
    ------
    ValueError
        If there are fewer than two periods, a class is not in `order`, or the chain has no single
        steady state.

    Examples
    --------
    >>> moves = markov_transitions([["low", "high", "high"], ["low", "low", "high"],
    ...                             ["high", "low", "low"]], order=["low", "high"])
    >>> moves.counts
          low  high
    low     2     2
    high    1     1
    >>> moves.steady_state.round(3).tolist()
    [0.5, 0.5]
    """
    table = np.asarray(classes, dtype=object)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ValueError("classes: expected units × at least two periods")
    unknown = sorted(set(map(str, table.ravel())) - set(map(str, order)))
    if unknown:
        raise ValueError(f"classes: {', '.join(unknown[:4])} not in order")
    from giddy.markov import Markov as giddy_markov

    positions = np.vectorize(list(order).index, otypes=[int])(table)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # giddy warns of classes that are empty: see `counts`
        chain = giddy_markov(
            positions, classes=np.arange(len(order)), fill_empty_classes=True, summary=False
        )
        steady = np.atleast_2d(chain.steady_state)
    if len(steady) > 1:
        raise ValueError("classes: the chain falls into parts that do not lead to each other")
    counts = pd.DataFrame(chain.transitions.astype(int), index=order, columns=order)
    probabilities = pd.DataFrame(np.asarray(chain.p), index=order, columns=order)
    return Markov(counts, probabilities, pd.Series(steady[0], index=order))


def _values_and_weights(y: Any, weights: Any) -> tuple[np.ndarray, np.ndarray]:
    values = _one_dimension(nonnegative(y, "y"))
    counts = np.ones(len(values)) if weights is None else nonnegative(weights, "weights")
    same_length(values, counts, ("y", "weights"))
    if not (values * counts).any():
        raise ValueError("y: all values (that have a weight) are 0: the measure is 0/0")
    return values, counts


def _one_dimension(values: np.ndarray) -> np.ndarray:
    if values.ndim != 1:
        raise ValueError(f"y: expected one value for each unit, found {values.ndim} dimension(s)")
    return values


def _groups(groups: Any, count: int, least: int = 2) -> tuple[np.ndarray, pd.Index]:
    codes, labels = pd.factorize(np.asarray(groups, dtype=object))
    if len(codes) != count:
        raise ValueError(f"y and groups differ in length: {count} and {len(codes)}")
    if (codes < 0).any():
        raise ValueError(f"groups: the unit at position {int(np.argmin(codes))} has none")
    if len(labels) < least:
        raise ValueError(f"groups: at least two are needed, found only {labels[0]!r}")
    return codes, pd.Index(labels)


def _mean_difference(first: np.ndarray, second: np.ndarray) -> float:
    """Mean of |a − b| over all pairs of two sorted arrays, without forming the pairs."""
    # Differences do not depend on the origin; values near the origin are rounded least.
    origin = second.mean()
    first, second = first - origin, second - origin
    below = np.searchsorted(second, first)
    cumulated = np.concatenate(([0.0], np.cumsum(second)))
    whole = cumulated[-1]
    sums = first * (2 * below - len(second)) + whole - 2 * cumulated[below]
    return float(sums.sum() / (len(first) * len(second)))


def _share_log(share: np.ndarray, ratio: np.ndarray) -> float:
    """Sum of share × ln ratio, with 0 ln 0 = 0."""
    return max(0.0, float((share * np.log(np.where(share > 0, ratio, 1))).sum()))
