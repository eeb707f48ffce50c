"""Compare two ledgers: which facts, verdicts, charts and sentences moved."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
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
class Table:
    """A table that a fact or a chart rests on, and whether the table changed."""

    name: str
    vintage: str | None
    changed: bool


@dataclass
class Moved:
    """A fact that changed, came (`old` is None) or went (`new` is None).

    `score` is |new − old| / max(|new|, |old|), between 0 and 2. It is 1 if either value is not a
    number.
    """

    name: str
    document: str
    old: str | None
    new: str | None
    old_value: Any
    new_value: Any
    score: float
    relative: float | None
    tables: list[Table]
    sentences: list[dict[str, str]]


@dataclass
class MovedChart:
    """A chart whose data, words or drawing changed, or which came or went."""

    name: str
    document: str
    old_title: str | None
    new_title: str | None
    rows_added: int
    rows_removed: int
    tables: list[Table]


@dataclass
class Report:
    """The differences between two ledgers, the gravest first."""

    verdicts: list[Moved] = field(default_factory=list)
    facts: list[Moved] = field(default_factory=list)
    came: list[Moved] = field(default_factory=list)
    went: list[Moved] = field(default_factory=list)
    charts: list[MovedChart] = field(default_factory=list)
    charts_came: list[MovedChart] = field(default_factory=list)
    charts_went: list[MovedChart] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Report:
        """Return the report whose `as_dict` gave this content."""

        def tables(moved: dict[str, Any]) -> dict[str, Any]:
            return moved | {"tables": [Table(**table) for table in moved["tables"]]}

        report = cls()
        for kind, entries in content.items():
            made = MovedChart if "charts" in kind else Moved
            getattr(report, kind).extend(made(**tables(moved)) for moved in entries)
        return report


def read_ledger(place: str) -> dict[str, Any]:
    """Read a ledger from a file, from a built site's folder, or from a git revision of one.

    Raises
    ------
    LedgerError
        If `place` holds no ledger, or something else.
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
    """Compare two ledgers; flipped verdicts come first, then the highest scores."""
    report = Report()
    for name, was, now in _pairs(old["facts"], new["facts"]):
        if was and now and (was["value"], was["text"]) == (now["value"], now["text"]):
            continue
        moved = _moved(name, was, now, _tables(was, now, old, new))
        if not was:
            report.came.append(moved)
        elif not now:
            report.went.append(moved)
        elif "words" in now and was["value"] != now["value"]:
            report.verdicts.append(moved)
        else:
            report.facts.append(moved)
    report.facts.sort(key=lambda moved: (-moved.score, moved.name))
    for name, was, now in _pairs(old["charts"], new["charts"]):
        if was and now and _same_chart(was, now):
            continue
        kind = report.charts_came if not was else report.charts_went if not now else report.charts
        kind.append(_moved_chart(name, was, now, _tables(was, now, old, new)))
    return report


Entry = dict[str, Any]
# Stands for a fact or a chart that one of the ledgers does not hold.
ABSENT: Entry = {}


def _pairs(old: dict[str, Entry], new: dict[str, Entry]) -> Iterator[tuple[str, Entry, Entry]]:
    for name in sorted(old.keys() | new.keys()):
        yield name, old.get(name, ABSENT), new.get(name, ABSENT)


def _moved(name: str, was: Entry, now: Entry, tables: list[Table]) -> Moved:
    before, after = was.get("value"), now.get("value")
    score, relative = float(before != after), None
    if isinstance(before, int | float) and isinstance(after, int | float):
        largest = max(abs(before), abs(after))
        score = abs(after - before) / largest if largest else 0.0
        relative = (after - before) / abs(before) if before else None
    return Moved(
        name=name,
        document=(now or was)["document"],
        old=was.get("text"),
        new=now.get("text"),
        old_value=before,
        new_value=after,
        score=score,
        relative=relative,
        tables=tables,
        sentences=_sentences(was, now),
    )


def _same_chart(was: Entry, now: Entry) -> bool:
    # The ledger of an earlier livebook may lack some of these.
    known = {"table", "title", "drawing"} & was.keys() & now.keys()
    return all(was[key] == now[key] for key in known)


def _moved_chart(name: str, was: Entry, now: Entry, tables: list[Table]) -> MovedChart:
    before, after = (
        {json.dumps(row) for row in chart["table"]["rows"]} if chart else set()
        for chart in (was, now)
    )
    return MovedChart(
        name=name,
        document=(now or was)["document"],
        old_title=was.get("title"),
        new_title=now.get("title"),
        rows_added=len(after - before),
        rows_removed=len(before - after),
        tables=tables,
    )


def _sentences(was: Entry, now: Entry) -> list[dict[str, str]]:
    """Pair the sentences that print a fact, page by page, in their order."""
    old, new = was.get("sentences", []), now.get("sentences", [])
    pairs: list[dict[str, str]] = []
    for page in dict.fromkeys(sentence["page"] for sentence in [*old, *new]):
        before, after = (
            [sentence["text"] for sentence in sentences if sentence["page"] == page]
            for sentences in (old, new)
        )
        for place in range(max(len(before), len(after))):
            pair = {
                "page": page,
                "old": before[place] if place < len(before) else "",
                "new": after[place] if place < len(after) else "",
            }
            if pair["old"] != pair["new"] and pair not in pairs:
                pairs.append(pair)
    return pairs


def _tables(was: Entry, now: Entry, old: Entry, new: Entry) -> list[Table]:
    return [
        Table(
            name=table["name"],
            vintage=table.get("vintage"),
            changed=old["tables"].get(table["name"]) != new["tables"].get(table["name"]),
        )
        for table in (now or was)["tables"]
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
    return ", ".join(f"{n} {single if n == 1 else many}" for n, single, many in counts if n) + "."


def markdown(report: Report) -> str:
    """Return the report for a pull request."""
    return f"# What changed\n\n{_markdown(report)}" if report else f"{NO_CHANGE}\n"


def _markdown(report: Report) -> str:
    lines = [summary(report)]
    printed: set[tuple[str, str]] = set()
    seen = [fact for fact in report.facts if fact.old != fact.new or fact.sentences]
    unseen = [fact for fact in report.facts if fact.old == fact.new and not fact.sentences]
    for heading, facts in (
        ("Verdicts that flipped", report.verdicts),
        ("Facts that moved", seen),
        ("Facts that came", report.came),
        ("Facts that went", report.went),
    ):
        if facts:
            lines += ["", f"## {heading}", ""]
            for fact in facts:
                lines += _fact_lines(fact, printed)
    if unseen:
        # No reader sees these facts. A hundred lines of "5 % → 5 %" would hide the others.
        names = ", ".join(f"`{fact.name}`" for fact in unseen)
        lines += ["", "## Facts that moved beyond the digits that are printed", "", f"- {names}"]
    for heading, charts in (
        ("Charts that changed", report.charts),
        ("Charts that came", report.charts_came),
        ("Charts that went", report.charts_went),
    ):
        if charts:
            lines += ["", f"## {heading}", ""]
            for chart in charts:
                lines += _chart_lines(chart)
    return "\n".join(lines) + "\n"


def _fact_lines(fact: Moved, printed: set[tuple[str, str]]) -> list[str]:
    texts = [_plain(text) for text in (fact.old, fact.new) if text is not None]
    numbers = all(isinstance(value, int | float) for value in (fact.old_value, fact.new_value))
    change = f" ({percent(fact.relative)})" if numbers else ""
    lines = [f"- **{' → '.join(texts)}**{change} `{fact.name}`{_resting_on(fact.tables)}"]
    for pair in fact.sentences:
        # A sentence with three moved facts is printed once.
        if (pair["old"], pair["new"]) not in printed:
            printed.add((pair["old"], pair["new"]))
            lines += [
                f"  - {_plain(pair['page'])}",
                f"    - was: {_plain(pair['old'] or '(not there)')}",
                f"    - is: {_plain(pair['new'] or '(not there)')}",
            ]
    return lines


def _chart_lines(chart: MovedChart) -> list[str]:
    was, now = chart.old_title, chart.new_title
    if was is None or now is None:
        what = _plain(now or was or "")
    elif chart.rows_added or chart.rows_removed:
        what = f"{chart.rows_added} rows new or changed, {chart.rows_removed} gone"
    elif was == now:
        what = "drawing changed, data as before"
    else:
        what = "title changed, data as before"
    lines = [f"- `{chart.name}` in {_plain(chart.document)}: {what}{_resting_on(chart.tables)}"]
    if was is not None and now is not None and was != now:
        lines += [f"  - was: {_plain(was)}", f"  - is: {_plain(now)}"]
    return lines


def _resting_on(tables: list[Table]) -> str:
    named = [
        table.name
        + (f" ({table.vintage})" if table.vintage else "")
        + (" **changed**" if table.changed else "")
        for table in tables
    ]
    return f"; from {', '.join(named)}" if named else ""


def _plain(text: str) -> str:
    """Keep a text of the book from being read as markup by whatever shows the report."""
    for character in "\\`*_{}[]<>#|":
        text = text.replace(character, f"\\{character}" if character not in "<>" else
                            {"<": "&lt;", ">": "&gt;"}[character])  # fmt: skip
    return " ".join(text.split())


def html(report: Report) -> str:
    """Return the report as a fragment of HTML, for a page of the book."""
    from markdown_it import MarkdownIt

    # `_plain` escapes the texts of the book. The parser refuses raw HTML besides.
    text = _markdown(report) if report else NO_CHANGE
    return str(MarkdownIt("commonmark", {"html": False}).render(text))


def page(report: Report) -> str:
    """Return the report as a page for a browser, which needs nothing else."""
    from markupsafe import Markup

    from . import templates

    return templates.page("diff.html", report=Markup(html(report))) + "\n"


def note(report: Report, record: Path) -> None:
    """Note the report in the change record of the data that made it.

    Raises
    ------
    LedgerError
        If `record` is anything but a change record.
    """
    from .files import write_atomically

    try:
        content = json.loads(record.read_text("utf-8"))
        content["moved"] = report.as_dict()
    except (OSError, ValueError, TypeError):
        raise LedgerError(f"{record}: expected a change record (a JSON object)") from None
    text = json.dumps(content, ensure_ascii=False, indent=2)
    write_atomically(record, f"{text}\n".encode())


def read_records(folder: Path) -> list[dict[str, Any]]:
    """Return the committed change records of a data package, the newest first.

    ``moved`` is a `Report` of what the change did to the book, or None if nobody noted it.

    Raises
    ------
    LedgerError
        If a file in the folder is anything but a change record.
    """
    records = []
    for file in sorted(folder.glob("*.json"), reverse=True):
        try:
            record = json.loads(file.read_text("utf-8"))
            moved = record.get("moved")
            records.append({"id": file.stem, "date": record["date"], "table": record["table"],
                            "reason": record["reason"],
                            "moved": moved and Report.from_dict(moved),
                            "differences": record.get("differences")})  # fmt: skip
        except (ValueError, KeyError, TypeError, AttributeError):
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
    # The date of the newest record: the feed must not depend on the day of the build.
    updated = records[0]["date"] if records else "1970-01-01"
    _entry_fields(feed, f"{title}: what changed", f"{title}", updated, address)
    for record in records:
        entry = ElementTree.SubElement(feed, "entry")
        link = f"{address}#change-{record['id']}"
        _entry_fields(entry, f"{record['table']}: {record['reason']}", link, record["date"], link)
        ElementTree.SubElement(entry, "summary").text = describe_record(record)
    ElementTree.indent(feed)
    content: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


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
        counts = (len(rows["added"]), len(rows["removed"]), len(cells))
        touched = "rows: {} added, {} removed, {} changed".format(*counts)
    if record["moved"] is None:
        return f"{touched}; what moved in the book was not recorded."
    return f"{touched}; in the book: {summary(record['moved'])}"
