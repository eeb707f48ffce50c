"""What is to be measured: the columns, the specification, and how a refusal names both.

A `Request` is refused when it is made, before any file is read, if its parts contradict each
other.
"""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from convergence.files import opening
from convergence.measures import panel
from convergence.measures.coupling import HAVE_POWER, NEED_FRACTIONS, check_kind

__all__ = ["Columns", "Option", "PanelError", "Request", "read_model", "read_weights"]

SYSTEMS = ("manufacturing", "services")


class Option:
    """A parameter of a measurement, which Python and the command line spell differently.

    Parameters
    ----------
    name
        The name of a parameter of `Request`.
    value
        Text, names, a number or a yes; without one, the parameter itself is meant.

    Examples
    --------
    >>> str(Option("outside")), Option("outside").flag
    ('outside', '--outside')
    >>> str(Option("services", ["jobs", "R&D staff"])), Option("services", ["jobs", "R&D"]).flag
    ("services=['jobs', 'R&D staff']", "--services 'jobs,R&D'")
    """

    def __init__(self, name: str, value: Any = None) -> None:
        self.name, self.value = name, value

    def __str__(self) -> str:
        """Write the option as in Python."""
        return self.name if self.value is None else f"{self.name}={self.value!r}"

    @property
    def flag(self) -> str:
        """The option as on the command line, quoted so that it can be pasted."""
        if self.value is None or self.value is True:
            return f"--{self.name}"
        values = [self.value] if isinstance(self.value, str | int | float) else self.value
        line = io.StringIO()
        # A comma inside a name would separate two names.
        csv.writer(line, lineterminator="").writerow(values)
        return f"--{self.name} {shlex.quote(line.getvalue())}"


class PanelError(ValueError):
    """A panel or a request that cannot be measured: what is wrong, where, and what to do.

    Parameters
    ----------
    *parts
        The sentence. Where it names a parameter, an `Option` stands in it.

    Examples
    --------
    >>> error = PanelError("choose ", Option("outside", "clip"))
    >>> str(error), error.on_command_line
    ("choose outside='clip'", 'choose --outside clip')
    """

    def __init__(self, *parts: str | Option) -> None:
        self.parts = parts
        super().__init__("".join(map(str, parts)))

    @property
    def on_command_line(self) -> str:
        """The sentence with flags in place of Python's parameters."""
        return "".join(part.flag if isinstance(part, Option) else part for part in self.parts)


@dataclass(frozen=True)
class Columns:
    """The columns of a panel that a measurement reads."""

    unit: str
    time: str
    numbers: tuple[str, ...]
    group: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that are names, not numbers."""
        return (self.unit, self.time, *([self.group] if self.group else []))


@dataclass(frozen=True)
class Request:
    """What is to be measured, in the panel's own column names.

    Parameters
    ----------
    unit, time
        The columns that name a row.
    manufacturing, services
        The indicators of the two systems.
    negative
        Those of them in which less is better.
    weights
        ``"entropy"`` (the default), ``"critic"``, ``"equal"``, or a weight for each indicator.
        `read_weights` reads the latter from a file.
    kind, k
        The kind of C and its power, as for `coupling.coupling_degree`.
    base
        Periods that fix bounds and weights; all by default.
    outside
        What values outside the bounds become, as for `panel.fit`; with `model`, instead of what
        the model says.
    group
        A column of groups of units, for Dagum's and Theil's decomposition.
    robust
        Whether to run the multiverse.
    model
        A fitted model to apply instead of fitting one; `read_model` reads it from a file. It has
        its own weights, kind, power, base and directions, so that none of these may be given.

    Raises
    ------
    PanelError
        If an indicator is missing, named twice or not a list, a choice is unknown, or two choices
        exclude each other.

    Examples
    --------
    >>> Request("city", "year", ["jobs"], ["software"], kind="liao", k=3).weighing
    'entropy'
    >>> Request("city", "year", ["jobs"], ["software"], k=3)
    Traceback (most recent call last):
        ...
    convergence.own_data.request.PanelError: k is the power of the kind liao: leave it out, or add kind='liao'
    """  # noqa: E501

    unit: str
    time: str
    manufacturing: Sequence[str]
    services: Sequence[str]
    negative: Sequence[str] = ()
    weights: str | Mapping[str, float] | None = None
    kind: str | None = None
    k: float | None = None
    base: Sequence[int | str] = ()
    outside: str | None = None
    group: str | None = None
    robust: bool = False
    model: panel.Model | None = None

    def __post_init__(self) -> None:
        self._check_names()
        if self.model is None:
            self._check_specification()
        else:
            self._check_model()
        if self.outside is not None and self.outside not in panel.OUTSIDE:
            raise _unknown("outside", panel.OUTSIDE, self.outside)
        kind = self.model.kind if self.model else self.kind or "standard"
        if self.outside == "keep" and kind in NEED_FRACTIONS:
            raise PanelError(
                Option("outside", "keep"),
                f": {kind} is made for levels from 0 to 1; choose ",
                Option("outside", "clip"),
            )

    @property
    def systems(self) -> dict[str, list[str]]:
        """The indicators of each system."""
        return {system: list(getattr(self, system)) for system in SYSTEMS}

    @property
    def columns(self) -> Columns:
        """The columns that are read."""
        indicators = [name for names in self.systems.values() for name in names]
        return Columns(self.unit, self.time, tuple(indicators), self.group)

    @property
    def weighing(self) -> str:
        """Where the weights come from: a name in `panel.WEIGHTS`, ``given`` or ``fitted``."""
        if self.model is not None:
            return "fitted"
        if self.weights is None:
            return "entropy"
        return self.weights if isinstance(self.weights, str) else "given"

    @property
    def fitted(self) -> panel.Model | None:
        """The given model, with the request's own choice of what values outside become."""
        if self.model is None or self.outside is None:
            return self.model
        return replace(self.model, outside=self.outside)

    def _check_names(self) -> None:
        for name in (*SYSTEMS, "negative", "base"):
            given = getattr(self, name)
            if isinstance(given, str):
                raise PanelError(
                    Option(name), f": expected a list such as [{given!r}], found {given!r}"
                )
        named = [*self.columns.keys, *self.columns.numbers]
        if twice := [name for name in named if named.count(name) > 1]:
            raise PanelError(
                f"the column {twice[0]!r} is named twice: a column is the unit, the time, the "
                "group or one indicator"
            )
        if empty := [system for system in SYSTEMS if not getattr(self, system)]:
            raise PanelError(Option(empty[0]), ": no indicator is named")
        self._require_indicators("negative", self.negative)

    def _check_specification(self) -> None:
        if isinstance(self.weights, str) and self.weights not in panel.WEIGHTS:
            raise PanelError(
                Option("weights"),
                f": expected {', '.join(panel.WEIGHTS)} or a weight for each indicator, found "
                f"{self.weights!r}",
            )
        if isinstance(self.weights, Mapping):
            self._check_weights(self.weights)
        kind = "standard" if self.kind is None else self.kind
        try:
            check_kind(kind, 2 if self.k is None else self.k)
        except ValueError as error:
            name, _, sentence = str(error).partition(":")
            raise PanelError(Option(name), f":{sentence}") from None
        if self.k is not None and kind not in HAVE_POWER:
            raise PanelError(
                Option("k"),
                f" is the power of the kind {' or '.join(HAVE_POWER)}: leave it out, or add ",
                Option("kind", HAVE_POWER[0]),
            )

    def _check_weights(self, weights: Mapping[str, float]) -> None:
        self._require_indicators("weights", weights)
        if missing := [name for name in self.columns.numbers if name not in weights]:
            raise PanelError(Option("weights"), f": there is no weight for {missing[0]!r}")
        for system, names in self.systems.items():
            if negative := [name for name in names if not weights[name] >= 0]:
                found = weights[negative[0]]
                raise PanelError(
                    Option("weights"), f": expected 0 or more for {negative[0]!r}, found {found!r}"
                )
            total = sum(weights[name] for name in names)
            if abs(total - 1) > 1e-9:
                raise PanelError(
                    Option("weights"), f": those of {system} sum to {total:.10g}, not to 1"
                )

    def _check_model(self) -> None:
        fitted = ("weights", "kind", "k", "base", "negative")
        for name in fitted:
            given = getattr(self, name)
            if given is not None and len(given if isinstance(given, Sequence) else [given]):
                raise PanelError(Option("model"), f" has its own {name}: leave out ", Option(name))

    def _require_indicators(self, parameter: str, names: Iterable[str]) -> None:
        numbers = self.columns.numbers
        if unknown := [name for name in names if name not in numbers]:
            raise PanelError(
                Option(parameter),
                f": {unknown[0]!r} is not one of the indicators {', '.join(numbers)}",
            )


PARAMETERS = tuple(field.name for field in fields(Request))


def _unknown(name: str, allowed: Iterable[str], found: object) -> PanelError:
    return PanelError(Option(name), f": expected one of {', '.join(allowed)}, found {found!r}")


def read_model(path: str | Path) -> panel.Model:
    """Read the ``model.json`` that an earlier measurement wrote.

    Raises
    ------
    PanelError
        If there is no such file, or it is not such a model.
    """
    path = Path(path)
    if not path.is_file():
        inside = f"; did you mean {str(path / 'model.json')!r}?" if path.is_dir() else ""
        raise PanelError(Option("model"), f": there is no file {str(path)!r}{inside}")
    try:
        return panel.Model.from_json(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise PanelError(f"{path}: not a model.json that an earlier measurement wrote") from None


def read_weights(path: str | Path) -> dict[str, float]:
    """Read a weight for each indicator from JSON (``{"jobs": 0.5}``) or CSV (``jobs,0.5``).

    Parameters
    ----------
    path
        The file, in any encoding that `opening.text` reads. A first line whose second cell is
        ``weight`` is a header.

    Raises
    ------
    PanelError
        If there is no such file, or it is not such a table: with its line.
    """
    path = Path(path)
    if not path.is_file():
        raise PanelError(
            Option("weights"),
            f": expected {', '.join(panel.WEIGHTS)} or a file, found {str(path)!r}",
        )
    try:
        text = opening.text(path.read_bytes()).content
    except opening.OpeningError as error:
        raise PanelError(f"{path.name}: {error}") from None
    if path.suffix.lower() == ".json":
        try:
            return {str(name): float(weight) for name, weight in json.loads(text).items()}
        except (AttributeError, TypeError, ValueError):
            raise PanelError(f'{path.name}: expected JSON such as {{"column": 0.5}}') from None
    weights: dict[str, float] = {}
    lines = csv.reader(text.splitlines(), skipinitialspace=True)
    for number, cells in enumerate(lines, start=1):
        is_header = number == 1 and [cell.strip().lower() for cell in cells[1:]] == ["weight"]
        if is_header or not any(cells):
            continue
        try:
            name, weight = cells[0].strip(), float(cells[1])
        except (IndexError, ValueError):
            raise PanelError(
                f"{path.name}, line {number}: expected column,weight such as output,0.5, found "
                f"{','.join(cells)!r}"
            ) from None
        if name in weights:
            raise PanelError(f"{path.name}, line {number}: {name} has a weight already")
        weights[name] = weight
    return weights
