"""Conversion of every pixel format that Pillow reads to sRGB, 0 to 255, including what Pillow omits."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageCms
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import BITSPERSAMPLE, PHOTOMETRIC_INTERPRETATION, TiffImageFile

from reportgen.dataset.contents import UndecodableError

MAX_PROFILE = 16 * 2**20
"""Bytes; the largest in use, of printing presses, have some 3 MB."""

_SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""The colour space that a profile describes -> Pillow's mode of such pixels."""

_NAMES = {"L": "grey", "RGB": "RGB", "CMYK": "inks (CMYK)"}

_KINDS = frozenset({"scnr", "mntr", "prtr", "spac"})
"""Profiles that describe colours of images: of input, display and output devices, and of colour spaces."""

# 4,913 colours, converted in half a millisecond; 33 steps take ten times as long.
_STEPS = 17

_UNSEEN = 1
"""Levels, of 255, within which a profile says what sRGB says."""


class ProfileError(Exception):
    """Why a colour profile cannot be used, in words that follow "its colour profile"."""


def convert_to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """An opaque image of mode L, RGB or CMYK, whose colours ``profile`` (ICC) describes, as RGB in sRGB.

    The intent is relative colorimetric with black point compensation: white stays white, black is black, and
    what sRGB can show comes out as it was measured, whereas "perceptual" would leave that to the taste of
    the profile's maker. Where no colour would move by more than one level, the profile is sRGB by another
    name, and the pixels stay as they are, bit for bit. Grey pixels may have a profile of RGB.
    Raises ``ProfileError`` for a profile that is damaged or describes other pixels than these.
    """
    if len(profile) > MAX_PROFILE:
        raise ProfileError(f"has more than {MAX_PROFILE // 2**20} MB")
    # Only now: a stranger's file may have a profile of any length, and Little CMS would read it whole.
    source = _open(profile)
    # Signatures have four bytes and are filled up with blanks.
    kind, space = source.profile.device_class.strip(), source.profile.xcolor_space.strip()
    mode = _SPACES.get(space)
    if kind not in _KINDS or mode is None:
        raise ProfileError(f"describes no pixels of an image (kind '{kind}', colours '{space}')")
    if mode != image.mode and (mode, image.mode) != ("RGB", "L"):
        raise ProfileError(f"describes {_NAMES[mode]}, but the pixels are {_NAMES[image.mode]}")
    # Grey as equal red, green and blue, which is what a profile of RGB describes.
    image = image if image.mode == mode else image.convert(mode)
    transform = _transform(source, mode)
    # Inks always have to be converted.
    if mode != "CMYK" and _changes_nothing(transform, mode):
        return image.convert("RGB")
    return _apply(transform, image)


def _open(profile: bytes) -> ImageCms.ImageCmsProfile:
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except Exception:  # Little CMS and Pillow raise whatever the damage leads them to
        raise ProfileError("is damaged") from None


def _transform(source: ImageCms.ImageCmsProfile, mode: str) -> ImageCms.ImageCmsTransform:
    try:
        return ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except Exception:  # as above
        raise ProfileError("is damaged") from None


def _apply(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> Image.Image:
    try:
        converted = ImageCms.applyTransform(image, transform)
    except Exception:  # as above
        raise ProfileError("is damaged") from None
    assert converted is not None  # noqa: S101 - it is only with inPlace
    return converted


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether all colours of a lattice stay within one level of what they are."""
    levels = np.arange(256, dtype=np.uint8)
    if mode == "RGB":
        levels = np.linspace(0, 255, _STEPS).round().astype(np.uint8)
        lattice = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(_STEPS, -1, 3)
        image = Image.fromarray(lattice)
    else:
        image = Image.fromarray(levels[None])
    # Signed: a difference of uint8 would wrap.
    before = np.asarray(image.convert("RGB"), dtype=np.int16)
    after = np.asarray(_apply(transform, image), dtype=np.int16)
    return bool(np.abs(after - before).max() <= _UNSEEN)


_PNG_BIT_DEPTH = 24
"""The offset of the bit depth in a PNG file, whose first chunk is always IHDR."""


def to_rgb(image: Image.Image, profile: bytes | None = None) -> Image.Image:
    """A loaded image of any mode as sRGB; transparent parts lie over white.

    Values of 16 bits and floating-point values (0–1 or 0–255) are scaled to 0–255, not clipped. An image
    without ``profile`` is taken as sRGB. Raises ``UndecodableError`` for values without a known white,
    ``ProfileError`` for a profile that cannot be used.
    """
    image = _plain(image)
    if profile is not None:
        return _managed(image, profile)
    if not image.has_transparency_data:
        return image.convert("RGB")
    return _over_white(image.convert("RGBA"))


def _plain(image: Image.Image) -> Image.Image:
    """The image in a mode of 8 bits a channel, scaled and inverted as its file says."""
    # Pillow opens a PGM of 16 bits with 32.
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        return _from_16_bits(image)
    if image.mode == "F":
        return _from_float(image)
    if image.mode == "I":
        raise UndecodableError("has signed or 32-bit integer pixels; save it with 8 or 16 bits a channel")
    # Pillow converts alpha that is multiplied in to plain alpha, and to nothing else.
    if image.mode == "La":
        return image.convert("LA")
    if image.mode == "CMYK" and isinstance(image, JpegImageFile) and "adobe" not in image.info:
        # Pillow inverts every CMYK JPEG, but only Adobe's are stored inverted.
        return ImageChops.invert(image)
    return image


def _managed(image: Image.Image, profile: bytes) -> Image.Image:
    """An image as its profile means it. What is transparent is not coloured, and is laid over white last."""
    if image.mode == "CMYK":
        return convert_to_srgb(image, profile)
    grey = image.mode in ("1", "L", "LA")
    if not image.has_transparency_data:
        return convert_to_srgb(image.convert("L" if grey else "RGB"), profile)
    layer = image.convert("LA" if grey else "RGBA")
    *colours, alpha = layer.split()
    converted = convert_to_srgb(Image.merge("L" if grey else "RGB", colours), profile)
    # As it was: a profile says nothing of it.
    converted.putalpha(alpha)
    return _over_white(converted)


def _over_white(layer: Image.Image) -> Image.Image:
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")


def scale_transparent_colour(image: Image.Image, data: bytes) -> None:
    """Bring the transparent colour of a PNG to 8 bits, in place; other images stay as they are.

    Pillow scales the pixels of 2-bit and 4-bit grey and of 16-bit RGB, but not the colour that is
    to be transparent. For RGB it keeps the high byte of each value.
    """
    if not isinstance(image, PngImageFile):
        return
    depth, key = data[_PNG_BIT_DEPTH], image.info.get("transparency")
    if image.mode == "L" and isinstance(key, int):
        image.info["transparency"] = key * 255 // (2**depth - 1)
    elif image.mode == "RGB" and isinstance(key, tuple) and depth == 16:
        image.info["transparency"] = tuple(value >> 8 for value in key)


def _from_16_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    # A TIFF may have 12 bits in 16: its white is 4095.
    bits = _tiff_tag(image, BITSPERSAMPLE, (16,))
    white = 2 ** bits[0] - 1
    # A table, since there are 65,536 values and up to a hundred million pixels.
    table = np.clip(np.rint(np.arange(65536) * (255 / white)), 0, 255).astype(np.uint8)
    grey = _upright(table[values], image)
    key = image.info.get("transparency")
    if isinstance(key, int):
        grey[values == key] = 255
    return Image.fromarray(grey)


def _from_float(image: Image.Image) -> Image.Image:
    values = np.asarray(image, dtype=np.float32)
    low, high = float(values.min()), float(values.max())
    if not 0 <= low <= high <= 255:  # also false where a value is not a number
        raise UndecodableError(
            f"has floating-point pixels from {low:g} to {high:g}; they must lie in 0 to 1 or in 0 to 255"
        )
    # In 0 to 255 an image that is nowhere above 1 would be black to the eye.
    scale = 255 if high <= 1 else 1
    return Image.fromarray(_upright(np.rint(values * scale).astype(np.uint8), image))


def _upright(grey: NDArray[np.uint8], image: Image.Image) -> NDArray[np.uint8]:
    """Undo TIFF's "white is zero", which Pillow does for 8 bits and fewer only."""
    return 255 - grey if _tiff_tag(image, PHOTOMETRIC_INTERPRETATION, 1) == 0 else grey


def _tiff_tag(image: Image.Image, tag: int, default: Any) -> Any:
    return image.tag_v2.get(tag, default) if isinstance(image, TiffImageFile) else default
