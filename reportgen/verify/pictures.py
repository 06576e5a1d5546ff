"""Whether two pictures, drawings, fonts or lists of numbers are the same, whatever their bytes."""

from __future__ import annotations

import io
from struct import error as struct_error
from typing import TYPE_CHECKING, Any

from reportgen.verify.drawings import same_drawing
from reportgen.verify.picture_files import list_extras, read_pixels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_LARGEST, _MEAN = 24, 0.5
"""Levels in 255 by which a pixel, and all pixels on average, may differ: what rounding of the numbers that
are drawn does, after JPEG."""


def same_picture(one: bytes, other: bytes) -> bool:
    """Whether two PNG, JPEG or SVG files show the same, apart from rounding; False for what is no picture."""
    if one == other:
        return True
    # Behind a declaration and comments.
    if b"<svg" in one[:1000] or b"<svg" in other[:1000]:
        return same_drawing(one, other)
    extras = list_extras(one)
    # A profile, an orientation or the like would show equal pixels as another picture.
    if extras is None or extras != list_extras(other):
        return False
    pixels = read_pixels(one), read_pixels(other)
    return pixels[0] is not None and pixels[1] is not None and same_pixels(pixels[0], pixels[1])


def same_pixels(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two arrays of pixels are equal, apart from rounding."""
    import numpy as np

    if one.shape != other.shape:
        return False
    # Signed: a difference of uint8 would wrap.
    difference = np.abs(one.astype(np.int16) - other.astype(np.int16))
    return bool(difference.size == 0 or (difference.max() <= _LARGEST and difference.mean() <= _MEAN))


def same_values(one: bytes, other: bytes, tolerance: float) -> bool:
    """Whether two lists of little-endian float32 values differ by no more than ``tolerance`` times the
    largest magnitude of ``other``, our own; False for what is no such list.
    """
    import numpy as np

    if one == other:
        return True
    # frombuffer() raises for a part of a value.
    if len(one) != len(other) or len(one) % 4:
        return False
    theirs, ours = np.frombuffer(one, "<f4").astype(float), np.frombuffer(other, "<f4").astype(float)
    slack = tolerance * float(np.abs(ours).max(initial=0))
    # A NaN, which is near to nothing, is no value of ours.
    return bool((np.abs(theirs - ours) <= slack).all())


# A reduced font has some 25 kB; one that must be embedded whole may have many characters.
_LARGEST_FONT = 30 * 2**20

_REDUCED = frozenset(["head", "glyf", "loca", "hmtx", "hhea", "maxp", "CFF ", "post", "OS/2", "cmap", "name"])
"""The tables about single glyphs; they depend on which program reduced the font."""


def same_font(submitted: bytes, expected: bytes) -> bool:
    """Whether a stranger's TrueType file draws every character as ours does, whichever program reduced it."""
    from fontTools.ttLib import TTLibError

    if submitted == expected:
        return True
    if len(submitted) > _LARGEST_FONT:
        return False
    # Outside, since whatever fails here is a fault of ours.
    due = _describe_font(expected)
    try:
        return _describe_font(submitted) == due
    # What is wrong with a stranger's font shows as any of these, depending on the table it is found in.
    except (TTLibError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, OSError):
        return False
    except (AssertionError, RecursionError, MemoryError, struct_error):
        return False


def _describe_font(data: bytes) -> tuple[Any, ...]:
    """The glyph of each character, outline and width of each glyph, and the tables that choose among them."""
    from fontTools.pens.recordingPen import DecomposingRecordingPen
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO(data), lazy=True)
    glyphs, drawn = font.getGlyphSet(), []
    for name in font.getGlyphOrder():
        # Taken apart: a glyph is the same whether or not it is put together of others.
        pen = DecomposingRecordingPen(glyphs)
        glyphs[name].draw(pen)
        drawn.append((glyphs[name].width, pen.value))
    # By number, for the names of glyphs depend on the program, too.
    characters = {character: font.getGlyphID(name) for character, name in font.getBestCmap().items()}
    others = {tag: font.reader[tag] for tag in font.reader.tables if tag not in _REDUCED}
    return font["head"].unitsPerEm, characters, drawn, others
