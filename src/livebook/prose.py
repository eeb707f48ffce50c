"""Find prose that can drift from the data: typed digits, unused facts, charts nobody mentions."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from markdown_it.token import Token

from .patches import markdown_parser

NUMBER = re.compile(r"\d[\d.,]*")
YEAR = re.compile(r"(?<![\d.,])(?:1[5-9]|20)\d\d(?:Q[1-4])?(?![\d.,]*\d)")
PLACE = re.compile(
    r"\b(?:[Ss]ections?|[Ff]igures?|[Tt]ables?|[Cc]hapters?|[Pp]arts?|[Ee]quations?|[Cc]ells?)"
    r"\s+\d+(?:\.\d+)*"
)
QUOTATION = re.compile(r"“[^”]*”|\"[^\"]*\"|‘[^’]*’")
# Readers that open files in C, which `livebook.trace` cannot see.
UNSEEN_READERS = {
    "read_parquet", "read_feather", "read_orc", "read_table", "scan_parquet", "scan_csv",
    "scan_ipc", "read_database", "memory_map", "duckdb", "sqlite3",
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """Something to mend: where, what is wrong and what to write instead."""

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


def lint(root: Path, ledger: Mapping[str, Any]) -> list[Finding]:
    """Return what is wrong with the prose of the book at `root`, page by page.

    Parameters
    ----------
    root : Path
        The book's folder, with ``_config.yml`` and ``_toc.yml``.
    ledger : mapping
        The ledger of the book as it stands (`livebook.diff.read_ledger`).
    """
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    settings = config.get("sphinx", {}).get("config", {})
    allowed = _allowed(settings.get("livebook_allowed_digits", []))
    extensions = config.get("parse", {}).get("myst_enable_extensions", ["dollarmath"])
    findings: list[Finding] = []
    for page in pages(root):
        path = next((p for p in (root / f"{page}.md", root / f"{page}.ipynb") if p.is_file()), None)
        if path is not None:
            reader = _Reader(path.relative_to(root).as_posix(), allowed, ledger, extensions)
            findings += reader.findings(path.read_text("utf-8"))
    return findings + list(_unused(ledger))


def pages(root: Path) -> list[str]:
    """Return the pages of the table of contents, in reading order."""

    def walk(entry: Any) -> Iterator[str]:
        if isinstance(entry, Mapping):
            for key in ("root", "file"):
                if key in entry:
                    yield re.sub(r"\.(md|ipynb)$", "", entry[key])
            for value in entry.values():
                yield from walk(value)
        elif isinstance(entry, list):
            for item in entry:
                yield from walk(item)

    return list(walk(yaml.safe_load((root / "_toc.yml").read_text("utf-8"))))


def _allowed(entries: Sequence[Mapping[str, str]]) -> list[str]:
    for entry in entries:
        if not entry.get("text") or not entry.get("reason"):
            raise ValueError(
                f"_config.yml, livebook_allowed_digits: {dict(entry)!r} needs a text and a reason"
            )
    return sorted((entry["text"] for entry in entries), key=len, reverse=True)


def _unused(ledger: Mapping[str, Any]) -> Iterator[Finding]:
    for kind in ("facts", "charts"):
        for name, stated in ledger[kind].items():
            if not stated["cited"]:
                role = kind.removesuffix("s")
                yield Finding(
                    f"{stated['document']}, cell {stated['cell']}",
                    f"{role} {name!r} is cited nowhere; write {{{role}}}`{name}` in a sentence, "
                    "or take it out",
                )


class _Reader:
    def __init__(
        self, file: str, allowed: list[str], ledger: Mapping[str, Any], extensions: list[str]
    ):
        self.file = file
        self.allowed = allowed
        self.ledger = ledger
        self.parser = markdown_parser(extensions)

    def findings(self, text: str) -> list[Finding]:
        """Return what is wrong with a page."""
        if self.file.endswith(".ipynb"):
            cells = json.loads(text)["cells"]
            found: list[Finding] = []
            for cell in cells:
                source = "".join(cell["source"])
                check = self._code if cell["cell_type"] == "code" else self._prose
                found += check(source, 1)
            return found
        return list(self._prose(text, 1))

    def _prose(self, text: str, first: int) -> Iterator[Finding]:
        quoted = 0
        for token in self.parser.parse(text):
            line = first + (token.map[0] if token.map else 0)
            if token.type in ("blockquote_open", "blockquote_close"):
                quoted += token.nesting
            elif token.type == "inline" and not quoted:
                yield from self._inline(token.children or [], line)
            elif token.type in ("fence", "colon_fence"):
                yield from self._fence(token, line)

    def _fence(self, token: Token, line: int) -> Iterator[Finding]:
        directive = re.match(r"\{([\w-]+)\}\s*(.*)", token.info.strip())
        if directive is None:
            return
        name, argument = directive.groups()
        if name == "code-cell":
            body, skipped = _without_options(token.content)
            yield from self._code(body, line + 1 + skipped)
        elif name not in ("math", "ledger", "tables", "changes", "literalinclude"):
            body, skipped = _without_options(token.content)
            yield from self._prose(argument, line)
            yield from self._prose(body, line + 1 + skipped)

    def _inline(self, children: list[Token], line: int) -> Iterator[Finding]:
        text, before = "", None
        for child in children:
            if child.type in ("softbreak", "hardbreak"):
                text += "\n"
            elif child.type == "text":
                if before is not None:
                    yield from self._unit(before, child.content, line + text.count("\n"))
                text += child.content
            elif child.type == "myst_role" and child.meta.get("name") == "fact":
                before = child.content
                text += "\u25a1"
                continue
            before = None
        yield from self._digits(text, line)

    def _digits(self, text: str, line: int) -> Iterator[Finding]:
        def blank(match: re.Match[str]) -> str:
            return re.sub(r"[^\n]", " ", match[0])

        shown = text
        for known in self.allowed:
            shown = shown.replace(known, " " * len(known))
        for pattern in (QUOTATION, PLACE, YEAR):
            shown = pattern.sub(blank, shown)
        for match in NUMBER.finditer(shown):
            place = line + shown.count("\n", 0, match.start())
            yield Finding(
                f"{self.file}:{place}",
                f"the number {match[0].rstrip('.,')!r} is typed; compute it in a cell and write "
                "{fact}`its-name`, or list it with a reason under livebook_allowed_digits",
            )

    def _unit(self, name: str, following: str, line: int) -> Iterator[Finding]:
        fact = self.ledger["facts"].get(name)
        word = re.match(r"\s*(%|[A-Za-z]+)", following)
        if fact and word and re.search(rf"(?:^|\s){re.escape(word[1])}$", fact["text"]):
            yield Finding(
                f"{self.file}:{line}",
                f"{{fact}}`{name}` already prints {fact['text']!r}; take out the {word[1]!r} "
                "behind it",
            )

    def _code(self, source: str, first: int) -> Iterator[Finding]:
        try:
            tree = ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE))
        except SyntaxError as error:
            line = first + (error.lineno or 1) - 1
            yield Finding(f"{self.file}:{line}", f"not Python: {error.msg}")
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute | ast.Name) and _name(node) in UNSEEN_READERS:
                yield Finding(
                    f"{self.file}:{first + node.lineno - 1}",
                    f"{_name(node)} reads behind the build's back; load the table through Python's "
                    "own open, so that the chapter runs again when it changes",
                )
            if isinstance(node, ast.Call):
                for text, line in _printed_texts(node):
                    roles = re.sub(r"\{(?:fact|chart)\}`[^`]*`", "\u25a1", text)
                    yield from self._digits(roles, first + line - 1)


def _name(node: ast.expr) -> str:
    """Return the last part of a dotted name; "" for any other expression."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _printed_texts(call: ast.Call) -> Iterator[tuple[str, int]]:
    """Yield the literal texts of a chart's caption, description, title and subtitle, with lines."""
    name = _name(call.func)
    wanted: list[ast.expr] = []
    if name == "chart":
        wanted = [word.value for word in call.keywords if word.arg in ("caption", "alt")]
    elif name in ("Title", "TitleParams"):
        wanted = [*call.args[:1]]
        wanted += [word.value for word in call.keywords if word.arg in ("text", "subtitle")]
    for value in wanted:
        parts = value.values if isinstance(value, ast.JoinedStr) else [value]
        for part in parts:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value, part.lineno


def _without_options(content: str) -> tuple[str, int]:
    """Return a directive's body without its options, and how many lines those took."""
    lines = content.splitlines()
    skipped = 0
    if lines and lines[0].strip() == "---":
        skipped = next((n for n, text in enumerate(lines[1:], 2) if text.strip() == "---"), 0)
    else:
        while skipped < len(lines) and re.match(r":[\w-]+:", lines[skipped]):
            skipped += 1
    return "\n".join(lines[skipped:]), skipped
