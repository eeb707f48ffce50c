"""The command ``convergence``: check, accept and refresh tables; measure a panel of your own."""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convergence import __version__
from convergence.tables.package import ProblemsError, TableError, hash_report, listed
from convergence.upkeep.sources import SOURCES

if TYPE_CHECKING:
    from convergence.own_data.request import Request

EXAMPLES = """\
examples:
  convergence check                        every table: one line each, or what is wrong and where
  convergence check value_added sectors    only these
  convergence check --hashes               only whether each file is the accepted one: quick
  convergence accept value_added --reason "NBS revised 2024 in its release of 2026-01"
  convergence new-table data/rainfall.csv  describe a new table; then fill in units, and accept it
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
    if complaint := _complaint(options):
        parser.error(complaint)
    try:
        code = _COMMANDS[options.command](options)
        sys.stdout.flush()
        return code
    except TableError as error:
        print(f"convergence: {error}", file=sys.stderr)
        if isinstance(error, ProblemsError):
            print("\n".join(listed(error.problems)))
    except BrokenPipeError:
        # The reader, such as `head`, has closed the pipe: flushing at exit would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"convergence: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("convergence: interrupted", file=sys.stderr)
        return 130
    return 1


def _complaint(options: argparse.Namespace) -> str | None:
    """Say what is wrong with options that argparse has taken."""
    if options.command == "accept" and not options.reason.strip():
        return "--reason is empty: say in a sentence why the table changed"
    if options.command == "refresh":
        reads_files = SOURCES[options.source].reads_files
        if reads_files and not options.files:
            return f"{options.source} reads files: --from FILE …"
        if options.files and not reads_files:
            return f"{options.source} is asked over the network; it takes no --from"
        if options.accept is not None and not options.accept.strip():
            return "--accept is empty: say in a sentence why the figures are right"
    return None


def _parser(*, is_measure: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="convergence",
        description="Check the book's tables in data/, accept an edit of one, describe a new one, "
        "take a publisher's new figures into them, or measure a panel of your own.",
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
    new_table = commands.add_parser(
        "new-table",
        help="describe a new table, from its CSV file in data/",
        description="Describe a CSV file of the data folder in datapackage.json: types, key, years "
        "and references are proposed from the file. What it does not say, such as units, is marked "
        "with FILL IN; then accept the table.",
    )
    new_table.add_argument("file", metavar="FILE", type=Path, help="as data/rainfall.csv")
    new_table.add_argument(
        "--key",
        type=_columns,
        default=[],
        metavar="COL[,COL…]",
        help="the fields that together are different in every row (default: found in the file)",
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
        choices=tuple(SOURCES),
        metavar="SOURCE",
        help="; ".join(f"{name}: {source.help}" for name, source in SOURCES.items()),
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
    from convergence.upkeep import writing

    if finished := writing.finish():
        print("finished a change that was cut off:")
        print("\n".join(listed(finished)))
    if options.hashes:
        report = hash_report(options.tables)
    else:
        # Imports frictionless and pandas: a second that comparing hashes need not spend.
        from convergence.tables import checks

        report = checks.report(options.tables)
    print(report)
    return 1 if report.problems else 0


def _accept(options: argparse.Namespace) -> int:
    from convergence.upkeep import accept

    print(accept.accept(options.table, options.reason, options.date))
    return 0


def _new_table(options: argparse.Namespace) -> int:
    from convergence.upkeep import new_table

    try:
        print(new_table.new_table(options.file, options.key))
    except TableError:
        raise
    except ValueError as error:
        print(f"convergence: {error}", file=sys.stderr)
        return 2
    return 0


def _refresh(options: argparse.Namespace) -> int:
    from convergence.upkeep import refresh

    vintage = options.vintage
    if vintage is None and SOURCES[options.source].view:
        vintage = _ask_vintage(*refresh.suggested_vintage(options.source, options.files))
        if vintage is None:
            print("convergence: state the vintage of the figures: --vintage NAME", file=sys.stderr)
            return 1
    done = refresh.refresh(
        options.source,
        options.files,
        vintage=vintage,
        accept=options.accept,
        dry_run=options.dry_run,
        date=options.date,
    )
    print(done)
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


_COMMANDS = {
    "check": _check,
    "accept": _accept,
    "new-table": _new_table,
    "refresh": _refresh,
    "measure": _measure,
}
