"""Where in an image a class's score comes from, by nine methods of the field.

A score is a class's output before the softmax. Every method gives a map (H, W), float32: of a gradient the
sum over the colour channels, positive where the method finds what speaks for the class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.chain import FEW, turn_kernel
from reportgen.errors import ExplanationError

Values = NDArray[np.float32]
Map = NDArray[Any]
"""(H, W), in single or double precision."""
Rule = Literal["plain", "guided", "deconvnet"]

TOGETHER: Final = 4
"""Images that are differentiated at a time: more are no faster, and take more memory."""

# So 49 boxes cover an image, and each costs a pass through the whole network.
BOX, STEP = 56, 28
"""Side of the box that occlusion moves over the image, and how far it is moved, in pixels."""


@dataclass(frozen=True)
class Effort:
    """How closely sums are taken: ``steps`` of integrated gradients; ``samples`` of SmoothGrad, with Gaussian
    noise of ``noise`` times the image's range, drawn from ``seed``.
    """

    # On three photographs the map's sum was then off by 8.6 % of the score's rise at most, and one map took
    # 40 processor seconds. The report prints how far it is off.
    steps: int = 32
    samples: int = 16
    # Smilkov et al. found 10 to 20 % of the image's range to work best.
    noise: float = 0.15
    seed: int = 671


class ScoredNetwork:
    """A chain of Keras layers and the new layer above it, from images to scores.

    ``layers`` are convolutions and dense layers, with ReLU or without, poolings, and ``Flatten``; ``kernel``
    (features, classes) and ``bias`` (classes,) are the new layer's; ``explained`` names the convolution whose
    maps Grad-CAM weighs. Raises ``ExplanationError`` for a layer of another kind.
    """

    def __init__(self, layers: Sequence[Any], kernel: Values, bias: Values, explained: str) -> None:
        for layer in layers:
            _require_known(layer)
        cut = [layer.name for layer in layers].index(explained) + 1
        self._below, self._above = list(layers[:cut]), list(layers[cut:])
        self._kernel, self._bias = kernel, bias
        self._last: tuple[Values, list[Any]] | None = None

    def score(self, images: Values) -> NDArray[np.float64]:
        """Scores (N, classes) of images (N, H, W, 3)."""
        parts = [self._find_scores(part).numpy() for part in _parts(images)]
        # Losses under occlusion are differences of such scores.
        return np.concatenate(parts).astype(np.float64)

    def gradient(self, images: Values, index: int, rule: Rule = "plain") -> Values:
        """What the score of the class ``index`` propagates back to images (N, H, W, 3), in that shape.

        ``plain`` is the derivative. At each ReLU, ``guided`` lets a value pass only if it is positive and
        the ReLU was open (Springenberg et al. 2015), ``deconvnet`` if it is positive (Zeiler & Fergus 2014).
        """
        parts = [self._propagate_back(self._record(part), index, rule).numpy() for part in _parts(images)]
        found: Values = np.concatenate(parts)
        return found

    def weigh_maps(self, image: Values, index: int) -> Values:
        """Grad-CAM (rows, columns) of one image (H, W, 3): the ReLU of the sum of the feature maps, each
        weighed with the mean over its positions of the score's gradient (Selvaraju et al. 2017, eqs. 1, 2).
        """
        import tensorflow as tf

        batch = image[np.newaxis]
        # From the maps on, and not from the image: nothing below them is differentiated.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            maps = self._find_maps(batch)
            tape.watch(maps)
            score = self._score_maps(batch, maps)[0, index]
        weights = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2), keepdims=True)
        found: Values = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1))[0].numpy()
        return found

    def weigh_every_class(self, image: Values) -> Values:
        """Grad-CAM (classes, rows, columns) of one image (H, W, 3) for every class, as ``weigh_maps`` has it
        for one; the maps are computed once for all.
        """
        import tensorflow as tf

        batch = image[np.newaxis]
        # Persistent, for it is asked once a class.
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            maps = self._find_maps(batch)
            tape.watch(maps)
            scores = self._score_maps(batch, maps)[0]
            each = [scores[index] for index in range(self._kernel.shape[1])]
        gradients = tf.stack([tape.gradient(score, maps)[0] for score in each])
        weights = tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
        found: Values = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1)).numpy()
        return found

    @cached_property
    def _score(self) -> Callable[[Any], Any]:
        import tensorflow as tf

        # As a graph, which lets go of each layer's output as soon as the next one has it.
        scored: Callable[[Any], Any] = tf.function(self._run, autograph=False, reduce_retracing=True)
        return scored

    def _find_scores(self, images: Values) -> Any:
        """Scores (N, classes) of few images."""
        return self._weigh_features(self._record(images)[-1]) if len(images) == 1 else self._score(images)

    def _find_maps(self, batch: Values) -> Any:
        """The feature maps (N, rows, columns, channels) of the explained layer."""
        return self._record(batch)[len(self._below)]

    def _score_maps(self, _batch: Values, maps: Any) -> Any:
        """Scores (N, classes) of images by their feature maps."""
        for layer in self._above:
            maps = _forward(layer, maps)
        return self._weigh_features(maps)

    def _run(self, images: Any) -> Any:
        signal = images
        for layer in (*self._below, *self._above):
            signal = _forward(layer, signal)
        return self._weigh_features(signal)

    def _weigh_features(self, features: Any) -> Any:
        import tensorflow as tf

        # Without the softmax: a probability also rises where only the other classes' scores fall, which is
        # why Simonyan et al. 2014 explain scores.
        return tf.matmul(features, self._kernel) + self._bias

    def _record(self, images: Values) -> list[Any]:
        """The images (N, H, W, 3) and each layer's output."""
        import tensorflow as tf

        # All methods, rules and classes ask for the same image, one after the other: one pass serves them.
        if self._last is not None and np.array_equal(self._last[0], images):
            return self._last[1]
        signals = [tf.constant(images)]
        for layer in (*self._below, *self._above):
            signals.append(_forward(layer, signals[-1]))
        if len(images) == 1:
            self._last = images.copy(), signals
        return signals

    def _propagate_back(self, signals: Sequence[Any], index: int, rule: Rule) -> Any:
        """From the score of a class back to the images, past the recorded ``signals``."""
        import tensorflow as tf

        # Layer by layer and not by a tape, which would run the network forward again for each rule.
        upstream = tf.repeat(self._kernel[np.newaxis, :, index], signals[-1].shape[0], axis=0)
        layers = (*self._below, *self._above)
        for layer, before, after in zip(layers[::-1], signals[-2::-1], signals[:0:-1], strict=True):
            if _is_rectified(layer):
                upstream = _pass_relu(upstream, after, rule)
            upstream = _propagate_layer_back(layer, upstream, before, after)
        return upstream


def is_known(layer: Any) -> bool:
    """Whether a layer is one that :class:`ScoredNetwork` has rules of gradients for."""
    kinds = ("Conv2D", "Dense", "MaxPooling2D", "GlobalAveragePooling2D", "Flatten")
    known = type(layer).__name__ in kinds
    plain = not getattr(layer, "weights", None) or (
        len(layer.weights) == 2
        and layer.activation.__name__ in ("relu", "linear")
        and getattr(layer, "dilation_rate", (1, 1)) == (1, 1)
        and getattr(layer, "groups", 1) == 1
    )
    return known and plain


def _require_known(layer: Any) -> None:
    if not is_known(layer):
        raise ExplanationError(
            f"The layer {layer.name} ({type(layer).__name__}) has rules of gradients that are not known.",
            "Use VGG19, or leave the section 'methods' out.",
        )


def _is_rectified(layer: Any) -> bool:
    return bool(layer.weights) and layer.activation.__name__ == "relu"


def _forward(layer: Any, signal: Any) -> Any:
    import tensorflow as tf

    if not layer.weights:
        return layer(signal)
    kernel, bias = (weight.value for weight in layer.weights)
    if len(kernel.shape) == 2:
        signal = tf.matmul(signal, kernel) + bias
    else:
        signal = tf.nn.conv2d(signal, kernel, layer.strides, layer.padding.upper()) + bias
    return tf.nn.relu(signal) if _is_rectified(layer) else signal


def _pass_relu(upstream: Any, outputs: Any, rule: Rule) -> Any:
    """What the rule lets pass of gradients with respect to the ``outputs`` of a ReLU."""
    import tensorflow as tf

    if rule != "plain":
        upstream = tf.nn.relu(upstream)
    # Not at 0, where the ReLU's own gradient is 0 as well.
    return upstream if rule == "deconvnet" else tf.raw_ops.ReluGrad(gradients=upstream, features=outputs)


def _propagate_layer_back(layer: Any, upstream: Any, inputs: Any, outputs: Any) -> Any:
    """From gradients with respect to a layer's ``outputs``, before any ReLU, to those of its ``inputs``."""
    import tensorflow as tf

    kind = type(layer).__name__
    if kind == "Dense":
        return tf.matmul(upstream, layer.weights[0].value, transpose_b=True)
    if kind == "Flatten":
        return tf.reshape(upstream, inputs.shape)
    if kind == "GlobalAveragePooling2D":
        count, rows, columns, channels = inputs.shape
        shared = tf.reshape(upstream, (count, 1, 1, channels)) / (rows * columns)
        return tf.broadcast_to(shared, inputs.shape)
    padding = layer.padding.upper()
    if kind == "MaxPooling2D":
        # As a tape does it: of equal maxima the same one is chosen.
        return tf.raw_ops.MaxPoolGrad(
            orig_input=inputs, orig_output=outputs, grad=upstream,
            ksize=[1, *layer.pool_size, 1], strides=[1, *layer.strides, 1], padding=padding,
        )  # fmt: skip
    kernel = layer.weights[0].value
    if (
        padding == "SAME"
        and {*kernel.shape[:2]} == {3}
        and {*layer.strides} == {1}
        and kernel.shape[2] <= FEW
    ):
        return tf.nn.conv2d(upstream, turn_kernel(kernel), 1, padding)
    return tf.nn.conv2d_transpose(upstream, kernel, inputs.shape, layer.strides, padding)


def _parts(images: Values) -> list[Values]:
    return [images[start : start + TOGETHER] for start in range(0, len(images), TOGETHER)]


class ImageExplainer:
    """One image (H, W, 3), preprocessed, and one class of it; what several methods need is computed once."""

    def __init__(self, network: ScoredNetwork, image: Values, index: int, effort: Effort) -> None:
        self._network, self._image, self._index, self._effort = network, image, index, effort

    def explain(self, method: str) -> Values:
        """The map (H, W) of a method of ``METHODS``."""
        found: Values = METHODS[method](self).astype(np.float32)
        return found

    def gradient(self) -> Map:
        """The derivative (Simonyan et al. 2014)."""
        found: Map = self._plain.sum(axis=-1)
        return found

    def gradient_x_input(self) -> Map:
        """Derivative times distance from the baseline, zero (Shrikumar et al. 2017)."""
        found: Map = (self._plain * self._image).sum(axis=-1)
        return found

    def deconvnet(self) -> Map:
        """Zeiler & Fergus 2014: every ReLU passes back what is positive, open or not."""
        found: Map = self._hand_back(self._image[np.newaxis], "deconvnet")[0].sum(axis=-1)
        return found

    def guided(self) -> Map:
        """Springenberg et al. 2015: an open ReLU passes back what is positive."""
        found: Map = self._guided.sum(axis=-1)
        return found

    def integrated_gradients(self) -> Map:
        """Sundararajan et al. 2017: the mean derivative on the way from the baseline, times the way.

        The integral is taken by the midpoint rule in ``steps`` steps.
        """
        # Midpoints: their error falls with the square of the steps, that of left or right ends with the
        # steps.
        shares = (np.arange(self._effort.steps, dtype=np.float32) + np.float32(0.5)) / self._effort.steps
        total = np.zeros(self._image.shape, np.float64)
        for part in np.array_split(shares, -(-len(shares) // TOGETHER)):
            # In double precision, so that many steps do not add up what single precision rounds.
            total += self._hand_back(part[:, None, None, None] * self._image).sum(axis=0, dtype=np.float64)
        found: Map = (total / self._effort.steps * self._image).sum(axis=-1)
        return found

    def smoothgrad(self) -> Map:
        """Smilkov et al. 2017: the mean derivative at copies of the image with Gaussian noise."""
        rng = np.random.default_rng(self._effort.seed)
        # As Smilkov et al. define it: of the image's largest value less its smallest.
        spread = self._effort.noise * float(np.ptp(self._image))
        total = np.zeros(self._image.shape, np.float64)
        for start in range(0, self._effort.samples, TOGETHER):
            count = min(TOGETHER, self._effort.samples - start)
            noise = rng.normal(0, spread, (count, *self._image.shape)).astype(np.float32)
            total += self._hand_back(self._image + noise).sum(axis=0, dtype=np.float64)
        found: Map = (total / self._effort.samples).sum(axis=-1)
        return found

    def grad_cam(self) -> Map:
        """Selvaraju et al. 2017: weighed feature maps, enlarged bilinearly."""
        return self._cam

    def guided_grad_cam(self) -> Map:
        """Selvaraju et al. 2017: the guided gradient, pixel by pixel times Grad-CAM."""
        found: Map = (self._guided * self._cam[..., np.newaxis]).sum(axis=-1)
        return found

    def occlusion(self) -> Map:
        """Zeiler & Fergus 2014: how much of the score is lost if a box becomes zero, the mean colour of
        ImageNet; for a pixel the mean over the boxes that hold it.
        """
        boxes = _boxes(*self._image.shape[:2])
        occluded = np.repeat(self._image[np.newaxis], len(boxes), axis=0)
        for image, (rows, columns) in zip(occluded, boxes, strict=True):
            image[rows, columns] = 0
        scores = self._network.score(occluded)[:, self._index]
        lost = self._network.score(self._image[np.newaxis])[0, self._index] - scores
        total, covered = np.zeros((2, *self._image.shape[:2]))
        for loss, (rows, columns) in zip(lost, boxes, strict=True):
            total[rows, columns] += loss
            # Never zero: 56 + 6 · 28 = 224, so that the boxes reach the last pixel.
            covered[rows, columns] += 1
        found: Map = total / covered
        return found

    @cached_property
    def _plain(self) -> Map:
        found: Map = self._hand_back(self._image[np.newaxis])[0]
        return found

    @cached_property
    def _guided(self) -> Map:
        found: Map = self._hand_back(self._image[np.newaxis], "guided")[0]
        return found

    @cached_property
    def _cam(self) -> Values:
        return enlarge(self._network.weigh_maps(self._image, self._index), self._image.shape[0])

    def _hand_back(self, images: Map, rule: Rule = "plain") -> Values:
        return self._network.gradient(images.astype(np.float32), self._index, rule)


METHODS: Final[Mapping[str, Callable[[ImageExplainer], Map]]] = {
    "gradient": ImageExplainer.gradient,
    "gradient_x_input": ImageExplainer.gradient_x_input,
    "deconvnet": ImageExplainer.deconvnet,
    "guided": ImageExplainer.guided,
    "integrated_gradients": ImageExplainer.integrated_gradients,
    "smoothgrad": ImageExplainer.smoothgrad,
    "grad_cam": ImageExplainer.grad_cam,
    "guided_grad_cam": ImageExplainer.guided_grad_cam,
    "occlusion": ImageExplainer.occlusion,
}
"""All methods by name."""


def enlarge(values: Values, side: int) -> Values:
    """A square map (N, N) as (side, side), bilinear between the middles of its cells, flat at the edges."""
    count = values.shape[0]
    # Middles of pixels and cells and not their edges, or the map would be shifted by half a cell.
    middles = (np.arange(side) + 0.5) * count / side - 0.5
    low = np.clip(np.floor(middles), 0, count - 1).astype(int)
    high = np.minimum(low + 1, count - 1)
    share = np.clip(middles - low, 0, 1).astype(np.float32)
    rows = values[low] * (1 - share)[:, None] + values[high] * share[:, None]
    found: Values = rows[:, low] * (1 - share) + rows[:, high] * share
    return found


def _boxes(height: int, width: int) -> list[tuple[slice, slice]]:
    starts = [list(range(0, extent - BOX + 1, STEP)) for extent in (height, width)]
    return [(slice(y, y + BOX), slice(x, x + BOX)) for y in starts[0] for x in starts[1]]
