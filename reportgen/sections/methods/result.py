"""Maps of what a decision comes from, by several methods, and how far they agree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, computed_field

from reportgen.results.fields import (
    SIDE,
    Arrays,
    Count,
    ImagePath,
    Label,
    Positive,
    Result,
    Share,
    Size,
    means,
)
from reportgen.sections.methods.settings import PREDICTED

FEWEST = 20
"""Images below which a percentile bootstrap says too much.

Where there is no effect (means of 10,000 samples from the normal distribution) the interval should lie above
zero in 2.5 %. It does in 50 % with one image, 25 % with two, 13 % with three, 7.9 % with five, 5.8 % with
eight, 5.2 % with ten, 4.1 % with fifteen and 3.7 % with twenty.
"""

Pixel = tuple[
    Annotated[int, Field(ge=0, lt=SIDE), means("Row of the pixel, from 0.")],
    Annotated[int, Field(ge=0, lt=SIDE), means("Column of the pixel, from 0.")],
]

Agreement = Annotated[float, Field(ge=-1, le=1, json_schema_extra={"unit": "-1 to 1"})]


class Attribution(Result):
    """The map of one method for one image."""

    method: Annotated[str, means("The method, as the settings name it.")]
    peak: Annotated[Pixel | None, means("Where the map is largest in size; null if it is zero everywhere.")]
    limit: Annotated[Size, means("The picture shows −limit to +limit.")]
    incompleteness: Annotated[
        Size | None,
        means(
            "|sum of the map − rise| / |rise|, where the rise is the score less that of the baseline; null "
            "for methods whose maps are no parts of a sum."
        ),
    ]
    peak_on_animal: Annotated[
        bool | None, means("Whether the peak lies on the annotated animal; null without a box or a peak.")
    ]
    on_animal: Annotated[
        Share | None,
        means("The share of the map's sum of sizes that lies on the annotated animal; null likewise."),
    ]
    other_class: Annotated[
        Agreement | None,
        means(
            "Spearman's rank correlation, over all pixels, with the method's map for the second class; null "
            "where that was not computed or one of the two is flat."
        ),
    ] = None


class ExplainedImage(Result):
    """One class's example image, and the maps of the class that is explained."""

    file: Annotated[ImagePath, means("The example image of this class.")]
    predicted: Annotated[
        Label,
        means(
            "The class that the retrained network gives it; the one that is explained, if no other is named."
        ),
    ]
    explained: Annotated[
        Label | None,
        means(
            "The class that is explained; null in documents of older versions, where it is the predicted one."
        ),
    ] = None
    second: Annotated[
        Label | None,
        means("The likeliest class but for the explained one; null where maps are not tested on it."),
    ] = None
    score: Annotated[float, means("The output for the class that is explained, before the softmax.")]
    baseline: Annotated[float, means("The same output for the baseline: zero, the mean colour of ImageNet.")]
    animal: Annotated[
        Share | None,
        means("The share of the image that the annotated animal's box takes; null without a box."),
    ]
    centre_on_animal: Annotated[
        bool | None, means("Whether the middle of the image lies in that box; null without one.")
    ]
    maps: Annotated[
        list[Annotated[Attribution, means("The map of the method with this index.")]],
        means("The maps, in the order of the methods that are shown."),
    ]


class MethodSummary(Result):
    """One method over all example images."""

    method: Annotated[str, means("The method, as the settings name it.")]
    incompleteness: Annotated[Size | None, means("The largest of its images; null where there is none.")]
    peaks_on_animal: Annotated[
        Count | None, means("Images whose peak lies on the animal; null without boxes.", "images")
    ]
    on_animal: Annotated[Share | None, means("The mean share on the animal; null without boxes.")]
    other_class: Annotated[
        Agreement | None,
        means("The mean rank correlation with the map for the second class; null where it is not tested."),
    ] = None


class Estimate(Result):
    """A mean over images with its 95 % bootstrap interval."""

    mean: Annotated[float, Field(ge=-1, le=1), means("The mean over the images.")]
    low: Annotated[float, Field(ge=-1, le=1), means("The lower end of its interval.")]
    high: Annotated[float, Field(ge=-1, le=1), means("The upper end of its interval.")]


class Localisation(Result):
    """How well the maps of one method find the annotated animal."""

    method: Annotated[str, means("The method, as the settings name it.")]
    hits: Annotated[Estimate, means("The share of the images whose map is largest on the animal.")]
    energy: Annotated[Estimate, means("The share of a map's sum of sizes that lies on the animal.")]
    gain: Annotated[Estimate, means("The same less the share of the image that the animal's box takes.")]
    overlap: Annotated[
        Estimate,
        means(
            "Intersection over union of the animal's box and the map's patch, the box from the 5 % to the "
            "95 % quantile of its sizes."
        ),
    ]
    random_overlap: Annotated[Share, means("The mean overlap of boxes of the patch's size at all places.")]
    centre_overlap: Annotated[Share, means("The overlap of a box of that size in the middle of the image.")]


class OutlinedMethod(Result):
    """How much of the maps of one method lies inside the outlines of the animals."""

    method: Annotated[str, means("The method, as the settings name it.")]
    hits: Annotated[Estimate, means("The share of the images whose map is largest inside the outline.")]
    energy: Annotated[Estimate, means("The share of a map's sum of sizes that lies inside the outline.")]
    gain: Annotated[Estimate, means("The same less the share of the image that lies inside the outline.")]


class Outlined(Result):
    """The same as of the boxes, of the outlines, which hold less of the background."""

    images: Annotated[Positive, means("Images whose animal has an outline.", "images")]
    random: Annotated[
        Share, means("The mean share of the image inside the outline: the score of random places.")
    ]
    centre_hits: Annotated[Share, means("The share of the images whose middle lies inside the outline.")]
    centre_energy: Annotated[
        Share, means("What an even map on a centred box of the animal's size has inside the outline.")
    ]
    fewest: Annotated[
        Positive, means("With fewer images the intervals do not hold their level: nothing is claimed.")
    ] = FEWEST
    methods: Annotated[
        list[Annotated[OutlinedMethod, means("The method with this index.")]],
        means("The methods, in the order in which they are shown."),
    ]

    @computed_field(json_schema_extra={"unit": "methods"})  # type: ignore[prop-decorator]
    @property
    def shown_better(self) -> Count | None:
        """How many methods have a gain whose interval lies above zero; null of too few images to tell."""
        return sum(each.gain.low > 0 for each in self.methods) if self.images >= self.fewest else None


class Located(Result):
    """How well the methods find the annotated animals, beside chance."""

    images: Annotated[Positive, means("Images that have a box.", "images")]
    resamples: Annotated[Positive, means("How often the images were drawn again for the intervals.")]
    random: Annotated[
        Share, means("The mean share of the image that the box takes: the score of random places.")
    ]
    centre_hits: Annotated[Share, means("The share of the images whose middle lies on the animal.")]
    centre_energy: Annotated[
        Share, means("What an even map on a centred box of the animal's size has on the animal.")
    ]
    fewest: Annotated[
        Positive, means("With fewer images the intervals do not hold their level: nothing is claimed.")
    ] = FEWEST
    methods: Annotated[
        list[Annotated[Localisation, means("The method with this index.")]],
        means("The methods, in the order in which they are shown."),
    ]
    outlined: Annotated[
        Outlined | None,
        means("How much lies inside the outlines; null where none is known, and in older documents."),
    ] = None

    @computed_field(json_schema_extra={"unit": "methods"})  # type: ignore[prop-decorator]
    @property
    def better(self) -> Annotated[Count, means("Methods whose gain's interval lies above zero.")]:
        """How many methods have an interval above zero, however few images it is from."""
        return sum(each.gain.low > 0 for each in self.methods)

    @computed_field(json_schema_extra={"unit": "methods"})  # type: ignore[prop-decorator]
    @property
    def shown_better(self) -> Count | None:
        """How many methods are shown to be better than chance; null if there are too few images to tell."""
        return self.better if self.images >= self.fewest else None

    @computed_field(json_schema_extra={"unit": "methods"})  # type: ignore[prop-decorator]
    @property
    def better_than_centre(self) -> Annotated[Count, means("Methods that hit more often than the middle.")]:
        """How many methods point at the animal more often than the middle of the image does."""
        return sum(each.hits.mean > self.centre_hits for each in self.methods)


class Methods(Result):
    """What the decision on each example image comes from. Arrays, for class i: ``maps_<i>``
    (methods, 224, 224), in units of each map's limit.
    """

    layer: Annotated[str, means("The layer whose feature maps Grad-CAM weighs.")]
    shown: Annotated[
        list[Annotated[str, means("The name of a method.")]], means("The methods, as the settings name them.")
    ]
    of: Annotated[
        str,
        means(
            'The class that is explained in all images; "predicted": the one that each of them is taken for.'
        ),
        # What documents from before this setting mean.
    ] = PREDICTED
    steps: Annotated[Positive, means("Steps of the integral of integrated gradients.", "steps")]
    samples: Annotated[Positive, means("Noisy copies that SmoothGrad averages over.", "samples")]
    noise: Annotated[Size, means("Standard deviation of their noise, in parts of the image's range.")]
    seed: Annotated[Count, means("The seed of that noise.")]
    cells: Annotated[Positive, means("Maps are compared by their means over cells: so many a side.", "cells")]
    agree_from: Annotated[Agreement, means("From this mean rank correlation on, methods count as agreeing.")]
    complete_below: Annotated[
        Share, means("Up to this incompleteness the parts count as adding up to the whole.")
    ]
    same_from: Annotated[
        Share,
        means("From this mean rank correlation on, the map for another class counts as the same map."),
    ] = 0.9
    classes: Annotated[
        dict[Label, Annotated[ExplainedImage, means("This class's example image.")]],
        means("The explained image of each class."),
    ]
    agreement: Annotated[
        Agreement | None,
        means(
            "Spearman's rank correlation of the sizes of two methods' maps, mean over all pairs of methods "
            "and all images; null with fewer than two maps that are not flat."
        ),
    ]
    located_over: Annotated[
        Literal["examples", "test"],
        means("Where animals are looked for: in the example images, or in all of the test split."),
    ] = "examples"
    located: Annotated[
        Located | None,
        means("How well the maps find the animals; null without boxes, and in documents before 1.2."),
    ] = None
    arrays: Annotated[
        Arrays,
        means(
            "For class i, maps_<i> (methods, 224, 224), in units of each map's limit; where boxes are known, "
            "located (images, methods, 5): hit, energy, overlap, random overlap and centre overlap; where "
            "outlines are known, outlined (images, methods, 2): hit and energy. In arrays/methods.npz."
        ),
    ]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def methods(self) -> list[Annotated[MethodSummary, means("The method with this index.")]]:
        """Each method over all example images."""
        return [
            _summarise(method, [image.maps[k] for image in self.classes.values()])
            for k, method in enumerate(self.shown)
        ]

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def tested(self) -> Count:
        """Example images whose maps were compared with those for a second class."""
        return sum(image.second is not None for image in self.classes.values())

    @computed_field(json_schema_extra={"unit": "methods"})  # type: ignore[prop-decorator]
    @property
    def class_tested(self) -> Count:
        """Methods that were compared so."""
        return sum(each.other_class is not None for each in self.methods)

    @computed_field(json_schema_extra={"unit": "methods"})  # type: ignore[prop-decorator]
    @property
    def class_blind(self) -> Count:
        """Those of them that give the same map for both classes."""
        known = [each.other_class for each in self.methods if each.other_class is not None]
        return sum(each >= self.same_from for each in known)

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def annotated(self) -> Count:
        """Example images with a box around the animal."""
        return sum(image.animal is not None for image in self.classes.values())

    @computed_field  # type: ignore[prop-decorator]
    @property
    def chance(self) -> Share | None:
        """The mean share of the image that the boxes take: what a map without any knowledge would score."""
        return _mean(image.animal for image in self.classes.values())

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def centres(self) -> Count:
        """Images whose middle lies in the animal's box."""
        # It is None without a box.
        return sum(image.centre_on_animal is True for image in self.classes.values())


def _summarise(method: str, maps: list[Attribution]) -> MethodSummary:
    known = [each.incompleteness for each in maps if each.incompleteness is not None]
    hits = [each.peak_on_animal for each in maps if each.peak_on_animal is not None]
    alike = [each.other_class for each in maps if each.other_class is not None]
    return MethodSummary(
        method=method,
        # The largest: what a method promises it promises of every image.
        incompleteness=max(known, default=None),
        peaks_on_animal=sum(hits) if hits else None,
        on_animal=_mean(each.on_animal for each in maps),
        other_class=max(-1.0, min(1.0, sum(alike) / len(alike))) if alike else None,
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    # A mean of ones may come out above 1 in the last digit.
    return min(sum(known) / len(known), 1.0) if known else None
