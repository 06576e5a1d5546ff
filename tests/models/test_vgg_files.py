"""Weights files of the user's own, written by Keras or by hand, and read back."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from reportgen import weights
from reportgen.errors import WeightsError
from reportgen.models import backbone, vgg_files
from reportgen.models.backbone import load_backbone
from reportgen.models.vgg_files import CONVOLUTIONS, DEPTHS, open_layers, require_vgg19

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras

Pair = tuple[NDArray[np.float32], NDArray[np.float32]]


def weights_of(network: Any) -> list[Pair]:
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    return [(kernel, bias) for kernel, bias in (layer.get_weights() for layer in layers)]


def conv_names(depths: tuple[int, ...] = DEPTHS) -> list[str]:
    return [f"block{b}_conv{n}" for b, depth in enumerate(depths, 1) for n in range(1, depth + 1)]


def same(found: list[Pair], wanted: list[Pair]) -> bool:
    arrays = zip(found, wanted, strict=True)
    return all(np.array_equal(a, b) for one, other in arrays for a, b in zip(one, other, strict=True))


@pytest.fixture(scope="module")
def vgg19() -> Any:
    """VGG19 without its top; every kernel and every bias random."""
    network = keras.applications.VGG19(weights=None, include_top=False, input_shape=(224, 224, 3))
    rng = np.random.default_rng(3)
    for weight in network.weights:
        if len(weight.shape) == 1:
            weight.assign(rng.normal(size=weight.shape))
    return network


def as_keras_2_weights(network: Any, path: Path) -> None:
    """The layout of the published files: a group a layer, its weights named as in TensorFlow 1."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in network.layers]
        for layer in network.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}_{kind}_1:0" for kind in "Wb"[: len(layer.weights)]]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for weight, name in zip(layer.get_weights(), names, strict=True):
                group[name] = weight


WRITERS: dict[str, Callable[[Any, Path], None]] = {
    "vgg.weights.h5": lambda network, path: network.save_weights(path),
    "vgg.keras": lambda network, path: network.save(path),
    "vgg.h5": lambda network, path: network.save(path),
    "keras2.h5": as_keras_2_weights,
}


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_file_gives_its_weights_back(vgg19: Any, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    WRITERS[name](vgg19, path)

    backbone = load_backbone(str(path))

    assert same(weights_of(backbone.network), weights_of(vgg19))
    assert (backbone.feature_layer, backbone.pooled) == ("block5_conv4", True)
    assert backbone.weights.source == "file"
    assert backbone.weights.name == name
    assert backbone.weights.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert "no classifier part" in backbone.weights.note
    assert not backbone.network.trainable_weights
    path.unlink()


def narrow_vgg19(*, include_top: bool) -> Any:
    """VGG19's graph with two channels a layer, except where the classifier part begins."""
    signal = image = keras.Input((224, 224, 3))
    for name in conv_names():
        filters = 512 if name == "block5_conv4" else 2
        layer = keras.layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)
        signal = layer(signal)
        if int(name[-1]) == DEPTHS[int(name[5]) - 1]:
            signal = keras.layers.MaxPooling2D(2)(signal)
    if include_top:
        signal = keras.layers.Flatten()(signal)
        for name, units, activation in [
            ("fc1", 6, "relu"),
            ("fc2", 5, "relu"),
            ("predictions", 9, "softmax"),
        ]:
            signal = keras.layers.Dense(units, activation=activation, name=name)(signal)
    return keras.Model(image, signal)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A narrow network with a top, in place of the 574 MB; every bias random."""

    def without_output(*, include_top: bool) -> Any:
        network = narrow_vgg19(include_top=include_top)
        return keras.Model(network.input, network.layers[-2].output) if include_top else network

    monkeypatch.setattr(backbone, "_empty_vgg19", without_output)
    monkeypatch.setattr(vgg_files, "TOP_SHAPES", ((7 * 7 * 512, 6), (6, 5)))
    network, rng = narrow_vgg19(include_top=True), np.random.default_rng(6)
    for weight in network.weights:
        if len(weight.shape) == 1:
            weight.assign(rng.normal(size=weight.shape))
    return network


@pytest.mark.long
@pytest.mark.parametrize("name", WRITERS)
def test_a_file_with_the_top_puts_the_head_on_fc2(narrow: Any, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    WRITERS[name](narrow, path)

    backbone = load_backbone(str(path))

    assert (backbone.feature_layer, backbone.pooled) == ("fc2", False)
    assert "stands on fc2" in backbone.weights.note
    image = np.random.default_rng(0).normal(size=(1, 224, 224, 3)).astype(np.float32)
    until_fc2 = keras.Model(narrow.input, narrow.get_layer("fc2").output)
    np.testing.assert_array_equal(backbone.network(image), until_fc2(image))
    until_conv = keras.Model(narrow.input, narrow.get_layer("block5_conv4").output)
    np.testing.assert_array_equal(backbone.convolutions(image), until_conv(image))


def flat(base: Any) -> Any:
    """The user's own layers behind the last pooling, in one model."""
    signal = keras.layers.BatchNormalization()(keras.layers.Flatten()(base.output))
    signal = keras.layers.Dense(4, activation="relu")(signal)
    return keras.Model(base.input, keras.layers.Dense(3)(signal))


def nested(base: Any) -> Any:
    """The base as one layer of a Sequential, as transfer learning is mostly taught."""
    own = [keras.layers.Flatten(), keras.layers.Dense(6), keras.layers.Dense(5), keras.layers.Dense(3)]
    return keras.Sequential([keras.Input((224, 224, 3)), base, keras.layers.BatchNormalization(), *own])


def averaged(base: Any) -> Any:
    image = keras.Input((224, 224, 3))
    return keras.Model(image, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(base(image))))


@pytest.mark.parametrize("source", ["imagenet", "imagenet-notop"])
def test_imagenets_weights_are_read_from_keras_cache_once_their_hash_is_right(
    narrow: Any, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A narrow network with random weights stands for the 574 MB, and its base for the 80 MB."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    path = weights.published(source).path
    path.parent.mkdir()
    base = narrow_vgg19(include_top=False)
    base.set_weights(narrow.get_weights()[:32])
    as_keras_2_weights(narrow if source == "imagenet" else base, path)
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setattr(weights, "IMAGENET_MD5" if source == "imagenet" else "NOTOP_MD5", md5)

    backbone = load_backbone(source)

    stands_on = ("fc2", False) if source == "imagenet" else ("block5_conv4", True)
    assert (backbone.feature_layer, backbone.pooled) == stands_on
    assert (backbone.weights.source, backbone.weights.named) == ("imagenet", source)
    assert backbone.weights.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert same(weights_of(backbone.network), weights_of(base))
    assert not backbone.network.trainable_weights


@pytest.mark.long
@pytest.mark.parametrize("suffix", [".h5", ".keras", ".weights.h5"])
@pytest.mark.parametrize("build", [flat, nested, averaged])
def test_a_users_own_layers_on_the_base_give_the_base(
    narrow: Any, build: Callable[[Any], Any], suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vgg_files, "TOP_SHAPES", ((7 * 7 * 512, 7), (7, 5)))
    base = narrow_vgg19(include_top=False)
    base.set_weights(narrow.get_weights()[:32])
    whole = build(base)
    whole.compile("adam", "mse")
    whole.optimizer.build(whole.trainable_variables)  # the file holds Adam's moments, too
    path = tmp_path / f"mine{suffix}"
    whole.save_weights(path) if suffix == ".weights.h5" else whole.save(path)

    backbone = load_backbone(str(path))

    assert backbone.pooled
    assert same(weights_of(backbone.network), weights_of(base))
    assert "layers behind the convolutions were dropped" in backbone.weights.note


@pytest.mark.parametrize("suffix", [".h5", ".keras", ".weights.h5"])
def test_a_whole_vgg19_inside_another_model_keeps_its_classifier_part(
    narrow: Any, suffix: str, tmp_path: Path
) -> None:
    whole = keras.Sequential([keras.Input((224, 224, 3)), narrow, keras.layers.Dense(3)])
    path = tmp_path / f"mine{suffix}"
    whole.save_weights(path) if suffix == ".weights.h5" else whole.save(path)

    backbone = load_backbone(str(path))

    assert backbone.feature_layer == "fc2"
    image = np.random.default_rng(0).normal(size=(1, 224, 224, 3)).astype(np.float32)
    until_fc2 = keras.Model(narrow.input, narrow.get_layer("fc2").output)
    np.testing.assert_array_equal(backbone.network(image), until_fc2(image))


@pytest.mark.parametrize("suffix", [".h5", ".weights.h5"])
def test_layers_with_names_of_the_users_own_are_in_the_order_of_the_network(
    suffix: str, tmp_path: Path
) -> None:
    """By the alphabet they would be another network, and every shape would fit."""
    names = ["entry", "deep", "b10", "b9", "exit"]
    layers = [keras.layers.Conv2D(2, 1, name=name) for name in names]
    network = keras.Sequential([keras.Input((4, 4, 2)), *layers])
    path = tmp_path / f"mine{suffix}"
    network.save_weights(path) if suffix == ".weights.h5" else network.save(path)

    with open_layers(path) as stored:
        assert [layer.name for layer in stored.convolutions] == names
        found = [tuple(layer.read()) for layer in stored.convolutions]
    for arrays, layer in zip(found, layers, strict=True):
        for array, wanted in zip(arrays, layer.get_weights(), strict=True):
            np.testing.assert_array_equal(array, wanted)


@pytest.mark.parametrize("suffix", [".h5", ".keras", ".weights.h5"])
def test_normalisations_between_the_convolutions_are_refused(suffix: str, tmp_path: Path) -> None:
    signal = image = keras.Input((32, 32, 3))
    for name in CONVOLUTIONS:
        signal = keras.layers.BatchNormalization()(
            keras.layers.Conv2D(2, 3, name=name, padding="same")(signal)
        )
    network = keras.Model(image, signal)
    path = tmp_path / f"bn{suffix}"
    network.save_weights(path) if suffix == ".weights.h5" else network.save(path)

    with pytest.raises(WeightsError, match="normalisations between its convolutions"), open_layers(path):
        pass


def test_numbers_that_are_not_finite_are_refused_by_layer(tmp_path: Path) -> None:
    path = write_layers(tmp_path / "nan.h5", {"a": (3, 3, 1, 2)})
    with h5py.File(path, "a") as file:
        file["a/a/kernel:0"][1, 2, 0, 1] = np.nan

    with open_layers(path) as stored, pytest.raises(WeightsError, match=r"nan\.h5: layer a has weights"):
        list(stored.convolutions[0].read())


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_other_precisions_are_converted(tmp_path: Path, dtype: str) -> None:
    path = tmp_path / "half.h5"
    kernel = np.random.default_rng(0).normal(size=(3, 3, 1, 2)).astype(dtype)
    with h5py.File(path, "w") as file:
        file["a/kernel"], file["a/bias"] = kernel, np.ones(2, dtype)

    with open_layers(path) as stored:
        found, _ = stored.convolutions[0].read()
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, kernel.astype(np.float32))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_weights_in_an_archive_are_read_wherever_they_begin(compression: int, tmp_path: Path) -> None:
    inner = write_layers(tmp_path / "inner.h5", {"a": (3, 3, 1, 2), "b": (4, 5)})
    with h5py.File(inner, "a") as file:
        file["a/a/kernel:0"][...] = np.arange(18).reshape(3, 3, 1, 2)
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("config.json", "{}" * 1234)
        archive.write(inner, "model.weights.h5")
        archive.writestr("behind", bytes(5000))

    with open_layers(path) as stored:
        kernel, bias = stored.convolutions[0].read()
        assert [layer.shapes[0] for layer in stored.dense] == [(4, 5)]
    np.testing.assert_array_equal(kernel.ravel(), np.arange(18))
    np.testing.assert_array_equal(bias, [0, 0])


def test_whether_a_file_is_of_vgg19_is_known_from_its_shapes(tmp_path: Path) -> None:
    shapes: dict[str, tuple[int, ...]] = {}
    before = 3
    for name in conv_names():
        filters = {"1": 64, "2": 128, "3": 256}.get(name[5], 512)
        shapes[name] = (3, 3, before, filters)
        before = filters
    with h5py.File(tmp_path / "vgg.h5", "w") as file:
        for name, shape in shapes.items():
            file.create_dataset(f"{name}/kernel", shape, "f4")  # nothing is written for zeros
            file.create_dataset(f"{name}/bias", shape[-1:], "f4")
    with open_layers(tmp_path / "vgg.h5") as stored:
        require_vgg19(stored)
    with h5py.File(tmp_path / "vgg.h5", "a") as file:
        del file["block3_conv2/kernel"]
        file.create_dataset("block3_conv2/kernel", (1, 1, 256, 256), "f4")
    with open_layers(tmp_path / "vgg.h5") as stored, pytest.raises(WeightsError, match="block3_conv2"):
        require_vgg19(stored)


def write_layers(path: Path, layers: Mapping[str, tuple[int, ...]]) -> Path:
    with h5py.File(path, "w") as file:
        for name, shape in layers.items():
            file[f"{name}/{name}/kernel:0"] = np.zeros(shape, np.float32)
            file[f"{name}/{name}/bias:0"] = np.zeros(shape[-1:], np.float32)
    return path


def test_vgg16s_weights_are_refused_with_both_counts(tmp_path: Path) -> None:
    vgg16 = write_layers(tmp_path / "vgg16.h5", dict.fromkeys(conv_names((2, 2, 3, 3, 3)), (3, 3, 1, 1)))

    with pytest.raises(WeightsError) as caught:
        load_backbone(str(vgg16))

    assert str(vgg16) in caught.value.problem
    assert "13 convolution layers, VGG19 has 16" in caught.value.problem


def test_a_wrong_shape_names_the_layer_and_both_shapes(tmp_path: Path) -> None:
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(conv_names(), (3, 3, 1, 1))
    shapes |= {"block1_conv1": (3, 3, 3, 64), "block1_conv2": (5, 5, 64, 64)}
    file = write_layers(tmp_path / "odd.h5", shapes)

    with pytest.raises(WeightsError) as caught:
        load_backbone(str(file))

    assert "block1_conv2" in caught.value.problem
    assert "(5, 5, 64, 64)" in caught.value.problem
    assert "(3, 3, 64, 64)" in caught.value.problem
    assert "block1_conv1" not in caught.value.problem


def test_layers_are_in_the_order_of_the_network_not_of_the_alphabet(tmp_path: Path) -> None:
    path = tmp_path / "many.weights.h5"
    layers = [keras.layers.Conv2D(n + 1, 1) for n in range(12)]
    layers += [keras.layers.Flatten(), *(keras.layers.Dense(n + 1) for n in range(11))]
    keras.Sequential([keras.Input((1, 1, 1)), *layers]).save_weights(path)

    with open_layers(path) as stored:
        assert [layer.kernel.shape[-1] for layer in stored.convolutions] == list(range(1, 13))
        assert [layer.bias.shape for layer in stored.dense] == [(n,) for n in range(1, 12)]


def test_the_moments_of_an_optimizer_are_not_layers(tmp_path: Path) -> None:
    """Keras 2 keeps Adam's two moments of a kernel in a group of their own, as if they were a layer."""
    path = write_layers(tmp_path / "trained.h5", {"a": (3, 3, 1, 2), "b": (4, 5)})
    with h5py.File(path, "a") as file:
        for moment in ("m:0", "v:0"):
            file[f"optimizer_weights/Adam/a/kernel/{moment}"] = np.ones((3, 3, 1, 2), np.float32)
            file[f"optimizer_weights/Adam/b/kernel/{moment}"] = np.ones((4, 5), np.float32)

    with open_layers(path) as stored:
        found = [(layer.name, *layer.shapes) for layer in [*stored.convolutions, *stored.dense]]
    assert found == [("a", (3, 3, 1, 2), (2,)), ("b", (4, 5), (5,))]


def make_text(path: Path) -> None:
    path.write_text("not weights")


def make_empty(path: Path) -> None:
    path.touch()


def make_cut_off(path: Path) -> None:
    write_layers(path, {"a": (3, 3, 8, 8)})
    path.write_bytes(path.read_bytes()[:3000])


def make_other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", "{}")


def make_zip_with_text(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.weights.h5", "not HDF5")


def make_bad_deflate(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(10_000))
    start = 30 + len("model.weights.h5")
    content = bytearray(path.read_bytes())
    content[start : start + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)


def make_text_tables(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["table/names"], file["table/places"] = "Anna", "Bonn"


def make_hdf5_without_convolutions(path: Path) -> None:
    write_layers(path, {"dense": (4, 3)})


UNFIT = [
    make_text,
    make_empty,
    make_cut_off,
    make_other_zip,
    make_zip_with_text,
    make_bad_deflate,
    make_text_tables,
    make_hdf5_without_convolutions,
]


@pytest.mark.parametrize("make", UNFIT)
def test_files_that_are_no_such_weights_are_refused_by_name(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "my weights.h5"
    make(path)

    with pytest.raises(WeightsError) as caught:
        load_backbone(str(path))

    assert caught.value.problem.startswith(f"{path}: ")
    assert ".weights.h5" in caught.value.remedy


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"nowhere\.h5: the weights cannot be read"):
        load_backbone(str(tmp_path / "nowhere.h5"))
