"""The features of every image: one forward pass for each content, ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import decode
from reportgen.engine.stages.given import Bundle, Given
from reportgen.store.bundle import pack_arrays

if TYPE_CHECKING:
    from reportgen.results import ImageFile


def run(given: Given) -> Bundle:
    """Compute the features that are not kept yet; the array ``features`` (N, D) is in the images' order."""
    vectors = {image.sha256: given.items.get(image.sha256) for image in given.images}
    missing = list({image.sha256: image for image in given.images if vectors[image.sha256] is None}.values())
    if missing:
        for image, vector in zip(missing, _compute(given, missing), strict=True):
            vectors[image.sha256] = vector.tobytes()
            given.items.put(image.sha256, vector.tobytes())
    rows = [np.frombuffer(vectors[image.sha256] or b"", np.float32) for image in given.images]
    return {"features.npz": pack_arrays({"features": np.stack(rows)})}


def _compute(given: Given, images: Sequence[ImageFile]) -> Iterator[NDArray[np.float32]]:
    network = given.network()
    from reportgen.models.backbone import BATCH_SIZE

    with given.progress.stage("VGG19 features", total=len(images)) as advance:
        for features in network.features(_decode_ahead(given, images, BATCH_SIZE)):
            yield from features
            advance(len(features))


def _decode_ahead(given: Given, images: Sequence[ImageFile], size: int) -> Iterator[NDArray[np.uint8]]:
    """Batches of decoded images (n, 224, 224, 3), the next one being decoded while the last is in use."""
    groups = [images[i : i + size] for i in range(0, len(images), size)]
    with ThreadPoolExecutor(max_workers=1) as pool:
        ahead = [pool.submit(_decode_batch, given, group) for group in groups[:1]]
        for group in groups[1:]:
            ready = ahead.pop().result()
            ahead.append(pool.submit(_decode_batch, given, group))
            yield ready
        yield from (last.result() for last in ahead)


def _decode_batch(given: Given, images: Sequence[ImageFile]) -> NDArray[np.uint8]:
    return np.stack([decode(given.path(image), image.sha256) for image in images])
