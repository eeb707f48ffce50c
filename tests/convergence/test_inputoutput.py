"""Input–output tables against published answers, identities, and what is refused.

The published cases are tables of the project's own making, in ``golden``:

- ``china_2007_*``: National Bureau of Statistics of China, input–output tables of 2007 with 42 and
  with 135 sectors: flows [10,000 yuan], output, direct and complete input coefficients.
- ``uk_2010*``: Office for National Statistics, *United Kingdom Input–Output Analytical Tables,
  2010*, domestic use at basic prices, 127 products: flows, final use and inputs [million pounds],
  coefficients, inverse, multipliers and effects. Open Government Licence v3.0.
- Germany 1995: Eurostat, *Manual of Supply, Use and Input–Output Tables* (2008), 6 sectors.
- Two sectors: Miller and Blair, *Input–Output Analysis: Foundations and Extensions* (2nd ed.,
  Cambridge University Press, 2009), chapter 2, tables 2.3 and 2.4.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pymrio
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from convergence.inputoutput import BalanceError, InputOutputTable, read, solve, stacks
from convergence.tables import load

GOLDEN = Path(__file__).parent / "golden"


def square(name: str, column: str) -> np.ndarray:
    cells = pd.read_parquet(GOLDEN / f"{name}.parquet", columns=["seller", "buyer", column])
    return cells.pivot(index="seller", columns="buyer", values=column).to_numpy()


# Published answers


def miller_blair():
    return InputOutputTable([[150, 500], [200, 100]], [1000, 2000], final=[350, 1700])


def test_miller_and_blair_s_two_sectors():
    table = miller_blair()
    np.testing.assert_allclose(table.A, [[0.15, 0.25], [0.20, 0.05]], atol=1e-15)
    np.testing.assert_allclose(table.L, [[1.2541, 0.3300], [0.2640, 1.1221]], atol=5e-5)
    new = table.output_for([600, 1500])
    np.testing.assert_allclose(new, [1247.5, 1841.6], atol=0.05)
    labour = pd.Series([0.3, 0.25], table.sectors) * new
    np.testing.assert_allclose(labour, [374.25, 460.4], atol=0.02)


# rows: agriculture, manufacturing, construction, trade, business services, other services
GERMANY = InputOutputTable(
    [
        [1131, 25480, 1, 607, 710, 762],
        [7930, 304584, 64167, 41082, 11981, 30360],
        [426, 7334, 3875, 5296, 23457, 9155],
        [3559, 72717, 14190, 74399, 10835, 21008],
        [3637, 96115, 31027, 65755, 193176, 34223],
        [1552, 14986, 1747, 11225, 15058, 22070],
    ],
    [43910, 1079446, 245606, 540063, 692487, 508918],
    va=[21664, 395022, 115624, 311407, 415426, 365017],
    final=[15219, 619342, 196063, 343355, 268554, 442280],
    other_inputs=pd.DataFrame(
        [
            [2927, 156703, 13427, 21943, 13371, 13772],
            [1084, 6505, 1548, 8349, 8473, 12551],
        ],
        ["imported products", "taxes less subsidies on products"],
        range(1, 7),
    ),
    unit="million euros",
)
EMPLOYED = [1096, 8381, 3236, 9251, 4258, 10206]


@pytest.mark.parametrize(
    ("found", "published"),
    [
        # backward linkages
        (GERMANY.multipliers(), [1.7048, 1.8413, 1.8136, 1.6035, 1.5951, 1.3782]),
        # forward linkages; of manufacturing 1.6691 is in circulation, two digits swapped
        (GERMANY.G.sum(axis=1), [2.1126, 1.6910, 1.3558, 1.5848, 2.1037, 1.2106]),
        # value added and persons in 1,000, per unit of final use
        (GERMANY.multipliers(GERMANY.va), [0.8450, 0.7647, 0.8615, 0.9019, 0.9393, 0.9199]),
        (GERMANY.multipliers(EMPLOYED), [0.0326, 0.0162, 0.0207, 0.0237, 0.0112, 0.0242]),
    ],
)
def test_germany_s_linkages_and_multipliers(found, published):
    # One of the manual's figures, 1.5848 for 1.58486, is cut off and not rounded.
    np.testing.assert_allclose(found, published, atol=1e-4)
    assert (abs(found - published) <= 5.05e-5).sum() >= 5


def test_the_matrix_decides_the_range_of_germany_s_linkages():
    ranges = {
        (measure, matrix): tuple(round(float(end), 2) for end in (values.min(), values.max()))
        for measure in ("power", "sensitivity")
        for matrix in ("L", "complete")
        for values in [getattr(GERMANY, measure)(matrix=matrix)]
    }
    assert ranges == {
        ("power", "L"): (0.83, 1.11),
        ("power", "complete"): (0.58, 1.28),
        ("sensitivity", "L"): (0.66, 1.46),
        ("sensitivity", "complete"): (0.14, 2.17),
    }


def china_2007(sectors: int) -> InputOutputTable:
    output = pd.read_csv(GOLDEN / "china_2007_output.csv")
    output = output[output["table"] == sectors]
    flows = square(f"china_2007_{sectors}", "flow")
    x = output["output"].to_numpy()
    return InputOutputTable(flows, x, sectors=output["name"], unit="10,000 yuan")


@pytest.mark.parametrize("sectors", [42, 135])
def test_china_s_direct_coefficients(sectors):
    published = square(f"china_2007_{sectors}", "direct")
    np.testing.assert_allclose(china_2007(sectors).A, published, rtol=1e-15, atol=0)


@pytest.mark.parametrize(("sectors", "furthest"), [(42, 2.19e-5), (135, 6.49e-6)])
def test_china_s_complete_coefficients_to_every_printed_digit(sectors, furthest):
    """NBS rounds direct coefficients to six decimals, inverts, and prints five digits."""
    published = square(f"china_2007_{sectors}_complete", "complete")
    exact = china_2007(sectors)
    assert abs(exact.complete - published).to_numpy().max() < furthest
    rounded = InputOutputTable(exact.A.round(6), np.ones(sectors)).complete.to_numpy()
    last_digit = 10.0 ** (np.floor(np.log10(published, where=published > 0, out=0 * published)) - 4)
    assert (abs(rounded - published) <= 0.5001 * last_digit).all()


def united_kingdom() -> tuple[InputOutputTable, pd.DataFrame]:
    sectors = pd.read_csv(GOLDEN / "uk_2010_sectors.csv", dtype={"code": str}).set_index("code")
    table = InputOutputTable(
        square("uk_2010", "flow"),
        sectors["output"],
        va=sectors["value_added"],
        final=sectors["final"],
        other_inputs=sectors[["imports", "taxes_on_products"]].T,
        unit="million pounds",
    )
    return table, sectors


def test_the_united_kingdom_s_coefficients_and_inverse():
    table, _ = united_kingdom()
    np.testing.assert_allclose(table.A, square("uk_2010", "direct"), rtol=0, atol=1e-14)
    np.testing.assert_allclose(table.L, square("uk_2010", "inverse"), rtol=0, atol=1e-14)


def test_the_united_kingdom_s_127_multipliers():
    table, published = united_kingdom()
    assert len(published) == 127
    np.testing.assert_allclose(table.multipliers(), published["output_multiplier"], rtol=1e-13)
    for total, effect, multiplier in [
        ("value_added", "value_added_effect", "value_added_multiplier"),
        ("wages", "wage_effect", "wage_multiplier"),
    ]:
        needed = table.multipliers(published[total])
        np.testing.assert_allclose(needed, published[effect], rtol=1e-12, atol=1e-14)
        paid = published[total] != 0  # imputed rents pay no wages
        own = (published[total] / published["output"])[paid]
        np.testing.assert_allclose(needed[paid] / own, published[multiplier][paid], rtol=1e-12)
        assert paid.sum() >= 126


def test_pymrio_agrees_on_the_united_kingdom():
    table, _ = united_kingdom()
    x, va = table.x.to_frame("indout"), table.va.to_frame("value added").T
    A = pymrio.calc_A(table.Z, x)
    pd.testing.assert_frame_equal(table.A, A, check_names=False)
    L = pymrio.calc_L(A)
    pd.testing.assert_frame_equal(table.L, L, check_names=False, rtol=1e-12)
    needed = pymrio.calc_M(pymrio.calc_S(va, x), L).iloc[0]
    pd.testing.assert_series_equal(
        table.multipliers(table.va), needed, check_names=False, rtol=1e-12
    )
    G = pymrio.calc_G(pymrio.calc_B(table.Z, x))
    np.testing.assert_allclose(table.G, G, rtol=1e-10, atol=1e-15)


# Identities

few = settings(max_examples=30, deadline=None)


# Hundredths, so that no cell is so small that its shares are of rounding.
hundredths = st.integers(0, 100).map(lambda number: number / 100)


@st.composite
def tables(draw, imports=True, residual=False):
    n = draw(st.integers(2, 6))
    share = npst.arrays(float, (2, n, n), elements=hundredths)
    size = npst.arrays(float, (5, n), elements=st.integers(1, 100).map(lambda n: n / 10))
    inputs, sizes = draw(share), draw(size)
    if not imports:
        inputs[1] = 0
    A, M = 0.7 * inputs / np.maximum(inputs.sum(axis=(0, 1)), 1)
    final = pd.DataFrame({"home": sizes[0], "exports": sizes[1]}, range(1, n + 1))
    final.loc[1, "inventories"] = -0.05
    final = final.fillna(0.0)
    error = (sizes[4] - 5) / 50 if residual else np.zeros(n)
    x = np.linalg.solve(np.eye(n) - A, final.sum(axis=1) + error)
    if (x <= 0).any():
        x = np.linalg.solve(np.eye(n) - A, final.sum(axis=1) + abs(error))
        error = abs(error)
    left = x * (1 - A.sum(axis=0) - M.sum(axis=0))
    return InputOutputTable(
        A * x,
        x,
        va=0.9 * left,
        final=final,
        Z_imported=M * x if imports else None,
        error=error if residual else None,
        other_inputs=0.1 * left,
    )


@few
@given(tables(residual=True))
def test_final_use_explains_output_up_to_the_residual(table):
    explained = table.output_for(table.final.sum(axis=1))
    unexplained = table.output_for(table.error.sum(axis=1))
    np.testing.assert_allclose(explained + unexplained, table.x)
    np.testing.assert_allclose(table.residual["share"], table.error["error"] / table.x)


@few
@given(tables(residual=True))
def test_the_residual_enters_no_coefficient(table):
    without = InputOutputTable(table.Z, table.x, va=table.va, other_inputs=table.other_inputs,
                               Z_imported=table.Z_imported)  # fmt: skip
    pd.testing.assert_frame_equal(table.A, without.A)
    pd.testing.assert_series_equal(table.multipliers(), without.multipliers())


@few
@given(tables())
def test_all_final_use_contains_all_value_added_sector_by_sector(table):
    np.testing.assert_allclose(table.value_added_in(), table.va)


@few
@given(tables())
def test_value_added_imports_and_taxes_make_up_a_final_use(table):
    sectors, use = [1], ["exports", "inventories"]
    taxes = table.multipliers(table.other_inputs.sum()) * table.final[use].sum(axis=1)
    contained = (
        table.value_added_in(final_of=sectors, use=use).sum()
        + table.imports_in(final_of=sectors, use=use).sum()
        + taxes[1]
    )
    assert contained == pytest.approx(table.final.loc[1, use].sum())


@few
@given(tables())
def test_content_adds_up_over_uses_and_over_sectors(table):
    by_use = sum(table.value_added_in(use=use) for use in table.final)
    by_sector = sum(table.value_added_in(final_of=[sector]) for sector in table.sectors)
    np.testing.assert_allclose(by_use, table.value_added_in(), atol=1e-12)
    np.testing.assert_allclose(by_sector, table.value_added_in(), atol=1e-12)


def test_the_rounds_of_a_final_use_add_up_to_what_it_contains():
    table = GERMANY.split_imports() if GERMANY.deducts_imports else GERMANY
    sectors = [table.sectors[1]]
    by_round = table.value_added_by_round(60, final_of=sectors)
    assert by_round[0].drop(sectors).eq(0).all()  # round 0 is the makers' own value added
    np.testing.assert_allclose(by_round.sum(axis=1), table.value_added_in(final_of=sectors))


@few
@given(tables())
def test_the_inverse_solves_what_is_solved(table):
    f = table.final["exports"]
    np.testing.assert_allclose(table.L @ f, table.output_for(f))
    np.testing.assert_allclose(table.complete, table.A @ table.L, atol=1e-12)
    np.testing.assert_allclose(table.L.sum(), table.multipliers())


@few
@given(tables(imports=False))
def test_sales_of_primary_inputs_reach_all_output(table):
    primary = table.x - table.Z.sum()
    np.testing.assert_allclose(primary @ table.G, table.x)


@few
@given(tables(), st.sampled_from(["L", "complete", "G"]))
def test_linkages_are_sums_of_the_named_matrix_over_their_mean(table, matrix):
    assume(table.Z.to_numpy().any())
    named = getattr(table, matrix).to_numpy()
    for axis, linkage in [(0, table.power), (1, table.sensitivity)]:
        if (axis, matrix) != (0, "G"):
            sums = named.sum(axis=axis)
            np.testing.assert_allclose(linkage(matrix=matrix), sums / sums.mean(), atol=1e-9)


@few
@given(tables())
def test_a_competitive_table_counts_imports_as_made_at_home(table):
    competitive = table.competitive()
    np.testing.assert_allclose(competitive.A, table.A + table.A_imported)
    assert competitive.deducts_imports
    assert competitive.final.sum().sum() == pytest.approx(
        table.final.sum().sum() - table.Z_imported.sum().sum()
    )


@few
@given(tables())
def test_parting_imports_in_proportion_keeps_all_flows(table):
    competitive = table.competitive()
    parted = competitive.split_imports()
    np.testing.assert_allclose(parted.Z + parted.Z_imported, competitive.Z)
    np.testing.assert_allclose(parted.competitive().A, competitive.A)
    # One share a product, whoever uses it.
    share = (parted.Z_imported / competitive.Z).dropna(how="all")
    assert (share.max(axis=1) - share.min(axis=1) < 1e-9).all()


@few
@given(tables(residual=True), st.lists(st.integers(0, 2), min_size=6, max_size=6))
def test_adding_up_sectors_keeps_totals(table, groups):
    small = table.aggregate({sector: f"g{groups[sector - 1]}" for sector in table.sectors})
    for part in ("Z", "x", "va", "final", "Z_imported", "error", "other_inputs"):
        whole = np.asarray(getattr(table, part)).sum()
        assert np.asarray(getattr(small, part)).sum() == pytest.approx(whole)
    first = [sector for sector in table.sectors if groups[sector - 1] == groups[0]]
    weighted = table.Z.loc[first, first].to_numpy().sum() / table.x[first].sum()
    assert small.A.iloc[0, 0] == pytest.approx(weighted)


@few
@given(st.lists(tables(imports=False), min_size=1, max_size=4))
def test_tables_of_one_kind_are_solved_together(several):
    for stack in stacks(several):
        A = stack.Z / stack.x[:, None, :]
        together = solve(A, stack.final[..., None])[..., 0]
        for at, position in enumerate(stack.positions):
            alone = several[position].output_for(several[position].final.sum(axis=1))
            np.testing.assert_allclose(together[at], alone)
    assert sorted(p for s in stacks(several) for p in s.positions) == list(range(len(several)))


# What is unusual, and what is wrong

SECTORS = ["farms", "works", "shops"]
Z = pd.DataFrame([[1, 2, 0], [2, 5, 1], [1, 2, 1]], SECTORS, SECTORS, dtype=float)
X = pd.Series([10.0, 20.0, 8.0], SECTORS)
FINAL = pd.DataFrame({"home": [8, 10, 4], "inventories": [-1, 2, 0]}, SECTORS, dtype=float)
VA = pd.Series([6.0, 11.0, 6.0], SECTORS)


def test_a_sector_without_output_has_no_coefficients():
    idle = Z.copy()
    idle["shops"] = 0.0
    idle.loc["shops"] = 0.0
    x = pd.Series([10.0, 20.0, 0.0], SECTORS)
    table = InputOutputTable(idle, x, va=[7, 13, 0])
    assert table.A["shops"].tolist() == [0, 0, 0]
    assert table.B.loc["shops"].tolist() == [0, 0, 0]
    assert table.multipliers(table.va)["shops"] == 0
    assert table.residual["share"].tolist() == [0, 0, 0]


def test_labels_decide_and_not_the_order():
    table = InputOutputTable(Z, X, va=VA, final=FINAL)
    shuffled = InputOutputTable(
        Z.loc[::-1, ["works", "shops", "farms"]], X[::-1], va=VA, final=FINAL, sectors=SECTORS
    )
    pd.testing.assert_frame_equal(table.L, shuffled.L)


def test_a_table_keeps_its_figures_when_the_caller_s_change():
    flows = Z.to_numpy().copy()
    table = InputOutputTable(flows, X)
    flows[:] = 0
    assert table.Z.equals(Z)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"final": FINAL.assign(home=[8, 10, 3])},
            r"the row of shops does not balance: its sales are 1 tonnes short of its output of "
            r"8 tonnes, 12\.50% of it; a residual that the publisher shows belongs in error=$",
        ),
        (
            {"va": [6, 12, 7]},
            r"the column of shops does not balance: its inputs and value added are 1 tonnes more "
            r"than its output of 8 tonnes, 12\.50% of it; imports .* Nor do those of works$",
        ),
        ({"x": [10, 20, 0]}, r"shops has no output, but buys inputs of 2 tonnes"),
        ({"x": [10, -20, 8]}, r"the output of works is negative: -20 tonnes"),
    ],
)
def test_what_does_not_balance_is_refused_with_sector_and_size(change, message):
    parts = {"Z": Z, "x": X, "va": VA, "final": FINAL, "unit": "tonnes"} | change
    with pytest.raises(BalanceError, match=message):
        InputOutputTable(parts.pop("Z"), parts.pop("x"), **parts)


@pytest.mark.parametrize(
    ("missing", "accepted"), [(0.9e-4 * 8, True), (1.1e-4 * 8, False), (-1.1e-4 * 8, False)]
)
def test_a_ten_thousandth_of_output_is_rounding_and_more_is_not(missing, accepted):
    final = FINAL.assign(home=[8, 10, 4 - missing])
    if accepted:
        assert InputOutputTable(Z, X, final=final).x.equals(X)
    else:
        with pytest.raises(BalanceError, match="the row of shops does not balance"):
            InputOutputTable(Z, X, final=final)


@pytest.mark.parametrize(("sold", "accepted"), [(1e-7, True), (1e-6, False)])
def test_a_hundred_millionth_of_all_output_is_rounding_for_a_sector_without_any(sold, accepted):
    idle = Z.assign(shops=0.0)
    idle.loc["shops"] = 0.0
    final = pd.DataFrame({"home": [7.0, 13.0, sold]}, SECTORS)
    x = pd.Series([10.0, 20.0, 0.0], SECTORS)
    if accepted:
        assert InputOutputTable(idle, x, final=final).x["shops"] == 0
    else:
        with pytest.raises(BalanceError, match="the row of shops does not balance"):
            InputOutputTable(idle, x, final=final)


def test_a_residual_that_is_shown_balances_the_row():
    table = InputOutputTable(Z, X, final=FINAL.assign(home=[8, 10, 3]), error=[0, 0, 1])
    assert table.residual.loc["shops"].to_dict() == {"error": 1.0, "share": 0.125}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Z": Z.drop(index="works")}, "Z lacks works; the sectors are those of the table"),
        ({"Z": Z.to_numpy()[:2]}, "Z has the shape 2 × 3, expected 3 × 3"),
        ({"Z": Z.mask(Z == 5)}, "Z has no value from works to works; write 0"),
        ({"x": [10, 20, np.nan]}, "x has no value for shops"),
        ({"x": ["a", 20, 8]}, "x holds something that is no number"),
        ({"va": VA.rename({"shops": "stores"})}, "va lacks shops"),
        ({"va": pd.concat([VA, pd.Series({"banks": 1.0})])}, "va has banks"),
        ({"final": FINAL.mask(FINAL == 2)}, "final has no inventories of works"),
        ({"sectors": ["a", "a", "b"]}, "the sector a is there more than once"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, message):
    parts = {"Z": Z, "x": X, "sectors": SECTORS} | change
    with pytest.raises(ValueError, match=message):
        InputOutputTable(parts.pop("Z"), parts.pop("x"), **parts)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda t: t.value_added_in(), "value_added_in needs va, which this table was made"),
        (lambda t: t.imports_in(), "imports_in needs Z_imported"),
        (lambda t: t.competitive(), "competitive needs Z_imported"),
        (lambda t: t.power(matrix="G"), "no matrix 'G' here; name one of L, complete"),
        (lambda t: t.sensitivity(matrix="A"), "no matrix 'A' here; name one of L, complete, G"),
        (lambda t: t.split_imports(), "needs a column imports"),
        (lambda t: t.aggregate({"farms": "a", "works": "b"}), "the concordance lacks shops"),
    ],
)
def test_what_a_table_cannot_answer_is_said(ask, message):
    with pytest.raises(ValueError, match=message):
        ask(InputOutputTable(Z, X))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"final_of": ["banks"]}, "no sector banks in the table"),
        ({"use": "exports"}, "no final use exports; there are home, inventories"),
    ],
)
def test_unknown_sectors_and_uses_are_named(asked, message):
    with pytest.raises(ValueError, match=message):
        InputOutputTable(Z, X, va=VA, final=FINAL).value_added_in(**asked)


def test_one_text_is_no_list_of_sectors():
    with pytest.raises(TypeError, match="takes a list of sectors, not the string 'works'"):
        InputOutputTable(Z, X, va=VA, final=FINAL).value_added_in(final_of="works")


def test_a_competitive_table_does_not_tell_home_value_added():
    imports = FINAL.assign(exports=[1, 1, 1], imports=[-1, -1, -1])
    table = InputOutputTable(Z, X, va=VA, final=imports)
    with pytest.raises(ValueError, match=r"separate them with split_imports\(\)"):
        table.value_added_in()
    assert table.split_imports().value_added_in().sum() == pytest.approx(VA.sum())


def test_imports_beyond_all_uses_at_home_stay_in_the_residual():
    final = FINAL.assign(exports=[0, 0, 8], imports=[0, 0, -8])
    split = InputOutputTable(Z, X, va=VA, final=final).split_imports()
    assert split.Z.loc["shops"].tolist() == [0, 0, 0]
    assert split.final.loc["shops"].to_dict() == {"home": 0, "inventories": 0, "exports": 8}
    assert split.error is None
    more = FINAL.assign(exports=[0, 0, 11], imports=[0, 0, -11])
    residual = InputOutputTable(Z, X, final=more).split_imports().residual
    assert residual.loc["shops", "import_split"] == -3


def test_sectors_that_use_up_all_they_make_cannot_be_solved():
    with pytest.raises(ValueError, match="use up all that they make"):
        InputOutputTable([[0, 1], [1, 0]], [1, 1]).multipliers()


# Tables that are stored as rows


def rows(cells: dict[str, pd.DataFrame], year: int = 2020) -> pd.DataFrame:
    parts = [
        frame.rename_axis("row").reset_index().melt("row", var_name="column").assign(flow=flow)
        for flow, frame in cells.items()
    ]
    return pd.concat(parts, ignore_index=True).assign(year=year).dropna(subset="value")


def below(**lines: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(lines).T


def test_rows_of_home_made_and_imported_products_are_read():
    domestic = pd.concat([Z, FINAL, X.rename("output")], axis=1)
    imported = pd.concat([Z / 10, FINAL], axis=1)
    va = VA - Z.sum() / 10 - 0.5
    totals = below(value_added=va, taxes_margins=VA * 0 + 0.5, output=X)
    table = read(rows({"domestic": domestic, "imported": imported, "total": totals}))[2020]
    pd.testing.assert_frame_equal(table.Z, Z, check_names=False)
    pd.testing.assert_frame_equal(table.Z_imported, Z / 10, check_names=False)
    assert list(table.final) == ["home", "inventories"]
    assert table.other_inputs.index.tolist() == ["taxes_margins"]


def test_rows_with_estimated_imports_keep_both_residuals():
    total = pd.concat([Z, FINAL], axis=1).assign(
        exports=[0, 0, 11], imports=[-0.5, 0, -12], error=[0.5, 0, 1], output=X
    )
    estimate = pd.concat([Z, FINAL], axis=1) * np.array([[0.5 / 10], [0], [1]])
    estimate.loc["farms", "home"] += 0.5 - estimate.loc["farms"].sum()
    table = read(rows({"total": total, "imported_proportional": estimate}))[2020]
    assert table.error.loc["shops"].to_dict() == {"error": 1, "import_split": -4}
    assert table.error.loc["farms"].to_dict() == {"error": 0.5, "import_split": 0}
    assert table.Z.loc["shops"].sum() == 0
    assert list(table.final) == ["home", "inventories", "exports"]


def test_the_unit_of_rows_is_in_their_attrs():
    whole = rows({"total": pd.concat([Z, FINAL, X.rename("output")], axis=1)})
    assert read(whole)[2020].unit is None
    whole.attrs["unit"] = "tonnes"
    assert read(whole)[2020].unit == "tonnes"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda r: r.drop(columns="row"), "lack the column row"),
        (lambda r: r.drop(columns="year"), "no column distinguishes the tables"),
        (lambda r: r[r.column != "output"], "2020: there is no column output"),
        (lambda r: pd.concat([r, r.iloc[:2]]), "2 cells are there twice"),
        (lambda r: r.drop(index=0), "2020: Z has no value from farms to farms"),
        (lambda r: r.assign(value=r.value.mask(r.index == 4, 9.0)), "2020: the row of works does"),
    ],
)
def test_rows_that_make_no_table_are_refused(spoil, message):
    whole = rows({"total": pd.concat([Z, FINAL, X.rename("output")], axis=1)})
    read(whole)
    with pytest.raises(ValueError, match=message):
        read(spoil(whole))


def test_what_a_publisher_s_column_misses_is_shown_unless_it_is_much():
    big = pd.concat([Z, FINAL, X.rename("output")], axis=1)
    big.loc["works", ["home", "output"]] += 1e4
    va = VA + pd.Series({"works": 1e4}).reindex(SECTORS, fill_value=0.0)
    x = big["output"]
    little = below(value_added=va - [5, 0, 0], output=x)
    table = read(rows({"domestic": big, "total": little}))[2020]
    assert table.other_inputs.loc["unexplained"].tolist() == [5, 0, 0]
    much = below(value_added=va - [0, 50, 0], output=x)
    with pytest.raises(BalanceError, match="2020: the column of works does not balance"):
        read(rows({"domestic": big, "total": much}))


# The book's own tables


def test_china_s_tables_show_the_residual_and_its_kinds(book_data):
    china = read(load("io_china"))
    assert china.index.tolist() == [2002, 2005, 2007, 2010, 2012, 2015, 2017, 2018, 2020]
    worst = china[2005].residual["share"].abs()
    assert worst.idxmax() == "instruments"
    assert worst.max() == pytest.approx(0.171, abs=5e-4)
    assert abs(china[2002].residual["error"] / china[2002].x).max() == pytest.approx(
        0.084, abs=5e-4
    )
    assert all(china[year].error is None for year in (2017, 2018, 2020))


def test_parting_imports_in_proportion_errs_as_its_docstring_says(book_data):
    stored = load("io_china")
    published = read(stored)[[2017, 2018, 2020]]
    total = stored[stored["year"].isin(published.index) & (stored["flow"] == "total")]
    estimated = read(total).map(lambda table: table.split_imports())
    sectors = load("io_sectors").set_index("sector")
    services, makers = (sectors.index[sectors[flag]] for flag in ("services", "manufacturing"))
    errors = {
        name: abs(
            estimated.map(lambda table, of=of, by=by: share(table, of, by))
            / published.map(lambda table, of=of, by=by: share(table, of, by))
            - 1
        )
        for name, (of, by) in {"services": (makers, services), "makers": (services, makers)}.items()
    }
    assert errors["services"].max() < 0.01
    assert set(errors["makers"].round(2)) == {0.05, 0.06}
    bought = {
        name: tables.map(
            lambda table: table.Z_imported[table.sectors.intersection(services)].sum().sum()
        )
        for name, tables in {"estimated": estimated, "published": published}.items()
    }
    assert (bought["estimated"] / bought["published"]).round(1).tolist() == [1.6, 1.6, 2.2]


def share(table: InputOutputTable, of: pd.Index, by: pd.Index) -> float:
    content = table.value_added_in(final_of=table.sectors.intersection(of))
    return content[table.sectors.intersection(by)].sum() / content.sum()


def test_all_but_romania_s_last_table_balance(book_data):
    world = read(load("io_wiod"))
    assert len(world) == 43 * 15 - 1
    assert ("ROU", 2014) not in world.index
    assert world["CHN", 2014].unit == "million US$ at current exchange rates"
