"""Files that strangers made: what they are, their encodings, their line ends."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convergence.files import opening
from convergence.files.opening import OpeningError

TEXT = "城市,年份\n北京,2020\n武汉,2021\n"
ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "gbk": "gb18030",
    "gb18030": "gb18030",
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_text_is_the_same_in_every_encoding_and_with_every_line_end(encoding, end, tmp_path):
    content = TEXT.replace("\n", end).encode(encoding)
    assert opening.text(content) == opening.Text(TEXT, ENCODINGS[encoding])
    source, target = tmp_path / "a.csv", tmp_path / "b.csv"
    source.write_bytes(content)
    opening.write_as_utf8(source, target, opening.encoding_of(content, is_whole=True))
    assert target.read_bytes() == TEXT.encode()


# Signs of Chinese text that GBK has, with commas and line ends as tables have them.
CELLS = st.text(
    st.sampled_from("省市区年份产出就业软件金融北京上海0123456789."), min_size=2, max_size=6
)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=9)


@given(TABLES, st.sampled_from(sorted(ENCODINGS)))
def test_no_table_in_chinese_is_read_in_a_wrong_encoding(rows, encoding):
    text = "城市名称,产出\n" + "".join(",".join(row) + "\n" for row in rows)
    assert opening.text(text.encode(encoding)).content == text


def test_what_is_cut_off_is_said_with_its_line():
    whole = TEXT.encode()
    with pytest.raises(OpeningError, match="a character that breaks off in line 3; expected whole"):
        opening.text(whole[: whole.index("汉".encode()) + 1])
    # In a block of a larger file the end of the block may cut a character.
    part = whole[: whole.index("汉".encode()) + 1]
    assert opening.encoding_of(part, is_whole=False) == "utf-8"


def test_a_text_that_is_damaged_far_down_is_not_taken_for_gbk(tmp_path):
    """Signs of UTF-8 at the head say what it is; two of its bytes may pass for a sign of GBK."""
    content = TEXT.encode() + b"x" * opening.BEGINNING + b"\xce\xe4,2022\n"
    source = tmp_path / "a.csv"
    source.write_bytes(content)
    encoding = opening.encoding_of(content[: opening.BEGINNING], is_whole=False)
    with pytest.raises(OpeningError, match="text in UTF-8 with a damaged character"):
        opening.write_as_utf8(source, tmp_path / "b.csv", encoding)


@pytest.mark.parametrize("word", ["São Paulo", "Málaga", "Zürich", "Besançon"])
def test_a_western_text_is_not_taken_for_chinese(word):
    with pytest.raises(OpeningError, match="unknown encoding, neither UTF-8 nor GBK"):
        opening.text(f"city,year\n{word},2020\n".encode("latin-1"))


STRANGERS = {
    "nothing": (b"", "an empty file"),
    "blanks": (b"\xef\xbb\xbf \r\n", "an empty file"),
    "blanks in UTF-16": ("\n \n".encode("utf-16"), "an empty file"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
    "a page": (b"\n<!DOCTYPE html><html>404</html>", "a web page"),
    "a page in UTF-16": ("<html>".encode("utf-16"), "a web page"),
    "a table of HTML under the name of a workbook": (b"<table><tr><td>1", "a web page"),
    "a compressed file": (gzip.compress(TEXT.encode()), "a compressed file (gzip)"),
    "a document": (b"%PDF-1.7\n", "a PDF document"),
    "a workbook of 2003": (
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
        "a workbook in XML",
    ),
    "a program": (bytes(range(256)) * 4, "no text: it holds bytes of zero"),
    "noise": (b"\xff\xfa\xff\xfa" * 40, "an unknown encoding"),
    "a workbook": (b"PK\x03\x04", "a workbook file"),
}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_what_is_no_text_is_refused_in_a_sentence(stranger):
    content, found = STRANGERS[stranger]
    with pytest.raises(OpeningError) as refused:
        opening.text(content)
    assert found in refused.value.found
    assert str(refused.value) == f"this is {refused.value.found}; expected {refused.value.expected}"


def test_a_header_may_begin_with_a_bracket():
    """Exchanges name their columns so: `<DATE>`."""
    assert opening.text(b"<DATE>,<CLOSE>\n1,2\n").content == "<DATE>,<CLOSE>\n1,2\n"


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_the_first_sheet_is_read_whatever_the_file_is_called(suffix, tmp_path: Path):
    path = tmp_path / "a.xlsx"
    pd.DataFrame({"city": ["北京"], "jobs": [2.5]}).to_excel(path, index=False, sheet_name="就业")
    path = path.rename(tmp_path / f"b.{suffix}")
    sheet = opening.first_sheet(path)
    assert (sheet.name, sheet.rows) == ("就业", [["city", "jobs"], ["北京", 2.5]])
    assert opening.first_sheet(path.read_bytes()) == sheet
    assert [one.name for one in opening.sheets(path)] == ["就业"]
    with pytest.raises(OpeningError, match="a text file; expected a workbook"):
        opening.first_sheet(TEXT.encode())
    with pytest.raises(OpeningError, match=r"a workbook that cannot be read .*; expected a whole"):
        opening.first_sheet(path.read_bytes()[:500])


def test_bytes_of_zero_behind_a_mark_are_refused_with_their_line():
    with pytest.raises(opening.OpeningError, match="bytes of zero in line 2") as error:
        opening.text("\ufeffcity,year\nDali,\x002020\n".encode())
    assert error.value.line == 2
