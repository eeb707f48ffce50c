"""The verdicts of the paper's statements as marks, strips and cards."""

from __future__ import annotations

import pandas as pd
import pytest

from book import look, verdicts
from convergence.accounts.claims import VERDICTS

ROWS = [
    {"reading": "newest figures", "kind": "nearest", "agrees": "no",
     "value": {"value": 8.03, "text": "8.03 % a year"}},
    {"reading": "mid-2020", "kind": "vintage", "agrees": "yes",
     "value": {"value": 8.71, "text": "8.71 % a year"}},
    {"reading": "large firms", "kind": "beside", "agrees": "–", "value": "29.6 % of firms"},
]  # fmt: skip
CLAIMS = pd.DataFrame(
    {"quote": ["increased by 8.7%", "one | two", "it asks"],
     "phrase_zh": [None, None, "发挥…支撑作用"],
     "kind": ["number", "direction", "recommendation"],
     "fact": ["claim.a", "claim.b", "claim.c"]},
    index=["a", "b", "c"],
)  # fmt: skip
HERE = "chapters/reference/paper-checked"
FACTS = {
    "claim.a": {
        "value": "reproduces_with_another_vintage", "document": "chapters/situation/manufacturing",
        "cell": 31,
        "details": {"Read as": "8.7 % a year", "Tolerance": "0.05", "Readings": ROWS},
    },
    "claim.b": {
        "value": "reproduces", "document": HERE,
        "details": {"Read as": "a rise", "Weak test": "Any rise passes.", "Readings": ROWS[1:2]},
    },
    "claim.c": {
        "value": "not_a_statement_of_fact", "document": HERE,
        "details": {"Why": "It is a wish."},
    },
}  # fmt: skip


def test_every_verdict_has_a_colour_of_its_own():
    assert list(look.VERDICTS) == list(VERDICTS)
    assert len(set(look.VERDICTS.values())) == len(VERDICTS)


def test_only_statements_with_several_readings_have_a_strip():
    found = verdicts.readings(CLAIMS, FACTS)
    assert found[["claim", "place", "agrees", "value"]].to_numpy().tolist() == [
        ["a", 1, "does not", "8.03 % a year"],
        ["a", 2, "agrees", "8.71 % a year"],
        ["a", 3, "cannot be compared", "29.6 % of firms"],
    ]
    assert set(found.agrees) <= set(verdicts.AGREEMENT)


def test_a_strip_says_in_signs_which_reading_agrees():
    assert verdicts.strip(FACTS["claim.a"]["details"]) == (
        "✕ newest figures: 8.03 % a year; ● mid-2020: 8.71 % a year; ○ large firms: 29.6 % of firms"
    )
    assert verdicts.strip({}) == ""


def test_a_card_says_what_was_read_and_where_it_is_tested():
    lines = verdicts.cards(CLAIMS, FACTS, HERE).splitlines()
    assert (lines[0], lines[-1]) == (":::{container} lb-stacked", ":::")
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| “")]
    tested, weak, wish = cells
    assert tested[1:3] == ["{fact}`claim.a`", "8.7 % a year ±\u202f0.05"]
    assert tested[4] == (
        "[](/chapters/situation/manufacturing.md), "
        '<a href="../situation/manufacturing.html#cell-31">cell 31</a>'
    )
    assert weak[0] == "“one \\| two”"
    assert weak[1:] == ["{fact}`claim.b`, by a weak test", "a rise",
                        "● mid-2020: 8.71 % a year. Any rise passes.", "this page"]  # fmt: skip
    assert wish[0] == "“it asks” (发挥…支撑作用)"
    assert wish[2:4] == ["recommendation", "It is a wish."]


@pytest.mark.parametrize(
    ("quote", "shown"), [("short", "short"), ("a" * 20 + " b c", "a" * 20 + " …")]
)
def test_a_long_quotation_is_cut_between_words(quote, shown):
    assert verdicts.shortened(quote, 23) == shown
