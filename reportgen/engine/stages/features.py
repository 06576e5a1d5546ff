"""The features of every image: one forward pass per distinct content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import decode
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.store.packing import pack_arrays

if TYPE_CHECKING:
    from reportgen.results import ImageFile


def run(context: StageContext) -> Artifacts:
    """Compute the features that are not kept yet; the array ``features`` (N, D) is in the images' order."""
    vectors = {image.sha256: context.items.get(image.sha256) for image in context.images}
    # By content, so that copies of an image cost one pass.
    missing = list(
        {image.sha256: image for image in context.images if vectors[image.sha256] is None}.values()
    )
    if missing:
        for image, vector in zip(missing, _compute(context, missing), strict=True):
            vectors[image.sha256] = vector.tobytes()
            context.items.put(image.sha256, vector.tobytes())
    # By now each image has its vector; the empty bytes are for the type checker.
    rows = [np.frombuffer(vectors[image.sha256] or b"", np.float32) for image in context.images]
    return {"features.npz": pack_arrays({"features": np.stack(rows)})}


def _compute(context: StageContext, images: Sequence[ImageFile]) -> Iterator[NDArray[np.float32]]:
    network = context.network()
    from reportgen.models.backbone import BATCH_SIZE

    with context.progress.stage(f"{context.network_choice.name} features", total=len(images)) as advance:
        for features in network.features(_decode_ahead(context, images, BATCH_SIZE)):
            yield from features
            advance(len(features))


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
