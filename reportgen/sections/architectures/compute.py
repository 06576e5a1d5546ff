"""Trains the networks of the settings, and judges them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.architecture import Architecture, trace_whole
from reportgen.analysis.computed import Computed, summarise
from reportgen.dataset.decode import decode
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.network import load_tensorflow
from reportgen.engine.stages.outcomes import pack_section
from reportgen.results.inference import mcnemar_p_value
from reportgen.sections.architectures.files import NETWORK_FILE, WEIGHTS_FILE
from reportgen.sections.architectures.result import (
    Architectures,
    Curves,
    Judged,
    NetworkLayer,
    TrainedNetwork,
    TrainingPlan,
)
from reportgen.sections.architectures.settings import Training
from reportgen.store.packing import pack_arrays, unpack_arrays

if TYPE_CHECKING:
    from reportgen.analysis.training import Part, Recipe

Values = NDArray[np.float32]

FITTED = ("train", "val")
"""The splits that every network is judged on."""


@dataclass(frozen=True)
class Run:
    """A network after training: ``weights`` in Keras's order, ``curves`` by name, and class probabilities
    (N, classes) for the training and the validation images.
    """

    weights: list[Values]
    curves: dict[str, list[float]]
    best_epoch: int
    probabilities: dict[str, Values]


@dataclass(frozen=True)
class Candidate:
    """An architecture with its runs, the first of which counts, and what Keras says of its size."""

    architecture: Architecture
    runs: Sequence[Run]
    shapes: list[list[int]]
    counted: int


def run(context: StageContext) -> Artifacts:
    """Train every network, choose the best by the validation images, and judge it on the test images.

    Its weights are ``network.weights.h5``; ``network.json`` says which layers they belong to.
    """
    load_tensorflow(context.progress)
    from reportgen.analysis.training import build_network, predict
    from reportgen.models.head import write_head

    plan: Training = context.setting("training")
    parts = _read_parts(context)
    trainer = _Trainer(context, plan, parts)
    candidates = [trainer.train(each) for each in context.setting("architectures")]
    labels = {name: part.labels for name, part in parts.items()}
    best = choose_best([each.runs[0] for each in candidates], labels["val"])
    network = build_network(candidates[best].architecture, len(context.classes), plan.seed)
    network.set_weights(candidates[best].runs[0].weights)
    # The best one alone: whoever chooses by the test images can no longer trust the accuracy on them.
    tested = predict(network, parts["test"].pixels)
    computed = describe_networks(candidates, best, tested, labels, (context.classes, plan))
    return {
        **pack_section(computed),
        WEIGHTS_FILE: write_head(network),
        NETWORK_FILE: json.dumps(candidates[best].architecture.table).encode(),
    }


def _read_parts(context: StageContext) -> dict[str, Part]:
    from reportgen.analysis.training import Part

    images = context.images
    with (
        context.progress.stage("Reading the images", total=len(images)) as advance,
        # Pillow decodes without holding Python's lock.
        ThreadPoolExecutor(2) as pool,
    ):
        pixels = []
        # In the order of the images, whichever is decoded first.
        for decoded in pool.map(lambda image: decode(context.path(image), image.sha256), images):
            pixels.append(decoded)
            advance(1)
    found = {}
    for split in (*FITTED, "test"):
        inside = [n for n, image in enumerate(images) if image.split == split]
        found[split] = Part(
            np.stack([pixels[n] for n in inside]),
            np.array([context.classes.index(images[n].label) for n in inside]),
        )
    return found


class _Trainer:
    """Networks by content: what was trained before, whatever it is called, is not trained again."""

    def __init__(self, context: StageContext, plan: Training, parts: Mapping[str, Part]) -> None:
        self._context, self._plan, self._parts = context, plan, parts
        # The order counts, since batches are drawn by it.
        self._data = [
            [image.split, context.classes.index(image.label), image.sha256]
            for image in context.images
            # Another test image trains no network again.
            if image.split in FITTED
        ]

    def train(self, architecture: Architecture) -> Candidate:
        """All runs of an architecture, those that are kept from the cache."""
        from reportgen.analysis.training import build_network, observe_shapes

        classes = len(self._context.classes)
        # One seed more each: what a single run needs is kept when repeats are added.
        runs = [self._obtain(architecture, self._plan.seed + repeat) for repeat in range(self._plan.repeats)]
        network = build_network(architecture, classes, self._plan.seed)
        return Candidate(
            architecture, runs, observe_shapes(network, architecture, classes), network.count_params()
        )

    def _obtain(self, architecture: Architecture, seed: int) -> Run:
        from reportgen.analysis.training import Recipe

        plan = self._plan.model_dump(exclude={"seed", "repeats"})
        # Without the name: a network that is renamed is the same one.
        layers = [layer.table for layer in architecture.layers]
        # All that decides the weights: what is kept of an item depends on its name and the code, and on no
        # setting that the name leaves out.
        described = json.dumps([layers, plan, seed, len(self._context.classes), self._data])
        item = hashlib.sha256(described.encode()).hexdigest()
        kept = self._context.items.get(item)
        if kept is None:
            # Under a name of its own, since an unfinished state must never be taken for an outcome.
            kept = self._train(architecture, Recipe(**plan, seed=seed), f"{item} unfinished")
            self._context.items.put(item, kept)
        return _unpack(kept)

    def _train(self, architecture: Architecture, recipe: Recipe, unfinished: str) -> bytes:
        """Train one network; after each epoch its state is kept, so that a stopped training goes on."""
        from reportgen.analysis.training import LEARNING, build_network, predict, train_network

        items = self._context.items
        # An empty entry is that of a training which has ended.
        state = items.get(unfinished)
        classes = len(self._context.classes)
        learner = build_network(architecture, classes, recipe.seed, precision=LEARNING)
        with self._context.progress.stage(f"Training {architecture.name}", total=recipe.epochs) as advance:
            course = train_network(
                learner,
                {name: self._parts[name] for name in FITTED},
                recipe,
                resume=unpack_arrays(state) if state else None,
                keep=lambda now: items.put(unfinished, pack_arrays(dict(now))),
                advance=advance,
            )
        # Nobody goes on from there any more, and Adam's state is three numbers for each parameter.
        items.put(unfinished, b"")
        # What is kept, explained and passed on is of the usual precision.
        network = build_network(architecture, classes, recipe.seed)
        network.set_weights([each.astype(np.float32) for each in course.best_weights])
        return pack_arrays(
            {
                # Three digits, by which sorting gives Keras's order again; 60 layers have 240 arrays at most.
                **{f"weight_{n:03}": each for n, each in enumerate(network.get_weights())},
                **{name: np.array(values) for name, values in course.log.items()},
                "best_epoch": np.array(course.best_epoch),
                # Kept with the weights: a network that was trained before is not even run again.
                **{f"of_{name}": predict(network, self._parts[name].pixels) for name in FITTED},
            }
        )


def _unpack(data: bytes) -> Run:
    arrays = unpack_arrays(data)
    return Run(
        [arrays[name] for name in sorted(arrays) if name.startswith("weight_")],
        {name: [float(each) for each in arrays[name]] for name in Curves.model_fields},
        int(arrays["best_epoch"]),
        {name: arrays[f"of_{name}"] for name in FITTED},
    )


def count_confusion(labels: NDArray[Any], probabilities: Values) -> list[list[int]]:
    """Images of true class i (row) whose largest probability is that of class j (column)."""
    classes = probabilities.shape[1]
    counts = np.zeros((classes, classes), int)
    # Not counts[...] += 1, which counts an index that comes up again once only.
    np.add.at(counts, (labels, probabilities.argmax(axis=1)), 1)
    found: list[list[int]] = counts.tolist()
    return found


def choose_best(runs: Sequence[Run], labels: NDArray[Any]) -> int:
    """The index of the run that recognises most validation images, of equal ones that with the lower loss, of
    equal losses the first. ``labels`` (N,) are the classes of the validation images.
    """
    right = [int((run.probabilities["val"].argmax(axis=1) == labels).sum()) for run in runs]
    losses = [run.curves["val_loss"][run.best_epoch - 1] for run in runs]
    return min(range(len(runs)), key=lambda k: (-right[k], losses[k], k))


def describe_networks(
    candidates: Sequence[Candidate],
    best: int,
    tested: Values,
    labels: Mapping[str, NDArray[Any]],
    training: tuple[Sequence[str], Training],
) -> Computed[Architectures]:
    """Describe the trained networks, the best of which gave ``tested`` (N, classes) for the test images.

    ``labels`` are the class indices of each split; ``training`` are the names of the classes and the plan.
    """
    classes, plan = training
    arrays: dict[str, NDArray[Any]] = {
        f"probabilities_{split}_{k}": each.runs[0].probabilities[split]
        for k, each in enumerate(candidates)
        for split in FITTED
    }
    arrays["probabilities_test"] = tested
    numbers = Architectures(
        classes=list(classes),
        training=TrainingPlan(optimizer="Adam", **plan.model_dump()),
        networks=list(_describe_each(candidates, best, labels)),
        best=best,
        best_name=candidates[best].architecture.name,
        test=Judged(confusion=count_confusion(labels["test"], tested)),
        arrays=summarise("architectures", arrays),
    )
    return Computed(numbers, arrays)


def _describe_each(
    candidates: Sequence[Candidate], best: int, labels: Mapping[str, NDArray[Any]]
) -> Iterator[TrainedNetwork]:
    # On the validation images, by which the best one was chosen: the test images are for it alone.
    right = [each.runs[0].probabilities["val"].argmax(axis=1) == labels["val"] for each in candidates]
    for k, each in enumerate(candidates):
        first = each.runs[0]
        judged = {
            split: Judged(confusion=count_confusion(labels[split], first.probabilities[split]))
            for split in FITTED
        }
        # The test does not count that the best one was chosen by these images; the report says so.
        lost, gained = int((right[best] & ~right[k]).sum()), int((~right[best] & right[k]).sum())
        yield TrainedNetwork(
            name=each.architecture.name,
            layers=list(_describe_layers(each)),
            counted_parameters=each.counted,
            history=Curves(**first.curves),
            best_epoch=first.best_epoch,
            beside_best=None if k == best else mcnemar_p_value(lost, gained),
            repeated=[
                float((run.probabilities["val"].argmax(axis=1) == labels["val"]).mean()) for run in each.runs
            ],
            **judged,
        )


def _describe_layers(candidate: Candidate) -> Iterator[NetworkLayer]:
    traced = trace_whole(candidate.architecture, candidate.runs[0].probabilities["val"].shape[1])
    for n, (layer, observed) in enumerate(zip(traced, candidate.shapes, strict=True)):
        table = layer.layer.table
        if n == len(traced) - 1:
            # trace_whole() calls it linear, since the settings know no softmax.
            table["activation"] = "softmax"
        yield NetworkLayer(
            **table,
            input_shape=list(layer.input_shape),
            expected_shape=list(layer.output_shape),
            observed_shape=observed,
            parameters=layer.parameters,
            operations=layer.operations,
        )
