"""The World Bank, played by a server on this machine: answers, pages, faults, slowness."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import wbgapi

from convergence.cli import main
from convergence.tables.checks import check
from convergence.upkeep.refresh import refresh
from convergence.upkeep.sources import worldbank
from convergence.upkeep.sources.figures import RefusedError
from convergence.upkeep.sources.worldbank import WorldBankError

DAY = date(2030, 6, 1)


class Bank:
    """What the World Bank knows, and how it behaves."""

    def __init__(self, tables):
        self.values = {}
        codes = {one["indicator"]: one["code"] for one in tables.rows("indicators")}
        for row in tables.rows("world_manufacturing"):
            code = worldbank.WORLD_CODES[row["indicator"]]
            self.values[code, row["country"], row["year"]] = float(row["value"])
        for row in tables.rows("wdi_china"):
            self.values[codes[row["indicator"]], "CHN", row["year"]] = float(row["value"])
        for (code, country, year), value in list(self.values.items()):
            if year == "2023":
                self.values[code, country, "2024"] = round(value * 1.02, 6)
        self.per_page = 1000
        self.asked = []
        # Given the number of the request and its path: bytes to send instead, a status, or None.
        self.misbehave = lambda number, path: None

    def answer(self, path, query):
        if path.endswith("/sources/2"):
            row = {"id": "2", "name": "World Development Indicators", "lastupdated": "2030-05-20"}
            return [{"page": 1, "pages": 1, "per_page": 50, "total": 1}, [row]]
        match = re.fullmatch(r"/v2/en/country/([A-Z;]+)/indicator/([A-Z.]+)", path)
        assert match, path
        first, last = map(int, query["date"][0].split(":"))
        years = range(min(last, 2025), first - 1, -1)
        rows = [
            {
                "indicator": {"id": match[2], "value": "its name"},
                "country": {"id": country[:2], "value": country},
                "countryiso3code": country,
                "date": str(year),
                "value": self.values.get((match[2], country, str(year))),
                "unit": "", "obs_status": "", "decimal": 0,
            }
            for country in match[1].split(";")
            for year in years
        ]  # fmt: skip
        page = int(query["page"][0])
        start = (page - 1) * self.per_page
        head = {
            "page": page, "pages": -(-len(rows) // self.per_page), "per_page": self.per_page,
            "total": len(rows), "sourceid": "2", "lastupdated": "2030-05-20",
        }  # fmt: skip
        return [head, rows[start : start + self.per_page]]


@pytest.fixture
def bank(tables, monkeypatch):
    bank = Bank(tables)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            address = urlsplit(self.path)
            bank.asked.append(address.path)
            odd = bank.misbehave(len(bank.asked), address.path)
            status, content = odd if odd else (200, None)
            if content is None:
                content = json.dumps(bank.answer(address.path, parse_qs(address.query))).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(OSError):  # the client may have given up
                self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(wbgapi, "endpoint", f"http://127.0.0.1:{server.server_port}/v2")
        monkeypatch.setattr(worldbank, "WAITS", (0.01, 0.01, 0.01))
        monkeypatch.setattr(worldbank, "SILENCE", (1, 1))
        yield bank
        server.shutdown()


def take(**options):
    return refresh("worldbank", date=DAY, **options)


def test_a_new_year_is_taken_with_its_provenance(tables, bank):
    done = take()
    assert [(one.table, len(one.rows), one.same) for one in done.added] == [
        ("sources", 6, 0),
        ("world_manufacturing", 4, 8),
        ("wdi_china", 4, 8),
    ]
    assert check() == []
    (germany,) = [
        row
        for row in tables.rows("world_manufacturing")
        if (row["year"], row["country"]) == ("2024", "DEU")
    ]
    assert float(germany["value"]) == bank.values["NV.IND.MANF.CD", "DEU", "2024"]
    assert germany["name"] == "Germany"
    assert germany["source"] == "wdi-api-nv-ind-manf-cd-2030-05-20"
    (source,) = [one for one in tables.rows("sources") if one["source"] == germany["source"]]
    assert source["licence"] == "CC BY 4.0" and "last updated 2030-05-20" in source["title"]
    assert not take().changes_anything


def test_an_answer_in_pages_is_put_together(tables, bank):
    bank.per_page = 4
    assert [len(one.rows) for one in take().added] == [6, 4, 4]
    assert len(bank.asked) == 9  # one of them in three pages


def test_revised_figures_are_not_overwritten_and_the_join_is_held_back(tables, bank):
    for year in ("2022", "2023"):
        bank.values["NV.IND.MANF.CD", "CHN", year] *= 1.01
    before = tables.snapshot()
    with pytest.raises(RefusedError) as error:
        take()
    (problem,) = error.value.problems
    assert (problem.file, problem.field) == ("World Bank, NV.IND.MANF.CD", "CHN 2024")
    assert "2 figures were revised" in problem.found
    assert tables.snapshot() == before
    done = take(accept="a revision of one per cent does not touch what the chapter says")
    assert any("has revised 2 figures" in one for one in done.remarks)
    old = before["world_manufacturing.csv"].decode().splitlines()
    assert set(old) <= set((tables.path / "world_manufacturing.csv").read_text().splitlines())


def test_a_jump_is_held_back(tables, bank):
    bank.values["NV.IND.MANF.CD", "DEU", "2024"] *= 1.5
    with pytest.raises(RefusedError, match="1 figures are held back"):
        take()


FAULTS = {
    "offline": (None, "cannot be reached"),
    "busy": ((503, b"busy"), r"has a fault or is busy \(code 503\)"),
    "blocked": ((403, b"<html>forbidden</html>"), r"refuses with code 403: it may be blocked"),
    "a page of a proxy": ((200, b"<html>please log in</html>"), "something else than data"),
    "XML": ((200, b"\xef\xbb\xbf<?xml version='1.0'?><error/>"), "something else than data"),
    "half an answer": ((200, b'[{"page": 1, "pages": 1'), "something else than data"),
    "no rows": ((200, b'[{"page":1,"pages":0,"per_page":1000,"total":0},null]'), "not understood"),
    "another form": ((200, b'{"hello": 1}'), "not understood|refuses"),
    "its own message": (
        (200, b'[{"message":[{"id":"120","key":"Invalid value","value":"not valid"}]}]'),
        r"refuses \(Invalid value: not valid\)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("since", [1, 2, 5])
def test_a_fault_is_told_in_one_sentence_and_changes_nothing(
    tables, bank, monkeypatch, capsys, fault, since
):
    answer, message = FAULTS[fault]
    if answer is None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
        monkeypatch.setattr(wbgapi, "endpoint", f"http://127.0.0.1:{port}/v2")
    else:
        bank.misbehave = lambda number, path: answer if number >= since else None
    before = tables.snapshot()
    assert main(["refresh", "worldbank"]) == 1
    out, err = capsys.readouterr()
    assert re.match(rf"convergence: the World Bank .*({message})", err)
    assert (out, err.count("\n")) == ("", 1)
    assert tables.snapshot() == before


def test_a_passing_fault_is_tried_again(tables, bank):
    bank.misbehave = lambda number, path: (502, b"") if number in (1, 3, 4, 6) else None
    assert take().is_written


def test_it_waits_longer_and_longer(tables, bank, monkeypatch):
    waits = []
    monkeypatch.setattr(worldbank, "WAITS", (2, 5, 15))
    monkeypatch.setattr(worldbank, "sleep", waits.append)
    bank.misbehave = lambda number, path: (500, b"")
    with pytest.raises(WorldBankError, match="tried 4 times"):
        take()
    assert waits == [2, 5, 15]


def test_a_silent_server_is_given_up(tables, bank, monkeypatch):
    monkeypatch.setattr(worldbank, "SILENCE", (0.2, 0.2))
    release = threading.Event()
    bank.misbehave = lambda number, path: release.wait(5) and None
    try:
        with pytest.raises(WorldBankError, match="is too slow"):
            take()
    finally:
        release.set()


def test_a_trickling_answer_is_given_up(tables, bank, monkeypatch):
    monkeypatch.setattr(worldbank, "DEADLINE", 0.2)
    release = threading.Event()
    bank.misbehave = lambda number, path: release.wait(0.6) and None
    try:
        with pytest.raises(WorldBankError, match="is too slow"):
            take()
    finally:
        release.set()


def test_a_slow_answer_in_time_is_taken(tables, bank):
    bank.misbehave = lambda number, path: time.sleep(0.1)
    assert take().is_written


@pytest.mark.parametrize("left_out", ["DEU", "2023"])
def test_an_answer_that_leaves_something_out_is_refused(tables, bank, left_out, monkeypatch):
    whole = bank.answer

    def holey(path, query):
        head, rows = whole(path, query)
        kept = [
            row for row in rows if left_out not in (row.get("countryiso3code"), row.get("date"))
        ]
        return [head | {"total": len(kept)}, kept]

    monkeypatch.setattr(bank, "answer", holey)
    with pytest.raises(WorldBankError, match=f"leaves out DEU|without {left_out}"):
        take()


def test_figures_of_an_indicator_that_was_not_asked_for_are_refused(tables, bank, monkeypatch):
    whole = bank.answer

    def other(path, query):
        return whole(path.replace("NV.IND.MANF.CD", "NV.AGR.TOTL.CD"), query)

    monkeypatch.setattr(bank, "answer", other)
    with pytest.raises(WorldBankError, match="not understood"):
        take()
