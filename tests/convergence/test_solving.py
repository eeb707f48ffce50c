"""The algebra of input–output tables on arrays: published answers, pymrio, and many at once."""

from __future__ import annotations

import numpy as np
import pymrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from convergence.inputoutput.solving import (
    allocations,
    coefficients,
    import_shares,
    inverse,
    multipliers,
    per_output,
    solve,
)

# Miller and Blair, Input–Output Analysis (2nd ed., 2009), chapter 2, tables 2.3 and 2.4.
Z = np.array([[150.0, 500.0], [200.0, 100.0]])
X = np.array([1000.0, 2000.0])

few = settings(max_examples=30, deadline=None)
flows = npst.arrays(float, (3, 4, 4), elements=st.floats(0.01, 1))
outputs = npst.arrays(float, (3, 4), elements=st.floats(5, 10))


def test_miller_and_blair_without_a_table():
    A = coefficients(Z, X)
    np.testing.assert_allclose(A, [[0.15, 0.25], [0.20, 0.05]], atol=1e-15)
    np.testing.assert_allclose(inverse(A), [[1.2541, 0.3300], [0.2640, 1.1221]], atol=5e-5)
    np.testing.assert_allclose(solve(A, np.array([600.0, 1500.0])), [1247.5, 1841.6], atol=0.05)
    np.testing.assert_allclose(multipliers(A, np.ones(2)), [1.5182, 1.4521], atol=1e-4)


@few
@given(flows, outputs)
def test_pymrio_agrees_on_both_inverses(several, x):
    for table, output in zip(several, x, strict=True):
        A, B = coefficients(table, output), allocations(table, output)
        np.testing.assert_allclose(A, pymrio.calc_A(table, output))
        np.testing.assert_allclose(inverse(A), pymrio.calc_L(pymrio.calc_A(table, output)))
        np.testing.assert_allclose(B, pymrio.calc_B(table, output))
        np.testing.assert_allclose(inverse(B), pymrio.calc_G(pymrio.calc_B(table, output)))


@few
@given(flows, outputs)
def test_many_tables_at_once_give_what_each_gives(several, x):
    A, B = coefficients(several, x), allocations(several, x)
    q = np.array([1.0, 2.0, 0.0, 3.0])
    together = [A, B, inverse(A), multipliers(A, q), import_shares(x, several.sum(axis=2))]
    for at, (table, output) in enumerate(zip(several, x, strict=True)):
        own = coefficients(table, output)
        alone = [
            own,
            allocations(table, output),
            inverse(own),
            q @ inverse(own),
            import_shares(output, table.sum(axis=1)),
        ]
        for batch, single in zip(together, alone, strict=True):
            np.testing.assert_allclose(batch[at], single, rtol=1e-12)


def test_sectors_without_output_or_use_have_zeros():
    idle = np.array([2.0, 0.0])
    np.testing.assert_array_equal(per_output(np.array([1.0, 5.0]), idle), [0.5, 0])
    np.testing.assert_array_equal(coefficients(np.ones((2, 2)), idle), [[0.5, 0], [0.5, 0]])
    np.testing.assert_array_equal(allocations(np.ones((2, 2)), idle), [[0.5, 0.5], [0, 0]])
    np.testing.assert_array_equal(import_shares(np.array([1.0, 1.0]), idle), [0.5, 0])


def test_imports_are_a_share_between_0_and_1():
    shares = import_shares(np.array([3.0, 1.0, -1.0]), np.array([2.0, 4.0, 4.0]))
    np.testing.assert_array_equal(shares, [1, 0.25, 0])


def test_a_table_that_uses_up_all_it_makes_is_refused_among_many():
    with pytest.raises(ValueError, match="use up all that they make"):
        inverse(np.stack([np.zeros((2, 2)), np.array([[0.0, 1.0], [1.0, 0.0]])]))
