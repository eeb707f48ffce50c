r"""The algebra of input–output tables, on arrays: coefficients, inverses, multipliers.

Each function takes one table or many of them: the last axes are the sectors, any axes before them
count tables. No labels, and no checks of a table: `InputOutputTable` has both and calls these.

Notation as in Miller and Blair, *Input–Output Analysis* (2nd ed., Cambridge University Press,
2009): flows *Z*, output *x*, final use *f*, input coefficients *A*, Leontief inverse *L*,
allocation coefficients *B*, Ghosh inverse *G*. A row sells, a column buys.
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "allocations",
    "coefficients",
    "import_shares",
    "inverse",
    "multipliers",
    "per_output",
    "solve",
]


def per_output(amount: np.ndarray, x: np.ndarray) -> np.ndarray:
    r"""Divide amounts by output; zero where output is zero.

    .. math:: q_i = \frac{w_i}{x_i}

    Parameters
    ----------
    amount
        Amounts, such as value added or jobs, in any shape that broadcasts with `x`.
    x
        Output.

    Returns
    -------
    numpy.ndarray
        Unit of `amount` per unit of output.

    Examples
    --------
    >>> per_output(np.array([1.0, 2.0]), np.array([4.0, 0.0])).tolist()
    [0.25, 0.0]
    """
    return amount / np.where(x == 0, np.inf, x)


def coefficients(Z: np.ndarray, x: np.ndarray) -> np.ndarray:
    r"""Input coefficients: inputs per unit of the buyer's output.

    .. math:: a_{ij} = \frac{z_{ij}}{x_j}

    Parameters
    ----------
    Z
        Flows, shape (…, rows, n).
    x
        Output, shape (…, n).

    Returns
    -------
    numpy.ndarray
        Shape of `Z`; zero where output is zero.

    Examples
    --------
    >>> coefficients(np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([4.0, 0.0])).tolist()
    [[0.25, 0.0], [0.5, 0.0]]
    """
    return per_output(Z, x[..., None, :])


def allocations(Z: np.ndarray, x: np.ndarray) -> np.ndarray:
    r"""Allocation coefficients: sales per unit of the seller's output.

    .. math:: b_{ij} = \frac{z_{ij}}{x_i}

    Parameters
    ----------
    Z
        Flows, shape (…, n, columns).
    x
        Output, shape (…, n).

    Returns
    -------
    numpy.ndarray
        Shape of `Z`; zero where output is zero.

    Examples
    --------
    >>> allocations(np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([4.0, 0.0])).tolist()
    [[0.25, 0.5], [0.0, 0.0]]
    """
    return per_output(Z, x[..., :, None])


def solve(A: np.ndarray, f: np.ndarray) -> np.ndarray:
    r"""Solve the Leontief system.

    .. math:: (I - A)\, x = f

    Parameters
    ----------
    A
        Coefficients, shape (…, n, n).
    f
        Right-hand sides, shape (n,) or (…, n, k).

    Returns
    -------
    numpy.ndarray
        Shape of `f`.

    Raises
    ------
    ValueError
        If a system has no solution: some of its sectors use up all that they make.

    Examples
    --------
    >>> solve(np.array([[0.5]]), np.array([1.0])).tolist()
    [2.0]
    """
    try:
        return np.linalg.solve(np.eye(A.shape[-1]) - A, f)
    except np.linalg.LinAlgError:
        raise ValueError(
            "the table cannot be solved: some sectors use up all that they make"
        ) from None


def inverse(A: np.ndarray) -> np.ndarray:
    r"""Leontief inverse of input coefficients; Ghosh inverse of allocation coefficients.

    .. math:: L = (I - A)^{-1} \qquad G = (I - B)^{-1}

    Parameters
    ----------
    A
        Coefficients, shape (…, n, n).

    Returns
    -------
    numpy.ndarray
        Shape of `A`.

    Raises
    ------
    ValueError
        As `solve`.

    Examples
    --------
    >>> inverse(np.array([[0.15, 0.25], [0.20, 0.05]])).round(4).tolist()
    [[1.2541, 0.33], [0.264, 1.1221]]
    """
    return solve(A, np.eye(A.shape[-1]))


def multipliers(A: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""What a unit of each sector's final use needs in the whole economy.

    .. math:: m_j = \sum_i q_i\, l_{ij}

    Parameters
    ----------
    A
        Input coefficients, shape (…, n, n).
    q
        What a unit of output needs directly, shape (n,): ones for output itself.

    Returns
    -------
    numpy.ndarray
        Shape (…, n).

    Raises
    ------
    ValueError
        As `solve`.

    Examples
    --------
    >>> multipliers(np.array([[0.15, 0.25], [0.20, 0.05]]), np.ones(2)).round(4).tolist()
    [1.5182, 1.4521]
    """
    return solve(np.swapaxes(A, -1, -2), q)


def import_shares(imports: np.ndarray, uses: np.ndarray) -> np.ndarray:
    r"""Share of each product's uses at home that is imported, between 0 and 1.

    .. math:: s_i = \min\left(1, \frac{m_i}{u_i}\right)

    Parameters
    ----------
    imports
        Imports of each product, shape (…, n).
    uses
        Its uses at home, shape (…, n).

    Returns
    -------
    numpy.ndarray
        Shape of `uses`; zero where nothing is used at home.

    Examples
    --------
    >>> import_shares(np.array([1.0, 5.0, 0.0]), np.array([4.0, 4.0, 0.0])).tolist()
    [0.25, 1.0, 0.0]
    """
    return np.clip(per_output(imports, uses), 0, 1)
