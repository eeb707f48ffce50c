"""Input–output tables: who buys from whom, directly and through others, and the four paths."""

from convergence.inputoutput.table import (
    BalanceError,
    InputOutputTable,
    Stack,
    coefficients,
    read,
    solve,
    stacks,
)

__all__ = [
    "BalanceError",
    "InputOutputTable",
    "Stack",
    "coefficients",
    "read",
    "solve",
    "stacks",
]
