"""A small data package, and files for it in the form in which the publisher writes them."""

from __future__ import annotations

import copy
import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

BOOK = Path(__file__).resolve().parents[3] / "data"
# What the names mean is the book's own; every figure below is made up.
DEFINITIONS = ("sectors", "provinces", "province_indicators", "nbs_indicators", "indicators")
VINTAGES = """\
vintage,released,census,publisher_view,title,meaning
accounts-2025,2025-04,5,nbs,Accounts,the accounts of 2025
regions-2020,2020-02,4,nbs,Old regions,the provinces in 2020
regions-2025,2025-02,5,nbs,Regions,the provinces in 2025
"""
SPLICES = "splice,vintages,accepts_preliminary,title,reason\nall,accounts-2025,true,All,one state\n"
SOURCES = "source,publisher,title,read_at,licence\nbook,NBS,Yearbook,paper,terms unconfirmed\n"
CORRECTIONS = "table,where,field,kind,found,reason,evidence,expectation\n"

STRATA = ["primary_industry", "secondary_industry", "tertiary_industry"]
SECTIONS = [
    "agriculture", "industry", "construction", "wholesale_retail", "transport_storage_post",
    "hotels_catering", "finance", "real_estate", "information_transmission_software",
    "leasing_business_services", "other_sectors",
]  # fmt: skip
SECTORS = ["gdp", *STRATA, *SECTIONS, "manufacturing"]
PANEL_SECTIONS = [*SECTIONS[:8], "other_services"]
PANEL = ["gdp", *STRATA, *PANEL_SECTIONS]


def rows_of(name: str) -> list[dict[str, str]]:
    with open(BOOK / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


PROVINCES = rows_of("provinces")
NAMES = rows_of("nbs_indicators")


def text_of(rows: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def tenths(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def accounts(size: float, sections: Sequence[str]) -> dict[str, float]:
    """Value added by sector that adds up: sections to GDP, and strata to GDP."""
    parts = {
        section: round(size * (3 + place), 1) for place, section in enumerate(sections, start=1)
    }
    gdp = round(sum(parts.values()), 1)
    first, second = round(gdp * 0.07, 1), round(gdp * 0.4, 1)
    strata = dict(zip(STRATA, [first, second, round(gdp - first - second, 1)], strict=True))
    return {"gdp": gdp} | strata | parts


def of_province(place: int, year: int) -> dict[str, float]:
    figures = accounts((10 + place) * 1.05 ** (year - 2020), PANEL_SECTIONS)
    return figures | {"gdp_per_capita": float(round(50_000 * 1.04 ** (year - 2020) + 900 * place))}


def of_nation(year: int, quarter: int = 0) -> dict[str, float]:
    """Figures of a quarter, or of the year as the sum of its quarters."""
    if not quarter:
        quarters = [of_nation(year, one) for one in (1, 2, 3, 4)]
        return {name: round(sum(one[name] for one in quarters), 1) for name in quarters[0]}
    figures = accounts(1000 * (1 + quarter / 40) * 1.05 ** (year - 2020), SECTIONS)
    return figures | {"manufacturing": round(figures["industry"] * 0.8, 1)}


def index_of(sector: str, year: int, quarter: int) -> float:
    return 100 + SECTORS.index(sector) % 7 + quarter / 10 + (year - 2020) / 5


def indicator(name: str) -> str:
    return name if name.startswith("gdp") else f"value_added_{name}"


class Tables:
    """The small package on disk: years 2022 and 2023, quarters of both."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        described = json.loads((BOOK / "datapackage.json").read_text("utf-8"))["resources"]
        self.resources = {one["name"]: copy.deepcopy(one) for one in described}
        contents = {name: (BOOK / f"{name}.csv").read_text("utf-8") for name in DEFINITIONS}
        contents |= {
            "sources": SOURCES,
            "vintages": VINTAGES,
            "splices": SPLICES,
            "corrections": CORRECTIONS,
            "panel_recent": text_of(
                [
                    {
                        "year": year, "province": province["province"],
                        "indicator": indicator(name),
                        "vintage": "regions-2025", "value": tenths(value), "source": "book",
                    }
                    for year in (2022, 2023)
                    for place, province in enumerate(PROVINCES)
                    for name, value in sorted(
                        of_province(place, year).items(), key=lambda one: indicator(one[0])
                    )
                ]
            ),
            "value_added": text_of(
                [
                    {
                        "year": year, "sector": sector, "vintage": "accounts-2025",
                        "status": "revised", "value": tenths(of_nation(year)[sector]),
                        "confidence": "high", "source": "book",
                    }
                    for year in (2022, 2023)
                    for sector in sorted(SECTORS)
                ]
            ),
            "value_added_quarterly": text_of(
                [
                    {
                        "quarter": f"{year}Q{quarter}", "sector": sector,
                        "vintage": "accounts-2025", "status": "revised",
                        "value": tenths(of_nation(year, quarter)[sector]), "source": "book",
                    }
                    for year in (2022, 2023)
                    for quarter in (1, 2, 3, 4)
                    for sector in sorted(SECTORS)
                ]
            ),
            "growth_index_quarterly": text_of(
                [
                    {
                        "quarter": f"{year}Q{quarter}", "sector": sector, "type": kind,
                        "vintage": "accounts-2025",
                        "value": tenths(index_of(sector, year, quarter)),
                        "source": "book",
                    }
                    for year in (2022, 2023)
                    for quarter in (1, 2, 3, 4)
                    for sector in sorted(SECTORS)
                    for kind in ("accumulated", "current_quarter")
                ]
            ),
            "world_manufacturing": text_of(
                [
                    {
                        "year": year, "country": country, "name": name, "indicator": what,
                        "value": repr(1e12 * 1.03 ** (year - 2020) * (2 + len(name))),
                        "source": "book",
                    }
                    for year in (2022, 2023)
                    for country, name, what in [
                        ("CHN", "China", "manufacturing"), ("DEU", "Germany", "manufacturing"),
                        ("WLD", "World", "manufacturing"), ("WLD", "World", "services"),
                    ]
                ]
            ),
            "wdi_china": text_of(
                [
                    {
                        "year": year, "indicator": one["indicator"],
                        "value": f"{50 + year - 2020}.12345", "source": "book",
                    }
                    for year in (2022, 2023)
                    for one in rows_of("indicators")
                ]
            ),
        }  # fmt: skip
        # The provinces of an earlier census, of which a test needs no more than a row.
        contents["panel_13"] = (
            "year,province,indicator,vintage,value,source\n2015,440000,gdp,regions-2020,1,book\n"
        )
        self.resources = {name: self.resources[name] for name in contents}
        self._simplify()
        for name, text in contents.items():
            (path / f"{name}.csv").write_bytes(text.encode())
        self.save()

    def _simplify(self) -> None:
        """Keep the book's schemas and identities, with the years and vintages of this package."""
        for name, released in {
            "value_added": "2025-04", "value_added_quarterly": "2025-04",
            "growth_index_quarterly": "2025-04", "panel_recent": "2025-02", "panel_13": "2020-02",
        }.items():  # fmt: skip
            self.resources[name]["released"] = released
        for resource in self.resources.values():
            extras = resource.get("convergence", {})
            for emptied in ("gaps", "breaks"):
                if emptied in extras:
                    extras[emptied] = []
            for described in resource["schema"]["fields"]:
                if described["name"] == "year":
                    described["constraints"] |= {"minimum": 2022, "maximum": 2023}
        self.resources["panel_13"]["schema"]["fields"][0]["constraints"]["minimum"] = 2002
        self.resources["panel_13"]["convergence"]["identities"] = []
        for name, wanted in {
            "value_added": ("strata make GDP", "sections make GDP"),
            "panel_recent": ("strata make gross regional product",
                             "sectors make gross regional product"),
        }.items():  # fmt: skip
            extras = self.resources[name]["convergence"]
            kept = [one for one in extras["identities"] if one["name"] in wanted]
            assert len(kept) == 2, "the book's identities have other names now"
            for one in kept:
                if "where" in one:
                    one["where"] = {"vintage": ["accounts-2025"]}
            extras["identities"] = kept
        self.resources["panel_recent"]["title"] = "Provinces 2022–2023"
        index = self.resources["growth_index_quarterly"]["convergence"]["identities"]
        index[0]["where"] = {"quarter": ["2022Q1", "2023Q1"]}

    def save(self) -> None:
        """Accept the files as they are."""
        for resource in self.resources.values():
            content = (self.path / resource["path"]).read_bytes()
            resource["bytes"] = len(content)
            resource["hash"] = "sha256:" + hashlib.sha256(content).hexdigest()
        descriptor = {"name": "small", "resources": list(self.resources.values())}
        text = json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"
        (self.path / "datapackage.json").write_text(text, encoding="utf-8")

    def rows(self, name: str) -> list[dict[str, str]]:
        with open(self.path / f"{name}.csv", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def described(self, name: str) -> dict[str, Any]:
        descriptor = json.loads((self.path / "datapackage.json").read_text("utf-8"))
        return next(one for one in descriptor["resources"] if one["name"] == name)

    def snapshot(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.path).as_posix(): path.read_bytes()
            for path in sorted(self.path.rglob("*"))
            if path.is_file()
        }

    def restore(self, files: dict[str, bytes]) -> None:
        for name in self.snapshot().keys() - files.keys():
            (self.path / name).unlink()
        for name, content in files.items():
            if (self.path / name).read_bytes() != content:
                (self.path / name).write_bytes(content)

    def hashes_are_valid(self) -> bool:
        descriptor = json.loads((self.path / "datapackage.json").read_text("utf-8"))
        return all(
            "sha256:" + hashlib.sha256((self.path / one["path"]).read_bytes()).hexdigest()
            == one["hash"]
            for one in descriptor["resources"]
        )


class Exports:
    """Files in the publisher's form, as lists of lines of cells, and as bytes."""

    SEPARATOR = "\t,"
    NOTES_ZH = ("注：1. 按照我国国民经济核算数据修订制度进行了系统修订。", "数据来源：国家统计局")
    NOTES_EN = ("Note：1. Data are at current prices, and so on.", "Data Sources：National Bureau")

    @staticmethod
    def name(measure: str, code: str, *, english: bool) -> tuple[str, str]:
        for row in NAMES:
            is_it = row["measure"] == measure and code in (row["sector"], row["indicator"])
            if is_it and row["name"].isascii() == english:
                return row["name"], row["unit"]
        raise LookupError(code)

    @classmethod
    def provinces(cls, year: int = 2024) -> list[list[str]]:
        """Province × indicator of one year."""
        codes = [*PANEL, "gdp_per_capita"]
        names = [cls.name("province", indicator(one), english=False) for one in codes]
        head = [["数据库：分省年度数据 "], [f"时间：{year}年 "]]
        head.append(["地区", *(f"{name} ({unit}) " for name, unit in names)])
        rows = [
            [province["full_name_zh"], *(f"{of_province(place, year)[one]:.1f}" for one in codes)]
            for place, province in enumerate(PROVINCES)
        ]
        return [*head, *rows]

    @classmethod
    def one_province(cls, place: int = 18, years: Sequence[int] = (2024, 2023, 2022)) -> list:
        """Indicator × years of one province."""
        codes = [*PANEL, "gdp_per_capita"]
        names = [cls.name("province", indicator(one), english=False) for one in codes]
        province = PROVINCES[place]["full_name_zh"]
        head = [["数据库：分省年度数据"], [f"地区：{province}"], ["时间：最近3年"]]
        head.append(["指标", *(f"{year}年" for year in years)])
        figures = [of_province(place, year) for year in years]
        return head + [
            [f"{name}({unit})", *(tenths(one[code]) for one in figures)]
            for code, (name, unit) in zip(codes, names, strict=True)
        ]

    @classmethod
    def years(cls, years: Sequence[int] = (2024, 2023)) -> list[list[str]]:
        """Nation, indicator × years, the square alone."""
        names = {one: cls.name("value_added", one, english=False) for one in SECTORS}
        return [
            ["指标", *(f"{year}年" for year in years)],
            ["国民总收入(亿元)", *("1" for _ in years)],
            *(
                [f"{name}({unit})", *(tenths(of_nation(year)[one]) for year in years)]
                for one, (name, unit) in names.items()
            ),
        ]

    @classmethod
    def quarters(cls, years: Sequence[int] = (2024, 2023)) -> list[list[str]]:
        """Nation, indicator × quarters, English."""
        times = [(year, quarter) for year in years for quarter in (4, 3, 2, 1)]
        head = [["Database：Quarterly "], [f"Time：1Q {years[-1]}-4Q {years[0]} "]]
        head.append(["Indicators", *(f"{quarter}Q {year}" for year, quarter in times)])
        rows = []
        for one in SECTORS:
            name, unit = cls.name("value_added", one, english=True)
            rows.append([f"{name}, Current Quarter ({unit}) "])
            rows[-1] += [f"{of_nation(*time)[one]:.1f}" for time in times]
            rows.append([f"{name}, Accumulated ({unit}) "])
            rows[-1] += [
                f"{sum(of_nation(year, q)[one] for q in range(1, quarter + 1)):.1f}"
                for year, quarter in times
            ]
        return head + rows

    @classmethod
    def indices(cls, years: Sequence[int] = (2024, 2023)) -> list[list[str]]:
        times = [(year, quarter) for year in years for quarter in (4, 3, 2, 1)]
        head = [["Database：Quarterly "], [f"Time：1Q {years[-1]}-4Q {years[0]} "]]
        head.append(["Indicators", *(f"{quarter}Q {year}" for year, quarter in times)])
        rows = []
        for one in SECTORS:
            name, unit = cls.name("growth_index", one, english=True)
            for kind in ("Current Quarter", "Accumulated"):
                values = [f"{index_of(one, *time):.1f}" for time in times]
                rows.append([f"{name} ({unit}) , {kind}", *values])
        return head + rows

    @classmethod
    def written(cls, lines: list[list[str]], encoding: str = "utf-8-sig") -> bytes:
        """Write lines as the site does."""
        if not lines[0][0].startswith(("数据库", "Database")):
            return "".join(",".join(line) + "\r\n" for line in lines).encode(encoding)
        notes = cls.NOTES_ZH if lines[0][0].startswith("数据库") else cls.NOTES_EN
        text = "".join(
            (line[0] if len(line) == 1 else "".join(cell + cls.SEPARATOR for cell in line)) + "\n"
            for line in lines
        )
        return (text + "\n".join(notes)).encode(encoding)


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tables:
    small = Tables(tmp_path / "data")
    monkeypatch.setenv("CONVERGENCE_DATA", str(small.path))
    return small


@pytest.fixture(scope="module")
def shared_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tables]:
    """One package for many tries, each of which restores it."""
    small = Tables(tmp_path_factory.mktemp("shared") / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVERGENCE_DATA", str(small.path))
        yield small


@pytest.fixture(scope="session")
def exports() -> type[Exports]:
    return Exports
