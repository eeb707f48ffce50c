"""Other machines than this one, as far as their fonts go.

Browsers and vl-convert see the fonts of the folders that the file in ``FONTCONFIG_FILE`` names, and
no others. To take all fonts away from a whole command, hide them, as root::

    unshare --mount sh -c 'mount -t tmpfs none /usr/share/fonts && exec make book'

Chromium ends at once where it finds no font at all.
"""

from __future__ import annotations

import os
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}</dir><cachedir>{folder}/cache</cachedir>
<match target="font"><edit name="hintstyle"><const>hintslight</const></edit></match></fontconfig>
"""
EM = 1000
# The last are for private use: no font that is installed here holds them, and would hide these.
# A Chinese font: Latin letters are half an em wide; what stands between words is a whole one.
NARROW = range(0x20, 0x7F)
WIDE = [*range(0xA0, 0x180), *range(0x391, 0x3CA), *range(0x2010, 0x2027), *range(0x2030, 0x2034),
        *range(0x2070, 0x2090), *range(0x2190, 0x2194), *range(0x2200, 0x2266),
        *range(0x25A0, 0x25D0), *range(0x3000, 0x3040), *range(0x4E00, 0xA000),
        *range(0xE000, 0xE010)]  # fmt: skip


def write_font(file: Path, family: str, narrow: int, wide: int) -> None:
    """Write a font whose letters are boxes of two widths."""
    builder = FontBuilder(EM, isTTF=True)
    widths = {".notdef": wide, "narrow": narrow, "wide": wide}
    glyphs = {}
    for name, width in widths.items():
        pen = TTGlyphPen(None)
        pen.moveTo((20, 0))
        for corner in ((20, 700), (width - 20, 700), (width - 20, 0)):
            pen.lineTo(corner)
        pen.closePath()
        glyphs[name] = pen.glyph()
    builder.setupGlyphOrder(list(widths))
    builder.setupCharacterMap(dict.fromkeys(NARROW, "narrow") | dict.fromkeys(WIDE, "wide"))
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics({name: (width, 20) for name, width in widths.items()})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    # vl-convert passes over a font without the last.
    names = {"familyName": family, "styleName": "Regular", "psName": family.replace(" ", "")}
    builder.setupNameTable(names)
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=880, usWinDescent=120)
    builder.setupPost()
    builder.save(file)


def environment(
    folder: Path, *families: str, narrow: int = 500, wide: int = 1000
) -> dict[str, str]:
    """Return the environment of a machine whose only fonts are some Chinese ones.

    Parameters
    ----------
    folder : Path
        Where its fonts are written.
    *families : str
        The names of its fonts; without any, the machine has none.
    narrow, wide : int
        The widths of their Latin letters and of all others, in thousandths of an em.
    """
    fonts = folder / "fonts"
    fonts.mkdir(parents=True)
    for number, family in enumerate(families):
        write_font(fonts / f"{number}.ttf", family, narrow, wide)
    settings = folder / "fonts.conf"
    settings.write_text(FONTS.format(folder=fonts), "utf-8")
    return {**os.environ, "FONTCONFIG_FILE": str(settings)}
