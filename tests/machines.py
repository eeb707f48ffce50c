"""Other machines than this one, as far as their fonts go.

Programs that ask fontconfig, as browsers do, see the fonts of the folders that the file in
``FONTCONFIG_FILE`` names, and no others. vl-convert reads the system's own file whatever that
variable says, and then the one in the home folder: there fonts can be added only. To take all
fonts away, hide them from a whole command, as root::

    unshare --mount sh -c 'mount -t tmpfs none /usr/share/fonts && exec make test'

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
# A Chinese font: Latin letters are half an em wide; what stands between words is a whole one.
NARROW = range(0x20, 0x7F)
WIDE = [*range(0xA0, 0x180), *range(0x391, 0x3CA), *range(0x2010, 0x2027), *range(0x2030, 0x2034),
        *range(0x2070, 0x2090), *range(0x2190, 0x2194), *range(0x2200, 0x2266),
        *range(0x25A0, 0x25D0), *range(0x3000, 0x3040), *range(0x4E00, 0xA000)]  # fmt: skip


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
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
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
        Where its fonts and its home are written.
    *families : str
        The names of its fonts; without any, the machine has none.
    narrow, wide : int
        The widths of their Latin letters and of all others, in thousandths of an em.
    """
    home = folder / "home"
    settings = home / ".config" / "fontconfig" / "fonts.conf"
    settings.parent.mkdir(parents=True)
    fonts = folder / "fonts"
    fonts.mkdir()
    for number, family in enumerate(families):
        write_font(fonts / f"{number}.ttf", family, narrow, wide)
    settings.write_text(FONTS.format(folder=fonts), "utf-8")
    return {**os.environ, "HOME": str(home), "FONTCONFIG_FILE": str(settings)}
