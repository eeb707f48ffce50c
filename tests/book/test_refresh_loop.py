"""The life of the data, whole: new figures come in, the book is built, the report names what moved.

The figures are the book's own. Those of the newest year and quarter are cut out of the tables and
come back through files in the publisher's form; so what the report must say is known: it leads to
the book as it stands.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.full

ROOT = Path(__file__).resolve().parents[2]
QUARTERS, PROVINCES = "chapters/situation/manufacturing", "chapters/measurement/who-converges"
CONTENTS = f"""\
format: jb-book
root: index
chapters:
  - file: {QUARTERS}
  - file: {PROVINCES}
  - file: chapters/reference/ledger
"""
INDEX = "# The book\n\nThe last quarter is {fact}`manufacturing.quarter-last`.\n"
PERIOD = {
    "panel_recent": "year",
    "value_added_quarterly": "quarter",
    "growth_index_quarterly": "quarter",
}
# All that may move: what is made of finance, transport and industry, or of the quarters.
MAY_MOVE = re.compile(r"who\.value\..+|manufacturing\.(quarter-.+|price-quarters.*|first-quarter)")
TOLD = (
    "In the last quarter with both rates, {}, the value changed by {} in a year "
    "and the volume by {}"
)
SEPARATOR = "\t,"  # as the site writes it

Row = dict[str, str]


class Book:
    """A copy of the book with the chapters that read the tables."""

    def __init__(self, path: Path) -> None:
        self.path, self.data = path, path / "data"
        for folder in ("src", "data", "chapters", "tools"):
            shutil.copytree(
                ROOT / folder, path / folder, ignore=shutil.ignore_patterns("__pycache__")
            )
        for file in ("_config.yml", "requirements.txt", "pyproject.toml"):
            shutil.copy2(ROOT / file, path)
        (path / "_toc.yml").write_text(CONTENTS, "utf-8")
        (path / "index.md").write_text(INDEX, "utf-8")

    def run(self, module: str, *arguments: str | Path) -> str:
        # The copy's own sources, not those of the installed project.
        done = subprocess.run(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=self.path, env=os.environ | {"PYTHONPATH": str(self.path / "src")},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:]
        return done.stdout

    def build(self, target: Path) -> Path:
        """Build, and keep the site beside the book."""
        self.run("livebook", "build", ".")
        shutil.copytree(self.path / "_build" / "html", target)
        return target

    def rows(self, table: str) -> list[Row]:
        with open(self.data / f"{table}.csv", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def cut(self, table: str) -> list[Row]:
        """Take the newest period's rows out of a table, and accept that."""
        rows, period = self.rows(table), PERIOD[table]
        last = max(row[period] for row in rows)
        kept = [row for row in rows if row[period] != last]
        self.describe_as_before(table, last, kept)
        with open(self.data / f"{table}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)
        self.run("convergence", "accept", table, "--reason", "Cut out", "--date", "2030-01-01")
        return [row for row in rows if row[period] == last]

    def describe_as_before(self, table: str, last: str, kept: list[Row]) -> None:
        """Describe a table as before its newest period, in which alone provinces may have jobs."""
        path = self.data / "datapackage.json"
        descriptor = json.loads(path.read_text("utf-8"))
        (described,) = [one for one in descriptor["resources"] if one["name"] == table]
        if PERIOD[table] == "year":
            described["title"] = described["title"].replace(last, str(int(last) - 1))
            described["schema"]["fields"][0]["constraints"]["maximum"] = int(last) - 1
            known = {row["indicator"] for row in kept}
            identities = described["convergence"]["identities"]
            identities[:] = [one for one in identities if one["total"] in known]
        path.write_text(json.dumps(descriptor, ensure_ascii=False, indent=2) + "\n", "utf-8")


def names(book: Book, measure: str, field: str) -> dict[str, str]:
    """How the site calls the indicators, with their units, in English where it has both."""
    found = sorted(
        (one for one in book.rows("nbs_indicators") if one["measure"] == measure),
        key=lambda one: one["name"].isascii(),
    )
    return {one[field]: one["name"] + "{} " + f"({one['unit']}) " for one in found}


def written(head: list[str], lines: list[list[str]]) -> bytes:
    body = ["".join(cell + SEPARATOR for cell in line) for line in lines]
    return "\n".join(["\ufeff" + head[0], head[1], *body, "", "数据来源：国家统计局"]).encode()


def provincial(book: Book, rows: list[Row]) -> bytes:
    """Province × indicator of one year."""
    called = names(book, "province", "indicator")
    codes = sorted({row["indicator"] for row in rows})
    value = {(row["province"], row["indicator"]): row["value"] for row in rows}
    return written(
        ["数据库：分省年度数据 ", f"时间：{rows[0]['year']}年 "],
        [["地区", *(called[code].format("") for code in codes)]]
        + [
            [place["full_name_zh"], *(value[place["province"], code] for code in codes)]
            for place in book.rows("provinces")
        ],
    )


def quarterly(book: Book, rows: list[Row], measure: str) -> bytes:
    """Sector × one quarter."""
    year, quarter = rows[0]["quarter"].split("Q")
    lines = [["Indicators\t", f"{quarter}Q {year}"]]
    for sector, name in sorted(names(book, measure, "sector").items()):
        for row in rows:
            if row["sector"] == sector:
                kind = ", " + row.get("type", "current_quarter").replace("_", " ").title()
                # The two measures say it before and after the unit.
                label = name.format("") + kind if "type" in row else name.format(kind)
                lines.append([label, row["value"]])
    return written(["Database：Quarterly ", f"Time：{quarter}Q {year} "], lines)


def report(book: Book, old: Path, new: Path) -> dict[str, Any]:
    return json.loads(book.run("livebook", "diff", old, new, "--format", "json"))


def moved(told: dict[str, Any], *kinds: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for kind in kinds for one in told[kind]}


def ledger(site: Path) -> dict[str, Any]:
    return json.loads((site / "ledger.json").read_text("utf-8"))


def files(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file()
    }


def observations(rows: list[Row]) -> Iterator[tuple[str, ...]]:
    """What rows say, wherever they were read."""
    for row in rows:
        yield tuple(cell for field, cell in row.items() if field != "source")


def test_a_new_year_is_taken_built_and_told_and_back_again(tmp_path):
    book = Book(tmp_path / "book")
    whole = book.build(tmp_path / "whole")
    before = {table: book.rows(table) for table in PERIOD}
    gone = {table: book.cut(table) for table in PERIOD}
    book.run("convergence", "check")
    old = book.build(tmp_path / "old")
    kept = files(book.data)

    panel, values, indices = gone.values()
    for number, exports in enumerate(
        (
            {"分省年度数据.csv": (provincial(book, panel), panel)},
            {"values.csv": (quarterly(book, values, "value_added"), values),
             "indices.csv": (quarterly(book, indices, "growth_index"), indices)},
        )
    ):  # fmt: skip
        for name, (content, _) in exports.items():
            (tmp_path / name).write_bytes(content)
        (vintage,) = {row["vintage"] for _, rows in exports.values() for row in rows}
        refresh = ["refresh", "nbs-export", "--from", *(tmp_path / name for name in exports)]
        refresh += ["--vintage", vintage, "--date", f"2030-01-0{number + 2}"]
        state = files(book.data)
        assert "this was a dry run" in book.run("convergence", *refresh, "--dry-run")
        assert files(book.data) == state
        assert "now: make book" in book.run("convergence", *refresh)
    for table, rows in before.items():
        assert sorted(observations(book.rows(table))) == sorted(observations(rows))
    checked = book.run("convergence", "check").splitlines()
    assert [line for line in checked if not line.endswith(" rows  ok")] == []
    new = book.build(tmp_path / "new")

    # The figures are the book's own: with them it says again what it said.
    assert not any(report(book, whole, new).values())
    there = report(book, old, new)
    names_what_moved(there, *(ledger(site) for site in (old, new)))
    newest_figures_are_in(there, before, gone)
    record = book.data / "changes" / "2030-01-02-panel_recent.json"
    book.run("livebook", "diff", old, new, "--record", record)
    noted = json.loads(record.read_text("utf-8"))
    assert noted["moved"] == there
    assert {row["vintage"] for row in noted["differences"]["added"]} == {panel[0]["vintage"]}

    for name in files(book.data).keys() - kept.keys():
        (book.data / name).unlink()
    for name, content in kept.items():
        (book.data / name).write_bytes(content)
    again = book.build(tmp_path / "again")
    says_the_reverse(there, report(book, new, again))
    one, other = files(old), files(again)
    assert [name for name in one | other if one.get(name) != other.get(name)] == []


def names_what_moved(there: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> None:
    verdicts, facts = moved(there, "verdicts"), moved(there, "facts")
    charts = moved(there, "charts")
    assert [kind for kind in ("came", "went", "charts_came", "charts_went") if there[kind]] == []
    assert "manufacturing.quarter-last" in verdicts
    assert facts.keys() >= {
        "manufacturing.quarter-value", "manufacturing.quarter-volume",
        "manufacturing.price-quarters", "who.value.last.gini", "who.value.move.all",
    }  # fmt: skip
    assert [name for name in verdicts | facts if not MAY_MOVE.fullmatch(name)] == []
    assert charts.keys() == {"manufacturing-quarters", "who-between", "who-trend"}
    assert charts["manufacturing-quarters"]["rows_added"] == 2  # a value and a volume
    for name, entry in (verdicts | facts | charts).items():
        expected = set(PERIOD) - {"panel_recent"} if "manufacturing" in name else {"panel_recent"}
        assert {one["name"] for one in entry["tables"] if one["changed"]} == expected, name

    said = (
        "manufacturing.quarter-last",
        "manufacturing.quarter-value",
        "manufacturing.quarter-volume",
    )
    # A report's sentences have plain spaces.
    was, is_ = (
        " ".join(TOLD.format(*(one["facts"][name]["text"] for name in said)).split())
        for one in (old, new)
    )
    assert was != is_
    for name in said:
        (pair,) = [one for one in (verdicts | facts)[name]["sentences"] if one["page"] == QUARTERS]
        assert pair["old"].startswith(was) and pair["new"].startswith(is_)
    quarters = [one["facts"][said[0]]["text"] for one in (old, new)]
    assert [
        (one["old"], one["new"]) for one in verdicts[said[0]]["sentences"] if one["page"] == "index"
    ] == [tuple(f"The last quarter is {quarter}." for quarter in quarters)]


def newest_figures_are_in(
    there: dict[str, Any], before: dict[str, list[Row]], gone: dict[str, list[Row]]
) -> None:
    """Compute three of the moved facts from the files' figures, without the book's functions."""
    facts = moved(there, "verdicts", "facts")
    panel, values, indices = gone.values()
    quarter = values[0]["quarter"]
    assert facts["manufacturing.quarter-last"]["new_value"] == quarter
    of = {
        (row["quarter"], row["vintage"]): float(row["value"])
        for row in before["value_added_quarterly"]
        if row["sector"] == "manufacturing"
    }
    year_before = f"{int(quarter[:4]) - 1}{quarter[4:]}"
    vintage = values[0]["vintage"]
    growth = of[quarter, vintage] / of[year_before, vintage] - 1
    assert facts["manufacturing.quarter-value"]["new_value"] == pytest.approx(growth)
    kind = ("manufacturing", "current_quarter")
    (index,) = [row["value"] for row in indices if (row["sector"], row["type"]) == kind]
    volume = float(index) / 100 - 1
    assert facts["manufacturing.quarter-volume"]["new_value"] == pytest.approx(volume)
    cells = {(row["province"], row["indicator"]): float(row["value"]) for row in panel}
    ratios = [
        (cells[one, "value_added_finance"] + cells[one, "value_added_transport_storage_post"])
        / cells[one, "value_added_industry"]
        for one in {row["province"] for row in panel}
    ]
    differences = sum(abs(one - other) for one in ratios for other in ratios)
    gini = differences / (2 * len(ratios) * sum(ratios))
    assert facts["who.value.last.gini"]["new_value"] == pytest.approx(gini)


def says_the_reverse(there: dict[str, Any], back: dict[str, Any]) -> None:
    turned = {"old": "new", "new": "old", "old_value": "new_value", "new_value": "old_value"}
    for kind in ("verdicts", "facts"):
        one, other = moved(there, kind), moved(back, kind)
        assert one.keys() == other.keys()
        for name, entry in one.items():
            for field, opposite in turned.items():
                assert entry[field] == other[name][opposite]
            assert [(pair["old"], pair["new"]) for pair in entry["sentences"]] == [
                (pair["new"], pair["old"]) for pair in other[name]["sentences"]
            ]
    one, other = moved(there, "charts"), moved(back, "charts")
    assert one.keys() == other.keys()
    for name, entry in one.items():
        assert entry["rows_added"] == other[name]["rows_removed"]
        assert entry["new_title"] == other[name]["old_title"]
