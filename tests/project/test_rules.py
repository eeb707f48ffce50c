"""The rules of the repository: what imports what, the workflows, the terms of use."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
assert WORKFLOWS
# Read from the actions' own repositories; another action needs its commit read there first.
ACTIONS = {
    "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "actions/deploy-pages@cd2ce8fcbc39b97be8ca5fce6e763baed58fa128 # v5.0.0",
    "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0",
    "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0",
    "actions/upload-pages-artifact@fc324d3547104276b827a68afc52ff2a11cc49c9 # v5.0.0",
    "peter-evans/create-pull-request@5f6978faf089d4d20b00c7766989d076bb2fc7f1 # v8.1.1",
}
# Addresses of package registries, and paths that exist on one machine only.
FOREIGN = re.compile(
    r"\bpypi\.(org|python)|pythonhosted\.org|\bnpmjs\.(com|org)|anaconda\.(com|org)"
    r"|(?<![\w.~-])/(home|opt|root|tmp|Users|work)/|\.\./shared\b"
)


def python(*arguments: str) -> None:
    """Run a Python tool in the repository; its output is the failure's message."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        pytest.fail(done.stdout, pytrace=False)


def test_ruff():
    python("-m", "ruff", "check", "--no-cache", ".")


def test_the_two_packages_keep_apart():
    python("-c", "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_fits_the_schema(workflow):
    python("-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_to_known_commits(workflow):
    used = re.findall(r"\buses:\s*(.+?)\s*$", workflow.read_text("utf-8"), flags=re.MULTILINE)
    assert used
    assert set(used) <= ACTIONS


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_asks_for_the_least(workflow):
    content = yaml.safe_load(workflow.read_text("utf-8"))
    assert content["permissions"] == {}
    needed = {
        "compare": {"actions": "read"},
        "deploy": {"pages": "write", "id-token": "write"},
        "comment": {"pull-requests": "write"},
        "propose": {"actions": "read", "contents": "write", "pull-requests": "write"},
        "tell": {"issues": "write"},
    }
    for name, job in content["jobs"].items():
        assert job["permissions"] == needed.get(name, {"contents": "read"})
        # What may write runs no code of the repository or of a pull request.
        assert "write" not in job["permissions"].values() or not any(
            "make" in step.get("run", "") for step in job["steps"]
        )
        assert job["timeout-minutes"] <= 120, name


def test_citation_fits_its_schema():
    schema = "vendor.citation-file-format"
    python("-m", "check_jsonschema", "--builtin-schema", schema, "CITATION.cff")


def test_one_version_everywhere():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)
    assert citation["version"] == version
    assert newest[1] == version


def test_licence_covers_code_text_and_data():
    text = (ROOT / "LICENSE").read_text("utf-8")
    parts = re.split(r"^\d\. (\w.*)\n-+$", text, flags=re.MULTILINE)
    assert parts[1::2] == ["Code", "Text and charts", "Data"]
    code, prose, data = parts[2::2]
    assert "BSD 3-Clause License" in code
    assert "AS IS" in code
    assert "creativecommons.org/licenses/by/4.0/" in prose
    assert "data/datapackage.json" in data
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["license"] == ["BSD-3-Clause", "CC-BY-4.0"]


# In pieces, so that this file passes.
@pytest.mark.parametrize(
    "line",
    ["see pypi." + "org/simple", "npm" + "js.com", "cd /" + "home/me", "in ../" + "shared/a"],
)
def test_a_foreign_address_is_recognized(line):
    assert FOREIGN.search(line)


def test_no_registry_and_no_path_of_one_machine_in_any_file(repository_files):
    assert Path("README.md") in repository_files
    found = []
    for path in repository_files:
        text = (ROOT / path).read_text("utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if hit := FOREIGN.search(line):
                found.append(f"{path}:{number}: {hit[0]}")
    assert found == []
