"""The assignment as one would write it in a notebook, for comparison: nothing is done twice as fast here.

The frozen base runs inside ``model.fit``, every grid is a matplotlib figure with an axes for each picture.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import keras
import matplotlib as mpl
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

EPOCHS, BATCH_SIZE, SIDE = 10, 16, 224
SHOWN, PATCHES = 10, 5
LAYER = "block5_conv4"


class _Stages(Protocol):
    def stage(self, title: str) -> AbstractContextManager[Any]: ...


def run_notebook(data: Path, out: Path, stages: _Stages) -> None:
    """Convolve, retrain, explain, and save the figures of ``data/<split>/<class>/*`` in ``out``."""
    mpl.use("Agg")
    with stages.stage("Convolution layers"):
        examples = [_read(next(iter(sorted(folder.glob("*"))))) for folder in sorted(data.glob("test/*"))]
        _convolve(examples, out)
    with stages.stage("VGG19 inside model.fit"):
        base = _load_base()
        _retrain(base, data, out)
    with stages.stage("Neurons and their gradients"):
        layer = keras.Model(base.inputs, base.get_layer(LAYER).output)
        for number, image in enumerate(examples):
            _explain(layer, image, out / f"neurons_{number}.png")


def _read(file: Path) -> NDArray[np.float32]:
    image = keras.utils.load_img(file, target_size=(SIDE, SIDE), interpolation="bilinear")
    return np.asarray(keras.utils.img_to_array(image), np.float32)


def _load_base() -> Any:
    """VGG19's convolution base and the global average, with the weights that the measured build has."""
    from reportgen.models.backbone import load_backbone

    return load_backbone("embedded").network


def _convolve(examples: list[NDArray[np.float32]], out: Path) -> None:
    layers = [keras.layers.Conv2D(count, 3, activation="relu") for count in (32, 64)]
    for number, image in enumerate(examples):
        maps = tf.image.rgb_to_grayscale(image[None] / 255)
        for depth, layer in enumerate(layers):
            maps = layer(maps)
            _draw_grid([maps[0, :, :, i] for i in range(SHOWN)], out / f"maps_{depth}_{number}.png")
    kernels = [layer.kernel.numpy() for layer in layers]
    _draw_grid([kernels[0][:, :, 0, i] for i in range(SHOWN)], out / "filters_0.png")
    for i in range(SHOWN):
        _draw_grid([kernels[1][:, :, j, i] for j in range(32)], out / f"filters_1_{i}.png")


def _retrain(base: Any, data: Path, out: Path) -> None:
    def load(split: str) -> Any:
        images = keras.utils.image_dataset_from_directory(
            data / split,
            image_size=(SIDE, SIDE),
            batch_size=BATCH_SIZE,
            shuffle=split == "train",
            verbose=False,
        )
        return images.map(lambda x, y: (keras.applications.vgg19.preprocess_input(x), y))

    train, val, test = load("train"), load("val"), load("test")
    classes = len(list(data.glob("train/*")))
    model = keras.Sequential([base, keras.layers.Dense(classes, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(train, validation_data=val, epochs=EPOCHS, verbose=0)
    true, predicted = np.concatenate([y for _, y in test]), model.predict(test, verbose=0).argmax(axis=1)
    _draw_grid([confusion_matrix(true, predicted)], out / "confusion.png")


def _explain(layer: Any, image: NDArray[np.float32], file: Path) -> None:
    """The input gradients of the strongest neurons of ``layer``."""
    inputs = tf.constant(keras.applications.vgg19.preprocess_input(image[None].copy()))
    pictures = []
    for neuron in np.argsort(layer(inputs).numpy().ravel())[-PATCHES:]:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value = tf.reshape(layer(inputs), [-1])[neuron]
        gradient = tape.gradient(value, inputs)[0].numpy()
        pictures.append(np.abs(gradient).sum(axis=2))
    _draw_grid(pictures, file)


def _draw_grid(pictures: list[Any], file: Path) -> None:
    from matplotlib import pyplot as plt

    columns = min(len(pictures), 8)
    rows = -(-len(pictures) // columns)
    figure, axes = plt.subplots(rows, columns, squeeze=False)
    for location in axes.flat:
        location.axis("off")
    for location, picture in zip(axes.flat, pictures, strict=False):
        location.imshow(picture)
    figure.savefig(file, dpi=150)
    plt.close(figure)
