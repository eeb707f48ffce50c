"""The words of the NBS site: dimensions, times, indicators, and how their spelling varies."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

DIMENSIONS = {
    "指标": "indicator",
    "indicator": "indicator",
    "indicators": "indicator",
    "地区": "region",
    "region": "region",
    "regions": "region",
    "时间": "time",
    "time": "time",
}
QUARTER_OF = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
TYPES = {
    "当季值": "current_quarter",
    "current quarter": "current_quarter",
    "累计值": "accumulated",
    "accumulated": "accumulated",
}


@dataclass(frozen=True)
class Names:
    """What the names in the files mean.

    ``indicators`` gives, by name and unit, the row of ``nbs_indicators``; ``provinces`` gives the
    code by name. Names are compared by `plain`.
    """

    indicators: dict[tuple[str, bool], dict[str, dict[str, str]]]
    provinces: dict[str, str]

    @classmethod
    def of(cls, indicators: Iterable[dict[str, str]], provinces: Iterable[dict[str, str]]) -> Names:
        """Collect the names from the rows of ``nbs_indicators`` and of ``provinces``."""
        by_name: dict[tuple[str, bool], dict[str, dict[str, str]]] = {}
        for row in indicators:
            key = (plain(row["name"]), row["measure"] == "province")
            by_name.setdefault(key, {})[plain(row["unit"])] = row
        codes = {
            plain(row[field]): row["province"]
            for row in provinces
            for field in ("name_zh", "full_name_zh", "name_en")
        }
        return cls(by_name, codes)


def plain(name: str) -> str:
    """Strip a name of what the site writes differently from file to file: spaces, signs, case.

    Examples
    --------
    >>> plain("农、林、牧、渔业增加值 ") == plain("农林牧渔业增加值")
    True
    """
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name).casefold())


def period(text: str) -> str | None:
    """Read a year or a quarter as the site writes them.

    Examples
    --------
    >>> period("2024年"), period("1Q 2026"), period("2024年第四季度"), period("Jan-24")
    ('2024', '2026Q1', '2024Q4', None)
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if match := re.fullmatch(r"((?:19|20)\d\d)\s*年?", text):
        return match[1]
    if match := re.fullmatch(r"([1-4])Q\s*((?:19|20)\d\d)", text):
        return f"{match[2]}Q{match[1]}"
    if match := re.fullmatch(r"((?:19|20)\d\d)年第?([一二三四1-4])季度", text):
        return f"{match[1]}Q{QUARTER_OF[match[2]]}"
    return None


@dataclass(frozen=True)
class Indicator:
    """An indicator's name and unit, and whether it is of one quarter or of the year so far."""

    name: str
    unit: str
    type: str | None


def indicator(text: str) -> Indicator:
    """Take the name of an indicator apart.

    Examples
    --------
    >>> indicator("国内生产总值 累计值 (亿元)")
    Indicator(name='国内生产总值', unit='亿元', type='accumulated')
    """
    text = unicodedata.normalize("NFKC", text)
    kind = next((word for word in TYPES if word in text.casefold()), None)
    if kind:
        text = re.sub(re.escape(kind), "", text, flags=re.IGNORECASE)
    groups = re.findall(r"\(([^()]*)\)", text)
    unit = groups[-1] if groups else ""
    name = text.replace(f"({unit})", "") if groups else text
    return Indicator(plain(name), plain(unit), TYPES.get(kind or ""))


def shortest(number: str) -> str:
    """Write a number without the zeros that say nothing.

    Examples
    --------
    >>> shortest("451.0"), shortest("0451.50"), shortest("100")
    ('451', '451.5', '100')
    """
    whole, _, fraction = number.partition(".")
    sign = "-" if whole.startswith("-") else ""
    whole = whole.lstrip("-").lstrip("0") or "0"
    fraction = fraction.rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def dimension(text: str) -> str | None:
    """Say whether a header names indicators, regions or times; None if neither.

    Examples
    --------
    >>> dimension("地区"), dimension("Indicators"), dimension("2024年")
    ('region', 'indicator', None)
    """
    return DIMENSIONS.get(plain(text))
