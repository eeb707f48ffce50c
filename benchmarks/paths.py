"""The four paths over all of WIOD's tables, against pymrio on the same tables in the same run.

Both begin with the tables in memory and end with every indicator of every path; their results
have to agree. pymrio is given the faster of its ways: its functions for coefficients and inverses,
one table at a time, and numpy for what it has no function for.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import pandas as pd
import pymrio

from convergence.inputoutput import InputOutputTable, read
from convergence.inputoutput.paths import MEASURED, four_paths, grouping
from convergence.tables import load

SECONDS, FASTER = 3.0, 5.0
ROUNDS = 3


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else np.nan


def through_pymrio(
    frames: dict[str, pd.DataFrame], pairs: list[tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """Measure one table: a row for each pair of groups, a column for each of `MEASURED`."""
    x = frames["x"].to_numpy()[:, 0]
    flows = {name: frames[name].to_numpy() for name in ("total", "domestic", "imported")}
    home = pymrio.calc_L(pymrio.calc_A(frames["domestic"], frames["x"])).to_numpy()
    all_ = pymrio.calc_L(pymrio.calc_A(frames["total"], frames["x"])).to_numpy()
    abroad = pymrio.calc_A(frames["imported"], frames["x"]).to_numpy() @ home
    added = pymrio.calc_S(frames["va"], frames["x"]).to_numpy()[0]
    final = frames["final"].to_numpy()[:, 0]
    rows = []
    for sells, buys in pairs:
        output, inputs = x[buys].sum(), flows["total"][:, buys].sum()
        sales = flows["total"][sells].sum()
        wanted = np.where(buys, x, 0)
        need = {"total": all_ @ wanted - wanted, "domestic": home @ wanted - wanted}
        need["imported"] = abroad @ wanted
        content = added * (home @ np.where(buys, final, 0))
        values = {
            ("share_of_complete", "total"): ratio(need["total"][sells].sum(), need["total"].sum()),
            ("share_of_value_added", "domestic"): ratio(content[sells].sum(), content.sum()),
            ("share_of_final_output", "domestic"): ratio(content[sells].sum(), final[buys].sum()),
        }
        for origin, flow in flows.items():
            sold = flow[np.ix_(sells, buys)].sum()
            values["direct", origin] = ratio(sold, output)
            values["share_of_inputs", origin] = ratio(sold, inputs)
            values["share_of_sales", origin] = ratio(sold, sales)
            values["complete", origin] = ratio(need[origin][sells].sum(), output)
        rows.append([values[one] for one in MEASURED])
    return np.array(rows)


def frames_of(table: InputOutputTable) -> dict[str, pd.DataFrame]:
    """Put a table into the frames that pymrio takes; not timed."""
    return {
        "total": table.Z + table.Z_imported,
        "domestic": table.Z,
        "imported": table.Z_imported,
        "x": table.x.to_frame("indout"),
        "va": table.va.to_frame("value added").T,
        "final": table.final.sum(axis=1).to_frame("final"),
    }


def seconds(run) -> tuple[float, object]:
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        result = run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken), result


def run() -> bool:
    """Print medians and ratios; return whether the budgets of the design are kept."""
    rows = load("io_wiod")
    groups = grouping(load("io_sectors_international"))
    tables = read(rows)
    whole, _ = seconds(lambda: four_paths(read(rows), groups))
    ours, found = seconds(lambda: four_paths(tables, groups))

    member = groups.loc[tables.iloc[0].sectors]
    keys = found[["path", "services"]].drop_duplicates()
    pairs = []
    for path, services in keys.itertuples(index=False):
        ends = member["manufacturing"].to_numpy(), member[services].to_numpy()
        pairs.append(ends if path == "reverse_manufacturing" else ends[::-1])
    frames = [frames_of(table) for table in tables]
    theirs, results = seconds(lambda: [through_pymrio(one, pairs) for one in frames])

    agreed = agree(found, keys, np.array(results))
    budgets = {
        f"seconds from rows to paths, {len(tables)} tables": (whole, SECONDS, whole <= SECONDS),
        "times faster than pymrio": (theirs / ours, FASTER, theirs / ours >= FASTER),
    }
    print(f"the four paths, medians of {ROUNDS}: {ours:.3f} s; through pymrio {theirs:.3f} s")
    print(f"largest difference between the two: {agreed:.1e}")
    for name, (value, budget, kept) in budgets.items():
        print(f"{value:8.2f}  {name}  (budget {budget}){'' if kept else '  OVER'}")
    return agreed < 1e-9 and all(kept for _, _, kept in budgets.values())


def agree(found: pd.DataFrame, keys: pd.DataFrame, theirs: np.ndarray) -> float:
    """Return the largest difference; infinite where one has a value and the other has none."""
    measured = pd.MultiIndex.from_tuples(MEASURED, names=["measure", "origin"])
    wide = found.set_index(["country", "year", "path", "services", "measure", "origin"])["value"]
    wide = wide.unstack(["path", "services", "measure", "origin"])
    order = [(*key, *one) for key in keys.itertuples(index=False) for one in measured]
    ours = wide.reindex(columns=pd.MultiIndex.from_tuples(order)).to_numpy()
    theirs = theirs.reshape(ours.shape)
    if (np.isnan(ours) != np.isnan(theirs)).any():
        return float("inf")
    return float(np.nanmax(np.abs(ours - theirs)))
