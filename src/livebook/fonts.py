"""The site's faces: its text face, with which drawings are measured, and its font of formulas.

Every letter of pages, drawings, slides and print comes from LB Sans, which the site carries, so
that a page looks the same on every machine. ``tools/face.py`` makes it from Source Sans 3.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterable
from functools import cache
from html import unescape
from pathlib import Path

from .datapackage import digest
from .files import write_atomically

FACE = "LB Sans"
# The same letters, and an em for every character that the face does not hold: a Chinese one is an
# em wide in every font, and what a machine has installed must not move a drawing.
MEASURED = "LB Sans Measured"
# For what the face does not hold, and for a notebook, which has no face. Latin before Chinese:
# Chinese fonts draw ’ “ ” … an em wide.
FALLBACKS = (
    "Arial, Helvetica, Liberation Sans, PingFang SC, Hiragino Sans GB, Microsoft YaHei, "
    "Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, WenQuanYi Micro Hei, sans-serif"
)
FAMILIES = f"{FACE}, {FALLBACKS}"
THEME = Path(__file__).parent / "theme"
UPRIGHT = THEME / "static" / "lb-sans.woff2"
LICENCE = THEME / "fonts" / "fonts-LICENSE.txt"
MATH_FONT = "lb-math.woff2"
# For the pictures that a browser makes: a script, because fetch() is refused on file://.
FACE_SCRIPT = "lb-sans.js"


@cache
def register() -> None:
    """Give the face to vl-convert, which measures and paints drawings with it."""
    import vl_convert

    vl_convert.register_font_directory(str(THEME / "fonts"))


@cache
def _advances(weight: str) -> dict[int, float]:
    from fontTools.ttLib import TTFont

    font = TTFont(THEME / "fonts" / f"lb-sans-{weight}.ttf")
    em, widths = font["head"].unitsPerEm, font["hmtx"]
    return {point: widths[glyph][0] / em for point, glyph in font.getBestCmap().items()}


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a line of text is in the face, in the unit of its size, without kerning.

    Examples
    --------
    >>> width("制造业", 12)
    36.0
    >>> width("’", 1) < 0.5
    True
    """
    advances = _advances("bold" if bold else "regular")
    return size * sum(advances.get(ord(character), 1.0) for character in text)


def wrapped(text: str, size: float, limit: float, *, bold: bool = False) -> list[str]:
    """Return a text in lines no wider than `limit`, broken at spaces and beside Chinese characters.

    A word that is wider than a line stands on a line of its own.

    Examples
    --------
    >>> wrapped("one two three", 10, 45)
    ['one two', 'three']
    """
    lines, line = [], ""
    for word in re.split(r"(?<= )|(?=[\u3000-\u9fff])", text):
        if line and width((line + word).rstrip(), size, bold=bold) > limit:
            lines.append(line.rstrip())
            line = ""
        line += word
    return [*lines, line.rstrip()] if line.strip() else lines


def data_address(font: Path) -> str:
    """Return a font as an address that holds it."""
    return f"data:font/woff2;base64,{base64.b64encode(font.read_bytes()).decode()}"


@cache
def face_rule() -> str:
    """Return the style that gives the face to a drawing that stands alone."""
    return (
        f'@font-face{{font-family:"{FACE}";font-weight:400 700;src:url("{data_address(UPRIGHT)}")}}'
    )


def with_fonts_inside(style: str, folder: Path) -> str:
    """Return a style sheet with the fonts of its folder inside."""
    return re.sub(
        r'url\("([\w-]+\.woff2)"\)',
        lambda found: (
            f'url("{data_address(folder / found[1])}")'
            if (folder / found[1]).is_file()
            else found[0]
        ),
        style,
    )


def write_fonts(site: Path, store: Path) -> None:
    """Complete the fonts of a site: the licence, the font of formulas, the face as a script.

    Parameters
    ----------
    site : Path
        The folder of the site, whose pages are written.
    store : Path
        Where the font of formulas is kept for the next build.
    """
    static = site / "_static"
    pages = "\n".join(path.read_text("utf-8") for path in sorted(site.rglob("*.html")))
    write_atomically(static / LICENCE.name, LICENCE.read_bytes())
    if 'class="lb-chart"' in pages:
        script = f"livebook.face({json.dumps(face_rule())});\n"
        write_atomically(static / FACE_SCRIPT, script.encode())
    formulas = "".join(re.findall(r"<math.*?</math>", pages, re.DOTALL))
    if formulas:
        characters = set(unescape(re.sub(r"<[^>]*>", "", formulas)))
        write_atomically(static / MATH_FONT, _math_font(characters, store))


def _math_font(characters: set[str], store: Path) -> bytes:
    """Return STIX Two Math with the characters that formulas use.

    Without a font of formulas brackets and roots do not stretch; the whole of it weighs ten times
    more.
    """
    key = digest("".join(sorted(characters)).encode())[:16]
    cached = store / f"formulas-{key}.woff2"
    if not cached.is_file():
        import ziamath
        from fontTools.subset import Options, Subsetter, load_font, save_font

        options = Options(
            flavor="woff2", layout_features=["*"], notdef_outline=True,
            name_IDs=[0, 1, 2, 4, 6, 13, 14],  # with whose it is, and its licence
        )  # fmt: skip
        source = Path(ziamath.__file__).parent / "fonts" / "STIXTwoMath-Regular.ttf"
        font = load_font(str(source), options)
        # Italic letters of the mathematical block stand for plain ones in <mi>.
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=_with_italics(characters))
        subsetter.subset(font)
        content = io.BytesIO()
        save_font(font, content, options)
        write_atomically(cached, content.getvalue())
    return cached.read_bytes()


def _with_italics(characters: Iterable[str]) -> set[int]:
    points = set(map(ord, characters))
    for character in characters:
        if "a" <= character <= "z":
            points.add(0x210E if character == "h" else 0x1D44E + ord(character) - ord("a"))
        elif "A" <= character <= "Z":
            points.add(0x1D434 + ord(character) - ord("A"))
        elif "α" <= character <= "ω":
            points.add(0x1D6FC + ord(character) - ord("α"))
    return points | set(map(ord, "()[]{}|‖√"))
