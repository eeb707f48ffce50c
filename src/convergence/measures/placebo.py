r"""A measure on partners that cannot converge.

A placebo replaces the real partner by one without a reason to converge: the services of another
province, an unrelated sector, a trend alone. If the measure rises as much on a placebo, its rise
on the real pair says nothing about the pair.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from random import Random
from typing import Any

import numpy as np
import pandas as pd

from convergence.measures.validation import numbers

__all__ = [
    "SURVIVES",
    "against_placebos",
    "contiguous_groups",
    "rise",
    "scrambled",
    "survives",
    "trend_alone",
]

# A group that is grown at random can cut the others off; then all groups are grown anew.
ATTEMPTS = 10_000

# The three verdicts of `survives`, in words.
SURVIVES: Mapping[str, Mapping[str, str]] = {
    "yes": {"en": "survives", "zh": "成立"},
    "also on the placebo": {"en": "holds, but not beyond the placebo", "zh": "安慰剂亦然"},
    "no": {"en": "does not survive", "zh": "不成立"},
}


def scrambled(partner: Any, times: int = 200, seed: int = 0) -> np.ndarray:
    r"""Give every unit the partner of another unit, whole series at a time.

    .. math:: \tilde b_{it} = b_{\pi(i)t}, \qquad \pi(i) \ne i

    Each series keeps its level and its trend; only the pairing is lost. A rise on scrambled
    partners therefore comes from what all units share, such as growth and prices.

    Parameters
    ----------
    partner
        The second system: n units × T periods, or × T × indicators.
    times
        Number of arrangements.
    seed
        Seed of the arrangements: the same seed draws the same ones.

    Returns
    -------
    numpy.ndarray
        times × the shape of `partner`.

    Raises
    ------
    ValueError
        If a value is missing or infinite, or there are fewer than two units.

    Examples
    --------
    >>> scrambled([[1, 2], [3, 4]], times=1)
    array([[[3., 4.],
            [1., 2.]]])
    """
    values = _panel(partner, "partner")
    random = np.random.default_rng(seed)
    units = np.arange(len(values))
    arrangements: list[np.ndarray] = []
    while len(arrangements) < times:
        # About one arrangement in e moves every unit, so that the loop ends soon.
        drawn = random.permutation(units)
        if (drawn != units).all():
            arrangements.append(drawn)
    return values[np.array(arrangements)]


def contiguous_groups(
    neighbours: Mapping[Hashable, Collection[Hashable]],
    sizes: Sequence[int],
    times: int = 400,
    seed: int = 0,
) -> np.ndarray:
    r"""Draw maps at random: groups of given sizes, each of units that border on each other.

    Neighbours are often alike. So a real map beats groups of units from all over the country
    even where it has nothing to say; it has to beat other maps. Each group grows from a unit
    drawn at random by a neighbour drawn at random. Not every map is equally likely this way.

    Parameters
    ----------
    neighbours
        The neighbours of each unit.
    sizes
        The number of units of each group; their sum is the number of units.
    times
        How many maps.
    seed
        Of the maps, so that they can be drawn again.

    Returns
    -------
    numpy.ndarray
        times × units: the position in `sizes` of each unit's group, units in the order of
        `neighbours`.

    Raises
    ------
    ValueError
        If a neighbour is not among the units, the sizes do not sum to the number of units, or no
        such map is found.

    Examples
    --------
    >>> row = {"a": ["b"], "b": ["a", "c"], "c": ["b", "d"], "d": ["c"]}
    >>> contiguous_groups(row, [3, 1], times=2, seed=2).tolist()
    [[0, 0, 0, 1], [1, 0, 0, 0]]
    """
    position = {unit: at for at, unit in enumerate(neighbours)}
    if unknown := {near for beside in neighbours.values() for near in beside} - {*position}:
        raise ValueError(f"neighbours: {min(unknown, key=str)!r} is a neighbour, but not a unit")
    if sum(sizes) != len(position):
        raise ValueError(f"sizes: they sum to {sum(sizes)}, but there are {len(position)} units")
    near = [[position[unit] for unit in beside] for beside in neighbours.values()]
    random = Random(seed)
    maps: list[list[int]] = []
    failures = 0
    while len(maps) < times:
        if (grown := _grow_map(near, sizes, random)) is not None:
            maps.append(grown)
        elif (failures := failures + 1) > ATTEMPTS * (len(maps) + 1):
            raise ValueError(f"sizes: no map of connected groups was found in {failures} attempts")
    return np.array(maps)


def trend_alone(partner: Any) -> np.ndarray:
    r"""Replace every unit's partner by its own level and the trend that all units share.

    .. math:: \tilde b_{it} = \bar b_{i\cdot} \, \frac{\bar b_{\cdot t}}{\bar b_{\cdot\cdot}}

    Parameters
    ----------
    partner
        The second system: n units × T periods, or × T × indicators.

    Returns
    -------
    numpy.ndarray
        The shape of `partner`.

    Raises
    ------
    ValueError
        If a value is missing or infinite, there are fewer than two units, or the mean of an
        indicator is 0.

    Examples
    --------
    >>> trend_alone([[1, 3], [6, 6]])
    array([[1.75, 2.25],
           [5.25, 6.75]])
    """
    values = _panel(partner, "partner")
    whole = values.mean(axis=(0, 1))
    if not np.all(whole):
        raise ValueError("partner: the mean of an indicator is 0, so that it has no trend")
    return values.mean(axis=1, keepdims=True) * values.mean(axis=0, keepdims=True) / whole


def rise(measured: Any) -> float:
    r"""Change of the units' mean from the first to the last period.

    .. math:: \frac1n \sum_i \left(D_{iT} - D_{i1}\right)

    Parameters
    ----------
    measured
        n units × T periods.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a value is missing or infinite, or the shape is not units × periods.

    Examples
    --------
    >>> rise([[0.25, 0.5], [0.5, 0.75]])
    0.25
    """
    values = numbers(measured, "measured")
    if values.ndim != 2:
        raise ValueError(f"measured: expected units × periods, found {values.ndim} dimension(s)")
    return float((values[:, -1] - values[:, 0]).mean())


def against_placebos(
    measure: Callable[[Any, Any], Any],
    first: Any,
    second: Any,
    placebos: Mapping[str, Any],
    statistic: Callable[[Any], float] = rise,
) -> pd.DataFrame:
    """Put the answer on the real pair beside the answers on placebos.

    Parameters
    ----------
    measure
        The measure under test: takes the two systems, gives units × periods. It must do all
        steps, scaling included, so that a placebo is treated like the real pair.
    first, second
        The real pair: units × periods, or × indicators.
    placebos
        Replacements of `second` by name: each one array, or a stack of several (`scrambled`).
    statistic
        Turns units × periods into the number that is compared.

    Returns
    -------
    pandas.DataFrame
        One row for the real pair and one for each placebo: ``pair``, ``draws`` (their number),
        ``statistic`` (their mean), ``lowest``, ``highest``, and ``at_least_real``, the share of
        draws at or above the real pair's statistic. For scrambled partners a share above a few
        per cent means that the measure does not distinguish real partners from others. It tests
        the pairing only.

    Raises
    ------
    ValueError
        If a value is missing or infinite, or a placebo has another shape than `second`.

    Examples
    --------
    >>> product = lambda a, b: a * b
    >>> table = against_placebos(product, [[1, 2], [2, 4]], [[1, 3], [2, 4]],
    ...                 {"scrambled": scrambled([[1, 3], [2, 4]], times=2)})
    >>> table[["pair", "statistic", "at_least_real"]].to_dict("split")["data"]
    [['real', 8.5, 1.0], ['scrambled', 8.0, 0.0]]
    """
    a, b = _panel(first, "first"), _panel(second, "second")
    if a.shape[:2] != b.shape[:2]:
        raise ValueError(f"first and second differ in units or periods: {a.shape}, {b.shape}")
    real = statistic(measure(a, b))
    rows = [("real", 1, real, real, real, 1.0)]
    for name, placebo in placebos.items():
        stack = numbers(placebo, name)
        stack = stack[None] if stack.ndim == b.ndim else stack
        if stack.shape[1:] != b.shape:
            raise ValueError(f"{name}: expected the shape of second, {b.shape}, or a stack of it")
        found = np.array([statistic(measure(a, draw)) for draw in stack])
        rows.append(
            (name, len(found), found.mean(), found.min(), found.max(), (found >= real).mean())
        )
    columns = ["pair", "draws", "statistic", "lowest", "highest", "at_least_real"]
    return pd.DataFrame(rows, columns=columns)


def survives(answers: Any, beyond: Any) -> str:
    r"""Judge a finding by its answers under all specifications, and beyond a placebo.

    .. math:: \text{yes if } \operatorname{sign} y_s = \pm 1 \text{ and }
        \operatorname{sign} \delta_s = \operatorname{sign} y_s \text{ for all } s

    The rule is strict on purpose, since a share of specifications is not a probability. A finding
    that fails it may still be true, but these data do not show it.

    Parameters
    ----------
    answers
        y: the answer under each specification, such as a rise.
    beyond
        δ: the answer on the real pair minus that on a placebo, under each specification for which
        a placebo was run.

    Returns
    -------
    str
        A key of `SURVIVES`: ``"yes"``; ``"also on the placebo"``, if all answers have one sign but
        the placebo changes as much under a specification; or ``"no"``, if the sign of the answers
        depends on the specification.

    Raises
    ------
    ValueError
        If a value is missing or infinite, or there are no values.

    Examples
    --------
    >>> survives([0.2, 0.3], beyond=[0.1, 0.2])
    'yes'
    >>> survives([0.2, 0.3], beyond=[-0.1, -0.2])
    'also on the placebo'
    >>> survives([-0.1, 0.3], beyond=[0.1, 0.2])
    'no'
    """
    y, delta = numbers(answers, "answers"), numbers(beyond, "beyond")
    direction = np.sign(y.flat[0])
    if not direction or (np.sign(y) != direction).any():
        return "no"
    return "yes" if (np.sign(delta) == direction).all() else "also on the placebo"


def _panel(values: Any, name: str) -> np.ndarray:
    array = numbers(values, name)
    if array.ndim not in (2, 3) or len(array) < 2:
        raise ValueError(f"{name}: expected at least two units × periods (× indicators)")
    return array


def _grow_map(
    near: Sequence[Sequence[int]], sizes: Sequence[int], random: Random
) -> list[int] | None:
    groups, free = [-1] * len(near), set(range(len(near)))
    for group in random.sample(range(len(sizes)), len(sizes)):
        edge = [random.choice(sorted(free))]
        for _ in range(sizes[group]):
            if not edge:
                return None
            unit = random.choice(edge)
            groups[unit] = group
            free.discard(unit)
            edge = [at for at in dict.fromkeys([*edge, *near[unit]]) if at in free]
    return groups
