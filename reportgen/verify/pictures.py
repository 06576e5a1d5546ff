"""Whether two pictures, drawings or lists of numbers are the same, whatever their bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
