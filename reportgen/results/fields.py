"""What results are made of: frozen types, and fields that say meaning and unit."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from reportgen.split import SPLITS as SPLITS
from reportgen.split import Split as Split

T = TypeVar("T")

SIDE = 224
"""Rows and columns of every image that the network sees."""


def means(meaning: str, unit: str = "") -> Any:
    """What a field says, and the unit of its numbers; both go into the JSON Schema."""
    return (
        Field(description=meaning, json_schema_extra={"unit": unit}) if unit else Field(description=meaning)
    )


def named(placeholder: str) -> Any:
    """What the keys of an object stand for, as ``split`` in ``/transfer/accuracy/<split>``."""
    return Field(json_schema_extra={"placeholder": placeholder})


Label = Annotated[str, named("class")]

BySplit = Annotated[dict[Annotated[Split, named("split")], T], Field(min_length=len(SPLITS))]
"""One value for each of the three splits."""

Share = Annotated[float, Field(ge=0, le=1, json_schema_extra={"unit": "share, 0 to 1"})]

Size = Annotated[float, Field(ge=0)]
"""A number that is not negative."""

Count = Annotated[int, Field(ge=0)]

Positive = Annotated[int, Field(ge=1)]

Sha256 = Annotated[
    str,
    # Not longer either, since for some readers of patterns "$" comes before a last line break as well.
    Field(pattern="^[0-9a-f]{64}$", max_length=64, json_schema_extra={"unit": "SHA-256, hexadecimal"}),
]

ImagePath = Annotated[
    str, Field(min_length=1, json_schema_extra={"unit": "path from the data folder, with /"})
]

Shape = Annotated[
    list[Annotated[Positive, means("The length of this axis.")]], Field(min_length=1, max_length=4)
]

PlaneShape = Annotated[
    list[Annotated[Positive, means("Rows (index 0) or columns (1).")]], Field(min_length=2, max_length=2)
]

VolumeShape = Annotated[
    list[Annotated[Positive, means("Rows (index 0), columns (1) or channels (2).")]],
    Field(min_length=3, max_length=3),
]

KernelShape = Annotated[
    list[Annotated[Positive, means("Rows (index 0), columns (1), channels in (2) or filters (3).")]],
    Field(min_length=4, max_length=4),
]

Position = tuple[
    Annotated[Count, means("Row of the neuron, from 0.")],
    Annotated[Count, means("Column of the neuron, from 0.")],
    Annotated[Count, means("Channel of the neuron, from 0.")],
]
"""(row, column, channel) of a neuron of a layer, from 0."""

Matrix = list[
    Annotated[
        list[Annotated[Count, means("Images of true class i that were predicted as class j.", "images")]],
        means("Images of true class i, by predicted class.", "images"),
    ]
]
"""Confusion matrix (C, C): images of each true class (row) that were predicted as each class (column)."""


class Result(BaseModel):
    """A part of ``results.json``."""

    # What a newer minor version or a derived property added is passed over when results are read back; what
    # is written has nothing but what the schema of its own version names. Validators are made when they are
    # first used, since a build with nothing to do uses one of them.
    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        defer_build=True,
        json_schema_extra={"additionalProperties": False},
        json_schema_serialization_defaults_required=True,
    )


class ArraySummary(Result):
    """Where an array is kept and what it is like; minimum to norm are taken in float64."""

    file: Annotated[str, means("The archive that holds the array.", "path from the build folder")]
    key: Annotated[str, means("The array's name in the archive.")]
    shape: Annotated[
        list[Annotated[Positive, means("The length of this axis.")]],
        Field(min_length=1, max_length=8),
        means("The array's length along each of its axes."),
    ]
    # Plain numbers: an array of Python objects could only be read by pickle.
    dtype: Annotated[
        str,
        Field(pattern="^(bool|u?int(8|16|32|64)|float(16|32|64))$"),
        means("The type of its elements, as NumPy names it."),
    ]
    min: Annotated[float, means("The smallest element.")]
    max: Annotated[float, means("The largest element.")]
    mean: Annotated[float, means("The mean of all elements.")]
    norm: Annotated[Size, means("The Euclidean norm of all elements: √Σx².")]


Arrays = Annotated[
    dict[Annotated[str, named("array")], Annotated[ArraySummary, means("The array of this name.")]],
    means("The section's arrays, by name."),
]

_Start = Annotated[int, Field(ge=0, le=SIDE), means("The first pixel inside, from 0.", "pixels")]

_Stop = Annotated[int, Field(ge=0, le=SIDE), means("The first pixel after it.", "pixels")]

Span = tuple[_Start, _Stop]


class Box(Result):
    """A half-open box ``[start, stop)`` in pixels of the 224 × 224 image."""

    rows: Annotated[Span, means("The box's rows: [start, stop).", "pixels")]
    cols: Annotated[Span, means("The box's columns: [start, stop).", "pixels")]


class Patch(Box):
    """The effective receptive field: the box between the 5 % and 95 % quantiles, along rows and along
    columns, of the energy of the neuron's input gradient; ``energy_share`` of it lies inside (null if
    the gradient is zero everywhere: then the box is the receptive field). Luo et al. 2016.
    """

    energy_share: Annotated[
        Share | None,
        means("The share of the gradient's energy inside the box; null if the gradient is zero everywhere."),
    ]


_Spans = Annotated[
    list[Annotated[Span, means("The pixels that the neurons of this row, or column, can see.", "pixels")]],
    Field(max_length=SIDE),
]


class FieldGeometry(Result):
    """Receptive field size, stride and padding of a layer in input pixels (Araujo et al. 2019).

    Where they do not give every field, clipped to the image, the fields are listed position by position.
    """

    size: Annotated[Positive, means("Rows, and columns, of a neuron's receptive field.", "pixels")]
    stride: Annotated[Positive, means("How far the fields of two neighbours are apart.", "pixels")]
    padding: Annotated[Count, means("How far the first field begins before the image.", "pixels")]
    whole: Annotated[
        bool, means("Whether something before the layer looks at all positions at once, as a mean does.")
    ] = False
    row_spans: Annotated[
        _Spans | None,
        means("The rows that each row of neurons can see; null where size, stride and padding give them."),
    ] = None
    column_spans: Annotated[
        _Spans | None,
        means("The columns that each column of neurons can see; null where the rule gives them."),
    ] = None


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
    redrawn: Annotated[
        bool | None,
        means("Whether the seed draws exactly these weights again; null in documents before 1.2."),
    ] = None


KAIMING_CLAIM = "The spread of the weights of every filter bank is plausible under Kaiming initialisation."
"""What reports before 1.2 say of all their checks together."""

REDRAWN_CLAIM = "Every filter bank is what its seed draws by Kaiming initialisation, to the last bit."
"""What a report says of its filters: a spread alone proves nothing of nine weights, the seed does."""
