r"""Every defensible specification of a coordination index, and which choice moves the answer.

An index of this kind is the end of a chain of choices. This module lists the options of each
choice and computes all combinations. Combinations that **decide the answer by construction** are
left out; `admissibility` lists them and says why, question by question. The answers form a range,
not a probability: the share of specifications that agree depends on how many options were listed.
Report which choice moves the answer (`variance_decomposition`), not how many specifications agree.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from math import comb
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from convergence.measures.coupling import (
    HAVE_POWER,
    KINDS,
    NEED_FRACTIONS,
    SCHEMES,
    coordination_degree,
    coupling_degree,
)
from convergence.measures.validation import nonnegative, numbers
from convergence.measures.weights import (
    ZERO_POLICIES,
    critic_weights,
    entropy_weights,
    equal_weights,
)

__all__ = [
    "ADMISSIBILITY",
    "CHOICES",
    "QUESTIONS",
    "Cube",
    "Rule",
    "admissibility",
    "evaluate",
    "less_placebo",
    "multiverse",
    "shapley",
    "specifications",
    "variance_decomposition",
]

QUESTIONS = ("trend", "ranking", "dispersion", "relative dispersion")

# The value of a choice that has no effect in a specification.
UNUSED = "–"

# The choices, in the order of the chain, and the options of each. The data name the options of
# scaling, indicators and sample. alpha is the weight of the first system in T; the other systems
# share the rest equally.
CHOICES: Mapping[str, tuple[Any, ...]] = {
    "scaling": (),
    "indicators": (),
    "sample": (),
    "bounds": ("pooled", "base", "each period"),
    "normalisation": ("minmax", "max"),
    "weights": ("equal", "entropy", "critic"),
    "zero": tuple(ZERO_POLICIES),
    "kind": tuple(KINDS),
    "k": (),
    "alpha": (),
    "thresholds": tuple(name for name, scheme in SCHEMES.items() if scheme.quantity == "D"),
}
DEFAULTS = {
    "bounds": "pooled",
    "normalisation": "minmax",
    "weights": "equal",
    "zero": "limit",
    "kind": "standard",
    "k": 2,
    "alpha": 0.5,
    "thresholds": UNUSED,
}
# Choices that have an effect under one option of another choice only.
PARENTS = {"zero": "weights", "k": "kind"}
# The choices that the systems' levels depend on. The others turn levels into D and into words.
LEVEL_CHOICES = ["scaling", "indicators", "sample", "bounds", "normalisation", "weights", "zero"]


class Rule(NamedTuple):
    """Options that together decide the answer to a question, and why.

    The question ``"any"`` stands for all questions.
    """

    question: str
    options: Mapping[str, Any]
    reason: str


ADMISSIBILITY: tuple[Rule, ...] = (
    Rule(
        "trend",
        {"bounds": "each period"},
        "each period is stretched to its own bounds: what all units gain together is removed",
    ),
    Rule(
        "trend",
        {"scaling": "share"},
        "shares of the whole sum to 1 in every period: the mean of every indicator is fixed",
    ),
    Rule(
        "ranking",
        {"scaling": "total"},
        "totals rank units by their size",
    ),
    Rule(
        "ranking",
        {"scaling": "share"},
        "a share of the whole is a total divided by one number: it ranks units by their size",
    ),
    Rule(
        "dispersion",
        {"bounds": "each period"},
        "each period is stretched to the same range: the spread cannot shrink",
    ),
    Rule(
        "relative dispersion",
        {"bounds": "each period"},
        "each period is stretched to the same range: the spread cannot shrink",
    ),
    Rule(
        "relative dispersion",
        {"normalisation": "minmax"},
        "the zero is the lowest value found: a spread divided by a mean above it is arbitrary",
    ),
    *(
        Rule(
            "any",
            {"bounds": "base", "kind": kind},
            f"levels leave 0 … 1 after the base period, and {kind} is made for 0 … 1",
        )
        for kind in NEED_FRACTIONS
    ),
    *(
        Rule(
            "any",
            {"thresholds": name, "kind": kind},
            f"these thresholds were made for C of the kind {' or '.join(scheme.kinds)}",
        )
        for name, scheme in SCHEMES.items()
        for kind in KINDS
        if kind not in scheme.kinds
    ),
)


@dataclass(frozen=True)
class Cube:
    """A whole panel, scaled in one or several ways.

    Parameters
    ----------
    values
        For each scaling an array units × periods × indicators, not negative. `ADMISSIBILITY` has
        rules for ``"total"``, ``"per head"`` and ``"share"``; other names are yours.
    systems
        The system of each indicator; two systems or more.
    units
        Names of the units.
    indicators
        Named sets of indicators, by position; by default one set of all.
    samples
        Named sets of units, by position; by default one set of all.
    """

    values: Mapping[str, Any]
    systems: Sequence[str]
    units: Sequence[Hashable]
    indicators: Mapping[str, Sequence[int]] = field(default_factory=dict)
    samples: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        arrays = {name: nonnegative(array, name) for name, array in self.values.items()}
        shapes = {array.shape for array in arrays.values()}
        if len(shapes) != 1 or len(next(iter(shapes))) != 3:
            raise ValueError(f"values: expected units × periods × indicators, found {shapes}")
        units, periods, indicators = shapes.pop()
        if len(self.systems) != indicators or len(self.units) != units:
            raise ValueError(
                f"values of {units} units × {indicators} indicators, but {len(self.units)} units "
                f"and {len(self.systems)} indicators are named"
            )
        if periods < 2:
            raise ValueError("values: at least two periods are needed")
        object.__setattr__(self, "values", arrays)
        sets = {"indicators": (indicators, "all"), "samples": (units, "all")}
        for name, (count, default) in sets.items():
            given = dict(getattr(self, name)) or {default: range(count)}
            for label, chosen in given.items():
                if len(set(chosen)) != len(chosen) or not set(chosen) <= set(range(count)):
                    raise ValueError(f"{name}: {label!r} names a position twice or beyond {count}")
            object.__setattr__(self, name, {label: list(chosen) for label, chosen in given.items()})
        for label, chosen in self.indicators.items():
            if len({self.systems[at] for at in chosen}) < 2:
                raise ValueError(f"indicators: {label!r} has indicators of one system only")
        for label, chosen in self.samples.items():
            if len(chosen) < 2:
                raise ValueError(f"samples: {label!r} has fewer than two units")


def admissibility(rules: Sequence[Rule] = ADMISSIBILITY) -> pd.DataFrame:
    """List the options that are not admissible, for which question, and why.

    Parameters
    ----------
    rules
        The rules. Add your own for scalings that you named yourself, such as values at current
        prices, whose trend is partly inflation.

    Returns
    -------
    pandas.DataFrame
        ``question``, ``options``, ``reason``.

    Examples
    --------
    >>> admissibility().query("question == 'ranking'").options.tolist()
    ['scaling = total', 'scaling = share']
    """
    return pd.DataFrame(
        [
            (rule.question, ", ".join(f"{k} = {v}" for k, v in rule.options.items()), rule.reason)
            for rule in rules
        ],
        columns=["question", "options", "reason"],
    )


def specifications(
    cube: Cube,
    choices: Mapping[str, Sequence[Any]],
    question: str,
    rules: Sequence[Rule] = ADMISSIBILITY,
) -> pd.DataFrame:
    """List all combinations of the choices; those that are not admissible have a reason.

    Combinations that differ only in an option without effect are listed once: a zero policy without
    entropy weights, a power with a kind that has none, thresholds where no words are asked for.
    Where each system has a single indicator, its weight is 1 and counts as ``equal``.

    Parameters
    ----------
    cube
        The panel. All of its scalings, sets of indicators and samples are used, unless `choices`
        names some.
    choices
        Options for each of `CHOICES`; a choice that is left out has its default.
    question
        A name in `QUESTIONS`.
    rules
        The rules that say what is not admissible.

    Returns
    -------
    pandas.DataFrame
        One row for each specification: a column for each choice, and ``reason``, empty where it
        is admissible.

    Raises
    ------
    ValueError
        If a question, a choice or an option is unknown.

    Examples
    --------
    >>> cube = Cube({"total": np.random.default_rng(1).random((4, 3, 2))}, ["m", "s"], "abcd")
    >>> table = specifications(cube, {"bounds": ["pooled", "each period"]}, "trend")
    >>> table[["bounds", "reason"]].to_dict("split")["data"]  # doctest: +ELLIPSIS
    [['pooled', ''], ['each period', 'each period is stretched to its own bounds...']]
    """
    if question not in QUESTIONS:
        raise ValueError(f"question: expected one of {', '.join(QUESTIONS)}, found {question!r}")
    named = {
        "scaling": tuple(cube.values),
        "indicators": tuple(cube.indicators),
        "sample": tuple(cube.samples),
    }
    if unknown := [choice for choice in choices if choice not in CHOICES]:
        raise ValueError(f"choices: {unknown[0]!r} is not one of {', '.join(CHOICES)}")
    options = {}
    for choice, allowed in CHOICES.items():
        allowed = named.get(choice, allowed)
        options[choice] = tuple(choices.get(choice, named.get(choice) or (DEFAULTS[choice],)))
        wrong = [
            option for option in options[choice] if allowed and option not in (*allowed, UNUSED)
        ]
        if wrong or not options[choice]:
            found = repr(wrong[0]) if wrong else "none"
            raise ValueError(f"{choice}: expected some of {', '.join(allowed)}, found {found}")
    for name, low, high in (("alpha", 0, 1), ("k", 0, np.inf)):
        for option in options[name]:
            if not low < option < high:
                raise ValueError(f"{name}: {option} is not between {low} and {high}")
    table = pd.DataFrame(product(*options.values()), columns=list(options))
    alone = [name for name, chosen in cube.indicators.items()
             if len({cube.systems[at] for at in chosen}) == len(chosen)]  # fmt: skip
    table["weights"] = table["weights"].mask(table["indicators"].isin(alone), "equal")
    table["zero"] = table["zero"].where(table["weights"] == "entropy", UNUSED)
    table["k"] = table["k"].astype(object).where(table["kind"].isin(HAVE_POWER), UNUSED)
    if question != "trend":
        table["thresholds"] = UNUSED
    table = table.drop_duplicates(ignore_index=True)
    reason = pd.Series("", index=table.index)
    for rule in rules:
        if rule.question in ("any", question):
            met = np.logical_and.reduce(
                [table[choice] == option for choice, option in rule.options.items()]
            )
            reason = reason.where(~met | (reason != ""), rule.reason)
    return table.assign(reason=reason)


def evaluate(cube: Cube, table: pd.DataFrame) -> np.ndarray:
    r"""Coordination degrees of every unit and period under every specification.

    .. math:: D = \sqrt{C\,T}, \qquad T = \sum_s \alpha_s U_s, \qquad U_s = \sum_{j \in s} w_j z_j

    z is 1 at the highest value of all periods (``pooled``), of the first period (``base``) or of
    its own period (``each period``). It is 0 at the lowest value of the same rows (``minmax``) or
    at zero (``max``). Weights come from the rows that give the bounds, or from all rows for
    ``each period``. A value below the lowest of the base period counts as 0; a value above the
    highest stays above 1.

    Parameters
    ----------
    cube
        The panel.
    table
        Specifications, as `specifications` lists them.

    Returns
    -------
    numpy.ndarray
        Specifications × units × periods; NaN for a unit that is not in a specification's sample.

    Raises
    ------
    ValueError
        If an indicator is constant where it is scaled.

    Examples
    --------
    >>> cube = Cube({"total": np.random.default_rng(1).random((4, 3, 2))}, ["m", "s"], "abcd")
    >>> evaluate(cube, specifications(cube, {"alpha": [0.3, 0.5, 0.7]}, "trend")).shape
    (3, 4, 3)
    """
    table = table.reset_index(drop=True)
    units, periods, _ = next(iter(cube.values.values())).shape
    degrees = np.full((len(table), units, periods), np.nan)
    for chosen, group in table.groupby(LEVEL_CHOICES, sort=False):
        options = dict(zip(LEVEL_CHOICES, chosen, strict=True))
        u = _levels(cube, options)
        sample = cube.samples[options["sample"]]
        for (kind, k), rows in group.groupby(["kind", "k"], sort=False):
            coupled = coupling_degree(u, kind, 2 if k == UNUSED else k)
            first = rows["alpha"].to_numpy(dtype=float)[:, None, None]
            rest = u[..., 1:].mean(axis=-1)
            level = first * u[..., 0] + (1 - first) * rest
            degrees[np.ix_(rows.index, sample)] = coordination_degree(coupled, level)
    return degrees


def multiverse(
    cube: Cube,
    choices: Mapping[str, Sequence[Any]],
    question: str,
    rules: Sequence[Rule] = ADMISSIBILITY,
) -> pd.DataFrame:
    """Answer a question under every admissible specification.

    Parameters
    ----------
    cube, choices, question, rules
        As for `specifications`.

    Returns
    -------
    pandas.DataFrame
        One row for each admissible specification: its choices, and the answer.

        * ``trend``: the mean D of the units in the ``first`` and the ``last`` period, their
          difference ``rise``, and, if thresholds are chosen, the words for the two
          (``first_grade``, ``last_grade``).
        * ``ranking``: the unit that is ``top`` in the last period, and ``agreement``, the rank
          correlation with the average ranking of all rows.
        * ``dispersion``: the standard deviation of D over units, ``first``, ``last``, ``rise``.
        * ``relative dispersion``: the same, divided by the mean.

    Raises
    ------
    ValueError
        As `specifications` and `evaluate`; or if no specification is admissible.

    Examples
    --------
    >>> grown = np.random.default_rng(1).random((6, 1, 4)) * [[[1.0]], [[1.1]], [[1.2]]][0]
    >>> values = np.concatenate([grown, 1.2 * grown, 1.5 * grown], axis=1)
    >>> cube = Cube({"total": values}, ["m", "m", "s", "s"], "abcdef")
    >>> answers = multiverse(cube, {"alpha": [0.3, 0.7], "kind": ["standard", "liao"]}, "trend")
    >>> len(answers), bool((answers.rise > 0).all())
    (4, True)
    """
    table = specifications(cube, choices, question, rules)
    table = table[table["reason"] == ""].drop(columns="reason").reset_index(drop=True)
    if table.empty:
        raise ValueError(f"no specification of these choices is admissible for {question!r}")
    degrees = evaluate(cube, table)
    answer = {"trend": _trend, "ranking": _ranking}.get(question, _dispersion)
    return pd.concat([table, answer(cube, table, degrees, question)], axis=1)


def less_placebo(real: pd.DataFrame, placebo: pd.DataFrame, answer: str = "rise") -> pd.DataFrame:
    r"""Answer on the real pair minus that on a placebo, specification by specification.

    .. math:: \delta_s = y_s^{\text{real}} - y_s^{\text{placebo}}

    Two ranges can overlap although the real pair lies above the placebo under every
    specification; so each specification on the real pair is compared with the same one on the
    placebo.

    Parameters
    ----------
    real, placebo
        Results of `multiverse` for the two pairs, with the same choices.
    answer
        The column that holds the answer, a number.

    Returns
    -------
    pandas.DataFrame
        The choices of `real`, row by row, and ``beyond``.

    Raises
    ------
    ValueError
        If the two do not have the same specifications, each once, or an answer is missing.

    Examples
    --------
    >>> real = pd.DataFrame({"kind": ["standard", "liao"], "rise": [0.5, 0.25]})
    >>> placebo = pd.DataFrame({"kind": ["liao", "standard"], "rise": [0.5, 0.25]})
    >>> less_placebo(real, placebo)
           kind  beyond
    0  standard    0.25
    1      liao   -0.25
    """
    choices = [choice for choice in CHOICES if choice in real]
    numbers(real[answer], f"{answer} of the real pair")
    numbers(placebo[answer], f"{answer} of the placebo")
    matched = real[choices].merge(placebo[[*choices, answer]], on=choices, how="left")
    twice = real[choices].duplicated().any() or len(matched) != len(real)
    if twice or len(placebo) != len(real) or matched[answer].isna().any():
        raise ValueError(
            "the real pair and the placebo do not have the same specifications, each once: "
            f"{len(real)} and {len(placebo)} rows"
        )
    beyond = real[answer].to_numpy() - matched[answer].to_numpy()
    return real[choices].assign(beyond=beyond)


def shapley(worth: Callable[[Collection[Any]], float], players: Sequence[Hashable]) -> pd.Series:
    r"""What each player adds to the worth of a group, averaged over all orders of joining.

    .. math:: \phi_j = \sum_{S \not\ni j} \frac{|S|!\,(n - |S| - 1)!}{n!}
        \left[v(S \cup \{j\}) - v(S)\right]

    The values sum to what all players together are worth beyond the empty group. With indicators
    as players that reach their last values one after another, they divide a rise among the
    indicators; this is arithmetic, and names no cause.

    Parameters
    ----------
    worth
        v: takes a group of players, gives a number. It is called once for each of the
        :math:`2^n` groups.
    players
        Names of the players, each once.

    Returns
    -------
    pandas.Series
        A value for each player, in their order.

    Raises
    ------
    ValueError
        If there is no player, or one is named twice.

    Notes
    -----
    Shapley (1953), "A Value for n-Person Games", Contributions to the Theory of Games 2:307–317.

    Examples
    --------
    >>> area = lambda grown: (3 if "length" in grown else 1) * (2 if "width" in grown else 1)
    >>> shapley(area, ["length", "width"]).to_dict()
    {'length': 3.0, 'width': 2.0}
    """
    n = len(players)
    if not n or len(set(players)) < n:
        raise ValueError(f"players: expected one or more, each once, found {list(players)}")
    groups = [frozenset(group) for size in range(n + 1) for group in combinations(players, size)]
    value = {group: worth(group) for group in groups}
    return pd.Series(
        {
            player: float(
                sum(
                    (value[group | {player}] - value[group]) / (n * comb(n - 1, len(group)))
                    for group in groups
                    if player not in group
                )
            )
            for player in players
        }
    )


def variance_decomposition(
    table: pd.DataFrame, answer: str, choices: Sequence[str] = tuple(CHOICES)
) -> pd.DataFrame:
    r"""Share of each choice in the variance of an answer over specifications.

    .. math:: v(S) = \operatorname{Var}\left(\operatorname{E}[Y \mid X_S]\right), \qquad
        \phi_j = \sum_{S \not\ni j} \frac{|S|!\,(n - |S| - 1)!}{n!}
        \left[v(S \cup \{j\}) - v(S)\right]

    :math:`\phi_j` is the Shapley effect of choice j among n: it divides the joint effect of several
    choices equally among them. The effects sum to the variance also where admissibility makes the
    choices dependent. ``alone`` is :math:`v(\{j\})`. Every row has the same weight, so that an
    option listed in five variants counts five times. A zero policy counts only together with the
    weights, and Liao's power only together with the kind: alone, each would only show that the
    weights are entropy's or the kind Liao's.

    Parameters
    ----------
    table
        The result of `multiverse`, all rows.
    answer
        The column that holds the answer, a number.
    choices
        The columns that are choices; name one of your own beside `CHOICES` where several cubes
        were put together, such as two populations that were counted.

    Returns
    -------
    pandas.DataFrame
        One row for each choice with more than one option, largest first: ``choice``, ``share``
        (Shapley effect over variance; they sum to 1) and ``alone`` (v({j}) over variance).

    Raises
    ------
    ValueError
        If the answer does not vary, is missing somewhere, or nothing was varied.

    Notes
    -----
    Owen (2014), SIAM/ASA Journal on Uncertainty Quantification 2(1):245–251,
    doi:10.1137/130936233. All specifications are computed, so that nothing is estimated.

    Examples
    --------
    >>> table = pd.DataFrame({"kind": ["a", "a", "b", "b"], "alpha": [0.3, 0.7] * 2,
    ...                       "rise": [1.0, 2.0, 5.0, 6.0]})
    >>> variance_decomposition(table, "rise").round(3)
      choice  share  alone
    0   kind  0.941  0.941
    1  alpha  0.059  0.059
    """
    y = numbers(table[answer], answer)
    varied = [
        choice for choice in choices if choice in table and len({*table[choice]} - {UNUSED}) > 1
    ]
    if not varied:
        raise ValueError("no choice has more than one option")
    variance = y.var()
    if not variance > 0:
        raise ValueError(f"{answer}: all specifications give the same answer")
    codes = {choice: pd.factorize(table[choice])[0] for choice in varied}

    def explained(known: Collection[str]) -> float:
        # Knowing k alone would reveal that the kind is Liao's: k counts once the kind is known.
        counted = [choice for choice in known if PARENTS.get(choice) not in {*varied} - {*known}]
        return _explained(y, [codes[choice] for choice in counted])

    share = shapley(explained, varied) / variance
    result = pd.DataFrame(
        {
            "choice": varied,
            "share": share.to_numpy(),
            "alone": [explained([choice]) / variance for choice in varied],
        }
    )
    return result.sort_values("share", ascending=False, ignore_index=True)


def _levels(cube: Cube, options: Mapping[str, Any]) -> np.ndarray:
    """Levels of the systems, shape (units of the sample, periods, systems)."""
    columns = cube.indicators[options["indicators"]]
    x = cube.values[options["scaling"]][cube.samples[options["sample"]]][..., columns]
    axes = {"pooled": (0, 1), "base": 0, "each period": 0}[options["bounds"]]
    source = x[:, :1] if options["bounds"] == "base" else x
    upper = source.max(axis=axes, keepdims=True)
    lower = (
        source.min(axis=axes, keepdims=True) if options["normalisation"] == "minmax" else 0 * upper
    )
    if not (upper > lower).all():
        column = columns[int(np.argwhere(~(upper > lower))[0][-1])]
        raise ValueError(
            f"indicator {column} is constant in the sample {options['sample']!r} where its "
            f"bounds are taken ({options['bounds']}): leave it out"
        )
    z = np.maximum((x - lower) / (upper - lower), 0)
    rows = z[:, :1] if options["bounds"] == "base" else z
    systems = [cube.systems[at] for at in columns]
    levels = []
    for system in dict.fromkeys(systems):
        members = [at for at, name in enumerate(systems) if name == system]
        levels.append(z[..., members] @ _indicator_weights(rows[..., members], options))
    return np.stack(levels, axis=-1)


def _indicator_weights(z: np.ndarray, options: Mapping[str, Any]) -> np.ndarray:
    flat = z.reshape(-1, z.shape[-1])
    if options["weights"] == "equal" or flat.shape[1] == 1:
        return equal_weights(flat.shape[1])
    if options["weights"] == "critic":
        return critic_weights(flat)
    return entropy_weights(flat, options["zero"])


def _trend(cube: Cube, table: pd.DataFrame, degrees: np.ndarray, question: str) -> pd.DataFrame:
    means = np.nanmean(degrees, axis=1)
    answer = _first_and_last(means)
    for name, scheme in SCHEMES.items():
        rows = (table["thresholds"] == name).to_numpy()
        if rows.any():
            side: Literal["left", "right"] = "right" if scheme.closed == "left" else "left"
            labels = np.array(scheme.labels("en"))
            for end in ("first", "last"):
                position = np.searchsorted(scheme.cuts, answer.loc[rows, end], side=side)
                answer.loc[rows, f"{end}_grade"] = labels[position]
    return answer


def _ranking(cube: Cube, table: pd.DataFrame, degrees: np.ndarray, question: str) -> pd.DataFrame:
    last = pd.DataFrame(degrees[:, :, -1])
    if (last.max(axis=1) == last.min(axis=1)).any():
        raise ValueError("under one of the specifications all units are equal: nothing to rank")
    ranks = last.rank(axis=1)
    average = ranks.mean()
    agreement = pd.Series(0.0, index=table.index)
    for sample, rows in table.groupby("sample").groups.items():
        units = cube.samples[sample]
        common = average[units].rank().to_numpy()
        own = ranks.loc[rows, units].rank(axis=1).to_numpy()
        agreement[rows] = _correlation(own, common)
    top = np.array(cube.units, dtype=object)[np.nanargmax(last.to_numpy(), axis=1)]
    return pd.DataFrame({"top": top, "agreement": agreement})


def _dispersion(
    cube: Cube, table: pd.DataFrame, degrees: np.ndarray, question: str
) -> pd.DataFrame:
    spread = np.nanstd(degrees, axis=1)
    if question == "relative dispersion":
        spread = spread / np.nanmean(degrees, axis=1)
    return _first_and_last(spread)


def _first_and_last(series: np.ndarray) -> pd.DataFrame:
    first, last = series[:, 0], series[:, -1]
    return pd.DataFrame({"first": first, "last": last, "rise": last - first})


def _correlation(rows: np.ndarray, reference: np.ndarray) -> np.ndarray:
    centred, other = rows - rows.mean(axis=1, keepdims=True), reference - reference.mean()
    return centred @ other / np.sqrt((centred**2).sum(axis=1) * (other**2).sum())


def _explained(y: np.ndarray, known: list[np.ndarray]) -> float:
    """Variance of the mean answer over the combinations of the known choices."""
    cell = np.zeros(len(y), dtype=np.int64)
    for code in known:
        cell = cell * (code.max() + 1) + code
    _, cell = np.unique(cell, return_inverse=True)
    count = np.bincount(cell)
    means = np.bincount(cell, y - y.mean()) / count
    return float((count * means**2).sum() / len(y))
