"""A reader that is new: what it forgets is said in a sentence, not in a traceback."""

from __future__ import annotations

import types

import pytest

from convergence.cli import main
from convergence.upkeep import sources
from convergence.upkeep.sources import SOURCES, Source
from convergence.upkeep.sources.figures import Figure, Origin, Reading

SOURCE = {
    "source": "institute", "publisher": "The institute", "title": "Finance",
    "read_at": "paper", "licence": "terms unconfirmed",
}  # fmt: skip


@pytest.fixture
def run(tables, tmp_path, monkeypatch, capsys):
    """Let `convergence refresh` take one figure, as a reader hands it over."""
    path = tmp_path / "finance.csv"
    path.write_text("a file", "utf-8")

    def run(*options, view="nbs", about=None, value=None, others=None, table="value_added"):
        row = next(row for row in tables.rows("value_added") if row["sector"] == "finance")
        about = about or {"year": row["year"], "sector": "finance"}
        figure = Figure(
            table, about, value or row["value"], "institute", Origin("finance.csv", 3, "value"),
            others or {},
        )  # fmt: skip
        module = types.SimpleNamespace(figures=lambda *_: Reading([figure], [SOURCE]))
        monkeypatch.setattr(sources.importlib, "import_module", lambda _: module)
        monkeypatch.setitem(SOURCES, "institute", Source("institute", "its files", view=view))
        before = tables.snapshot()
        code = main(["refresh", "institute", "--from", str(path), "--dry-run", *options])
        assert tables.snapshot() == before
        return code, "".join(capsys.readouterr())

    return run


def test_a_second_source_of_a_table_is_asked_for_its_vintage(run):
    code, said = run()
    assert code == 1
    assert "1 of the figures are in the tables, as of vintage accounts-2025" in said
    code, said = run("--vintage", "accounts-2025")
    assert (code, "value_added: 0 rows new, 1 as they are" in said) == (0, True)


@pytest.mark.parametrize(
    "given, expected",
    [
        ({"view": ""}, "found a source without a view; expected view=… at its entry in SOURCES: "
                       "value_added keeps vintages"),
        ({"about": {"year": "2023"}}, "found no sector; expected sector: the table value_added"),
        ({"others": {"period": "2023"}}, "found the field period; expected a field of value_added"),
        ({"value": "1,234"}, "found '1,234'; expected a number"),
        ({"value": "nan"}, "found 'nan'; expected a number"),
        ({"table": "value_aded"}, "no table 'value_aded' in data/datapackage.json: did you mean"),
    ],
)  # fmt: skip
def test_what_fits_no_row_is_named(run, given, expected):
    code, said = run("--vintage", "accounts-2025", **given)
    assert code == 1
    assert expected in said
    if "table" not in given:
        assert "the reader institute.py gives figures that fit no row" in said
        assert "finance.csv, row 3, field value" in said


def test_the_first_vintage_of_a_publisher_needs_its_row(run):
    code, said = run("--vintage", "institute-2030-01", view="institute")
    assert code == 1
    assert "first vintage of publisher_view 'institute'" in said
    assert "add its row to data/vintages.csv, and accept vintages" in said
