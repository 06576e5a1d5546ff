"""One file to 224 × 224 pixels: size, orientation, and every way in which a file can be bad."""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from reportgen.dataset.decode import SIDE, decode, grey
from reportgen.errors import DataError

FORMATS = ["JPEG", "PNG", "BMP", "WEBP", "GIF", "TIFF"]
LOSSLESS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 100, "subsampling": 0},
    "WEBP": {"lossless": True},
}
QUARTERS = {"R": (255, 0, 0), "G": (0, 255, 0), "B": (0, 0, 255), "W": (255, 255, 255)}


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


def four_quarters(width: int, height: int) -> Image.Image:
    """Red and green above, blue and white below."""
    image = Image.new("RGB", (width, height))
    for i, colour in enumerate(QUARTERS.values()):
        image.paste(colour, (i % 2 * width // 2, i // 2 * height // 2, width, height))
    return image


def corners(pixels: NDArray[np.uint8]) -> str:
    """The colours of the four corners, above then below, as letters."""
    names = {tuple(value > 127 for value in colour): name for name, colour in QUARTERS.items()}
    return "".join(names[tuple((pixels[i, j] > 127).tolist())] for i in (0, -1) for j in (0, -1))


def png_header(width: int, height: int) -> bytes:
    """A 1-bit PNG that says how large it is, and has next to no pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0"))


def write(folder: Path, data: bytes, name: str = "a.png") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder of a user who is bound by permissions, even where the tests run as root."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        root = os.geteuid() == 0
        yield Path(folder)
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("size", [(300, 200), (100, 400), (224, 224), (1, 1), (1, 500)])
def test_size_is_changed_by_pillows_bilinear_filter(tmp_path: Path, size: tuple[int, int]) -> None:
    image = noise(*size)
    image.save(tmp_path / "a.png")
    pixels = decode(tmp_path / "a.png")
    assert pixels.dtype == np.uint8
    assert pixels.shape == (SIDE, SIDE, 3) == (224, 224, 3)
    np.testing.assert_array_equal(pixels, image.resize((224, 224), Image.Resampling.BILINEAR))


@pytest.mark.parametrize("size", [(400, 200), (200, 400)])
def test_nothing_is_cropped(tmp_path: Path, size: tuple[int, int]) -> None:
    image = Image.new("RGB", size)
    for i, colour in enumerate(QUARTERS.values()):  # only the outermost 10 pixels are coloured
        image.paste(colour, (i % 2 * (size[0] - 10), i // 2 * (size[1] - 10), size[0], size[1]))
        image.paste((0, 0, 0), (10, 10, size[0] - 10, size[1] - 10))
    image.save(tmp_path / "a.png")
    assert corners(decode(tmp_path / "a.png")) == "RGBW"


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_read_whatever_the_file_is_called(tmp_path: Path, format_: str) -> None:
    four_quarters(80, 40).save(tmp_path / "a.dat", format=format_, **LOSSLESS.get(format_, {}))
    assert corners(decode(tmp_path / "a.dat")) == "RGBW"


@pytest.mark.parametrize("format_", ["GIF", "TIFF", "WEBP", "PNG"])
def test_first_frame_is_taken(tmp_path: Path, format_: str) -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(
        tmp_path / "a.dat",
        format=format_,
        save_all=True,
        append_images=frames[1:],
        **LOSSLESS.get(format_, {}),
    )
    assert corners(decode(tmp_path / "a.dat")) == "RRRR"


# Where the stored first row and first column are to be seen, from the EXIF standard (tag 0x0112).
@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, "RGBW"),  # row 0 above, column 0 on the left
        (2, "GRWB"),  # above, right
        (3, "WBGR"),  # below, right
        (4, "BWRG"),  # below, left
        (5, "RBGW"),  # left, above
        (6, "BRWG"),  # right, above
        (7, "WGBR"),  # right, below
        (8, "GWRB"),  # left, below
    ],
)
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied(tmp_path: Path, format_: str, orientation: int, expected: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    four_quarters(80, 40).save(tmp_path / "a.dat", format=format_, exif=exif, **LOSSLESS.get(format_, {}))
    assert corners(decode(tmp_path / "a.dat")) == expected


def exif_block(*entries: tuple[int, int, bytes]) -> bytes:
    """A big-endian EXIF block of tags, each with its kind (2: ASCII, 3: SHORT) and one value."""
    listed = b"".join(struct.pack(">HHI4s", tag, kind, 1, value) for tag, kind, value in entries)
    return b"Exif\0\0MM\0*" + struct.pack(">IH", 8, len(entries)) + listed + bytes(4)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("exif", "expected"),
    [
        (b"Exif\0\0nonsense", "RGBW"),
        (exif_block((0x0112, 3, b"\0\6"))[:-12], "RGBW"),  # cut off
        (exif_block((0x0112, 3, b"\0\6"), (0x011A, 2, b"x")), "BRWG"),  # a resolution that is no number
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_malformed_exif_does_not_cost_the_picture(
    tmp_path: Path, format_: str, exif: bytes, expected: str
) -> None:
    four_quarters(80, 40).save(tmp_path / "a.dat", format=format_, exif=exif, **LOSSLESS.get(format_, {}))
    assert corners(decode(tmp_path / "a.dat")) == expected


def test_grey_is_the_luma_from_0_to_1() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0], [255, 255, 255]]], np.uint8)
    values = grey(colours)
    assert values.dtype == np.float32
    # 0.299 × 255 = 76.2, 0.587 × 255 = 149.7, 0.114 × 255 = 29.1
    np.testing.assert_array_equal(values, np.array([[76, 150, 29, 0, 255]], np.float32) / 255)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("kept", [0.4, 0.9])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_truncated_file_is_an_error(tmp_path: Path, format_: str, kept: float) -> None:
    path = tmp_path / "a.dat"
    noise(100, 80).save(path, format=format_)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(
        DataError,
        match=r"a\.dat: (is damaged or cut off|is cut off|has a damaged header|is a \w+ image that is dam)",
    ):
        decode(path)


def test_zero_byte_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.png: is empty \(0 bytes\)"):
        decode(write(tmp_path, b""))


def test_file_of_another_kind_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"a\.png: is text, not an image \(“Dear diary, today I took no pictures.”\)"
    ):
        decode(write(tmp_path, b"Dear diary, today I took no pictures."))


@pytest.mark.parametrize("size", [(30_000, 30_000), (10_000, 10_001)])
def test_too_many_pixels_are_an_error_before_decoding(tmp_path: Path, size: tuple[int, int]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(
            DataError, match=rf"is {size[0]}×{size[1]} pixels; at most 100 million are allowed"
        ):
            decode(write(tmp_path, png_header(*size)))


def test_100_million_pixels_are_allowed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is cut off"):  # it has no pixels, but may have that many
        decode(write(tmp_path, png_header(10_000, 10_000)))


@pytest.mark.parametrize("format_", [name for name in FORMATS if name != "TIFF"])
@pytest.mark.parametrize("limit", [1000, 2000])
def test_pillows_own_limit_is_neither_met_nor_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: str, limit: int
) -> None:
    """80 × 40 pixels are over twice one limit, where Pillow raises, and over the other, where it warns."""
    four_quarters(80, 40).save(tmp_path / "a.dat", format=format_, **LOSSLESS.get(format_, {}))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert corners(decode(tmp_path / "a.dat")) == "RGBW"
    assert limit == Image.MAX_IMAGE_PIXELS


def test_tiff_that_pillow_would_warn_of_is_read(tmp_path: Path) -> None:
    """For TIFF, Pillow checks when it loads, too; this one has 90 million pixels in a few kilobytes."""
    Image.new("1", (9500, 9500), 1).save(tmp_path / "a.tif", compression="group4")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode(tmp_path / "a.tif").min() == 255


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.png: cannot be read: there is no such file"):
        decode(tmp_path / "a.png")


def test_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a regular file"):
        decode(tmp_path)


@pytest.mark.timeout(10)
def test_pipe_is_an_error_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(DataError, match="is not a regular file"):
        decode(tmp_path / "a.png")


def test_huge_file_is_an_error_before_reading(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(1_000_000_001)  # a hole: it takes no room on the disk
    with pytest.raises(DataError, match=r"a\.png: is 1\.0 GB, more than the 1 GB allowed"):
        decode(tmp_path / "a.png")


def test_file_without_permission_is_an_error(unprivileged: Path) -> None:
    path = unprivileged / "a.png"
    noise(8, 8).save(path)
    path.chmod(0)
    if os.geteuid() == 0:
        os.seteuid(65534)
    with pytest.raises(DataError, match=r"a\.png: cannot be read: you have no right to it"):
        decode(path)


def test_error_escapes_what_would_break_its_line(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        decode(write(tmp_path, b"", "a\nb\x1b[2J.png"))
    assert caught.value.problems == (rf"{tmp_path}/a\nb\x1b[2J.png: is empty (0 bytes)",)


@pytest.mark.prints
def test_a_truncated_file_is_an_error_after_printing_too(tmp_path: Path) -> None:
    import weasyprint

    weasyprint.HTML(string="<p>x").write_pdf()
    file = tmp_path / "a.jpg"
    Image.effect_noise((90, 80), 50).convert("RGB").save(file)
    file.write_bytes(file.read_bytes()[:-500])
    with pytest.raises(DataError, match="is cut off: the file ends before its image does"):
        decode(file)


def test_an_image_that_is_another_than_was_listed_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.new("RGB", (40, 40), (9, 9, 9)).save(file)
    listed = hashlib.sha256(file.read_bytes()).hexdigest()
    assert decode(file, listed).shape == (224, 224, 3)
    Image.new("RGB", (40, 40), (8, 9, 9)).save(file)
    with pytest.raises(DataError, match=r"a\.png.*was changed while"):
        decode(file, listed)
