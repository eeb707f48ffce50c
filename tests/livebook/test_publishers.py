"""A source line names the publishers of the figures drawn, and of no others."""

from __future__ import annotations

import json
import re

import pytest

from livebook.datapackage import DataPackage
from livebook.facts import FactError, fact

DOCUMENTS = """\
source,publisher
office-2024,The weather office
ship-2024,The ship
atlas-3,The atlas
"""
RAIN = """\
place,mm,vintage,source
north,1,first,office-2024
sea,2,final,ship-2024
"""
KEY = [{"fields": "source", "reference": {"resource": "documents", "fields": "source"}}]


def resource(name, sources=(), **more):
    """Describe a table and its publishers."""
    described = {"name": name, "title": name.title(), "path": f"{name}.csv"}
    return described | {"sources": [{"title": title} for title in sources]} | more


@pytest.fixture
def package(tmp_path):
    """Return a package of figures from two publishers, and a look-up of places."""
    (tmp_path / "documents.csv").write_text(DOCUMENTS, "utf-8")
    (tmp_path / "rain.csv").write_text(RAIN, "utf-8")
    office, ship = "The weather office, bulletin", "The ship"
    resources = [
        resource("rain", [office, ship], schema={"fields": [], "foreignKeys": KEY}),
        resource("wind", ["The tower"]),
        resource("places", ["The atlas"], lookup=True),
        resource("documents"),
    ]
    path = tmp_path / "datapackage.json"
    path.write_text(json.dumps({"resources": resources}), "utf-8")
    return DataPackage(path)


@pytest.mark.parametrize(
    ("tables", "sources", "named"),
    [
        (["rain"], [], ["The weather office, bulletin", "The ship"]),
        (["rain", "places"], [], ["The weather office, bulletin", "The ship"]),
        (["places", "wind"], [], ["The tower"]),
        (["places"], [], ["The atlas"]),
        (["rain", "places"], ["office-2024"], ["The weather office, bulletin"]),
        (["rain"], ["ship-2024"], ["The ship"]),
        (["rain"], ["ship-2024", "office-2024"], ["The weather office, bulletin", "The ship"]),
        # Documents of one table leave the publishers of another as they are.
        (["wind", "rain"], ["ship-2024"], ["The tower", "The ship"]),
    ],
)
def test_the_publishers_of_the_rows_drawn_are_named(package, tables, sources, named):
    assert package.publishers_of({name: [] for name in tables}, sources) == named
    cited = package.cite([{"name": name} for name in tables], sources)
    assert cited.endswith(f". {'; '.join(named)}.")
    # A look-up stays among the tables.
    assert all(name.title() in cited for name in tables)


@pytest.mark.parametrize(
    ("vintages", "named"),
    [
        (["first"], "The weather office, bulletin"),
        (["final"], "The ship"),
        (["first", "final"], "The weather office, bulletin; The ship"),
        (["newest", "first"], "The weather office, bulletin; The ship"),
        (["unheard"], "The weather office, bulletin; The ship"),
    ],
)
def test_of_a_vintage_its_own_publishers_are_named(package, vintages, named):
    tables = [{"name": "rain", "vintage": vintage} for vintage in vintages]
    assert package.cite(tables).endswith(f". {named}.")


def test_a_publisher_that_the_descriptor_forgot_is_named_all_the_same(package):
    package.resources["rain"]["sources"] = []
    assert package.publishers_of({"rain": []}, ["ship-2024"]) == ["The ship"]


def test_a_table_without_the_field_names_all_its_publishers(package):
    assert package.sources_of("wind") == {}
    assert package.sources_of("rain") == {
        "office-2024": "The weather office",
        "ship-2024": "The ship",
    }


@pytest.mark.parametrize("sources", [[1], ["office-2024", None], [""]])
def test_sources_are_ids(sources):
    with pytest.raises(FactError, match="sources: expected ids of documents"):
        fact("a", 1, how="read", tables=["rain"], sources=sources)


def with_documents(book, sources):
    """Give the book's rain two publishers, and let its chart draw some documents."""
    package = {
        "name": "tiny",
        "resources": [
            resource(
                "rain",
                ["The weather office", "The ship"],
                schema={"fields": [], "foreignKeys": KEY},
            ),
            resource("snow", ["The weather office"]),
            resource("documents"),
        ],
    }
    book.write("data/datapackage.json", json.dumps(package))
    book.write("data/documents.csv", DOCUMENTS)
    book.write("data/rain.csv", "month,mm,source\n1,3,ship-2024\n2,5,office-2024\n")
    book.edit(
        "pages/rain.md",
        '    tables=["rain"],\n',
        f'    tables=["rain"],\n    sources={sources},\n',
    )


def test_a_chart_on_the_site_names_the_publishers_of_its_rows(book):
    with_documents(book, "rain.source[rain.month == 1]")
    book.build()
    assert re.search(r"Source: (<a[^>]*>)?Rain(</a>)?\. The ship\.", book.page("pages/rain"))
    assert "Source: Rain. The ship." in (book.site / "_charts" / "rain.svg").read_text("utf-8")
    ledger = json.loads((book.site / "ledger.json").read_text("utf-8"))
    assert ledger["charts"]["rain"]["sources"] == ["ship-2024"]


def test_a_document_that_no_row_has_stops_the_build(book):
    with_documents(book, "['atlas-3']")
    printed = book.build(code=1)
    assert "chart 'rain' names the source 'atlas-3', which no row of its tables has" in printed
