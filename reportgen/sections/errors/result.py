"""Which test images the network gets wrong, what they resemble, and which images are nearly the same."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from pydantic import Field, computed_field

from reportgen.results.fields import (
    Arrays,
    Count,
    ImagePath,
    Label,
    Positive,
    Result,
    Share,
    Split,
    means,
)

# The caption in errors.html.j2 names the number, too.
SHOWN_MISTAKES = 6
"""Mistakes that are shown with their nearest training images; a table names the others'."""

Cosine = Annotated[float, Field(ge=-1, le=1, json_schema_extra={"unit": "cosine, -1 to 1"})]


class Neighbour(Result):
    """A training image, as seen from a test image."""

    file: Annotated[ImagePath, means("The training image.")]
    label: Annotated[str, means("Its class.")]
    similarity: Annotated[Cosine, means("The cosine of its features and those of the test image.")]


class Judged(Result):
    """A test image, and what the network says of it."""

    file: Annotated[ImagePath, means("The test image.")]
    true: Annotated[str, means("Its class.")]
    predicted: Annotated[str, means("The class that the network gives it.")]
    probability: Annotated[Share, means("The network's probability of that class.")]


class Mistake(Judged):
    """A test image that the network takes for another class, and the training images most like it."""

    nearest: Annotated[
        list[Annotated[Neighbour, means("The (i + 1)-th nearest training image.")]],
        Field(min_length=1),
        means("The training images with the largest cosine, the nearest first."),
    ]


class Twins(Result):
    """Two images of different splits that are nearly the same."""

    first: Annotated[ImagePath, means("The image of the earlier split, in the order train, val, test.")]
    first_split: Annotated[Split, means("The split it belongs to.")]
    second: Annotated[ImagePath, means("The image of the later split.")]
    second_split: Annotated[Split, means("The split that one belongs to.")]
    same_class: Annotated[bool, means("Whether both are of one class.")]
    distance: Annotated[Count, means("Bits in which their hashes differ.", "bits")]


NEIGHBOURS = 3
"""Training images that are listed for each mistake."""


class Confusion(Result):
    """Test images of one class that are taken for one other."""

    true: Annotated[str, means("Their class.")]
    predicted: Annotated[str, means("The class that they are taken for.")]
    count: Annotated[Positive, means("How many there are.", "images")]


class Errors(Result):
    """The errors on the test images. Arrays: ``probabilities`` (test images, classes), ``map`` (test images,
    2), their places in the plane, in the order of ``/dataset/images``; ``shown`` and ``twins``, pixels.
    """

    images: Annotated[
        dict[Label, Annotated[Count, means("Test images of this class.", "images")]],
        means("Test images of each class.", "images"),
    ]
    mistakes: Annotated[
        list[Annotated[Mistake, means("One test image that the network takes for another class.")]],
        means("The test images that the network takes for another class, in the order of the data."),
    ]
    agreeing: Annotated[
        Count, means("Test images whose nearest training image is of their own class.", "images")
    ]
    surest: Annotated[
        list[Annotated[Judged, means("One test image.")]],
        means("The test images that the network is surest of, the surest first."),
    ]
    least_sure: Annotated[
        list[Annotated[Judged, means("One test image.")]],
        means("The test images that the network is least sure of, the least sure first."),
    ]
    hash_bits: Annotated[Positive, means("The length of the hashes.", "bits")]
    near: Annotated[
        Count, means("Images are nearly the same if their hashes differ in no more bits.", "bits")
    ]
    pairs: Annotated[Count, means("Pairs of images of different splits that are nearly the same.", "pairs")]
    leaked: Annotated[
        Count,
        means("Test images that are nearly the same as a training or validation image.", "images"),
    ]
    most_listed: Annotated[Positive, means("So many pairs are listed at most.", "pairs")]
    twins: Annotated[
        list[Annotated[Twins, means("One pair.")]],
        means("The pairs whose hashes differ least, as many as are listed."),
    ]
    variance_share: Annotated[
        tuple[
            Annotated[Share, means("Along the first axis.")],
            Annotated[Share, means("Along the second axis.")],
        ],
        means("The share of the training features' variance that each axis of the plane has."),
    ]
    arrays: Annotated[
        Arrays,
        means(
            "probabilities (test images, classes) and map (test images, 2), the places in the plane, in the "
            "order of /dataset/images; shown, the pixels of the first mistakes, each followed by its nearest "
            "training images; twins, those of the first pairs. In arrays/errors.npz."
        ),
    ]

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def total(self) -> Count:
        """All test images."""
        return sum(self.images.values())

    @computed_field  # type: ignore[prop-decorator]
    @property
    def confusions(self) -> list[Annotated[Confusion, means("One class taken for one other.")]]:
        """Which class is taken for which, the most frequent first."""
        # Of equal counts the one that comes up first stays first.
        counted = Counter((each.true, each.predicted) for each in self.mistakes)
        return [
            Confusion(true=true, predicted=predicted, count=count)
            for (true, predicted), count in counted.most_common()
        ]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def faultless(self) -> list[Annotated[str, means("One class.")]]:
        """The classes of which every test image is recognised."""
        missed = {each.true for each in self.mistakes}
        return [label for label in self.images if label not in missed]

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def near_taken(self) -> Count:
        """Mistakes whose nearest training image is of the class they were taken for."""
        # There is a nearest one, as the type says.
        return sum(each.nearest[0].label == each.predicted for each in self.mistakes)

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def near_own(self) -> Count:
        """Mistakes whose nearest training image is of their own class."""
        return sum(each.nearest[0].label == each.true for each in self.mistakes)
