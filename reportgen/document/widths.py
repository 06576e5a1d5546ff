"""How wide pictures are on a page: the classes that say so, and the style sheet's rules for them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from reportgen.figures.figure import TEXT_WIDTH_MM, Figure, Picture, Sheet


def width_class(picture: Picture) -> str:
    """The class of a picture on its own, by its width in millimetres, of the column at most."""
    # Whole millimetres, so that many pictures share a rule.
    return f"mm{min(round(picture.print_width), TEXT_WIDTH_MM)}"


_GUTTER_MM = 1.13
"""The space between two pictures of a sheet."""


def cell_class(sheet: Sheet) -> str:
    """The class of a sheet, by its columns and the size of its cells in tenths of a millimetre."""
    across, down = (round(10 * length) for length in sheet.cell)
    return f"by{sheet.columns}-{across}-{down}"


def width_rules(album: Mapping[str, Figure]) -> str:
    """A picture is printed at the width for which its lettering was drawn, as far as the page allows.

    Those of a sheet are in cells of one size. ``--mm`` is the width for a screen, which enlarges it.
    """
    names = sorted({width_class(figure.picture) for figure in album.values()})
    rules = [f".{name}{{width:{name[2:]}mm;--mm:{name[2:]}}}" for name in names]
    sheets = {cell_class(figure.sheet): figure.sheet for figure in album.values() if figure.sheet}
    for name, sheet in sorted(sheets.items()):
        across, down = (round(length, 1) for length in sheet.cell)
        pitch = across + _GUTTER_MM
        whole = sheet.columns * pitch
        # Rounded down: a row that is wider than its column by a thousandth is broken.
        share = math.floor(100_000 / sheet.columns) / 1000
        rules += [
            # Wider than the column by the space behind the last picture.
            f".{name}{{width:{whole:.2f}mm;--mm:{whole - _GUTTER_MM:.0f};--columns:{sheet.columns};"
            f"--ratio:{across}/{down};--pitch:{pitch:.2f}mm;--share:{share}%}}",
            f".{name} .tile{{width:{pitch:.2f}mm;padding-right:{_GUTTER_MM}mm}}",
            f".{name} .tile img{{width:{across}mm;height:{down}mm}}",
        ]
    return "\n".join(rules)
