"""Two pictures are the same only if a browser shows the same, whatever else their files hold."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from reportgen.figures.figure import embed_levels, exact_picture, raster_picture
from reportgen.verify.pictures import same_picture

SMOOTH = Image.fromarray(np.random.default_rng(3).integers(30, 220, (4, 6, 3), np.uint8)).resize(
    (160, 120), Image.Resampling.BICUBIC
)

PNG = raster_picture(SMOOTH).data


def saved(image: Image.Image, kind: str, **saving: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **saving)
    return target.getvalue()


JPEG = saved(SMOOTH, "JPEG", quality=92, dpi=(270, 270))


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def with_chunk(name: bytes, content: bytes) -> bytes:
    """The PNG with a chunk more, behind its header."""
    return PNG[:33] + chunk(name, content) + PNG[33:]


def with_segment(marker: int, content: bytes) -> bytes:
    """The JPEG with a segment more, at its beginning."""
    return JPEG[:2] + struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content + JPEG[2:]


def transparent() -> bytes:
    clear = SMOOTH.copy()
    clear.putalpha(0)
    return saved(clear, "PNG")


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 3
    with Image.open(io.BytesIO(JPEG)) as picture:
        return saved(picture, "JPEG", quality="keep", exif=exif)


def animated() -> bytes:
    forged = SMOOTH.transpose(Image.Transpose.ROTATE_180)
    return saved(SMOOTH, "PNG", save_all=True, append_images=[forged], default_image=True)


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

FORGED: dict[str, Callable[[], bytes]] = {
    "transparent": transparent,
    "animated": animated,
    "gamma": lambda: with_chunk(b"gAMA", struct.pack(">I", 1000)),
    "primaries": lambda: with_chunk(b"cHRM", struct.pack(">8I", *[30000] * 8)),
    "profile": lambda: saved(SMOOTH, "PNG", icc_profile=SRGB),
    "clear colour": lambda: with_chunk(b"tRNS", struct.pack(">3H", *np.asarray(SMOOTH)[5, 5].tolist())),
    "turned": lambda: with_chunk(b"eXIf", b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x03\0\0\0\0\0\0\0"),
    "brightness": lambda: with_chunk(b"cICP", bytes([9, 16, 0, 1])),
    "behind the end": lambda: PNG + chunk(b"IDAT", b""),
    "two headers": lambda: PNG[:33] + PNG[8:],
    "cut": lambda: PNG[:-3],
}  # fmt: skip

FORGED_PHOTOGRAPHS: dict[str, Callable[[], bytes]] = {
    "turned": turned,
    "profile": lambda: saved(SMOOTH, "JPEG", quality=92, icc_profile=SRGB),
    "profile of another kind": lambda: with_segment(0xE2, b"ICC_PROFILE\0\x01\x01" + SRGB),
    "colours": lambda: with_segment(0xEE, b"Adobe\0\x64\0\0\0\0\0"),
    "of four inks": lambda: saved(SMOOTH.convert("CMYK"), "JPEG"),
    "several": lambda: with_segment(0xE2, b"MPF\0II*\0\x08\0\0\0\0\0\0\0\0\0"),
    "behind the end": lambda: JPEG + JPEG,
    "lossless": lambda: saved(SMOOTH, "PNG"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_png_that_is_shown_otherwise_is_another_picture(name: str) -> None:
    assert not same_picture(FORGED[name](), PNG)


@pytest.mark.parametrize("name", FORGED_PHOTOGRAPHS)
def test_a_jpeg_that_is_shown_otherwise_is_another_picture(name: str) -> None:
    assert not same_picture(FORGED_PHOTOGRAPHS[name](), JPEG)


def test_the_same_tag_in_both_is_no_difference() -> None:
    one, other = (saved(SMOOTH, "PNG", compress_level=level, icc_profile=SRGB) for level in (1, 9))
    assert one != other
    assert same_picture(one, other)


def spoken() -> bytes:
    words = PngImagePlugin.PngInfo()
    words.add_text("Software", "another encoder")
    return saved(SMOOTH, "PNG", pnginfo=words)


def opaque() -> bytes:
    image = SMOOTH.copy()
    image.putalpha(255)
    return saved(image, "PNG")


@pytest.mark.parametrize("other", [
    lambda: saved(SMOOTH, "PNG", compress_level=0),
    lambda: saved(SMOOTH, "PNG", optimize=True, dpi=(72, 72)),
    lambda: PNG.replace(PNG[33:54], b"") if PNG[37:41] == b"pHYs" else b"",
    spoken,
    opaque,
])  # fmt: skip
def test_another_encoder_of_png_is_no_forgery(other: Callable[[], bytes]) -> None:
    assert other() != PNG
    assert same_picture(other(), PNG)


@pytest.mark.parametrize("saving", [
    {"quality": 96}, {"quality": 92, "progressive": True}, {"quality": 92, "optimize": True},
    {"quality": 92, "restart_marker_rows": 1, "comment": b"another encoder"},
])  # fmt: skip
def test_another_encoder_of_jpeg_is_no_forgery(saving: dict[str, Any]) -> None:
    with Image.open(io.BytesIO(JPEG)) as picture:
        other = saved(picture, "JPEG", **saving)
    assert other != JPEG
    assert same_picture(other, JPEG)


def test_grey_and_tables_of_colours_are_told_from_their_pixels() -> None:
    levels = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
    table = np.stack([levels, levels // 2, 255 - levels], axis=-1)
    for ours in (embed_levels("levels", levels).data, exact_picture(table).data):
        with Image.open(io.BytesIO(ours)) as picture:
            assert picture.mode in ("L", "P")
            assert same_picture(saved(picture.convert("RGB"), "PNG"), ours)
            assert not same_picture(saved(picture.convert("RGB").rotate(180), "PNG"), ours)


def test_sixteen_bits_are_no_picture_of_ours() -> None:
    """Pillow shows grey of 16 bits as white where browsers show its upper byte."""
    white = embed_levels("levels", np.full((6, 8), 255, np.uint8)).data
    dark = saved(Image.fromarray(np.full((6, 8), 300, np.uint16)), "PNG")
    assert not same_picture(dark, white)
