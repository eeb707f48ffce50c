"""The entries of tables: what they say, where the file is, how it is loaded."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from livebook.codebook import entry, loading, size
from livebook.datapackage import DataPackage
from livebook.search import INDEX

RAIN = {
    "name": "rain",
    "title": "Rainfall",
    "path": "rain.csv",
    "description": "Rain in `mm` & more.",
    "bytes": 14,
    "hash": "sha256:abc",
    "licenses": [{"name": "CC-BY-4.0", "title": "Attribution"}],
    "sources": [{"title": "The weather office"}],
    "schema": {
        "fields": [
            {
                "name": "place",
                "type": "string",
                "title": "Place",
                "constraints": {"required": True},
            },
            {"name": "kind", "type": "string", "constraints": {"enum": ["rain", "hail"]}},
            {
                "name": "mm",
                "type": "number",
                "title": "Height",
                "unit": "mm",
                "description": "Sum.",
            },
        ],
        "primaryKey": ["place", "kind"],
        "foreignKeys": [
            {"fields": ["place"], "reference": {"resource": "places", "fields": ["place"]}}
        ],
    },
}


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "datapackage.json"
    path.write_text(json.dumps({"resources": [RAIN]}), "utf-8")
    return DataPackage(path)


def test_an_entry_says_all_that_the_descriptor_says(package):
    html = entry(package, "rain", "../_data/rain.csv", heading="h2")
    for part in (
        'id="table-rain"',
        "<h2>Rainfall</h2>",
        "<dd>Rain in mm &amp; more.</dd>",
        "<dd>The weather office</dd>",
        "<dd>Attribution</dd>",
        "<dd><code>place</code>, <code>kind</code></dd>",
        '<a href="../_data/rain.csv" download><code>rain.csv</code></a> (14 bytes)',
        "<dd><code>abc</code></dd>",
        "<summary>Fields (3)</summary>",
        '<th scope="row">mm</th><td>number</td><td>mm</td><td>Height. Sum. May be empty.</td>',
        "<td>Place. A row of places.</td>",
        "One of: rain, hail. May be empty",
    ):
        assert part in html, part
    assert "<h2>" not in entry(package, "rain", "rain.csv", heading="")


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 KB"), (26232, "26 KB"), (3899592, "3.9 MB")],
)
def test_sizes(count, text):
    assert size(count) == text


def test_the_printed_python_keeps_codes_as_texts(tmp_path):
    (tmp_path / "rain.csv").write_text("place,kind,mm\n01,rain,3.5\n", "utf-8")
    names: dict = {}
    code = loading(RAIN)["Python"].replace('"rain.csv"', repr(str(tmp_path / "rain.csv")))
    exec(code, names)
    assert names["rain"].to_dict("records") == [{"place": "01", "kind": "rain", "mm": 3.5}]


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_the_printed_r_keeps_codes_as_texts(tmp_path):
    (tmp_path / "rain.csv").write_text("place,kind,mm\n01,rain,3.5\n", "utf-8")
    code = loading(RAIN)["R"] + "; cat(rain$place, rain$mm)"
    done = subprocess.run(["Rscript", "-e", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "01 3.5"


def test_parquet_is_loaded_as_such():
    code = loading({"name": "io", "path": "io.parquet"})
    assert 'read_parquet("io.parquet")' in code["Python"]
    assert code["R"] == 'io <- arrow::read_parquet("io.parquet")'


def test_the_site_carries_the_data_package_as_it_is(book):
    book.write(
        "pages/ledger.md", "# Ledger\n\n```{ledger}\n```\n\n## Rain\n\n```{tables} rain\n```\n"
    )
    book.build()
    for name in ("datapackage.json", "rain.csv", "snow.csv"):
        assert (book.site / "_data" / name).read_bytes() == book.path(f"data/{name}").read_bytes()
    page = book.page("pages/ledger")
    assert page.count('class="lb-ledger-entry"') == 1
    assert 'href="../_data/rain.csv"' in page
    # A chart's source line leads to the entry of its table.
    assert 'href="ledger.html#table-rain"' in book.page("pages/rain")


def test_a_page_may_stay_out_of_the_search(book):
    book.edit("pages/about.md", "# About", "---\nnosearch: true\n---\n\n# About")
    book.build()
    index = (book.site / INDEX).read_text("utf-8")
    assert "pages/snow" in index
    assert "pages/about" not in index


def test_a_table_that_is_not_there_stops_the_build(book):
    book.write("pages/ledger.md", "# Ledger\n\n```{tables} rian\n```\n")
    printed = book.build(code=1)
    assert "pages/ledger, line 3: there is no table 'rian'; did you mean 'rain'?" in printed
