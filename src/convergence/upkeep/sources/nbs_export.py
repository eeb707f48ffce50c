"""Files as the download button of the NBS site (National Data) writes them.

The site shows a square of cells: indicators, regions and times, two of them along the sides and
the third above. The file has lines that say what is above (``数据库：分省年度数据``,
``时间：2024年``), a header, a line for each row, notes, and a line that names the source. Its
cells are separated by a tab and a comma, since English names hold commas. Older files are workbooks
(.xls); copies of the square alone, separated by commas, are read too.

The table ``nbs_indicators`` says what an indicator measures, and the descriptor of each table
(``convergence/refresh``) which measure it takes. An indicator that is not there is listed and left
out.

Source: https://data.stats.gov.cn, "National Data", as exported in 2022, 2025 and 2026.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from convergence import periods
from convergence.files import opening
from convergence.tables.package import Problem, Resource
from convergence.upkeep.books import Books
from convergence.upkeep.sources.figures import Figure, Origin, Reading, RefusedError
from convergence.upkeep.sources.nbs_words import (
    Names,
    dimension,
    indicator,
    period,
    plain,
    shortest,
)

__all__ = ["LIMIT", "figures", "read", "targets"]

SOURCE = "nbs-export"
# The table for each measure (of nbs_indicators) and time (year, quarter).
Targets = dict[tuple[str, str], str]

LIMIT = 20_000_000  # bytes; the largest export of the site is below a hundredth of it

HEAD = 12  # lines in which the header is looked for
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")  # \d would take the digits of any script
FIRST_OF_NOTES = ("注", "note", "数据来源", "datasource")
# The sum of four quarters, each rounded to 0.1, may differ by this from the accumulated figure.
SLACK = 0.25
LAST_LINE = ("数据来源", "datasource")


def figures(books: Books, files: Sequence[Path], vintage: str | None) -> Reading:
    """Read exported files into the tables whose descriptors name the source ``nbs-export``.

    Parameters
    ----------
    books
        The accepted tables.
    files
        Paths of exported files.
    vintage
        The state of revision of the figures, or None if it is not known yet.

    Raises
    ------
    RefusedError
        As `read`.
    """
    names = Names.of(books["nbs_indicators"].rows, books["provinces"].rows)
    return read(files, names, targets(books, vintage))


def targets(books: Books, vintage: str | None) -> Targets:
    """Find the table for each measure, by year and by quarter.

    Several tables may take one measure, such as panels of provinces. Then it is the one that holds
    the vintage; for a new vintage, the one whose figures were released last.

    Parameters
    ----------
    books
        The accepted tables.
    vintage
        The state of revision of the figures, or None if it is not known yet.
    """
    taking: dict[tuple[str, str], list[Resource]] = defaultdict(list)
    for resource in books.filled_from(SOURCE):
        time = periods.field(resource.extras["observation"]) or ""
        taking[resource.extras["refresh"].get("measure", ""), time].append(resource)
    return {place: _target(books, several, vintage) for place, several in taking.items()}


def _target(books: Books, several: Sequence[Resource], vintage: str | None) -> str:
    if len(several) > 1:
        for resource in several:
            if vintage in {row["vintage"] for row in books[resource.name].rows}:
                return resource.name
    return max(several, key=lambda resource: resource.descriptor.get("released", "")).name


def read(paths: Sequence[Path], names: Names, tables: Targets) -> Reading:
    """Read figures from exported files.

    Parameters
    ----------
    paths
        The files, in any order, each with any of the indicators.
    names
        What indicators and provinces are called.
    tables
        The table that takes figures of a measure and a time, as ``("province", "year")``.

    Returns
    -------
    Reading
        The figures of these tables; remarks name the indicators that no table takes, and the
        empty cells.

    Raises
    ------
    RefusedError
        If a file is no export, is damaged, or says something that is not understood: with file,
        row and field.
    """
    found: list[Figure] = []
    sources: list[dict[str, str]] = []
    remarks: list[str] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            reading = _File(path, names, tables).read()
        except RefusedError as refused:
            problems += refused.problems
        else:
            found += reading.figures
            sources += [row for row in reading.sources if row not in sources]
            remarks += reading.remarks
    if problems:
        raise RefusedError("the files were refused; nothing was written", problems)
    return Reading(found, sources, remarks)


@dataclass(frozen=True)
class _Line:
    number: int
    cells: list[str]


class _File:
    """Reads one export, from its bytes to its figures."""

    def __init__(self, path: Path, names: Names, tables: Targets) -> None:
        self.path, self.names, self.tables = path, names, tables
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
        header = next((line for line in lines[:HEAD] if dimension(re.split("[\t,]", line)[0])), "")
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
            if len(line.cells) > 1 and dimension(line.cells[0]) and any(line.cells[1:]):
                at = position
                break
            # A line with a comma in it was split into cells.
            key, colon, value = re.sub(":", "：", ",".join(filter(None, line.cells))).partition(
                "："
            )
            if colon:
                name = "database" if plain(key) in ("数据库", "database") else dimension(key)
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
        down = dimension(header.cells[0]) or ""
        across = self._across(header.cells[1:], down)
        labels = header.cells[1:]
        names = [row.cells[0] for row in rows]
        for what, texts in (("column", labels), ("row", names)):
            twice = next((text for text, count in Counter(texts).items() if count > 1), None)
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
            # A row ends with a separator where the header does, so a missing cell would not show.
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
        """Say what the columns are: times, regions or indicators."""
        if down != "indicator":
            is_time = sum(period(text) is not None for text in labels) * 2 > len(labels)
            return "time" if is_time and down != "time" else "indicator"
        is_region = sum(plain(text) in self.names.provinces for text in labels) * 2 > len(labels)
        return "region" if is_region else "time"

    def _fixed(self, dimensions: set[str], row: int) -> dict[str, Any]:
        """Place a dimension that the square does not show: by the line above it, or the nation."""
        fixed: dict[str, Any] = {}
        for side in dimensions:
            text = self.above.get(side)
            if text is not None:
                fixed |= self._place(side, text, None, side)
            elif side == "region":
                if "分省" in self.above.get("database", ""):
                    self.refuse(
                        row,
                        None,
                        "figures of provinces that name no province",
                        "a column 地区, or the line 地区：…",
                    )
            else:
                wanted = {"time": "时间：2024年", "indicator": "指标：…"}[side]
                self.refuse(row, None, f"no {side}", f"the line {wanted} above the header")
        return fixed

    def _place(self, side: str, text: str, row: int | None, field: str) -> dict[str, Any]:
        if side == "time":
            when = period(text)
            if when is None:
                self.problems.append(
                    self.problem(
                        row, field, repr(text), f"a year such as 2024年 or a quarter{_hint(text)}"
                    )
                )
            return {"time": when or ""}
        if side == "region":
            code = self.names.provinces.get(plain(text))
            if code is None:
                self.problems.append(
                    self.problem(row, field, repr(text), "a province that data/provinces.csv names")
                )
            return {"region": code or ""}
        return {"indicator": self._known(text, row)}

    def _known(self, text: str, row: int | None) -> _Known | None:
        """Look an indicator up; None if no table takes it."""
        named = indicator(text)
        is_provincial = "分省" in self.above.get("database", "") or "region" in self.above
        wanted = [is_provincial] if self.above.get("database") else [False, True]
        units = next(
            (
                self.names.indicators[named.name, scope]
                for scope in wanted
                if (named.name, scope) in self.names.indicators
            ),
            None,
        )
        if units is None:
            self.remarks.append(f"{self.path.name}: no table takes {text!r}; left out")
            return None
        if named.unit not in units:
            expected = " or ".join(dict.fromkeys(unit["unit"] for unit in units.values()))
            found = f"the unit {named.unit!r}" if named.unit else "no unit"
            self.problems.append(self.problem(row, text, found, f"the unit {expected}"))
            return None
        return _Known(units[named.unit], named.type)

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
        measure, is_quarter = row["measure"], "Q" in when
        if measure == "province":
            if "region" in place and not is_quarter:
                observation = {"province": place["region"], "indicator": row["indicator"]}
                yield from self._made(measure, when, observation, cell, origin)
            return
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
        observation = {"sector": row["sector"]}
        if measure == "growth_index":
            if is_quarter and known.type is not None:
                yield from self._made(
                    measure, when, observation | {"type": known.type}, cell, origin
                )
        elif not is_quarter:
            yield from self._made(measure, when, observation, cell, origin)
        elif known.type == "current_quarter":
            self.quarters[row["sector"], when[:4]][when] = float(cell)
            yield from self._made(measure, when, observation, cell, origin)
        else:
            self.so_far.append((row["sector"], when, float(cell), origin))
            if when.endswith("Q4"):
                yield from self._made(measure, when[:4], observation, cell, origin)

    def _compare_the_year_so_far(self) -> None:
        """Compare accumulated figures, of which only whole years are taken, with their quarters."""
        for sector, when, value, origin in self.so_far:
            quarters = self.quarters[sector, when[:4]]
            parts = [quarters.get(f"{when[:5]}{number}") for number in range(1, int(when[-1]) + 1)]
            present = [part for part in parts if part is not None]
            if len(present) == len(parts) and abs(sum(present) - value) > SLACK:
                self.problems.append(
                    self.problem(
                        origin.row,
                        origin.field,
                        f"{value:.10g} accumulated",
                        f"{sum(present):.10g}, the sum of the quarters",
                    )
                )

    def _made(
        self, measure: str, when: str, observation: dict[str, str], cell: str, origin: Origin
    ) -> Iterator[Figure]:
        """Make the figure for the table that takes this measure and time, if one does."""
        time = "quarter" if "Q" in when else "year"
        if table := self.tables.get((measure, time)):
            yield Figure(table, {time: when} | observation, shortest(cell), self.source, origin)


@dataclass(frozen=True)
class _Known:
    """A known indicator, and whether it is of a quarter or of the year so far."""

    row: dict[str, str]
    type: str | None


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
    """Guess which program damaged a cell, for the end of a message; "" if nothing hints at it."""
    if re.search(r"\d{1,4}[-/]\d{1,2}([-/]\d{1,4})?|\d+月|[A-Z][a-z]{2}-\d|\d-[A-Z][a-z]{2}", text):
        return "; a spreadsheet program has made a date of it: take the file as downloaded"
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text):
        return " without commas"
    return ""
