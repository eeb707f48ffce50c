"""Say what a change of data did: which facts, verdicts, charts and sentences moved."""

from __future__ import annotations

import json
import subprocess
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

LEDGER = "ledger.json"
FEED = "changes.atom"
NO_CHANGE = "No fact, verdict or chart changed."


class LedgerError(ValueError):
    """A ledger that cannot be found or read."""


@dataclass
class Moved:
    """A fact whose value or wording is another one."""

    name: str
    document: str
    old: str
    new: str
    old_value: Any
    new_value: Any
    score: float
    relative: float | None
    tables: list[str]
    sentences: list[dict[str, str]] = field(default_factory=list)


@dataclass
class MovedChart:
    """A chart whose data are other ones."""

    name: str
    document: str
    old_title: str
    new_title: str
    rows_added: int
    rows_removed: int
    tables: list[str]


@dataclass
class Report:
    """What lies between two ledgers, the gravest first."""

    verdicts: list[Moved] = field(default_factory=list)
    facts: list[Moved] = field(default_factory=list)
    came: list[str] = field(default_factory=list)
    went: list[str] = field(default_factory=list)
    charts: list[MovedChart] = field(default_factory=list)
    charts_came: list[str] = field(default_factory=list)
    charts_went: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return asdict(self)


def read_ledger(place: str) -> dict[str, Any]:
    """Read a ledger from a file, from a built site's folder, or from a git revision of one.

    Raises
    ------
    LedgerError
        If there is none at `place`, or what is there is no ledger.
    """
    path = Path(place)
    if path.is_dir():
        path = path / LEDGER
    text = path.read_text("utf-8") if path.is_file() else _from_git(place)
    try:
        ledger = json.loads(text)
        return {kind: ledger[kind] for kind in ("facts", "charts", "tables")}
    except (json.JSONDecodeError, KeyError, TypeError):
        raise LedgerError(f"{place}: expected a ledger as `livebook build` writes it") from None


def _from_git(place: str) -> str:
    objects = [place] if ":" in place else [f"{place}:{LEDGER}", f"{place}:_build/html/{LEDGER}"]
    for name in objects:
        shown = subprocess.run(["git", "show", name], capture_output=True, text=True, check=False)
        if shown.returncode == 0:
            return shown.stdout
    raise LedgerError(
        f"{place}: neither a {LEDGER}, nor the folder of a built site, nor a git revision of one"
    )


def compare(old: dict[str, Any], new: dict[str, Any]) -> Report:
    """Compare two ledgers.

    A number's score is |new − old| / max(|new|, |old|), between 0 and 2; flipped verdicts come
    first, then the highest scores.
    """
    report = Report()
    for name in sorted(old["facts"].keys() & new["facts"].keys()):
        was, now = old["facts"][name], new["facts"][name]
        if (was["value"], was["text"]) == (now["value"], now["text"]):
            continue
        moved = _moved(name, was, now, _changed_tables(now, old, new))
        (report.verdicts if "words" in now else report.facts).append(moved)
    report.facts.sort(key=lambda moved: (-moved.score, moved.name))
    report.came = sorted(new["facts"].keys() - old["facts"].keys())
    report.went = sorted(old["facts"].keys() - new["facts"].keys())
    for name in sorted(old["charts"].keys() & new["charts"].keys()):
        was, now = old["charts"][name], new["charts"][name]
        if (was["table"], was["title"]) != (now["table"], now["title"]):
            before = {json.dumps(row) for row in was["table"]["rows"]}
            after = {json.dumps(row) for row in now["table"]["rows"]}
            report.charts.append(
                MovedChart(
                    name=name,
                    document=now["document"],
                    old_title=was["title"],
                    new_title=now["title"],
                    rows_added=len(after - before),
                    rows_removed=len(before - after),
                    tables=_changed_tables(now, old, new),
                )
            )
    report.charts_came = sorted(new["charts"].keys() - old["charts"].keys())
    report.charts_went = sorted(old["charts"].keys() - new["charts"].keys())
    return report


def _moved(name: str, was: dict[str, Any], now: dict[str, Any], tables: list[str]) -> Moved:
    score, relative = 1.0, None
    numbers = (was["value"], now["value"])
    if all(isinstance(value, int | float) for value in numbers):
        difference, largest = abs(numbers[1] - numbers[0]), max(map(abs, numbers))
        score = difference / largest if largest else 0.0
        relative = (numbers[1] - numbers[0]) / abs(numbers[0]) if numbers[0] else None
    return Moved(
        name=name,
        document=now["document"],
        old=was["text"],
        new=now["text"],
        old_value=numbers[0],
        new_value=numbers[1],
        score=score,
        relative=relative,
        tables=tables,
        sentences=_sentences(was, now),
    )


def _sentences(was: dict[str, Any], now: dict[str, Any]) -> list[dict[str, str]]:
    """Pair the sentences that print a fact, page by page, in their order."""
    pairs = []
    pages = dict.fromkeys(one["page"] for one in [*was["sentences"], *now["sentences"]])
    for page in pages:
        before = [one["text"] for one in was["sentences"] if one["page"] == page]
        after = [one["text"] for one in now["sentences"] if one["page"] == page]
        for place in range(max(len(before), len(after))):
            pair = {
                "page": page,
                "old": before[place] if place < len(before) else "",
                "new": after[place] if place < len(after) else "",
            }
            if pair["old"] != pair["new"] and pair not in pairs:
                pairs.append(pair)
    return pairs


def _changed_tables(now: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    def described(table: dict[str, str]) -> str:
        vintage = f" ({table['vintage']})" if "vintage" in table else ""
        return table["name"] + vintage

    return [
        described(table)
        for table in now["tables"]
        if old["tables"].get(table["name"]) != new["tables"].get(table["name"])
    ]


def percent(relative: float | None) -> str:
    """Return a relative change as readers read it.

    Examples
    --------
    >>> percent(-0.0512)
    '−5.1 %'
    """
    if relative is None:
        return "from zero"
    return f"{relative * 100:+.1f} %".replace("-", "\u2212")


def summary(report: Report) -> str:
    """Return one line: how much moved."""
    if not report:
        return NO_CHANGE
    counts = (
        (len(report.verdicts), "verdict flipped", "verdicts flipped"),
        (len(report.facts), "fact moved", "facts moved"),
        (len(report.came), "fact came", "facts came"),
        (len(report.went), "fact went", "facts went"),
        (len(report.charts), "chart changed", "charts changed"),
        (len(report.charts_came), "chart came", "charts came"),
        (len(report.charts_went), "chart went", "charts went"),
    )
    return ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts if n) + "."


def markdown(report: Report) -> str:
    """Return the report for a pull request."""
    if not report:
        return NO_CHANGE + "\n"
    lines = ["# What changed", "", summary(report)]
    told: set[tuple[str, str]] = set()
    for heading, moved in (
        ("Verdicts that flipped", report.verdicts),
        ("Facts that moved", report.facts),
    ):
        if moved:
            lines += ["", f"## {heading}", ""]
            for fact in moved:
                lines += _fact_lines(fact, told)
    if report.charts:
        lines += ["", "## Charts whose data changed", ""]
        for chart in report.charts:
            lines.append(
                f"- `{chart.name}` in {_plain(chart.document)}: {chart.rows_added} rows new or "
                f"changed, {chart.rows_removed} gone{_because(chart.tables)}"
            )
            if chart.old_title != chart.new_title:
                lines += [
                    f"  - was: {_plain(chart.old_title)}",
                    f"  - is: {_plain(chart.new_title)}",
                ]
    for heading, names in (
        ("Facts that came", report.came),
        ("Facts that went", report.went),
        ("Charts that came", report.charts_came),
        ("Charts that went", report.charts_went),
    ):
        if names:
            lines += ["", f"## {heading}", "", ", ".join(f"`{name}`" for name in names)]
    return "\n".join(lines) + "\n"


def _fact_lines(fact: Moved, told: set[tuple[str, str]]) -> list[str]:
    change = f" ({percent(fact.relative)})" if isinstance(fact.new_value, int | float) else ""
    lines = [
        f"- **{_plain(fact.old)} → {_plain(fact.new)}**{change} `{fact.name}`"
        f"{_because(fact.tables)}"
    ]
    for pair in fact.sentences:
        # A sentence with three moved facts is told once.
        if (pair["old"], pair["new"]) not in told:
            told.add((pair["old"], pair["new"]))
            lines += [
                f"  - {_plain(pair['page'])}",
                f"    - was: {_plain(pair['old'] or '(not there)')}",
                f"    - is: {_plain(pair['new'] or '(not there)')}",
            ]
    return lines


def _because(tables: list[str]) -> str:
    return f", from {', '.join(tables)}" if tables else ""


def _plain(text: str) -> str:
    """Keep a text of the book from being read as markup by whatever shows the report."""
    for character in "\\`*_{}[]<>#|":
        text = text.replace(character, f"\\{character}" if character not in "<>" else
                            {"<": "&lt;", ">": "&gt;"}[character])  # fmt: skip
    return " ".join(text.split())


def html(report: Report) -> str:
    """Return the report as a fragment of HTML, for a page of the book or a browser."""
    from markdown_it import MarkdownIt

    # The text of the book is escaped already; raw HTML stays off so that none can come in.
    return MarkdownIt("commonmark", {"html": False}).render(markdown(report))


def note(report: Report, record: Path) -> None:
    """Note in a change record which facts, verdicts and charts the change moved.

    Raises
    ------
    LedgerError
        If `record` is no change record.
    """
    from .files import write_atomically

    try:
        content = json.loads(record.read_text("utf-8"))
        content["moved"] = {
            "verdicts": [_noted(fact) for fact in report.verdicts],
            "facts": [_noted(fact) for fact in report.facts],
            "charts": [chart.name for chart in report.charts],
        }
    except (OSError, ValueError, TypeError):
        raise LedgerError(f"{record}: expected a change record (a JSON object)") from None
    text = json.dumps(content, ensure_ascii=False, indent=2)
    write_atomically(record, f"{text}\n".encode())


def _noted(fact: Moved) -> dict[str, str]:
    return {"name": fact.name, "old": fact.old, "new": fact.new}


def read_records(folder: Path) -> list[dict[str, Any]]:
    """Return the committed change records of a data package, the newest first.

    Raises
    ------
    LedgerError
        If a file in the folder is no change record.
    """
    records = []
    for file in sorted(folder.glob("*.json"), reverse=True):
        try:
            record = json.loads(file.read_text("utf-8"))
            records.append({"id": file.stem, "date": record["date"], "table": record["table"],
                            "reason": record["reason"], "moved": record.get("moved"),
                            "differences": record.get("differences")})  # fmt: skip
        except (ValueError, KeyError, TypeError):
            raise LedgerError(f"{file}: expected a change record: date, table, reason") from None
    return sorted(records, key=lambda record: record["date"], reverse=True)


def atom(records: list[dict[str, Any]], title: str, address: str) -> bytes:
    """Return the change records as an Atom feed (RFC 4287).

    Parameters
    ----------
    records : list of dict
        As `read_records` gives them.
    title : str
        The book's.
    address : str
        The address of the page that lists the changes.
    """
    feed = ElementTree.Element("feed", xmlns="http://www.w3.org/2005/Atom")
    # No clock enters: a feed changes when a record is added.
    updated = records[0]["date"] if records else "1970-01-01"
    _entry_fields(feed, f"{title}: what changed", f"{title}", updated, address)
    for record in records:
        entry = ElementTree.SubElement(feed, "entry")
        link = f"{address}#change-{record['id']}"
        _entry_fields(entry, f"{record['table']}: {record['reason']}", link, record["date"], link)
        ElementTree.SubElement(entry, "summary").text = describe_record(record)
    ElementTree.indent(feed)
    return ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True) + b"\n"


def _entry_fields(
    element: ElementTree.Element, title: str, key: str, date: str, address: str
) -> None:
    ElementTree.SubElement(element, "title").text = title
    ElementTree.SubElement(element, "id").text = uuid.uuid5(uuid.NAMESPACE_URL, key).urn
    ElementTree.SubElement(element, "updated").text = f"{date}T00:00:00Z"
    ElementTree.SubElement(element, "link", href=address)
    if element.tag == "feed":
        author = ElementTree.SubElement(element, "author")
        ElementTree.SubElement(author, "name").text = "The maintainers of the book"


def describe_record(record: dict[str, Any]) -> str:
    """Return in a sentence how many rows a change touched and what moved with it."""
    rows = record["differences"]
    if rows is None:
        touched = "which rows changed was not recorded"
    else:
        cells = {json.dumps(change["key"]) for change in rows["changed"]}
        touched = (
            f"{len(rows['added'])} rows added, {len(rows['removed'])} removed, {len(cells)} changed"
        )
    if record["moved"] is None:
        return f"{touched}; what moved in the book was not recorded."
    counts = {kind: len(names) for kind, names in record["moved"].items()}
    told = ", ".join(f"{counts[kind]} {kind}" for kind in ("verdicts", "facts", "charts"))
    return f"{touched}; in the book {told} moved."
