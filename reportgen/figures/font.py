"""Font files, the report's and the machine's, and which of them has a character."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.ft2font import FaceFlags, FT2Font, StyleFlags

from reportgen.errors import RenderError
from reportgen.figures.script import is_east_asian, is_invisible, is_mark, name_scripts

_REGULAR = 400
_LAST_RESORT = "LastResort"
"""Fonts of this name have a box for every character there is."""


def report_fonts(*, bold: bool = False) -> tuple[str, str]:
    """The files of STIXGeneral and, for what it lacks, of DejaVu Sans; both come with matplotlib."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    main, fallback = (
        ("STIXGeneralBol.ttf", "DejaVuSans-Bold.ttf") if bold else ("STIXGeneral.ttf", "DejaVuSans.ttf")
    )
    return str(folder / main), str(folder / fallback)


def machine_fonts() -> tuple[str, ...]:
    """Every TrueType and OpenType file of the machine, by file name.

    The list is a fresh one: matplotlib's own is kept on disk and does not know a font installed since.
    """
    from matplotlib import font_manager

    return tuple(sorted(font_manager.findSystemFonts(), key=lambda file: (Path(file).name, file)))


def choose_fonts(text: str, *, bold: bool = False) -> Mapping[str, str]:
    """The file for each visible character: the report's own where they have it, else one of the machine's.

    Raises ``RenderError`` if no font has one of them.
    """
    own = report_fonts(bold=bold)
    chosen = {
        letter: file
        for file in reversed(own)
        for letter in text
        if ord(letter) in _coverage(file) and not is_invisible(letter)
    }
    missing = frozenset(letter for letter in text if letter not in chosen and not is_invisible(letter))
    if missing:
        found = _search(missing, machine_fonts())
        lacking = sorted(missing - found.keys())
        if lacking:
            raise _missing(text, lacking)
        chosen |= found
    return chosen


def divide_by_font(text: str, *, bold: bool = False) -> list[tuple[str, str]]:
    """Cut a line where the font changes: each file with its letters, in the order of the text.

    Marks and joiners stay with the letter before them if its font has them, or needs none for them.
    Raises ``RenderError`` as ``choose_fonts`` does.
    """
    fonts = choose_fonts(text, bold=bold)
    pieces: list[tuple[str, str]] = []
    for letter in text:
        last = pieces[-1][0] if pieces else report_fonts(bold=bold)[0]
        stays = is_invisible(letter) or (is_mark(letter) and ord(letter) in _coverage(last))
        file = last if stays else fonts[letter]
        if pieces and file == last:
            pieces[-1] = (file, pieces[-1][1] + letter)
        else:
            pieces.append((file, letter))
    return pieces


def choose_single_font(text: str, *, bold: bool = False) -> str | None:
    """The first file that has all visible characters, or None; for pieces that must not be divided."""
    letters = frozenset(letter for letter in text if not is_invisible(letter))
    for file in report_fonts(bold=bold):
        if {*map(ord, letters)} <= _coverage(file):
            return file
    found = _search(letters, machine_fonts())
    files = set(found.values())
    return files.pop() if len(files) == 1 and len(found) == len(letters) else None


@cache
def _coverage(file: str) -> frozenset[int]:
    return frozenset(FT2Font(file).get_charmap())


@cache
def _search(letters: frozenset[str], files: Sequence[str]) -> Mapping[str, str]:
    """Take the font with the most of the letters, then that with the most of the others, and so on.

    Of equal ones a regular upright face comes first, and then the one whose file is listed first.
    """
    found: dict[str, str] = {}
    rest = letters
    while rest:
        counts = ((_count(file, rest), file) for file in files)
        (count, _), best = max(counts, key=lambda pair: pair[0], default=((0, False), ""))
        if not count:
            break
        font = FT2Font(best)
        taken = frozenset(letter for letter in rest if font.get_char_index(ord(letter)))
        found |= dict.fromkeys(taken, best)
        rest -= taken
    return found


def _count(file: str, letters: frozenset[str]) -> tuple[int, bool]:
    """How many of the letters a file has, none if it cannot be used, and whether it is a regular face."""
    try:
        font = FT2Font(file)
    except (OSError, RuntimeError):
        return 0, False
    if FaceFlags.SCALABLE not in font.face_flags or font.family_name.replace(" ", "").lstrip(".").startswith(
        _LAST_RESORT
    ):
        return 0, False
    found = sum(font.get_char_index(ord(letter)) > 0 for letter in letters)
    return found, bool(found) and _is_regular(font)


def _is_regular(font: FT2Font) -> bool:
    weights = font.get_sfnt_table("OS/2")
    return font.style_flags == StyleFlags.NORMAL and (weights is None or weights["usWeightClass"] == _REGULAR)


def _missing(text: str, lacking: Sequence[str]) -> RenderError:
    scripts = name_scripts(lacking)
    source = (
        "for Chinese, Japanese and Korean on Debian or Ubuntu: sudo apt install fonts-noto-cjk"
        if is_east_asian(lacking)
        else "on Debian or Ubuntu: sudo apt install fonts-noto-core"
    )
    return RenderError(
        f"The figures cannot show “{text}”: no font of the report or of this machine has "
        f"{' '.join(map(_shown, lacking))} ({scripts}).",
        f"Install a font for {scripts} ({source}), or write the name in other letters.",
    )


def _shown(letter: str) -> str:
    return letter if letter.isprintable() and not is_mark(letter) else f"U+{ord(letter):04X}"
