"""Decodes an image file to 224 × 224 RGB pixels, and hashes what it looks like. No other module decodes or
resizes images.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from reportgen.dataset.colour import MAX_PROFILE, ProfileError, scale_transparent_colour, to_rgb
from reportgen.dataset.contents import UndecodableError, read_bytes
from reportgen.dataset.names import escaped
from reportgen.dataset.png import TrimmedPng, raw_fault, trim_png
from reportgen.dataset.signature import USUAL, describe, list_further_formats
from reportgen.errors import DataError

# The side of the images that VGG19 was trained on.
SIDE = 224
MAX_PIXELS = 100_000_000
# Two of this size, one in each thread that decodes, take as much as one of MAX_PIXELS: 400 MB as RGBA.
LARGE = 50_000_000
"""Images of more pixels are loaded one at a time."""

# What Pillow's decoders say of a file that ends too early.
_CUT_OFF = re.compile(r"truncated|unexpected end|image file is .* short|not enough", re.IGNORECASE)

_PILLOW_LIMIT = threading.Lock()


@dataclass(frozen=True)
class Decoded:
    """Pixels (224, 224, 3) and the upright image's own width and height before resizing.

    ``format``: as Pillow names it; ``exif``: whether the file has a block of EXIF data; ``size``: its bytes.
    ``managed``: its colours were brought to sRGB as its profile says; ``profile_fault``: why they were not,
    though there is a profile, in words that follow "its colour profile".
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    managed: bool = False
    profile_fault: str = ""
    format: str = ""
    exif: bool = False
    size: int = 0


def decode(path: Path, sha256: str | None = None) -> NDArray[np.uint8]:
    """The image in ``path`` as (224, 224, 3) sRGB in 0–255: upright, over white, bilinear, not cropped.

    Raises ``DataError`` naming the file and what is wrong with it, also if its content is not the one with
    the hash ``sha256``: what is made from it would be kept under that hash.
    """
    return decode_file(path, sha256).pixels


def decode_file(path: Path, sha256: str | None = None) -> Decoded:
    """Decode as :func:`decode` does, with the image's own size, format and colour profile."""
    try:
        return decode_bytes(read_bytes(path, sha256))
    except UndecodableError as error:
        raise DataError(
            [f"{escaped(str(path))}: {error}"], "Repair the file, replace it or take it out."
        ) from None


def grey(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The luma of an RGB image (H, W, 3) as (H, W) in 0–1: Pillow's "L" (ITU-R BT.601) over 255."""
    luma = np.asarray(Image.fromarray(rgb).convert("L"), dtype=np.float32)
    return luma / np.float32(255)


def decode_bytes(data: bytes, *, strict: bool = False) -> Decoded:
    """Decode and resize the contents of an image file; ``strict``: of the usual formats only.

    Raises ``UndecodableError`` if they are empty, damaged, cut off, too large or no image that is opened,
    in words that say what they are.
    """
    # WeasyPrint lets Pillow fill up what is cut off, for the whole process, from its import on.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    trimmed = trim_png(data, MAX_PROFILE)
    image = _read_header(trimmed.data, strict=strict)
    scale_transparent_colour(image, trimmed.data)
    large = image.width * image.height > LARGE
    try:
        # The lock on Pillow's limit is also what makes large images wait for each other.
        with _without_pillows_limit() if large else nullcontext():
            # Within it: for TIFF Pillow asks for its limit once more here.
            image.load()
        exif = "exif" in image.info
        profile, fault = _find_profile(image, trimmed)
        _turn_upright(image)
        full, fault = _to_srgb(image, profile, fault)
        small = full.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    # Already in words for the user; the last handler would call it damage.
    except UndecodableError:
        raise
    except MemoryError:
        raise UndecodableError("needs more memory than there is; make it smaller") from None
    except Exception as error:  # Pillow's decoders raise whatever the damage leads them to
        raise UndecodableError(_describe_damage(error)) from None
    managed = profile is not None and not fault
    return Decoded(np.array(small), *image.size, managed, fault, image.format or "", exif, len(data))


def _find_profile(image: Image.Image, trimmed: TrimmedPng) -> tuple[bytes | None, str]:
    """The colour profile that came with an image, or why there is none though one was announced."""
    if trimmed.profile or trimmed.fault:
        return trimmed.profile, trimmed.fault
    if "icc_profile" not in image.info:
        return None, ""
    profile = image.info["icc_profile"]
    return (profile, "") if profile else (None, "is damaged")


def _to_srgb(image: Image.Image, profile: bytes | None, fault: str) -> tuple[Image.Image, str]:
    """The image as sRGB, and why its profile was not used; such an image is taken as sRGB."""
    if profile is not None:
        try:
            return to_rgb(image, profile), ""
        except ProfileError as error:
            fault = str(error)
    return to_rgb(image), fault


def _turn_upright(image: Image.Image) -> None:
    # A malformed EXIF block must not cost the picture: it is then taken as upright, as browsers do.
    with suppress(Exception):
        # Otherwise Pillow copies even an image that is upright.
        ImageOps.exif_transpose(image, in_place=True)


def _read_header(data: bytes, *, strict: bool) -> Image.Image:
    try:
        image = _open(data, strict=strict)
    except UnidentifiedImageError:
        raise UndecodableError(describe(data)) from None
    except Exception as error:  # as above
        raise UndecodableError(f"has a damaged header ({error})") from None
    # By the header alone: Pillow decodes nothing before load().
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UndecodableError(
            f"is {width}×{height} pixels; at most {MAX_PIXELS // 10**6} million are allowed"
        )
    if isinstance(image, TiffImageFile) and (fault := raw_fault(image.tag_v2)):
        raise UndecodableError(fault)
    return image


def _open(data: bytes, *, strict: bool) -> Image.Image:
    with _without_pillows_limit():
        try:
            # First the usual ones: listing the others imports every plugin that Pillow has.
            return Image.open(io.BytesIO(data), formats=USUAL)
        except UnidentifiedImageError:
            if strict:
                raise
            return Image.open(io.BytesIO(data), formats=list_further_formats())


def _describe_damage(error: Exception) -> str:
    reason = str(error)
    if _CUT_OFF.search(reason):
        return f"is cut off: the file ends before its image does ({reason})"
    return f"is damaged or cut off ({reason})"


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


BITS = 64

NEAR = 8
"""Of 64 bits. Among 266 photographs of Caltech-101 and 108 drawn images no pair that differs in 8 bits or
fewer was of two scenes, and none that differs in 10 or more was of one."""

_REDUCED, _KEPT = 32, 8
"""Rows and columns of the image that is transformed, and of the lowest frequencies that are kept."""


def hash_image(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The perceptual hash (64,) of an image (224, 224, 3).

    pHash (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions"): the luma is
    averaged to 32 × 32; of its cosine transform the 8 × 8 lowest frequencies are kept, and a bit says whether
    one is above the median of all but the first, which is only the mean.
    """
    block = SIDE // _REDUCED
    small = grey(pixels).astype(np.float64).reshape(_REDUCED, block, _REDUCED, block).mean((1, 3))
    # Here, since most of those who decode hash nothing.
    from scipy.fft import dctn

    lowest = dctn(small, norm="ortho")[:_KEPT, :_KEPT].ravel()
    bits: NDArray[np.bool_] = lowest > np.median(lowest[1:])
    return bits
