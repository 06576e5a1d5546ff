"""A map of each class for each of the example images."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.results.fields import (
    Arrays,
    Count,
    ImagePath,
    Label,
    PlaneShape,
    Result,
    Share,
    Size,
    means,
)

Agreement = Annotated[float, Field(ge=-1, le=1, json_schema_extra={"unit": "-1 to 1"})]


class ClassMap(Result):
    """The map of one class for one image."""

    score: Annotated[float, means("The image's output for this class before the softmax.")]
    probability: Annotated[Share, means("The network's probability of this class.")]
    highest: Annotated[Size, means("The largest value of the map, output per unit of the maps.")]
    peak: Annotated[
        tuple[
            Annotated[Count, means("Row of the cell, from 0.")],
            Annotated[Count, means("Column of the cell, from 0.")],
        ]
        | None,
        means("The cell where it is largest; null if the map is zero everywhere."),
    ]


class ExplainedImage(Result):
    """One example image, and what speaks for each class in it."""

    file: Annotated[ImagePath, means("The example image of this class.")]
    predicted: Annotated[str, means("The class that the retrained network gives it.")]
    limit: Annotated[Size, means("All maps of this image are shown from 0 to this value.")]
    maps: Annotated[
        dict[Label, Annotated[ClassMap, means("The map of this class.")]],
        means("The map of each class for this image."),
    ]
    correlation: Annotated[
        Agreement | None,
        means(
            "Spearman's rank correlation of two classes' maps, mean over all pairs; null with fewer than two "
            "maps that are not flat."
        ),
    ]


class GradCam(Result):
    """Grad-CAM of each class for each example image. Array ``maps`` (image, class, rows, columns), after the
    ReLU.
    """

    layer: Annotated[str, means("The layer whose feature maps are weighed.")]
    cells: Annotated[PlaneShape, means("Rows and columns of a map.")]
    alike_from: Annotated[Agreement, means("From this mean correlation on, maps count as showing the same.")]
    classes: Annotated[
        dict[Label, Annotated[ExplainedImage, means("This class's example image.")]],
        means("The example image of each class."),
    ]
    correlation: Annotated[Agreement | None, means("The mean of the images' correlations; null without any.")]
    arrays: Annotated[Arrays, means("maps. In arrays/grad_cam.npz.")]
