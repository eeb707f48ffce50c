"""The site's own face: what it holds, what it weighs, that no machine's fonts take its place."""

from __future__ import annotations

import io
import re
import subprocess
import sys

import face
import machines
import pytest
import vl_convert
from fontTools.ttLib import TTFont

from livebook import charts, fonts

STATIC = fonts.THEME / "static"
STYLES = {"upright": "lb-sans.woff2", "italic": "lb-sans-italic.woff2"}
TEXT = "’‘“”…–—−′″≤≥≈≠×÷±√∞·•→←↑↓%‰²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂½°§†©€£¥éüñøåßǎāǐōǔǚ\u00a0\u2009\u202f\u2011"
UPRIGHT_ALONE = "αβγδελμρσωΔΘΣΩ▲▼●○■□◆✓✗čłńşğ"


def test_the_face_is_made_from_the_locked_package():
    made = face.face() | {"fonts/fonts-LICENSE.txt": face.licence()}
    kept = {name: (fonts.THEME / name).read_bytes() for name in made}
    assert [name for name in made if made[name] != kept[name]] == [], "make face"
    there = {f"fonts/{path.name}" for path in (fonts.THEME / "fonts").iterdir()}
    assert there <= set(made)


def test_a_page_loads_at_most_sixty_kilobytes_of_type():
    assert sum((STATIC / name).stat().st_size for name in STYLES.values()) <= 60_000


@pytest.mark.parametrize("style", STYLES)
def test_each_style_holds_what_the_text_is_set_with(style):
    font = TTFont(STATIC / STYLES[style])
    held = font.getBestCmap()
    wanted = TEXT + "".join(map(chr, range(0x20, 0x7F)))
    if style == "upright":
        wanted += UPRIGHT_ALONE
    assert [character for character in wanted if ord(character) not in held] == []
    weight = font["fvar"].axes[0]
    assert (weight.axisTag, weight.minValue, weight.maxValue) == ("wght", 400, 700)
    # Digits stand under one another, in tables and on axes.
    digits = [font["hmtx"][held[ord(digit)]][0] for digit in "0123456789"]
    assert max(digits) - min(digits) <= 1


def test_the_licence_goes_with_the_face_and_keeps_its_names(built):
    published = built.files()
    licence = published["_static/fonts-LICENSE.txt"].decode()
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    for name in (*STYLES.values(), fonts.MATH_FONT):
        names = TTFont(io.BytesIO(published[f"_static/{name}"]))["name"]
        assert "SIL Open Font License" in names.getDebugName(13)
        owner = re.search(r"Adobe|STIX", names.getDebugName(0))[0]
        assert owner in licence
    # A changed font may not bear the name that the licence reserves.
    for name in STYLES.values():
        names = TTFont(STATIC / name)["name"]
        assert not any("Source" in names.getDebugName(number) for number in (1, 4, 6))


DRAW = """
import sys
from livebook import charts
import altair as alt, pandas as pd
names = ["Services’ share", "制造业 “two”", "β ≤ 2 …", "☃ 😀 \\ue000\\ue001\\ue002"]
rows = pd.DataFrame({"name": names, "x": [1, 2, 3, 4]})
bars = alt.Chart(rows).encode(y=alt.Y("name:N", title="Name 名称"), x="x:Q")
drawing = (bars.mark_bar() + bars.mark_text(align="left", fontWeight="bold").encode(text="name:N"))
sys.stdout.buffer.write(charts.draw(drawing.properties(title="不").to_dict(), 680).encode())
"""


def drawn(environment=None):
    return subprocess.run(
        [sys.executable, "-c", DRAW], env=environment, capture_output=True, check=True
    ).stdout


HOSTILE = ("LB Sans Measured Too", "Arial", "Liberation Sans", "Noto Sans CJK SC", "Segoe UI Emoji")


def test_no_font_of_the_machine_moves_a_drawing(tmp_path):
    here = drawn()
    assert b"<svg" in here
    assert drawn(machines.environment(tmp_path / "wide", *HOSTILE, narrow=1900, wide=1990)) == here
    assert drawn(machines.environment(tmp_path / "none")) == here


def test_a_chart_in_another_font_is_refused():
    spec = {
        "data": {"values": [{"a": 1}]}, "encoding": {"text": {"value": "x"}},
        "mark": {"type": "text", "font": "Courier"},
    }  # fmt: skip
    with pytest.raises(charts.ChartError, match=r"'Courier'.*leave out font="):
        charts.draw(spec, 100)


def test_a_book_is_the_same_on_a_machine_with_other_fonts(built, tmp_path):
    environment = machines.environment(tmp_path / "machine", *HOSTILE, narrow=1900, wide=1990)
    environment |= {"LANG": "C", "LC_ALL": "C", "TZ": "Asia/Shanghai"}
    other = built.copy(tmp_path / "book")
    done = subprocess.run(
        [sys.executable, "-m", "livebook", "build", str(other.root)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert other.differing(built.files()) == []


WORDS = [
    "Transport equipment",
    "information_transmission_software",
    "Hebei’s 1,234.5\u202f%",
    "AVATAR To",
]


SHOWN = """async ([word, weight]) => {
  await document.fonts.load(`${weight} 100px "LB Sans"`);
  const context = document.createElement("canvas").getContext("2d");
  context.font = `${weight} 100px "LB Sans"`;
  return context.measureText(word).width;
}"""


def measured(word, weight):
    """Return how wide a drawing's program takes a word to be."""
    fonts.register()
    look = {"text": word, "fontSize": 100, "font": fonts.MEASURED, "fontWeight": weight}
    encoded = {"enter": {channel: {"value": value} for channel, value in look.items()}}
    drawing = {"marks": [{"type": "text", "encode": encoded}], "width": 1, "height": 1}
    svg = vl_convert.vega_to_svg({**drawing, "autosize": "pad"})
    return float(re.search(r'width="([\d.]+)"', svg)[1])


def test_the_browser_sets_words_as_wide_as_they_were_measured(built, browser):
    page = browser.new_page()
    page.goto((built.site / "index.html").as_uri())
    for weight in ("normal", "bold"):
        for word in WORDS:
            shown = page.evaluate(SHOWN, [word, weight])
            assert shown == pytest.approx(measured(word, weight), rel=0.01), (word, weight)
            unkerned = fonts.width(word, 100, bold=weight == "bold")
            assert unkerned == pytest.approx(shown, rel=0.06)
    page.close()


MARKS = "’“”…×−–"
WIDTHS = """([selector, marks, family]) => {
  const place = document.querySelector(selector);
  const text = place.cloneNode(false);
  text.style = "position: absolute; white-space: nowrap; padding: 0";
  text.style.textRendering = "geometricPrecision";
  if (family) text.style.fontFamily = family;
  place.after(text);
  const ems = [...marks].map((mark) => {
    text.textContent = mark.repeat(100);
    return text.getBoundingClientRect().width / 100 / parseFloat(getComputedStyle(text).fontSize);
  });
  text.remove();
  return ems;
}"""


def test_marks_are_narrow_where_the_only_font_is_chinese(built, browser):
    page = browser.new_page()
    page.goto((built.site / "pages" / "rain.html").as_uri())
    page.evaluate("document.fonts.ready")
    for selector in ("article p", "h1", "figcaption", "pre"):
        widths = page.evaluate(WIDTHS, [selector, MARKS, None])
        assert widths[0] < 0.5, (selector, widths)
        own = [fonts.width(mark, 1, bold=selector == "h1") for mark in MARKS]
        assert widths == pytest.approx(own, abs=0.05), selector
    # The machine has no other font: without the face they are an em wide.
    assert min(page.evaluate(WIDTHS, ["article p", MARKS, "sans-serif"])) == pytest.approx(1)
    page.close()


def test_a_chart_looks_the_same_on_every_machine(built, start_browser, tmp_path):
    """As drawn, as it answers, and as the picture that the browser makes of it."""
    seen = []
    for machine in (None, machines.environment(tmp_path, *HOSTILE, narrow=1900, wide=1990)):
        chromium = start_browser(env=machine)
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.goto((built.site / "pages" / "rain.html").as_uri())
        page.evaluate("document.fonts.ready")
        figure = page.locator("figure.lb-chart")
        shots = [figure.locator(".lb-chart-canvas").screenshot()]
        with page.expect_download() as download:
            figure.locator("[data-action=png]").click()
        download.value.save_as(tmp_path / "rain.png")
        shots.append((tmp_path / "rain.png").read_bytes())
        figure.locator("[data-action=interact]").click()
        live = figure.locator(".lb-chart-live svg")
        live.wait_for()
        width, size = live.locator("text", has_text="month").evaluate(
            "text => [text.getComputedTextLength(), parseFloat(getComputedStyle(text).fontSize)]"
        )
        assert width == pytest.approx(fonts.width("month", size), rel=0.01)
        shots.append(live.screenshot())
        file = built.site / "_charts" / "rain.svg"
        page.goto(file.as_uri())
        shots.append(page.screenshot())
        seen.append(shots)
        chromium.close()
    assert [one == other for one, other in zip(*seen, strict=True)] == [True] * 4
