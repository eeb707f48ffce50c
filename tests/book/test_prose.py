"""The book's prose cannot drift from its data."""

from __future__ import annotations

from pathlib import Path

from livebook.diff import read_ledger
from livebook.prose import lint

ROOT = Path(__file__).resolve().parents[2]


def test_no_number_is_typed_and_nothing_is_stated_in_vain(built_site):
    findings = lint(ROOT, read_ledger(str(built_site)))
    assert not findings, "\n".join(map(str, findings))
