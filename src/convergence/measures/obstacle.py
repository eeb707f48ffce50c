"""Obstacle degrees: how much each indicator keeps an index from its top."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.measures.validation import fractions, labelled_as, shares

__all__ = ["obstacle_degree"]


def obstacle_degree(z: Any, weights: Any) -> Any:
    r"""Share of each indicator in the distance of an observation from the top.

    .. math:: O_{ij} = \frac{w_j (1 - z_{ij})}{\sum_k w_k (1 - z_{ik})}

    It restates weight × gap and shows no cause: the largest obstacles are usually the indicators
    with the largest weights.

    Parameters
    ----------
    z
        Scaled indicators from 0 to 1, indicators along the last axis.
    weights
        Their weights, which sum to 1.

    Returns
    -------
    numpy.ndarray or pandas.DataFrame
        The shape (and the labels) of `z`. The shares of an observation sum to 1; all are 0 if it
        has reached the top in every indicator that has a weight.

    Raises
    ------
    ValueError
        If a value is missing or not from 0 to 1; or if the weights and the indicators differ in
        number, a weight is negative, or the weights do not sum to 1.

    Notes
    -----
    As in ChinaXiv 202208.00077. The R package mathmodels leaves out the denominator by default;
    its values are then not shares.

    Examples
    --------
    >>> obstacle_degree([[0.5, 0.0], [1.0, 1.0]], [0.5, 0.5]).round(3)
    array([[0.333, 0.667],
           [0.   , 0.   ]])
    """
    scaled = fractions(z, "z")
    if scaled.ndim == 0:
        raise ValueError("z: expected indicators along the last axis, found one number")
    gaps = shares(weights, scaled.shape[-1], "weights") * (1 - scaled)
    whole = gaps.sum(axis=-1, keepdims=True)
    return labelled_as(z, np.divide(gaps, whole, out=np.zeros_like(gaps), where=whole > 0))
