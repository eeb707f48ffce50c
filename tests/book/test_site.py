"""The built site as files: what is published, and that it needs nothing else."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GENERATED = {"search", "genindex"}
PUBLISHED = {
    *("", ".atom", ".css", ".csv", ".html", ".inv", ".ipynb", ".js", ".json", ".parquet", ".png"),
    *(".svg", ".txt", ".woff2"),
}


def documents(part):
    """Yield the documents that a part of _toc.yml names."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("root", "file"):
                yield value
            else:
                yield from documents(value)
    elif isinstance(part, list):
        for item in part:
            yield from documents(item)


class Elements(HTMLParser):
    """Collects the start tags of a page, those in templates too."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def pages(built_site):
    """The start tags of each page, by name."""
    return {
        path.relative_to(built_site).with_suffix("").as_posix(): Elements(
            path.read_text("utf-8")
        ).found
        for path in sorted(built_site.rglob("*.html"))
    }


@pytest.fixture(scope="module")
def ledger(built_site):
    return json.loads((built_site / "ledger.json").read_text("utf-8"))


def test_the_pages_are_those_of_the_contents(pages):
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    named = [str(Path(name).with_suffix("")) if name.endswith(".md") else name
             for name in documents(contents)]  # fmt: skip
    assert len(named) == len(set(named))
    ledger = {f"_ledger/{name}" for name in named if states_facts(name)}
    assert pages.keys() == set(named) | ledger | GENERATED


def states_facts(name):
    text = (ROOT / f"{name}.md").read_text("utf-8")
    return "\nkernelspec:" in text.partition("\n---\n")[0] and "fact(" in text


def test_nothing_else_is_published(built_site):
    files = [path.relative_to(built_site) for path in built_site.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= PUBLISHED
    assert [path for path in files if path.name.startswith(".")] == []
    assert {path.name for path in files if not path.suffix} == {"SHA256SUMS"}


def test_what_others_wrote_stands_beside_its_licence(built_site):
    for name, holder in {
        "vega-bundle.js": "University of Washington Interactive Data Lab",
        "language_data.js": "the Sphinx team",
    }.items():
        assert (built_site / "_static" / name).is_file()
        licence = built_site / "_static" / f"{name}.LICENSE.txt"
        assert holder in licence.read_text("utf-8")


def test_every_file_is_in_the_sums_and_has_its_sum(built_site):
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=built_site, check=True
    )
    sums = (built_site / "SHA256SUMS").read_text("utf-8").splitlines()
    files = {p.relative_to(built_site).as_posix() for p in built_site.rglob("*") if p.is_file()}
    assert {line.split("  ", 1)[1] for line in sums} == files - {"SHA256SUMS"}


LOADING = {
    "script": ["src"],
    "img": ["src", "srcset"],
    "source": ["src", "srcset"],
    "image": ["href", "xlink:href"],
    "use": ["href", "xlink:href"],
    "iframe": ["src"],
    "object": ["data"],
    "embed": ["src"],
    "video": ["src", "poster"],
    "audio": ["src"],
    "form": ["action"],
    "link": ["href"],
}


def test_no_page_names_another_host_to_load_from(pages):
    named = [
        (page, tag, attributes[name])
        for page, elements in pages.items()
        for tag, attributes in elements
        for name in LOADING.get(tag, ())
        if re.match(r"\s*(\w+:)?//", attributes.get(name) or "")
        and attributes.get("rel") != "canonical"
    ]
    assert named == []


def test_no_style_or_script_names_another_host_to_load_from(built_site):
    for path in [*built_site.rglob("*.css"), *built_site.rglob("*.svg")]:
        text = path.read_text("utf-8")
        assert not re.search(r"@import|url\(\s*[\"']?(\w+:)?//", text), path
        assert not re.search(r"<(script|image|foreignObject)\b", text), path


def test_every_page_forbids_what_it_does_not_need(pages):
    for page, elements in pages.items():
        tags = [tag for tag, _ in elements]
        policies = [
            (place, attributes["content"])
            for place, (tag, attributes) in enumerate(elements)
            if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        assert len(policies) == 1, page
        place, policy = policies[0]
        # Of what stands before it, nothing is under the policy.
        assert not {"script", "link", "style"} & set(tags[:place]), page
        rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";") if rule.strip()}
        assert rules["default-src"] == ["'none'"], page
        assert rules["script-src"] == ["'self'"], page
        for name, allowed in rules.items():
            assert set(allowed) <= {"'none'", "'self'", "data:", "blob:", "'unsafe-inline'"}, page
            assert "'unsafe-inline'" not in allowed or name == "style-src", page
        for tag, attributes in elements:
            assert not [name for name in attributes if name.startswith("on")], (page, tag)
            assert tag != "script" or attributes.get("src"), page


def test_ids_are_unique_on_each_page(pages):
    for page, elements in pages.items():
        ids = [attributes["id"] for _, attributes in elements if attributes.get("id")]
        assert [name for name in set(ids) if ids.count(name) > 1] == [], page


def test_without_javascript_a_number_is_a_link_to_its_entry(pages, ledger):
    targets = {
        page: {attributes.get("id") for _, attributes in elements}
        for page, elements in pages.items()
    }
    cited = set()
    for page, elements in pages.items():
        for tag, attributes in elements:
            if tag == "a" and "lb-fact" in (attributes.get("class") or "").split():
                name = attributes["data-fact"]
                file, _, anchor = attributes["href"].partition("#")
                target = (Path("/") / page).parent / file if file else Path("/") / page
                document = str(target.resolve().relative_to("/").with_suffix(""))
                assert anchor == f"fact-{name}", page
                assert anchor in targets[document], page
                cited.add(name)
    assert cited
    assert cited <= ledger["facts"].keys()


def test_every_fact_has_one_entry_on_its_chapter_s_page_of_the_ledger(pages, ledger):
    entries = [
        (attributes["id"].removeprefix("fact-"), page.removeprefix("_ledger/"))
        for page, elements in pages.items()
        for _, attributes in elements
        if (attributes.get("id") or "").startswith("fact-")
    ]
    stated = [(name, fact["document"]) for name, fact in ledger["facts"].items()]
    assert sorted(entries) == sorted(stated)


def test_the_ledger_page_links_each_entry_once(built_site, ledger):
    page = (built_site / "chapters" / "reference" / "ledger.html").read_text("utf-8")
    links = re.findall(r'<li><a href="[^"]*#fact-([^"]*)"', page)
    assert sorted(links) == sorted(ledger["facts"])


def test_every_claim_of_part_one_has_its_verdict_on_the_ledger_page(built_site, ledger):
    text = (built_site / "chapters" / "reference" / "ledger.html").read_text("utf-8")
    shown = dict(
        re.findall(r'<li><a href="[^"]*#fact-(claim\.[^"]*)"(?:(?!</li>).)*data-key="(\w+)"', text)
    )
    with (ROOT / "data" / "claims.csv").open(encoding="utf-8", newline="") as file:
        claims = [row for row in csv.DictReader(file) if row["part"] == "I"]
    missing = []
    for claim in claims:
        name = f"claim.{claim['claim']}"
        assert claim["fact"] in (name, ""), claim
        if shown.get(name) not in {
            "reproduces",
            "reproduces_with_another_vintage",
            "holds_in_another_concept",
            "consistent",
            "does_not_reproduce",
            "cannot_be_tested",
            "not_a_statement_of_fact",
        }:
            missing.append(name)
            continue
        assert ledger["facts"][name]["value"] == shown[name]
        # Who says that a claim cannot be tested names the table that is missing.
        assert claim["missing"] or shown[name] != "cannot_be_tested", claim
    assert claims
    assert missing == []


def test_the_paper_s_page_counts_each_statement_once(ledger):
    facts = {name: fact["value"] for name, fact in ledger["facts"].items()}
    verdicts = ("reproduces", "another-vintage", "another-concept", "consistent",
                "does-not-reproduce", "cannot-be-tested")  # fmt: skip
    numbers = [facts[f"paper.numbers.{verdict}"] for verdict in verdicts]
    words = [facts[f"paper.words.{verdict}"] for verdict in verdicts]
    assert sum(numbers) == facts["paper.numbers"] == 11
    assert sum(words) + facts["paper.not-a-fact"] == facts["paper.words"]
    assert facts["paper.numbers"] + facts["paper.words"] == facts["paper.statements"] == 44
    assert facts["paper.numbers.reproduces"] >= 3
    assert facts["paper.weak"] <= facts["paper.words.reproduces"]


def test_the_readings_of_a_verdict_reach_the_ledger(ledger):
    rows = ledger["facts"]["claim.growth-2016-2019"]["details"]["Readings"]
    assert [(row["kind"], row["agrees"]) for row in rows[:2]] == [
        ("nearest", "no"), ("vintage", "yes")
    ]  # fmt: skip
    assert [row["value"]["text"] for row in rows[:2]] == ["8.03 % a year", "8.71 % a year"]


def test_a_chart_of_wiod_does_not_credit_the_oecd(built_site, ledger):
    credited = {}
    for name, chart in ledger["charts"].items():
        drawing = (built_site / "_charts" / f"{name}.svg").read_text("utf-8")
        line = " ".join(re.findall(r">([^<]*)</text>", drawing))
        credited[name] = "Organisation for Economic" in line
        tables = {table["name"] for table in chart["tables"]}
        assert credited[name] == ("io_oecd_china" in tables), name
    assert any(credited.values())


def test_every_chart_comes_with_its_files(built_site, ledger):
    assert ledger["charts"]
    for name, chart in ledger["charts"].items():
        folder = built_site / "_charts"
        with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) == len(chart["table"]["rows"]) + 1, name
        spec = json.loads((folder / f"{name}.json").read_text("utf-8"))
        assert "vega-lite" in spec["$schema"], name
        picture = (folder / f"{name}.svg").read_text("utf-8")
        assert "var(" not in picture, name
        assert re.search(r"<(path|text|line|rect)\b", picture), name
