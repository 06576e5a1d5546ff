"""The images, checked: every file is opened once in its life."""

from __future__ import annotations

import json

from reportgen.dataset.scan import Sizes, check_images
from reportgen.results import Dataset
from reportgen.stages.given import Bundle, Given

_KNOWN = "sizes of known images"
_MOST_KNOWN = 200_000
"""Contents remembered beyond those in use, so that other data folders need no new check either."""


def run(given: Given) -> Bundle:
    """Check the data folder; ``dataset.json`` describes it, without the example images.

    Raises ``DataError`` naming every file that is no image, and all else that is wrong with the folder.
    """
    sizes: Sizes = {}
    if kept := given.items.get(_KNOWN):
        sizes = {sha256: (width, height) for sha256, (width, height) in json.loads(kept).items()}
    known = len(sizes)
    manifest = check_images(given.inventory, sizes, given.progress)
    if len(sizes) > known:
        in_use = {sha256: sizes[sha256] for sha256 in given.inventory.contents.values() if sha256 in sizes}
        remembered = sizes if len(sizes) <= _MOST_KNOWN else in_use
        given.items.put(_KNOWN, json.dumps(remembered).encode())
    dataset = Dataset(
        classes=list(manifest.classes),
        counts=manifest.counts(),
        layout=manifest.layout,
        drawn_by_program=manifest.drawn_by_program,
        annotated=manifest.annotations is not None,
        annotations_sha256=manifest.annotations.sha256 if manifest.annotations else None,
        examples={},
        duplicates=list(manifest.duplicates),
        warnings=list(manifest.warnings),
        images=list(manifest.images),
    )
    return {"dataset.json": dataset.model_dump_json().encode(), "fingerprint": manifest.fingerprint.encode()}
