"""World Development Indicators, asked of the World Bank's API through ``wbgapi``.

The tables ``world_manufacturing`` and ``wdi_china`` say which indicators and economies are wanted.
China's value added in yuan is not among them: the World Bank joins vintages of NBS without saying
so, and which figure is of which vintage has to be found out by a person.

Source: https://api.worldbank.org/v2, licence CC BY 4.0.
"""

from __future__ import annotations

import datetime
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import sleep
from typing import TypeVar

from convergence.tables.package import TableError
from convergence.upkeep.books import Books
from convergence.upkeep.sources.figures import Figure, Origin, Reading

__all__ = ["WorldBankError", "figures", "read"]

DATABASE = 2  # World Development Indicators
WORLD_CODES = {"manufacturing": "NV.IND.MANF.CD", "services": "NV.SRV.TOTL.CD"}
WAITS = (2, 5, 15)  # seconds before the second, third and fourth try
SILENCE = (10, 30)  # seconds until a connection, and between two parts of an answer
DEADLINE = 120  # seconds for the whole of an answer
BUSY = (429, 500, 502, 503, 504)

Answer = TypeVar("Answer")


class WorldBankError(TableError):
    """The World Bank does not answer, or not with data."""


def figures(books: Books, files: Sequence[Path], vintage: str | None) -> Reading:
    """Ask for the figures of the tables ``world_manufacturing`` and ``wdi_china``.

    Parameters
    ----------
    books
        The accepted tables.
    files, vintage
        Not used: the World Bank is asked over the network, and the tables keep no vintages.

    Raises
    ------
    WorldBankError
        As `read`.
    """
    names = ("world_manufacturing", "wdi_china", "indicators")
    return read(*(books[name].rows for name in names))


def read(
    world: Sequence[dict[str, str]],
    china: Sequence[dict[str, str]],
    indicators: Sequence[dict[str, str]],
) -> Reading:
    """Ask for every figure that the tables hold, and for the years after.

    Parameters
    ----------
    world
        Rows of ``world_manufacturing``: its economies, their names, its years.
    china
        Rows of ``wdi_china``: its years.
    indicators
        Rows of ``indicators``: codes of the series in ``wdi_china``.

    Returns
    -------
    Reading
        Figures of ``world_manufacturing`` and ``wdi_china``.

    Raises
    ------
    WorldBankError
        If the World Bank cannot be reached, answers with something else than data, or leaves
        economies or years out.
    """
    state = _tried(_last_update)
    years = _years(world)
    wanted: dict[str, dict[str, str]] = defaultdict(dict)
    for row in world:
        wanted[row["indicator"]][row["country"]] = row["name"]
    found: list[Figure] = []
    sources: list[dict[str, str]] = []
    for indicator, names in sorted(wanted.items()):
        code = WORLD_CODES[indicator]
        source = _source(code, state, sources)
        for country, year, value in _series(code, list(names), years):
            observation = {"year": year, "country": country, "indicator": indicator}
            origin = Origin(f"World Bank, {code}", None, f"{country} {year}")
            others = {"name": names[country]}
            found.append(Figure("world_manufacturing", observation, value, source, origin, others))
    for row in indicators:
        code = row["code"]
        source = _source(code, state, sources)
        for _, year, value in _series(code, ["CHN"], _years(china)):
            observation = {"year": year, "indicator": row["indicator"]}
            origin = Origin(f"World Bank, {code}", None, f"CHN {year}")
            found.append(Figure("wdi_china", observation, value, source, origin))
    return Reading(found, sources, [f"World Development Indicators as of {state}"])


def _years(rows: Sequence[dict[str, str]]) -> tuple[int, int]:
    return min(int(row["year"]) for row in rows), datetime.date.today().year


def _source(code: str, state: str, sources: list[dict[str, str]]) -> str:
    name = f"wdi-api-{code.replace('.', '-').lower()}-{state}"
    sources.append(
        {
            "source": name,
            "publisher": "World Bank",
            "title": f"World Development Indicators, {code}, last updated {state}",
            "read_at": f"api.worldbank.org/v2, indicator {code}",
            "licence": "CC BY 4.0",
        }
    )
    return name


def _last_update() -> str:
    import wbgapi

    return datetime.date.fromisoformat(wbgapi.source.get(DATABASE)["lastupdated"]).isoformat()


def _series(
    code: str, economies: list[str], years: tuple[int, int]
) -> Iterator[tuple[str, str, str]]:
    """Give economy, year and value of one indicator, where there is a value."""
    import wbgapi

    def ask() -> dict[str, dict[int, float | None]]:
        place = f"country/{';'.join(economies)}/indicator/{code}"
        parameters = {"source": DATABASE, "date": f"{years[0]}:{years[1]}"}
        found: dict[str, dict[int, float | None]] = defaultdict(dict)
        for row in wbgapi.fetch(place, parameters):
            if row["indicator"]["id"] != code:
                raise ValueError(f"{row['indicator']['id']} was not asked for")
            value = row["value"]
            found[row["countryiso3code"]][int(row["date"])] = (
                None if value is None else float(value)
            )
        return found

    found = _tried(ask)
    if absent := [economy for economy in economies if economy not in found]:
        raise WorldBankError(f"the World Bank’s answer for {code} leaves out {', '.join(absent)}")
    last = max(max(values) for values in found.values())
    for economy in economies:
        values = found[economy]
        if absent_years := [year for year in range(years[0], last + 1) if year not in values]:
            raise WorldBankError(
                f"the World Bank’s answer for {code} breaks off: {economy} is without "
                f"{absent_years[0]}"
            )
        for year, value in sorted(values.items()):
            if value is not None:
                yield economy, str(year), _text(value)


def _text(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _tried(ask: Callable[[], Answer]) -> Answer:
    """Ask, and ask again after each of `WAITS` while the World Bank is busy or silent."""
    import requests
    import wbgapi

    wbgapi.get_options = {"timeout": SILENCE}
    for wait in (*WAITS, None):
        try:
            return _within_deadline(ask)
        except wbgapi.APIResponseError:
            trouble = (
                "answers with something else than data: a proxy or a firewall may stand between"
            )
        except wbgapi.APIError as error:
            code = error.code
            if code not in BUSY:
                what = f"refuses with code {code}: it may be blocked here" if code else "refuses"
                raise WorldBankError(f"the World Bank {what} ({error.msg})") from None
            trouble = f"has a fault or is busy (code {code})"
        except (requests.Timeout, TimeoutError):
            trouble = "is too slow"
        except requests.RequestException:
            trouble = (
                "cannot be reached: is this computer online, and api.worldbank.org not blocked?"
            )
        except (LookupError, TypeError, ValueError):
            trouble = "answers in a form that is not understood"
        if wait is not None:
            sleep(wait)
    raise WorldBankError(f"the World Bank {trouble} (tried {len(WAITS) + 1} times)")


def _within_deadline(ask: Callable[[], Answer]) -> Answer:
    """Give up on an answer after `DEADLINE` seconds, even if it still arrives byte by byte."""
    box: queue.SimpleQueue[tuple[Answer | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            box.put((ask(), None))
        except Exception as error:
            box.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        answer, error = box.get(timeout=DEADLINE)
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return answer  # type: ignore[return-value]
