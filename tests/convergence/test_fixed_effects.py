"""Two-way fixed effects: equal to least squares with dummies, and their refusals."""

from __future__ import annotations

import numpy as np
import pytest

from convergence.measures.fixed_effects import fixed_effects, within

RNG = np.random.default_rng(5)
X, C = RNG.normal(size=(12, 5)), RNG.normal(size=(12, 5))
Y = 0.7 * X - 0.4 * C + RNG.normal(size=(12, 1)) + RNG.normal(size=5) + RNG.normal(size=(12, 5))
SIGNS = RNG.choice([-1.0, 1.0], size=(199, 12))


def with_dummies(*regressors):
    """Least squares with a dummy for each unit and period: coefficients, clustered errors."""
    units, periods = X.shape
    dummies = [np.kron(np.eye(units), np.ones((periods, 1)))]
    dummies += [np.kron(np.ones((units, 1)), np.eye(periods))[:, 1:]]
    design = np.column_stack([*(one.ravel() for one in regressors), *dummies])
    bread = np.linalg.inv(design.T @ design)
    b = bread @ design.T @ Y.ravel()
    left = (Y.ravel() - design @ b).reshape(X.shape)
    rows = design.reshape(units, periods, -1)
    score = np.einsum("utk,ut->uk", rows, left)
    few = units / (units - 1) * (X.size - 1) / (X.size - periods)
    return b[0], np.sqrt(few * (bread @ score.T @ score @ bread)[0, 0])


@pytest.mark.parametrize("controls", [[], [C], [C, X**2]])
def test_it_is_least_squares_with_dummies_and_clustered_errors(controls):
    found = fixed_effects(Y, X, SIGNS, controls)
    assert (found.b, found.error) == pytest.approx(with_dummies(X, *controls))
    assert 0 <= found.p <= 1


def test_levels_of_units_and_periods_do_not_matter():
    moved = fixed_effects(Y + RNG.normal(size=(12, 1)), X + RNG.normal(size=5), SIGNS)
    assert moved[:2] == pytest.approx(fixed_effects(Y, X, SIGNS)[:2])
    assert within(X).mean(axis=0) == pytest.approx(0)
    assert within(X).mean(axis=1) == pytest.approx(0)


@pytest.mark.parametrize("controls", [[], [C]])
def test_the_bootstrap_rejects_a_true_null_about_as_often_as_it_says(controls):
    rng = np.random.default_rng(8)
    drawn = [fixed_effects(rng.normal(size=X.shape), X, SIGNS, controls).p for _ in range(200)]
    assert 0.02 < np.mean(np.array(drawn) < 0.1) < 0.2
    assert fixed_effects(5 * X + Y, X, SIGNS, controls).p < 0.01


@pytest.mark.parametrize(
    ("y", "x", "controls", "message"),
    [
        (Y[:, :4], X, [], "same units and periods"),
        (Y, np.ones_like(X), [], "nothing of x varies"),
        (Y, X, [X + 3], "nothing of x varies"),
        (Y, X[0], [], "dimensions"),
        (np.where(X > 2, np.nan, Y), np.where(X > 2, np.nan, X), [], "missing"),
    ],
)
def test_what_cannot_be_regressed_is_said(y, x, controls, message):
    with pytest.raises(ValueError, match=message):
        fixed_effects(y, x, SIGNS, controls)
    with pytest.raises(ValueError, match="signs of draws × 12"):
        fixed_effects(Y, X, SIGNS[:, :5])
