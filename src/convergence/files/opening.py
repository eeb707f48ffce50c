"""Open a file that somebody else made: what it is by its content, its text, its cells.

The content decides, not the name of the file. What the content does not show for sure is refused in
a sentence.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

__all__ = [
    "Form",
    "OpeningError",
    "Sheet",
    "Text",
    "encoding_of",
    "first_sheet",
    "form",
    "has_odd_line_ends",
    "sheets",
    "text",
    "write_as_utf8",
]

Form = Literal["text", "workbook", "parquet"]

# Bytes that are looked at to tell what a file is.
BEGINNING = 1 << 20
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
PARQUET = b"PAR1"
# Files that are neither text nor a table: how they begin, what they are, what to do.
STRANGERS = {
    b"\x1f\x8b": ("a compressed file (gzip)", "the file inside: unpack it first"),
    b"7z\xbc\xaf\x27\x1c": ("a compressed file (7z)", "the file inside: unpack it first"),
    b"Rar!": ("a compressed file (rar)", "the file inside: unpack it first"),
    b"%PDF": ("a PDF document", "a table: CSV, Parquet or Excel"),
}
TAGS = re.compile(r"<(!doctype|!--|html|head|body|meta|script|table|div|\?xml)", re.IGNORECASE)
UNKNOWN_ENCODING = (
    "text in an unknown encoding, neither UTF-8 nor GBK",
    "UTF-8: save the file again in that encoding",
)


class OpeningError(ValueError):
    """A file that cannot be read: what was found, what was expected, and in which line.

    Parameters
    ----------
    found
        What the file is.
    expected
        What it should be; after a colon, what to do.
    line
        The line of the file, counted from 1, where there is one.
    """

    def __init__(self, found: str, expected: str, line: int | None = None) -> None:
        where = f" in line {line}" if line else ""
        super().__init__(f"this is {found}{where}; expected {expected}")
        self.found, self.expected, self.line = found, expected, line


@dataclass(frozen=True)
class Text:
    r"""The text of a file, its lines ended by ``\n``, and the encoding it was read in."""

    content: str
    encoding: str


@dataclass(frozen=True)
class Sheet:
    """The cells of a sheet, row by row from its first cell on, and the corners of merged ones."""

    name: str
    rows: list[list[Any]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]]


def form(beginning: bytes) -> Form:
    """Tell what a file is from how it begins.

    Parameters
    ----------
    beginning
        The first bytes of the file, `BEGINNING` or all of them.

    Raises
    ------
    OpeningError
        If the file is empty, a pointer of Git LFS, a web page, compressed or a document.

    Examples
    --------
    >>> form(b"city,year"), form(b"PAR1....")
    ('text', 'parquet')
    >>> form(b"<!DOCTYPE html><html>")
    Traceback (most recent call last):
        ...
    convergence.files.opening.OpeningError: this is a web page, saved under the name of a table; expected the table itself: download the file again
    """  # noqa: E501
    if not beginning.strip():
        raise OpeningError("an empty file", "a table")
    if beginning.startswith(WORKBOOK):
        return "workbook"
    if beginning.startswith(PARQUET):
        return "parquet"
    for start, (found, expected) in STRANGERS.items():
        if beginning.startswith(start):
            raise OpeningError(found, expected)
    first = beginning[:1000].decode(_marked(beginning) or "latin-1", "ignore").lstrip()
    if not first:
        raise OpeningError("an empty file", "a table")
    if first.startswith("version https://git-lfs"):
        raise OpeningError(
            "a Git LFS pointer, which stands for a file that was not fetched",
            "the file itself: run 'git lfs pull'",
        )
    if "schemas-microsoft-com:office:spreadsheet" in first:
        raise OpeningError(
            "a workbook in XML (Excel 2003)",
            "a workbook of today: open it in Excel and save it as xlsx",
        )
    if TAGS.match(first):
        raise OpeningError(
            "a web page, saved under the name of a table",
            "the table itself: download the file again",
        )
    return "text"


def encoding_of(beginning: bytes, *, is_whole: bool) -> str:
    """Tell the encoding of a text from how it begins.

    Parameters
    ----------
    beginning
        The first bytes of the file.
    is_whole
        Whether these are all bytes of the file. If they are not, the last character may be cut.

    Returns
    -------
    str
        ``"ascii"`` (more may follow further down), ``"utf-8"``, ``"utf-8-sig"``, ``"utf-16"``
        (with a mark), ``"utf-16-le"``, ``"utf-16-be"`` or ``"gb18030"``, which GBK is a part of.

    Raises
    ------
    OpeningError
        If it is none of these.

    Examples
    --------
    >>> encoding_of("城市,年份".encode("gbk"), is_whole=True)
    'gb18030'
    """
    if mark := _marked(beginning):
        return mark
    if b"\x00" in beginning:
        # Commas, digits and line ends have a zero as one of their two bytes.
        even, odd = beginning[::2].count(0), beginning[1::2].count(0)
        if max(even, odd) > len(beginning) / 20 and min(even, odd) < max(even, odd) / 10:
            return "utf-16-le" if odd > even else "utf-16-be"
        raise OpeningError("no text: it holds bytes of zero", "a table: CSV, Parquet or Excel")
    if beginning.isascii():
        return "ascii"
    try:
        _decoded(beginning, "utf-8", is_whole)
        return "utf-8"
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise _cut_off(beginning, error) from None
    try:
        decoded = _decoded(beginning, "gb18030", is_whole)
    except UnicodeDecodeError:
        raise OpeningError(*UNKNOWN_ENCODING) from None
    if _is_western(decoded):
        raise OpeningError(*UNKNOWN_ENCODING)
    return "gb18030"


def text(content: bytes) -> Text:
    r"""Read the text of a file, whatever its encoding and its line ends.

    Parameters
    ----------
    content
        All bytes of the file.

    Raises
    ------
    OpeningError
        If the file is no text, its encoding is unknown, or a character is cut off or damaged: with
        its line.

    Examples
    --------
    >>> text("城市,年份\r\n北京,2020\r\n".encode("utf-16"))
    Text(content='城市,年份\n北京,2020\n', encoding='utf-16')
    """
    if (found := form(content[:BEGINNING])) != "text":
        raise OpeningError(f"a {found} file", "a text: CSV")
    encoding = encoding_of(content, is_whole=True)
    try:
        decoded = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _cut_off(content, error) from None
    if "\x00" in decoded:
        # A mark at the beginning says how to decode, and not that all of the file is text.
        line = decoded.partition("\x00")[0].count("\n") + 1
        raise OpeningError("no text: it holds bytes of zero", "a table: CSV", line)
    return Text(decoded.replace("\r\n", "\n").replace("\r", "\n"), encoding)


def has_odd_line_ends(beginning: bytes) -> bool:
    r"""Tell whether lines end by ``\r`` alone, or now in one way and now in another.

    Examples
    --------
    >>> has_odd_line_ends(b"a,b\r\n1,2\r\n"), has_odd_line_ends(b"a,b\r1,2\r")
    (False, True)
    """
    returns, both, feeds = (beginning.count(end) for end in (b"\r", b"\r\n", b"\n"))
    # The block may end between the two characters of a line end.
    return returns - beginning.endswith(b"\r") > both or 0 < both < feeds


def write_as_utf8(source: Path, target: Path, encoding: str) -> None:
    r"""Copy a text of any size to UTF-8 without a mark, its lines ended by ``\n``.

    Parameters
    ----------
    source, target
        The file and its copy.
    encoding
        As `encoding_of` tells it; for ``"ascii"``, whatever follows further down is taken as GBK.

    Raises
    ------
    OpeningError
        If the text is not in that encoding.
    """
    # ASCII is a part of GB18030.
    real = "gb18030" if encoding == "ascii" else encoding
    try:
        with (
            source.open(encoding=real, newline=None) as file,
            target.open("w", encoding="utf-8", newline="\n") as copy,
        ):
            while block := file.read(BEGINNING):
                copy.write(block)
    except UnicodeError:
        if encoding.startswith("utf"):
            raise OpeningError(
                f"a text in {encoding.removesuffix('-sig').upper()} with a damaged character",
                "whole characters: download the file again",
            ) from None
        raise OpeningError(*UNKNOWN_ENCODING) from None


def sheets(source: Path | bytes) -> Iterator[Sheet]:
    """Read the sheets of a workbook (xlsx, xlsm, xlsb, xls, ods), one after another.

    Parameters
    ----------
    source
        The file, or its content.

    Raises
    ------
    OpeningError
        If it is no workbook, or damaged.
    """
    workbook = _workbook(source)
    for name in workbook.sheet_names:
        yield _sheet(workbook, name)


def first_sheet(source: Path | bytes) -> Sheet:
    """Read the first sheet of a workbook (xlsx, xlsm, xlsb, xls, ods).

    Parameters
    ----------
    source
        The file, or its content.

    Raises
    ------
    OpeningError
        If it is no workbook, or damaged.
    """
    for sheet in sheets(source):
        return sheet
    raise OpeningError("a workbook without a sheet", "a workbook with a table")


def _workbook(source: Path | bytes) -> Any:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        if (found := form(_beginning(source))) != "workbook":
            raise OpeningError(f"a {found} file", "a workbook")
        if isinstance(source, bytes):
            return CalamineWorkbook.from_filelike(io.BytesIO(source))
        return CalamineWorkbook.from_path(source)
    except OpeningError:
        raise
    # The reader of workbooks fails on a damaged one with any of these.
    except (CalamineError, OSError, ValueError, IndexError) as error:
        raise _no_workbook(error) from None


def _beginning(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source[:BEGINNING]
    with source.open("rb") as file:
        return file.read(BEGINNING)


def _sheet(workbook: Any, name: str) -> Sheet:
    from python_calamine import CalamineError

    try:
        sheet = workbook.get_sheet_by_name(name)
        # Only newer xls and xlsx tell which cells are merged.
        merged = sheet.merged_cell_ranges or []
        return Sheet(name, sheet.to_python(skip_empty_area=False), merged)
    except (CalamineError, OSError, ValueError, IndexError) as error:
        raise _no_workbook(error) from None


def _no_workbook(error: Exception) -> OpeningError:
    return OpeningError(
        f"a workbook that cannot be read ({error})", "a whole workbook: it may be cut off"
    )


def _marked(beginning: bytes) -> str | None:
    return next((name for mark, name in MARKS.items() if beginning.startswith(mark)), None)


def _decoded(beginning: bytes, encoding: str, is_whole: bool) -> str:
    return codecs.getincrementaldecoder(encoding)().decode(beginning, final=is_whole)


def _cut_off(content: bytes, error: UnicodeDecodeError) -> OpeningError:
    line = content[: error.start].count(b"\n") + 1
    return OpeningError(
        "a text with a character that breaks off",
        "whole characters: the file is cut off or damaged; download it again",
        line,
    )


def _is_western(decoded: str) -> bool:
    """Tell whether a text read as GBK is Latin-1: a single sign after a letter, as in ``S鉶``."""
    signs = re.findall(r"[^\x00-\x7f]+", decoded)
    return all(len(sign) == 1 for sign in signs) and len(
        re.findall(r"[A-Za-z][^\x00-\x7f]", decoded)
    ) == len(signs)
