"""The data package, read: each table verified, typed, and in its newest vintage."""

from typing import TYPE_CHECKING, Any

from convergence.tables.package import Problem, TableError

if TYPE_CHECKING:
    from convergence.tables.reading import Description, describe, load

__all__ = ["Description", "Problem", "TableError", "describe", "load"]


def __dir__() -> list[str]:
    # The reference describes what this lists, and a prompt completes it.
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    # `reading` imports pandas. The command's help and its check of hashes do without.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from convergence.tables import reading

    return getattr(reading, name)
