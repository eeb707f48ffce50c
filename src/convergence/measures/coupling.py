r"""Coupling and coordination of systems: the kinds of C, then T and D, and published grades.

Read before use:

* C compares levels and D is a level. No interaction between the systems enters, so that neither
  shows that one system acts on another.
* With equal weights and the standard kind, :math:`C T` is the geometric mean of the systems and
  :math:`D = \sqrt{GM(U)}`: **the coupling degree cancels**.
* The kinds do not agree, and a threshold means nothing without the kind that it was made for.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import prod
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np

from convergence.measures.elementwise import largest, one_if_zero, square_root
from convergence.measures.validation import fractions, nonnegative, numbers, plain, shares

__all__ = [
    "KINDS",
    "SCHEMES",
    "Coordination",
    "Kind",
    "Scheme",
    "coordination",
    "coupling_degree",
    "grade",
]


Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Kind:
    """A published formula of the coupling degree C.

    Parameters
    ----------
    compute
        Computes C from the systems (arrays or narwhals expressions) and the power k. Its
        docstring holds the formula.
    in_one_line
        The formula for two systems, as a line of text.
    source
        Where it was published, for a paper's list of references.
    needs_fractions
        Whether the formula holds a difference of systems and so is made for systems from 0 to 1.
    has_power
        Whether the formula has the power k.
    """

    compute: Callable[[Sequence[Any], float], Any]
    in_one_line: str
    source: str
    needs_fractions: bool = False
    has_power: bool = False


def standard(u: Sequence[Any], k: float) -> Any:
    r"""Geometric over arithmetic mean.

    .. math:: C = \frac{n \left(\prod_i U_i\right)^{1/n}}{\sum_i U_i}
    """
    n = len(u)
    return prod(u) ** (1 / n) / one_if_zero(sum(u) / n)


def liao(u: Sequence[Any], k: float) -> Any:
    r"""The same ratio to a higher power (k from 2 to 5, usually 2).

    .. math:: C = \left[\frac{\prod_i U_i}{\left(\frac1n \sum_i U_i\right)^n}\right]^k
        = C_{standard}^{\,nk}
    """
    n = len(u)
    return (prod(u) / one_if_zero(sum(u) / n) ** n) ** k


def wang2021(u: Sequence[Any], k: float) -> Any:
    r"""Distances between pairs of systems, and their ratios to the largest.

    .. math:: C = \sqrt{\left[1 - \frac{\sum_{i>j} \sqrt{(U_i - U_j)^2}}{n(n-1)/2}\right]
        \left(\prod_i \frac{U_i}{\max U}\right)^{\frac{1}{n-1}}}
    """
    n = len(u)
    distances = [((a - b) ** 2) ** 0.5 for a, b in combinations(u, 2)]
    highest = one_if_zero(largest(u))
    ratios = prod(system / highest for system in u)
    return ((1 - sum(distances) / len(distances)) * ratios ** (1 / (n - 1))) ** 0.5


def fan2024(u: Sequence[Any], k: float) -> Any:
    r"""One less two (population) standard deviations; the first form is the printed one.

    .. math:: C = 1 - 2\sqrt{\frac{n \sum_i U_i^2 - \left(\sum_i U_i\right)^2}{n^2}}
        = 1 - 2\sqrt{\frac1n \sum_i \left(U_i - \bar U\right)^2}
    """
    n = len(u)
    mean = sum(u) / n
    return 1 - 2 * (sum((system - mean) ** 2 for system in u) / n) ** 0.5


# All that the library knows of a kind of C. The command's choices and help, the report of a
# measurement and the range over specifications read it here.
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "standard": Kind(
            standard,
            "2√(U₁U₂)/(U₁+U₂)",
            "Wang et al. 2021, doi:10.31497/zrzyxb.20210319",
        ),
        "liao": Kind(liao, "[4U₁U₂/(U₁+U₂)²]ᵏ", "after Liao 1999", has_power=True),
        "wang2021": Kind(
            wang2021,
            "√((1−|U₁−U₂|)·min U/max U)",
            "Wang et al. 2021, doi:10.31497/zrzyxb.20210319",
            needs_fractions=True,
        ),
        "fan2024": Kind(
            fan2024,
            "1−|U₁−U₂|",
            "Fan, Ke and Cao 2024, doi:10.13546/j.cnki.tjyjc.2024.22.007",
            needs_fractions=True,
        ),
    }
)
NEED_FRACTIONS = tuple(name for name, kind in KINDS.items() if kind.needs_fractions)
HAVE_POWER = tuple(name for name, kind in KINDS.items() if kind.has_power)


def _with_kinds(function: Function) -> Function:
    """Write the kinds' names and formulas into a docstring, in place of ``{kinds}``."""
    described = "\n\n".join(
        f"``{name}``: {inspect.getdoc(kind.compute)}" for name, kind in KINDS.items()
    )
    documentation = inspect.getdoc(function) or ""
    function.__doc__ = documentation.replace("{kinds}", described)
    return function


def check_kind(kind: str, k: float) -> None:
    """Make sure that a kind of C is known and its power positive.

    Raises
    ------
    ValueError
        If it is not.
    """
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}, found {kind!r}")
    if not k > 0:
        raise ValueError(f"k: expected a positive power, found {k!r}")


@_with_kinds
def coupling_degree(u: Any, kind: str = "standard", k: float = 2) -> Any:
    r"""Coupling degree C: how alike the levels of two or more systems are.

    {kinds}

    All are symmetric, lie in 0 … 1, and are 1 for equal positive systems. ``standard`` and
    ``liao`` do not change if all systems double; ``wang2021`` and ``fan2024`` do. If one system
    is zero, ``standard``, ``liao`` and ``wang2021`` are 0; ``fan2024`` need not be, from three
    systems on. **If all are zero**, those three are 0/0 and set to 0 here (D is 0 whatever C is),
    while ``fan2024`` gives 1.

    Parameters
    ----------
    u
        Levels of the systems, which are the last axis: at least two, not negative, and for
        ``wang2021`` and ``fan2024`` not above 1.
    kind
        A name in `KINDS`.
    k
        The power in Liao's form; the other kinds do not use it.

    Returns
    -------
    float or numpy.ndarray
        C, of the shape of `u` without its last axis.

    Raises
    ------
    ValueError
        If a value is missing, infinite, negative or too large, there is one system only, the
        kind is unknown, or k is not positive.

    Notes
    -----
    Standard and the list of misuses: Wang et al. (2021), Journal of Natural Resources
    36(3):793–810, doi:10.31497/zrzyxb.20210319, who also give ``wang2021``. ``liao``: after Liao
    (1999), read in ChinaXiv 201911.00067 and 202101.00006. ``fan2024``: Fan, Ke and Cao (2024),
    Statistics & Decision 40(22):41–46, doi:10.13546/j.cnki.tjyjc.2024.22.007, read in the R
    package coupling, on whose printed results standard, Wang's and Fan's forms are tested.

    Examples
    --------
    >>> [round(coupling_degree([0.2, 0.8], kind), 3) for kind in KINDS]
    [0.8, 0.41, 0.316, 0.4]
    >>> coupling_degree([[0.2, 0.8], [0.5, 0.5]])
    array([0.8, 1. ])
    """
    check_kind(kind, k)
    levels = fractions(u, "u") if kind in NEED_FRACTIONS else nonnegative(u, "u")
    if levels.ndim == 0 or levels.shape[-1] < 2:
        raise ValueError("u: coupling needs at least two systems (along the last axis)")
    systems = list(np.moveaxis(levels, -1, 0))
    # Rounding can leave C at 1 + 2e-16.
    return plain(np.clip(KINDS[kind].compute(systems, k), 0, 1))


class Coordination(NamedTuple):
    """Coupling degree C, level T, coordination degree D, and the kind of C."""

    C: Any
    T: Any
    D: Any
    kind: str


def coordination(u: Any, weights: Any = None, kind: str = "standard", k: float = 2) -> Coordination:
    r"""Coordination degree D of systems: their coupling and their level together.

    .. math:: D = \sqrt{C\,T}, \qquad T = \sum_i \alpha_i U_i, \qquad \sum_i \alpha_i = 1

    D is a level: it is high where the systems are high, and shows no influence of one on another.
    With equal weights and the standard kind it is :math:`\sqrt{GM(U)}`. For Liao's, Wang's and
    Fan's kinds **it can fall when a system improves**: from (0.2, 0.2) to (0.2, 0.9), for
    instance, with each of the three.

    Parameters
    ----------
    u
        Levels of the systems, which are the last axis: at least two, not negative.
    weights
        The :math:`\alpha_i`, which sum to 1; equal ones by default. They are the author's
        choice: nothing in the data decides them.
    kind, k
        As for `coupling_degree`.

    Returns
    -------
    Coordination
        ``C``, ``T`` and ``D``, each of the shape of `u` without its last axis, and ``kind``.

    Raises
    ------
    ValueError
        As `coupling_degree`; or if weights and systems differ in number, a weight is negative,
        or the weights do not sum to 1.

    Examples
    --------
    >>> result = coordination([0.2, 0.8])
    >>> round(result.C, 3), round(result.T, 3), round(result.D, 3)
    (0.8, 0.5, 0.632)
    >>> round((0.2 * 0.8) ** 0.25, 3)
    0.632
    """
    coupled = coupling_degree(u, kind, k)
    levels = numbers(u, "u")
    level = plain(levels @ shares(weights, levels.shape[-1], "weights"))
    return Coordination(coupled, level, plain(coordination_degree(coupled, level)), kind)


def coordination_degree(c: Any, t: Any) -> Any:
    """Join C and T to D: the formula of `coordination`, for arrays and narwhals expressions."""
    return square_root(c * t)


@dataclass(frozen=True)
class Scheme:
    """A table of grades: half-open intervals between cut-points, for one quantity.

    ``kinds`` are the kinds of C with which the table was published. A name that is not in `KINDS`
    stands for a formula that this library does not compute.
    """

    quantity: str
    cuts: tuple[float, ...]
    kinds: tuple[str, ...]
    source: str
    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()
    closed: str = "left"

    def labels(self, language: str) -> tuple[str, ...]:
        """Name the grades; by their intervals where the source prints no names."""
        given = {"zh": self.zh, "en": self.en}[language]
        ends = (0.0, *self.cuts, 1.0)
        brackets = ("[", ")") if self.closed == "left" else ("(", "]")
        return given or tuple(f"{brackets[0]}{a:g}, {b:g}{brackets[1]}" for a, b in pairwise(ends))


TEN_ZH = (
    "极度失调", "严重失调", "中度失调", "轻度失调", "濒临失调",
    "勉强协调", "初级协调", "中级协调", "良好协调", "优质协调",
)  # fmt: skip
TEN_EN = (
    "extreme disorder", "severe disorder", "moderate disorder", "mild disorder",
    "verge of disorder", "bare coordination", "primary coordination",
    "intermediate coordination", "good coordination", "superior coordination",
)  # fmt: skip
STAGES_ZH = ("低水平耦合", "拮抗阶段", "磨合阶段", "高水平耦合")
STAGES_EN = ("low coupling", "antagonism", "running-in", "high coupling")

# Published tables whose cut-points are all known. The same D can be "bare coordination" in one
# table and the highest class in another.
SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        "ten": Scheme(
            "D",
            (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
            ("standard", "liao"),
            "Common; read with the standard C in ChinaXiv 202011.00071, and attributed to Liao "
            "(1999), whose own C is liao. Printed with gaps (0.090–0.100), which are closed here.",
            TEN_ZH,
            TEN_EN,
        ),
        "ten-tian2021": Scheme(
            "D",
            (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
            ("unknown",),
            "Tian et al. (2021), Acta Geographica Sinica 76(4):781, table 1; its C was not read",
            TEN_ZH,
            TEN_EN,
            closed="right",
        ),
        "stages-tian2021": Scheme(
            "C",
            (0.3, 0.5, 0.8),
            ("unknown",),
            "Tian et al. (2021), Acta Geographica Sinica 76(4):781, table 1; its C was not read",
            STAGES_ZH,
            STAGES_EN,
            closed="right",
        ),
        "mathmodels": Scheme(
            "C",
            (0.3, 0.6, 0.8),
            ("standard",),
            "mathmodels book (zhjx19), chapter on system evaluation",
        ),
        "chinaxiv-202208.00078-C": Scheme(
            "C",
            (0.25, 0.60, 0.85),
            ("standard",),
            "ChinaXiv 202208.00078: its results use the standard C, its printed formula lost a 2",
        ),
        "chinaxiv-202208.00078-D": Scheme(
            "D",
            (0.20, 0.31, 0.41, 0.51, 0.61, 0.71, 0.81),
            ("standard",),
            "ChinaXiv 202208.00078: its results use the standard C, its printed formula lost a 2",
        ),
        "five-202208.00077": Scheme(
            "D",
            (0.2, 0.4, 0.6, 0.8),
            ("euclidean",),
            "ChinaXiv 202208.00077, whose C is a Euclidean distance",
        ),
        "three-202202.00018": Scheme(
            "D",
            (0.4, 0.6),
            ("rescaled",),
            "ChinaXiv 202202.00018, whose C is the root of 10 (1 − C′)",
        ),
        "four-202102.00039": Scheme(
            "D",
            (0.4, 0.5, 0.6),
            ("unknown",),
            "ChinaXiv 202102.00039; its C was not recorded",
        ),
        "wei2017-C": Scheme(
            "C",
            (0.16, 0.17, 0.18, 0.19, 0.20, 0.21),
            ("lost-coefficient",),
            "Wei and Chen (2017), Scientia Geographica Sinica 37(7):1032, table 2: ends at 0.22, "
            "which no coupling degree that reaches 1 could be graded by",
            ("极弱耦合", "较弱耦合", "低等耦合", "中等耦合", "高等耦合", "较高耦合", "极高耦合"),
            ("extremely weak", "weaker", "low", "medium", "high", "higher", "extremely high"),
        ),
        "wei2017-D": Scheme(
            "D",
            (0.17, 0.18, 0.19, 0.20, 0.21, 0.22),
            ("lost-coefficient",),
            "Wei and Chen (2017), Scientia Geographica Sinica 37(7):1032, table 2: ends at 0.23",
            ("完全失调", "重度失调", "中度失调", "濒临失调", "中度协调", "良好协调", "优质协调"),
            (
                "complete disorder", "heavy disorder", "moderate disorder", "verge of disorder",
                "moderate coordination", "good coordination", "superior coordination",
            ),
        ),
    }
)  # fmt: skip


def grade(
    d: Any,
    scheme: str = "ten",
    kind: str | None = None,
    *,
    override: bool = False,
    language: str = "en",
) -> Any:
    r"""Grade a coordination (or coupling) degree by a published table of thresholds.

    .. math:: \text{grade } j \quad\text{if}\quad c_{j-1} \le D < c_j

    (:math:`c_{j-1} < D \le c_j` where the table is printed so); the outermost grades include 0
    and 1. Grades are names for intervals. Nothing but custom fixed the cut-points, and a small
    change of D next to one changes the word.

    Parameters
    ----------
    d
        What `coordination` gives, of which the quantity that the table grades is taken; or a
        number or an array of C or D, from 0 to 1, together with `kind`.
    scheme
        A name in `SCHEMES`.
    kind
        The kind of C from which `d` was computed; needed unless `d` carries it.
    override
        Grade even if the table was published for another kind of C.
    language
        ``"en"`` (translated here) or ``"zh"`` (as printed). Grades without printed names are
        named by their intervals.

    Returns
    -------
    str or numpy.ndarray of str

    Raises
    ------
    ValueError
        If the table was made for another kind of C (and `override` is not set), the kind is not
        said, the scheme is unknown, or a value is not from 0 to 1.

    Examples
    --------
    >>> grade(coordination([0.3, 0.4]))
    'bare coordination'
    >>> grade(0.59, "four-202102.00039", kind="standard", override=True)
    '[0.5, 0.6)'
    >>> grade(coordination([0.3, 0.4], kind="wang2021"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: the thresholds 'ten' were made for C of the kind standard or liao, not wang2021...
    """
    if scheme not in SCHEMES:
        raise ValueError(f"scheme: expected one of {', '.join(SCHEMES)}, found {scheme!r}")
    table = SCHEMES[scheme]
    if isinstance(d, Coordination):
        kind, d = d.kind, getattr(d, table.quantity)
    if kind is None:
        raise ValueError(
            "kind: say which kind of C this was computed from, or pass what coordination() gives"
        )
    if kind not in table.kinds and not override:
        raise ValueError(
            f"the thresholds {scheme!r} were made for C of the kind {' or '.join(table.kinds)}, "
            f"not {kind}: the same word would mean another thing. override=True does it anyway"
        )
    values = fractions(d, table.quantity)
    side: Literal["left", "right"] = "right" if table.closed == "left" else "left"
    position = np.searchsorted(table.cuts, values, side=side)
    return plain(np.array(table.labels(language))[position])
