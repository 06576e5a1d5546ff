"""A colour profile changes colours as its primaries and curves say, and nothing else does."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from icc import (
    ADOBE_GAMMA,
    ADOBE_RGB,
    D50,
    DISPLAY_P3,
    SRGB,
    gamma_curve,
    grey_profile,
    ink_profile,
    lab_to_srgb,
    linear_to_srgb,
    matrix_profile,
    srgb_curve,
    srgb_to_linear,
    xyz_to_srgb,
)
from numpy.typing import NDArray
from PIL import Image

from reportgen.dataset.colour import MAX_PROFILE
from reportgen.dataset.decode import decode, decode_bytes
from reportgen.dataset.scan import scan

ADOBE = matrix_profile(ADOBE_RGB, gamma_curve(ADOBE_GAMMA))
P3 = matrix_profile(DISPLAY_P3, srgb_curve())
ANY_SRGB = matrix_profile(SRGB, srgb_curve())
LEVELS = np.linspace(0, 255, 12).round().astype(np.uint8)


def patches(colours: NDArray[np.uint8]) -> Image.Image:
    """Squares of 224 / n pixels, n in a row, so that resizing to 224 × 224 does not touch their middles."""
    return Image.fromarray(colours).resize((224, 224), Image.Resampling.NEAREST)


def random_colours() -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, (14, 14, 3), np.uint8)


def pixels_of(image: Image.Image, format_: str = "PNG", **options: object) -> NDArray[np.uint8]:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return decode_bytes(buffer.getvalue()).pixels


def middles(pixels: NDArray[np.uint8], n: int = 14) -> NDArray[np.int64]:
    step = 224 // n
    return pixels[step // 2 :: step, step // 2 :: step].astype(int)


def adobe_as_srgb(colours: NDArray[np.uint8]) -> NDArray[np.float64]:
    return xyz_to_srgb((colours / 255) ** ADOBE_GAMMA @ ADOBE_RGB.T)


@pytest.mark.parametrize("format_", ["PNG", "TIFF", "WEBP"])
def test_adobe_rgb_becomes_srgb(format_: str) -> None:
    colours = random_colours()
    options = {"lossless": True} if format_ == "WEBP" else {}
    found = middles(pixels_of(patches(colours), format_, icc_profile=ADOBE, **options))
    expected = adobe_as_srgb(colours)
    assert np.abs(expected - colours).max() > 30, "the example must be one that moves"
    assert np.abs(found - expected).max() <= 2


def test_display_p3_becomes_srgb() -> None:
    colours = random_colours()
    found = middles(pixels_of(patches(colours), icc_profile=P3))
    expected = xyz_to_srgb(srgb_to_linear(colours / 255) @ DISPLAY_P3.T)
    assert np.abs(expected - colours).max() > 30
    assert np.abs(found - expected).max() <= 2


def test_jpeg_with_a_profile_becomes_srgb() -> None:
    image = Image.new("RGB", (64, 64), (90, 160, 60))
    found = pixels_of(image, "JPEG", quality=100, subsampling=0, icc_profile=ADOBE)[112, 112]
    assert np.abs(found - adobe_as_srgb(np.array([90, 160, 60], np.uint8))).max() <= 3


@pytest.mark.parametrize("profile", [ANY_SRGB, None])
def test_srgb_by_any_name_and_no_profile_leave_the_pixels_as_they_are(profile: bytes | None) -> None:
    noise = np.random.default_rng(6).integers(0, 256, (224, 224, 3), np.uint8)
    found = pixels_of(Image.fromarray(noise), icc_profile=profile)
    np.testing.assert_array_equal(found, noise)


def test_a_profile_close_to_srgb_is_applied_too() -> None:
    colours = random_colours()
    found = middles(pixels_of(patches(colours), icc_profile=matrix_profile(SRGB, gamma_curve(2.2))))
    expected = linear_to_srgb((colours / 255) ** (round(2.2 * 256) / 256)) * 255
    assert 3 < np.abs(expected - colours).max() < 9
    assert np.abs(found - expected).max() <= 1


def test_white_stays_white_whatever_the_paper() -> None:
    """As of a scanner, whose profile says how bright its white is; that of a display does not."""
    profile = matrix_profile(ADOBE_RGB, gamma_curve(ADOBE_GAMMA), white=0.7 * D50)
    scanner = profile[:12] + b"scnr" + profile[16:]
    assert pixels_of(Image.new("RGB", (32, 32), "white"), icc_profile=scanner).min() == 255


@pytest.mark.parametrize("kind", ["grey", "rgb"])
def test_grey_pixels_take_a_profile_of_grey_or_of_rgb(kind: str) -> None:
    ramp = np.arange(196, dtype=np.uint8).reshape(14, 14)
    gamma, profile = (1.8, grey_profile(1.8)) if kind == "grey" else (ADOBE_GAMMA, ADOBE)
    found = middles(pixels_of(patches(ramp), icc_profile=profile))
    expected = linear_to_srgb((ramp / 255) ** (round(gamma * 256) / 256)) * 255
    assert np.abs(expected - ramp).max() > (15 if kind == "grey" else 3)
    assert np.abs(found - expected[..., None]).max() <= 2


def lab_of(inks: tuple[int, int, int, int]) -> tuple[float, float, float]:
    """A press whose cyan, on paper alone, is 60, −20, −30; everything with black is black."""
    if inks[3]:
        return 0, 0, 0
    return {(0, 0, 0): (100, 0, 0), (1, 0, 0): (60, -20, -30), (0, 1, 0): (50, 40, 0)}.get(
        inks[:3], (20, 0, 0)
    )


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
@pytest.mark.parametrize(
    ("inks", "lab"),
    [
        ((0, 0, 0, 0), (100, 0, 0)),
        ((255, 0, 0, 0), (60, -20, -30)),
        ((0, 255, 0, 0), (50, 40, 0)),
        ((0, 0, 0, 255), (0, 0, 0)),
    ],
)
def test_inks_are_what_their_profile_says(
    format_: str, inks: tuple[int, int, int, int], lab: tuple[float, float, float]
) -> None:
    options = {"quality": 100} if format_ == "JPEG" else {}
    image = Image.new("CMYK", (32, 32), inks)
    found = pixels_of(image, format_, icc_profile=ink_profile(lab_of), **options)[112, 112]
    assert np.abs(found - lab_to_srgb(*lab)).max() <= 3  # L*a*b* stands in 8 bits in such a profile


def test_transparent_parts_are_white_whatever_the_profile_says() -> None:
    image = Image.new("RGBA", (32, 32), (90, 160, 60, 128))
    found = pixels_of(image, icc_profile=ADOBE)[112, 112]
    opaque = adobe_as_srgb(np.array([90, 160, 60], np.uint8))
    assert np.abs(found - (opaque * 128 + 255 * 127) / 255).max() <= 2
    invisible = Image.new("RGBA", (32, 32), (90, 160, 60, 0))
    assert pixels_of(invisible, icc_profile=ADOBE).min() == 255


def test_palettes_have_profiles_too() -> None:
    image = Image.new("P", (32, 32), 1)
    image.putpalette([9, 9, 9, 90, 160, 60])
    found = pixels_of(image, icc_profile=ADOBE)[112, 112]
    assert np.abs(found - adobe_as_srgb(np.array([90, 160, 60], np.uint8))).max() <= 2


def test_16_bit_grey_has_a_profile_too() -> None:
    image = Image.fromarray(np.full((32, 32), 100 * 257, np.uint16))
    found = pixels_of(image, icc_profile=grey_profile(1.8))[112, 112]
    expected = linear_to_srgb(np.array((100 / 255) ** (round(1.8 * 256) / 256))) * 255
    assert np.abs(found - expected).max() <= 2


@pytest.mark.parametrize(
    ("mode", "profile", "fault"),
    [
        ("RGB", b"no profile at all", "is damaged"),
        ("RGB", ADOBE[:200], "is damaged"),
        ("RGB", bytes(2000), "is damaged"),
        ("RGB", grey_profile(1.8), "describes grey, but the pixels are RGB"),
        ("CMYK", ADOBE, "describes RGB, but the pixels are inks (CMYK)"),
        ("L", ink_profile(lab_of), "describes inks (CMYK), but the pixels are grey"),
        ("RGB", ADOBE + bytes(MAX_PROFILE), "has more than 16 MB"),
        ("RGB", ADOBE[:12] + b"link" + ADOBE[16:], "describes no pixels of an image"),
    ],
)
def test_profile_that_cannot_be_used_is_told_and_leaves_the_pixels(
    mode: str, profile: bytes, fault: str
) -> None:
    image = patches(random_colours()).convert(mode)
    with_it, without = io.BytesIO(), io.BytesIO()
    image.save(with_it, "TIFF", icc_profile=profile)
    image.save(without, "TIFF")
    found = decode_bytes(with_it.getvalue())
    assert found.profile_fault.startswith(fault)
    assert not found.managed
    np.testing.assert_array_equal(found.pixels, decode_bytes(without.getvalue()).pixels)


def test_a_profile_is_applied_before_the_picture_is_turned(tmp_path: Path) -> None:
    image = patches(random_colours()).resize((224, 112), Image.Resampling.NEAREST)
    exif = Image.Exif()
    exif[0x0112] = 3  # half a turn
    image.save(tmp_path / "turned.png", exif=exif, icc_profile=ADOBE)
    image.save(tmp_path / "a.png", icc_profile=ADOBE)
    np.testing.assert_array_equal(decode(tmp_path / "turned.png"), decode(tmp_path / "a.png")[::-1, ::-1])


def test_the_images_with_a_profile_are_counted_and_bad_profiles_told(tmp_path: Path) -> None:
    profiles = {"train/cat/1": ADOBE, "train/dog/1": ANY_SRGB, "test/cat/1": b"nonsense"}
    for i, file in enumerate(
        f"{split}/{label}/1" for split in ("train", "val", "test") for label in ("cat", "dog")
    ):
        (tmp_path / file).parent.mkdir(parents=True)
        Image.new("RGB", (40, 40), (20 * i, 90, 0)).save(
            tmp_path / f"{file}.png", icc_profile=profiles.get(file)
        )
    manifest = scan(tmp_path, 0)
    assert manifest.colour_managed == 2
    assert manifest.warnings == ("test/cat/1.png: its colour profile is damaged, so it was taken as sRGB",)
