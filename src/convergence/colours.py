"""The colours of the book, from the palette of Okabe and Ito: each has one meaning in all charts.

Manufacturing, producer services and context have a contrast of 3 : 1 on white and on near-black.
The lighter colours of the paths have less on white: add a label or a stroke there.
"""

from __future__ import annotations

MANUFACTURING = "#0072B2"
PRODUCER_SERVICES = "#D55E00"
# For comparison and for uncertainty: other countries, other sectors, breaks, ranges.
CONTEXT = "#767676"

# The four paths of the paper's table 1.
RESEARCH_AND_DESIGN = "#009E73"
INFORMATION_TECHNOLOGY = "#56B4E9"
SERVITIZATION = "#CC79A7"
REVERSE_MANUFACTURING = "#E69F00"
