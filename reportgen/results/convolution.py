"""One convolution, and two of them stacked."""

from typing import Annotated

from pydantic import Field, computed_field

from reportgen.results.base import (
    Arrays,
    Count,
    ImagePath,
    KernelShape,
    Label,
    PlaneShape,
    Positive,
    Result,
    Shape,
    Share,
    Size,
    VolumeShape,
    means,
)

_FILTER_ROW = "Row i of the filter: its weights, or in colour one list (red, green, blue) for each column."


class InitCheck(Result):
    """Is the sample's standard deviation plausible under the claimed one?

    Two-sided χ² test of Σw²/σ² with ``n`` degrees of freedom (the mean is known to be 0);
    ``plausible`` if the statistic lies within ``interval``, the central 1 − α of the distribution.
    """

    fan_in: Annotated[Positive, means("Inputs of one output: F · F · channels in.")]
    n: Annotated[Positive, means("Weights of the kernel: the degrees of freedom.")]
    sigma_expected: Annotated[Size, means("The standard deviation claimed: √(2 / fan-in), He et al. 2015.")]
    sigma_observed: Annotated[Size, means("The standard deviation of the weights about 0: √(Σw²/n).")]
    statistic: Annotated[Size, means("The test statistic Σw²/σ², with the expected σ.")]
    interval: Annotated[
        tuple[
            Annotated[Size, means("The α/2 quantile of χ² with n degrees of freedom.")],
            Annotated[Size, means("Its 1 − α/2 quantile.")],
        ],
        means("Where the statistic is plausible."),
    ]
    p_value: Annotated[Share, means("The two-sided p-value of the statistic.")]
    alpha: Annotated[Share, means("The level α of the test.")]
    plausible: Annotated[bool, means("Whether the statistic lies within the interval.")]


class ConvolutionClass(Result):
    """The convolution of one class's example image."""

    file: Annotated[ImagePath, means("The example image.")]
    observed_shape: Annotated[Shape, means("The shape of the feature map as it came out.", "pixels")]
    matches: Annotated[bool, means("Whether the observed shape is the expected one.")]


class Convolution(Result):
    """One image a class, convolved with one filter. Arrays: ``image_<i>`` (224, 224[, 3]) in 0–1 and
    ``map_<i>`` (222, 222), i counting the classes in order.
    """

    colour: Annotated[bool, means("Whether the images are convolved in colour.")]
    input_shape: Annotated[PlaneShape, means("Rows and columns of the input image.", "pixels")]
    filter_size: Annotated[Positive, means("Rows, and columns, F of the filter.", "pixels")]
    stride: Annotated[Positive, means("The filter's step S.", "pixels")]
    padding: Annotated[Count, means("The zeros P put around the image on each side.", "pixels")]
    filter: Annotated[
        list[
            Annotated[
                list[Annotated[float, means("The filter's weight in row i, column j.")]], means(_FILTER_ROW)
            ]
        ]
        | list[
            Annotated[
                list[
                    Annotated[
                        list[Annotated[float, means("The filter's weight in row i, column j, channel k.")]],
                        means("The weights in row i, column j: red, green, blue."),
                    ]
                ],
                means(_FILTER_ROW),
            ]
        ],
        means("The filter's weights by row and column, in colour also by channel."),
    ]
    expected_shape: Annotated[
        PlaneShape, means("Rows and columns of the feature map by (W − F + 2P)/S + 1.", "pixels")
    ]
    classes: Annotated[
        dict[Label, Annotated[ConvolutionClass, means("The convolution of this class's example image.")]],
        means("What came out, for each class."),
    ]
    init_check: Annotated[InitCheck, means("Whether the filter is plausible as Kaiming normal.")]
    arrays: Annotated[
        Arrays,
        means("filter; for class i, image_<i>, from 0 to 1, and map_<i>. In arrays/convolution.npz."),
    ]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def matches(self) -> bool:
        """Whether every observed shape is the expected one."""
        return all(item.matches for item in self.classes.values())


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


class ConvStack(Result):
    """Two stacked convolution layers with ReLU. Arrays: ``kernel_<l>`` and, for class i,
    ``maps_<l>_<i>`` (rows, columns, shown channels).
    """

    colour: Annotated[bool, means("Whether the images go in in colour.")]
    shown: Annotated[Positive, means("How many filters and feature maps of each layer are shown.")]
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
