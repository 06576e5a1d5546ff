"""One palette and one typeface for all pages: stated once, legible by day, by night and in grey print."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
import tinycss2  # type: ignore[import-untyped]
from PIL import ImageColor

from reportgen.templates import templates_folder

WATCH = Path(str(files("reportgen.watch")))
PALETTE = templates_folder() / "palette.css"
SHEETS = [path for path in (*templates_folder().rglob("*.css"), WATCH / "page.css") if path != PALETTE]
PAGES = [
    *templates_folder().rglob("*.j2"),
    *templates_folder().glob("*.js"),
    WATCH / "page.html",
    WATCH / "page.js",
]

WORDS = ("ink", "quiet", "accent", "good", "bad", "unknown")
GROUNDS = ("paper", "faint")
MARKED_WORDS = ("ink", "quiet", "accent", "bad")
VERDICTS = ("good", "bad", "unknown")
OF_PICTURES = {"plate", "lightest", "darkest", "veil", "shadow", "link-mark", "grid-line"}
"""The same by day and by night; their comment says so."""

FUNCTIONS = {"rgb", "rgba", "hsl", "hsla", "hwb", "lab", "lch", "oklab", "oklch", "color", "color-mix"}
HEX = re.compile(r"(?<![&\w])#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})\b", re.IGNORECASE)
SIZE = re.compile(r"inherit|var\(--size-[a-z]+\)|[\d.]+em")
TYPEFACE = re.compile(r"inherit|var\(--typeface(-code)?\)|Report")


def declarations(css: str) -> Iterator[tuple[str, str, list[tinycss2.ast.Node]]]:
    """Each declaration of a style sheet, however deep it is nested: what it is in, its name and its value."""

    def within(location: str, content: list[tinycss2.ast.Node]) -> Iterator[tuple[str, str, list[object]]]:
        for node in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
            assert node.type != "error", (location, node.message)
            if node.type == "declaration":
                yield location, node.name, node.value
            elif node.content is not None:
                name = f"@{node.at_keyword}" if node.type == "at-rule" else ""
                yield from within(
                    f"{location} {name}{tinycss2.serialize(node.prelude)}".strip(), node.content
                )

    yield from within("", tinycss2.parse_component_value_list(css, skip_comments=True))


def literals(nodes: list[tinycss2.ast.Node]) -> Iterator[str]:
    """The colours that are named, given in hexadecimal or computed in a value."""
    for node in nodes:
        if node.type == "hash" or (node.type == "ident" and node.lower_value in ImageColor.colormap):
            yield node.serialize()
        elif node.type == "function":
            if node.lower_name in FUNCTIONS:
                yield node.serialize()
            yield from literals(node.arguments)
        elif node.type.endswith("block"):
            yield from literals(node.content)


def of_palette(where: str) -> dict[str, str]:
    return {
        name[2:]: tinycss2.serialize(value).strip()
        for location, name, value in declarations(PALETTE.read_text(encoding="utf-8"))
        if name.startswith("--") and location == where
    }


PAPER, SCREEN = of_palette(":root"), of_palette("@media screen :root")
PAIRS = of_palette("@media screen @supports (color: light-dark(red, red)) :root")


def colours(scheme: str) -> dict[str, tuple[float, float, float]]:
    """The red, green and blue of each opaque colour, from 0 to 1."""
    given = dict(PAPER)
    if scheme != "paper":
        for name, pair in PAIRS.items():
            both = re.fullmatch(r"light-dark\((#\w+), (#\w+)\)", pair)
            assert both, pair
            given[name] = both[1 if scheme == "light" else 2]
    digits = {name: value[1:] for name, value in given.items() if re.fullmatch("#[0-9a-f]{6}", value)}
    return {
        name: (int(hexes[:2], 16) / 255, int(hexes[2:4], 16) / 255, int(hexes[4:], 16) / 255)
        for name, hexes in digits.items()
    }


def luminance(colour: tuple[float, float, float]) -> float:
    """Relative luminance after WCAG 2.2."""
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """Contrast ratio after WCAG 2.2, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lightness(colour: tuple[float, float, float]) -> float:
    """CIE 1976 L*, from 0 to 100, of colours that are not nearly black."""
    return float(116 * luminance(colour) ** (1 / 3) - 16)


def test_the_formulas_are_those_of_the_standard() -> None:
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    # The grey that is often named as the lightest legible one on white.
    assert contrast((0x76 / 255,) * 3, (1, 1, 1)) == pytest.approx(4.54, abs=0.005)
    assert lightness((1, 1, 1)) == pytest.approx(100)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_no_other_style_sheet_has_a_colour_of_its_own(sheet: Path) -> None:
    found = {
        f"{location} {{ {name}: {literal} }}"
        for location, name, value in declarations(sheet.read_text(encoding="utf-8"))
        for literal in literals(value)
    }
    assert found == set()


def test_the_search_for_colours_finds_them() -> None:
    css = "@media print { p { color: red } } a { b { background: f(#fff, var(--x, hsl(1 2% 3%))) } }"
    found = [literal for _, _, value in declarations(css) for literal in literals(value)]
    assert found == ["red", "#fff", "hsl(1 2% 3%)"]
    assert HEX.findall("#fff &#8211; #sources a#abcd #12345678") == ["#fff", "#12345678"]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_template_or_script_has_a_colour_of_its_own(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert HEX.findall(text) == []
    assert re.findall(r"\b(?:rgba?|hsla?|okl\w+|color-mix)\(", text) == []
    assert re.findall(r"<\w[^>]*\s(?:style|fill|stroke|color|bgcolor)=", text) == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_typefaces_and_sizes_are_those_of_the_palette(sheet: Path) -> None:
    for location, name, value in declarations(sheet.read_text(encoding="utf-8")):
        said = tinycss2.serialize(value).strip()
        match name:
            case "font":
                assert said == "inherit", location
            case "font-family":
                assert TYPEFACE.fullmatch(said), (location, said)
            case "font-size":
                assert SIZE.fullmatch(said), (location, said)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_property_that_is_used_is_defined(sheet: Path) -> None:
    css = sheet.read_text(encoding="utf-8")
    # Those of the layout are the sheet's own; widths of pictures come with these.
    own = {name[2:] for _, name, _ in declarations(css) if name.startswith("--")}
    # Those of a picture, or of the cells of its sheet, come with it.
    own |= {"mm", "at", "columns", "ratio", "pitch", "share"}
    # The explorer sets those of its layer.
    own |= {"rows", "cols"}
    used = set(re.findall(r"var\(--([\w-]+)", css))
    assert used
    assert used - own <= set(PAPER)
    # A theme has its own sizes on paper, and nothing else of its own.
    themed = sheet.parent.parent.name == "themes"
    assert all(themed and name.startswith("size-") for name in own & set(PAPER)), "overridden"


def test_light_is_what_is_printed_and_every_colour_has_its_dark_one() -> None:
    named = {name for name, value in PAPER.items() if value.startswith(("#", "rgb"))}
    assert named - OF_PICTURES == set(PAIRS)
    assert colours("light") == colours("paper")
    sizes = {name for name in PAPER if name.startswith("size-")}
    assert sizes == set(SCREEN)


@pytest.mark.parametrize("scheme", ["paper", "light", "dark"])
def test_words_are_legible(scheme: str) -> None:
    have = colours(scheme)
    pairs = [*itertools.product(WORDS, GROUNDS), *((word, "mark") for word in MARKED_WORDS)]
    poor = {pair: ratio for pair in pairs if (ratio := contrast(have[pair[0]], have[pair[1]])) < 4.5}
    assert poor == {}
    # What is no word but has to be seen: 3:1.
    assert contrast(have["column-fill"], have["paper"]) >= 3


@pytest.mark.parametrize("scheme", ["paper", "light", "dark"])
def test_verdicts_and_columns_differ_in_grey(scheme: str) -> None:
    shades = {name: lightness(colour) for name, colour in colours(scheme).items()}
    for one, other in [*itertools.combinations(VERDICTS, 2), ("column-fill", "accent")]:
        assert abs(shades[one] - shades[other]) >= 8, (one, other)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_words_and_grounds_are_no_others_than_those_compared(sheet: Path) -> None:
    for location, name, value in declarations(sheet.read_text(encoding="utf-8")):
        said = tinycss2.serialize(value).strip()
        if name == "color":
            assert said in {"inherit", "transparent", *(f"var(--{word})" for word in WORDS)}, location
        if name in ("background", "background-color"):
            # A stripe of --accent and the grey scale beside a gradient have no words in them.
            wordless = {"none", "var(--plate)", "var(--veil)", "var(--accent)"}
            scale = said.startswith("linear-gradient(")
            assert scale or said in wordless | {f"var(--{ground})" for ground in (*GROUNDS, "mark")}, location


def test_every_page_begins_with_the_palette() -> None:
    styled = 0
    for page in (*templates_folder().glob("*.html.j2"), WATCH / "page.html"):
        sheets = re.findall(r"[\w.]+\.css", page.read_text(encoding="utf-8"))
        assert sheets[:1] in ([], ["palette.css"]), page
        assert len(sheets) != 1, page
        styled += bool(sheets)
    assert styled == 6
