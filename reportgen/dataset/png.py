"""Properties of PNG and TIFF files that Pillow does not report."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from PIL.PngImagePlugin import MAX_TEXT_CHUNK, MAX_TEXT_MEMORY
from PIL.TiffImagePlugin import ImageFileDirectory_v2

_MAGIC = b"\x89PNG\r\n\x1a\n"

_FRAME = 12
"""Bytes of a chunk besides its body: length, name and checksum."""


@dataclass(frozen=True)
class TrimmedPng:
    """A PNG without the chunks that are too large for Pillow.

    ``profile`` is the colour profile that was among them, unpacked; ``fault`` why it could not be.
    """

    data: bytes
    profile: bytes | None = None
    fault: str = ""


def trim_png(data: bytes, largest_profile: int) -> TrimmedPng:
    """Take out of a PNG all texts and profiles over Pillow's limit of 1 MB; other files stay as they are.

    Nothing is unpacked beyond ``largest_profile`` bytes. Pillow's limits are variables of its modules,
    which threads must not change for each other; the pixels do not depend on what is taken out.
    """
    if not data.startswith(_MAGIC):
        return TrimmedPng(data)
    left_out: list[tuple[int, int]] = []
    trimmed = TrimmedPng(data)
    texts = 0
    for name, start, stop in _chunks(data):
        body = memoryview(data)[start + 8 : stop - 4]
        if name == b"iCCP" and _unpacked_size(name, body) > MAX_TEXT_CHUNK:
            trimmed = _profile(trimmed, bytes(body), largest_profile)
            left_out.append((start, stop))
        elif name in (b"tEXt", b"zTXt", b"iTXt"):
            size = _unpacked_size(name, body)
            # All texts together: Pillow counts their sum, too.
            if size > MAX_TEXT_MEMORY - texts:
                left_out.append((start, stop))
            else:
                texts += size
    return replace(trimmed, data=_without(data, left_out))


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The whole chunks of a PNG: name, first byte, first byte after it. A damaged rest is left to Pillow."""
    start = len(_MAGIC)
    while start + _FRAME <= len(data):
        stop = start + _FRAME + int.from_bytes(data[start : start + 4], "big")
        if stop > len(data):
            return
        yield data[start + 4 : start + 8], start, stop
        start = stop


def _unpacked_size(name: bytes, body: memoryview) -> int:
    """Bytes that Pillow would unpack a chunk to; if that is over its limit, more than it takes in all."""
    packed = _packed(name, body)
    if packed is None:
        return len(body)
    try:
        # One byte beyond the limit is enough: a kilobyte may unpack to gigabytes.
        size = len(zlib.decompressobj().decompress(packed, MAX_TEXT_CHUNK + 1))
    # Damaged: it stays where it is, for Pillow to judge.
    except zlib.error:
        return 0
    return size if size <= MAX_TEXT_CHUNK else MAX_TEXT_MEMORY + 1


def _packed(name: bytes, body: memoryview) -> memoryview | None:
    """The compressed part of a chunk, None if it is not compressed."""
    # Keywords have 79 bytes at most, and only their end is looked for.
    text = bytes(body[:4096])
    end = text.find(b"\0")
    if name == b"tEXt" or end < 0:
        return None
    if name != b"iTXt":
        return body[end + 2 :]
    if text[end + 1 : end + 2] != b"\x01":
        return None
    translated = text.find(b"\0", text.find(b"\0", end + 3) + 1)
    return body[translated + 1 :]


def _profile(trimmed: TrimmedPng, body: bytes, largest: int) -> TrimmedPng:
    _, _, packed = body.partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(packed[1:], largest + 1)
    except zlib.error:
        return replace(trimmed, profile=None, fault="is damaged")
    if len(profile) > largest:
        return replace(trimmed, profile=None, fault=f"has more than {largest // 2**20} MB")
    return replace(trimmed, profile=profile, fault="")


def _without(data: bytes, left_out: list[tuple[int, int]]) -> bytes:
    if not left_out:
        return data
    starts = [0, *(stop for _, stop in left_out)]
    stops = [*(start for start, _ in left_out), len(data)]
    view = memoryview(data)
    return b"".join(view[start:stop] for start, stop in zip(starts, stops, strict=True))


# In words of TIFF 6.0 and DNG: NewSubfileType, BitsPerSample, Compression, SamplesPerPixel, SubIFDs,
# SampleFormat, DNGVersion.
_REDUCED, _BITS, _COMPRESSION, _SAMPLES, _SUB_IMAGES, _FORMAT, _DNG = 254, 258, 259, 277, 330, 339, 50706

_KINDS = {1: "integers", 2: "signed integers", 3: "floating-point numbers", 6: "complex numbers"}

_UNUSUAL = "save it as a plain TIFF with 8 or 16 bits a channel, or as PNG"


def describe_tiff(data: bytes) -> str:
    """Why a TIFF cannot be opened, in words that follow its name: depth, compression or damage."""
    tags = _read_tags(data)
    if not tags:
        return "is a TIFF image that is damaged or cut off"
    if fault := raw_fault(tags):
        return fault
    bits = max(tags.get(_BITS, (1,)))
    if bits > 16:
        kind = _KINDS.get(max(tags.get(_FORMAT, (1,))), "numbers")
        channels = tags.get(_SAMPLES, 1)
        of = f", {channels} channels" if channels > 1 else ""
        return f"is a TIFF of {bits} bits a channel ({kind}{of}); {_UNUSUAL}"
    return (
        f"is a TIFF of a kind that cannot be opened here ({bits} bits a channel, "
        f"compression {tags.get(_COMPRESSION, 1)}); {_UNUSUAL}"
    )


def raw_fault(tags: Mapping[int, Any]) -> str | None:
    """Whether a TIFF is a camera's RAW picture, of which Pillow would show the preview: why, or None."""
    preview = int(tags.get(_REDUCED, 0)) & 1 and _SUB_IMAGES in tags
    if _DNG in tags or preview:
        return (
            f"is a camera's RAW picture ({'DNG' if _DNG in tags else 'TIFF with a preview'}); save it as JPEG"
        )
    return None


def _read_tags(data: bytes) -> dict[int, Any]:
    with suppress(Exception):  # damage leads Pillow's reader to raise anything
        # The header of a BigTIFF, whose version is 43 (+), has 16 bytes.
        directory = ImageFileDirectory_v2(data[:16] if data[2:4] in (b"+\0", b"\0+") else data[:8])
        file = io.BytesIO(data)
        file.seek(directory.next)
        directory.load(file)
        return dict(directory)
    return {}
