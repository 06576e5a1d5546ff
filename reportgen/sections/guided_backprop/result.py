"""Guided backpropagation: what a neuron's output goes up with."""

from typing import Annotated

from pydantic import Field, computed_field

from reportgen.results.fields import (
    Arrays,
    Count,
    ImagePath,
    Label,
    Position,
    Result,
    Share,
    Size,
    means,
)


class BoxShares(Result):
    """A share, 0 to 1, inside the annotated box of the animal and of its head."""

    animal: Annotated[
        Share | None, means("The share inside the animal's box; null without the box or any energy.")
    ]
    head: Annotated[
        Share | None, means("The share inside the head's box; null without the box or any energy.")
    ]


class GuidedRow(Result):
    """One neuron and its guided gradient. ``relu_total`` ReLUs lie between input and neuron,
    ``relu_guided`` of them had their gradient replaced. ``scale_limit``: the picture shows
    −limit … +limit. ``energy_share`` is null without annotations or where the gradient is zero.
    """

    choice: Annotated[
        str, means("The rule that chose the neuron: zero, percentile:P, median, top:N, unusual:N, position.")
    ]
    position: Annotated[Position, means("Row, column and channel of the neuron, from 0.")]
    value: Annotated[Size, means("Its output after ReLU.")]
    gradient_max_abs: Annotated[
        Size, means("The largest size of its guided gradient.", "output per unit of preprocessed input")
    ]
    blank: Annotated[bool, means("Whether its guided gradient is zero everywhere.")]
    relu_total: Annotated[Count, means("ReLUs between the image and the neuron.", "ReLUs")]
    relu_guided: Annotated[Count, means("Those of them whose gradient was the guided one.", "ReLUs")]
    scale_limit: Annotated[
        Size,
        means("The picture shows gradients from −limit to +limit.", "output per unit of preprocessed input"),
    ]
    energy_share: Annotated[
        BoxShares | None,
        means("Where the gradient's energy lies; null without annotations or where it is zero."),
    ]


class Signs(Result):
    """The signs of all values of all guided gradients of a report that are not zero."""

    negative: Annotated[Count, means("Values below zero.", "values")]
    positive: Annotated[Count, means("Values above zero.", "values")]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def negative_share(self) -> Share:
        """Values below zero / values that are not zero; 0 without any."""
        total = self.negative + self.positive
        return self.negative / total if total else 0.0


class GuidedBackprop(Result):
    """Guided backpropagation (Springenberg et al. 2015). Array ``gradients_<i>``: (rows, 224, 224, 3),
    channels in R, G, B order, per unit of preprocessed input.
    """

    layer: Annotated[str, means("The explained layer.")]
    files: Annotated[
        dict[Label, Annotated[ImagePath, means("The example image of this class.")]],
        means("The images that are explained."),
    ]
    percentile: Annotated[
        float,
        Field(ge=0, le=100),
        means("The percentile of the gradients' sizes that a picture's scale ends at.", "percent"),
    ]
    shared_scale: Annotated[bool, means("Whether all pictures of a table have one scale.")]
    rows: Annotated[
        dict[
            Label,
            Annotated[
                list[Annotated[GuidedRow, means("One neuron and its guided gradient.")]],
                means("The table of this class: one row for each neuron."),
            ],
        ],
        means("The table of neurons of each class."),
    ]
    area_share: Annotated[
        dict[Label, Annotated[BoxShares, means("The share of the image's area in the boxes of this class.")]]
        | None,
        means("How much of each class's image the annotated boxes cover; null without annotations."),
    ]
    signs: Annotated[
        Signs | None, means("How many values are positive and negative; null in documents before 1.2.")
    ] = None
    arrays: Annotated[
        Arrays,
        means(
            "For class i, gradients_<i> (rows, 224, 224, 3) in R, G, B order; usual (channels,), the "
            "mean output of each channel over the training images, where it is known. In "
            "arrays/guided_backprop.npz."
        ),
    ]

    @computed_field(json_schema_extra={"unit": "rows"})  # type: ignore[prop-decorator]
    @property
    def zero_neurons(self) -> Count:
        """Rows whose neuron has zero output."""
        # Exactly zero, as a ReLU gives it.
        return sum(row.value == 0 for rows in self.rows.values() for row in rows)

    @computed_field(json_schema_extra={"unit": "rows"})  # type: ignore[prop-decorator]
    @property
    def zero_neurons_blank(self) -> Count:
        """Rows whose neuron has zero output and whose gradient image is blank."""
        return sum(row.value == 0 and row.blank for rows in self.rows.values() for row in rows)
