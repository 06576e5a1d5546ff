"""What is no image is named for what it is."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from reportgen.dataset.decode import decode
from reportgen.dataset.signature import describe
from reportgen.errors import DataError

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect/></svg>'


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a.png", b"x")
    return buffer.getvalue()


def tiff(bits: int, kind: int, samples: int) -> bytes:
    """A TIFF of 1 × 1 pixels in little-endian order, with as many bits a channel as said."""
    entries = [
        (256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, bits), (259, 3, 1, 1), (262, 3, 1, samples // 2 + 1),
        (273, 4, 1, 200), (277, 3, 1, samples), (278, 3, 1, 1), (279, 4, 1, bits // 8 * samples),
        (339, 3, 1, kind),
    ]  # fmt: skip
    listed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + listed + bytes(4)
    return head.ljust(200, b"\0") + bytes(bits // 8 * samples)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (POINTER, "is a Git LFS pointer, not the image itself; run: git lfs pull"),
        (b"../../.git/annex/objects/Xx/0J/SHA256E-s9--4d.jpg/SHA256E-s9--4d.jpg", "git annex get"),
        (b"/annex/objects/SHA256E-s9--4d.jpg\n", "git annex get"),
        (b"outs:\n- md5: 4d7a\n  size: 9\n  path: a.jpg\n", "is a DVC pointer, not the image itself;"),
        (b"# xet version 0\nfilesize = 9\n", "Xet pointer"),
        (SVG, "is an SVG drawing"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- Inkscape > -->\n' + SVG, "is an SVG drawing"),
        (b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG" "x">' + SVG, "is an SVG drawing"),
        (b'<!DOCTYPE svg [<!ENTITY ns "http://x">]>' + SVG, "is an SVG drawing"),
        (b"<!DOCTYPE html>\n<html><body><svg></svg>", "is a web page (HTML)"),
        (b"\r\n  <HTML><HEAD>", "is a web page (HTML)"),
        (b"<!-- saved --><html>", "is a web page (HTML)"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code>', "is XML text"),
        (b'{"message": "Not Found"}', "is JSON text"),
        (b"%PDF-1.7\n%\xe2\xe3", "is a PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "is a PostScript drawing"),
        (archive(), "is a ZIP archive"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "is a video (MP4)"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "is a video (QuickTime)"),
        (b"RIFF\x24\0\0\0AVI LIST", "is a video (AVI)"),
        (b"II*\0\x10\0\0\0CR\x02\0", "is a camera's RAW picture (CR2)"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "is a camera's RAW picture (CR3)"),
        (b"L\0\0\0\x01\x14\x02\0", "is a Windows shortcut"),
        (b"[InternetShortcut]\r\nURL=https://x", "is a shortcut"),
        (b"\xff\x0a\xfa\x7f", "is a JPEG XL image"),
        (b"", "is empty (0 bytes)"),
        (bytes(5000), "holds 5000 zero bytes and nothing else"),
        (b"Dear diary,\ntoday", "is text, not an image (“Dear diary, today”)"),
        ("Liebes Tagebuch, ä".encode("utf-16"), "is text, not an image (“Liebes Tagebuch, ä”)"),
        ("ä".encode() * 3000, "is text, not an image (“" + "ä" * 40 + "…”)"),
        (b"\xff\xd8\xff", "is a JPEG image that is damaged or cut off"),
        (b"\x89PNG\r\n\x1a\n", "is a PNG image that is damaged or cut off"),
        (b"\x89PNG\n\x1a\n", "line breaks were converted"),
        (b"\x1b[2J\xff\xfe\xfd", "(it begins with the bytes 1b 5b 32 4a ff fe fd)"),
        (tiff(32, 3, 3), "is a TIFF of 32 bits a channel (floating-point numbers, 3 channels)"),
        (tiff(64, 1, 1), "is a TIFF of 64 bits a channel (integers)"),
    ],
)  # fmt: skip
def test_what_a_file_is_instead_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(DataError) as caught:
        decode(tmp_path / "a.jpg")
    assert words in caught.value.problem
    assert caught.value.problem.isprintable()


def test_two_kinds_that_begin_alike_are_told_apart() -> None:
    """A web page with a drawing in it is a page; XML that names SVG later is no drawing."""
    assert "web page" in describe(b"<html><svg>")
    assert "SVG" not in describe(b"<note><svg></note>")


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", [b"<!---->", b" ", b"<?x?>", b"<!DOCTYPE svg []>", b"md5: ", b"<!-- "])
def test_no_file_makes_the_search_long(piece: bytes) -> None:
    describe(piece * 2000)


def test_a_preview_of_a_raw_picture_is_not_taken_for_the_picture(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "a.tif", tiffinfo={50706: b"\1\4\0\0"})
    with pytest.raises(DataError, match=r"a\.tif: is a camera's RAW picture \(DNG\)"):
        decode(tmp_path / "a.tif")
