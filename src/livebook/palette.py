"""The colours a chart may use, and the CSS variables that carry them into each theme.

The hues are Okabe and Ito's, safe for colour-blind readers (Okabe & Ito 2008, "Color universal
design"). A chart names the hexadecimal value; the site replaces it by a variable, so that the
same drawing serves the light and the dark theme.
"""

from __future__ import annotations

HUES = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "purple": "#CC79A7",
    "yellow": "#F0E442",
    "grey": "#767676",
}
INK = "#1C1E21"
MUTED = "#5C6066"
RULE = "#E3E0D8"
PAPER = "#FDFCFA"

_SURFACES = {"ink": INK, "muted": MUTED, "rule": RULE, "paper": PAPER}
MARK_VARIABLES = {
    value.lower(): f"var(--lb-c-{name})" for name, value in {**HUES, **_SURFACES}.items()
}
# Letters need more contrast than lines: the theme may darken or lighten a hue for them.
TEXT_VARIABLES = MARK_VARIABLES | {
    value.lower(): f"var(--lb-t-{name})" for name, value in HUES.items()
}
