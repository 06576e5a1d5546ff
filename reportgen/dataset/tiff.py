"""What a TIFF says of itself in its first directory of tags, where Pillow does not open it or should not."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from PIL.TiffImagePlugin import ImageFileDirectory_v2

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
        directory = ImageFileDirectory_v2(data[:16] if data[2:4] in (b"+\0", b"\0+") else data[:8])
        file = io.BytesIO(data)
        file.seek(directory.next)
        directory.load(file)
        return dict(directory)
    return {}
