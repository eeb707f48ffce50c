"""Input–output tables: who buys from whom, directly and through others, and the four paths."""

from convergence.inputoutput.checking import BalanceError
from convergence.inputoutput.reading import read
from convergence.inputoutput.solving import coefficients, solve
from convergence.inputoutput.table import InputOutputTable, Stack, stacks

__all__ = [
    "BalanceError",
    "InputOutputTable",
    "Stack",
    "coefficients",
    "read",
    "solve",
    "stacks",
]
