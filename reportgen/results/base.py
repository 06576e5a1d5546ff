"""Building blocks of the result types: numbers with ranges, and meanings with units."""

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
"""Of each true class (row), the images predicted as each class (column)."""


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
