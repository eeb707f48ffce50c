"""The types that the packages promise: complete, coherent, and there for who installs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).resolve().parents[2]
CONFIG = str(ROOT / "pyproject.toml")


def test_the_packages_keep_their_types(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    found, failed, status = api.run(["--config-file", CONFIG, "--no-error-summary"])
    assert (found, failed, status) == ("", "", 0)


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        (
            "from convergence.accounts.growth import cagr; cagr(pd.DataFrame(), 1, 2, splice=3)",
            'Argument "splice" to "cagr" has incompatible type "int"',
        ),
        (
            "from convergence.measures.coupling import grade; grade(0.5, sheme='')",
            'Unexpected keyword argument "sheme" for "grade"',
        ),
        (
            "from convergence.tables import describe; describe('sectors').row",
            'has no attribute "row"',
        ),
        (
            "from livebook import fact; fact('a.b', 1, style=2)",
            'Argument "style" to "fact" has incompatible type "int"',
        ),
        (
            "from convergence.measures.level import level; reveal_type(level(1, 1))",
            "fallback=convergence.measures.level.Level",
        ),
    ],
)
def test_who_uses_them_is_told_of_a_slip(
    statement: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    program = tmp_path / "program.py"
    program.write_text(f"import pandas as pd\n{statement}\n", "utf-8")
    # Away from the repository, so that the packages are found as installed, by their py.typed.
    monkeypatch.chdir(tmp_path)
    cache = ["--cache-dir", str(ROOT / ".mypy_cache")]
    found, failed, _ = api.run(["--config-file", CONFIG, *cache, str(program)])
    assert not failed
    assert complaint in found
