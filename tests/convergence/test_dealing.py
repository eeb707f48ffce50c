"""Services dealt at random among industries: what is kept, and what moves."""

from __future__ import annotations

import numpy as np
import pytest

from convergence.inputoutput import InputOutputTable, read
from convergence.inputoutput.baselines import content_if_dealt
from convergence.inputoutput.paths import grouping
from convergence.tables import load

SECTORS = ["food", "cars", "rest", "trade", "bank"]
Z = np.array(
    [[20, 5, 4, 3, 1], [6, 30, 5, 2, 2], [7, 8, 9, 4, 3], [10, 4, 3, 2, 6], [2, 9, 3, 4, 5.0]]
)
X = np.array([100, 120, 90, 80, 70.0])
TABLE = InputOutputTable(Z, X, va=X - Z.sum(axis=0), sectors=SECTORS)
SERVICES, MAKERS = ["trade", "bank"], ["food", "cars"]


def embodied(table, services, makers):
    multiplier = np.linalg.inv(np.eye(len(table.x)) - table.A.to_numpy())
    by_origin = (table.va / table.x).to_numpy()[:, None] * multiplier
    return (by_origin[table.sectors.isin(services)].sum(axis=0) / by_origin.sum(axis=0))[
        table.sectors.get_indexer(makers)
    ]


def test_who_keeps_its_share_keeps_its_content():
    kept = content_if_dealt(TABLE, SERVICES, MAKERS, [0, 1])
    assert kept == pytest.approx(embodied(TABLE, SERVICES, MAKERS))
    table, groups = read(load("io_china"))[2017], grouping(load("io_sectors"))
    services = [*groups.index[groups["all"]]]
    makers = [*groups.index[groups["manufacturing"]]]
    kept = content_if_dealt(table, services, makers, range(len(makers)))
    assert kept == pytest.approx(embodied(table, services, makers))


def test_two_industries_swap_their_shares_and_keep_their_purchases():
    dealt = Z.copy()
    for maker, other in ((0, 1), (1, 0)):
        share = Z[3:, other].sum() / Z[:, other].sum()
        dealt[3:, maker] *= share * Z[:, maker].sum() / Z[3:, maker].sum()
        dealt[:3, maker] *= (1 - share) * Z[:, maker].sum() / Z[:3, maker].sum()
    assert dealt.sum(axis=0) == pytest.approx(Z.sum(axis=0))
    swapped = InputOutputTable(dealt, X, va=X - Z.sum(axis=0), sectors=SECTORS)
    found = content_if_dealt(TABLE, SERVICES, MAKERS, [1, 0])
    assert found == pytest.approx(embodied(swapped, SERVICES, MAKERS))


def test_an_order_that_loses_an_industry_is_refused():
    with pytest.raises(ValueError, match="each position from 0 to 1 once"):
        content_if_dealt(TABLE, SERVICES, MAKERS, [0, 0])
