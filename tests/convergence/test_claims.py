"""Claims of the paper and their verdicts."""

from __future__ import annotations

import pytest

from convergence.claims import VERDICTS, claim, judge
from convergence.tables import TableError, load


def test_a_claim_is_found_by_its_id(folder):
    one = claim("growth")
    assert (one.id, one.value, one.tolerance, one.missing) == ("growth", 8.7, 0.05, None)
    assert claim("level").value is None
    assert claim("level").missing == "a provincial panel"


def test_an_unknown_claim_is_told(folder):
    with pytest.raises(TableError, match=r"no claim 'groth' .* did you mean growth\?"):
        claim("groth")


@pytest.mark.parametrize(
    ("value", "others", "verdict"),
    [
        (8.7, None, "reproduces"),
        (8.65, None, "reproduces"),
        (8.75, {"old": 1.0}, "reproduces"),
        (8.649, None, "does_not_follow"),
        (8.751, [], "does_not_follow"),
        (8.0, {"preliminary": 8.71}, "reproduces_with_another_vintage"),
        (8.0, [7.0, 8.75], "reproduces_with_another_vintage"),
        (8.0, {"preliminary": 8.8}, "does_not_follow"),
    ],
)
def test_the_tolerance_decides(folder, value, others, verdict):
    assert judge("growth", value, others) == verdict


def test_what_cannot_be_tested_is_said_so(folder):
    assert judge("level", None) == "cannot_be_tested"
    with pytest.raises(TableError, match="'growth' names no missing table"):
        judge("growth", None)
    with pytest.raises(TableError, match=r"'a provincial panel' is missing; .* empty that cell"):
        judge("level", 1.0)


def test_a_claim_without_a_number_cannot_be_judged_by_one(folder):
    folder.edit("claims", ",a provincial panel,", ",,")
    folder.save()
    with pytest.raises(TableError, match="'level' has no number with a tolerance"):
        judge("level", 1.0)


@pytest.mark.parametrize(("value", "others"), [(float("nan"), None), (8.0, [float("inf")])])
def test_a_value_that_is_none_is_refused(folder, value, others):
    with pytest.raises(TableError, match="cannot be judged by"):
        judge("growth", value, others)


def test_every_verdict_has_words_in_both_languages():
    assert set(VERDICTS) == {
        "reproduces", "reproduces_with_another_vintage", "does_not_follow", "cannot_be_tested"
    }  # fmt: skip
    assert all(set(words) == {"en", "zh"} and all(words.values()) for words in VERDICTS.values())


def test_every_claim_of_the_book_can_be_judged_or_says_what_is_missing(book_data):
    for id in load("claims").claim:
        one = claim(id)
        assert one.missing or (one.value is not None and one.tolerance is not None), id
