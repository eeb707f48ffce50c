r"""A level of convergence from two ingredients, closeness and coordination, and its classes.

The book's source calls convergence "very low" in 2006 and "high" in 2018 on the word of another
paper, whose formulas could not be read. The functions here are therefore **our specification**:
a level is made of one measure of closeness and one of coordination. The class often depends on
which two are chosen: compare pairs (`across_pairs`) before you use a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from convergence.measures.coupling import Scheme
from convergence.measures.elementwise import square_root
from convergence.measures.validation import fractions, plain, same_length

__all__ = ["COMBINATIONS", "FIVE_CLASSES", "Level", "across_pairs", "level"]

FIVE_CLASSES = Scheme(
    "level",
    (0.2, 0.4, 0.6, 0.8),
    (),
    "Our specification: five classes of equal width. Nothing fixes them.",
    ("很低", "较低", "中等", "较高", "高"),
    ("very low", "low", "medium", "rather high", "high"),
)

# How the two ingredients become a level, for arrays and narwhals expressions.
COMBINATIONS: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "geometric": lambda j, x: square_root(j * x),
        "product": lambda j, x: j * x,
        "mean": lambda j, x: (j + x) / 2,
    }
)


class Level(NamedTuple):
    """Levels from 0 to 1, their classes, and the two ingredients by name."""

    value: Any
    label: Any
    pair: str


def level(
    closeness: Any,
    coordination: Any,
    combine: str = "geometric",
    classes: Scheme = FIVE_CLASSES,
    names: tuple[str, str] = ("closeness", "coordination"),
) -> Level:
    r"""Level of convergence: closeness and coordination combined, and classed.

    .. math:: L = \sqrt{J X} \quad\text{(geometric)}, \qquad L = J X \quad\text{(product)},
        \qquad L = \frac{J + X}{2} \quad\text{(mean)}

    A product is lower than either ingredient, a mean forgives a missing one. Whether the level
    rises is decided by the ingredient that rises: an index of coordination that was scaled over
    a growing panel rises whatever closeness does.

    Parameters
    ----------
    closeness, coordination
        The ingredients J and X, from 0 to 1, unit by unit.
    combine
        A name in `COMBINATIONS`.
    classes
        Cut-points and names of the classes.
    names
        What the two ingredients are, so that the result says which pair it is.

    Returns
    -------
    Level
        ``value`` and ``label`` of the shape of the ingredients, and ``pair``.

    Raises
    ------
    ValueError
        If a value is missing or not from 0 to 1, the lengths differ, or the combination is
        unknown.

    Examples
    --------
    >>> result = level(0.9, 0.4, names=("share proximity", "D"))
    >>> round(result.value, 2), result.label, result.pair
    (0.6, 'rather high', 'share proximity and D, geometric')
    >>> level(0.9, 0.4, combine="product").label
    'low'
    """
    j, x = fractions(closeness, names[0]), fractions(coordination, names[1])
    same_length(j, x, names)
    if combine not in COMBINATIONS:
        raise ValueError(f"combine: expected one of {', '.join(COMBINATIONS)}, found {combine!r}")
    value = COMBINATIONS[combine](j, x)
    position = np.searchsorted(classes.cuts, value, side="right")
    label = np.array(classes.labels("en"))[position]
    return Level(plain(value), plain(label), f"{names[0]} and {names[1]}, {combine}")


def across_pairs(
    closeness: Mapping[str, Any],
    coordination: Mapping[str, Any],
    combine: str = "geometric",
    classes: Scheme = FIVE_CLASSES,
) -> pd.DataFrame:
    """Class of every unit under every pair of ingredients.

    Parameters
    ----------
    closeness, coordination
        Candidate ingredients by name: values from 0 to 1, unit by unit, all of one length.
    combine, classes
        As for `level`.

    Returns
    -------
    pandas.DataFrame
        One row for each pair and unit: ``closeness``, ``coordination``, ``unit`` (position, or
        label where the values are a Series), ``value``, ``label``.

    Raises
    ------
    ValueError
        As `level`.

    Examples
    --------
    >>> table = across_pairs({"shares": [0.9, 0.8], "growth": [0.2, 0.9]}, {"D": [0.4, 0.5]})
    >>> table[["closeness", "unit", "label"]].to_dict("split")["data"]  # doctest: +ELLIPSIS
    [['shares', 0, 'rather high'], ['shares', 1, 'rather high'], ['growth', 0, 'low'], ...]
    """
    rows = []
    for first, j in closeness.items():
        for second, x in coordination.items():
            result = level(j, x, combine, classes, (first, second))
            units = j.index if isinstance(j, pd.Series) else range(len(result.value))
            rows.append(
                pd.DataFrame(
                    {
                        "closeness": first,
                        "coordination": second,
                        "unit": units,
                        "value": result.value,
                        "label": result.label,
                    }
                )
            )
    return pd.concat(rows, ignore_index=True)
