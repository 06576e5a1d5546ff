"""VGG19 with the embedded weights against a VGG16 built from the same file, and its provenance."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from reportgen.errors import WeightsError
from reportgen.models import backbone
from reportgen.models.backbone import (
    Backbone,
    compose,
    model_file,
    preprocess,
)
from reportgen.models.backend import configure_backend
from reportgen.models.head import write_head
from reportgen.sections.transfer.analysis import build_head
from reportgen.weights import EMBEDDED_SHA256, Weights, embedded_path, published

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras

MEAN_BGR = (103.939, 116.779, 123.68)  # of ImageNet (Simonyan & Zisserman 2015)


@pytest.fixture(scope="module")
def pixels() -> NDArray[np.uint8]:
    """Three images of coloured patches, which excite more neurons than noise does."""
    coarse = np.random.default_rng(1).integers(0, 256, (3, 28, 28, 3), dtype=np.uint8)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)


@pytest.fixture(scope="module")
def vgg16() -> Any:
    """VGG16 up to block5_conv3, its weights put in by their names in the file."""
    whole = keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
    with h5py.File(embedded_path()) as file:
        for layer in whole.layers:
            if isinstance(layer, keras.layers.Conv2D):
                block, number = layer.name.removeprefix("block").split("_conv")
                inside = "conv2d" if number == "1" else f"conv2d_{int(number) - 1}"
                stored = file[f"block{block}"]["layers"][inside]["vars"]
                layer.kernel.assign(stored["0"][()])
                layer.bias.assign(stored["1"][()])
    return keras.Model(whole.input, whole.get_layer("block5_conv3").output)


@pytest.mark.long
@pytest.mark.slow
def test_the_embedded_weights_are_vgg16_in_the_graph_of_vgg19(
    backbone: Backbone, vgg16: Any, pixels: NDArray[np.uint8]
) -> None:
    images = preprocess(pixels)
    wanted = vgg16(images).numpy()
    traced = tf.function(backbone.convolutions)

    assert wanted.max() > 50  # alive, so that equality says something
    assert 0.05 < (wanted > 0).mean() < 0.95
    np.testing.assert_array_equal(backbone.convolutions(images).numpy(), wanted)
    np.testing.assert_array_equal(traced(tf.constant(images)).numpy(), wanted)
    np.testing.assert_array_equal(backbone.convolutions(images[1:2]).numpy(), wanted[1:2])
    np.testing.assert_array_equal(traced(tf.constant(images[1:2])).numpy(), wanted[1:2])


@pytest.mark.long
@pytest.mark.slow
def test_features_are_the_spatial_mean_whatever_the_batch(
    backbone: Backbone, pixels: NDArray[np.uint8]
) -> None:
    together = next(backbone.features(iter([pixels])))
    apart = list(backbone.features(iter([pixels[:1], pixels[1:]])))

    assert [batch.shape for batch in apart] == [(1, 512), (2, 512)]
    np.testing.assert_array_equal(np.concatenate(apart), together)
    maps = backbone.convolutions(preprocess(pixels)).numpy().astype(np.float64)
    np.testing.assert_allclose(together, maps.mean(axis=(1, 2)), rtol=1e-5)


def test_the_graph_is_that_of_vgg19(backbone: Backbone) -> None:
    convolutions = [layer for layer in backbone.network.layers if isinstance(layer, keras.layers.Conv2D)]

    assert [layer.filters for layer in convolutions] == [64] * 2 + [128] * 2 + [256] * 4 + [512] * 8
    assert backbone.convolutions.output.shape == (None, 14, 14, 512)
    assert (backbone.feature_layer, backbone.pooled) == ("block5_conv4", True)
    assert backbone.parameters == 20_024_384  # as Keras counts VGG19 without its top
    assert not backbone.network.trainable_weights


def test_the_provenance_of_the_embedded_weights(backbone: Backbone) -> None:
    assert (backbone.weights.source, backbone.weights.sha256) == ("embedded", EMBEDDED_SHA256)
    assert "not VGG19's ImageNet weights" in backbone.weights.note
    assert "196 × 196" in backbone.weights.note


def test_preprocessing_by_hand() -> None:
    image = np.array([[[10, 20, 30], [255, 0, 128]]], np.uint8)

    prepared = preprocess(image)

    blue, green, red = MEAN_BGR
    assert prepared.dtype == np.float32
    np.testing.assert_allclose(
        prepared, [[[30 - blue, 20 - green, 10 - red], [128 - blue, -green, 255 - red]]], rtol=1e-6
    )
    np.testing.assert_array_equal(image, [[[10, 20, 30], [255, 0, 128]]])  # not changed in place
    np.testing.assert_array_equal(preprocess(image[np.newaxis])[0], prepared)


def small_backbone() -> Backbone:
    image = keras.Input((224, 224, 3))
    maps = keras.layers.Conv2D(4, 3, strides=16, activation="relu", name="block5_conv4")(image)
    network = keras.Model(image, keras.layers.GlobalAveragePooling2D()(maps))
    weights = Weights(source="file", name="x", sha256="0" * 64, note="")
    return Backbone(network, keras.Model(image, maps), "block5_conv4", True, weights)


def test_the_fingerprint_changes_with_any_weight() -> None:
    backbone = small_backbone()
    kernel, bias = backbone.network.get_layer("block5_conv4").get_weights()
    before = backbone.fingerprint()

    def with_weights(*weights: NDArray[np.float32]) -> str:
        backbone.network.get_layer("block5_conv4").set_weights(weights)
        return backbone.fingerprint()

    nudged, biased = kernel.copy(), bias.copy()
    nudged[2, 1, 0, 3] = np.nextafter(nudged[2, 1, 0, 3], np.float32(9))
    biased[3] = 1e-30
    swapped = kernel[::-1].copy()
    assert len({before, with_weights(nudged, bias), with_weights(kernel, biased)}) == 3
    assert with_weights(swapped, bias) != before
    assert with_weights(kernel, bias) == before


@pytest.mark.slow
def test_the_composed_network_predicts_what_the_head_does(
    backbone: Backbone, pixels: NDArray[np.uint8]
) -> None:
    head = build_head(512, 3, seed=1)

    composed = compose(backbone, head)

    predictions = composed(preprocess(pixels)).numpy()
    features = next(backbone.features(iter([pixels])))
    np.testing.assert_allclose(predictions, head(features).numpy(), atol=1e-5)
    assert np.abs(predictions[0] - predictions[1]).max() > 1e-3
    assert composed.output.shape == (None, 3)


def test_the_model_file_holds_the_head_on_the_base(pixels: NDArray[np.uint8], tmp_path: Path) -> None:
    backbone, head = small_backbone(), build_head(4, 3, seed=1)
    head.layers[-1].bias.assign([0.5, -1, 2])
    stored = write_head(head)

    path = tmp_path / "model.keras"
    path.write_bytes(model_file(backbone, stored, ["a", "b", "c"]))

    (tmp_path / "head.weights.h5").write_bytes(stored)
    other = build_head(4, 3, seed=2)
    other.load_weights(tmp_path / "head.weights.h5")
    for found, wanted in zip(other.get_weights(), head.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert zipfile.is_zipfile(path)
    read = keras.models.load_model(path)
    features = backbone.network(preprocess(pixels))
    np.testing.assert_allclose(read(preprocess(pixels)), head(features), atol=1e-5)


def test_a_damaged_file_of_embedded_weights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytearray(embedded_path().read_bytes())
    content[len(content) // 2] ^= 1  # a single bit, inside the numbers
    damaged = tmp_path / "hed.weights.h5"
    damaged.write_bytes(content)
    monkeypatch.setattr(backbone, "embedded_path", lambda: damaged)

    with pytest.raises(WeightsError) as caught:
        backbone.load_backbone("embedded")

    assert str(damaged) in caught.value.problem
    assert EMBEDDED_SHA256 in caught.value.problem
    assert "pip install --force-reinstall" in caught.value.remedy


@pytest.mark.parametrize("source", ["imagenet", "imagenet-notop"])
def test_a_file_that_is_not_imagenets_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    other = published(source).path
    other.parent.mkdir()
    other.write_bytes(b"something else")

    with pytest.raises(WeightsError) as caught:
        backbone.load_backbone(source)

    assert str(other) in caught.value.problem
    assert "reportgen fetch vgg19" in caught.value.remedy


def test_what_tensorflow_warns_of_is_no_word_of_the_report() -> None:
    """As of retracing, at the fifth example image; what it fails of is said."""
    configure_backend()
    said = tf.get_logger()
    assert (said.isEnabledFor(logging.WARNING), said.isEnabledFor(logging.ERROR)) == (False, True)
