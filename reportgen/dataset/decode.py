"""One image file becomes 224 × 224 RGB pixels: the only decoding and resizing in the project."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from reportgen.dataset.colour import scale_transparent_colour, to_rgb
from reportgen.dataset.contents import UndecodableError, read_bytes
from reportgen.dataset.names import shown
from reportgen.errors import DataError

SIDE = 224
MAX_PIXELS = 100_000_000
LARGE = 50_000_000
"""Images of more pixels are loaded one at a time."""

FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "GIF", "TIFF")

_PILLOW_LIMIT = threading.Lock()


@dataclass(frozen=True)
class Decoded:
    """Pixels (224, 224, 3) and the upright image's own width and height before resizing."""

    pixels: NDArray[np.uint8]
    width: int
    height: int


def decode(path: Path, sha256: str | None = None) -> NDArray[np.uint8]:
    """The image in ``path`` as (224, 224, 3) RGB in 0–255: upright, over white, bilinear, not cropped.

    Raises ``DataError`` naming the file and what is wrong with it, also if its content is not the one with
    the hash ``sha256``: what is made from it would be kept under that hash.
    """
    try:
        return decode_bytes(read_bytes(path, sha256)).pixels
    except UndecodableError as error:
        raise DataError(
            [f"{shown(str(path))}: {error}"], "Repair the file, replace it or take it out."
        ) from None


def grey(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The luma of an RGB image (H, W, 3) as (H, W) in 0–1: Pillow's "L" (ITU-R BT.601) over 255."""
    luma = np.asarray(Image.fromarray(rgb).convert("L"), dtype=np.float32)
    return luma / np.float32(255)


def decode_bytes(data: bytes) -> Decoded:
    """Decode and resize the contents of an image file.

    Raises ``UndecodableError`` if they are empty, damaged, cut off, too large or not of ``FORMATS``.
    """
    if not data:
        raise UndecodableError("is empty (0 bytes)")
    # WeasyPrint lets Pillow fill up what is cut off, for the whole process, from its import on.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    image = _read_header(data)
    scale_transparent_colour(image, data)
    large = image.width * image.height > LARGE
    try:
        with _without_pillows_limit() if large else nullcontext():
            image.load()
        _turn_upright(image)
        small = to_rgb(image).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    except UndecodableError:
        raise
    except MemoryError:
        raise UndecodableError("needs more memory than there is; make it smaller") from None
    except Exception as error:  # Pillow's decoders raise whatever the damage leads them to
        raise UndecodableError(f"is damaged or cut off ({error})") from None
    return Decoded(np.array(small), *image.size)


def _turn_upright(image: Image.Image) -> None:
    # A malformed EXIF block must not cost the picture: it is then taken as upright, as browsers do.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)


def _read_header(data: bytes) -> Image.Image:
    try:
        with _without_pillows_limit():
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise UndecodableError("is not a JPEG, PNG, BMP, WebP, GIF or TIFF image that can be read") from None
    except Exception as error:  # as above
        raise UndecodableError(f"has a damaged header ({error})") from None
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UndecodableError(
            f"is {width}×{height} pixels; at most {MAX_PIXELS // 10**6} million are allowed"
        )
    return image


@contextmanager
def _without_pillows_limit() -> Iterator[None]:
    """Let Pillow read headers of any size, so that our own limit can name width and height.

    Pillow's limit is a module variable, so threads must not restore it for each other.
    """
    with _PILLOW_LIMIT:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit
