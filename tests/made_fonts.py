"""Fonts made here, of which everything is known; and those of Debian's packages, if they can be had."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import matplotlib
from equipment import missing
from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.ttCollection import TTCollection

MATPLOTLIB = Path(matplotlib.get_data_path()) / "fonts" / "ttf"

PACKAGES = {"fonts-noto-core": "noto", "fonts-droid-fallback": "droid-fallback"}
"""Debian's packages with fonts for the scripts that the tests ask for."""

JOINING = """
languagesystem DFLT dflt;
languagesystem arab dflt;
feature init { sub beh by beh.init; sub meem by meem.init; } init;
feature medi { sub beh by beh.medi; sub meem by meem.medi; } medi;
feature fina { sub beh by beh.fina; sub meem by meem.fina; } fina;
feature rlig { sub beh.init meem.fina by beh_meem; } rlig;
"""


def make_font(
    path: Path, characters: str, *, family: str = "Squares", weight: int = 400, rights: int = 0
) -> str:
    """Write a font whose every letter is a black square, an em wide and high, on the line."""
    glyphs = {f"u{ord(c):04X}": 1000 for c in characters}
    builder = _build(glyphs, {ord(c): f"u{ord(c):04X}" for c in characters}, family, weight, rights)
    path.parent.mkdir(parents=True, exist_ok=True)
    builder.save(path)
    return str(path)


def make_joining_font(path: Path, **options: int) -> str:
    """Write a font with two Arabic letters in four forms and a ligature, each a square as wide as its own
    number of units, so that it can be told from all others.
    """
    forms = [f"{letter}{form}" for letter in ("beh", "meem") for form in ("", ".init", ".medi", ".fina")]
    glyphs = {name: 300 + 50 * n for n, name in enumerate([*forms, "beh_meem", "space"])}
    builder = _build(glyphs, {0x628: "beh", 0x645: "meem", 0x20: "space"}, "Joining", 400, **options)
    addOpenTypeFeaturesFromString(builder.font, JOINING)
    path.parent.mkdir(parents=True, exist_ok=True)
    builder.save(path)
    return str(path)


def _build(
    glyphs: dict[str, int], characters: dict[int, str], family: str, weight: int, rights: int = 0
) -> FontBuilder:
    widths = {".notdef": 1000, **glyphs}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(list(widths))
    builder.setupCharacterMap(characters)
    builder.setupGlyf({name: _rectangle(width) for name, width in widths.items()})
    builder.setupHorizontalMetrics({name: (width, 0) for name, width in widths.items()})
    builder.setupHorizontalHeader(ascent=1000, descent=-200)
    style = "Bold" if weight > 500 else "Regular"
    names = {"familyName": family, "styleName": style, "fullName": f"{family} {style}"}
    builder.setupNameTable(names)
    builder.setupOS2(usWeightClass=weight, fsSelection=0x20 if weight > 500 else 0x40, fsType=rights)
    builder.setupPost()
    builder.font["head"].macStyle = int(weight > 500)
    return builder


def _rectangle(width: int) -> object:
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 1000), (width, 1000), (width, 0)):
        pen.lineTo(corner)
    pen.closePath()
    return pen.glyph()


def collect(path: Path, files: Iterable[str]) -> str:
    """Write several fonts into one collection."""
    collection = TTCollection()
    collection.fonts = [TTFont(io.BytesIO(Path(file).read_bytes())) for file in files]
    collection.save(path)
    return str(path)


def debian_fonts(folder: Path) -> Path:
    """A folder with the fonts of :data:`PACKAGES`, taken from Debian's archive without installing them.

    The test is skipped, with its reason, where there is no apt or no network. They are kept in the user's
    cache from one run to the next.
    """
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reportgen-tests" / "fonts"
    if not kept.is_dir():
        unpacked = folder / "unpacked"
        _download(folder, unpacked)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(unpacked, kept)
    return kept


def _download(folder: Path, unpacked: Path) -> None:
    tools = [tool for tool in ("apt-get", "dpkg-deb") if shutil.which(tool) is None]
    if tools:
        missing(f"Debian's fonts cannot be had: there is no {tools[0]} here")
    for package in PACKAGES:
        done = subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            missing(f"Debian's fonts cannot be had: apt-get download {package}: {done.stderr.strip()[:200]}")
    for file in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", file, unpacked], check=True)
