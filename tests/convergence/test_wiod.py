"""WIOD's workbooks, national and world, made small: what is read, and what is refused."""

from __future__ import annotations

import shutil

import numpy as np
import openpyxl
import pandas as pd
import pytest

from convergence.inputoutput import read
from convergence.upkeep.sources import wiod
from convergence.upkeep.sources.wiod import WorkbookError

LANDS = ["CHN", "DEU", "ROW"]
CODES = ["A01", "C10-C12", "J62_J63"]
AT_HOME = ["CONS_h", "CONS_np", "CONS_g", "GFCF", "INVEN"]
BELOW = ["II_fob", "TXSP", "EXP_adj", "PURR", "PURNR", "VA", "IntTTM", "GO"]
SECTORS = pd.DataFrame(
    [["goods", "A01 C10-C12"], ["software", "J62_J63"], ["of_others", None]],
    columns=["sector", "wiod"],
)
KEYS = ["country", "year", "flow", "row", "column"]


class World:
    """A made-up world of two countries and the rest, three industries each, which balances."""

    def __init__(self, seed: int = 1) -> None:
        made = np.random.default_rng(seed)
        n, lands = len(CODES), len(LANDS)
        self.Z = made.uniform(1, 9, (lands, n, lands, n)).round(1)
        self.F = made.uniform(20, 60, (lands, n, lands, len(AT_HOME))).round(1)
        self.F[..., -1] -= 45  # inventories may fall
        self.GO = self.Z.sum(axis=(2, 3)) + self.F.sum(axis=(2, 3))
        self.taxes = made.uniform(0, 1, (lands, n)).round(1)
        self.margins = made.uniform(0, 1, (lands, n)).round(1)
        self.VA = self.GO - self.Z.sum(axis=(0, 1)) - self.taxes - self.margins

    def below(self, land: int) -> np.ndarray:
        none = np.zeros(len(CODES))
        bought = self.Z[:, :, land].sum(axis=(0, 1))
        lines = [bought, self.taxes[land], none, none, none, self.VA[land], self.margins[land]]
        return np.array([*lines, self.GO[land]])

    def world_sheet(self) -> list[list]:
        """The layout of WIOT2014_Nov16_ROW."""
        buyers = [(land, code) for land in LANDS for code in CODES]
        users = [(land, code) for land in LANDS for code in AT_HOME]
        columns = [*buyers, *users, ("TOT", "GO")]
        numbers = [f"c{at % len(CODES) + 1}" for at in range(len(columns))]
        rows = [
            ["Intercountry Input-Output Table"],
            [],
            ["(industry-by-industry)", None, None, None, *(code for _, code in columns)],
            ["(millions of US$)", None, None, None, *(f"name of {code}" for _, code in columns)],
            [None, None, None, None, *(land for land, _ in columns)],
            [None, None, None, None, *numbers],
        ]
        for at, land in enumerate(LANDS):
            for i, code in enumerate(CODES):
                flows = [*self.Z[at, i].ravel(), *self.F[at, i].ravel(), self.GO[at, i]]
                rows.append([code, f"name of {code}", land, f"r{i + 1}", *flows])
        totals = np.hstack([self.below(at) for at in range(len(LANDS))])
        for line, code in zip(totals, BELOW, strict=True):
            rows.append([code, f"name of {code}", "TOT", "r65", *line, *[0.0] * (len(users) + 1)])
        return rows

    def national_sheet(self, land: str, years: list[int]) -> list[list]:
        """The layout of CHN_NIOT_nov16, all years alike."""
        at = LANDS.index(land)
        abroad = [other for other in range(len(LANDS)) if other != at]
        names = [*CODES, *AT_HOME, "EXP", "GO"]
        rows: list[list] = [["Year", "Code", "Description", "Origin", *names]]
        rows.append([None] * 4 + [f"name of {name}" for name in names])
        for year in years:
            for i, code in enumerate(CODES):
                exports = self.Z[at, i][abroad].sum() + self.F[at, i][abroad].sum()
                flows = [*self.Z[at, i, at], *self.F[at, i, at], exports, self.GO[at, i]]
                rows.append([year, code, f"name of {code}", "Domestic", *flows])
            for i, code in enumerate(CODES):
                flows = [*self.Z[abroad, i, at].sum(axis=0), *self.F[abroad, i, at].sum(axis=0)]
                rows.append([year, code, f"name of {code}", "Imports", *flows, 0.0, 0.0])
            for line, code in zip(self.below(at), BELOW, strict=True):
                rows.append([year, code, f"name of {code}", "TOT", *line, *[0.0] * 7])
        return rows


def save(path, sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([cell.item() if isinstance(cell, np.generic) else cell for cell in row])
    book.save(path)
    return path


@pytest.fixture
def world():
    return World()


@pytest.fixture
def national(tmp_path, world):
    def write(land="CHN", years=(2013, 2014), change=lambda rows: None, name=None):
        rows = world.national_sheet(land, list(years))
        change(rows)
        sheets = {"Notes": [["WIOD, release 2016"]], "National IO-tables": rows}
        return save(tmp_path / (name or f"{land}_NIOT_nov16.xlsx"), sheets)

    return write


@pytest.fixture
def international(tmp_path, world):
    def write(change=lambda rows: None, sheet="2014", name="WIOT2014_Nov16_ROW.xlsx"):
        rows = world.world_sheet()
        change(rows)
        return save(tmp_path / name, {sheet: rows})

    return write


def test_both_kinds_of_workbook_give_the_same_tables(national, international):
    of_lands = wiod.build([national("CHN", [2014]), national("DEU", [2014])], SECTORS)
    of_world = wiod.build([international()], SECTORS)
    assert set(of_world["country"]) == {"CHN", "DEU"}
    pd.testing.assert_frame_equal(of_lands[KEYS], of_world[KEYS])
    np.testing.assert_allclose(of_lands["value"], of_world["value"], atol=1e-9)


def test_industries_are_added_up_to_the_sectors_of_the_book(national, world):
    rows = wiod.build([national()], SECTORS)
    assert sorted(rows["year"].unique()) == [2013, 2014]
    value = rows[rows["year"] == 2014].set_index(["flow", "row", "column"])["value"]
    assert value["domestic", "goods", "software"] == pytest.approx(world.Z[0, :2, 0, 2].sum())
    consumed = world.F[0, :2, 0, :3].sum()
    assert value["domestic", "goods", "consumption"] == pytest.approx(consumed)
    assert value["imported", "goods", "goods"] == pytest.approx(world.Z[1:, :2, 0, :2].sum())
    assert value["imported", "software", "exports"] == 0
    taxes = (world.taxes + world.margins)[0, 2]
    assert value["total", "taxes_margins", "software"] == pytest.approx(taxes)
    assert value["total", "output", "goods"] == pytest.approx(world.GO[0, :2].sum())


def test_what_is_built_is_what_the_library_reads(national, world):
    table = read(wiod.build([national()], SECTORS))["CHN", 2014]
    assert table.sectors.tolist() == ["goods", "software"]
    abroad = world.Z[1:, :, 0].sum()
    assert table.Z_imported.to_numpy().sum() == pytest.approx(abroad)
    assert table.final["exports"].sum() == pytest.approx(
        world.Z[0, :, 1:].sum() + world.F[0, :, 1:].sum()
    )


def test_rows_are_in_the_order_of_the_stored_table(national):
    rows = wiod.build([national("DEU"), national("CHN")], SECTORS)
    assert rows[KEYS].equals(rows[KEYS].sort_values(KEYS, ignore_index=True))


def test_the_stored_table_is_of_this_form(national, tmp_path, book_data):
    target = tmp_path / "io_wiod.parquet"
    wiod.write(wiod.build([national()], SECTORS), target)
    stored = pd.read_parquet(book_data / "io_wiod.parquet")
    written = pd.read_parquet(target)
    assert written.dtypes.to_dict() == stored.dtypes.to_dict()
    assert set(written["flow"]) == set(stored["flow"])
    named = {"goods", "software"}
    assert set(written["column"]) - named <= set(stored["column"])
    assert set(written["row"]) - named <= set(stored["row"])


def test_a_write_that_fails_leaves_the_old_file(national, tmp_path, monkeypatch):
    import pyarrow.parquet

    target = tmp_path / "data" / "io_wiod.parquet"
    target.parent.mkdir()
    target.write_bytes(b"old")

    def fail(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(pyarrow.parquet, "write_table", fail)
    with pytest.raises(OSError, match="no space left"):
        wiod.write(wiod.build([national()], SECTORS), target)
    assert [path.name for path in target.parent.iterdir()] == ["io_wiod.parquet"]
    assert target.read_bytes() == b"old"


def test_a_table_that_does_not_balance_is_refused_unless_it_is_left_out(national, monkeypatch):
    def lose(rows):
        header = rows[0]
        line = next(row for row in rows if row[:2] == [2014, "VA"])
        line[header.index("J62_J63")] -= 40

    path = national(change=lose)
    with pytest.raises(WorkbookError, match="CHN 2014: the column of software does not balance"):
        wiod.build([path], SECTORS)
    monkeypatch.setitem(wiod.LEFT_OUT, ("CHN", 2014), "software misses 40 million US$")
    assert wiod.build([path], SECTORS)["year"].unique().tolist() == [2013]


def test_romania_s_last_table_is_the_one_left_out(book_data):
    assert set(wiod.LEFT_OUT) == {("ROU", 2014)}
    stored = pd.read_parquet(book_data / "io_wiod.parquet", columns=["country", "year"])
    assert stored.drop_duplicates().groupby("country").size().loc[["ROU", "CHN"]].tolist() == [
        14,
        15,
    ]


def drop_column(name):
    def change(rows):
        at = rows[0].index(name)
        for row in rows:
            del row[at]

    return change


def put(row, column, value):
    def change(rows):
        rows[row][column] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop_column("GFCF"), r"CHN_NIOT_nov16\.xlsx, sheet National IO-tables: .* no column GFCF"),
        (drop_column("Origin"), r"no sheet of WIOD's\. A national table has a header Year, Code"),
        (
            put(3, 5, "n.a."),
            r"sheet National IO-tables, cell F4: found 'n\.a\.', expected a number",
        ),
        (put(3, 4, None), r"cell E4: found '', expected a number"),
        (put(4, 0, "total"), r"cell A5: found 'total', expected a year"),
        (put(4, 1, "A01"), r"cell B5: found A01 Domestic again, expected each once a year"),
        (lambda rows: rows.pop(6), r"there is no row of imports in 2013 for C10-C12"),
        (lambda rows: rows.pop(13), r"there is no total in 2013, VA"),
        (put(2, 1, "X99"), r"no row of imports in 2013 for X99|no column X99"),
    ],
)
def test_a_national_workbook_of_another_form_is_refused(national, change, message):
    with pytest.raises(WorkbookError, match=message):
        wiod.build([national(change=change)], SECTORS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put(7, 6, "x"), r"WIOT2014_Nov16_ROW\.xlsx, sheet 2014, cell G8: found 'x', expected a"),
        (lambda rows: rows.pop(9), r"sheet 2014: there is no row DEU A01"),
        (lambda rows: rows.pop(-1), r"there is no row TOT GO"),
        (put(2, -1, "sum"), r"there is no column TOT GO"),
        (lambda rows: rows.pop(5), r"no sheet of WIOD's"),
    ],
)
def test_a_world_workbook_of_another_form_is_refused(international, change, message):
    with pytest.raises(WorkbookError, match=message):
        wiod.build([international(change=change)], SECTORS)


def test_names_that_say_nothing_are_refused(national, international):
    with pytest.raises(WorkbookError, match="begins with its country, as in CHN_NIOT"):
        wiod.build([national(name="table.xlsx")], SECTORS)
    with pytest.raises(WorkbookError, match="neither the sheet nor the file says the year"):
        wiod.build([international(sheet="data", name="WIOT.xlsx")], SECTORS)


def test_the_same_table_twice_is_refused(national, international):
    with pytest.raises(WorkbookError, match=r"CHN 2014 is in CHN_NIOT.* and in WIOT2014"):
        wiod.build([national(), international()], SECTORS)


def test_industries_without_a_sector_are_named(national):
    with pytest.raises(WorkbookError, match="sectors do not match: J62_J63"):
        wiod.build([national()], SECTORS[SECTORS["sector"] != "software"])


def test_files_that_are_no_workbooks_are_named(tmp_path, national):
    broken = tmp_path / "CHN_NIOT_nov16.xlsx"
    broken.write_bytes(b"PK\x03\x04 not a workbook")
    with pytest.raises(WorkbookError, match=r"CHN_NIOT_nov16\.xlsx cannot be read as a"):
        wiod.build([broken], SECTORS)
    with pytest.raises(WorkbookError, match=r"DEU_NIOT_nov16\.xlsx: there is no such file"):
        wiod.build([tmp_path / "DEU_NIOT_nov16.xlsx"], SECTORS)
    with pytest.raises(WorkbookError, match="no table in the workbooks"):
        wiod.build([], SECTORS)
    shutil.copy(national("DEU"), tmp_path / "notes.xlsx")
    save(tmp_path / "notes.xlsx", {"Notes": [["nothing"]]})
    with pytest.raises(WorkbookError, match=r"notes\.xlsx: no sheet of WIOD's"):
        wiod.build([tmp_path / "notes.xlsx"], SECTORS)
