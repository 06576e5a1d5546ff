"""Question 4: the most excited neurons of a layer, and the image patches they see."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.computed import Computed, summarise
from reportgen.analysis.neurons import effective_field, find_support, overlaps, rank_neurons, receptive_field
from reportgen.dataset.decode import decode
from reportgen.engine.stages.activations import count_layers, read_activations, read_layer
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.examples import example_files, find_boxes, open_examples
from reportgen.engine.stages.outcomes import pack_section
from reportgen.errors import ExplanationError
from reportgen.results import Box, FieldGeometry, ImageFile, Patch, Position
from reportgen.sections.neurons.chance import Scene, judge_flatness
from reportgen.sections.neurons.patches import describe_patches
from reportgen.sections.neurons.result import FurtherLayer, HeadOverlap, Neuron, Neurons

# For annotations alone: the latter loads TensorFlow, which a build whose neurons are all kept does not need.
if TYPE_CHECKING:
    from reportgen.analysis.chain import RecordedImage
    from reportgen.analysis.whole import WholeImage


@dataclass(frozen=True)
class NeuronBoxes:
    """What the gradient of one neuron shows: its ``patch``, and the box of all that is not zero, if any."""

    patch: Patch
    support: Box | None

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {"patch": self.patch.model_dump(), "support": self.support and self.support.model_dump()}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> NeuronBoxes:
        """What :meth:`to_json` gave."""
        support = kept["support"]
        return cls(Patch.model_validate(kept["patch"]), support and Box.model_validate(support))


See = Callable[[Position, Box], NeuronBoxes]
"""Looks at the gradient of the neuron at a position, given its receptive field in the network that ran."""


def describe_neurons(
    activations: NDArray[np.float32],
    geometries: tuple[FieldGeometry, FieldGeometry],
    count: int,
    side: int,
    see: See,
) -> tuple[list[Neuron], list[Neuron]]:
    """The ``count`` most excited neurons, over all and over distinct channels, with what they see.

    ``geometries`` are the layer's by the architecture, and in the network that ran. ``see`` looks at the
    neuron at a position with its receptive field by the latter in an image of ``side`` × ``side`` pixels.
    """
    rankings = [rank_neurons(activations, count, distinct=distinct) for distinct in (False, True)]

    def describe(position: Position) -> Neuron:
        fields = [receptive_field(geometry, position[0], position[1], side) for geometry in geometries]
        # The field of the network that ran: what lies outside it changes nothing in a silent neuron, either.
        sight = see(position, fields[1])
        return Neuron(
            position=position,
            value=float(activations[position]),
            receptive_field=fields[0],
            field=fields[1],
            patch=sight.patch,
            support=sight.support,
        )

    # Most positions are in both rankings; each costs a backward pass, so it is described once.
    described = {position: describe(position) for position in dict.fromkeys(chain(*rankings))}
    top, distinct = ([described[position] for position in ranking] for ranking in rankings)
    return top, distinct


def find_excited_neurons(
    activations: Mapping[str, NDArray[np.float32]],
    sees: Mapping[str, See],
    images: Mapping[str, NDArray[np.uint8]],
    files: Mapping[str, str],
    *,
    layer: str,
    geometry: FieldGeometry,
    network_geometry: FieldGeometry,
    count: int,
    seed: int,
    heads: Mapping[str, Box | None],
    animals: Mapping[str, Box | None] | None = None,
    advance: Callable[[int], object] = lambda _count: None,
) -> Computed[Neurons]:
    """Find each class's most excited neurons of ``layer`` and the patches of its image they see.

    ``activations`` are the layer's output for each class's image, ``sees`` find the patch of a neuron in it;
    ``images`` are the same images as (224, 224, 3) uint8. ``heads`` are annotated boxes, None where there
    is none, and so are ``animals``. ``seed``: of the random positions that patches are compared with. Arrays:
    ``image_<i>``, ``activations_<i>``.
    """
    arrays: dict[str, NDArray[Any]] = {}
    top, distinct, positive = {}, {}, {}
    for i, (label, outputs) in enumerate(activations.items()):
        side = images[label].shape[0]
        top[label], distinct[label] = describe_neurons(
            outputs, (geometry, network_geometry), count, side, sees[label]
        )
        advance(1)
        positive[label] = float(np.count_nonzero(outputs > 0) / outputs.size)
        arrays |= {f"image_{i}": images[label], f"activations_{i}": outputs}
    scenes = {label: Scene.of([each.patch for each in own], images[label]) for label, own in top.items()}
    numbers = Neurons(
        layer=layer,
        layer_shape=list(arrays["activations_0"].shape),
        geometry=geometry,
        network_geometry=network_geometry,
        files=dict(files),
        top=top,
        top_distinct=distinct,
        positive_share=positive,
        head_overlap=_count_overlaps(top, heads),
        looks={
            label: describe_patches(scene.patches, images[label], (animals or {}).get(label)).model_copy(
                update={"chance": scene.describe()}
            )
            for label, scene in scenes.items()
        },
        flatness=judge_flatness(list(scenes.values()), seed),
        arrays=summarise("neurons", arrays),
    )
    return Computed(numbers, arrays)


def _count_overlaps(
    top: Mapping[str, list[Neuron]], heads: Mapping[str, Box | None]
) -> dict[str, HeadOverlap] | None:
    counted = {
        label: HeadOverlap(
            overlapping=sum(overlaps(n.patch, head) for n in top[label]), total=len(top[label])
        )
        for label, head in heads.items()
        if head is not None
    }
    return counted or None


def run(context: StageContext) -> Artifacts:
    """Rank the neurons of the explained layer and find the patches that the first of them see."""
    outcome = context.artifacts("activations")
    layers = count_layers(outcome)
    with context.progress.stage("Most excited neurons", total=len(context.examples) * layers) as advance:
        first, *more = (_find_in_layer(context, number, advance) for number in range(layers))
    if not more:
        return pack_section(first)
    arrays = {**first.arrays}
    for number, each in enumerate(more, 1):
        arrays |= {
            f"{name.replace('_', f'_{number}_')}": array
            for name, array in each.arrays.items()
            # Images are the same for all layers, and with the first one already.
            if name.startswith("activations")
        }
    further = [_as_further(each.numbers) for each in more]
    update = {"more": further, "arrays": summarise("neurons", arrays)}
    return pack_section(Computed(first.numbers.model_copy(update=update), arrays))


def _as_further(numbers: Neurons) -> FurtherLayer:
    return FurtherLayer(**{name: getattr(numbers, name) for name in FurtherLayer.model_fields})


def _find_in_layer(context: StageContext, number: int, advance: Callable[[int], object]) -> Computed[Neurons]:
    outcome, boxes = context.artifacts("activations"), find_boxes(context)
    layer, geometry, network_geometry = read_layer(outcome, number)
    return find_excited_neurons(
        read_activations(outcome, context.examples, number),
        {label: _sight(context, image, layer) for label, image in context.examples.items()},
        open_examples(context),
        example_files(context),
        layer=layer,
        geometry=geometry,
        network_geometry=network_geometry,
        count=context.setting("show.neurons"),
        seed=context.setting("seed"),
        heads={label: head for label, (_, head) in boxes.items()},
        animals={label: animal for label, (animal, _) in boxes.items()},
        advance=advance,
    )


def _sight(context: StageContext, image: ImageFile, layer: str) -> See:
    """Finds patches in one image; the network runs on it when the first one is not kept yet."""
    recorded: list[RecordedImage | WholeImage] = []

    def see(position: Position, field: Box) -> NeuronBoxes:
        def compute() -> bytes:
            first = not recorded
            if first:
                recorded.append(_record(context, image, layer))
            gradient = recorded[0].gradient(position)
            if first:
                # Once an image: the other neurons' gradients come from the same steps.
                _require_same(context, recorded[0], (position, field), gradient, image.file, layer)
            sight = NeuronBoxes(effective_field(gradient, fallback=field), find_support(gradient))
            return json.dumps(sight.to_json()).encode()

        # By content, layer and position alone: a renamed image, or more neurons to show, costs no pass again.
        item = f"{image.sha256} {layer} {position}"
        return NeuronBoxes.from_json(json.loads(context.items.obtain(item, compute)))

    return see


def _record(context: StageContext, image: ImageFile, layer: str) -> RecordedImage | WholeImage:
    # Before these imports, which load TensorFlow: network() configures it first.
    network = context.network()
    from reportgen.analysis.whole import record_image
    from reportgen.models.backbone import preprocess

    pixels = preprocess(decode(context.path(image), image.sha256))
    return record_image(network, layer, pixels)


def _require_same(
    context: StageContext,
    recorded: RecordedImage | WholeImage,
    neuron: tuple[Position, Box],
    gradient: NDArray[Any],
    file: str,
    layer: str = "",
) -> None:
    """Fail if the chain of layers is not the network: one gradient must be that of the network, everywhere.

    ``neuron``: its position and its receptive field. In the chain the gradient is computed where it can
    differ from zero only. That it is zero elsewhere, and so what a neuron can see at all, is no assumption
    then. A network that was run whole has nothing to compare with.
    """
    from reportgen.analysis.gradients import differentiate
    from reportgen.analysis.whole import WholeImage

    if isinstance(recorded, WholeImage):
        return
    network = context.network()
    position, field = neuron
    run = network.explain(layer) if layer and layer != network.layers[0] else network.explained
    whole = differentiate(run, recorded.image, position)
    outside = np.ones(whole.shape[:2], bool)
    outside[slice(*field.rows), slice(*field.cols)] = False
    # Run whole and as a chain, VGG16 gives gradients that agree to 8e-7 of the largest value. Outside the
    # field no path leads to the neuron, and nothing is rounded: the smallest value there is one too many.
    if whole[outside].any() or np.abs(gradient - whole).max() > 1e-3 * np.abs(whole).max():
        raise ExplanationError(
            f"{file}: the gradient of the neuron {position} is another one in the network than in its layers "
            "one after the other.",
            "Use a network built from ordinary Keras layers; its patches would be those of another one.",
        )
