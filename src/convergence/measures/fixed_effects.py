r"""A regression of a panel on what changed inside its units, with errors for few clusters.

.. math:: y_{it} = \beta x_{it} + \delta' c_{it} + \alpha_i + \gamma_t + \varepsilon_{it}

The years of a unit are not independent, so the errors are clustered by unit; and with few units a
wild bootstrap checks them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from convergence.measures.validation import numbers

__all__ = ["FixedEffects", "fixed_effects", "within"]


class FixedEffects(NamedTuple):
    """A coefficient, its error clustered by unit, and its probability by the wild bootstrap."""

    b: float
    error: float
    p: float


def within(values: Any) -> np.ndarray:
    r"""Take the mean of each unit and the mean of each period out of a balanced panel.

    .. math:: \tilde x_{it} = x_{it} - \bar x_{i\cdot} - \bar x_{\cdot t} + \bar x_{\cdot\cdot}

    Parameters
    ----------
    values
        n units × T periods, without gaps.

    Returns
    -------
    numpy.ndarray
        n × T, with means of zero by row and by column.

    Raises
    ------
    ValueError
        If a value is missing or infinite, or the panel does not have two dimensions.

    Examples
    --------
    >>> within([[1, 2], [3, 8]])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    table = _panel(values, "values")
    return table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()


def fixed_effects(y: Any, x: Any, signs: Any, controls: Sequence[Any] = ()) -> FixedEffects:
    r"""Regress one panel on another, with two-way fixed effects.

    .. math::
        \hat\beta = \frac{\sum_{it} \tilde x_{it} \tilde y_{it}}{\sum_{it} \tilde x_{it}^2}, \qquad
        s^2 = \frac{n}{n-1}\,\frac{nT-1}{nT-T}\,
        \frac{\sum_i \big(\sum_t \tilde x_{it} e_{it}\big)^2}{\big(\sum_{it} \tilde x_{it}^2\big)^2}

    Here :math:`e = \tilde y - \hat\beta \tilde x`, and the tilde takes out unit means, period means
    and the controls (Frisch, Waugh and Lovell). The bootstrap imposes :math:`\beta = 0`, turns the
    signs of all outcomes of a unit together, and counts how often :math:`|t|` is as large
    (Cameron, Gelbach and Miller, *Review of Economics and Statistics* 90, 2008).

    Parameters
    ----------
    y, x
        The outcome and the regressor: n units × T periods.
    signs
        The signs of the bootstrap: draws × n, each +1 or −1.
    controls
        Further regressors, each n × T.

    Returns
    -------
    FixedEffects
        ``b``; ``error``; and ``p``, two-sided.

    Raises
    ------
    ValueError
        If a value is missing or infinite, the shapes differ, there are fewer than three units, or
        nothing of `x` is left once the means and the controls are out.

    Examples
    --------
    >>> x = np.array([[1.0, 2, 4], [2, 1, 5], [3, 3, 3], [0, 2, 1]])
    >>> y = 2 * x + [[0.1, 0, 0], [0, 0, 0.1], [0, -0.1, 0], [0, 0, 0]]
    >>> signs = np.random.default_rng(1).choice([-1.0, 1.0], size=(99, 4))
    >>> round(fixed_effects(y, x, signs).b, 2)
    2.01
    """
    outcome, regressor = within(y), within(x)
    taken_out = [within(control) for control in controls]
    if {outcome.shape, *(panel.shape for panel in taken_out)} != {regressor.shape}:
        raise ValueError("y, x and the controls must have the same units and periods")
    units, periods = regressor.shape
    turned = np.asarray(signs, dtype=float)
    if units < 3 or turned.ndim != 2 or turned.shape[1] != units:
        raise ValueError(f"{units} units take signs of draws × {units}, and at least three units")
    outcome, regressor = _without(outcome, taken_out), _without(regressor, taken_out)
    square = (regressor**2).sum()
    if square <= 1e-12 * (np.asarray(x, dtype=float) ** 2).sum():
        raise ValueError("nothing of x varies once unit means, period means and controls are out")
    few = units / (units - 1) * (regressor.size - 1) / (regressor.size - periods)

    def slope(panel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        b = (regressor * panel).sum(axis=(-2, -1)) / square
        score = (regressor * (panel - b[..., None, None] * regressor)).sum(axis=-1)
        return b, np.sqrt(few * (score**2).sum(axis=-1)) / square

    b, error = slope(outcome[None])
    flipped = turned[:, :, None] * outcome
    flipped = _without(flipped - flipped.mean(axis=1, keepdims=True), taken_out)
    other, of_other = slope(flipped)
    p = np.mean(np.abs(other / of_other) >= np.abs(b / error))
    return FixedEffects(float(b[0]), float(error[0]), float(p))


def _without(panel: np.ndarray, controls: Sequence[np.ndarray]) -> np.ndarray:
    """Take what the controls explain out of a panel, or of many."""
    if not controls:
        return panel
    columns = np.stack([control.ravel() for control in controls], axis=1)
    rows = panel.reshape(-1, columns.shape[0]).T
    left: np.ndarray = rows - columns @ np.linalg.lstsq(columns, rows, rcond=None)[0]
    return left.T.reshape(panel.shape)


def _panel(values: Any, name: str) -> np.ndarray:
    panel = numbers(values, name)
    if panel.ndim != 2:
        raise ValueError(f"{name} has {panel.ndim} dimensions, not units × periods")
    return panel
