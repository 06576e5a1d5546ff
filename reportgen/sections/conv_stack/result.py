"""Two stacked convolution layers."""

from typing import Annotated

from pydantic import Field, computed_field

from reportgen.results.fields import (
    Arrays,
    Count,
    ImagePath,
    InitCheck,
    KernelShape,
    Label,
    Positive,
    Result,
    Shape,
    Size,
    VolumeShape,
    means,
)


class ConvLayer(Result):
    """One layer of the stack. Shapes are (rows, columns, channels)."""

    filters: Annotated[Positive, means("How many filters the layer has.")]
    kernel_shape: Annotated[KernelShape, means("Rows, columns, channels in, and filters of the kernel.")]
    input_shape: Annotated[VolumeShape, means("Rows, columns and channels that go in.")]
    expected_shape: Annotated[VolumeShape, means("Rows, columns and channels that should come out.")]
    observed_shape: Annotated[Shape, means("The shape that came out.")]
    matches: Annotated[bool, means("Whether the observed shape is the expected one.")]
    stride: Annotated[Positive, means("The filters' step.", "pixels")]
    padding: Annotated[Count, means("The zeros put around the input on each side.", "pixels")]
    init_check: Annotated[InitCheck, means("Whether the kernel is plausible as Kaiming normal.")]
    weight_limit: Annotated[
        Size | None,
        means(
            "The largest absolute weight of the shown filters: their colour scale ends there. Null in "
            "documents of older versions."
        ),
    ] = None
    maxima: Annotated[
        dict[
            Label,
            Annotated[
                list[
                    Annotated[Size, means("The largest value of the shown map of this index; 0 is silent.")]
                ],
                means("The shown maps of this class, in order."),
            ],
        ],
        means("Where each shown map is brightest; empty in documents of older versions."),
    ] = Field(default_factory=dict)


class ConvStack(Result):
    """Two stacked convolution layers with ReLU. Arrays: ``kernel_<l>`` and, for class i,
    ``maps_<l>_<i>`` (rows, columns, shown channels).
    """

    colour: Annotated[bool, means("Whether the images go in in colour.")]
    shown: Annotated[
        Positive,
        means("How many filters and feature maps of each layer are shown; of a layer with fewer, all."),
    ]
    shared_scale: Annotated[bool, means("Whether all maps of a figure have one scale.")] = False
    files: Annotated[
        dict[Label, Annotated[ImagePath, means("The example image of this class.")]],
        means("The images that go through the stack."),
    ]
    layers: Annotated[
        list[Annotated[ConvLayer, means("One layer, the lower one first.")]],
        Field(min_length=2, max_length=2),
        means("The two layers."),
    ]
    arrays: Annotated[
        Arrays,
        means("kernel_<l> of layer l, from 1, and its maps_<l>_<i> for class i. In arrays/conv_stack.npz."),
    ]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def matches(self) -> bool:
        """Whether both layers' observed shapes are the expected ones."""
        return all(layer.matches for layer in self.layers)
