"""Pixels of every kind, each against a value worked out by hand from the format's definition."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from reportgen.dataset.decode import decode
from reportgen.errors import DataError

SIZE = (16, 8)
Colour = tuple[int, int, int]


def flat_colour(path: Path) -> Colour:
    """The one colour that all decoded pixels have."""
    return flat_colour_of(decode(path))


def flat_colour_of(pixels: NDArray[np.uint8]) -> Colour:
    assert (pixels == pixels[0, 0]).all()
    red, green, blue = pixels[0, 0].tolist()
    return red, green, blue


def save(folder: Path, image: Image.Image, name: str, **options: Any) -> Path:
    path = folder / name
    image.save(path, **options)
    return path


def grey_16_bits(value: int) -> Image.Image:
    return Image.fromarray(np.full(SIZE[::-1], value, np.uint16))


def floats(*values: float) -> Image.Image:
    row = np.repeat(np.array(values, np.float32), 8)
    return Image.fromarray(np.tile(row, (8, 1)))


def set_tiff_tag(path: Path, tag: int, old: int, new: int) -> None:
    """Change a tag with one value, a SHORT or a LONG, in a little-endian TIFF."""
    data = path.read_bytes()
    for kind in (3, 4):
        entry = struct.pack("<HHII", tag, kind, 1, old)
        if data.count(entry) == 1:
            path.write_bytes(data.replace(entry, struct.pack("<HHII", tag, kind, 1, new)))
            return
    raise AssertionError(f"{path} has no tag {tag} with value {old}")


def write_png(path: Path, depth: int, kind: int, rows: Sequence[bytes], width: int, **chunks: bytes) -> Path:
    """A PNG written by hand, for the kinds that Pillow reads but does not write."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, len(rows), depth, kind, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *(chunk(name.encode(), body) for name, body in chunks.items())]
    parts += [chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


@pytest.mark.parametrize(
    ("image", "name", "expected"),
    [
        (Image.new("RGB", SIZE, (10, 20, 30)), "a.png", (10, 20, 30)),
        (Image.new("RGB", SIZE, (10, 20, 30)), "a.bmp", (10, 20, 30)),
        (Image.new("RGB", SIZE, (10, 20, 30)), "a.tif", (10, 20, 30)),
        (Image.new("RGB", SIZE, (10, 20, 30)), "a.gif", (10, 20, 30)),
        (Image.new("L", SIZE, 77), "a.png", (77, 77, 77)),
        (Image.new("L", SIZE, 77), "a.jpg", (77, 77, 77)),
        (Image.new("1", SIZE, 1), "a.png", (255, 255, 255)),
        (Image.new("1", SIZE, 1), "a.tif", (255, 255, 255)),
        (Image.new("1", SIZE, 0), "a.bmp", (0, 0, 0)),
        (Image.new("YCbCr", SIZE, (77, 128, 128)), "a.tif", (77, 77, 77)),
    ],
)
def test_opaque_images_keep_their_colour(
    tmp_path: Path, image: Image.Image, name: str, expected: Colour
) -> None:
    assert flat_colour(save(tmp_path, image, name)) == expected


def test_lossless_webp_keeps_its_colour(tmp_path: Path) -> None:
    image = Image.new("RGB", SIZE, (10, 20, 30))
    assert flat_colour(save(tmp_path, image, "a.webp", lossless=True)) == (10, 20, 30)


# Over white: round((value × 128 + 255 × 127) / 255), so 200 → 227, 100 → 177, 0 → 127.
@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif"])
def test_alpha_lies_over_white(tmp_path: Path, name: str) -> None:
    image = Image.new("RGBA", SIZE, (200, 100, 0, 128))
    options = {"lossless": True, "exact": True} if name == "a.webp" else {}
    assert flat_colour(save(tmp_path, image, name, **options)) == (227, 177, 127)


def test_invisible_colours_are_white(tmp_path: Path) -> None:
    assert flat_colour(save(tmp_path, Image.new("RGBA", SIZE, (1, 2, 3, 0)), "a.png")) == (255, 255, 255)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_grey_with_alpha_lies_over_white(tmp_path: Path, name: str) -> None:
    assert flat_colour(save(tmp_path, Image.new("LA", SIZE, (100, 128)), name)) == (177, 177, 177)


def test_premultiplied_grey_lies_over_white(tmp_path: Path) -> None:
    path = save(tmp_path, Image.new("LA", SIZE, (100, 128)), "a.tif")
    set_tiff_tag(path, 338, 2, 1)  # ExtraSamples: from unassociated to associated alpha
    assert flat_colour(path) == (227, 227, 227)  # 100 + 255 × (1 − 128/255)


def palette_image(mode: str = "P") -> Image.Image:
    image = Image.new("P", SIZE, 1)
    image.putpalette([9, 9, 9, 200, 100, 0])
    if mode == "PA":
        image = image.convert("PA")
        image.putalpha(128)
    return image


def test_palette_colours_are_looked_up(tmp_path: Path) -> None:
    assert flat_colour(save(tmp_path, palette_image(), "a.png")) == (200, 100, 0)


def test_palette_with_partly_transparent_entries_lies_over_white(tmp_path: Path) -> None:
    path = save(tmp_path, palette_image(), "a.png", transparency=bytes([255, 128]))
    assert flat_colour(path) == (227, 177, 127)


@pytest.mark.parametrize("name", ["a.png", "a.gif"])
def test_palette_with_a_transparent_index_is_white_there(tmp_path: Path, name: str) -> None:
    assert flat_colour(save(tmp_path, palette_image(), name, transparency=1)) == (255, 255, 255)


def test_palette_with_an_alpha_channel_lies_over_white(tmp_path: Path) -> None:
    assert flat_colour(save(tmp_path, palette_image("PA"), "a.tif")) == (227, 177, 127)


@pytest.mark.parametrize(
    ("depth", "kind", "row", "key", "right"),
    [
        (8, 0, bytes([100, 100, 200, 200]), (100,), (200, 200, 200)),
        (2, 0, bytes([0b01011010]), (1,), (170, 170, 170)),  # 2 of 3 is 170 of 255
        (4, 0, bytes([0x11, 0xEE]), (1,), (238, 238, 238)),  # 14 of 15 is 238 of 255
        (16, 0, struct.pack(">4H", 1000, 1000, 65535, 65535), (1000,), (255, 255, 255)),
        (16, 0, struct.pack(">4H", 65535, 65535, 32768, 32768), (65535,), (128, 128, 128)),
        (8, 2, bytes([1, 2, 3] * 2 + [4, 5, 6] * 2), (1, 2, 3), (4, 5, 6)),
        (
            16,
            2,
            struct.pack(">12H", *[1000, 2000, 3000] * 2, *[0x8000, 0xFFFF, 0] * 2),
            (1000, 2000, 3000),
            (128, 255, 0),
        ),
    ],
)
def test_transparent_colour_of_a_png_is_white(
    tmp_path: Path, depth: int, kind: int, row: bytes, key: tuple[int, ...], right: Colour
) -> None:
    """Left half in the transparent colour, right half in another."""
    path = write_png(
        tmp_path / "a.png", depth, kind, [row] * 4, width=4, tRNS=struct.pack(f">{len(key)}H", *key)
    )
    pixels = decode(path)
    assert flat_colour_of(pixels[:, :50]) == (255, 255, 255)
    assert flat_colour_of(pixels[:, -50:]) == right


# R = (255 − C)(255 − K) / 255: 155 × 204 / 255 = 124, 205 × 204 / 255 = 164, 204.
INK = (100, 50, 0, 51)


@pytest.mark.parametrize("name", ["a.tif", "a.jpg"])
def test_inks_become_rgb(tmp_path: Path, name: str) -> None:
    options = {"quality": 100} if name == "a.jpg" else {}
    path = save(tmp_path, Image.new("CMYK", SIZE, INK), name, **options)
    assert (b"Adobe" in path.read_bytes()) == (name == "a.jpg")
    assert flat_colour(path) == (124, 164, 204)


def test_inks_of_a_jpeg_without_adobes_marker_are_not_inverted(tmp_path: Path) -> None:
    path = save(tmp_path, Image.new("CMYK", SIZE, INK), "a.jpg", quality=100)
    data = path.read_bytes()
    start = data.index(b"\xff\xee")  # APP14: two bytes of marker, then its length
    stop = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    path.write_bytes(data[:start] + data[stop:])
    # Adobe stores 255 − ink, so without the marker the inks are (155, 205, 255, 204).
    assert flat_colour(path) == (100 * 51 // 255, 50 * 51 // 255, 0)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
@pytest.mark.parametrize(("value", "expected"), [(0, 0), (1000, 4), (32768, 128), (65535, 255)])
def test_16_bit_grey_is_scaled(tmp_path: Path, name: str, value: int, expected: int) -> None:
    assert flat_colour(save(tmp_path, grey_16_bits(value), name)) == (expected,) * 3


def test_big_endian_16_bit_grey_is_scaled(tmp_path: Path) -> None:
    image = Image.frombytes("I;16B", SIZE, struct.pack(">H", 1000) * (SIZE[0] * SIZE[1]))
    path = save(tmp_path, image, "a.tif")
    assert path.read_bytes()[:2] == b"MM"
    assert flat_colour(path) == (4, 4, 4)


def test_16_bit_grey_whose_zero_is_white_is_inverted(tmp_path: Path) -> None:
    path = save(tmp_path, grey_16_bits(1000), "a.tif")
    set_tiff_tag(path, 262, 1, 0)  # PhotometricInterpretation
    assert flat_colour(path) == (251, 251, 251)


def test_12_bit_grey_is_scaled_by_its_own_white(tmp_path: Path) -> None:
    path = save(tmp_path, Image.frombytes("L", (24, 8), bytes([0x80, 0x08, 0x00] * 64)), "a.tif")
    set_tiff_tag(path, 256, 24, 16)  # two values 0x800 in every three bytes
    set_tiff_tag(path, 258, 8, 12)
    assert flat_colour(path) == (128, 128, 128)  # 2048 of 4095


def test_16_bit_colours_are_scaled(tmp_path: Path) -> None:
    row = struct.pack(">3H", 0x8000, 0xFFFF, 0) * 4
    assert flat_colour(write_png(tmp_path / "a.png", 16, 2, [row] * 4, width=4)) == (128, 255, 0)


def test_16_bit_grey_with_alpha_lies_over_white(tmp_path: Path) -> None:
    row = struct.pack(">2H", 100 << 8, 128 << 8) * 4
    assert flat_colour(write_png(tmp_path / "a.png", 16, 4, [row] * 4, width=4)) == (177, 177, 177)


@pytest.mark.parametrize(
    ("values", "right"), [((0.0, 0.2), 51), ((0.0, 1.0), 255), ((0.0, 100.7), 101), ((0.0, 255.0), 255)]
)
def test_floating_point_is_read_as_0_to_1_or_0_to_255(
    tmp_path: Path, values: Sequence[float], right: int
) -> None:
    pixels = decode(save(tmp_path, floats(*values), "a.tif"))
    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert pixels[0, -1].tolist() == [right] * 3


@pytest.mark.parametrize("values", [(-0.1, 0.5), (0.0, 256.0), (0.0, float("nan")), (0.0, float("inf"))])
def test_floating_point_without_a_known_white_is_an_error(tmp_path: Path, values: Sequence[float]) -> None:
    with pytest.raises(DataError, match=r"a\.tif: has floating-point pixels from .* must lie in 0 to 1"):
        decode(save(tmp_path, floats(*values), "a.tif"))


def test_32_bit_integers_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.tif: has signed or 32-bit integer pixels"):
        decode(save(tmp_path, Image.new("I", SIZE, 1000), "a.tif"))
