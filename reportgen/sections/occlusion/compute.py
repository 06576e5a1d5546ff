"""What removing a box, or keeping nothing else, does to the most excited neurons.

Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.2. The fill is the
mean colour of ImageNet, zero after preprocessing; the box that is chosen by it is judged by another fill, the
blurred image (Fong & Vedaldi 2017, "Interpretable Explanations of Black Boxes by Meaningful Perturbation").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.computed import Computed, summarise
from reportgen.analysis.neurons import receptive_field
from reportgen.analysis.occlusion import OccludedNetwork, Replaced
from reportgen.dataset.decode import decode
from reportgen.engine.stages.activations import read_layer
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.examples import example_files
from reportgen.engine.stages.outcomes import NUMBERS, pack_section
from reportgen.errors import ExplanationError
from reportgen.results import Box, ImageFile, Position
from reportgen.results.fields import SIDE
from reportgen.sections.occlusion.result import OccludedBox, OccludedNeuron, Occlusion, worth_of
from reportgen.store.packing import pack_arrays, unpack_arrays

# For annotations alone: it loads TensorFlow.
if TYPE_CHECKING:
    from reportgen.analysis.whole import WholeOcclusion

BLUR = 10.0
"""Standard deviation in pixels: no detail of an animal is left, its colours are."""

Values = NDArray[Any]


@dataclass(frozen=True)
class Subject:
    """A neuron of an image: its position, its output, its patch and the pixels that it can see."""

    position: Position
    value: float
    patch: Box
    field: Box


@dataclass(frozen=True)
class View:
    """How one image is occluded: ``outputs`` (images,) of a neuron for images of which a box was removed, or
    nothing else kept, with the mean colour or the blurred image as the fill. ``blank``: with nothing kept.
    """

    removed: Callable[[Box], Replaced]
    kept: Callable[[Box], Replaced]
    removed_in_blur: Callable[[Box], Replaced]
    kept_in_blur: Callable[[Box], Replaced]
    outputs: Callable[[Sequence[Replaced], Position], NDArray[np.float64]]
    blank: Callable[[Position], float]

    def measure(
        self, position: Position, *asked: tuple[Callable[[Box], Replaced], Sequence[Box]]
    ) -> list[NDArray[np.float64]]:
        """The outputs (boxes,) for each way of occluding that is asked for, and its boxes.

        All at once, which is quicker than one way after the other.
        """
        outputs = self.outputs([occlude_box(box) for occlude_box, boxes in asked for box in boxes], position)
        return np.split(outputs, np.cumsum([len(boxes) for _, boxes in asked])[:-1])


def draw_boxes(subject: Subject, count: int, seed: int) -> list[Box]:
    """Boxes of the patch's size at random positions in the receptive field, all equally likely."""
    # A stream for each neuron: its boxes stay what they are, whichever neurons are shown beside it.
    rng = np.random.default_rng([seed, *subject.position])
    rows, cols = _starts(subject)
    corners = zip(rng.integers(*rows, count), rng.integers(*cols, count), strict=True)
    return [_move_box(subject.patch, int(row), int(col)) for row, col in corners]


def lay_grid(subject: Subject, step: int) -> list[Box]:
    """Boxes of the patch's size that cover the receptive field, evenly, at most ``step`` pixels apart."""
    rows, cols = (_spread(start, stop - 1, step) for start, stop in _starts(subject))
    return [_move_box(subject.patch, row, col) for row in rows for col in cols]


def _starts(subject: Subject) -> list[tuple[int, int]]:
    """Half-open, along rows and columns: the starts of boxes that lie in the field, or else in the image."""
    found = []
    for (start, stop), patch in (
        (subject.field.rows, subject.patch.rows),
        (subject.field.cols, subject.patch.cols),
    ):
        length = patch[1] - patch[0]
        # A patch is in the field of the network that ran; one that is in none of it is moved about the image.
        first, last = (start, stop) if stop - start >= length else (0, SIDE)
        found.append((first, last - length + 1))
    return found


def _spread(first: int, last: int, step: int) -> list[int]:
    gaps = -(-(last - first) // step)
    return [first + round(k * (last - first) / gaps) for k in range(gaps + 1)] if gaps else [first]


def _move_box(patch: Box, row: int, col: int) -> Box:
    height, width = patch.rows[1] - patch.rows[0], patch.cols[1] - patch.cols[0]
    return Box(rows=(row, row + height), cols=(col, col + width))


def occlude(view: View, subject: Subject, *, random_boxes: int, step: int, seed: int) -> dict[str, Values]:
    """Measure one neuron.

    Arrays: ``random`` (boxes, 3), first row and column of each random box and the output with it removed;
    ``grid`` (boxes, 4), the same of the boxes that are tried, and the output with nothing else kept;
    ``blank``, the output without any image; ``patch`` and ``best`` (8,), the four edges, then the outputs
    kept, removed, and the same in blur.
    """
    position = subject.position
    drawn, tried = draw_boxes(subject, random_boxes, seed), lay_grid(subject, step)
    # The patch is among the boxes, so that the one that is found is never worth less than it.
    boxes = [subject.patch, *tried]
    at_random, removed, kept = view.measure(
        position, (view.removed, drawn), (view.removed, boxes), (view.kept, boxes)
    )
    worth = [worth_of(subject.value, *each) for each in zip(kept, removed, strict=True)]
    best = int(np.argmax(worth))  # of equal ones the first: the patch
    # Of these alone, often one box: the other fill judges the choice, and takes no part in it.
    chosen = sorted({0, best})
    judges = [boxes[k] for k in chosen]
    in_blur = view.measure(position, (view.kept_in_blur, judges), (view.removed_in_blur, judges))
    found = {
        k: np.array([*boxes[k].rows, *boxes[k].cols, kept[k], removed[k], *blurred], np.float64)
        for k, *blurred in zip(chosen, *in_blur, strict=True)
    }
    return {
        "random": np.column_stack([_corners(drawn), at_random]),
        "grid": np.column_stack([_corners(tried), removed[1:], kept[1:]]),
        "blank": np.array(view.blank(position)),
        "patch": found[0],
        "best": found[best],
    }


def _corners(boxes: Sequence[Box]) -> NDArray[np.float64]:
    return np.array([(box.rows[0], box.cols[0]) for box in boxes], np.float64)


def occlude_neurons(
    measures: Mapping[str, Sequence[tuple[Subject, Mapping[str, Values]]]],
    files: Mapping[str, str],
    *,
    layer: str,
    random_boxes: int,
    step: int,
) -> Computed[Occlusion]:
    """Put together what :func:`occlude` found of each class's neurons, the most excited first."""
    arrays: dict[str, Values] = {}
    neurons = {}
    for i, (label, measured) in enumerate(measures.items()):
        neurons[label] = [_describe(subject, found) for subject, found in measured]
        for name in ("random", "grid"):
            # The boxes of all neurons are one array: its first column says whose they are.
            arrays[f"{name}_{i}"] = np.concatenate(
                [np.insert(found[name], 0, k, axis=1) for k, (_, found) in enumerate(measured)]
            )
    numbers = Occlusion(
        layer=layer,
        files=dict(files),
        random_boxes=random_boxes,
        step=step,
        blur=BLUR,
        neurons=neurons,
        arrays=summarise("occlusion", arrays),
    )
    return Computed(numbers, arrays)


def _describe(subject: Subject, found: Mapping[str, Values]) -> OccludedNeuron:
    removed = found["random"][:, 2]
    patch = _read_box(found["patch"])
    return OccludedNeuron(
        position=subject.position,
        value=subject.value,
        blank=float(found["blank"]),
        patch=patch,
        best=_read_box(found["best"]),
        tried=len(found["grid"]),
        random_removed=float(removed.mean()),
        harming=int(np.count_nonzero(removed <= patch.removed)),
        harming_more=int(np.count_nonzero(removed < patch.removed)),
    )


def _read_box(found: Values) -> OccludedBox:
    top, bottom, left, right = map(int, found[:4])
    return OccludedBox(
        box=Box(rows=(top, bottom), cols=(left, right)),
        **dict(
            zip(("kept", "removed", "kept_in_blur", "removed_in_blur"), map(float, found[4:]), strict=True)
        ),
    )


def run(context: StageContext) -> Artifacts:
    """Occlude the example images for the neurons that the section of the most excited ones lists."""
    layer, _, geometry = read_layer(context.artifacts("activations"))
    # As JSON: no section imports the types of another.
    listed = json.loads(context.artifacts("neurons")[NUMBERS])["top"]
    occluder = _Occluder(context, layer)
    with context.progress.stage("Occlusion", total=sum(map(len, listed.values()))) as advance:
        measures: dict[str, list[tuple[Subject, Mapping[str, Values]]]] = {}
        for label, image in context.examples.items():
            measures[label] = []
            for neuron in listed[label]:
                row, column, channel = neuron["position"]
                field = receptive_field(geometry, row, column, SIDE)
                patch = Box(rows=neuron["patch"]["rows"], cols=neuron["patch"]["cols"])
                subject = Subject((row, column, channel), neuron["value"], patch, field)
                measures[label].append((subject, occluder.measure(image, subject)))
                advance(1)
    return pack_section(
        occlude_neurons(
            measures,
            example_files(context),
            layer=layer,
            random_boxes=context.setting("occlusion.random_boxes"),
            step=context.setting("occlusion.step"),
        )
    )


class _Occluder:
    """Measures by image and neuron, computed where they are not kept yet."""

    def __init__(self, context: StageContext, layer: str) -> None:
        self._context, self._layer = context, layer
        self._chosen = {
            "random_boxes": context.setting("occlusion.random_boxes"),
            "step": context.setting("occlusion.step"),
            "seed": context.setting("seed"),
        }
        self._network: OccludedNetwork | WholeOcclusion | None = None
        # What the network makes of no image at all is the same for all images.
        self._blank: list[Values] = []
        # Of one image at a time: recorded outputs of all layers are many megabytes, and neurons come image by
        # image.
        self._seen: tuple[str, View] | None = None

    def measure(self, image: ImageFile, subject: Subject) -> Mapping[str, Values]:
        """What :func:`occlude` finds of a neuron."""
        # With all that decides a measure, the patch included, and nothing else: a renamed image costs no
        # pass.
        item = f"{image.sha256} {self._layer} {subject} {self._chosen}"

        def compute() -> bytes:
            return pack_arrays(occlude(self._see(image, subject), subject, **self._chosen))

        return unpack_arrays(self._context.items.obtain(item, compute))

    def _see(self, image: ImageFile, subject: Subject) -> View:
        if self._seen is None or self._seen[0] != image.sha256:
            self._seen = image.sha256, self._record(image, subject)
        return self._seen[1]

    def _record(self, image: ImageFile, subject: Subject) -> View:
        # Before these imports, which load TensorFlow: network() configures it first.
        network = self._context.network()
        from reportgen.analysis.whole import occlude_network
        from reportgen.models.backbone import preprocess

        if self._network is None:
            self._network = occlude_network(network, self._layer, SIDE)
        pixels = preprocess(decode(self._context.path(image), image.sha256))
        self._blank = self._blank or self._network.record(np.zeros_like(pixels))
        view, output = make_view(self._network, pixels, self._blank)
        _require_same(image, subject, float(output[subject.position]))
        return view


def make_view(
    network: OccludedNetwork | WholeOcclusion, image: NDArray[np.float32], blank: Sequence[Values] = ()
) -> tuple[View, NDArray[np.float32]]:
    """How a preprocessed image (H, W, 3) is occluded, and the layer's output for the whole image.

    ``blank``: what was recorded of an image of zeros of that size, if it was.
    """
    from scipy.ndimage import gaussian_filter

    empty = np.zeros_like(image)
    # Not across the colours.
    # Beyond the edges the image goes on as it ends: with zeros there the mean colour, which is the other
    # fill, would seep in.
    blurred = gaussian_filter(image, (BLUR, BLUR, 0), mode="nearest")
    whole, vague = (network.record(each) for each in (image, blurred))
    blank = blank or network.record(empty)
    view = View(
        removed=partial(Replaced, whole, empty),
        kept=partial(Replaced, blank, image),
        removed_in_blur=partial(Replaced, whole, blurred),
        kept_in_blur=partial(Replaced, vague, image),
        outputs=network.replace,
        blank=lambda position: float(blank[-1][position]),
    )
    return view, whole[-1]


def _require_same(image: ImageFile, subject: Subject, value: float) -> None:
    """Fail if the chain of layers is not the network: its value must be the neuron's output."""
    # Whole networks and chains agree to 8e-7 of the largest value, measured on VGG16.
    if abs(value - subject.value) > 1e-3 * subject.value:
        raise ExplanationError(
            f"{image.file}: the neuron {subject.position} has the output {subject.value:.6g} in the network, "
            f"but {value:.6g} in its layers one after the other.",
            "Use a network built from ordinary Keras layers; its occlusion would be that of another one.",
        )
