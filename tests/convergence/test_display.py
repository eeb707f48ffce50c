"""Units and colours."""

from __future__ import annotations

import itertools

import pytest

from convergence import colours, units

UNITS = {name: value for name, value in vars(units).items() if name.isupper()}
COLOURS = {name: value for name, value in vars(colours).items() if name.isupper()}


def shown(unit, stored):
    return unit["style"].format(stored * unit.get("scale", 1))


@pytest.mark.parametrize(
    ("unit", "stored", "words"),
    [
        (units.TRILLION_YUAN, 269_175.1, "26.9 trillion yuan"),
        (units.BILLION_YUAN, 269_175.1, "26,917.51 billion yuan"),
        (units.TRILLION_DOLLARS, 3.823e12, "3.8 trillion US dollars"),
        (units.MILLION_PERSONS, 10_471.3, "104.7 million"),
        (units.MILLION_ENTERPRISES, 327.0, "3.27 million"),
        (units.PER_CENT, 0.0803, "8.0%"),
        (units.PER_CENT_A_YEAR, 0.0803, "8.0% a year"),
        (units.PERCENTAGE_POINTS, 0.0067, "0.7 percentage points"),
    ],
)
def test_magnitudes_are_shown_as_people_say_them(unit, stored, words):
    assert shown(unit, stored) == words


def test_every_unit_is_ready_for_a_fact():
    assert all({"style"} <= set(unit) <= {"style", "scale", "unit"} for unit in UNITS.values())


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first, second):
    light, dark = sorted([luminance(first), luminance(second)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("page", ["#ffffff", "#121212"])
@pytest.mark.parametrize("name", ["MANUFACTURING", "PRODUCER_SERVICES", "CONTEXT"])
def test_the_main_colours_stand_out_in_both_themes(page, name):
    """WCAG 2.2, 1.4.11: graphical objects need a contrast of 3 : 1."""
    assert contrast(COLOURS[name], page) >= 3


def test_a_colour_means_one_thing():
    for first, second in itertools.combinations(COLOURS, 2):
        assert COLOURS[first] != COLOURS[second], (first, second)
