"""Run the benchmarks that are named, or all of them."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks

NAMES = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)
         if not module.name.startswith("_")]  # fmt: skip


def main(names: list[str]) -> int:
    """Run benchmarks; return 1 where one is over its budget, 2 where there is none of a name."""
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    over = [
        name for name in names or NAMES if not importlib.import_module(f"benchmarks.{name}").run()
    ]
    if over:
        print(f"over the budget: {', '.join(over)}", file=sys.stderr)
    return 1 if over else 0


raise SystemExit(main(sys.argv[1:]))
