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

from reportgen import models
from reportgen.errors import WeightsError
from reportgen.models import load_backbone
from reportgen.vgg_files import read_layers

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras

Pair = tuple[NDArray[np.float32], NDArray[np.float32]]
DEPTHS = (2, 2, 4, 4, 4)


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
            for weight, kind in zip(layer.get_weights(), "Wb", strict=False):
                group[f"{layer.name}_{kind}_1:0"] = weight


WRITERS: dict[str, Callable[[Any, Path], None]] = {
    "vgg.weights.h5": lambda network, path: network.save_weights(path),
    "vgg.keras": lambda network, path: network.save(path),
    "vgg.h5": lambda network, path: network.save(path),
    "keras2.h5": as_keras_2_weights,
}


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
    monkeypatch.setattr(models, "_empty_vgg19", narrow_vgg19)
    network, rng = narrow_vgg19(include_top=True), np.random.default_rng(6)
    for weight in network.weights:
        if len(weight.shape) == 1:
            weight.assign(rng.normal(size=weight.shape))
    return network


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


@pytest.mark.parametrize("suffix", [".h5", ".keras", ".weights.h5"])
def test_a_users_own_classifier_on_the_base_gives_the_base(narrow: Any, suffix: str, tmp_path: Path) -> None:
    base = narrow_vgg19(include_top=False)
    base.set_weights(narrow.get_weights()[:32])
    image = keras.Input((224, 224, 3))
    maps = keras.layers.GlobalAveragePooling2D()(base(image))
    whole = keras.Model(image, keras.layers.Dense(3)(keras.layers.Dense(4, activation="relu")(maps)))
    whole.compile("adam", "mse")
    whole.optimizer.build(whole.trainable_variables)  # the file holds Adam's moments, too
    path = tmp_path / f"mine{suffix}"
    whole.save_weights(path) if suffix == ".weights.h5" else whole.save(path)

    backbone = load_backbone(str(path))

    assert backbone.pooled
    assert same(weights_of(backbone.network), weights_of(base))


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
    assert "13 Conv2D layers, VGG19 has 16" in caught.value.problem


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

    convolutions, dense = read_layers(path)

    assert [layer.kernel.shape[-1] for layer in convolutions] == list(range(1, 13))
    assert [layer.bias.shape for layer in dense] == [(n,) for n in range(1, 12)]
    assert [layer.name for layer in convolutions][:2] == ["conv2d", "conv2d_1"]


def test_the_moments_of_an_optimizer_are_not_layers(tmp_path: Path) -> None:
    """Keras 2 keeps Adam's two moments of a kernel in a group of their own, as if they were a layer."""
    path = write_layers(tmp_path / "trained.h5", {"a": (3, 3, 1, 2), "b": (4, 5)})
    with h5py.File(path, "a") as file:
        for moment in ("m:0", "v:0"):
            file[f"optimizer_weights/Adam/a/kernel/{moment}"] = np.ones((3, 3, 1, 2), np.float32)
            file[f"optimizer_weights/Adam/b/kernel/{moment}"] = np.ones((4, 5), np.float32)

    convolutions, dense = read_layers(path)

    assert [(layer.name, layer.kernel.shape, layer.bias.shape) for layer in [*convolutions, *dense]] == [
        ("a", (3, 3, 1, 2), (2,)),
        ("b", (4, 5), (5,)),
    ]


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
