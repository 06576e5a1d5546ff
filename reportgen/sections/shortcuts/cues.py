"""What can be seen of an image without its object: its outermost ring, colour, file and a tiny thumbnail."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import SIDE, Decoded, grey

# A frame and the size of a file are independent of the object. Mean colour and thumbnail hold it, though
# smeared, and bytes per pixel depend on what is in the picture.
CUES = ("ring", "colour", "file", "thumbnail")

RING = 4
"""Pixels from the border that are the ring; of a 300 pixels wide photograph five or six."""

SEGMENTS = 8
"""Parts of each side of the ring."""

THUMBNAIL = 8
"""Rows and columns of the thumbnail."""

_INNER = (8, 12)
"""Pixels from the border between which a frame is expected to have ended."""

NEAR = 7.0
"""Images are nearly equal if their thumbnails differ by less, root mean square, in levels of 255."""


@dataclass(frozen=True)
class ImageCues:
    """What the cues are made of. Colours are R, G, B from 0 to 255, brightnesses lumas from 0 to 1.

    ``ring``: of the top, bottom, left and right edge (4, 8, 3), from left to right and from the top down;
    ``thumbnail`` (8, 8, 3); ``ring_brightness`` is that of the ring, ``inner_brightness`` that of pixels
    8 to 12 from the border. ``width`` and ``height`` are those of the upright image, ``size`` its bytes.
    """

    ring: Any
    colour: Any
    thumbnail: Any
    brightness: float
    ring_brightness: float
    inner_brightness: float
    width: int
    height: int
    size: int
    format: str
    exif: bool

    def pack(self) -> bytes:
        """The same as JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def unpack(cls, data: bytes) -> ImageCues:
        """What ``pack`` made."""
        return cls(**json.loads(data))


def measure_cues(image: Decoded) -> ImageCues:
    """Take from an image what the cues see."""
    pixels, luma = image.pixels.astype(np.float64), grey(image.pixels)
    block = SIDE // THUMBNAIL
    blocks = pixels.reshape(THUMBNAIL, block, THUMBNAIL, block, 3)
    return ImageCues(
        ring=average_ring(pixels).round(3).tolist(),
        colour=pixels.mean((0, 1)).round(3).tolist(),
        thumbnail=blocks.mean((1, 3)).round(3).tolist(),
        brightness=round(float(luma.mean()), 5),
        ring_brightness=round(float(luma[ring_mask(0, RING)].mean()), 5),
        inner_brightness=round(float(luma[ring_mask(*_INNER)].mean()), 5),
        width=image.width,
        height=image.height,
        size=image.size,
        format=image.format,
        exif=image.exif,
    )


def average_ring(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean colours (4, 8, 3) of the segments of the outermost ring of an image (224, 224, 3)."""
    sides = (pixels[:RING], pixels[-RING:], pixels[:, :RING].swapaxes(0, 1), pixels[:, -RING:].swapaxes(0, 1))
    return np.stack([side.reshape(RING, SEGMENTS, -1, 3).mean((0, 2)) for side in sides])


def ring_mask(start: int, stop: int) -> NDArray[np.bool_]:
    """Which pixels (224, 224) are at least ``start`` and less than ``stop`` pixels from the border."""
    mask = np.zeros((SIDE, SIDE), bool)
    mask[start : SIDE - start, start : SIDE - start] = True
    mask[stop : SIDE - stop, stop : SIDE - stop] = False
    return mask


def replace_ring(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy of an image (224, 224, 3) whose outermost ring has one colour; all within stays as it is.

    The colour is the mean of what is within: it says nothing about the ring, and about no other image, so
    that one more image does not change what is seen of the others.
    """
    mask = ring_mask(0, RING)
    replaced = pixels.copy()
    replaced[mask] = np.rint(pixels[~mask].mean(axis=0, dtype=np.float64)).astype(np.uint8)
    return replaced


def describe_images(seen: Sequence[ImageCues]) -> dict[str, NDArray[np.float32]]:
    """The numbers of each cue for all images: ring (N, 96), colour (N, 3), file (N, F), thumbnail (N, 192).

    The file's are the logarithms of width, height, width / height and bytes per pixel, whether there are
    EXIF data, and a one for its format among those that occur.
    """
    # In one order of columns, whichever image comes first.
    formats = sorted({each.format for each in seen})
    tables: Mapping[str, Iterator[Any]] = {
        "ring": (np.ravel(each.ring) for each in seen),
        "colour": (np.ravel(each.colour) for each in seen),
        "file": (_describe_file(each, formats) for each in seen),
        "thumbnail": (np.ravel(each.thumbnail) for each in seen),
    }
    return {cue: np.stack(list(rows)).astype(np.float32) for cue, rows in tables.items()}


def _describe_file(seen: ImageCues, formats: Sequence[str]) -> NDArray[np.float64]:
    sizes = (seen.width, seen.height, seen.width / seen.height, seen.size / (seen.width * seen.height))
    # Logarithms, in which twice as wide is as far from once as once from half.
    return np.array([*np.log(sizes), seen.exif, *(seen.format == name for name in formats)], np.float64)


def split_file(table: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """The columns of the cue ``file`` (N, F) by the property of a file that they describe."""
    # In the order of _describe_file().
    names = ("width", "height", "shape", "bytes_per_pixel", "exif")
    # All that is left are the formats, each a column.
    return {**{name: table[:, k : k + 1] for k, name in enumerate(names)}, "format": table[:, len(names) :]}


def find_copies(seen: Sequence[ImageCues], labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Which images (N,) are nearly equal to an earlier one of their class that is none itself.

    Such an image would be judged by a model that was shown it. ``labels`` are class indices (N,).
    """
    thumbnails = np.array([np.ravel(each.thumbnail) for each in seen])
    copies = np.zeros(len(seen), bool)
    # Within a class only: a copy in another class does not help to separate the two.
    for label in np.unique(labels):
        kept: list[int] = []
        for n in np.flatnonzero(labels == label):
            distances = (
                np.sqrt(np.square(thumbnails[kept] - thumbnails[n]).mean(axis=1)) if kept else np.ones(0)
            )
            copies[n] = bool((distances < NEAR).any())
            if not copies[n]:
                # Compared with those that are kept: in a chain of small changes not all of them are copies of
                # the first.
                kept.append(int(n))
    return copies
