"""The verdicts on the paper's statements: their colours, a strip of readings each, their cards.

Statements are rows of the table ``claims``, indexed by their ids. Verdicts are the facts that
`livebook.stated` gives, by name: each has a ``value``, ``details``, a ``document`` and a ``cell``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

import pandas as pd

from convergence.accounts.claims import NOT_FACTS

from .look import VERDICTS

__all__ = ["AGREEMENT", "cards", "readings", "strip"]

Facts = Mapping[str, Mapping[str, Any]]

AGREEMENT = {
    "agrees": VERDICTS["reproduces"],
    "does not": VERDICTS["does_not_reproduce"],
    "cannot be compared": VERDICTS["cannot_be_tested"],
}
ANSWERS = dict(zip(("yes", "no", "–"), AGREEMENT, strict=True))
SIGNS = dict(zip(("yes", "no", "–"), ("●", "✕", "○"), strict=True))
HEAD = "| The paper says | Verdict | Read as | What the readings give | Tested in |\n" + "|:--" * 5
# What stands beside a verdict and is no reading, in this order.
NOTES = ("Not seen", "Why", "Missing", "Weak test")


def readings(claims: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Return the readings of each statement that has more than one, in their order.

    Parameters
    ----------
    claims : DataFrame
        Statements, with ``quote`` and ``fact``.
    facts : mapping
        Their verdicts.

    Returns
    -------
    DataFrame
        ``claim``, ``quote`` (shortened), ``verdict``, ``place`` from 1, ``reading``, ``kind``,
        ``value`` as text, ``agrees``.

    Examples
    --------
    >>> claims = pd.DataFrame({"quote": ["8.7%"], "fact": ["claim.a"]}, index=["a"])
    >>> rows = [{"reading": "new", "kind": "nearest", "value": "8.0", "agrees": "no"},
    ...         {"reading": "old", "kind": "vintage", "value": "8.7", "agrees": "yes"}]
    >>> facts = {"claim.a": {"value": "reproduces", "details": {"Readings": rows}}}
    >>> readings(claims, facts)[["place", "reading", "agrees"]].values.tolist()
    [[1, 'new', 'does not'], [2, 'old', 'agrees']]
    """
    rows = []
    for id, claim in claims.iterrows():
        tried = facts[claim["fact"]].get("details", {}).get("Readings", [])
        rows += [
            {
                "claim": id,
                "quote": shortened(claim["quote"]),
                "verdict": facts[claim["fact"]]["value"],
                "place": place,
                "reading": row["reading"],
                "kind": row["kind"],
                "value": _text(row["value"]),
                "agrees": ANSWERS[row["agrees"]],
            }
            for place, row in enumerate(tried, 1)
            if len(tried) > 1
        ]
    return pd.DataFrame(rows)


def shortened(quote: str, length: int = 44) -> str:
    """Return the first words of a quotation.

    Examples
    --------
    >>> shortened("increased by 8.7% annually from 2016 to 2019", 28)
    'increased by 8.7% annually …'
    """
    if len(quote) <= length:
        return quote
    return quote[: quote.rfind(" ", 0, length - 1)] + " …"


def strip(details: Mapping[str, Any]) -> str:
    """Return the readings of a verdict in a line, each with a sign: ● agrees, ✕ does not.

    Examples
    --------
    >>> strip({"Readings": [{"reading": "new", "value": {"value": 8, "text": "8 %"},
    ...                      "agrees": "no"}]})
    '✕ new: 8 %'
    """
    rows = details.get("Readings", [])
    return "; ".join(f"{SIGNS[row['agrees']]} {row['reading']}: {_text(row['value'])}"
                     for row in rows)  # fmt: skip


def cards(claims: pd.DataFrame, facts: Facts, here: str) -> str:
    """Return statements and their verdicts as Markdown: a table, on a phone a card for each.

    Parameters
    ----------
    claims : DataFrame
        Statements, with ``quote``, ``phrase_zh``, ``kind`` and ``fact``.
    facts : mapping
        Their verdicts.
    here : str
        The page that prints the table, such as ``"chapters/reference/paper-checked"``.
    """
    rows = [_card(claim, facts[claim["fact"]], here) for _, claim in claims.iterrows()]
    return "\n".join([":::{container} lb-stacked", "", HEAD, *rows, "", ":::"])


def _card(claim: pd.Series[Any], fact: Mapping[str, Any], here: str) -> str:
    details = fact.get("details", {})
    quote = f"“{claim['quote'].strip('“”')}”".replace('""', '"')
    if isinstance(claim["phrase_zh"], str) and claim["phrase_zh"]:
        quote += f" ({claim['phrase_zh']})"
    weak = ", by a weak test" if "Weak test" in details else ""
    told = [strip(details)] + [
        details[name] if name in ("Why", "Weak test") else f"{name}: {details[name]}"
        for name in NOTES
        if name in details
    ]
    cells = [
        _plain(quote),
        f"{{fact}}`{claim['fact']}`{weak}",
        _plain(_read_as(claim, details)),
        _plain(". ".join(filter(None, told))),
        _place(fact, here),
    ]
    return "| " + " | ".join(cells) + " |"


def _read_as(claim: pd.Series[Any], details: Mapping[str, Any]) -> str:
    if claim["kind"] in NOT_FACTS or "Read as" not in details:
        return str(claim["kind"])
    within = f" ±\u202f{details['Tolerance']}" if "Tolerance" in details else ""
    return f"{details['Read as']}{within}"


def _place(fact: Mapping[str, Any], here: str) -> str:
    if fact["document"] == here:
        return "this page"
    address = posixpath.relpath(fact["document"], posixpath.dirname(here))
    cell = f'<a href="{address}.html#cell-{fact["cell"]}">cell {fact["cell"]}</a>'
    return f"[](/{fact['document']}.md), {cell}"


def _text(value: Any) -> str:
    return str(value["text"] if isinstance(value, Mapping) else value)


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
