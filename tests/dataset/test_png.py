"""PNGs with larger texts and profiles than Pillow lets through: the pixels count, and a sound profile."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from icc import ADOBE_GAMMA, ADOBE_RGB, gamma_curve, matrix_profile
from PIL import Image
from PIL.PngImagePlugin import MAX_TEXT_CHUNK, PngInfo

from reportgen.dataset.colour import MAX_PROFILE
from reportgen.dataset.decode import decode_bytes
from reportgen.dataset.png import trim_png

LARGE = MAX_TEXT_CHUNK + 1
NOISE = Image.fromarray(np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8))
PLAIN = np.asarray(NOISE.resize((224, 224), Image.Resampling.BILINEAR))


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_with(*chunks: bytes, behind: bool = False) -> bytes:
    """A PNG with further chunks, before its pixels or behind them."""
    buffer = io.BytesIO()
    NOISE.save(buffer, "PNG")
    data = buffer.getvalue()
    at = data.index(b"IEND") - 4 if behind else 33  # IHDR takes the bytes from 8 to 33
    return data[:at] + b"".join(chunks) + data[at:]


def profile_chunk(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"name\0\0" + zlib.compress(profile))


def packed_text(text: bytes, kind: bytes = b"zTXt") -> bytes:
    head = b"Comment\0\0" if kind == b"zTXt" else b"Comment\0\1\0en\0Anmerkung\0"
    return chunk(kind, head + zlib.compress(text))


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_large_texts_do_not_cost_the_picture(kind: bytes, behind: bool) -> None:
    data = png_with(packed_text(b"x" * LARGE, kind), behind=behind)
    np.testing.assert_array_equal(decode_bytes(data).pixels, PLAIN)


def test_many_texts_that_are_large_together_do_not_cost_the_picture() -> None:
    data = png_with(*[packed_text(b"x" * MAX_TEXT_CHUNK)] * 70)
    np.testing.assert_array_equal(decode_bytes(data).pixels, PLAIN)


def test_large_profile_is_applied() -> None:
    adobe = matrix_profile(ADOBE_RGB, gamma_curve(ADOBE_GAMMA))
    small = decode_bytes(png_with(profile_chunk(adobe)))
    large = decode_bytes(png_with(profile_chunk(adobe + bytes(LARGE))))
    assert large.managed
    assert np.abs(small.pixels.astype(int) - PLAIN).max() > 10
    np.testing.assert_array_equal(large.pixels, small.pixels)


@pytest.mark.parametrize(
    ("profile", "fault"),
    [
        (profile_chunk(bytes(LARGE)), "is damaged"),
        (profile_chunk(bytes(MAX_PROFILE + 1)), "has more than 16 MB"),
        (chunk(b"iCCP", b"name\0\0no zlib"), "is damaged"),
    ],
)
def test_profile_that_is_none_is_told(profile: bytes, fault: str) -> None:
    found = decode_bytes(png_with(profile))
    assert (found.managed, found.profile_fault) == (False, fault)
    np.testing.assert_array_equal(found.pixels, PLAIN)


def test_nothing_is_unpacked_beyond_the_largest_profile() -> None:
    import tracemalloc

    bomb = png_with(profile_chunk(bytes(2**26)), packed_text(bytes(2**26)))
    tracemalloc.start()
    trim_png(bomb, 2**21)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**23


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff not a PNG",
        png_with(),
        png_with(packed_text(b"x" * MAX_TEXT_CHUNK)),
        png_with(profile_chunk(b"small")),
        png_with()[:-20],
        png_with(struct.pack(">I", 2**31 - 1) + b"zTXt" + b"cut off"),
    ],
)
def test_what_pillow_takes_or_must_judge_stays_as_it_is(data: bytes) -> None:
    assert trim_png(data, MAX_PROFILE).data == data


def test_orientation_in_a_large_plain_text_is_kept() -> None:
    """Pillow reads XMP from a text of any size that is not packed."""
    xmp = f'<x tiff:Orientation="3"/>{" " * LARGE}'
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp)
    buffer = io.BytesIO()
    NOISE.save(buffer, "PNG", pnginfo=info)
    np.testing.assert_array_equal(decode_bytes(buffer.getvalue()).pixels, PLAIN[::-1, ::-1])
