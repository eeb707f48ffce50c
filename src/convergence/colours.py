"""The colours of the book, from the palette of Okabe and Ito: each means one thing everywhere.

Manufacturing, producer services and context reach a contrast of 3 : 1 on white and on near-black.
The lighter colours of the paths do not on white: give them a label or a stroke there.
"""

from __future__ import annotations

MANUFACTURING = "#0072B2"
PRODUCER_SERVICES = "#D55E00"
# What a chart compares with, and what it is unsure of: other countries, sectors, breaks, ranges.
CONTEXT = "#767676"

# The four paths of the paper's table 1.
RESEARCH_AND_DESIGN = "#009E73"
INFORMATION_TECHNOLOGY = "#56B4E9"
SERVITIZATION = "#CC79A7"
REVERSE_MANUFACTURING = "#E69F00"
