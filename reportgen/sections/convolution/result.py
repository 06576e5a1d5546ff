"""One convolution."""

from typing import Annotated

from pydantic import computed_field

from reportgen.results.fields import (
    Arrays,
    Count,
    ImagePath,
    InitCheck,
    Label,
    PlaneShape,
    Positive,
    Result,
    Shape,
    Size,
    means,
)

_FILTER_ROW = "Row i of the filter: its weights, or in colour one list (red, green, blue) for each column."


class ConvolutionClass(Result):
    """The convolution of one class's example image."""

    file: Annotated[ImagePath, means("The example image.")]
    observed_shape: Annotated[Shape, means("The shape of the feature map as it came out.", "pixels")]
    matches: Annotated[bool, means("Whether the observed shape is the expected one.")]


class Convolution(Result):
    """One image a class, convolved with one filter. Arrays: ``image_<i>`` (224, 224[, 3]) in 0–1 and
    ``map_<i>`` of the expected shape, i counting the classes in order.
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
        PlaneShape,
        means("Rows and columns of the feature map by (W − F + 2P)/S, rounded down, + 1.", "pixels"),
    ]
    classes: Annotated[
        dict[Label, Annotated[ConvolutionClass, means("The convolution of this class's example image.")]],
        means("What came out, for each class."),
    ]
    init_check: Annotated[InitCheck, means("Whether the filter is plausible as Kaiming normal.")]
    scale_limit: Annotated[
        Size | None,
        means(
            "The largest absolute value of all feature maps: their colour scale ends there. Null in "
            "documents of older versions."
        ),
    ] = None
    arrays: Annotated[
        Arrays,
        means("filter; for class i, image_<i>, from 0 to 1, and map_<i>. In arrays/convolution.npz."),
    ]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def matches(self) -> bool:
        """Whether every observed shape is the expected one."""
        return all(item.matches for item in self.classes.values())
