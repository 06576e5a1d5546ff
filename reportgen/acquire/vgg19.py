"""VGG19's ImageNet weights, downloaded into Keras's own cache."""

from __future__ import annotations

from pathlib import Path

from reportgen.acquire.source import Source, download
from reportgen.progress import Progress
from reportgen.weights import IMAGENET_MD5, IMAGENET_URL, imagenet_path

VGG19 = Source(IMAGENET_URL, IMAGENET_MD5)


def fetch_vgg19(progress: Progress, source: Source = VGG19) -> Path:
    """Make sure that VGG19's weights (574 MB) are in Keras's cache, intact, and return their path.

    Raises ``UserError`` if they cannot be had, saying how to put the file there by hand.
    """
    path = imagenet_path()
    return download(
        source,
        path,
        title="VGG19's ImageNet weights",
        alternative=(
            f'put the file there by hand as {path}, or set weights = "embedded" in your settings '
            "(weights that come with the installation)"
        ),
        progress=progress,
    )
