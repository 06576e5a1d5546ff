"""A data set with more images of the same kind."""

from __future__ import annotations

import shutil
from pathlib import Path

from PIL import Image


def enlarge(data: Path, out: Path, times: int) -> Path:
    """Copy ``data/<split>/<class>/*`` to ``out`` with ``times`` versions of each image; returns ``out``.

    Every further version lacks one more column of pixels at the left, so that its content and hash differ.
    """
    shutil.copytree(data, out)
    for file in sorted(out.glob("*/*/*")):
        with Image.open(file) as image:
            for columns in range(1, times):
                cropped = image.crop((columns, 0, image.width, image.height))
                cropped.save(file.with_name(f"{file.stem}-{columns}{file.suffix}"))
    return out
