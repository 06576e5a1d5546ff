"""Checks the images; every file is opened once and never again while it is unchanged."""

from __future__ import annotations

import json

from reportgen.dataset.scan import FactsByHash, ImageFacts, check_images
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.results import Dataset

_KNOWN = {False: "what known images look like", True: "what known images of the usual formats look like"}
"""Kept apart by whether the inventory is strict."""

# Some 93 bytes each, 19 MB in all.
_MOST_KNOWN = 200_000
"""Contents remembered beyond those in use, so that other data folders need no new check either."""


def run(context: StageContext) -> Artifacts:
    """Check the data folder; ``dataset.json`` describes it, without the example images.

    Raises ``DataError`` naming every file that is no image, and all else that is wrong with the folder.
    """
    looks: FactsByHash = {}
    item = _KNOWN[context.inventory.strict]
    if kept := context.items.get(item):
        looks = {sha256: ImageFacts(*look) for sha256, look in json.loads(kept).items()}
    known = len(looks)
    manifest = check_images(context.inventory, looks, context.progress)
    if len(looks) > known:
        in_use = {sha256: looks[sha256] for sha256 in context.inventory.contents.values() if sha256 in looks}
        # All others go at once, not the oldest ones: nothing records when a content was last seen.
        remembered = looks if len(looks) <= _MOST_KNOWN else in_use
        context.items.put(item, json.dumps(remembered).encode())
    dataset = Dataset(
        classes=list(manifest.classes),
        counts=manifest.counts(),
        layout=manifest.layout,
        validation_taken=manifest.validation_taken,
        colour_managed=manifest.colour_managed,
        drawn_by_program=manifest.drawn_by_program,
        annotated=manifest.annotations is not None,
        annotations_sha256=manifest.annotations.sha256 if manifest.annotations else None,
        # Chosen by a setting, and added with the results: another choice need not check the images again.
        examples={},
        duplicates=list(manifest.duplicates),
        warnings=list(manifest.warnings),
        images=list(manifest.images),
    )
    return {"dataset.json": dataset.model_dump_json().encode(), "fingerprint": manifest.fingerprint.encode()}
