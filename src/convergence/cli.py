"""The command ``convergence``: check, accept and refresh tables; measure one's own panel."""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convergence import __version__
from convergence.tables import package
from convergence.tables.package import Problem, TableError

if TYPE_CHECKING:
    from convergence.own_data.request import Request
    from convergence.upkeep.refresh import Outcome

SHOWN = 20

EXAMPLES = """\
examples:
  convergence check                        every table: one line each, or what is wrong and where
  convergence check value_added sectors    only these
  convergence check --hashes               only whether each file is the accepted one: quick
  convergence accept value_added --reason "NBS revised 2024 in its release of 2026-01"
  convergence refresh nbs-export --from export.csv --vintage nbs-2026-11 --dry-run
                                           what a publisher's figures would change
  convergence measure cities.csv --unit city --time year --manufacturing jobs,output \\
      --services software_jobs,finance_jobs --robust --out result

exit code: 0 all is well, 1 something is wrong with the book's data, 2 the command was not
understood or the panel cannot be measured
"""

MEASURE_USAGE = """\
convergence measure PANEL --unit COL --time COL --manufacturing COL[,COL…]
                           --services COL[,COL…] --out DIR [more options]"""

MEASURE_DESCRIPTION = """\
Measure how manufacturing and services converge in a panel of your own, of any size. Writes into a
folder: report.html (read it first; its warnings stand at the head), results.csv (coupling C, level
of both T, coordination D, grade, closeness and level of each unit and time) and model.json (the
fitted bounds and weights).

PANEL is a table with one row for each unit and time, the names of the columns in row 1: CSV (UTF-8
or GBK; commas, semicolons, tabs), Parquet, or the first sheet of a workbook (xlsx, xls, ods). It
may have more columns than those that are named. Indicators are numbers, 0 or more. Units that lack
a year or a value are left out, and named (or years, where that costs less); where more than a fifth
of the panel would go, it is refused.
"""

MEASURE_EXAMPLES = """\
examples:
  convergence measure cities.csv --unit city --time year --manufacturing output \\
      --services finance,software --out result
  convergence measure panel.xlsx --unit province --time year --manufacturing jobs,energy \\
      --negative energy --services jobs_services --group region --robust --out result
  convergence measure next-year.csv --unit city --time year --manufacturing output \\
      --services finance,software --model result/model.json --outside keep --out result-next

Names stand between commas without spaces: jobs,output. Quote names with spaces or brackets:
--services 'jobs (10,000)' has two names, so that a name with a comma in it is quoted twice:
--services '"jobs (10,000)"'.

exit code: 0 measured, 2 refused: one sentence says why and where, and nothing is written
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that lacks a character shows its code, not a traceback.
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser(is_measure="measure" in given)
    options, unknown = parser.parse_known_args(given)
    if unknown:
        hint = " (quote a name that has spaces)" if options.command == "measure" else ""
        parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
    if options.command == "accept" and not options.reason.strip():
        parser.error("--reason is empty: say in a sentence why the table changed")
    try:
        code = _COMMANDS[options.command](options)
        sys.stdout.flush()
        return code
    except TableError as error:
        print(f"convergence: {error}", file=sys.stderr)
    except BrokenPipeError:
        # The reader, such as `head`, has left: nobody to tell, and nothing to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"convergence: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("convergence: interrupted", file=sys.stderr)
        return 130
    return 1


def _parser(*, is_measure: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="convergence",
        description="Check the book's tables in data/, accept an edit of one, take a publisher's "
        "new figures into them, or measure a panel of your own.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="check tables: hashes, types, keys, identities, gaps",
        description="Check tables against their descriptions in datapackage.json.",
    )
    check.add_argument("tables", nargs="*", metavar="TABLE", help="default: all")
    check.add_argument("--hashes", action="store_true", help="only the files' hashes: quick")
    accept = commands.add_parser(
        "accept",
        help="accept an edit of a table",
        description="Show how an edited table differs from its accepted state, record its new "
        "hash in datapackage.json, and write a change record to data/changes/.",
    )
    accept.add_argument("table", metavar="TABLE")
    accept.add_argument("--reason", required=True, metavar="TEXT", help="why it changed")
    accept.add_argument(
        "--date", type=_date, metavar="YYYY-MM-DD", help="day of the change (default: today)"
    )
    _add_refresh(commands)
    _add_measure(commands, is_asked=is_measure)
    return parser


def _add_refresh(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    refresh = commands.add_parser(
        "refresh",
        help="take new figures of a publisher into the tables",
        description="Read a publisher's files, or ask the World Bank, and take what is new into "
        "the tables: all of it, or, if anything is wrong, nothing.",
    )
    refresh.add_argument(
        "source",
        choices=("nbs-export", "worldbank", "wiod"),
        metavar="SOURCE",
        help="nbs-export: files that the site data.stats.gov.cn exports; worldbank: the World "
        "Bank's API; wiod: workbooks of the World Input-Output Database",
    )
    refresh.add_argument("--from", dest="files", nargs="+", default=[], metavar="FILE")
    refresh.add_argument(
        "--vintage", help="the state of revision: one of data/vintages.csv, or a new NAME-YYYY-MM"
    )
    refresh.add_argument("--dry-run", action="store_true", help="only show what would change")
    refresh.add_argument(
        "--accept", metavar="REASON", help="take figures that are held back, and say why"
    )
    refresh.add_argument(
        "--date", type=_date, metavar="YYYY-MM-DD", help="day of the change (default: today)"
    )


def _add_measure(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], *, is_asked: bool
) -> None:
    measure = commands.add_parser(
        "measure",
        help="measure coordination, closeness and level of your own panel",
        usage=MEASURE_USAGE,
        description=MEASURE_DESCRIPTION,
        epilog=MEASURE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # The choices come from the measures; importing these takes half a second, which the other
    # commands do without.
    if is_asked:
        _add_columns(measure)
        _add_specification(measure)
        _add_results(measure)


def _add_columns(measure: argparse.ArgumentParser) -> None:
    measure.add_argument("panel", metavar="PANEL", type=Path, help="the file with the panel")
    columns = measure.add_argument_group("the columns")
    columns.add_argument("--unit", required=True, metavar="COL", help="city, firm, province, …")
    columns.add_argument("--time", required=True, metavar="COL", help="year, quarter, …")
    for system in ("manufacturing", "services"):
        columns.add_argument(
            f"--{system}",
            required=True,
            type=_columns,
            action="extend",
            metavar="COL[,COL…]",
            help=f"indicators of {system}",
        )
    columns.add_argument(
        "--negative",
        type=_columns,
        action="extend",
        default=[],
        metavar="COL[,COL…]",
        help="those of these indicators in which less is better, as emissions",
    )


def _add_specification(measure: argparse.ArgumentParser) -> None:
    from convergence.measures.coupling import HAVE_POWER, KINDS, NEED_FRACTIONS
    from convergence.measures.panel import OUTSIDE, WEIGHTS

    method = measure.add_argument_group("the specification")
    method.add_argument(
        "--weights",
        metavar="|".join([*WEIGHTS, "FILE"]),
        help="how the indicators of a system are weighed. entropy (default): the more unevenly one "
        "is spread, the more it counts; critic: the more it varies and the less it moves with the "
        "others; equal; or a FILE with a line column,weight for each indicator (or JSON), summing "
        "to 1 in each system",
    )
    formulas = "; ".join(f"{name}: {kind.in_one_line}" for name, kind in KINDS.items())
    method.add_argument(
        "--kind",
        choices=tuple(KINDS),
        help="the formula of C, here for two systems with the levels U₁ and U₂ (default: "
        f"standard). {formulas}".replace("%", "%%"),
    )
    method.add_argument(
        "--k",
        type=float,
        help=f"with --kind {' or '.join(HAVE_POWER)}: the power (default: 2)",
    )
    method.add_argument(
        "--base",
        type=_columns,
        action="extend",
        default=[],
        metavar="TIME[,TIME…]",
        help="fit bounds and weights on these periods only, as --base 2013 or --base 2013,2014, so "
        "that later data do not move the past; needs --outside where later values leave the "
        "bounds. Default: all periods; the highest value of all is then 1, and new data move "
        "every number",
    )
    method.add_argument(
        "--outside",
        choices=OUTSIDE,
        help="what becomes of values beyond the bounds of --base or --model. error (default): "
        "refused, and named; clip: they count as the bound, so that a trend flattens there; keep: "
        f"higher ones count in full, and D may be above 1 (not with {' or '.join(NEED_FRACTIONS)}; "
        "one worse than the worst of the base is refused). Kept in model.json",
    )


def _add_results(measure: argparse.ArgumentParser) -> None:
    more = measure.add_argument_group("more results")
    more.add_argument(
        "--group",
        metavar="COL",
        help="groups of units, as regions: inequality.csv with Dagum's Gini and Theil's index, "
        "within and between groups",
    )
    more.add_argument(
        "--robust",
        action="store_true",
        help="also run every admissible specification (bounds, scaling, weights, kind, α): "
        "range-trend.csv and range-ranking.csv, and in the report what moves the answer",
    )
    again = measure.add_argument_group("next year's data")
    again.add_argument(
        "--model",
        type=Path,
        metavar="FILE",
        help="apply the model.json of an earlier result: its bounds and weights, so that both "
        "results can be compared. Name the same columns; --weights, --kind, --k, --base and "
        "--negative are the model's own",
    )
    measure.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="DIR",
        help="the folder to write: a new one, or an earlier result, which is replaced",
    )


def _columns(text: str) -> list[str]:
    names = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    if not names or not all(names):
        raise argparse.ArgumentTypeError(
            f"expected names between commas, without spaces after them, found {text!r}"
        )
    return names


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-01-31") from None


def _check(options: argparse.Namespace) -> int:
    data = package.read()
    names = [data.resource(name).name for name in options.tables] or list(data.resources)
    if options.hashes:
        found = [problem for problem in data.hash_problems() if problem.table in names]
    else:
        from convergence.tables import checks

        found = checks.check(names)
    if any(problem.rule == "descriptor" for problem in found):
        print("no table can be checked while the description of the tables is wrong")
        _print_problems(found)
        return 1
    width = max(map(len, names))
    for name in names:
        of_table = [problem for problem in found if problem.table == name]
        if of_table:
            verdict = f"{len(of_table)} wrong"
        elif options.hashes:
            verdict = "ok"
        else:
            verdict = f"{_row_count(data.resource(name)):>7,} rows  ok"
        print(f"{name:<{width}}  {verdict}")
        _print_problems(of_table)
    return 1 if found else 0


def _row_count(resource: package.Resource) -> int:
    from convergence.tables import reading

    return len(reading.parse(resource, resource.bytes()))


def _print_problems(problems: list[Problem]) -> None:
    for problem in problems[:SHOWN]:
        print(f"  {problem}")
    if len(problems) > SHOWN:
        print(f"  … and {len(problems) - SHOWN} more")


def _accept(options: argparse.Namespace) -> int:
    from convergence.upkeep import accept

    try:
        done = accept.accept(options.table, options.reason, options.date)
    except accept.RefusedError as error:
        print(f"convergence: {error}", file=sys.stderr)
        _print_problems(error.problems)
        return 1
    if done.record is None:
        print(f"{done.table}: no change; the file is the accepted one")
        return 0
    if done.differences is None:
        print(
            f"{done.table}: changed. The accepted state is not in git (neither in the last commit "
            "nor in the index), so the old cells cannot be shown; only the hashes are recorded"
        )
    else:
        _print_differences(done.table, done.differences)
    print(f"recorded in {done.record.parent.parent.name}/changes/{done.record.name}")
    return 0


def _print_differences(table: str, differences: dict[str, list[Any]]) -> None:
    added, removed, changed = (differences[what] for what in ("added", "removed", "changed"))
    print(f"{table}: {len(added)} rows added, {len(removed)} removed, {len(changed)} cells changed")
    lines = [
        *(f"+ {_pairs(row)}" for row in added),
        *(f"- {_pairs(row)}" for row in removed),
        *(
            f"~ {_pairs(one['key'])}: {one['field']} {one['old']!r} → {one['new']!r}"
            for one in changed
        ),
    ]
    for line in lines[:SHOWN]:
        print(f"  {line}")
    if len(lines) > SHOWN:
        print(f"  … and {len(lines) - SHOWN} more, all in the record")


def _refresh(options: argparse.Namespace) -> int:
    from convergence.upkeep import refresh
    from convergence.upkeep.sources.figures import RefusedError

    try:
        vintage = options.vintage
        if vintage is None and options.source == "nbs-export" and options.files:
            vintage = _ask_vintage(*refresh.suggested_vintage(options.files))
        done = refresh.refresh(
            options.source,
            options.files,
            vintage=vintage,
            accept=options.accept,
            dry_run=options.dry_run,
            date=options.date,
        )
    except RefusedError as error:
        print(f"convergence: {error}", file=sys.stderr)
        _print_problems(error.problems)
        return 1
    _print_outcome(done)
    return 0


def _ask_vintage(suggested: str, agreeing: int) -> str | None:
    """Ask of which vintage figures are; without anybody to ask, leave it open."""
    if agreeing:
        reason = f"{agreeing} of the figures are in the tables, as of vintage {suggested}"
    else:
        reason = f"by the file's date, the figures are of a new vintage {suggested}"
    print(reason)
    if not sys.stdin.isatty():
        return None
    try:
        answer = input("Take them as of that vintage? [Y/n, or the NAME of another] ").strip()
    except EOFError:
        return None
    if answer.casefold() in ("n", "no"):
        return None
    return suggested if answer.casefold() in ("", "y", "yes") else answer


def _print_outcome(done: Outcome) -> None:
    for remark in done.remarks:
        print(f"note: {remark}")
    for one in done.held[:SHOWN]:
        print(f"accepted, though it jumps: {one}")
    for table in done.added:
        cells = f", {len(table.corrected)} corrected" if table.corrected else ""
        print(f"{table.table}: {len(table.rows)} rows new{cells}, {table.same} as they are")
        lines = [
            *(f"+ {_pairs(row)}" for row in table.rows),
            *(f"~ {_pairs(row)} (was {old})" for row, old in table.corrected),
        ]
        for line in lines[:SHOWN]:
            print(f"  {line}")
        if len(lines) > SHOWN:
            print(f"  … and {len(lines) - SHOWN} more")
    if not done.changes_anything:
        print("nothing new: every figure is in the tables already")
        return
    if not done.is_written:
        print("nothing was written: this was a dry run")
        return
    for record in done.records:
        print(f"recorded in data/{record}")
    for reminder in done.reminders:
        print(f"now: {reminder}")
    print("now: make book")


def _pairs(row: dict[str, str]) -> str:
    return ", ".join(f"{field} {cell}" for field, cell in row.items())


def _measure(options: argparse.Namespace) -> int:
    try:
        from convergence.own_data.measure import PanelError, measure
    except ModuleNotFoundError as error:
        print(
            f"convergence: measure needs {error.name}: install this package with its extra "
            "'measure', as pip install '.[measure]'",
            file=sys.stderr,
        )
        return 2

    def progress(step: str) -> None:
        print(step, file=sys.stderr, flush=True)

    try:
        found = measure(options.panel, _request(options), options.out, progress)
    except PanelError as error:
        print(f"convergence: {error.on_command_line}", file=sys.stderr)
        return 2
    for warning in found.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    others = sorted(path.name for path in options.out.iterdir() if path.name != "report.html")
    print(f"written to {options.out}: report.html (read it first), {', '.join(others)}")
    return 0


def _request(options: argparse.Namespace) -> Request:
    """Make the request: each option is the parameter of its name, files are read."""
    from convergence.measures.panel import WEIGHTS
    from convergence.own_data.request import PARAMETERS, Request, read_model, read_weights

    given = {name: getattr(options, name) for name in PARAMETERS}
    if options.model is not None:
        given["model"] = read_model(options.model)
    if options.weights not in (None, *WEIGHTS):
        given["weights"] = read_weights(options.weights)
    return Request(**given)


_COMMANDS = {"check": _check, "accept": _accept, "refresh": _refresh, "measure": _measure}
