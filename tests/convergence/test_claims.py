"""Claims of the paper and their verdicts."""

from __future__ import annotations

import pytest

from convergence.accounts.claims import (
    NOT_FACTS,
    VERDICTS,
    Bound,
    ClaimReading,
    claim,
    judge,
)
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


GROWTH = "8.7% annually,,number,8.7,% a year,0.05,claim.growth,full,,,I"


def edit_growth(folder, row):
    """Make the claim ``growth`` another one."""
    folder.edit("claims", GROWTH, row)
    folder.save()


@pytest.mark.parametrize(
    ("value", "vintages", "verdict"),
    [
        (8.7, None, "reproduces"),
        (8.65, None, "reproduces"),
        (8.75, {"old": 1.0}, "reproduces"),
        (8.649, None, "does_not_reproduce"),
        (8.751, {}, "does_not_reproduce"),
        (8.0, {"preliminary": 8.71}, "reproduces_with_another_vintage"),
        (8.0, {"old": 7.0, "preliminary": 8.75}, "reproduces_with_another_vintage"),
        (8.0, {"preliminary": 8.8}, "does_not_reproduce"),
        (None, {"preliminary": 8.71}, "reproduces_with_another_vintage"),
    ],
)
def test_the_tolerance_decides(folder, value, vintages, verdict):
    assert judge("growth", value, vintages) == verdict


YES, NO = {"yes": 8.7}, {"no": 1.0}
REST = Bound("the seventh sector", 1.0, 2.0, seen=7.2)
FAR = Bound("the seventh sector", 1.0, 2.0, seen=1.0)


@pytest.mark.parametrize(
    ("value", "others", "verdict"),
    [
        # The value agrees: every definition has to, the rest does not count.
        (8.7, {"definitions": YES, "vintages": NO, "concepts": NO, "bound": FAR}, "reproduces"),
        (8.7, {"definitions": YES | NO}, "holds_in_another_concept"),
        (8.7, {"definitions": NO, "vintages": YES}, "reproduces_with_another_vintage"),
        # The value does not: vintage before concept, concept before bound.
        (8.0, {"vintages": YES, "concepts": YES}, "reproduces_with_another_vintage"),
        (8.0, {"vintages": NO, "concepts": NO | YES, "bound": FAR}, "holds_in_another_concept"),
        (8.0, {"definitions": YES}, "holds_in_another_concept"),
        (8.0, {"bound": REST}, "consistent"),
        (8.0, {"bound": FAR}, "does_not_reproduce"),
        (8.0, {"definitions": NO, "vintages": NO, "concepts": NO}, "does_not_reproduce"),
        # There is no value.
        (None, {"definitions": YES}, "reproduces"),
        (None, {"concepts": YES}, "holds_in_another_concept"),
        (None, {"bound": REST}, "consistent"),
        (None, {"bound": FAR}, "does_not_reproduce"),
        # What stands beside never decides.
        (8.0, {"beside": YES}, "does_not_reproduce"),
        (8.7, {"beside": NO}, "reproduces"),
    ],
)
def test_one_order_of_precedence_gives_every_verdict(folder, value, others, verdict):
    assert judge("growth", value, **others) == verdict


@pytest.mark.parametrize("others", [{"vintages": NO}, {"concepts": NO}, {"beside": YES}])
def test_without_the_value_nothing_that_disagrees_fails_a_claim(folder, others):
    edit_growth(folder, GROWTH.replace(",full,,", ",full,the newest table,"))
    assert judge("growth", None, **others) == "cannot_be_tested"


@pytest.mark.parametrize("kind", NOT_FACTS)
@pytest.mark.parametrize("value", [None, 8.7, 1.0])
def test_no_figure_makes_pass_or_fail_what_is_no_statement_of_fact(folder, kind, value):
    edit_growth(
        folder, GROWTH.replace(",number,", f",{kind},").replace(",full,,,", ",none,,a wish,")
    )
    verdict = judge("growth", value, concepts=YES | NO)
    assert verdict == "not_a_statement_of_fact"
    assert verdict.details["Why"] == "a wish"
    assert {found.label for found in verdict.readings} >= {"yes", "no"}


@pytest.mark.parametrize("value", [None, 8.7, 1.0])
def test_no_figure_tests_what_no_table_measures(folder, value):
    edit_growth(folder, GROWTH.replace(",full,,", ",none,the factory's own books,"))
    verdict = judge("growth", value, YES, concepts=YES, beside={"a proxy": "29.6 % of firms"})
    assert verdict == "cannot_be_tested"
    assert verdict.details["Missing"] == "the factory's own books"
    assert verdict.readings[-1] == ClaimReading("a proxy", "beside", "29.6 % of firms", None)


def test_a_weak_test_is_marked_where_it_passes(folder):
    assert not judge("growth", 8.7).weak
    edit_growth(folder, GROWTH.replace(",full,,,", ",weak,,any rise passes,"))
    passed, failed = judge("growth", 8.7), judge("growth", 1.0)
    assert (passed, passed.weak) == ("reproduces", True)
    assert passed.details["Weak test"] == "any rise passes"
    assert (failed, failed.weak) == ("does_not_reproduce", False)
    assert "Weak test" not in failed.details


def test_a_verdict_keeps_every_reading_it_was_given(folder):
    verdict = judge(
        "growth",
        8.0269,
        {"preliminary": 8.71},
        definitions={"by halves": 8.1},
        concepts={"large firms": 9},
        beside={"growth of sales": 8.7},
        reading="final figures",
    )
    assert verdict.readings == (
        ClaimReading("final figures", "nearest", 8.0269, False),
        ClaimReading("by halves", "definition", 8.1, False),
        ClaimReading("preliminary", "vintage", 8.71, True),
        ClaimReading("large firms", "concept", 9, False),
        ClaimReading("growth of sales", "beside", 8.7, True),
    )
    details = dict(verdict.details)
    rows = details.pop("Readings")
    assert details == {"The paper says": "8.7% annually", "Read as": "8.7 % a year",
                       "Tolerance": "0.05"}  # fmt: skip
    assert [tuple(row.values()) for row in rows[:3]] == [
        ("final figures", "nearest", {"value": 8.0269, "text": "8.03 % a year"}, "no"),
        ("by halves", "definition", {"value": 8.1, "text": "8.10 % a year"}, "no"),
        ("preliminary", "vintage", {"value": 8.71, "text": "8.71 % a year"}, "yes"),
    ]
    assert judge("level", beside={"wide": 0.4649}).details == {
        "The paper says": "very low, at first",
        "Missing": "a provincial panel",
        "Readings": [
            {"reading": "wide", "kind": "beside", "value": {"value": 0.4649, "text": "0.46"},
             "agrees": "–"}
        ],
    }  # fmt: skip


def test_a_bound_tells_what_the_unseen_part_would_have_to_be(folder):
    said = "the seventh sector: would be 1.50; plausible: 1.00 to 2.00"
    assert judge("growth", bound=REST).details["Not seen"] == said


def test_the_end_of_a_bound_belongs_to_it_and_so_does_the_rounding_of_the_paper(folder):
    assert judge("growth", bound=Bound("rest", 1.55, 2, seen=7.2)) == "consistent"
    assert judge("growth", bound=Bound("rest", 1.56, 2, seen=7.2)) == "does_not_reproduce"
    assert judge("growth", bound=Bound("the whole", 8.75, 9)) == "consistent"


@pytest.mark.parametrize(
    ("unit", "tolerance", "value", "said"),
    [
        ("sign of the change", "0", 1, "a rise"),
        ("sign of the change", "0", -1.0, "a fall"),
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
    row = judge("growth", value).details["Readings"][0]
    assert row["value"] == {"value": value, "text": said}


def test_a_claim_that_nothing_decides_has_to_say_what_is_missing(folder):
    assert judge("level", None) == "cannot_be_tested"
    with pytest.raises(TableError, match="'growth' names no missing table"):
        judge("growth", None)
    with pytest.raises(TableError, match="'growth' names no missing table"):
        judge("growth", None, NO, beside=YES)


def test_a_claim_without_a_number_cannot_be_judged_by_one(folder):
    folder.edit("claims", ",none,a provincial panel,", ",full,,")
    folder.save()
    with pytest.raises(TableError, match="'level' has no number with a tolerance"):
        judge("level", 1.0)


@pytest.mark.parametrize(
    ("value", "others"),
    [
        (float("nan"), {}),
        (8.0, {"vintages": {"old": float("inf")}}),
        (8.0, {"beside": {"old": float("nan")}}),
    ],
)
def test_a_value_that_is_no_number_is_refused(folder, value, others):
    with pytest.raises(ValueError, match="cannot be judged by"):
        judge("growth", value, **others)


@pytest.mark.parametrize("low", [2.0, float("nan")])
def test_an_empty_bound_is_refused(folder, low):
    with pytest.raises(ValueError, match=r"no number lies between .* and 1\.0"):
        judge("growth", bound=Bound("rest", low, 1.0))


def test_every_verdict_has_words_in_both_languages():
    assert list(VERDICTS) == [
        "reproduces", "reproduces_with_another_vintage", "holds_in_another_concept", "consistent",
        "does_not_reproduce", "cannot_be_tested", "not_a_statement_of_fact",
    ]  # fmt: skip
    assert all(set(words) == {"en", "zh"} and all(words.values()) for words in VERDICTS.values())


def test_every_claim_of_the_book_says_how_it_is_judged(book_data):
    for tested in map(claim, load("claims").claim):
        if tested.kind in NOT_FACTS:
            assert tested.note, tested.id
            assert judge(tested.id) == "not_a_statement_of_fact"
        elif tested.test == "none":
            assert tested.missing, tested.id
            assert judge(tested.id) == "cannot_be_tested"
        else:
            assert tested.value is not None, tested.id
            assert tested.tolerance is not None, tested.id
            assert (tested.test == "weak") == bool(tested.note), tested.id


def test_eleven_statements_of_the_paper_are_numbers(book_data):
    table = load("claims")
    numbers = table[table.kind == "number"]
    assert len(numbers) == 11
    # A number is printed in the words of the paper.
    for quote, value, unit in zip(numbers.quote, numbers.value, numbers.unit, strict=True):
        text = quote.replace(",", "")
        assert f"{value:g}" in text or f"{value:.2f}" in text, (quote, value, unit)


def test_the_claims_stand_in_the_order_of_the_paper(book_data):
    table = load("claims").sort_values("position")
    assert table.section.is_monotonic_increasing
    assert (table.fact == "claim." + table.claim).all()


def test_a_claim_is_added_in_the_middle_without_a_new_number_for_others(book_data):
    resource = package.read().resource("claims")
    lines = resource.bytes().decode().splitlines(keepends=True)
    added = "new-claim,16.5,2,words,,number,1,sectors,0,claim.new-claim,full,,,I\n"
    rows = parse(resource, "".join([lines[0], *sorted([*lines[1:], added])]).encode())
    before, after = load("claims"), rows.sort_values("position").claim.tolist()
    place = after.index("new-claim")
    assert before.set_index("position").claim[[16, 17]].tolist() == [
        after[place - 1],
        after[place + 1],
    ]
