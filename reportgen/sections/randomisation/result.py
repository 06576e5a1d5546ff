"""Gradient pictures of a network whose weights are redrawn, compared with those of the network as it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, computed_field

from reportgen.results.fields import (
    Arrays,
    Box,
    Count,
    ImagePath,
    Label,
    Position,
    Positive,
    Result,
    Size,
    means,
)

Agreement = Annotated[float, Field(ge=-1, le=1, json_schema_extra={"unit": "-1 to 1"})]
_PER_INPUT = "neuron's value per unit of preprocessed input"


class Likeness(Result):
    """How alike two pictures are: 1 for equal ones; null where one of them is zero everywhere."""

    signed: Annotated[Agreement | None, means("Spearman's rank correlation of the values with their signs.")]
    absolute: Annotated[Agreement | None, means("Spearman's rank correlation of the values' sizes.")]
    ssim: Annotated[
        Agreement | None,
        means("Mean structural similarity (Wang et al. 2004) of the pictures as they are shown."),
    ]


class Likenesses(Result):
    """The same for both kinds of gradients."""

    guided: Annotated[Likeness, means("Of the guided gradients.")]
    plain: Annotated[Likeness, means("Of the plain gradients.")]


class Redrawing(Result):
    """One network: the blocks from ``first_block`` to the last have redrawn weights."""

    first_block: Annotated[Positive, means("The lowest block with redrawn weights; all above have them too.")]
    layers: Annotated[Count, means("Convolution layers with redrawn weights.", "layers")]
    weights: Annotated[Count, means("Redrawn weights, biases not among them.", "weights")]


class RedrawnNeuron(Result):
    """A neuron in one of the redrawn networks, and how like its pictures are to the original ones."""

    value: Annotated[float, means("Its value before its ReLU; it is silent if this is not positive.")]
    guided_limit: Annotated[Size, means("The guided picture shows −limit to +limit.", _PER_INPUT)]
    plain_limit: Annotated[Size, means("The plain picture shows −limit to +limit.", _PER_INPUT)]
    likeness: Annotated[
        Likenesses, means("Compared with the same neuron's pictures in the network as it is, in its field.")
    ]


class ExplainedNeuron(Result):
    """The most excited neuron of one image, in the network as it is and in the redrawn ones."""

    file: Annotated[ImagePath, means("The example image of this class.")]
    position: Annotated[Position, means("Row, column and channel of the neuron, from 0.")]
    value: Annotated[Size, means("Its output in the network as it is.")]
    field: Annotated[Box, means("The pixels that it can see in the network that ran.")]
    guided_limit: Annotated[Size, means("The guided picture shows −limit to +limit.", _PER_INPUT)]
    plain_limit: Annotated[Size, means("The plain picture shows −limit to +limit.", _PER_INPUT)]
    redrawn: Annotated[
        list[Annotated[RedrawnNeuron, means("The neuron in the network with this index.")]],
        means("The neuron in each of the redrawn networks."),
    ]


class Randomisation(Result):
    """Gradients under cascading randomisation (Adebayo et al. 2018). Arrays, for class i: ``guided_<i>`` and
    ``plain_<i>`` (networks + 1, 224, 224, 3), channels in R, G, B order, in units of the limit of each
    picture; the first is that of the network as it is.
    """

    layer: Annotated[str, means("The explained layer.")]
    seed: Annotated[Count, means("The seed that the weights are drawn from.")]
    images: Annotated[Positive, means("At most so many example images are explained.", "images")]
    percentile: Annotated[
        float,
        Field(ge=0, le=100),
        means("The percentile of the gradients' sizes that a picture's scale ends at.", "percent"),
    ]
    alike_from: Annotated[
        Agreement, means("From this mean rank correlation on, pictures count as alike.", "-1 to 1")
    ]
    unlike_below: Annotated[
        Agreement, means("Below this size of the mean rank correlation, pictures count as unlike.", "-1 to 1")
    ]
    kept: Annotated[
        list[Annotated[str, means("The name of a layer.")]],
        means("Layers that pass their input on unchanged, and were not redrawn."),
    ]
    networks: Annotated[
        list[Annotated[Redrawing, means("One network.")]],
        means("The redrawn networks: from the top, one block more each time."),
    ]
    neurons: Annotated[
        dict[Label, Annotated[ExplainedNeuron, means("The most excited neuron for this class's image.")]],
        means("The explained neuron of each class, of the first classes if there are more than images."),
    ]
    arrays: Annotated[
        Arrays,
        means(
            "For class i, guided_<i> and plain_<i> (networks + 1, 224, 224, 3) in R, G, B order, in "
            "units of each picture's limit. In arrays/randomisation.npz."
        ),
    ]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def mean(self) -> list[Annotated[Likenesses, means("In the network with this index.")]]:
        """The means of all neurons' likenesses in each of the redrawn networks."""
        return [
            Likenesses(
                guided=_mean(neuron.redrawn[k].likeness.guided for neuron in self._complete),
                plain=_mean(neuron.redrawn[k].likeness.plain for neuron in self._complete),
            )
            for k in range(len(self.networks))
        ]

    @computed_field(json_schema_extra={"unit": "neurons"})  # type: ignore[prop-decorator]
    @property
    def explained(self) -> Count:
        """Neurons in redrawn networks, each network counted."""
        return sum(len(neuron.redrawn) for neuron in self.neurons.values())

    @computed_field(json_schema_extra={"unit": "neurons"})  # type: ignore[prop-decorator]
    @property
    def silent(self) -> Count:
        """Those of them that are silent: what comes before their ReLU is not positive."""
        return sum(each.value <= 0 for neuron in self.neurons.values() for each in neuron.redrawn)

    @property
    def _complete(self) -> list[ExplainedNeuron]:
        # In a stranger's results some may have fewer.
        return [each for each in self.neurons.values() if len(each.redrawn) == len(self.networks)]


def _mean(likenesses: Iterable[Likeness]) -> Likeness:
    listed = list(likenesses)
    return Likeness(
        signed=_mean_of(each.signed for each in listed),
        absolute=_mean_of(each.absolute for each in listed),
        ssim=_mean_of(each.ssim for each in listed),
    )


def _mean_of(values: Iterable[float | None]) -> float | None:
    """The mean of those that are known; null without any."""
    known = [value for value in values if value is not None]
    # A mean of ones may come out above 1 in the last digit.
    return max(-1.0, min(1.0, sum(known) / len(known))) if known else None
