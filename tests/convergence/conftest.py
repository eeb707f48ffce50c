"""A small data package that tests may break, and the book's own."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A deadline would fail a test for the load of the machine, not for what the code does.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")

ROOT = Path(__file__).resolve().parents[2]

VINTAGES = """\
vintage,released,census,publisher_view,title,meaning
early,2018-02,3,nbs,Early,first figures
late,2020-12,4,nbs,Late,after the census
middle,2019-07,4,nbs,Middle,in between
"""
SPLICES = """\
splice,vintages,accepts_preliminary,title,reason
benchmark,middle late,false,One benchmark,both on the fourth census
everything,early middle late,true,Everything,for the long run
"""
SOURCES = """\
source,publisher
yearbook,NBS
"""
# Trade and finance make services; every year of `late` and `middle` adds up.
ACCOUNTS = """\
year,sector,vintage,status,value,source
2016,finance,late,final,40.5,yearbook
2016,finance,middle,revised,40,yearbook
2016,services,late,final,100.5,yearbook
2016,services,middle,revised,100,yearbook
2016,trade,late,final,60,yearbook
2016,trade,middle,revised,60,yearbook
2017,finance,middle,revised,44,yearbook
2017,services,middle,revised,110,yearbook
2017,trade,middle,revised,66,yearbook
2018,finance,early,preliminary,50,yearbook
2018,finance,middle,preliminary,51,yearbook
2018,services,early,preliminary,120,yearbook
2018,services,middle,preliminary,121,yearbook
2018,trade,early,preliminary,70,yearbook
2018,trade,middle,preliminary,70,yearbook
"""
QUARTERS = """\
quarter,sector,vintage,status,value,source
2017Q1,trade,middle,revised,16,yearbook
2017Q2,trade,middle,revised,16.5,yearbook
2017Q3,trade,middle,revised,16.5,yearbook
2017Q4,trade,middle,revised,17,yearbook
2018Q1,trade,middle,preliminary,17.6,yearbook
"""
CLAIMS = """\
claim,section,quote,phrase_zh,kind,value,unit,tolerance,fact,test,missing,note,part
growth,2,8.7% annually,,number,8.7,% a year,0.05,claim.growth,full,,,I
level,3,"very low, at first",,description,,grade,,,none,a provincial panel,,II
"""


class DataFolder:
    """A data package on disk, built from text; `save` records hashes as they are then."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.resources: dict[str, dict[str, Any]] = {}

    def table(
        self,
        name: str,
        text: str,
        types: dict[str, str],
        key: list[str],
        extras: dict[str, Any] | None = None,
        foreign: dict[str, str] | None = None,
    ) -> None:
        self.write(name, text)
        fields = [
            {"name": field, "type": types.get(field, "string")}
            for field in text.split("\n", 1)[0].split(",")
        ]
        self.resources[name] = {
            "name": name,
            "type": "table",
            "path": f"{name}.csv",
            "title": name.capitalize(),
            "description": f"The table {name}.",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": 0,
            "hash": "",
            "schema": {
                "fields": fields,
                "primaryKey": key,
                "foreignKeys": [
                    {"fields": [field], "reference": {"resource": other, "fields": [field]}}
                    for field, other in (foreign or {}).items()
                ],
                "missingValues": [""],
            },
        } | ({"convergence": extras} if extras else {})

    def write(self, name: str, text: str) -> None:
        (self.path / f"{name}.csv").write_bytes(text.encode())

    def edit(self, name: str, old: str, new: str) -> None:
        before = (self.path / f"{name}.csv").read_text(encoding="utf-8")
        assert before.count(old) == 1, f"{old!r} is there {before.count(old)} times"
        self.write(name, before.replace(old, new))

    def save(self) -> None:
        """Record each file's hash, as after an accepted change, and write the descriptor."""
        for resource in self.resources.values():
            content = (self.path / resource["path"]).read_bytes()
            resource["bytes"] = len(content)
            resource["hash"] = "sha256:" + hashlib.sha256(content).hexdigest()
        self.save_descriptor()

    def save_descriptor(self) -> None:
        descriptor = {"name": "small", "resources": list(self.resources.values())}
        text = json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"
        (self.path / "datapackage.json").write_text(text, encoding="utf-8")

    def recorded_hash(self, name: str) -> str:
        descriptor = json.loads((self.path / "datapackage.json").read_text(encoding="utf-8"))
        return next(one["hash"] for one in descriptor["resources"] if one["name"] == name)

    def records(self) -> dict[str, dict[str, Any]]:
        return {
            path.name: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted((self.path / "changes").glob("*"))
        }

    def commit(self) -> None:
        """Put the folder under git, as it is now."""
        who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        if not (self.path.parent / ".git").exists():
            subprocess.run(["git", "init", "-q"], cwd=self.path.parent, check=True)
        subprocess.run(["git", "add", "-A"], cwd=self.path.parent, check=True)
        subprocess.run(["git", *who, "commit", "-qm", "x"], cwd=self.path.parent, check=True)


def small_package(path: Path) -> DataFolder:
    folder = DataFolder(path)
    folder.table("sources", SOURCES, {}, ["source"])
    folder.table("vintages", VINTAGES, {"census": "integer"}, ["vintage"])
    folder.table("splices", SPLICES, {"accepts_preliminary": "boolean"}, ["splice"])
    folder.table(
        "accounts",
        ACCOUNTS,
        {"year": "integer", "value": "number"},
        ["year", "sector", "vintage"],
        {
            "observation": ["year", "sector"],
            "value": "value",
            "vintage": "vintage",
            "status": "status",
            "identities": [
                {
                    "name": "services",
                    "kind": "sum",
                    "field": "sector",
                    "total": "services",
                    "parts": ["trade", "finance"],
                    "tolerance": 0.15,
                }
            ],
            "breaks": [{"at": 2017, "reason": "another classification"}],
            "cannot": "Anything before 2016.",
        },
        {"vintage": "vintages", "source": "sources"},
    )
    folder.table(
        "quarters",
        QUARTERS,
        {"value": "number"},
        ["quarter", "sector", "vintage"],
        {
            "observation": ["quarter", "sector"],
            "value": "value",
            "vintage": "vintage",
            "status": "status",
            "identities": [
                {"name": "years", "kind": "quarters", "table": "accounts", "tolerance": 0.25}
            ],
        },
        {"vintage": "vintages", "source": "sources"},
    )
    folder.table("claims", CLAIMS, {"value": "number", "tolerance": "number"}, ["claim"])
    folder.save()
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    """A small, valid data package, found through the environment."""
    small = small_package(tmp_path / "data")
    monkeypatch.setenv("CONVERGENCE_DATA", str(small.path))
    return small


@pytest.fixture
def book_data(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The book's own data package."""
    monkeypatch.setenv("CONVERGENCE_DATA", str(ROOT / "data"))
    return ROOT / "data"
