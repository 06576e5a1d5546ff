"""Whether the images that a report names are those of the data folder."""

from __future__ import annotations

from reportgen.dataset.inventory import Inventory
from reportgen.diff.images import Image, compare_images
from reportgen.diff.wording import pair_texts, printable
from reportgen.results import ImageFile, Results
from reportgen.verify.finding import Finding, Findings


def compare_dataset(results: Results, inventory: Inventory) -> Findings:
    """A row for each image: confirmed, missing in the folder, changed, moved, or not in the report."""
    named = [_image(image) for image in results.dataset.images]
    there = [_image(image) for image in inventory.images]
    images = compare_images(named, there)
    for image in images.left:
        yield _row(image, "the report names it; the data folder has no such image", named=True)
    for image in images.entered:
        yield _row(image, "the data folder has it; the report does not name it", named=False)
    for pair in (*images.altered, *images.moved):
        reason = "another image now: " + ", ".join(pair_texts(pair)[1:] or pair_texts(pair))
        yield Finding("images", printable(pair.old.file), "differs", pair.old.sha256, pair.new.sha256, reason)
    for image in sorted(set(named) & set(there), key=lambda image: image.file):
        yield Finding("images", printable(image.file), "confirmed", image.sha256, image.sha256)


def _image(image: ImageFile) -> Image:
    return Image(image.file, image.split, image.label, image.sha256)


def _row(image: Image, reason: str, *, named: bool) -> Finding:
    submitted, found = (image.sha256, None) if named else (None, image.sha256)
    return Finding("images", printable(image.file), "differs", submitted, found, reason)
