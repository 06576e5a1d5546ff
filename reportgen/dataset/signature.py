"""Recognises files that are not images by their first bytes, and says what to do about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

USUAL = ("JPEG", "PNG", "BMP", "WEBP", "GIF", "TIFF")
"""Formats opened even in untrusted folders; in Pillow's names, as all below."""

_FURTHER = (
    *("AVIF", "HEIF", "JPEG2000", "PPM", "ICO", "ICNS", "CUR", "DIB", "PSD", "QOI", "DDS", "SGI", "SUN"),
    *("PCX", "DCX", "XBM", "XPM", "MSP", "BLP", "FTEX", "FLI", "PIXAR", "GBR", "XVTHUMB"),
    *("TGA", "SPIDER"),
)
"""Formats opened in the user's own folders, too. Pillow supports more: EPS, which it hands to another
program, Ghostscript; WMF, which Windows draws; FITS, MCIDAS and the like, measurements without a known white;
MPEG, GRIB, BUFR and HDF5, which it recognises and cannot decode. The last two bear no mark of their own and
are tried last."""

IMAGE_SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".bmp", ".dib", ".webp", ".gif"),
        *(".tif", ".tiff", ".avif", ".heic", ".heif", ".hif"),
        *(".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
        *(".ico", ".icns", ".cur", ".psd", ".qoi", ".dds", ".sgi", ".ras", ".pcx", ".dcx"),
        *(".xbm", ".xpm", ".msp", ".tga"),
    }
)
"""How names of images end, in small letters."""


def list_further_formats() -> tuple[str, ...]:
    """Further formats that this machine can open, in Pillow's names, in the order in which to try them.

    HEIC and HEIF are among them if the package ``pillow-heif`` is installed.
    """
    from PIL import Image

    Image.init()
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    return tuple(name for name in _FURTHER if name in Image.OPEN)


_HEAD = 4096
"""Bytes in which a kind shows itself."""

_SHOWN = 40

_IMAGE = "is a {} image that is damaged or cut off"

_CLOSED = "is a {} image, a format that is not opened here; save it as JPEG or PNG"

# Each step is atomic: a search goes back over them once at most. Possessive it is not, for Python up to
# 3.11.4 matches possessive groups wrongly (python/cpython#106052).
_SPACE = r"(?>\s|<\?[^>]*>|<!--(?s:.*?)-->|<!DOCTYPE\s+svg(?s:[^>\[]*(?:\[[^\]]*\]\s*)?)>)*"
"""What may precede the first element of an XML document."""

_DOWNLOAD = "it was probably saved in place of the image; download the image itself"

_MAGIC: Sequence[tuple[int, bytes, str]] = (
    (0, b"\xff\xd8", _IMAGE.format("JPEG")),
    (0, b"\x89PNG\r\n\x1a\n", _IMAGE.format("PNG")),
    (
        0,
        b"\x89PNG",
        "is a PNG image whose line breaks were converted, as in a transfer as text; copy it again",
    ),
    (0, b"GIF8", _IMAGE.format("GIF")),
    (8, b"WEBP", _IMAGE.format("WebP")),
    (0, b"BM", _IMAGE.format("BMP")),
    (8, b"CR\x02", "is a camera's RAW picture (CR2); save it as JPEG"),
    (0, b"FUJIFILMCCD-RAW", "is a camera's RAW picture (RAF); save it as JPEG"),
    (0, b"IIRO", "is a camera's RAW picture (ORF); save it as JPEG"),
    (0, b"IIRS", "is a camera's RAW picture (ORF); save it as JPEG"),
    (0, b"IIU\0", "is a camera's RAW picture (RW2); save it as JPEG"),
    (0, b"FOVb", "is a camera's RAW picture (X3F); save it as JPEG"),
    (0, b"HEAPCCDR", "is a camera's RAW picture (CRW); save it as JPEG"),
    (6, b"HEAPCCDR", "is a camera's RAW picture (CRW); save it as JPEG"),
    (0, b"8BPS", "is a Photoshop document; save it as JPEG or PNG"),
    (0, b"\xff\x0a", _CLOSED.format("JPEG XL")),
    (4, b"JXL \r\n", _CLOSED.format("JPEG XL")),
    (4, b"jP  \r\n", _CLOSED.format("JPEG 2000")),
    (0, b"\xff\x4f\xff\x51", _CLOSED.format("JPEG 2000")),
    (0, b"P5", _CLOSED.format("PGM")),
    (0, b"P6", _CLOSED.format("PPM")),
    (0, b"qoif", _CLOSED.format("QOI")),
    (0, b"DDS ", _CLOSED.format("DDS")),
    (0, b"\0\0\x01\0", _CLOSED.format("ICO")),
    (0, b"icns", _CLOSED.format("ICNS")),
    (0, b"gimp xcf", "is a GIMP document; export it as JPEG or PNG"),
    (0, b"v/1\x01", "is an OpenEXR image; save it with 8 or 16 bits a channel, as PNG"),
    (0, b"#?RADIANCE", "is a Radiance HDR image; save it with 8 or 16 bits a channel, as PNG"),
    (0, b"SIMPLE  =", "is a FITS file, a measurement without a known white; save it as PNG"),
    (128, b"DICM", "is a DICOM file; save it as PNG"),
    (0, b"%PDF", "is a PDF; save its picture as JPEG or PNG"),
    (0, b"%!PS", "is a PostScript drawing; save it as PNG"),
    (0, b"\xc5\xd0\xd3\xc6", "is an EPS drawing; save it as PNG"),
    (0, b"\xd7\xcd\xc6\x9a", "is a Windows metafile, a drawing; save it as PNG"),
    (40, b" EMF", "is a Windows metafile, a drawing; save it as PNG"),
    (0, b"PK\x03\x04", "is a ZIP archive; unpack it"),
    (0, b"Rar!", "is a RAR archive; unpack it"),
    (0, b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive; unpack it"),
    (0, b"\x1f\x8b", "is a file packed by gzip; unpack it"),
    (0, b"BZh", "is a file packed by bzip2; unpack it"),
    (0, b"\xfd7zXZ\0", "is a file packed by xz; unpack it"),
    (257, b"ustar", "is a tar archive; unpack it"),
    (8, b"AVI ", "is a video (AVI); save one picture of it"),
    (0, b"\x1a\x45\xdf\xa3", "is a video (Matroska or WebM); save one picture of it"),
    (0, b"FLV\x01", "is a video (FLV); save one picture of it"),
    (0, b"\0\0\x01\xba", "is a video (MPEG); save one picture of it"),
    (0, b"\0\0\x01\xb3", "is a video (MPEG); save one picture of it"),
    (0, b"OggS", "is a video or sound (Ogg), not an image; take it out"),
    (8, b"WAVE", "is a sound (WAV), not an image; take it out"),
    (0, b"ID3", "is a sound (MP3), not an image; take it out"),
    (0, b"L\0\0\0\x01\x14\x02\0", "is a Windows shortcut; put the image itself there"),
    (0, b"book\0\0\0\0mark", "is an alias of the Finder; put the image itself there"),
    (0, b"\0\x05\x16\x07", "is a side file of macOS (AppleDouble), not an image; delete it"),
    (0, b"bplist00", "is a property list of macOS, not an image; take it out"),
    (0, b"\x89HDF\r\n", "is an HDF5 file, not an image; take it out"),
    (0, b"\x93NUMPY", "is a NumPy array, not an image; save it as PNG"),
    (0, b"MATLAB 5.0", "is a file of MATLAB, not an image; save its picture as PNG"),
    (0, b"SQLite format 3", "is a data base (SQLite), not an image; take it out"),
    (0, b"\xd0\xcf\x11\xe0", "is an old Office document, not an image; take it out"),
    (0, b"\x7fELF", "is a program, not an image; take it out"),
    (0, b"MZ", "is a program of Windows, not an image; take it out"),
)
"""Offset, bytes and words; the first that fits counts. The words follow the file's name."""

_BRANDS: Sequence[tuple[bytes, str]] = (
    (b"avif", _CLOSED.format("AVIF")),
    (b"avis", _CLOSED.format("AVIF")),
    (b"heic", "is a HEIC photo"),
    (b"heix", "is a HEIC photo"),
    (b"heim", "is a HEIC photo"),
    (b"heis", "is a HEIC photo"),
    (b"hevc", "is a HEIC photo"),
    (b"mif1", "is a HEIF photo"),
    (b"msf1", "is a HEIF photo"),
    (b"crx ", "is a camera's RAW picture (CR3); save it as JPEG"),
    (b"qt  ", "is a video (QuickTime); save one picture of it"),
)
"""Brands of the ISO media format, which follow ``ftyp``; all others are taken for MP4."""

_HEIF_REMEDY = "; install the package pillow-heif (pip install pillow-heif), or save it as JPEG"

_TEXTS: Sequence[tuple[re.Pattern[str], str]] = (
    (
        re.compile(r"version https://git-lfs\.github\.com/spec/"),
        "is a Git LFS pointer, not the image itself; run: git lfs pull",
    ),
    (re.compile(r"version https://hawser"), "is a Git LFS pointer, not the image itself; run: git lfs pull"),
    (
        re.compile(r"(?:[./\\]*\.git[/\\]annex[/\\]objects[/\\]|/annex/objects/)"),
        "is a git-annex pointer, not the image itself; run: git annex get .",
    ),
    (re.compile(r"# xet version"), "is a Xet pointer of Hugging Face, not the image; download it again"),
    (
        re.compile(r"(?:outs|md5):(?s:.*?)\bpath:"),
        "is a DVC pointer, not the image itself; run: dvc pull",
    ),
    (re.compile(r"\[(?:InternetShortcut|Desktop Entry)", re.I), "is a shortcut; put the image itself there"),
    (
        re.compile(rf"{_SPACE}<(?:\w+:)?svg\b", re.I),
        "is an SVG drawing; save it as PNG",
    ),
    (
        re.compile(rf"{_SPACE}<(?:!doctype\s+html|html|head|body|title|script|meta)\b", re.I),
        f"is a web page (HTML), not an image: {_DOWNLOAD}",
    ),
    (re.compile(r"<\?xml|<[A-Za-z]+[ >]"), f"is XML text, not an image, as servers answer: {_DOWNLOAD}"),
    (re.compile(r"data:image/[\w.+-]+;base64,"), "is a data URL, an image as text; save it as an image"),
    (re.compile(r"(?:iVBORw0KGgo|/9j/|R0lGOD)[\w+/]"), "is an image as Base64 text; decode it"),
    (re.compile(r"[{\[]"), f"is JSON text, not an image, as servers answer: {_DOWNLOAD}"),
    (re.compile(r"https?://\S+\s*$"), "is the address of an image as text; download the image itself"),
)  # fmt: skip
"""How text begins, white space aside, and what it is then."""


def describe(data: bytes) -> str:
    """The type of a file that is not an image, in words that follow its name, and a remedy.

    The words are quoted from ``data`` only where it is printable text.
    """
    if not data:
        return "is empty (0 bytes)"
    if not data.strip(b"\0"):
        return f"holds {len(data)} zero bytes and nothing else, as a broken download does; download it again"
    # From what looks into a format to what compares a few bytes, and text last: it fits nearly anything.
    for look in (_tiff, _isomedia, _magic, _text):
        if words := look(data):
            return words
    return f"is not an image of a known kind (it begins with the bytes {data[:8].hex(' ')})"


def _magic(data: bytes) -> str | None:
    return next(
        (words for offset, magic, words in _MAGIC if data[offset : offset + len(magic)] == magic), None
    )


def _isomedia(data: bytes) -> str | None:
    if data[4:8] != b"ftyp":
        return None
    # As long as the box says, but never more than the head: the length is a stranger's, too.
    brands = data[8 : max(12, min(int.from_bytes(data[:4], "big"), _HEAD))]
    # The four bytes between are the minor version.
    listed = [brands[:4], *(brands[i : i + 4] for i in range(8, len(brands), 4))]
    for brand, words in _BRANDS:
        if brand in listed:
            return words + _HEIF_REMEDY if words.endswith("photo") else words
    return "is a video (MP4); save one picture of it"


def _tiff(data: bytes) -> str | None:
    # A CR2 is a TIFF inside, and the table says better what it is.
    if data[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+") or data[8:11] == b"CR\x02":
        return None
    from reportgen.dataset.png import describe_tiff

    return describe_tiff(data)


def _text(data: bytes) -> str | None:
    text = _decoded(data[:_HEAD])
    if text is None:
        return None
    plain = text.lstrip("\ufeff \t\r\n")
    for pattern, words in _TEXTS:
        if pattern.match(plain):
            return words
    line = " ".join(plain.split())
    quoted = line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
    return f"is text, not an image (“{quoted}”)"


def _decoded(head: bytes) -> str | None:
    """The beginning of a text; None if it is no text."""
    # UTF-16 by its mark only: without it, nearly any bytes are characters of it.
    for encoding, marked in (("utf-16", head[:2] in (b"\xff\xfe", b"\xfe\xff")), ("utf-8", True)):
        if not marked:
            continue
        # The last character may be cut by the head's end.
        text = head.decode(encoding, "replace").rstrip("\N{REPLACEMENT CHARACTER}")
        if text and all(character.isprintable() or character in "\t\r\n\f\ufeff" for character in text):
            return None if "\N{REPLACEMENT CHARACTER}" in text else text
    return None
