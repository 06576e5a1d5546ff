"""A network of two small layers in the place of VGG19, which tells how often it is run."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reportgen.analysis import training
from reportgen.analysis.chain import RecordedImage
from reportgen.analysis.gradients import GuidedNetwork
from reportgen.analysis.occlusion import OccludedNetwork
from reportgen.models import backbone
from reportgen.models.backbone import Backbone
from reportgen.pdf.printer import Attachment
from reportgen.sections.randomisation.network import View
from reportgen.weights import describe_weights, locate_weights

CHANNELS = 8
LABELS = ("cat", "dog")
COUNTS = {"train": 3, "val": 2, "test": 2}

SETTINGS = """
weights = "embedded"
group = "One"

[show]
filters = 2
neurons = 2

[guided_backprop]
neurons = ["zero", "top:1"]

[commentary]
transfer = "These words are mine."
"""


def load_stand_in(_source: str) -> Backbone:
    """A plain chain (224, 224, 3) → (14, 14, 4) → (14, 14, 8), always with the same weights."""
    import keras

    rng = np.random.default_rng(5)
    image = keras.Input(backbone.INPUT_SHAPE)
    first = keras.layers.Conv2D(4, 16, strides=16, activation="relu", name="block1_conv1")
    last = keras.layers.Conv2D(CHANNELS, 3, padding="same", activation="relu", name=backbone.EXPLAINED_LAYER)
    maps = last(first(image))
    for layer in (first, last):
        kernel = rng.normal(size=layer.kernel.shape).astype(np.float32) / 20
        layer.set_weights([kernel, np.zeros(layer.filters, np.float32)])
    features = keras.layers.GlobalAveragePooling2D(name="average")(maps)
    trunk = keras.Model(image, features, name="stand_in")
    trunk.trainable = False
    weights = describe_weights(locate_weights("embedded"), with_top=False)
    return Backbone(trunk, keras.Model(image, maps), backbone.EXPLAINED_LAYER, True, weights)


class StopError(Exception):
    """The end of a build, as by a signal."""


@contextmanager
def counting_epochs(stop: tuple[int, int] | None = None) -> Iterator[Counter[int]]:
    """Count, while the block lasts, the epochs that each network of one's own is trained, told by its number
    of parameters; ``stop``: after which of them, of which network, ``StopError`` ends it all.
    """
    epochs: Counter[int] = Counter()
    train = training.train_network

    def counted(network: Any, *arguments: Any, keep: Any, **more: Any) -> Any:
        size = network.count_params()
        # In single precision another processor's confusion matrices would be others.
        assert {str(each.dtype) for each in network.trainable_variables} == {"float64"}

        def keep_counted(state: Any) -> None:
            keep(state)
            epochs[size] += 1
            if stop == (size, epochs[size]):
                raise StopError

        return train(network, *arguments, keep=keep_counted, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "train_network", counted)
        yield epochs


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """Count, while the block lasts: images through the network for their ``features`` or their
    ``activations``, and neurons whose ``gradient`` or ``guided`` gradient was computed, or both of them in a
    network with ``redrawn`` weights or in the same one for comparison; images
    that were recorded in order to be ``occluded``: the image itself, an empty and a blurred one.
    """
    passes: Counter[str] = Counter()

    def look(self: Backbone, batches: Iterator[Any]) -> Iterator[Any]:
        def counted() -> Iterator[Any]:
            for batch in batches:
                passes["features"] += len(batch)
                yield batch

        return real_look(self, counted())

    def gradient(self: RecordedImage, position: Any, rule: str = "plain") -> Any:
        passes["guided" if rule == "guided" else "gradient"] += 1
        return real_gradient(self, position, rule)  # type: ignore[arg-type]

    def guided(self: GuidedNetwork, image: Any, positions: Any) -> Any:
        passes["guided"] += len(positions)
        return real_guided(self, image, positions)

    def redrawn(self: View, layers: Any) -> Any:
        passes["redrawn"] += 1
        return real_redrawn(self, layers)

    def record(self: OccludedNetwork, image: Any) -> Any:
        passes["occluded"] += 1
        return real_record(self, image)

    def explained(self: Backbone) -> Callable[[Any], Any]:
        run = real_explained.func(self)

        def counted(image: Any) -> Any:
            if isinstance(image, np.ndarray):
                passes["activations"] += 1
            return run(image)

        return counted

    real_look, real_gradient, real_guided = (
        Backbone.look,
        RecordedImage.gradient,
        GuidedNetwork.__call__,
    )
    real_redrawn = View.explain
    real_record = OccludedNetwork.record
    real_explained = Backbone.__dict__["explained"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Backbone, "look", look)
        patch.setattr(Backbone, "explained", property(explained))
        patch.setattr(RecordedImage, "gradient", gradient)
        patch.setattr(GuidedNetwork, "__call__", guided)
        patch.setattr(View, "explain", redrawn)
        patch.setattr(OccludedNetwork, "record", record)
        patch.setattr(backbone, "load_backbone", load_stand_in)
        yield passes


def print_nothing(
    html: str, attached: Sequence[Attachment], _note: object = None, *, whole_fonts: bool = False
) -> bytes:
    """In the place of a PDF, the hash of all that it would be printed from."""
    digest = hashlib.sha256(html.encode())
    for attachment in attached:
        digest.update(attachment.data)
    return b"%PDF- " + digest.hexdigest().encode()


@contextmanager
def printing_nothing() -> Iterator[None]:
    """For reports of which nobody asks how they are printed, which takes as long as all else of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reportgen.engine.stages.pdf.print_pdf", print_nothing)
        yield


def draw_image(file: Path, seed: int, size: tuple[int, int] = (60, 48)) -> None:
    """A picture of noise around a colour; the same seed gives the same bytes."""
    rng = np.random.default_rng(seed)
    tint = rng.integers(0, 128, 3)
    pixels = (rng.integers(0, 128, (size[1], size[0], 3)) + tint).astype(np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


def make_home(home: Path) -> Path:
    """A project folder with two classes of 3/2/2 small images, and settings."""
    seed = 0
    for split, count in COUNTS.items():
        for label in LABELS:
            for number in range(count):
                seed += 1
                draw_image(home / f"data/{split}/{label}/{number}.png", seed)
    (home / "report.toml").write_text(SETTINGS, encoding="utf-8")
    return home
