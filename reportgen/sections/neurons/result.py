"""The most excited neurons, and what they see."""

from typing import Annotated

from pydantic import Field, computed_field

from reportgen.results.fields import (
    Arrays,
    Box,
    Count,
    FieldGeometry,
    ImagePath,
    Label,
    Patch,
    Position,
    Positive,
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


class RandomBoxes(Result):
    """What the patches of one image would be like by chance: boxes of their sizes at all of its places."""

    contrast: Annotated[Size, means("The mean of their contrasts.", "luma, 0 to 1")]
    flatter: Annotated[
        Size, means("How many would have less contrast than the whole image, on average.", "patches")
    ]
    black: Annotated[Share, means("The mean share of their pixels that are black.")]
    at_edge: Annotated[Size, means("How many would reach an edge of the image, on average.", "patches")]


class Flatness(Result):
    """The patches of all images beside boxes of their sizes at random places, by contrast."""

    share: Annotated[
        Share,
        means("The mean share of the boxes of a patch's size in its image that have less contrast than it."),
    ]
    expected: Annotated[Share, means("The same on average if the patches stand at random places.")]
    flatter: Annotated[
        Size, means("How many would have less contrast than their image, on average.", "patches")
    ]
    alpha: Annotated[Share, means("The level of the test.")]
    draws: Annotated[
        Positive, means("How often places were drawn; patches that overlap by more than half move together.")
    ]
    p_value: Annotated[
        Share, means("Twice the share of draws that are at least as far on the side of the truth; at most 1.")
    ]


class PatchLooks(Result):
    """What the patches of one image are like as pictures. Contrast is the standard deviation of the luma."""

    patches: Annotated[Positive, means("The patches of the most excited neurons.", "patches")]
    contrast: Annotated[Size, means("The mean of their contrasts.", "luma, 0 to 1")]
    image_contrast: Annotated[Size, means("The contrast of the whole image.", "luma, 0 to 1")]
    flatter: Annotated[Count, means("Patches of less contrast than the whole image.", "patches")]
    black: Annotated[Share, means("The mean share of their pixels that are black.")]
    image_black: Annotated[Share, means("The share of the image's pixels that are.")]
    at_edge: Annotated[Count, means("Patches that reach an edge of the image.", "patches")]
    pairs: Annotated[Count, means("Pairs of patches.", "pairs")]
    overlapping: Annotated[
        Count, means("Pairs whose intersection is more than half of their union.", "pairs")
    ]
    places: Annotated[Positive, means("Groups of patches if those that overlap so are in one.", "places")]
    on_animal: Annotated[
        Share | None, means("The mean share of a patch that lies on the annotated animal; null without one.")
    ]
    animal_area: Annotated[Share | None, means("The share of the image that lies on it; null without one.")]
    chance: Annotated[
        RandomBoxes | None, means("What boxes at random places are like; null in older documents.")
    ] = None


_Top = Annotated[
    dict[
        Label,
        Annotated[
            list[Annotated[Neuron, means("The neuron with the (i + 1)-th largest output.")]],
            means("The most excited neurons for this class's image, the most excited first."),
        ],
    ],
    means("The most excited neurons of the layer, for each class."),
]


class FurtherLayer(Result):
    """What is said of the first explained layer, of another one."""

    layer: Annotated[str, means("The explained layer.")]
    layer_shape: Annotated[VolumeShape, means("Rows, columns and channels of its output.", "neurons")]
    geometry: Annotated[FieldGeometry, means("The receptive fields of its neurons.")]
    # Of the same type as in Neurons, from which it is copied.
    network_geometry: Annotated[
        FieldGeometry | None, means("The receptive fields in the network that ran; never null here.")
    ]
    top: _Top
    positive_share: Annotated[
        dict[Label, Annotated[Share, means("The share of the layer's neurons with an output above zero.")]],
        means("How much of the layer is excited, for each class's image."),
    ]


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
            "The receptive fields in the network that ran, where layers that pass their input on unchanged "
            "add nothing; null in documents before 1.2."
        ),
    ] = None
    files: Annotated[
        dict[Label, Annotated[ImagePath, means("The example image of this class.")]],
        means("The images that excite the neurons."),
    ]
    top: _Top
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
    looks: Annotated[
        dict[Label, Annotated[PatchLooks, means("What the patches of this class's image are like.")]],
        means("What the patches are like as pictures; empty in documents before 1.2."),
    ] = Field(default_factory=dict)
    flatness: Annotated[
        Flatness | None,
        means("Whether the patches are flatter than boxes at random places; null in older documents."),
    ] = None
    more: Annotated[
        list[Annotated[FurtherLayer, means("One further layer.")]],
        means("The further layers that the settings name; none in documents before 1.2."),
    ] = Field(default_factory=list)
    arrays: Annotated[
        Arrays,
        means(
            "For class i, image_<i> and activations_<i>, the layer's output; activations_<k>_<i> is that of "
            "the further layer number k, from 1. In arrays/neurons.npz."
        ),
    ]

    @computed_field(json_schema_extra={"unit": "patches"})  # type: ignore[prop-decorator]
    @property
    def patches(self) -> Count:
        """The patches of all classes."""
        return sum(each.patches for each in self.looks.values())

    @computed_field(json_schema_extra={"unit": "patches"})  # type: ignore[prop-decorator]
    @property
    def flatter(self) -> Count:
        """Those of them that have less contrast than their image."""
        return sum(each.flatter for each in self.looks.values())

    @computed_field(json_schema_extra={"unit": "pairs"})  # type: ignore[prop-decorator]
    @property
    def pairs(self) -> Count:
        """Pairs of patches of one image."""
        return sum(each.pairs for each in self.looks.values())

    @computed_field(json_schema_extra={"unit": "pairs"})  # type: ignore[prop-decorator]
    @property
    def overlapping(self) -> Count:
        """Those of them that overlap by more than half."""
        return sum(each.overlapping for each in self.looks.values())
