"""What a fact prints, and what it refuses to."""

from __future__ import annotations

import functools
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livebook.facts import FactError, fact, format_value, plain_number

GIVEN = {"how": "a ratio", "tables": ["rain"]}


def growth(values):
    r"""Return the growth from the first to the last.

    .. math::

        g = \frac{x_n}{x_1}
            - 1

    Twice the first is a growth of one.
    """
    return values[-1] / values[0] - 1


@pytest.mark.parametrize(
    ("value", "style", "scale", "text"),
    [
        (0.0804, ".1%", 1, "8.0\u202f%"),
        (-0.0804, ".1%", 1, "−8.0\u202f%"),
        (1234567, None, 1, "1,234,567"),
        (-1234567, None, 1, "−1,234,567"),
        (269175.1, "{:.1f} trillion yuan", 1e-4, "26.9 trillion yuan"),
        (-269175.1, "{:.1f} trillion yuan", 1e-4, "−26.9 trillion yuan"),
        (0.5, "{:+.1f} points", 100, "+50.0 points"),
        (-0.0004, ".1%", 1, "0.0\u202f%"),
        (-0.4, ",.0f", 1, "0"),
        (-0.04, "{:.1f} per cent", 1, "0.0 per cent"),
        (-0.05, ".2f", 1, "−0.05"),
        (-100.0, ",.0f", 1, "−100"),
        (-1000.04, ",.1f", 1, "−1,000.0"),
        (8, "{}-fold", 1, "8-fold"),
        (3, "{} (2016-2019)", 1, "3 (2016-2019)"),
        (1e-7, ".1e", 1, "1.0e-07"),
    ],
)
def test_wording(shown, value, style, scale, text):
    fact("a", value, style=style, scale=scale, **GIVEN)
    assert shown()["text"] == text
    assert shown()["value"] == value


@given(st.floats(-1e15, 1e15), st.integers(0, 6))
def test_a_minus_stands_exactly_where_digits_show_a_fall(value, digits):
    text = format_value(value, f",.{digits}f")
    assert "-" not in text
    assert text.startswith("−") == (value < 0 and re.search("[1-9]", text) is not None)
    read_again = float(text.replace("−", "-").replace(",", ""))
    assert math.isclose(read_again, value, rel_tol=1e-15, abs_tol=0.51 * 10**-digits)


@given(st.floats(-10, 10), st.integers(0, 4))
def test_a_percentage_is_a_hundred_times_the_value(value, digits):
    text = format_value(value, f".{digits}%")
    number, space, sign = text.partition("\u202f")
    assert (space, sign) == ("\u202f", "%")
    assert float(number.replace("−", "-")) == float(f"{value * 100:.{digits}f}")


# Python 3.12 adds floats in another way than 3.11; so do processors.
@pytest.mark.parametrize(
    ("value", "other", "style", "text"),
    [
        (sum([0.1] * 10), math.fsum([0.1] * 10), ".1%", "100.0\u202f%"),
        # Neither side of a tie may depend on it.
        (0.125 - 2e-17, 0.125 + 3e-17, ".0%", "12\u202f%"),
        (np.float64(2.5 - 5e-16), 2.5 + 5e-16, ".0f", "2"),
    ],
)
def test_a_fact_does_not_depend_on_the_last_digit_of_a_sum(shown, value, other, style, text):
    fact("a", value, style=style, **GIVEN)
    first = shown()
    fact("a", other, style=style, **GIVEN)
    assert value != other
    assert first == shown()
    assert first["text"] == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_published_to_twelve_digits(value):
    published = plain_number(value)
    assert float(f"{value:.11e}") == published
    assert plain_number(published) == published


@pytest.mark.parametrize("value", [np.int64(3), np.float64(3), np.array(3.0), 3, 3.0])
def test_numbers_of_numpy_are_numbers(shown, value):
    fact("a", value, style=".0f", **GIVEN)
    assert shown()["value"] == 3
    assert type(shown()["value"]) in (int, float)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (math.nan, "value is nan; expected a finite number"),
        (np.float32("nan"), "value is nan; expected a finite number"),
        (math.inf, "value is inf; expected a finite number"),
        (-math.inf, "value is -inf; expected a finite number"),
        (True, "value is True (bool)"),
        (np.True_, "expected a number"),
        (None, "value is None (NoneType)"),
        (pd.NA, "expected a number"),
        ("rose", "value is 'rose' (str); expected a number, or the key of a verdict"),
        (pd.Series([1.0]), "expected a number"),
    ],
)
def test_what_is_no_finite_number_is_refused(shown, value, said):
    with pytest.raises(FactError, match=re.escape(said)) as refusal:
        fact("rain.total", value, style=".1f", **GIVEN)
    assert str(refusal.value).startswith("fact 'rain.total': ")


def test_a_scale_that_makes_the_number_infinite_is_refused(shown):
    with pytest.raises(FactError, match="too large to print"):
        fact("a", 1e308, style=".1f", scale=100, **GIVEN)


def test_a_fraction_needs_a_style(shown):
    with pytest.raises(FactError, match=r"a style is needed to print 0\.5"):
        fact("a", 0.5, **GIVEN)


@pytest.mark.parametrize(
    "style", ["rose", "{:.1f", "{:.1f} of {:.1f}", "{name}", "{:d}", "{{}} mm"]
)
def test_a_style_that_cannot_print_the_number_is_refused(shown, style):
    with pytest.raises(FactError, match=re.escape(f"style {style!r} cannot print 0.5")):
        fact("a", 0.5, style=style, **GIVEN)


@pytest.mark.parametrize(
    "name", ["", "Rain", "rain total", "rain..total", ".rain", "rain-", "rain/total", "雨", None]
)
def test_a_malformed_name_is_refused(shown, name):
    with pytest.raises(FactError, match="expected lower-case letters and digits"):
        fact(name, 1, **GIVEN)


@pytest.mark.parametrize("name", ["rain", "rain.total-2016-2019", "4.paths"])
def test_a_name_may_hold_dots_and_hyphens(shown, name):
    fact(name, 1, **GIVEN)
    assert shown()["name"] == name


@pytest.mark.parametrize("tables", ["rain", None, [5], [["rain"]], {"rain": 1}])
def test_tables_must_be_a_list_of_names(shown, tables):
    with pytest.raises(FactError, match="expected a list of table names"):
        fact("a", 1, how="a ratio", tables=tables)


def test_a_table_may_name_its_vintage(shown):
    fact("a", 1, how="a ratio", tables=["rain@census4-2020Q2", "snow"])
    assert shown()["tables"] == [{"name": "rain", "vintage": "census4-2020Q2"}, {"name": "snow"}]


def test_a_function_brings_its_name_words_and_formula(shown):
    fact("a", 1, how=growth, tables=["rain"])
    assert shown()["how"] == {
        "function": f"{__name__}.growth",
        "text": "Return the growth from the first to the last.",
        "formula": r"g = \frac{x_n}{x_1} - 1",
    }


def undocumented():
    return 1


def made_on_the_spot():
    def local(values):
        """Return what no reader can look up."""

    return local


named = lambda values: 1  # noqa: E731
named.__doc__ = "Return what no reader can look up."


@pytest.mark.parametrize(
    "how",
    [
        named,
        undocumented,
        made_on_the_spot(),
        functools.partial(growth, [1, 2]),
        5,
        None,
        "",
        "  ",
    ],
)
def test_how_must_tell_the_reader_something(shown, how):
    with pytest.raises(FactError, match="how"):
        fact("a", 1, how=how, tables=["rain"])


def test_a_verdict_is_a_key_with_words(shown):
    words = {"rose": {"en": "rose", "zh": "上升"}, "fell": "fell"}
    fact("a", "rose", words=words, **GIVEN)
    assert shown()["value"] == "rose"
    assert shown()["text"] == "rose"
    assert shown()["words"] == {"rose": {"en": "rose", "zh": "上升"}, "fell": {"en": "fell"}}


@pytest.mark.parametrize("value", ["flat", "", None, True, 1.5])
def test_a_verdict_without_words_is_refused(shown, value):
    with pytest.raises(FactError, match=r"has no words; words are given for \['fell', 'rose'\]"):
        fact("a", value, words={"rose": "rose", "fell": "fell"}, **GIVEN)


@pytest.mark.parametrize("words", [{"rose": {}}, {"rose": ""}, {"rose": {"en": ""}}])
def test_a_verdict_whose_word_is_empty_is_refused(shown, words):
    with pytest.raises(FactError, match="words"):
        fact("a", "rose", words=words, **GIVEN)
