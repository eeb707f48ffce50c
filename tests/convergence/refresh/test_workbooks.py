"""WIOD's workbooks: what is in the table already, what is added, what contradicts it."""

from __future__ import annotations

import json
from datetime import date

import pandas as pd
import pytest

from convergence import tables as loader
from convergence.cli import main
from convergence.tables.checks import check
from convergence.tables.package import TableError
from convergence.upkeep.refresh import refresh
from convergence.upkeep.sources import wiod

DAY = date(2030, 6, 1)
FLOWS = ["a", "b"]


def table_of(country, year, scale=1.0):
    """A balanced table of two sectors: what is used is made."""
    made = {
        ("domestic", "a"): {"a": 1.25, "b": 2.5, "consumption": 6.25, "output": 10.0},
        ("domestic", "b"): {"a": 2.5, "b": 1.25, "consumption": 16.25, "output": 20.0},
        ("imported", "a"): {"a": 0.25, "b": 0.25, "consumption": 1.5},
        ("imported", "b"): {"a": 0.25, "b": 0.25, "consumption": 1.5},
        ("total", "value_added"): {"a": 5.75, "b": 15.75},
        ("total", "output"): {"a": 10.0, "b": 20.0},
    }  # fmt: skip
    rows = [
        (country, year, flow, row, column, value * scale)
        for (flow, row), cells in made.items()
        for column, value in cells.items()
    ]
    return pd.DataFrame(rows, columns=[*wiod.KEY, "value"]).astype({"value": "float32"})


@pytest.fixture
def world(tables, monkeypatch):
    """A table of two countries; `read` gives what the workbooks are to hold."""
    book = json.loads((tables.path.parent / "data" / "datapackage.json").read_text("utf-8"))
    assert book["name"] == "small"
    fields = ["country", "year", "flow", "row", "column", "value"]
    kinds = {"year": "integer", "value": "number"}
    schema = {
        "fields": [
            {"name": name, "type": kinds.get(name, "string"), "title": name, "constraints": {}}
            for name in fields
        ],
        "primaryKey": wiod.KEY,
    }
    schema["fields"][1]["constraints"] = {"minimum": 2000, "maximum": 2014}
    described = {
        "name": "io_wiod", "type": "table", "path": "io_wiod.parquet", "title": "Tables",
        "description": "Tables.", "format": "parquet",
        "mediatype": "application/vnd.apache.parquet", "schema": schema,
        "convergence": {"observation": wiod.KEY, "value": "value"},
    }  # fmt: skip
    tables.resources["io_wiod"] = described
    sectors = "sector,wiod\na,A01\nb,B02\n"
    (tables.path / "io_sectors_international.csv").write_text(sectors)
    tables.resources["io_sectors_international"] = {
        "name": "io_sectors_international", "type": "table",
        "path": "io_sectors_international.csv", "title": "Sectors", "description": "Sectors.",
        "format": "csv", "mediatype": "text/csv", "encoding": "utf-8",
        "schema": {
            "fields": [{"name": "sector", "type": "string"}, {"name": "wiod", "type": "string"}],
            "primaryKey": ["sector"], "missingValues": [""],
        },
    }  # fmt: skip
    before = pd.concat([table_of("CHN", 2014), table_of("DEU", 2014, 2)])
    wiod.write(before.sort_values(wiod.KEY, ignore_index=True), tables.path / "io_wiod.parquet")
    tables.save()

    def read(*parts):
        rows = pd.concat(parts).sort_values(wiod.KEY, ignore_index=True)
        monkeypatch.setattr(wiod, "build", lambda paths, sectors: rows)

    return read


def take(**options):
    return refresh("wiod", ["CHN_NIOT.xlsx"], date=DAY, **options)


def test_tables_that_are_there_change_nothing(tables, world):
    world(table_of("CHN", 2014))
    before = tables.snapshot()
    done = take()
    assert not done.changes_anything
    assert done.added[0].same == len(table_of("CHN", 2014))
    assert tables.snapshot() == before


def test_a_table_of_another_year_is_added(tables, world):
    world(table_of("CHN", 2014), table_of("CHN", 2015, 1.1))
    done = take()
    assert done.added[0].rows == [{"country": "CHN", "year": "2015"}]
    assert check() == []
    rows = loader.load("io_wiod").query("country == 'CHN' and year == 2015")
    assert len(rows) == len(table_of("CHN", 2015))
    assert tables.described("io_wiod")["schema"]["fields"][1]["constraints"]["maximum"] == 2015
    assert len(json.loads((tables.path / done.records[0]).read_text())["differences"]["added"])


def test_figures_that_contradict_the_table_are_refused(tables, world):
    world(table_of("CHN", 2014, 1.01))
    before = tables.snapshot()
    with pytest.raises(TableError, match=r"the first at CHN, 2014, domestic, a, a: 1\.2625"):
        take()
    assert tables.snapshot() == before


def test_what_is_no_workbook_is_refused(tables, world, tmp_path, capsys):
    path = tmp_path / "CHN_NIOT.xlsx"
    path.write_text("<html>")
    assert main(["refresh", "wiod", "--from", str(path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("convergence: CHN_NIOT.xlsx cannot be read as a workbook: this is a web")
    with pytest.raises(SystemExit, match="2"):
        main(["refresh", "wiod"])
    assert "--from FILE" in capsys.readouterr().err
