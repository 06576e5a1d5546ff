"""Files that were made to harm whoever opens them, out of the honest report ``windows`` and its images."""

from __future__ import annotations

import base64
import json
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pikepdf
from pikepdf import Array, Name

GIGABYTE = 10**9

_BLOCK = 10**6
_ADLER_BASE = 65521


def packed_zeros(size: int) -> bytes:
    """A zlib stream of ``size`` zeros, a multiple of a million; made without ever having them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    first = packer.compress(bytes(_BLOCK)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(_BLOCK)) + packer.flush(zlib.Z_FULL_FLUSH)
    # Adler-32 of n zeros: the first sum stays 1, the second counts them.
    check = (size % _ADLER_BASE) << 16 | 1
    last = packer.flush(zlib.Z_FINISH)
    return b"\x78\xda" + first + block * (size // _BLOCK - 1) + last + struct.pack(">I", check)


def _change_pdf(build: Path, change: Callable[[pikepdf.Pdf], None]) -> None:
    file = build / "report.pdf"
    with pikepdf.open(file, allow_overwriting_input=True) as pdf:
        change(pdf)
        # Or qpdf would unpack it to pack it again.
        pdf.save(file, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)


def _attachment(pdf: pikepdf.Pdf, name: str) -> pikepdf.Stream:
    return pdf.attachments[name].get_file().obj


def packed_attachment(build: Path) -> None:
    """``results.json`` in the PDF: 4 GB in 4 MB."""

    def change(pdf: pikepdf.Pdf) -> None:
        _attachment(pdf, "results.json").write(packed_zeros(4 * GIGABYTE), filter=Name.FlateDecode)

    _change_pdf(build, change)


def doubly_packed_attachment(build: Path) -> None:
    """``results.json`` in the PDF: 4 GB in some 20 kB."""

    def change(pdf: pikepdf.Pdf) -> None:
        twice = zlib.compress(packed_zeros(4 * GIGABYTE), 9)
        _attachment(pdf, "results.json").write(twice, filter=Array([Name.FlateDecode, Name.FlateDecode]))

    _change_pdf(build, change)


def packed_page(build: Path) -> None:
    """What the first page draws: more than 4 GB of nothing in some 4 MB."""

    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj.Contents = pdf.make_stream(b"")
        pdf.pages[0].obj.Contents.write(packed_zeros(4_300 * 10**6), filter=Name.FlateDecode)

    _change_pdf(build, change)


def doubly_packed_page(build: Path) -> None:
    """The same in some 20 kB."""

    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj.Contents = pdf.make_stream(b"")
        twice = zlib.compress(packed_zeros(4_300 * 10**6), 9)
        pdf.pages[0].obj.Contents.write(twice, filter=Array([Name.FlateDecode, Name.FlateDecode]))

    _change_pdf(build, change)


def repeated_page(build: Path) -> None:
    """What the first page draws: 60 MB in 60 kB, a hundred times the same."""

    def change(pdf: pikepdf.Pdf) -> None:
        part = pdf.make_stream(b"")
        part.write(packed_zeros(60 * _BLOCK), filter=Name.FlateDecode)
        pdf.pages[0].obj.Contents = Array([part] * 100)

    _change_pdf(build, change)


def large_webp() -> bytes:
    """A WebP without loss of 16383 × 16383 pixels, all of one colour, in 4 kB.

    Five prefix codes of one symbol each need no bit a pixel; the rest is zeros for whoever counts bytes.
    """
    side = 16383
    bits = 0x2F | (side - 1) << 8 | (side - 1) << 22
    position = 8 + 14 + 14 + 1 + 3
    # No transform, no colour cache, no meta prefix codes.
    position += 3
    for symbol in (255, 0, 0, 255, 0):
        # A simple code of one symbol: 1; one symbol: 0; of eight bits: 1.
        bits |= (1 | 1 << 2 | symbol << 3) << position
        position += 11
    image = bits.to_bytes((position + 7) // 8, "little").ljust(4000, b"\0")
    chunk = b"VP8L" + struct.pack("<I", len(image)) + image
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def picture_in_page(build: Path) -> None:
    """A WebP of 4 kB and a gigabyte of pixels in place of the first photograph of the page."""
    file = build / "report.html"
    html = file.read_text(encoding="utf-8")
    large = base64.b64encode(large_webp()).decode()
    # With the word before it that is due there, or it would not be opened at all.
    changed = re.sub(r'(?<=src="data:image/jpeg;base64,)[^"]*', large, html, count=1)
    assert changed != html
    file.write_text(changed, encoding="utf-8", newline="")


def deep_json(build: Path) -> None:
    """``results.json``: a list in a list, a million times, in the folder and in the PDF."""
    deep = b"[" * 10**6 + b"]" * 10**6
    (build / "results.json").write_bytes(deep)
    _change_pdf(build, lambda pdf: _attachment(pdf, "results.json").write(deep))


def _comment(words: str) -> Callable[[Path], None]:
    """A report whose settings say that these are the authors' words."""

    def change(build: Path) -> None:
        def attach(pdf: pikepdf.Pdf) -> None:
            stream = _attachment(pdf, "report.toml")
            text = stream.read_bytes().decode()
            stream.write(f"{text}\n[commentary]\nconvolution = {json.dumps(words)}\n".encode())

        _change_pdf(build, attach)

    return change


_QUOTES = "> " * 90 + "a\n"

COMMENTARY: Mapping[str, str] = {
    "quotes in quotes": _QUOTES * (240_000 // len(_QUOTES)),
    "brackets": "[" * 120_000 + "](" * 60_000,
    "dollars": "$a" * 125_000,
}
"""Each has some 240 kB, of the 262 that settings may have."""

FILES: Mapping[str, Callable[[Path], None]] = {
    each.__name__: each
    for each in (
        packed_attachment, doubly_packed_attachment, packed_page, doubly_packed_page, repeated_page,
        picture_in_page, deep_json,
    )
} | {f"commentary, {name}": _comment(words) for name, words in COMMENTARY.items()}  # fmt: skip
"""Each changes a build folder into one that does harm."""


def zip_bomb(file: Path) -> None:
    """A zip whose report is 4 GB of zeros in 4 MB, as its directory says."""
    _write_packed(file, {"Group/report.pdf": 4 * GIGABYTE - _BLOCK})


def zip_of_bombs(file: Path) -> None:
    """A zip of forty such files of 90 MB, each of which alone would be small enough."""
    _write_packed(file, {f"Group/data/cat/{number}.png": 90 * _BLOCK for number in range(40)})


def many_entries(file: Path) -> None:
    """A zip of a hundred thousand empty files."""
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"Group/data/cat/{number}.png", b"")


def _write_packed(file: Path, sizes: Mapping[str, int]) -> None:
    """A zip of files of zeros, written by hand since zipfile would have to read them all."""
    directory, entries = b"", b""
    for name, size in sizes.items():
        # zlib's two bytes before the stream and four after it are none of the zip's.
        data, encoded = packed_zeros(size)[2:-4], name.encode()
        common = struct.pack(
            "<HHHHHIIIHH", 20, 0, 8, 0, 33, _crc_of_zeros(size), len(data), size, len(encoded), 0
        )
        directory += b"PK\1\2" + struct.pack("<H", 20) + common
        directory += struct.pack("<HHHII", 0, 0, 0, 0, len(entries)) + encoded
        entries += b"PK\3\4" + common + encoded + data
    end = struct.pack("<HHHHIIH", 0, 0, len(sizes), len(sizes), len(directory), len(entries), 0)
    file.write_bytes(entries + directory + b"PK\5\6" + end)


def _crc_of_zeros(size: int) -> int:
    crc, zeros = 0, bytes(_BLOCK)
    for _ in range(size // _BLOCK):
        crc = zlib.crc32(zeros, crc)
    return crc


ZIPS: Mapping[str, Callable[[Path], None]] = {
    each.__name__: each for each in (zip_bomb, zip_of_bombs, many_entries)
}

_SPEAKING = """
import os, socket
open({mark!r}, "a").write(__file__ + "\\n")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import time
        time.sleep(600)
    os._exit(0)
socket.create_connection(("127.0.0.1", {port}), 5)
"""


def add_programs(build: Path, mark: Path, port: int) -> None:
    """Programs under every name that Python, pytest or reportgen might load; each writes to ``mark``, forks
    twice and calls out.
    """
    text = _SPEAKING.format(mark=str(mark), port=port)
    names = ("reportgen", "sitecustomize", "usercustomize", "conftest", "test_report", "numpy", "json",
             "section", "compute", "checks")  # fmt: skip
    for name in names:
        (build / f"{name}.py").write_text(text, encoding="utf-8")
    (build / "reportgen.pth").write_text(f"import os; exec({text!r})\n", encoding="utf-8")
    (build / "templates").mkdir()
    for name in ("report.html.j2", "sections.html.j2"):
        code = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
        (build / "templates" / name).write_text(code, encoding="utf-8")
    (build / "pytest.ini").write_text("[pytest]\naddopts = -p conftest\n", encoding="utf-8")
    (build / "report.toml").write_text(
        'templates = "templates"\nweights = "evil.h5"\nreport = "section"\n', encoding="utf-8"
    )


def copy_report(windows: Path, target: Path) -> Path:
    """A build folder of one's own to harm."""
    shutil.copytree(windows, target, ignore=shutil.ignore_patterns(".*", "previous"))
    return target
