"""What the lint finds in prose, and what it leaves alone."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from livebook.prose import lint, pages

LEDGER = {
    "facts": {
        "rain.total": {"text": "8 mm", "document": "page", "cell": 1, "cited": ["page"]},
        "rain.share": {"text": "8.0\u202f%", "document": "page", "cell": 1, "cited": ["page"]},
    },
    "charts": {"rain": {"document": "page", "cell": 2, "cited": ["page"]}},
}
CONFIG = """
title: A book
parse: {myst_enable_extensions: [dollarmath, colon_fence, deflist]}
sphinx:
  config:
    livebook_allowed_digits:
      - {text: GB/T 4754, reason: the name of a classification}
"""


@pytest.fixture
def found(tmp_path):
    """Return the findings in a page with this text, as place and problem."""

    def findings(text, name="page.md", ledger=LEDGER, config=CONFIG):
        (tmp_path / "_config.yml").write_text(config, "utf-8")
        (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: page\n", "utf-8")
        (tmp_path / name).write_text(text, "utf-8")
        return [(finding.place, finding.problem) for finding in lint(tmp_path, ledger)]

    return findings


@pytest.mark.parametrize(
    ("text", "place", "number"),
    [
        ("# Title\n\nIt grew by 8.7 % a year.\n", "page.md:3", "8.7"),
        ("First.\n\nOne line,\nthen 1,234 more.\n", "page.md:4", "1,234"),
        ("# Did it grow by 12 %?\n", "page.md:1", "12"),
        ("- a list with 42\n", "page.md:1", "42"),
        ("| a |\n|---|\n| 17 |\n", "page.md:3", "17"),
        (":::{note}\nIn a box: 99.\n:::\n", "page.md:2", "99"),
        (":::{admonition} Of 55\n:class: tip\n\nText.\n:::\n", "page.md:1", "55"),
        ("```{exercise}\n:label: one\nDivide by 31.\n```\n", "page.md:3", "31"),
        ("A [link with 66](x.md).\n", "page.md:1", "66"),
        ("The year 2016 and 20160 more.\n", "page.md:1", "20160"),
        ("In 1234 BC.\n", "page.md:1", "1234"),
    ],
)
def test_a_typed_number_is_found_where_it_stands(found, text, place, number):
    ((where, problem),) = found(text)
    assert where == place
    assert f"the number '{number}' is typed" in problem
    assert "{fact}`" in problem


@pytest.mark.parametrize(
    "text",
    [
        "In 2016 and 2016–2019, until 2026Q1.\n",
        "See section 4.1, Figure 2.3, Table 1 and chapter 5.\n",
        'The paper says “8.7% annually” and "3.27 million".\n',
        "> increased by 8.7% annually\n",
        "By GB/T 4754 it is a service.\n",
        "It was {fact}`rain.total`, or `x = 3` in code.\n",
        "The formula $x_1 + 2$ has numbers.\n\n$$ x = \\frac{1}{2} $$\n",
        "```python\nx = 12\n```\n",
        "1. first\n2. second\n",
        "[^1] Text.\n\n[^1]: A note.\n",
        "A [link](https://example.org/2/3).\n",
        "<!-- 88 -->\n",
    ],
)
def test_what_describes_no_data_is_left_alone(found, text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ('chart(c, name="x1", caption="It fell by 9 mm.", alt="Bars.")', "9"),
        ('chart(c, name="x", caption="It fell.", alt="Bars up to 77.")', "77"),
        ('alt.Title("It fell by 13 mm", subtitle="mm")', "13"),
        ('alt.Title(f"It fell by {x} mm of 14", subtitle="mm")', "14"),
    ],
)
def test_texts_of_charts_are_prose(found, call, number):
    ((place, problem),) = found(
        f"Text.\n\n```{{code-cell}} ipython3\n:tags: [a]\nx = 5\n{call}\n```\n"
    )
    assert place == "page.md:6"
    assert f"'{number}'" in problem


def test_a_fact_in_a_caption_is_no_number(found):
    call = 'chart(c, name="x", caption="{fact}`rain.total` in 2016.", alt="{fact}`a.1`")'
    assert found(f"```{{code-cell}} ipython3\n{call}\n```\n") == []


@pytest.mark.parametrize(
    ("text", "unit"),
    [("It is {fact}`rain.share` % of it.\n", "%"), ("It is {fact}`rain.total` mm.\n", "mm")],
)
def test_a_unit_that_is_printed_twice_is_found(found, text, unit):
    ((place, problem),) = found(text)
    assert place == "page.md:1"
    assert f"take out the '{unit}'" in problem


def test_another_word_behind_a_fact_is_no_unit(found):
    assert found("It is {fact}`rain.total` more, {fact}`rain.share` of it.\n") == []


def test_what_nobody_cites_is_found(found):
    ledger = json.loads(json.dumps(LEDGER))
    ledger["facts"]["rain.total"]["cited"] = []
    ledger["charts"]["rain"]["cited"] = []
    problems = found("Text.\n", ledger=ledger)
    assert [place for place, _ in problems] == ["page, cell 1", "page, cell 2"]
    assert "fact 'rain.total' is cited nowhere; write {fact}`rain.total`" in problems[0][1]
    assert "chart 'rain' is cited nowhere; write {chart}`rain`" in problems[1][1]


@pytest.mark.parametrize(
    "call", ["pd.read_parquet('a')", "duckdb.sql('select 1')", "pl.scan_csv('a')"]
)
def test_a_reader_that_escapes_the_build_is_found(found, call):
    ((place, problem),) = found(f"```{{code-cell}} ipython3\nx = 1\n{call}\n```\n")
    assert place == "page.md:3"
    assert "reads behind the build's back" in problem


def test_notebooks_are_read_as_well(found):
    cells = [
        {"cell_type": "markdown", "source": ["It is 5 mm.\n"], "metadata": {}},
        {"cell_type": "code", "source": ["x = 5\n"], "metadata": {}, "outputs": []},
    ]
    ((place, _),) = found(json.dumps({"cells": cells}), name="page.ipynb")
    assert place.startswith("page.ipynb")


def test_an_exception_needs_a_reason(found):
    with pytest.raises(ValueError, match="needs a text and a reason"):
        found(
            "Text.\n", config=CONFIG.replace("reason: the name of a classification", "reason: ''")
        )


def test_the_pages_are_those_of_the_contents(tmp_path):
    toc = "root: index\nparts:\n- chapters:\n  - file: a/b.md\n    sections:\n    - file: c\n"
    (tmp_path / "_toc.yml").write_text(toc, "utf-8")
    assert pages(tmp_path) == ["index", "a/b", "c"]


def test_the_command_says_it_and_exits_with_one(book):
    book.edit("pages/about.md", "Plain words.", "Plain words, 77 of them.")
    done = subprocess.run(
        [sys.executable, "-m", "livebook", "lint", str(book.root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert "pages/about.md:3: the number '77' is typed" in done.stdout
    assert done.stdout.endswith("1 findings\n")
