"""Make the site's text face from Source Sans 3: ``make face``.

Needed after a new version of its package, or another range of characters.

The four styles that are made stay in the package: building a book takes none of these seconds, and
the cells that draw charts find the face without a build's help. A test makes them again and
compares.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from importlib.resources import files

from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._c_m_a_p import cmap_format_13
from fontTools.varLib.instancer import instantiateVariableFont

from livebook.fonts import FACE, MEASURED, THEME

SOURCE = files("fontpkg_source_sans_3")
# A fixed range, not the letters of one book: a page that is edited needs no other face, and the
# face stays in the reader's cache.
LATIN = """0020-007E 00A0-00FF 0131 0152-0153 0160-0161 0178 017D-017E 02C6 02DA 02DC
  2002-200B 2010-2015 2018-201E 2020-2022 2026 202F-2030 2032-2033 2039-203A 2044 2070-2079
  207A-207F 2080-2089 20AC 2122 2190-2193 2206 2211-2212 221A 221E 2248 2260 2264-2265"""
PINYIN = "0100-0101 0112-0113 011B 012B 014C-014D 016B 01CE 01D0 01D2 01D4 01D6 01D8 01DA 01DC"
EUROPE = """0104-0107 010C-0111 0118-011B 011E-011F 0130 0139-013E 0141-0144 0147-0148 0150-0151
  0154-0155 0158-015B 015E-0165 016E-0171 0179-017C 0218-021B"""
GREEK = "0391-03A1 03A3-03A9 03B1-03C9"
SHAPES = "25A0-25A1 25B2-25B3 25BC-25BD 25C6-25C7 25CB 25CF 2713 2717"
# At the same size its small letters are lower than those of Arial, for which sizes are chosen
# everywhere; drawn on a smaller em they are as high.
EM = 960
# A line of text is as high as in other faces; the letters with accents fit.
# Of the names that a font carries: whose it is, its licence, where that stands.
COPYRIGHT = (0, 13, 14)
ASCENT, DESCENT = round(0.95 * EM), round(-0.25 * EM)


def characters(*ranges: str) -> set[int]:
    """Return the code points of ranges in hexadecimal.

    Examples
    --------
    >>> sorted(map(chr, characters("0041-0043 03B2")))
    ['A', 'B', 'C', 'β']
    """
    points: set[int] = set()
    for part in " ".join(ranges).split():
        first, _, last = part.partition("-")
        points |= set(range(int(first, 16), int(last or first, 16) + 1))
    return points


def variable(style: str, wanted: Iterable[int]) -> TTFont:
    """Return the face with some of its characters, from regular to bold, upright or italic."""
    suffix = "-Italic" if style == "Italic" else ""
    with (SOURCE / "files" / f"SourceSans3{suffix}[wght].ttf").open("rb") as file:
        font = TTFont(io.BytesIO(file.read()))
    options = Options(
        layout_features=["kern"], hinting=False, notdef_outline=True, name_IDs=COPYRIGHT
    )
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    font = instantiateVariableFont(font, {"wght": (400, 700)})
    font["head"].unitsPerEm = EM
    for table, ascent, descent, gap in (
        (font["hhea"], "ascent", "descent", "lineGap"),
        (font["OS/2"], "sTypoAscender", "sTypoDescender", "sTypoLineGap"),
    ):
        setattr(table, ascent, ASCENT)
        setattr(table, descent, DESCENT)
        setattr(table, gap, 0)
    font["OS/2"].usWinAscent, font["OS/2"].usWinDescent = ASCENT, -DESCENT
    for tag in ("BASE", "gasp", "STAT"):
        del font[tag]
    return named(font, FACE, style)


def named(font: TTFont, family: str, style: str) -> TTFont:
    """Give a font its name; the licence reserves that of the face it is made from."""
    names = font["name"]
    names.names = [name for name in names.names if name.nameID in COPYRIGHT]
    texts = {1: family, 2: style, 4: f"{family} {style}", 6: f"{family}-{style}".replace(" ", "")}
    for identifier, text in texts.items():
        names.setName(text, identifier, 3, 1, 0x409)
    return font


def static(font: TTFont, weight: int) -> TTFont:
    """Return one weight of the face."""
    drawn = instantiateVariableFont(font, {"wght": weight})
    bold = weight == 700
    drawn["OS/2"].usWeightClass = weight
    drawn["OS/2"].fsSelection = 0x20 if bold else 0x40
    drawn["head"].macStyle = int(bold)
    return named(drawn, FACE, "Bold" if bold else "Regular")


def measured(font: TTFont, style: str) -> TTFont:
    """Let every character that the face does not hold be one em wide."""
    points = font.getBestCmap()
    font.setGlyphOrder([*font.getGlyphOrder(), "em"])
    # What has no outline is not measured.
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, EM), (EM, EM), (EM, 0)):
        pen.lineTo(corner)
    pen.closePath()
    font["glyf"]["em"] = pen.glyph()
    font["hmtx"]["em"] = (EM, 0)
    table = cmap_format_13(13)
    table.platformID, table.platEncID, table.language = 3, 10, 0
    table.format, table.reserved, table.length, table.nGroups = 13, 0, 0, 0
    table.cmap = {point: points.get(point, "em") for point in range(0x20, 0x110000)
                  if not 0xD800 <= point < 0xE000}  # fmt: skip
    font["cmap"] = newTable("cmap")
    font["cmap"].tableVersion = 0
    font["cmap"].tables = [table]
    return named(font, MEASURED, style)


def written(font: TTFont, flavor: str | None = None) -> bytes:
    """Return the bytes of a font, the same for the same font."""
    font.flavor = flavor
    font.recalcTimestamp = False
    content = io.BytesIO()
    font.save(content)
    return content.getvalue()


def face() -> dict[str, bytes]:
    """Return the files of the face, by their names in the theme."""
    upright = written(variable("Regular", characters(LATIN, PINYIN, EUROPE, GREEK, SHAPES)))
    italic = variable("Italic", characters(LATIN, PINYIN))
    made = {
        "static/lb-sans.woff2": written(TTFont(io.BytesIO(upright)), "woff2"),
        "static/lb-sans-italic.woff2": written(italic, "woff2"),
    }
    for style, weight in (("Regular", 400), ("Bold", 700)):
        drawn = written(static(TTFont(io.BytesIO(upright)), weight))
        made[f"fonts/lb-sans-{style.lower()}.ttf"] = drawn
        made[f"fonts/lb-sans-measured-{style.lower()}.ttf"] = written(
            measured(TTFont(io.BytesIO(drawn)), style)
        )
    return made


def licence() -> bytes:
    """Return the licence of the site's faces, with whose they are.

    The font of formulas, which `livebook.fonts` makes, is under the same.
    """
    first, _, terms = (SOURCE / "LICENSE").read_text("utf-8").partition("\n")
    with (files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf").open("rb") as file:
        formulas = TTFont(io.BytesIO(file.read()))["name"].getDebugName(0)
    owners = (
        f"{FACE}, made from Source Sans 3: {first}\nLB Math, made from STIX Two Math: {formulas}"
    )
    return f"{owners}\n{terms}".encode()


def main() -> None:
    """Write the face into the theme, with its licence."""
    for name, content in {**face(), "fonts/fonts-LICENSE.txt": licence()}.items():
        (THEME / name).write_bytes(content)
        print(f"{len(content):>7,} bytes  {name}")


if __name__ == "__main__":
    main()
