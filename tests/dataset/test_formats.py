"""Which formats are opened: of one's own all pictures, of strangers the usual ones, and no program ever."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, features

from reportgen.dataset.contents import UndecodableError
from reportgen.dataset.decode import decode_bytes
from reportgen.dataset.inventory import take_inventory
from reportgen.dataset.scan import check_images, scan
from reportgen.errors import DataError
from reportgen.progress import Silent

USUAL = ("JPEG", "PNG", "BMP", "WEBP", "GIF", "TIFF")
FURTHER = ("PPM", "TGA", "ICO", "ICNS", "JPEG2000", "PCX", "SGI", "DDS", "DIB", "QOI", "AVIF")


def encoded(format_: str, image: Image.Image | None = None, **options: Any) -> bytes:
    if features.check("avif") is False and format_ == "AVIF":
        pytest.skip("this Pillow has no AVIF")
    buffer = io.BytesIO()
    (image or Image.new("RGB", (64, 64), (200, 100, 50))).save(buffer, format_, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("format_", [*USUAL, *FURTHER])
def test_of_ones_own_every_format_is_read(format_: str) -> None:
    pixels = decode_bytes(encoded(format_)).pixels[112, 112].astype(int)
    assert np.abs(pixels - [200, 100, 50]).max() <= (60 if format_ == "GIF" else 8)


@pytest.mark.parametrize("format_", USUAL)
def test_usual_formats_are_read_of_strangers(format_: str) -> None:
    assert decode_bytes(encoded(format_), strict=True).pixels.shape == (224, 224, 3)


@pytest.mark.parametrize("format_", FURTHER)
def test_other_formats_are_not_read_of_strangers(format_: str) -> None:
    with pytest.raises(UndecodableError):
        decode_bytes(encoded(format_), strict=True)


def test_16_bit_ppm_is_scaled() -> None:
    value = (1000).to_bytes(2, "big")
    assert decode_bytes(b"P5 4 4 65535\n" + value * 16).pixels[0, 0].tolist() == [4, 4, 4]


def test_no_other_program_is_ever_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow hands EPS to Ghostscript, whatever the file is called."""

    def start(*_: object, **__: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(UndecodableError, match="is a PostScript drawing"):
        decode_bytes(encoded("EPS"))


def test_heic_is_read_where_pillow_heif_is() -> None:
    heif = pytest.importorskip("pillow_heif")
    image = Image.new("RGB", (64, 64), (200, 100, 50))
    buffer = io.BytesIO()
    heif.from_pillow(image).save(buffer, quality=90)
    assert np.abs(decode_bytes(buffer.getvalue()).pixels[112, 112].astype(int) - [200, 100, 50]).max() <= 8
    with pytest.raises(UndecodableError, match="is a HEIC photo"):
        decode_bytes(buffer.getvalue(), strict=True)


@pytest.mark.parametrize("format_", ["HEIF", "AVIF"])
def test_a_turned_photo_is_turned_once(format_: str) -> None:
    """These formats have a rotation of their own, beside that of EXIF."""
    if format_ == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    image = Image.new("RGB", (80, 40), "white")
    image.paste("red", (0, 0, 40, 20))  # above, left; after a quarter turn clockwise: above, right
    exif = Image.Exif()
    exif[0x0112] = 6
    decoded = decode_bytes(encoded(format_, image, exif=exif.tobytes(), quality=95))
    assert (decoded.width, decoded.height) == (40, 80)
    red = decoded.pixels[..., 1] < 128
    assert [[bool(red[i, j]) for j in (50, -50)] for i in (50, -50)] == [[False, True], [False, False]]


def test_heic_without_pillow_heif_names_the_package() -> None:
    """In a process of its own, since Pillow keeps what was once registered."""
    code = (
        "import sys; sys.modules['pillow_heif'] = None\n"
        "from reportgen.dataset.decode import decode_bytes\n"
        "decode_bytes(b'\\0\\0\\0\\x18ftypheic\\0\\0\\0\\0mif1heic' + bytes(100))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "is a HEIC photo; install the package pillow-heif" in done.stderr


def test_what_was_opened_of_ones_own_is_not_let_through_for_strangers(tmp_path: Path) -> None:
    for i, split in enumerate(("train", "val", "test")):
        for label in ("cat", "dog"):
            (tmp_path / split / label).mkdir(parents=True)
            Image.new("RGB", (40, 40), (i, len(label), ord(label[0]))).save(
                tmp_path / split / label / "1.ppm"
            )
    assert len(scan(tmp_path, 0).images) == 6
    with pytest.raises(DataError) as caught:
        check_images(take_inventory(tmp_path, 0, strict=True), {}, Silent())
    assert caught.value.problems[0].startswith("train/cat/1.ppm: is a PPM image, a format that is not opened")
