"""The command ``convergence``: check the tables, accept an edit of one."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Sequence

from convergence import __version__, package
from convergence.package import Problem, TableError

SHOWN = 20

EXAMPLES = """\
examples:
  convergence check                        every table: one line each, or what is wrong and where
  convergence check value_added sectors    only these
  convergence check --hashes               only whether each file is the accepted one: quick
  convergence accept value_added --reason "NBS revised 2024 in its release of 2026-01"

exit code: 0 all is well, 1 something is wrong with the data, 2 the command was not understood
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that lacks a character shows its code, not a traceback.
            stream.reconfigure(errors="backslashreplace")
    parser = _parser()
    options = parser.parse_args(arguments)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="convergence",
        description="Check the book's tables in data/, or accept an edit of one.",
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
    return parser


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
        from convergence import checks

        found = checks.problems(data, names)
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
    from convergence import tables

    return len(tables.parse(resource, resource.bytes()))


def _print_problems(problems: list[Problem]) -> None:
    for problem in problems[:SHOWN]:
        print(f"  {problem}")
    if len(problems) > SHOWN:
        print(f"  … and {len(problems) - SHOWN} more")


def _accept(options: argparse.Namespace) -> int:
    from convergence import changes

    try:
        done = changes.accept(options.table, options.reason, options.date)
    except changes.RefusedError as error:
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


def _print_differences(table: str, differences: dict[str, list]) -> None:
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


def _pairs(row: dict[str, str]) -> str:
    return ", ".join(f"{field} {cell}" for field, cell in row.items())


_COMMANDS = {"check": _check, "accept": _accept}


if __name__ == "__main__":
    sys.exit(main())
