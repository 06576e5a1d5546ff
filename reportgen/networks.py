"""The networks that a report may be about. Nothing here needs TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

USUAL = "VGG19"
"""The architecture that the assignment is about."""

# Keras Applications' file of VGG19 without the classifier part, with its MD5 as Keras checks it.
NOTOP_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
NOTOP_MD5 = "253f8cb515780f3b799900260a226db6"
IMAGENET_URL = "https://storage.googleapis.com/tensorflow/keras-applications/vgg19"

Preprocessing = Literal["", "caffe", "tf", "torch", "pixels"]
"""How a network wants its images: as VGG and ResNet do (B, G, R less ImageNet's mean), from −1 to 1, in
standard deviations of ImageNet, or as R, G, B from 0 to 255. "" is the architecture's own.
"""


@dataclass(frozen=True)
class Architecture:
    """A network that Keras Applications builds: its paper, the layer that is explained if none is named, what
    it wants images to be like, and Keras's file of its ImageNet weights without the classifier part.
    """

    paper: str
    layer: str
    preprocessing: Preprocessing
    url: str
    md5: str | None

    @property
    def file(self) -> str:
        """The file's name in Keras's cache."""
        return self.url.rpartition("/")[2]


_APPLICATIONS = "https://storage.googleapis.com/tensorflow/keras-applications"
ARCHITECTURES = {
    "VGG16": Architecture(
        "Simonyan & Zisserman 2015", "block5_conv3", "caffe",
        f"{_APPLICATIONS}/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "6d6bbae143d832006294945121d1f1fc",
    ),
    USUAL: Architecture(
        "Simonyan & Zisserman 2015", "block5_conv4", "caffe", f"{IMAGENET_URL}/{NOTOP_FILE}", NOTOP_MD5
    ),
    "ResNet50": Architecture(
        "He, Zhang, Ren & Sun 2016", "conv5_block3_out", "caffe",
        f"{_APPLICATIONS}/resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "4d473c1dd8becc155b73f8504c6f6626",
    ),
    # Keras states no hash of this one.
    "MobileNetV2": Architecture(
        "Sandler, Howard, Zhu, Zhmoginov & Chen 2018", "out_relu", "tf",
        f"{_APPLICATIONS}/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        None,
    ),
}  # fmt: skip
"""By the name that settings give them; anything else is the path of a ``.keras`` file."""


@dataclass(frozen=True)
class NetworkChoice:
    """The network of a report: a name of ``ARCHITECTURES`` or the path of a ``.keras`` file; the layers whose
    neurons are explained, () for the usual one; how it wants images; the seed of random weights.
    """

    architecture: str = USUAL
    layers: tuple[str, ...] = ()
    preprocessing: Preprocessing = ""
    seed: int = 0

    @property
    def known(self) -> Architecture | None:
        """What is known of it; None for a file of the user's own."""
        return ARCHITECTURES.get(self.architecture)

    @property
    def name(self) -> str:
        """Its name as the report prints it."""
        return self.architecture if self.known else Path(self.architecture).name

    def describe(self) -> dict[str, str]:
        """What decides on the network beside its weights, for the keys of stages; {} for the usual one."""
        chosen = {"architecture": self.name, "preprocessing": self.preprocessing}
        return {} if self.architecture == USUAL and not self.preprocessing else chosen


USUAL_NETWORK = NetworkChoice()
