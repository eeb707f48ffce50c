r"""Put indicators on one scale, and weigh them.

Weights that are computed from data are not objective. Entropy weights reward an indicator for
being unevenly spread, CRITIC weights for varying and for disagreeing with the others; neither
knows what an indicator means. One extreme value, or one indicator entered twice, changes them a
lot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from convergence.measures.elementwise import where
from convergence.measures.validation import (
    column_name,
    labelled_as,
    nonnegative,
    not_constant,
    numbers,
    table,
)

__all__ = [
    "AHP",
    "RANDOM_INDEX",
    "ZERO_POLICIES",
    "ahp_weights",
    "critic_weights",
    "entropy",
    "entropy_weights",
    "equal_weights",
    "minmax",
]

# How values are changed before entropies are taken, so that ln 0 does not occur. ``limit`` changes
# none.
ZERO_POLICIES: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "limit": lambda z: z,  # 0 ln 0 counts as 0, its limit
        "shrink": lambda z: 0.002 + 0.996 * z,  # into [0.002, 0.998]: the R package mathmodels
        "interval": lambda z: 0.01 + 0.98 * z,  # into [0.01, 0.99]: SPSSAU's default
        "replace": lambda z: where(z > 0, z, 1e-6),  # zeros only, as guides to Stata do
        "shift": lambda z: 1 + z,  # as ChinaXiv 202208.00077 does; makes weights nearly equal
    }
)

# Mean consistency index of random matrices of order 1 to 11, after Saaty. Published tables
# disagree from order 12 on (1.48 or 1.54), so that this one ends at 11.
RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51)


def minmax(x: Any, lower: Any = None, upper: Any = None, direction: Any = 1) -> Any:
    r"""Scale each indicator to 0 … 1 between two bounds.

    .. math:: z = \frac{x - l}{h - l}
        \quad\text{or, where less is better,}\quad z = \frac{h - x}{h - l}

    The choice of bounds decides what the result can show. With bounds of the whole sample every
    value depends on the sample: add a year or a province, and past values change. Bounds of each
    year remove what all units gain together. Bounds of a base period keep past values, but later
    ones may leave 0 … 1; this function does not cut them off.

    Parameters
    ----------
    x
        One indicator (one dimension), or several along the last axis.
    lower, upper
        The bounds, one number or one for each indicator; by default those of `x`.
    direction
        1 where more is better, −1 where less is better: one number or one for each indicator.

    Returns
    -------
    numpy.ndarray, pandas.Series or pandas.DataFrame
        The shape (and the labels) of `x`.

    Raises
    ------
    ValueError
        If a value is missing or infinite, an indicator is constant (and no bounds are given), an
        upper bound is not above its lower one, or a direction is neither 1 nor −1.

    Examples
    --------
    >>> minmax([2.0, 3.0, 6.0])
    array([0.  , 0.25, 1.  ])
    >>> minmax([2.0, 3.0, 6.0], direction=-1)
    array([1.  , 0.75, 0.  ])
    >>> minmax([2.0, 3.0, 6.0], lower=0, upper=4)
    array([0.5 , 0.75, 1.5 ])
    """
    values = numbers(x, "x")
    columns = values[..., None] if values.ndim < 2 else values
    observations = tuple(range(columns.ndim - 1))
    if lower is None or upper is None:
        not_constant(columns, x, "x")
    low = columns.min(axis=observations) if lower is None else numbers(lower, "lower")
    high = columns.max(axis=observations) if upper is None else numbers(upper, "upper")
    signs = numbers(direction, "direction")
    if not np.isin(signs, (1, -1)).all():
        raise ValueError(f"direction: expected 1 or -1, found {direction!r}")
    count = columns.shape[-1]
    for name, given in (("lower", low), ("upper", high), ("direction", signs)):
        if given.ndim > 1 or given.size not in (1, count):
            raise ValueError(f"{name}: expected one number or {count}, found {given.size}")
    low, high = np.broadcast_to(low, count), np.broadcast_to(high, count)
    for position in np.flatnonzero(~(high > low)):
        raise ValueError(
            f"{column_name(x, position)}: the upper bound, {high[position]:g}, "
            f"is not above the lower one, {low[position]:g}"
        )
    z = np.where(signs == 1, columns - low, high - columns) / (high - low)
    return labelled_as(x, z.reshape(values.shape))


def equal_weights(count: int) -> np.ndarray:
    r"""Give every indicator the same weight.

    .. math:: w_j = \frac{1}{n}

    Parameters
    ----------
    count
        Number of indicators, n.

    Returns
    -------
    numpy.ndarray
        Weights that sum to 1.

    Raises
    ------
    ValueError
        If there are no indicators.

    Examples
    --------
    >>> equal_weights(4)
    array([0.25, 0.25, 0.25, 0.25])
    """
    if count < 1:
        raise ValueError(f"count: expected at least one indicator, found {count}")
    return np.full(count, 1 / count)


def entropy(z: Any, zero: str = "limit") -> Any:
    r"""Entropy of each indicator over the observations, as a share of the largest possible.

    .. math:: e_j = -\frac{1}{\ln m} \sum_{i=1}^{m} p_{ij} \ln p_{ij},
        \qquad p_{ij} = \frac{z_{ij}}{\sum_i z_{ij}}, \qquad 0 \ln 0 := 0

    Parameters
    ----------
    z
        Scaled indicators, m observations × n indicators, not negative. Whether an observation is
        a province, or a province in a year, changes m: state your choice.
    zero
        How zeros are treated: a name in `ZERO_POLICIES`.

    Returns
    -------
    numpy.ndarray or pandas.Series
        One number from 0 (all in one observation) to 1 (evenly spread) for each indicator.

    Raises
    ------
    ValueError
        If a value is missing, infinite or negative, an indicator is constant, or there is only
        one observation.

    Examples
    --------
    >>> entropy([[1.0, 0.5], [0.1, 1.0], [0.0, 0.5]]).round(4)
    array([0.2773, 0.9464])
    """
    p = _proportions(z, zero)
    # Where p is 0, so is its logarithm here: p ln p is then 0, its limit.
    logarithm = np.log(p, out=np.zeros_like(p), where=p > 0)
    return labelled_as(z, -(p * logarithm).sum(axis=0) / np.log(len(p)))


def entropy_weights(z: Any, zero: str = "limit") -> Any:
    r"""Weights that grow with the unevenness of an indicator.

    .. math:: w_j = \frac{1 - e_j}{\sum_k (1 - e_k)}

    with the entropies of `entropy`. Since :math:`1 - e_j` is Theil's index of the indicator
    divided by :math:`\ln m`, **an indicator's entropy weight is its share in the sum of Theil
    indices**: the weight is a measure of inequality, and an outlier raises it.

    Parameters
    ----------
    z
        Scaled indicators, m observations × n indicators, not negative.
    zero
        How zeros are treated: a name in `ZERO_POLICIES`. All but ``"limit"`` bring the weights
        closer to each other.

    Returns
    -------
    numpy.ndarray or pandas.Series
        Weights that sum to 1.

    Raises
    ------
    ValueError
        As `entropy`.

    Notes
    -----
    Formula as in ChinaXiv 202006.00126 and many other papers; tested on the weights printed there.

    Examples
    --------
    >>> z = [[0.0, 0.4], [0.1, 0.5], [1.0, 0.6]]
    >>> entropy_weights(z).round(3)
    array([0.983, 0.017])
    >>> entropy_weights(z, zero="shift").round(3)
    array([0.972, 0.028])
    """
    divergence = 1 - np.asarray(entropy(z, zero))
    return labelled_as(z, divergence / divergence.sum())


def critic_weights(z: Any) -> Any:
    r"""Weights that grow with the spread of an indicator and its conflict with the others.

    .. math:: w_j = \frac{c_j}{\sum_k c_k}, \qquad c_j = \sigma_j \sum_{k=1}^{n} (1 - r_{jk})

    with standard deviations :math:`\sigma` and Pearson correlations :math:`r`.

    Parameters
    ----------
    z
        Scaled indicators, m observations × n indicators. More must be better in each of them,
        since reversing one changes its correlations.

    Returns
    -------
    numpy.ndarray or pandas.Series
        Weights that sum to 1. A single indicator has the weight 1.

    Raises
    ------
    ValueError
        If a value is missing or infinite, an indicator is constant, there is only one
        observation, or all indicators move in step.

    Notes
    -----
    Diakoulaki, Mavrotas and Papayannakis (1995), Computers & Operations Research 22(7):763–770,
    doi:10.1016/0305-0548(94)00059-H.

    Examples
    --------
    >>> critic_weights([[0.0, 0.1, 1.0], [0.5, 0.5, 0.2], [1.0, 0.9, 0.0]]).round(3)
    array([0.255, 0.204, 0.54 ])
    """
    values = table(z, "z")
    not_constant(values, z, "z")
    if values.shape[1] == 1:
        return labelled_as(z, np.ones(1))
    spread = values.std(axis=0)
    conflict = (1 - np.corrcoef(values, rowvar=False)).sum(axis=0)
    information = spread * conflict
    # Where 1 − r is 0, rounding leaves about 1e-16.
    if information.sum() < 1e-12:
        raise ValueError("z: all indicators move in step, so that none conflicts with another")
    return labelled_as(z, information / information.sum())


class AHP(NamedTuple):
    """Weights from pairwise judgements, and how much the judgements contradict each other."""

    weights: np.ndarray
    consistency_ratio: float


def ahp_weights(matrix: Any) -> AHP:
    r"""Weights from a matrix of pairwise judgements (analytic hierarchy process).

    .. math:: A w = \lambda_{max} w, \qquad \sum_j w_j = 1

    .. math:: CR = \frac{CI}{RI_n}, \qquad CI = \frac{\lambda_{max} - n}{n - 1}

    Parameters
    ----------
    matrix
        n × n: how many times more important the row is than the column. The mirrored entry is the
        reciprocal, to within 2 % (so that 0.33 and 3 are accepted).

    Returns
    -------
    AHP
        ``weights``, which sum to 1, and ``consistency_ratio``; above 0.1 Saaty advises to judge
        again. The ratio tests whether the judgements agree with each other, not whether they are
        right.

    Raises
    ------
    ValueError
        If the matrix is not square, not positive, not reciprocal, or larger than 11 × 11:
        published random indices disagree beyond that.

    Notes
    -----
    Saaty (1980), The Analytic Hierarchy Process; random indices as in the R package mathmodels.

    Examples
    --------
    >>> judged = ahp_weights([[1, 2, 5], [1 / 2, 1, 2], [1 / 5, 1 / 2, 1]])
    >>> judged.weights.round(4), round(judged.consistency_ratio, 4)
    (array([0.5954, 0.2764, 0.1283]), 0.0048)
    """
    judgements = numbers(matrix, "matrix")
    count = len(judgements)
    if judgements.shape != (count, count):
        raise ValueError(f"matrix: expected a square one, found {judgements.shape}")
    if count > len(RANDOM_INDEX):
        raise ValueError(
            f"matrix: {count} × {count}; no agreed random index beyond {len(RANDOM_INDEX)}"
        )
    if not (judgements > 0).all():
        raise ValueError("matrix: a judgement is not positive")
    wrong = np.argwhere(abs(judgements * judgements.T - 1) > 0.02)
    if wrong.size:
        row, column = wrong[0]
        raise ValueError(
            f"matrix: {judgements[row, column]:g} at ({row}, {column}) and "
            f"{judgements[column, row]:g} at ({column}, {row}) are not each other's reciprocal"
        )
    eigenvalues, eigenvectors = np.linalg.eig(judgements)
    largest = np.argmax(eigenvalues.real)
    vector = eigenvectors[:, largest].real
    if count <= 2:  # two judgements cannot contradict each other
        return AHP(vector / vector.sum(), 0.0)
    inconsistency = (eigenvalues[largest].real - count) / (count - 1)
    return AHP(vector / vector.sum(), float(inconsistency / RANDOM_INDEX[count - 1]))


def _proportions(z: Any, zero: str) -> np.ndarray:
    if zero not in ZERO_POLICIES:
        raise ValueError(f"zero: expected one of {', '.join(ZERO_POLICIES)}, found {zero!r}")
    values = nonnegative(z, "z")
    not_constant(table(values, "z"), z, "z")
    positive = ZERO_POLICIES[zero](values)
    return positive / positive.sum(axis=0)
