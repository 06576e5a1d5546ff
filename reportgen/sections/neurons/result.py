"""The most excited neurons, and what they see."""

from typing import Annotated

from reportgen.results.fields import (
    Arrays,
    Box,
    Count,
    FieldGeometry,
    ImagePath,
    Label,
    Patch,
    Position,
    Result,
    Share,
    Size,
    VolumeShape,
    means,
)


class Neuron(Result):
    """One neuron of a layer: ``position`` is (row, column, channel), ``value`` its output after ReLU.
    ``receptive_field`` is the architecture's (Araujo et al. 2019), clipped to the image.
    """

    position: Annotated[Position, means("Row, column and channel of the neuron, from 0.")]
    value: Annotated[Size, means("Its output after ReLU.")]
    receptive_field: Annotated[Box, means("The pixels that it can see by the network's architecture.")]
    patch: Annotated[Patch, means("The pixels that it mostly sees: its effective receptive field.")]
    field: Annotated[
        Box | None,
        means("The pixels that it can see in the network that ran; null in documents before 1.2."),
    ] = None
    support: Annotated[
        Box | None,
        means(
            "The smallest box with all pixels of a gradient that is not zero; null if it is zero everywhere."
        ),
    ] = None


class HeadOverlap(Result):
    """How many of a class's patches overlap the annotated head."""

    overlapping: Annotated[Count, means("Patches that share a pixel with the head's box.", "patches")]
    total: Annotated[Count, means("Patches of this class.", "patches")]


class Neurons(Result):
    """The most excited neurons of the explained layer. Arrays: ``image_<i>`` (224, 224, 3) uint8 and
    ``activations_<i>`` (rows, columns, channels), the layer's output for it.
    """

    layer: Annotated[str, means("The explained layer.")]
    layer_shape: Annotated[VolumeShape, means("Rows, columns and channels of its output.", "neurons")]
    geometry: Annotated[FieldGeometry, means("The receptive fields of its neurons.")]
    network_geometry: Annotated[
        FieldGeometry | None,
        means(
            "The receptive fields in the network that ran, where layers that hand their input on unchanged "
            "add nothing; null in documents before 1.2."
        ),
    ] = None
    files: Annotated[
        dict[Label, Annotated[ImagePath, means("The example image of this class.")]],
        means("The images that excite the neurons."),
    ]
    top: Annotated[
        dict[
            Label,
            Annotated[
                list[Annotated[Neuron, means("The neuron with the (i + 1)-th largest output.")]],
                means("The most excited neurons for this class's image, the most excited first."),
            ],
        ],
        means("The most excited neurons of the layer, for each class."),
    ]
    top_distinct: Annotated[
        dict[
            Label,
            Annotated[
                list[Annotated[Neuron, means("The best neuron of the (i + 1)-th best channel.")]],
                means("The most excited neurons for this class's image, at most one of each channel."),
            ],
        ],
        means("The most excited neurons of distinct channels, for each class."),
    ]
    positive_share: Annotated[
        dict[Label, Annotated[Share, means("The share of the layer's neurons with an output above zero.")]],
        means("How much of the layer is excited, for each class's image."),
    ]
    head_overlap: Annotated[
        dict[Label, Annotated[HeadOverlap, means("Patches on this class's head.")]] | None,
        means("How many patches lie on the annotated head, for each class that has one; null without any."),
    ]
    arrays: Annotated[
        Arrays,
        means("For class i, image_<i> and activations_<i>, the layer's output. In arrays/neurons.npz."),
    ]
