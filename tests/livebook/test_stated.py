"""Chapters that sum up other chapters, and verdicts that tell what they compared."""

from __future__ import annotations

import json
from typing import ClassVar

import pytest

from livebook.facts import FactError, fact, stated

SUMMARY = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
livebook: {facts: rain.}
---

# Summary

```{code-cell} ipython3
from IPython.display import Markdown
from livebook import fact, stated

found = {one["name"]: one for one in stated("rain.")}
fact("summary.count", len(found), how="counted", tables=[])
Markdown("| Fact | Value |\\n|:--|--:|\\n" + "\\n".join(
    f"| {one['document']} | {{fact}}`{name}` |" for name, one in found.items()))
```

There are {fact}`summary.count`.
"""


class Judged(str):
    details: ClassVar = {"Claimed": "8 mm", "Recomputed": "<9> mm"}


@pytest.fixture
def summed(built, tmp_path):
    book = built.copy(tmp_path / "book")
    book.write("pages/summary.md", SUMMARY)
    book.edit(
        "_toc.yml", "  - file: pages/about\n", "  - file: pages/about\n  - file: pages/summary\n"
    )
    return book


def test_a_chapter_reads_what_the_others_state_and_follows_their_changes(summed):
    assert summed.chapters_run() == {"pages/rain", "pages/snow", "pages/summary"}
    page = summed.page("pages/summary")
    assert page.count(">pages/rain<") == 2 and "8 mm</a>" in page
    assert "There are <a" in page and ">2</a>" in page
    # Another chapter's facts were not asked for.
    summed.edit("data/snow.csv", "12.5", "13.5")
    assert summed.chapters_run() == {"pages/snow"}
    summed.edit("data/rain.csv", "2,5", "2,6")
    assert summed.chapters_run() == {"pages/rain", "pages/summary"}
    assert "9 mm</a>" in summed.page("pages/summary")


def test_a_chapter_that_does_not_ask_is_told_how(summed):
    summed.edit("pages/summary.md", "livebook: {facts: rain.}\n", "")
    printed = summed.build(code=1)
    assert (
        "a chapter that calls stated('rain.') asks for these facts in its front matter" in printed
    )
    assert "livebook: {facts: 'rain.'}" in printed


def test_in_a_notebook_the_facts_are_those_of_the_book_as_built(built, monkeypatch, tmp_path):
    monkeypatch.chdir(built.path("pages"))
    assert {one["name"]: one["text"] for one in stated("rain.")} == {
        "rain.total": "8 mm", "rain.trend": "rose"
    }  # fmt: skip
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FactError, match=r"no built book at .* run: livebook build"):
        stated()


def test_what_a_verdict_compared_goes_with_it(shown):
    words = {"agrees": "agrees"}
    fact("a", Judged("agrees"), words=words, how="compared", tables=[])
    assert shown()["value"] == "agrees"
    assert shown()["details"] == {"Claimed": "8 mm", "Recomputed": "<9> mm"}
    fact("a", "agrees", words=words, how="compared", tables=[])
    assert "details" not in shown()


TABLE = [
    {"reading": "first <figures>", "value": {"value": 8.71, "text": "8.71 % a year"}, "years": 3},
    {"reading": "final figures", "value": {"value": 8.03, "text": "8.03 % a year"}, "years": 3},
]


def judged(details):
    """Return a verdict with these details."""
    value = Judged("agrees")
    value.details = details
    return value


def test_a_table_among_the_details_keeps_its_numbers(shown):
    words = {"agrees": "agrees"}
    fact("a", judged({"Readings": TABLE}), words=words, how="compared", tables=[])
    assert shown()["details"] == {"Readings": TABLE}
    fact("a", judged({"Readings": [{"value": 0.1 + 0.2}]}), words=words, how="c", tables=[])
    assert shown()["details"] == {"Readings": [{"value": 0.3}]}


@pytest.mark.parametrize(
    ("detail", "problem"),
    [
        ([], r"detail 'Readings': expected a text, or a table"),
        (["a", "b"], r"detail 'Readings': expected a text, or a table"),
        ([{"a": 1}, {"b": 1}], r"detail 'Readings', row 2: it has the columns \['b'\]; row 1"),
    ],
)
def test_a_table_without_rows_or_columns_is_refused(detail, problem):
    value = judged({"Readings": detail})
    with pytest.raises(FactError, match=problem):
        fact("a", value, words={"agrees": "agrees"}, how="compared", tables=[])


def test_a_table_among_the_details_is_printed_as_a_table(book):
    book.edit(
        "pages/rain.md",
        'trend = "rose" if rain.mm.is_monotonic_increasing else "fell"',
        f'class Judged(str):\n    details = {{"Readings": {TABLE!r}}}\n'
        'trend = Judged("rose" if rain.mm.is_monotonic_increasing else "fell")',
    )
    book.build()
    page = book.page("pages/rain")
    assert '<th scope="col">Reading</th>' in page
    assert "<td>first &lt;figures&gt;</td><td>8.71 % a year</td><td>3</td>" in page
    ledger = json.loads((book.site / "ledger.json").read_text("utf-8"))
    assert ledger["facts"]["rain.trend"]["details"] == {"Readings": TABLE}


def test_details_are_printed_in_the_card_and_the_ledger(book):
    book.edit(
        "pages/rain.md",
        'trend = "rose" if rain.mm.is_monotonic_increasing else "fell"',
        'class Judged(str):\n    details = {"Recomputed": "<9> mm"}\n'
        'trend = Judged("rose" if rain.mm.is_monotonic_increasing else "fell")',
    )
    book.build()
    assert "<dt>Recomputed</dt><dd>&lt;9&gt; mm</dd>" in book.page("pages/rain")
    ledger = json.loads((book.site / "ledger.json").read_text("utf-8"))
    assert ledger["facts"]["rain.trend"]["details"] == {"Recomputed": "<9> mm"}
