"""Compares the submitted document with the one rendered and printed again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.text import printable
from reportgen.verify.differences import Difference, Kind, compare_words
from reportgen.verify.pdf_document import DOTS, PdfDocument
from reportgen.verify.pictures import same_picture, same_pixels
from reportgen.verify.tolerances import Finding, Findings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEVELS, _MOST_PIXELS = 64, 3
"""A page looks other if more than these pixels differ by more than these levels in 255 from all pixels around
the same place: where an edge falls between two pixels is rounding.
"""


def compare_pages(submitted: PdfDocument, expected: PdfDocument) -> Iterator[Difference]:
    """What differs of the pages of the PDF: their text, their pictures, and how they look as a whole."""
    if len(submitted) != len(expected):
        yield Difference(
            "number of pages", "the report has another number", len(submitted), len(expected), "flow"
        )
    belongs = dict(_list_pictures(expected))
    for page in range(max(len(submitted), len(expected))):
        name = f"page {page + 1}"
        if page >= len(submitted) or page >= len(expected):
            reason = "missing" if page >= len(submitted) else "the report has no such page"
            yield Difference(name, reason, kind="flow")
            continue
        rows = [
            *compare_words(name, submitted.text(page).split(), expected.text(page).split(), "flow"),
            *_compare_pictures(name, page, submitted, expected, belongs),
        ]
        # Where words or pictures differ, another look is their consequence.
        yield from rows or _compare_looks(name, page, submitted, expected)


def share_lost(submitted: PdfDocument, expected: PdfDocument) -> float:
    """Which share of the words of a PDF is not in another one, wherever they stand there."""
    theirs, ours = (
        Counter(word for page in range(len(pdf)) for word in pdf.text(page).split())
        for pdf in (submitted, expected)
    )
    return (ours - theirs).total() / max(ours.total(), 1)


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
) -> Iterator[Difference]:
    found, wanted = submitted.pictures(page), expected.pictures(page)
    if len(found) != len(wanted):
        yield Difference(name, "another number of pictures", len(found), len(wanted), "flow")
        return
    for number, (one, other) in enumerate(zip(found, wanted, strict=True), 1):
        if not same_pixels(one, other):
            belonging = belongs.get(_digest(one))
            reason = f"it shows {belonging} of the report" if belonging else "it is another picture"
            kind: Kind = "content" if belonging else "picture"
            yield Difference(f"{name}, picture {number}", reason, kind=kind)


def _compare_looks(
    name: str, page: int, submitted: PdfDocument, expected: PdfDocument
) -> Iterator[Difference]:
    import numpy as np

    if submitted.size(page) != expected.size(page):
        yield Difference(name, "another size", list(submitted.size(page)), list(expected.size(page)))
        return
    beyond = find_unlike(submitted.look(page), expected.look(page))
    if beyond.sum() <= _MOST_PIXELS:
        return
    rows, columns = (np.flatnonzero(beyond.any(axis=axis)) * 72 // DOTS for axis in (1, 0))
    location = f"{rows[0]} to {rows[-1]} points from the top, {columns[0]} to {columns[-1]} from the left"
    yield Difference(name, f"text and pictures are the same, but it looks other, {location}", kind="layout")


def find_unlike(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where (rows, columns) two pictures (rows, columns, 3) of one shape differ by more than an edge that
    falls to the pixel beside it: by more than 64 levels from all nine pixels of the other one around there.
    """
    import numpy as np

    unlike = np.zeros(one.shape[:2], np.bool_)
    if np.array_equal(one, other):
        return unlike
    # Only the rows with a difference, and one around them.
    changed = np.flatnonzero((one != other).any(axis=(1, 2)))
    rows = slice(max(changed[0] - 1, 0), changed[-1] + 2)
    for a, b in ((one[rows], other[rows]), (other[rows], one[rows])):
        around = np.pad(b, ((1, 1), (1, 1), (0, 0)), mode="edge")
        height, width = b.shape[:2]
        shifted = [around[i : i + height, j : j + width] for i in range(3) for j in range(3)]
        low = np.minimum.reduce(shifted).astype(np.int16)
        high = np.maximum.reduce(shifted).astype(np.int16)
        levels = a.astype(np.int16)
        unlike[rows] |= ((levels < low - _LEVELS) | (levels > high + _LEVELS)).any(axis=2)
    return unlike


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
