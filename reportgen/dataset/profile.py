"""The colour profile of an image: what its numbers mean, brought to sRGB."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

MAX_PROFILE = 16 * 2**20
"""Bytes; the largest in use, of printing presses, have some 3 MB."""

_SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""The colour space that a profile describes -> Pillow's mode of such pixels."""

_NAMES = {"L": "grey", "RGB": "RGB", "CMYK": "inks (CMYK)"}
_KINDS = frozenset({"scnr", "mntr", "prtr", "spac"})
"""Profiles that describe colours of images: of input, display and output devices, and of colour spaces."""

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
    source = _open(profile)
    kind, space = source.profile.device_class.strip(), source.profile.xcolor_space.strip()
    mode = _SPACES.get(space)
    if kind not in _KINDS or mode is None:
        raise ProfileError(f"describes no pixels of an image (kind '{kind}', colours '{space}')")
    if mode != image.mode and (mode, image.mode) != ("RGB", "L"):
        raise ProfileError(f"describes {_NAMES[mode]}, but the pixels are {_NAMES[image.mode]}")
    image = image if image.mode == mode else image.convert(mode)
    transform = _transform(source, mode)
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
    before = np.asarray(image.convert("RGB"), dtype=np.int16)
    after = np.asarray(_apply(transform, image), dtype=np.int16)
    return bool(np.abs(after - before).max() <= _UNSEEN)
