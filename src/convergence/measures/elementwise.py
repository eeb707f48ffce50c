"""Operations that numpy arrays and narwhals expressions spell differently.

A formula written with these and the ordinary operators stands once, and runs on an array as well
as on the columns of a data frame of any kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np


def where(condition: Any, then: Any, otherwise: Any) -> Any:
    """Choose, value by value."""
    if isinstance(condition, nw.Expr):
        return nw.when(condition).then(then).otherwise(otherwise)
    return np.where(condition, then, otherwise)


def largest(columns: Sequence[Any]) -> Any:
    """Return the largest of several columns, row by row."""
    if isinstance(columns[0], nw.Expr):
        return nw.max_horizontal(*columns)
    return np.max(columns, axis=0)


def absolute(column: Any) -> Any:
    """Return the values without their signs."""
    return column.abs() if isinstance(column, nw.Expr) else np.abs(column)


def square_root(column: Any) -> Any:
    """Return the square root of each value."""
    return column**0.5 if isinstance(column, nw.Expr) else np.sqrt(column)


def one_if_zero(column: Any) -> Any:
    """Make a column safe to divide by, for use where the numerator is then zero as well."""
    return where(column > 0, column, 1.0)
