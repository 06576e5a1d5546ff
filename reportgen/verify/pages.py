"""Compares the submitted document with the one rendered and printed again."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.document.reader import Page
from reportgen.text import printable
from reportgen.verify.pdf_document import PdfDocument
from reportgen.verify.tolerances import Finding, Findings, Subject

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_LARGEST, _MEAN = 24, 0.5
"""Levels in 255 by which a pixel, and all pixels on average, may differ: what rounding of the numbers that
are drawn does, after JPEG."""

_MOST_PIXELS = 5 * 10**7

_NUMBER = re.compile(rb"-?\d+\.?\d*(?:e-?\d+)?")

_SVG_SLACK = 0.05

_LONGEST = 10**7


def same_picture(one: bytes, other: bytes) -> bool:
    """Whether two PNG, JPEG or SVG files show the same, apart from rounding; False for what is no picture."""
    if one == other:
        return True
    if b"<svg" in one[:1000] or b"<svg" in other[:1000]:
        return _same_drawing(one, other)
    pixels = _decode_picture(one), _decode_picture(other)
    return pixels[0] is not None and pixels[1] is not None and same_pixels(pixels[0], pixels[1])


def same_pixels(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two arrays of pixels are equal, apart from rounding."""
    import numpy as np

    if one.shape != other.shape:
        return False
    # Signed: a difference of uint8 would wrap.
    difference = np.abs(one.astype(np.int16) - other.astype(np.int16))
    return bool(difference.size == 0 or (difference.max() <= _LARGEST and difference.mean() <= _MEAN))


def _decode_picture(data: bytes) -> NDArray[np.uint8] | None:
    import numpy as np
    from PIL import Image

    try:
        # No other decoder gets to see a stranger's file.
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            return np.asarray(picture.convert("RGB"), np.uint8)
    # Pillow raises any of these for a damaged file.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _same_drawing(one: bytes, other: bytes) -> bool:
    """Whether two SVG files are the same but for the last digits of their numbers."""
    if max(len(one), len(other)) > _LONGEST or _NUMBER.sub(b"0", one) != _NUMBER.sub(b"0", other):
        return False
    numbers = zip(_NUMBER.findall(one), _NUMBER.findall(other), strict=True)
    return all(abs(float(a) - float(b)) <= _SVG_SLACK for a, b in numbers)


_WORDS = 8

_LEVELS, _SHARE = 64, 1e-4
"""A page looks other if more than this share of its pixels differ by more than these levels in 255."""


def compare_pages(submitted: PdfDocument, expected: PdfDocument) -> Findings:
    """A row for each page of the PDF: its text, its pictures, and how it looks as a whole."""
    if len(submitted) != len(expected):
        yield Finding("pages", "number of pages", "differs", len(submitted), len(expected))
    belongs = dict(_list_pictures(expected))
    for page in range(max(len(submitted), len(expected))):
        name = f"page {page + 1}"
        if page >= len(submitted) or page >= len(expected):
            reason = "missing" if page >= len(submitted) else "the report has no such page"
            yield Finding("pages", name, "differs", reason=reason)
            continue
        rows = [
            *_compare_words("pages", name, submitted.text(page).split(), expected.text(page).split()),
            *_compare_pictures(name, page, submitted, expected, belongs),
        ]
        # Where words or pictures differ, another look is their consequence.
        yield from rows or _compare_looks(name, page, submitted, expected)


def _compare_words(subject: Subject, name: str, submitted: Sequence[str], wanted: Sequence[str]) -> Findings:
    if submitted == wanted:
        return
    pairs = enumerate(zip(submitted, wanted, strict=False))
    index = next((i for i, (a, b) in pairs if a != b), min(len(submitted), len(wanted)))
    one, other = (printable(" ".join(words[index : index + _WORDS])) for words in (submitted, wanted))
    before = printable(" ".join(wanted[max(index - 4, 0) : index]))
    yield Finding(subject, name, "differs", one, other, f"the text differs after “{before}”")


def _list_pictures(pdf: PdfDocument) -> Iterator[tuple[bytes, str]]:
    # Backwards, so that of equal pictures the first is the one that is named.
    for page in reversed(range(len(pdf))):
        for number, pixels in reversed(list(enumerate(pdf.pictures(page), 1))):
            yield _digest(pixels), f"picture {number} of page {page + 1}"


def _digest(pixels: Any) -> bytes:
    import hashlib

    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).digest()


def _compare_pictures(
    name: str, page: int, submitted: PdfDocument, expected: PdfDocument, belongs: Mapping[bytes, str]
) -> Findings:
    found, wanted = submitted.pictures(page), expected.pictures(page)
    if len(found) != len(wanted):
        yield Finding("pages", name, "differs", len(found), len(wanted), "another number of pictures")
        return
    for number, (one, other) in enumerate(zip(found, wanted, strict=True), 1):
        if not same_pixels(one, other):
            belonging = belongs.get(_digest(one))
            reason = f"it shows {belonging} of the report" if belonging else "it is another picture"
            yield Finding("pages", f"{name}, picture {number}", "differs", reason=reason)


def _compare_looks(name: str, page: int, submitted: PdfDocument, expected: PdfDocument) -> Findings:
    import numpy as np

    if submitted.size(page) != expected.size(page):
        yield Finding(
            "pages", name, "differs", list(submitted.size(page)), list(expected.size(page)), "another size"
        )
        return
    one, other = submitted.look(page), expected.look(page)
    beyond = np.abs(one.astype(np.int16) - other.astype(np.int16)) > _LEVELS
    if beyond.mean() <= _SHARE:
        yield Finding("pages", name, "confirmed")
        return
    rows, columns = (np.flatnonzero(beyond.any(axis=axis)) for axis in (1, 0))
    location = f"{rows[0]} to {rows[-1]} points from the top, {columns[0]} to {columns[-1]} from the left"
    yield Finding(
        "pages", name, "differs", reason=f"text and pictures are the same, but it looks other, {location}"
    )


def compare_page(submitted: Page, wanted: Page) -> Findings:
    """Rows for report.html: its words, its code, its pictures."""
    rows = list(_compare_words("page", "text", submitted.words, wanted.words))
    if submitted.code != wanted.code:
        rows.append(
            Finding("page", "styles and scripts", "differs", reason="they are not those of the report")
        )
    addresses = {address: number for number, address in reversed(list(enumerate(wanted.pictures, 1)))}
    if len(submitted.pictures) != len(wanted.pictures):
        rows.append(Finding("page", "pictures", "differs", len(submitted.pictures), len(wanted.pictures)))
    for number, (one, other) in enumerate(zip(submitted.pictures, wanted.pictures, strict=False), 1):
        if one != other and not same_picture(_decode(one), _decode(other)):
            index = addresses.get(one)
            reason = f"it is picture {index} of the report" if index else "it is another picture"
            rows.append(Finding("page", f"picture {number}", "differs", reason=reason))
    yield from rows or [Finding("page", "report.html", "confirmed")]


def _decode(address: str) -> bytes:
    """The picture in a data address; nothing is fetched."""
    head, _, data = address.partition(";base64,")
    if not head.startswith("data:image/"):
        return b""
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return b""


def compare_figures(folder: Path, expected: Mapping[str, bytes], limit: int) -> Findings:
    """A row for each file in ``figures/``, of ``limit`` bytes at most; links are not followed."""
    known = {data: name for name, data in expected.items()}
    there = {path.name: path for path in sorted(folder.iterdir())} if folder.is_dir() else {}
    for name in [*expected, *(name for name in there if name not in expected)]:
        path = there.get(name)
        if path is None or name not in expected:
            reason = "it is missing" if path is None else "the report has no such figure"
            yield Finding("figures", printable(name), "differs", reason=reason)
            continue
        data = path.read_bytes() if path.is_file() and path.stat().st_size <= limit else b""
        if same_picture(data, expected[name]):
            yield Finding("figures", name, "confirmed")
        else:
            other = known.get(data)
            reason = f"it is {other} of the report" if other else "it is another picture"
            yield Finding("figures", name, "differs", reason=reason)
