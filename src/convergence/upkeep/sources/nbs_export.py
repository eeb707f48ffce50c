"""Files as the download button of the NBS site (National Data) writes them.

The site shows a square of cells: indicators, regions and times, two of them along the sides and
the third above. The file has lines that say what is above (``数据库：分省年度数据``,
``时间：2024年``), a header, a line for each row, notes, and a line that names the source. Its
cells are parted by a tab and a comma, since English names hold commas. Older files are workbooks
(.xls); copies of the square alone, parted by commas, are read too.

Which indicator goes where stands in the table ``nbs_indicators``; what it does not name is
listed and left alone.

Source: https://data.stats.gov.cn, "National Data", as exported in 2022, 2025 and 2026.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from convergence.files import opening
from convergence.tables.package import Problem
from convergence.upkeep.sources.figures import Figure, Origin, Reading, RefusedError

__all__ = ["LIMIT", "Names", "read"]

LIMIT = 20_000_000  # bytes; the largest export of the site is below a hundredth of it

DIMENSIONS = {
    "指标": "indicator",
    "indicator": "indicator",
    "indicators": "indicator",
    "地区": "region",
    "region": "region",
    "regions": "region",
    "时间": "time",
    "time": "time",
}
HEAD = 12  # lines in which the header is looked for
FIRST_OF_NOTES = ("注", "note", "数据来源", "datasource")
# Four quarters, each rounded to 0.1, against the year so far.
SLACK = 0.25
LAST_LINE = ("数据来源", "datasource")
QUARTER_OF = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")  # \d would take the digits of any script
TYPES = {
    "当季值": "current_quarter",
    "current quarter": "current_quarter",
    "累计值": "accumulated",
    "accumulated": "accumulated",
}


@dataclass(frozen=True)
class Names:
    """What the names in the files mean.

    ``indicators`` gives, by name and unit, the row of ``nbs_indicators``; ``provinces`` gives the
    code by name. Names are compared by `plain`.
    """

    indicators: dict[tuple[str, bool], dict[str, dict[str, str]]]
    provinces: dict[str, str]

    @classmethod
    def of(cls, indicators: Iterable[dict[str, str]], provinces: Iterable[dict[str, str]]) -> Names:
        """Collect the names from the rows of ``nbs_indicators`` and of ``provinces``."""
        by_name: dict[tuple[str, bool], dict[str, dict[str, str]]] = {}
        for row in indicators:
            key = (plain(row["name"]), row["measure"] == "province")
            by_name.setdefault(key, {})[plain(row["unit"])] = row
        codes = {
            plain(row[field]): row["province"]
            for row in provinces
            for field in ("name_zh", "full_name_zh", "name_en")
        }
        return cls(by_name, codes)


def read(paths: Sequence[Path], names: Names, panel: str) -> Reading:
    """Read figures from exported files.

    Parameters
    ----------
    paths
        The files, in any order, each with any of the indicators.
    names
        What indicators and provinces are called.
    panel
        The table that takes figures of provinces.

    Returns
    -------
    Reading
        The figures of ``value_added``, ``value_added_quarterly``, ``growth_index_quarterly`` and
        the panel; remarks name the indicators that no table takes, and the empty cells.

    Raises
    ------
    RefusedError
        If a file is no export, is damaged, or says something that is not understood: with file,
        row and field.
    """
    figures: list[Figure] = []
    sources: list[dict[str, str]] = []
    remarks: list[str] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            reading = _File(path, names, panel).read()
        except RefusedError as refused:
            problems += refused.problems
        else:
            figures += reading.figures
            sources += [row for row in reading.sources if row not in sources]
            remarks += reading.remarks
    if problems:
        raise RefusedError("the files were refused; nothing was written", problems)
    return Reading(figures, sources, remarks)


def plain(name: str) -> str:
    """Strip a name of what the site writes now so, now so: spaces, punctuation, case.

    Examples
    --------
    >>> plain("农、林、牧、渔业增加值 ") == plain("农林牧渔业增加值")
    True
    """
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name).casefold())


def period(text: str) -> str | None:
    """Read a year or a quarter as the site writes them.

    Examples
    --------
    >>> period("2024年"), period("1Q 2026"), period("2024年第四季度"), period("Jan-24")
    ('2024', '2026Q1', '2024Q4', None)
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if match := re.fullmatch(r"((?:19|20)\d\d)\s*年?", text):
        return match[1]
    if match := re.fullmatch(r"([1-4])Q\s*((?:19|20)\d\d)", text):
        return f"{match[2]}Q{match[1]}"
    if match := re.fullmatch(r"((?:19|20)\d\d)年第?([一二三四1-4])季度", text):
        return f"{match[1]}Q{QUARTER_OF[match[2]]}"
    return None


@dataclass(frozen=True)
class _Line:
    number: int
    cells: list[str]


@dataclass(frozen=True)
class _Indicator:
    name: str
    unit: str
    type: str | None


def _indicator(text: str) -> _Indicator:
    """Take ``国内生产总值 累计值 (亿元)`` apart."""
    text = unicodedata.normalize("NFKC", text)
    kind = next((word for word in TYPES if word in text.casefold()), None)
    if kind:
        text = re.sub(re.escape(kind), "", text, flags=re.IGNORECASE)
    groups = re.findall(r"\(([^()]*)\)", text)
    unit = groups[-1] if groups else ""
    name = text.replace(f"({unit})", "") if groups else text
    return _Indicator(plain(name), plain(unit), TYPES.get(kind or ""))


class _File:
    """One export, from its bytes to its figures."""

    def __init__(self, path: Path, names: Names, panel: str) -> None:
        self.path, self.names, self.panel = path, names, panel
        self.remarks: list[str] = []
        self.problems: list[Problem] = []
        self.above: dict[str, str] = {}
        self.source = ""
        self.width: int | None = None
        self.quarters: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
        self.so_far: list[tuple[str, str, float, Origin]] = []

    def read(self) -> Reading:
        content = self._bytes()
        digest = hashlib.sha256(content).hexdigest()
        self.source = f"nbs-export-{digest[:12]}"
        lines = self._lines(content)
        header, rows = self._square(lines)
        figures = list(self._figures(header, rows))
        self._compare_the_year_so_far()
        if self.problems:
            raise RefusedError(f"{self.path.name} was refused", self.problems)
        if not figures:
            self.refuse(
                None,
                None,
                "no indicator that a table of this book takes",
                "indicators that data/nbs_indicators.csv names, with figures",
            )
        above = [self.above[name] for name in ("database", "region", "time") if name in self.above]
        title = ", ".join(["National Data", *above])
        row = {
            "source": self.source,
            "publisher": "National Bureau of Statistics of China (NBS)",
            "title": f"{title}, exported file",
            "read_at": f"data.stats.gov.cn, export {self.path.name}, sha256 {digest[:12]}…",
            "licence": "quotation with the source named",
        }
        return Reading(figures, [row], self.remarks)

    def problem(self, row: int | None, field: str | None, found: str, expected: str) -> Problem:
        return Problem("", self.path.name, row, field, found, expected, "export")

    def refuse(self, row: int | None, field: str | None, found: str, expected: str) -> NoReturn:
        problem = self.problem(row, field, found, expected)
        raise RefusedError(f"{self.path.name} was refused", [problem])

    def _bytes(self) -> bytes:
        try:
            size = self.path.stat().st_size
            if size > LIMIT:
                self.refuse(
                    None,
                    None,
                    f"{size / 1e6:,.0f} MB",
                    f"at most {LIMIT / 1e6:.0f} MB: no export of the site is larger",
                )
            # In this process, so that the size is what was checked.
            with open(self.path, "rb") as file:
                content = file.read(LIMIT + 1)
        except OSError as error:
            self.refuse(None, None, error.strerror or "an error", "a file that can be read")
        return content

    def _lines(self, content: bytes) -> list[_Line]:
        try:
            if opening.form(content) == "workbook":
                return self._workbook(content)
            read = opening.text(content)
        except opening.OpeningError as error:
            self.refuse(error.line, None, error.found, error.expected)
        # Any two bytes may be read as GBK: only the site's own words show that they are.
        if read.encoding == "gb18030":
            if not any(word in read.content for word in ("指标", "地区", "数据库", "时间")):
                self.refuse(None, None, "an unknown encoding", "UTF-8 or GBK")
            self.remarks.append(f"{self.path.name}: read as GBK")
        text = read.content
        lines = text.split("\n")
        header = next((line for line in lines[:HEAD] if _dimension(re.split("[\t,]", line)[0])), "")
        if "\t," in header:
            cells = [[cell.strip() for cell in line.split("\t,")] for line in lines]
        else:
            try:
                cells = [
                    [cell.strip() for cell in next(csv.reader([line], strict=True), [])]
                    for line in lines
                ]
            except csv.Error as error:
                self.refuse(None, None, str(error), "a quotation mark for each that opens")
        found = [_Line(number, row) for number, row in enumerate(cells, start=1)]
        self._require_whole(found, text)
        return found

    def _require_whole(self, lines: list[_Line], text: str) -> None:
        has_head = lines[0].cells and plain(lines[0].cells[0]).startswith(("数据库", "database"))
        last = next((line for line in reversed(lines) if any(line.cells)), lines[0])
        is_whole = (
            bool(last.cells) and plain(last.cells[0]).startswith(LAST_LINE)
            if has_head
            else text.endswith("\n")
        )
        if not is_whole:
            expected = "the line 数据来源 (Data Sources) at the end" if has_head else "a line end"
            self.refuse(
                last.number,
                None,
                f"the file breaks off after {_short(last)}",
                f"{expected}: the download was cut off; download again",
            )

    def _workbook(self, content: bytes) -> list[_Line]:
        cells = opening.first_sheet(content).rows
        lines = [
            _Line(number, [_written(cell) for cell in row])
            for number, row in enumerate(cells, start=1)
        ]
        if not lines:
            self.refuse(None, None, "an empty sheet", "an export of data.stats.gov.cn")
        self._require_whole(lines, "\n")
        return lines

    def _square(self, lines: list[_Line]) -> tuple[_Line, list[_Line]]:
        """Find the header and the rows below it, up to the notes; keep what stands above."""
        at = None
        for position, line in enumerate(lines[:HEAD]):
            if len(line.cells) > 1 and _dimension(line.cells[0]) and any(line.cells[1:]):
                at = position
                break
            # Without commas of its own, such a line is one cell.
            key, colon, value = re.sub(":", "：", ",".join(filter(None, line.cells))).partition(
                "："
            )
            if colon:
                name = "database" if plain(key) in ("数据库", "database") else _dimension(key)
                if name:
                    self.above[name] = value.strip()
        if at is None:
            self.refuse(
                None,
                None,
                "no header",
                "a line that begins with 指标, 地区 or 时间 "
                "(Indicators, Region, Time) and names what stands below",
            )
        header, rows = lines[at], []
        self.width = len(header.cells) if not header.cells[-1] else None
        while header.cells and not header.cells[-1]:
            header.cells.pop()
        end = len(lines)
        for position, line in enumerate(lines[at + 1 :], start=at + 1):
            first = plain(line.cells[0]) if line.cells else ""
            if not any(line.cells) or first.startswith(FIRST_OF_NOTES):
                end = position
                break
            rows.append(line)
        for line in lines[end:]:
            if len(line.cells) > 1 and NUMBER.fullmatch(line.cells[1]):
                self.refuse(
                    line.number,
                    None,
                    "figures below the end of the figures",
                    "no empty line and no note between rows with figures",
                )
        if not rows:
            self.refuse(header.number, None, "nothing below the header", "rows with figures")
        return header, rows

    def _figures(self, header: _Line, rows: list[_Line]) -> Iterator[Figure]:
        down = _dimension(header.cells[0]) or ""
        across = self._across(header.cells[1:], down)
        labels = header.cells[1:]
        names = [row.cells[0] for row in rows]
        for what, texts in (("column", labels), ("row", names)):
            twice = next((one for one, count in Counter(texts).items() if count > 1), None)
            if twice is not None:
                at = rows[names.index(twice, names.index(twice) + 1)] if what == "row" else header
                self.problems.append(
                    self.problem(
                        at.number, twice, f"the {what} {twice!r} twice", f"each {what} once"
                    )
                )
        columns = [self._place(across, text, header.number, text) for text in labels]
        sides = [self._place(down, row.cells[0], row.number, header.cells[0]) for row in rows]
        fixed = self._fixed({"indicator", "region", "time"} - {down, across}, header.number)
        if self.problems:
            return
        if "region" in (down, across):
            self._require_every_province(columns if across == "region" else sides, header)
        empty: list[str] = []
        for row, side in zip(rows, sides, strict=True):
            cells = row.cells[1:]
            # Where the header ends with a separator each row does, and a cell too few would hide.
            is_cut = (
                self.width is not None
                and len(row.cells) < self.width
                and not any(cells[len(labels) :])
            )
            if len(cells) < len(labels) or any(cells[len(labels) :]) or is_cut:
                count = len(_stripped(cells))
                self.problems.append(
                    self.problem(
                        row.number,
                        row.cells[0],
                        f"{count} cells after the name",
                        f"{len(labels)}, as in the header",
                    )
                )
                continue
            for label, column, cell in zip(labels, columns, cells, strict=False):
                place = fixed | side | column
                if place.get("indicator") is None:
                    continue
                if not cell:
                    empty.append(f"{row.cells[0]} {label}")
                elif not NUMBER.fullmatch(cell):
                    self.problems.append(
                        self.problem(row.number, label, repr(cell), f"a number{_hint(cell)}")
                    )
                else:
                    origin = Origin(self.path.name, row.number, label)
                    yield from self._figure(place, cell, origin)
        if empty:
            shown = ", ".join(empty[:5]) + (" …" if len(empty) > 5 else "")
            self.remarks.append(f"{self.path.name}: {len(empty)} empty cells, left out: {shown}")

    def _across(self, labels: list[str], down: str) -> str:
        """Tell what the columns are: times, regions or indicators."""
        if down != "indicator":
            is_time = sum(period(text) is not None for text in labels) * 2 > len(labels)
            return "time" if is_time and down != "time" else "indicator"
        is_region = sum(plain(text) in self.names.provinces for text in labels) * 2 > len(labels)
        return "region" if is_region else "time"

    def _fixed(self, dimensions: set[str], row: int) -> dict[str, Any]:
        """Place what no side shows: the line above says it, or it is the nation."""
        fixed: dict[str, Any] = {}
        for dimension in dimensions:
            text = self.above.get(dimension)
            if text is not None:
                fixed |= self._place(dimension, text, None, dimension)
            elif dimension == "region":
                if "分省" in self.above.get("database", ""):
                    self.refuse(
                        row,
                        None,
                        "figures of provinces that name no province",
                        "a column 地区, or the line 地区：…",
                    )
            else:
                wanted = {"time": "时间：2024年", "indicator": "指标：…"}[dimension]
                self.refuse(row, None, f"no {dimension}", f"the line {wanted} above the header")
        return fixed

    def _place(self, dimension: str, text: str, row: int | None, field: str) -> dict[str, Any]:
        if dimension == "time":
            when = period(text)
            if when is None:
                self.problems.append(
                    self.problem(
                        row, field, repr(text), f"a year such as 2024年 or a quarter{_hint(text)}"
                    )
                )
            return {"time": when or ""}
        if dimension == "region":
            code = self.names.provinces.get(plain(text))
            if code is None:
                self.problems.append(
                    self.problem(row, field, repr(text), "a province that data/provinces.csv names")
                )
            return {"region": code or ""}
        return {"indicator": self._known(text, row)}

    def _known(self, text: str, row: int | None) -> _Known | None:
        """Look an indicator up; None if no table takes it."""
        one = _indicator(text)
        is_provincial = "分省" in self.above.get("database", "") or "region" in self.above
        wanted = [is_provincial] if self.above.get("database") else [False, True]
        units = next(
            (
                self.names.indicators[one.name, scope]
                for scope in wanted
                if (one.name, scope) in self.names.indicators
            ),
            None,
        )
        if units is None:
            self.remarks.append(f"{self.path.name}: no table takes {text!r}; left out")
            return None
        if one.unit not in units:
            expected = " or ".join(dict.fromkeys(unit["unit"] for unit in units.values()))
            found = f"the unit {one.unit!r}" if one.unit else "no unit"
            self.problems.append(self.problem(row, text, found, f"the unit {expected}"))
            return None
        return _Known(units[one.unit], one.type)

    def _require_every_province(self, places: list[dict[str, Any]], header: _Line) -> None:
        absent = set(self.names.provinces.values()) - {place["region"] for place in places}
        if absent:
            named = {code: name for name, code in reversed(self.names.provinces.items())}
            names = ", ".join(sorted(named[code] for code in absent))
            count = len(set(self.names.provinces.values()))
            self.problems.append(
                self.problem(
                    header.number,
                    "地区",
                    f"{len(places)} provinces, without {names}",
                    f"all {count}: rows are missing",
                )
            )

    def _figure(self, place: dict[str, Any], cell: str, origin: Origin) -> Iterator[Figure]:
        known: _Known = place["indicator"]
        when, row = place["time"], known.row
        if row["measure"] == "province":
            if "region" not in place or "Q" in when:
                return
            observation = {"year": when, "province": place["region"]}
            observation["indicator"] = row["indicator"]
            yield self._made(self.panel, observation, cell, origin)
            return
        is_quarter = "Q" in when
        if is_quarter and not known.type:
            self.problems.append(
                self.problem(
                    origin.row,
                    origin.field,
                    f"a quarter of {row['name']}",
                    "its name to say 当季值 or 累计值 (Current Quarter, Accumulated)",
                )
            )
            return
        if row["measure"] == "growth_index":
            if is_quarter and known.type is not None:
                observation = {"quarter": when, "sector": row["sector"], "type": known.type}
                yield self._made("growth_index_quarterly", observation, cell, origin)
        elif not is_quarter:
            yield self._made("value_added", {"year": when, "sector": row["sector"]}, cell, origin)
        elif known.type == "current_quarter":
            self.quarters[row["sector"], when[:4]][when] = float(cell)
            observation = {"quarter": when, "sector": row["sector"]}
            yield self._made("value_added_quarterly", observation, cell, origin)
        else:
            self.so_far.append((row["sector"], when, float(cell), origin))
            if when.endswith("Q4"):
                observation = {"year": when[:4], "sector": row["sector"]}
                yield self._made("value_added", observation, cell, origin)

    def _compare_the_year_so_far(self) -> None:
        """Compare accumulated figures, of which only whole years are taken, with their quarters."""
        for sector, when, value, origin in self.so_far:
            quarters = self.quarters[sector, when[:4]]
            parts = [quarters.get(f"{when[:5]}{one}") for one in range(1, int(when[-1]) + 1)]
            present = [one for one in parts if one is not None]
            if len(present) == len(parts) and abs(sum(present) - value) > SLACK:
                self.problems.append(
                    self.problem(
                        origin.row,
                        origin.field,
                        f"{value:.10g} accumulated",
                        f"{sum(present):.10g}, the sum of the quarters",
                    )
                )

    def _made(self, table: str, observation: dict[str, str], cell: str, origin: Origin) -> Figure:
        others = {"confidence": "high"} if table == "value_added" else {}
        return Figure(table, observation, shortest(cell), self.source, origin, others)


@dataclass(frozen=True)
class _Known:
    """A known indicator, and whether it is of a quarter or of the year so far."""

    row: dict[str, str]
    type: str | None


def shortest(number: str) -> str:
    """Write a number without the zeros that say nothing.

    Examples
    --------
    >>> shortest("451.0"), shortest("0451.50"), shortest("100")
    ('451', '451.5', '100')
    """
    whole, _, fraction = number.partition(".")
    sign = "-" if whole.startswith("-") else ""
    whole = whole.lstrip("-").lstrip("0") or "0"
    fraction = fraction.rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def _dimension(text: str) -> str | None:
    return DIMENSIONS.get(plain(text))


def _written(cell: object) -> str:
    """Write a workbook's cell as the CSV export would."""
    if isinstance(cell, float):
        return shortest(format(cell, "f")) if cell.is_integer() else repr(cell)
    return str(cell).strip()


def _stripped(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def _short(line: _Line) -> str:
    text = ",".join(filter(None, line.cells))
    return repr(text[:30] + "…" if len(text) > 30 else text)


def _hint(text: str) -> str:
    """Say what made a cell that is none of ours, where that can be told."""
    if re.search(r"\d{1,4}[-/]\d{1,2}([-/]\d{1,4})?|\d+月|[A-Z][a-z]{2}-\d|\d-[A-Z][a-z]{2}", text):
        return "; a spreadsheet program has made a date of it: take the file as downloaded"
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text):
        return " without commas"
    return ""
