"""How magnitudes are shown: dicts for ``fact(…, **TRILLION_YUAN)``.

``unit`` is the unit of the stored value, if it has one; ``scale`` converts it to the unit that is
shown, and ``style`` prints the result.
"""

from __future__ import annotations

TRILLION_YUAN = {
    "style": "{:.1f} trillion yuan",
    "scale": 1e-4,
    "unit": "100 million yuan (亿元)",
}
BILLION_YUAN = {
    "style": "{:,.2f} billion yuan",
    "scale": 0.1,
    "unit": "100 million yuan (亿元)",
}
TRILLION_DOLLARS = {
    "style": "{:.1f} trillion US dollars",
    "scale": 1e-12,
    "unit": "current US dollars",
}
MILLION_PERSONS = {
    "style": "{:.1f} million",
    "scale": 0.01,
    "unit": "10,000 persons (万人)",
}
MILLION_ENTERPRISES = {
    "style": "{:.2f} million",
    "scale": 0.01,
    "unit": "10,000 legal units (万个)",
}
# The values are fractions: the style multiplies them by a hundred.
PER_CENT = {"style": "{:.1%}"}
PER_CENT_A_YEAR = {"style": "{:.1%} a year"}
PERCENTAGE_POINTS = {"style": "{:.1f} percentage points", "scale": 100}
