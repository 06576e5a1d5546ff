"""What the layers of a trained network show of an image, and which patches excite its last convolution."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, computed_field

from reportgen.results.fields import (
    Arrays,
    Box,
    Count,
    FieldGeometry,
    ImagePath,
    Label,
    Position,
    Positive,
    Result,
    VolumeShape,
    means,
)


class MapLayer(Result):
    """One convolution layer, for one image."""

    name: Annotated[str, means("Which convolution it is, and of which layer of the network.")]
    shape: Annotated[VolumeShape, means("Rows, columns and channels of its output.")]
    shown: Annotated[Positive, means("How many of its maps are shown.")]
    silent: Annotated[Count, means("Maps of all that are zero everywhere.")]
    lowest: Annotated[
        list[Annotated[float, means("The smallest value of the shown map of this index.")]],
        means("Where each shown map is darkest; empty in documents of older versions."),
    ] = Field(default_factory=list)
    highest: Annotated[
        list[Annotated[float, means("The largest value of the shown map of this index.")]],
        means("Where each shown map is brightest; empty in documents of older versions."),
    ] = Field(default_factory=list)


class Excited(Result):
    """The most activated neuron of the last convolution layer for one training image."""

    file: Annotated[ImagePath, means("The training image.")]
    position: Annotated[Position, means("Row, column and channel of the neuron, from 0.")]
    value: Annotated[float, means("Its output.")]
    patch: Annotated[Box, means("Its receptive field, as far as it lies in the image.")]
    support: Annotated[
        Box | None,
        means("The smallest box of pixels that its output depends on; null if it depends on none."),
    ]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def inside(self) -> bool:
        """Whether all pixels that the output depends on lie within the receptive field."""
        support, patch = self.support, self.patch
        # A silent neuron depends on no pixel, and so on none outside.
        return support is None or (
            patch.rows[0] <= support.rows[0]
            and support.rows[1] <= patch.rows[1]
            and patch.cols[0] <= support.cols[0]
            and support.cols[1] <= patch.cols[1]
        )


class BestNetwork(Result):
    """Inside the best network. Arrays: ``image_<i>`` (224, 224, 3) uint8, the training image of class i;
    ``maps_<l>`` (rows, columns, shown) of convolution l for the first of them; ``output_<i>`` (rows, columns,
    channels) of the last convolution.
    """

    network: Annotated[str, means("The network's name.")]
    mapped: Annotated[ImagePath, means("The training image whose feature maps are shown.")]
    layers: Annotated[
        list[Annotated[MapLayer, means("The convolution with this index, from 0.")]],
        means("The convolution layers from the lowest to the last."),
    ]
    geometry: Annotated[FieldGeometry, means("The receptive fields of the last convolution layer.")]
    neurons: Annotated[
        dict[Label, Annotated[Excited, means("The most activated neuron for this class's image.")]],
        means("The most activated neuron of the last convolution layer for a training image of each class."),
    ]
    arrays: Annotated[
        Arrays,
        means(
            "image_<i> and output_<i> for class i, maps_<l> of convolution l, from 0. In "
            "arrays/best_network.npz."
        ),
    ]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def channels_used(self) -> Positive:
        """Different channels among the most activated neurons."""
        return len({neuron.position[2] for neuron in self.neurons.values()})
