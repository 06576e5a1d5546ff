"""The features of every image and the peaks of its channels: one forward pass per distinct content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import decode
from reportgen.engine.stages.context import Artifacts, StageContext, choose_layers, name_item
from reportgen.store.packing import pack_arrays

if TYPE_CHECKING:
    from reportgen.results import ImageFile

Vector = NDArray[Any]


FEATURES, PEAKS = "features.npz", "peaks.npz"


def run(context: StageContext) -> Artifacts:
    """Compute the features that are not kept yet; the array ``features`` (N, D) is in the images' order.

    In ``peaks.npz``, in the same order, ``largest``, ``argmax`` and ``active`` (N, C); see ``PassOutputs`` in
    ``reportgen.models.backbone``. They have a file of their own, so that who reads the features alone does
    not hold them in memory.
    """
    (layer,) = choose_layers("features", context.setting("layers"))
    items = {image.sha256: name_item(image.sha256, layer) for image in context.images}
    kept = {sha256: context.items.get(item) for sha256, item in items.items()}
    # By content, so that copies of an image cost one pass.
    missing = list({image.sha256: image for image in context.images if kept[image.sha256] is None}.values())
    if missing:
        for image, row in zip(missing, _compute(context, missing), strict=True):
            kept[image.sha256] = row
            context.items.put(items[image.sha256], row)
    # By now each image has its row; the empty bytes are for the type checker.
    rows = [_unpack(kept[image.sha256] or b"") for image in context.images]
    features, *peaks = (np.stack(column) for column in zip(*rows, strict=True))
    return {
        FEATURES: pack_arrays({"features": features}),
        PEAKS: pack_arrays(dict(zip(("largest", "argmax", "active"), peaks, strict=True))),
    }


def _compute(context: StageContext, images: Sequence[ImageFile]) -> Iterator[bytes]:
    network = context.network()
    from reportgen.models.backbone import BATCH_SIZE

    with context.progress.stage(f"{context.network_choice.name} features", total=len(images)) as advance:
        for seen in network.look(_decode_ahead(context, images, BATCH_SIZE)):
            rows = zip(seen.features, seen.largest, seen.argmax, seen.active, strict=True)
            yield from (_pack(*row) for row in rows)
            advance(len(seen.features))


def _pack(features: Vector, largest: Vector, argmax: Vector, active: Vector) -> bytes:
    # No archive of arrays: reading 10,000 of these takes three seconds, slices of bytes a tenth of one.
    lengths = np.array([len(features), len(largest)], np.uint32)
    return b"".join(each.tobytes() for each in (lengths, features, largest, argmax, active))


def _unpack(row: bytes) -> tuple[Vector, ...]:
    size, channels = np.frombuffer(row, np.uint32, 2)
    found, offset = [], 8
    kinds = (np.float32, np.float32, np.uint16, np.uint16)
    for count, kind in zip((size, channels, channels, channels), kinds, strict=True):
        found.append(np.frombuffer(row, kind, count, offset))
        offset += found[-1].nbytes
    return tuple(found)


def _decode_ahead(
    context: StageContext, images: Sequence[ImageFile], size: int
) -> Iterator[NDArray[np.uint8]]:
    """Batches of decoded images (n, 224, 224, 3), the next one being decoded while the last is in use."""
    groups = [images[i : i + size] for i in range(0, len(images), size)]
    # One batch ahead: decoding overlaps the forward pass, and two batches at most are in memory.
    with ThreadPoolExecutor(max_workers=1) as pool:
        ahead = [pool.submit(_decode_batch, context, group) for group in groups[:1]]
        for group in groups[1:]:
            ready = ahead.pop().result()
            ahead.append(pool.submit(_decode_batch, context, group))
            yield ready
        yield from (last.result() for last in ahead)


def _decode_batch(context: StageContext, images: Sequence[ImageFile]) -> NDArray[np.uint8]:
    return np.stack([decode(context.path(image), image.sha256) for image in images])
