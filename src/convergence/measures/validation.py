"""Checks of arguments that the measures share, with one form of message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def numbers(values: Any, name: str) -> np.ndarray:
    """Return values as an array of floats.

    Raises
    ------
    ValueError
        If there are no values, or one is not a number, missing or infinite; the message says
        which.
    """
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected numbers, found {_sample(values)}") from None
    if not array.size:
        raise ValueError(f"{name}: there are no values")
    _forbid(~np.isfinite(array), array, name, "is missing or infinite")
    return array


def nonnegative(values: Any, name: str) -> np.ndarray:
    """Return values as an array of floats; refuse negative ones.

    Raises
    ------
    ValueError
        As `numbers`; or if a value is negative.
    """
    array = numbers(values, name)
    _forbid(array < 0, array, name, "is negative")
    return array


def fractions(values: Any, name: str) -> np.ndarray:
    """Return values as an array of floats from 0 to 1.

    Raises
    ------
    ValueError
        As `numbers`; or if a value is below 0 or above 1.
    """
    array = nonnegative(values, name)
    _forbid(array > 1 + 1e-9, array, name, "is above 1")
    return np.minimum(array, 1)  # sums of weights leave 1 + 2e-16


def table(values: Any, name: str) -> np.ndarray:
    """Return values as an array of observations × columns, at least two observations.

    Raises
    ------
    ValueError
        As `numbers`; or if there are not two dimensions, or fewer than two observations.
    """
    array = numbers(values, name)
    if array.ndim != 2:
        raise ValueError(
            f"{name}: expected observations × indicators, found {array.ndim} dimension(s)"
        )
    if len(array) < 2:
        raise ValueError(f"{name}: at least two observations are needed, found one")
    return array


def shares(values: Any, count: int, name: str) -> np.ndarray:
    """Return the given weights, which must sum to 1, or equal weights if they are None.

    Raises
    ------
    ValueError
        If their number is not `count`, one is negative, or they do not sum to 1.
    """
    if values is None:
        return np.full(count, 1 / count)
    array = nonnegative(values, name)
    if array.shape != (count,):
        raise ValueError(f"{name}: expected {count} of them, found {_shape(array)}")
    # This refuses weights as papers print them, such as 0.333 three times: T would be too low.
    if abs(array.sum() - 1) > 1e-9:
        raise ValueError(f"{name}: they sum to {array.sum():.10g}, not to 1")
    return array


def same_length(first: np.ndarray, second: np.ndarray, names: tuple[str, str]) -> None:
    """Make sure that two arrays have the same shape.

    Raises
    ------
    ValueError
        If they differ.
    """
    if first.shape != second.shape:
        raise ValueError(
            f"{names[0]} and {names[1]} differ in length: {_shape(first)} and {_shape(second)}"
        )


def not_constant(array: np.ndarray, labels: Any, name: str) -> None:
    """Make sure that each column (last axis) varies.

    Raises
    ------
    ValueError
        If a column is constant; the message says which.
    """
    columns = array.reshape(-1, array.shape[-1])
    constant = np.flatnonzero((columns == columns[0]).all(axis=0))
    if constant.size:
        first = constant[0]
        raise ValueError(
            f"{name}: {column_name(labels, first)} is constant ({columns[0, first]:g}), "
            "so that it does not distinguish observations; leave it out"
        )


def column_name(labelled: Any, position: int | np.integer) -> str:
    """Name a column for a reader: by its label, if the table has labels."""
    if isinstance(labelled, pd.DataFrame):
        return f"the column {labelled.columns[position]!r}"
    return f"column {position}"


def labelled_as(template: Any, values: np.ndarray) -> Any:
    """Give values the labels of the table they come from, if it has labels."""
    if isinstance(template, pd.DataFrame) and values.shape == template.shape:
        return pd.DataFrame(values, index=template.index, columns=template.columns)
    if isinstance(template, pd.DataFrame) and values.shape == (template.shape[1],):
        return pd.Series(values, index=template.columns)
    if isinstance(template, pd.Series) and values.shape == template.shape:
        return pd.Series(values, index=template.index, name=template.name)
    return values


def plain(values: np.ndarray) -> Any:
    """Return a float for an array without dimensions, other arrays as they are."""
    return values.item() if np.ndim(values) == 0 else values


def _forbid(wrong: np.ndarray, array: np.ndarray, name: str, what: str) -> None:
    if wrong.any():
        where = tuple(int(index) for index in np.argwhere(wrong)[0])
        place = f" at position {where[0] if len(where) == 1 else where}" if where else ""
        more = f", and {wrong.sum() - 1} more" if wrong.sum() > 1 else ""
        raise ValueError(f"{name}: {array[where]:g}{place} {what}{more}")


def _shape(array: np.ndarray) -> str:
    return " × ".join(map(str, array.shape)) or "one number"


def _sample(values: Any) -> str:
    text = repr(values)
    return text if len(text) <= 60 else text[:57] + "..."
