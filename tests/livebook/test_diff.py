"""What changed from one site to another, told in the book's own sentences."""

from __future__ import annotations

import copy
import json
import subprocess
from xml.etree import ElementTree

import pytest

from livebook import diff
from livebook.cli import main


def fact(value, text, sentence="It is {}.", tables=("rain",), **more):
    return {
        "value": value,
        "text": text,
        "document": "pages/rain",
        "tables": [{"name": name} for name in tables],
        "sentences": [{"page": "pages/rain", "text": sentence.format(text)}],
        **more,
    }


@pytest.fixture
def old():
    words = {"rose": {"en": "rose"}, "fell": {"en": "fell"}}
    return {
        "facts": {
            "a.large": fact(100, "100"),
            "a.small": fact(2.0, "2.0"),
            "a.still": fact(7, "7"),
            "a.trend": fact("rose", "rose", "Rain {} this year.", words=words),
        },
        "charts": {
            "rain": {
                "title": "It rained",
                "document": "pages/rain",
                "tables": [{"name": "rain"}],
                "table": {"columns": ["month", "mm"], "rows": [[1, 3], [2, 5]]},
                "drawing": "1",
            }
        },
        "tables": {"rain": {"hash": "sha256:1"}},
    }


@pytest.fixture
def new(old):
    ledger = copy.deepcopy(old)
    ledger["facts"]["a.large"] |= fact(101, "101")
    ledger["facts"]["a.small"] |= fact(1.0, "1.0")
    ledger["facts"]["a.trend"] |= fact("fell", "fell", "Rain {} this year.")
    ledger["charts"]["rain"]["table"]["rows"] = [[1, 3], [2, 4]]
    ledger["tables"]["rain"]["hash"] = "sha256:2"
    return ledger


def test_a_verdict_comes_first_then_the_largest_relative_change(old, new):
    report = diff.compare(old, new)
    assert [moved.name for moved in report.verdicts] == ["a.trend"]
    assert [moved.name for moved in report.facts] == ["a.small", "a.large"]
    assert report.facts[0].score == 0.5
    assert report.facts[1].relative == pytest.approx(0.01)
    text = diff.markdown(report)
    assert text.index("rose → fell") < text.index("2.0 → 1.0") < text.index("100 → 101")


def test_sentences_stand_old_beside_new(old, new):
    text = diff.markdown(diff.compare(old, new))
    assert "was: Rain rose this year.\n    - is: Rain fell this year." in text


def test_a_sentence_of_two_moved_facts_is_told_once(old, new):
    for ledger, said in ((old, "100 and 2.0 fell."), (new, "101 and 1.0 fell.")):
        for name in ("a.large", "a.small"):
            ledger["facts"][name]["sentences"] = [{"page": "pages/rain", "text": said}]
    assert diff.markdown(diff.compare(old, new)).count("101 and 1.0 fell.") == 1


def test_the_tables_behind_a_change_are_named_with_vintage_and_whether_they_changed(old, new):
    for ledger in (old, new):
        ledger["tables"]["snow"] = {"hash": "sha256:9"}
    new["facts"]["a.large"]["tables"] = [{"name": "rain", "vintage": "may"}, {"name": "snow"}]
    report = diff.compare(old, new)
    assert {moved.name: moved.tables for moved in report.facts} == {
        "a.large": [diff.Table("rain", "may", True), diff.Table("snow", None, False)],
        "a.small": [diff.Table("rain", None, True)],
    }
    text = diff.markdown(report)
    assert "`a.large`; from rain (may) **changed**, snow\n" in text
    assert "`a.small`; from rain **changed**\n" in text
    assert "`rain` in pages/rain: 1 rows new or changed, 1 gone; from rain **changed**\n" in text


def test_other_words_for_the_same_verdict_are_no_flip(old, new):
    new["facts"]["a.trend"] |= {"value": "rose", "text": "went up"}
    report = diff.compare(old, new)
    assert report.verdicts == []
    assert (report.facts[-1].name, report.facts[-1].score) == ("a.trend", 0)


def test_what_moved_beyond_the_printed_digits_is_one_line(old, new):
    for name in ("a.large", "a.small"):
        text = old["facts"][name]["text"]
        new["facts"][name] |= {"text": text, "sentences": old["facts"][name]["sentences"]}
    text = diff.markdown(diff.compare(old, new))
    assert "## Facts that moved\n" not in text
    assert (
        "## Facts that moved beyond the digits that are printed\n\n- `a.small`, `a.large`\n" in text
    )


def test_a_chart_tells_how_many_rows_changed(old, new):
    (chart,) = diff.compare(old, new).charts
    assert (chart.name, chart.rows_added, chart.rows_removed) == ("rain", 1, 1)


def test_a_chart_drawn_anew_from_the_same_data_is_told_as_such(old):
    new = copy.deepcopy(old)
    new["charts"]["rain"]["drawing"] = "2"
    report = diff.compare(old, new)
    assert "`rain` in pages/rain: drawing changed, data as before; from rain\n" in (
        diff.markdown(report)
    )
    # A ledger that does not hold the drawing tells nothing of it.
    del old["charts"]["rain"]["drawing"]
    assert not diff.compare(old, new)


def test_what_came_and_what_went_is_listed_with_its_sentences(old, new):
    new["facts"]["a.fresh"] = fact(1, "1", "There is {} more.")
    del new["facts"]["a.still"]
    new["charts"]["snow"] = new["charts"].pop("rain")
    report = diff.compare(old, new)
    assert [(one.name, one.old, one.new) for one in report.came] == [("a.fresh", None, "1")]
    assert [(one.name, one.old, one.new) for one in report.went] == [("a.still", "7", None)]
    assert [chart.name for chart in report.charts_came] == ["snow"]
    assert [chart.name for chart in report.charts_went] == ["rain"]
    text = diff.markdown(report)
    assert "- **1** `a.fresh`; from rain **changed**" in text
    assert "was: (not there)\n    - is: There is 1 more." in text
    assert "was: It is 7.\n    - is: (not there)" in text
    assert "- `snow` in pages/rain: It rained" in text


def test_a_rise_from_zero_has_no_percentage(old, new):
    old["facts"]["a.large"]["value"] = 0
    (moved,) = [one for one in diff.compare(old, new).facts if one.name == "a.large"]
    assert moved.relative is None
    assert "(from zero)" in diff.markdown(diff.compare(old, new))


def test_no_change_is_one_line(old):
    report = diff.compare(old, old)
    assert not report
    assert diff.markdown(report) == diff.NO_CHANGE + "\n"
    assert diff.summary(report) == diff.NO_CHANGE


def test_markup_in_the_book_stays_text_in_every_form(old, new):
    evil = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) `*_"
    new["facts"]["a.large"]["text"] = evil
    new["facts"]["a.large"]["sentences"] = [{"page": "pages/rain", "text": f"It is {evil}."}]
    new["charts"]["rain"]["title"] = evil
    report = diff.compare(old, new)
    for page in (diff.html(report), diff.page(report)):
        assert "<img" not in page
        assert "href" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img" not in diff.markdown(report)
    assert json.loads(json.dumps(report.as_dict()))["facts"][1]["new"] == evil


def test_ledgers_are_read_from_files_folders_and_git(old, tmp_path, monkeypatch):
    site = tmp_path / "site"
    site.mkdir()
    (site / "ledger.json").write_text(json.dumps(old), "utf-8")
    assert diff.read_ledger(str(site)) == diff.read_ledger(str(site / "ledger.json")) == old
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "a site"]):
        subprocess.run([*git, *command], cwd=site, check=True)
    monkeypatch.chdir(site)
    (site / "ledger.json").unlink()
    assert diff.read_ledger("HEAD") == old


@pytest.mark.parametrize("text", ["", "[]", "{}", "<html>", '{"facts": {}}'])
def test_what_is_no_ledger_is_refused_in_one_sentence(tmp_path, capsys, text):
    path = tmp_path / "ledger.json"
    path.write_text(text, "utf-8")
    assert main(["diff", str(path), str(path)]) == 2
    error = capsys.readouterr().err
    assert str(path) in error
    assert error.count("\n") == 1


def test_a_place_without_a_ledger_is_refused_in_one_sentence(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["diff", "nowhere", "nowhere"]) == 2
    assert "nowhere: neither a ledger.json" in capsys.readouterr().err


def test_a_record_notes_what_moved_and_keeps_the_rest(old, new, tmp_path, capsys):
    for name, ledger in (("old", old), ("new", new)):
        (tmp_path / f"{name}.json").write_text(json.dumps(ledger), "utf-8")
    record = tmp_path / "changes" / "2026-01-02-rain.json"
    record.parent.mkdir()
    told = {"date": "2026-01-02", "table": "rain", "reason": "a slip", "differences": None}
    record.write_text(json.dumps(told), "utf-8")
    places = [str(tmp_path / f"{name}.json") for name in ("old", "new")]
    assert main(["diff", *places, "--record", str(record), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdicts"][0]["name"] == "a.trend"
    noted = json.loads(record.read_text("utf-8"))
    assert {key: noted[key] for key in told} == told
    (kept,) = diff.read_records(tmp_path / "changes")
    assert kept["moved"] == diff.compare(old, new)
    assert diff.describe_record(kept) == (
        "which rows changed was not recorded; in the book: "
        "1 verdict flipped, 2 facts moved, 1 chart changed."
    )


def test_records_are_read_newest_first_and_a_broken_one_is_named(tmp_path):
    for day in ("2026-01-02", "2026-03-01"):
        record = {"date": day, "table": "rain", "reason": "why"}
        (tmp_path / f"{day}-rain.json").write_text(json.dumps(record), "utf-8")
    assert [one["date"] for one in diff.read_records(tmp_path)] == ["2026-03-01", "2026-01-02"]
    (tmp_path / "2026-04-01-rain.json").write_text("{}", "utf-8")
    with pytest.raises(diff.LedgerError, match=r"2026-04-01-rain\.json"):
        diff.read_records(tmp_path)


def test_the_feed_is_atom_and_escapes_what_people_write():
    record = {
        "id": "2026-01-02-rain",
        "date": "2026-01-02",
        "table": "rain",
        "reason": "<script>alert(1)</script> & more",
        "moved": None,
        "differences": None,
    }
    feed = diff.atom([record], "A book", "https://example.org/changes.html")
    root = ElementTree.fromstring(feed)
    space = {"a": "http://www.w3.org/2005/Atom"}
    for element in (root, *root.findall("a:entry", space)):
        for name in ("title", "id", "updated", "link"):
            assert element.find(f"a:{name}", space) is not None, name
    assert root.find("a:entry/a:title", space).text == f"rain: {record['reason']}"
    assert b"<script>" not in feed
    assert root.find("a:entry/a:link", space).get("href").endswith("#change-2026-01-02-rain")


def test_a_build_tells_what_moved_since_the_site_before(book):
    book.build()
    book.edit("data/rain.csv", "1,3", "1,9")
    printed = book.build()
    assert "1 verdict flipped, 1 fact moved, 1 chart changed" in printed
    report = book.path("_build/changes.md").read_text("utf-8")
    assert "was: There lie 12.5 cm, and it rained 8 mm." in report
    assert "is: There lie 12.5 cm, and it rained 14 mm." in report
    assert not list(book.site.rglob("changes.md"))
    book.edit("data/rain.csv", "1,9", "1,3")
    book.edit("pages/rain.md", "mark_bar", "mark_line")
    book.build()
    told = json.loads(book.path("_build/changes.json").read_text("utf-8"))
    assert [one["name"] for one in told["facts"]] == ["rain.total"]
    book.edit("pages/rain.md", "mark_line", "mark_bar")
    assert "Since the site before: 1 chart changed." in book.build()
    assert "drawing changed, data as before" in book.path("_build/changes.md").read_text("utf-8")


def test_changes_are_listed_on_their_page_with_the_sentences(book, old, new):
    book.write("pages/changes.md", "# What changed\n\n```{changes}\n```\n")
    book.edit(
        "_toc.yml", "  - file: pages/ledger", "  - file: pages/ledger\n  - file: pages/changes"
    )
    record = {
        "date": "2026-01-02",
        "table": "rain",
        "reason": "<img src=x onerror=alert(1)>",
        "differences": {"added": [], "removed": [], "changed": [{"key": {"month": "1"}}]},
        "moved": diff.compare(old, new).as_dict(),
    }
    book.write("data/changes/2026-01-02-rain.json", json.dumps(record))
    book.build()
    page = book.page("pages/changes")
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img src=x" not in page
    assert "rows: 0 added, 0 removed, 1 changed; in the book: 1 verdict flipped" in page
    assert "<strong>rose → fell</strong> <code>a.trend</code>" in page
    assert "was: Rain rose this year." in page
    assert "is: Rain fell this year." in page
    assert ElementTree.fromstring((book.site / "changes.atom").read_bytes()) is not None
