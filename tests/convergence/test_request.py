"""What is asked of a measurement: refusals speak Python's parameters, or the command's flags."""

from __future__ import annotations

import argparse
import ast
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from convergence import cli
from convergence.measures import panel
from convergence.measures.coupling import KINDS
from convergence.own_data import measure
from convergence.own_data.measure import PanelError, Request
from convergence.own_data.request import PARAMETERS, Option

SOURCES = Path(measure.__file__).parent
YEARS = range(2015, 2019)


def cities() -> pd.DataFrame:
    random = np.random.default_rng(2)
    grid = [(f"city {unit}", year) for unit in range(6) for year in YEARS]
    frame = pd.DataFrame(grid, columns=["city", "year"])
    frame["jobs"], frame["software"], frame["energy"] = random.uniform(1, 9, (3, len(frame)))
    frame.loc[frame["year"] == 2015, "jobs"] = np.linspace(4, 5, 6)
    frame.loc[frame["year"] == 2016, "energy"] = 3
    return frame


def fitted(kind: str = "standard") -> panel.Model:
    systems = {"manufacturing": ["jobs"], "services": ["software"]}
    return panel.fit(cities(), systems, "city", "year", kind=kind, base=[2015], outside="clip")


# What is asked beyond unit, time and two indicators; what Python says; what the command says.
REFUSALS = [
    ({"negative": ["smoke"]}, "negative: 'smoke' is not", "--negative: 'smoke' is not"),
    ({"weights": "entropie"}, "weights: expected equal, entropy, critic or a weight for each ind",
     "--weights: expected equal, entropy, critic or a file, found 'entropie'"),
    ({"weights": {"jobs": 1}}, "weights: there is no weight for 'software'",
     "--weights: there is no weight for 'software'"),
    ({"weights": {"jobs": 1, "smoke": 1}}, "weights: 'smoke' is not one of",
     "--weights: 'smoke' is not one of"),
    ({"weights": {"jobs": 1, "software": 0.9}}, "weights: those of services sum to 0.9, not to 1",
     "--weights: those of services sum to 0.9, not to 1"),
    ({"weights": {"jobs": -1, "software": 1}}, "weights: expected 0 or more for 'jobs', found -1",
     "--weights: expected 0 or more for 'jobs', found -1"),
    ({"k": 3}, "k is the power of the kind liao: leave it out, or add kind='liao'",
     "--k is the power of the kind liao: leave it out, or add --kind liao"),
    ({"kind": "liao", "k": 0}, "k: expected a positive power", "--k: expected a positive power"),
    ({"kind": "fan2024", "outside": "keep"},
     "outside='keep': fan2024 is made for levels from 0 to 1; choose outside='clip'",
     "--outside keep: fan2024 is made for levels from 0 to 1; choose --outside clip"),
    ({"base": [1999]}, "base: there is no year 1999; the panel has 2015, 2016, 2017, 2018",
     "--base: there is no year 1999; the panel has 2015"),
    ({"base": [2015]}, "choose outside='clip' (they count as the bound), or outside='keep' (D may",
     "choose --outside clip (they count as the bound), or --outside keep (D may be above 1)"),
    ({"base": [2015], "outside": "keep"}, "choose outside='clip', or other base periods",
     "choose --outside clip, or other base periods"),
    ({"base": [2015], "kind": "fan2024"}, "choose outside='clip' (they count as the bound)",
     "choose --outside clip (they count as the bound)"),
    ({"manufacturing": ["jobs", "energy"], "base": [2016]},
     "energy: it is 3 in every row of base=[2016]",
     "energy: it is 3 in every row of --base 2016"),
    ({"model": fitted(), "kind": "liao"}, "model has its own kind: leave out kind",
     "--model has its own kind: leave out --kind"),
    ({"model": fitted(), "negative": ["jobs"]}, "model has its own negative: leave out negative",
     "--model has its own negative: leave out --negative"),
    ({"model": fitted("fan2024"), "outside": "keep"}, "outside='keep': fan2024 is made for levels",
     "--outside keep: fan2024 is made for levels"),
    ({"model": fitted(), "services": ["energy"]},
     "as the model was fitted, with unit='city' time='year' manufacturing=['jobs'] services=['soft",
     "with --unit city --time year --manufacturing jobs --services software"),
]  # fmt: skip


def flags(asked: dict, folder: Path) -> list[str]:
    """Write a request as options of the command, its model and its weights as files."""
    written = []
    for name, value in asked.items():
        if isinstance(value, panel.Model):
            (folder / "model.json").write_text(value.to_json())
            value = folder / "model.json"
        elif isinstance(value, dict):
            lines = [f"{column},{weight}" for column, weight in value.items()]
            (folder / "w.csv").write_text("\n".join(lines))
            value = folder / "w.csv"
        elif isinstance(value, list):
            value = ",".join(map(str, value))
        written += [f"--{name}", str(value)]
    return written


@pytest.mark.parametrize(("asked", "python", "command"), REFUSALS, ids=[r[2] for r in REFUSALS])
def test_a_refusal_speaks_as_it_was_asked(asked, python, command, tmp_path, capsys):
    usual = {"unit": "city", "time": "year", "manufacturing": ["jobs"], "services": ["software"]}
    with pytest.raises(PanelError) as refused:
        measure.measure(cities(), Request(**usual | asked), tmp_path / "out")
    assert python in str(refused.value)
    assert "--" not in str(refused.value)
    cities().to_csv(tmp_path / "a.csv", index=False)
    given = flags(usual | asked, tmp_path)
    out = ["--out", str(tmp_path / "out")]
    assert cli.main(["measure", str(tmp_path / "a.csv"), *given, *out]) == 2
    said = capsys.readouterr().err
    assert command in said
    assert not re.search(rf"\b({'|'.join(PARAMETERS)})='", said)
    assert not (tmp_path / "out").exists()


def test_no_message_names_a_parameter_by_itself():
    """Only `Option` may name one, so that each message has both forms: also those not tried here.

    In the text of an error no flag stands, and nothing that looks like a parameter of Python.
    """
    named = re.compile(rf"--[a-z]|\b({'|'.join(PARAMETERS)})=|^({'|'.join(PARAMETERS)}):")
    seen, options = 0, set()
    for path in sorted(SOURCES.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id == "Option" and isinstance(node.args[0], ast.Constant):
                options.add(node.args[0].value)
            if node.func.id == "PanelError":
                seen += 1
                inside = [part for argument in node.args for part in ast.walk(argument)]
                values = {id(part) for call in inside if isinstance(call, ast.Call)
                          for part in ast.walk(call)}  # fmt: skip
                for part in inside:
                    if isinstance(part, ast.Constant) and id(part) not in values:
                        assert not named.search(str(part.value)), (path.name, part.value)
    assert seen > 40
    assert options <= {*PARAMETERS}


def test_the_command_has_an_option_for_each_parameter():
    parser = cli._parser(is_measure=True)
    (commands,) = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    found = {option.dest for option in commands.choices["measure"]._actions}
    assert found == {*PARAMETERS, "panel", "out", "help"}
    (kind,) = (one for one in commands.choices["measure"]._actions if one.dest == "kind")
    assert tuple(kind.choices) == tuple(KINDS)
    for name, formula in KINDS.items():
        assert f"{name}: {formula.in_one_line}" in (kind.help or "")


def test_an_option_can_be_pasted_into_a_shell():
    assert Option("manufacturing", ["jobs (10,000)", "new products"]).flag == (
        """--manufacturing '"jobs (10,000)",new products'"""
    )
    assert Option("robust", True).flag == "--robust"
    assert str(Option("robust", True)) == "robust=True"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"manufacturing": "jobs"}, r"manufacturing: expected a list such as \['jobs'\], found"),
        ({"services": []}, "services: no indicator is named"),
        ({"services": ["jobs"]}, "the column 'jobs' is named twice"),
        ({"group": "city"}, "the column 'city' is named twice"),
        ({"kind": "wang"}, "kind: expected one of standard, liao, wang2021, fan2024, found 'wang'"),
        ({"outside": "drop"}, "outside: expected one of error, clip, keep, found 'drop'"),
        ({"base": "2013"}, r"base: expected a list such as \['2013'\], found '2013'"),
    ],
)
def test_what_only_python_can_ask_is_refused_when_it_is_asked(asked, message):
    usual = {"unit": "city", "time": "year", "manufacturing": ["jobs"], "services": ["software"]}
    with pytest.raises(PanelError, match=message):
        Request(**usual | asked)


def test_a_model_is_applied_with_another_choice_of_what_is_outside():
    request = Request("city", "year", ["jobs"], ["software"], model=fitted(), outside="keep")
    assert fitted().outside == "clip"
    assert request.fitted is not None and request.fitted.outside == "keep"
    assert request.weighing == "fitted"
