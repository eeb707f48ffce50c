"""Claims of the paper and their verdicts."""

from __future__ import annotations

import pytest

from convergence.accounts.claims import VERDICTS, claim, judge
from convergence.tables import TableError, load, package
from convergence.tables.reading import parse


def test_a_claim_is_found_by_its_id(folder):
    found = claim("growth")
    assert (found.id, found.value, found.tolerance, found.missing) == ("growth", 8.7, 0.05, None)
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
        (8.751, {}, "does_not_follow"),
        (8.0, {"preliminary": 8.71}, "reproduces_with_another_vintage"),
        (8.0, {"old": 7.0, "preliminary": 8.75}, "reproduces_with_another_vintage"),
        (8.0, {"preliminary": 8.8}, "does_not_follow"),
    ],
)
def test_the_tolerance_decides(folder, value, others, verdict):
    assert judge("growth", value, others) == verdict


def test_a_verdict_tells_what_it_compared(folder):
    verdict = judge("growth", 8.0269, {"preliminary": 8.71})
    assert verdict.details == {
        "The paper says": "8.7% annually",
        "Claimed": "8.7 % a year",
        "Tolerance": "0.05",
        "Recomputed": "8.03 % a year",
        "With another vintage": "8.71 % a year (preliminary)",
    }
    assert judge("level", None).details == {
        "The paper says": "very low, at first",
        "Missing": "a provincial panel",
    }


@pytest.mark.parametrize(
    ("unit", "tolerance", "value", "said"),
    [
        ("sign of the change", "0", 1, "a rise"),
        ("sign of the change", "0", -1.0, "a fall, in one reading or more"),
        ("1: yes, 0: no", "0", 0, "no"),
        ("rank among the sections", "0", 1, "rank 1 among the sections"),
        ("sectors", "0", 6, "6 sectors"),
        ("billion yuan", "0.005", 26413.672, "26,413.672 billion yuan"),
        ("million persons", "0.5", 104.713, "104.7 million persons"),
    ],
)
def test_a_figure_is_said_in_the_claim_s_unit_to_one_digit_more(
    folder, unit, tolerance, value, said
):
    folder.edit("claims", "8.7,% a year,0.05", f'8.7,"{unit}",{tolerance}')
    folder.save()
    assert judge("growth", value).details["Recomputed"] == said


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


@pytest.mark.parametrize(("value", "others"), [(float("nan"), None), (8.0, {"old": float("inf")})])
def test_a_value_that_is_none_is_refused(folder, value, others):
    with pytest.raises(ValueError, match="cannot be judged by"):
        judge("growth", value, others)


def test_every_verdict_has_words_in_both_languages():
    assert set(VERDICTS) == {
        "reproduces", "reproduces_with_another_vintage", "does_not_follow", "cannot_be_tested"
    }  # fmt: skip
    assert all(set(words) == {"en", "zh"} and all(words.values()) for words in VERDICTS.values())


def test_every_claim_of_the_book_can_be_judged_or_says_what_is_missing(book_data):
    for id in load("claims").claim:
        tested = claim(id)
        assert tested.missing or (tested.value is not None and tested.tolerance is not None), id


def test_the_claims_stand_in_the_order_of_the_paper(book_data):
    table = load("claims").sort_values("position")
    assert table.section.is_monotonic_increasing
    assert (table.fact == "claim." + table.claim).all()


def test_a_claim_is_added_in_the_middle_without_a_new_number_for_others(book_data):
    resource = package.read().resource("claims")
    lines = resource.bytes().decode().splitlines(keepends=True)
    added = "new-claim,16.5,2,words between two others,1,sectors,0,claim.new-claim,,I\n"
    rows = parse(resource, "".join([lines[0], *sorted([*lines[1:], added])]).encode())
    before, after = load("claims"), rows.sort_values("position").claim.tolist()
    place = after.index("new-claim")
    assert before.set_index("position").claim[[16, 17]].tolist() == [
        after[place - 1],
        after[place + 1],
    ]
