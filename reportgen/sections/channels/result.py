"""The channels of the explained layer: which are loud, which decide, and which are loud for once."""

from __future__ import annotations

from typing import Annotated

from pydantic import computed_field

from reportgen.results.fields import (
    Arrays,
    Box,
    Count,
    ImagePath,
    Label,
    Patch,
    Position,
    Positive,
    Result,
    Share,
    Size,
    Split,
    means,
)

# Of either sign and without bounds: contributions raise or lower a score.
Number = float


class Channel(Result):
    """One channel in one image, shown by its most excited neuron, which is at ``position``."""

    position: Annotated[Position, means("Row, column and channel of its most excited neuron, from 0.")]
    value: Annotated[Size, means("The output of that neuron after ReLU.")]
    value_rank: Annotated[
        Positive, means("How many channels are at least as excited, this one included.", "channels")
    ]
    contribution: Annotated[
        Number,
        means("What the channel adds to the score of the predicted class, over its mean for all classes."),
    ]
    contribution_rank: Annotated[
        Positive, means("How many channels add at least as much, this one included.", "channels")
    ]
    strength_rank: Annotated[
        Positive | None,
        means(
            "How many channels have a contribution at least as large without its sign, this one included; "
            "null in older documents.",
            "channels",
        ),
    ] = None
    ratio: Annotated[
        Size | None,
        means("The neuron's output / the channel's usual output; null where that is not known."),
    ]
    patch: Annotated[Patch, means("The effective receptive field of that neuron.")]


class OnAnimal(Result):
    """How many neurons of each list lie on the annotated animal."""

    loud: Annotated[Count, means("The loudest channels whose neuron lies on the animal.", "neurons")]
    decisive: Annotated[
        Count, means("The most decisive channels whose neuron lies on the animal.", "neurons")
    ]
    unusual: Annotated[
        Count | None, means("The same of the channels that are loud for once; null without them.", "neurons")
    ]
    total: Annotated[Positive, means("Neurons in each list.", "neurons")]
    chance: Annotated[
        Share, means("The share of the layer's positions that lie on the animal: what chance would give.")
    ]


_Listed = list[Annotated[Channel, means("The (i + 1)-th channel of this list.")]]


class ImageChannels(Result):
    """The channels for one class's example image."""

    file: Annotated[ImagePath, means("The example image of this class.")]
    predicted: Annotated[Label, means("The class that the retrained network gives it.")]
    score: Annotated[
        Number,
        means("The predicted class's score before the softmax, over the mean score of all classes."),
    ]
    bias: Annotated[Number, means("The part of that score that depends on no channel: the biases.")]
    loud: Annotated[_Listed, means("The channels with the largest outputs.")]
    decisive: Annotated[_Listed, means("The channels that add most to the score.")]
    unusual: Annotated[
        _Listed,
        means("The channels that most exceed their usual output; none where that is not known."),
    ]
    on_animal: Annotated[
        OnAnimal | None, means("How many of them lie on the annotated animal; null without a box.")
    ]


class ExcitingImage(Result):
    """One of the images of a split that excite a channel most."""

    file: Annotated[ImagePath, means("The image.")]
    label: Annotated[str, means("Its class.")]
    value: Annotated[Size, means("The channel's largest output in it, after ReLU.")]
    position: Annotated[Position, means("Row, column and channel of the neuron that has it, from 0.")]
    patch: Annotated[Box, means("The square around the middle of that neuron's receptive field.")]


class DataChannel(Result):
    """One channel over all images of a split."""

    channel: Annotated[Count, means("The channel, from 0.")]
    active: Annotated[Count, means("Images in which one of its neurons has an output above zero.", "images")]
    label: Annotated[str, means("The commonest class of the images that excite it most.")]
    most: Annotated[Positive, means("How many of these are of that class.", "images")]
    p_value: Annotated[
        Share,
        means(
            "The chance that so many images drawn at random have so many of one class; 1 where fewer images "
            "excite the channel at all."
        ),
    ]
    images: Annotated[
        list[Annotated[ExcitingImage, means("The (i + 1)-th most exciting image.")]],
        means("The images that excite it most, the most exciting first."),
    ]


class OverData(Result):
    """The explained layer over all images of a split, copies left out. A channel prefers a class if its most
    exciting images would be drawn with so many of one class by a chance of at most ``alpha``.
    """

    split: Annotated[Split, means("The split.")]
    classes: Annotated[
        dict[Label, Annotated[Count, means("Images of this class.", "images")]],
        means("Different images of each class.", "images"),
    ]
    shown: Annotated[Positive, means("How many images are listed for each channel.", "images")]
    side: Annotated[
        Positive, means("The side of the patches, about the median of the loudest channels'.", "pixels")
    ]
    silent_share: Annotated[Share, means("The mean share of the layer's neurons whose output is zero.")]
    silent_channels: Annotated[
        Count, means("Channels whose output is zero everywhere in all images.", "channels")
    ]
    alpha: Annotated[Share, means("The level of the tests.")]
    tested: Annotated[Count, means("Channels that enough images excite to tell.", "channels")]
    selective: Annotated[Count, means("Those of them that prefer a class.", "channels")]
    expected: Annotated[
        Size, means("How many do on average if the images' classes are shuffled.", "channels")
    ]
    permutations: Annotated[Positive, means("How often the classes were shuffled.")]
    p_value: Annotated[
        Share, means("The share of these in which as many channels prefer a class, the truth counted in.")
    ]
    channels: Annotated[
        list[Annotated[DataChannel, means("The channel with this index.")]],
        means("The channels that most lists of loud ones name."),
    ]

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def images(self) -> Annotated[Count, means("Different images of the split.")]:
        """How many images there are."""
        return sum(self.classes.values())

    @computed_field(json_schema_extra={"unit": "channels"})  # type: ignore[prop-decorator]
    @property
    def preferring(self) -> Annotated[Count, means("Channels of the list that prefer a class.")]:
        """How many of the listed channels have a p-value of at most alpha."""
        return sum(each.p_value <= self.alpha for each in self.channels)


class Strength(Result):
    """Whether loud channels are among the strongest of their image, those with the largest contributions for
    or against the predicted class, more often than by chance; as many count as strong as are listed.
    """

    expected: Annotated[
        Size, means("Entries of the lists of loud channels that would be strong by chance.", "channels")
    ]
    alpha: Annotated[Share, means("The level of the test.")]
    permutations: Annotated[Positive, means("How often the channels changed places, in all images alike.")]
    p_value: Annotated[
        Share, means("The share of these in which as many loud channels are strong, the truth counted in.")
    ]


class Channels(Result):
    """Loud, decisive and unusually loud channels. Arrays: ``contributions`` (classes, channels) and ``usual``
    (channels,), the usual output of each, where it is known; ``patches`` (channels, images, side, side, 3)
    uint8, what excites the channels most, and ``largest`` (images, channels), the largest output of each.
    """

    layer: Annotated[str, means("The explained layer.")]
    channels: Annotated[Positive, means("How many channels it has.", "channels")]
    exact: Annotated[
        bool,
        means("Whether the contributions add up to the score; otherwise they are of first order only."),
    ]
    images: Annotated[
        Count, means("Training images that the usual outputs are averages over; 0 if unknown.", "images")
    ]
    floor: Annotated[
        Size | None,
        means("No usual output counts as less than this, a quantile of all; null where none is known."),
    ]
    quantile: Annotated[Share, means("The quantile of the channels' averages that is the floor.")]
    classes: Annotated[
        dict[Label, Annotated[ImageChannels, means("The channels for this class's example image.")]],
        means("For each class the channels that lead, by three measures."),
    ]
    strength: Annotated[
        Strength | None,
        means("Loud channels beside strong ones, and beside chance; null in older documents."),
    ] = None
    over_data: Annotated[
        OverData | None,
        means("The layer over all training images; null in documents before 1.2."),
    ] = None
    arrays: Annotated[
        Arrays,
        means(
            "contributions (classes, channels), row i for the image of class i; usual (channels,), the mean "
            "output of each channel over the training images, where it is known; largest (images, channels), "
            "the largest output of each in each different training image; patches (channels, images, side, "
            "side, 3), what excites each channel of over_data most. In arrays/channels.npz."
        ),
    ]

    @computed_field(json_schema_extra={"unit": "channels"})  # type: ignore[prop-decorator]
    @property
    def always_loud(
        self,
    ) -> Annotated[Count, means("Channels among the loudest in the example image of every class.")]:
        """How many channels are among the loudest of every class."""
        lists = [{each.position[2] for each in image.loud} for image in self.classes.values()]
        return len(set.intersection(*lists))

    @computed_field(json_schema_extra={"unit": "channels"})  # type: ignore[prop-decorator]
    @property
    def loud_and_decisive(
        self,
    ) -> Annotated[Count, means("Entries of the lists of loud channels that are decisive, too.")]:
        """How many of the loudest have a rank of contribution within the length of their list."""
        return sum(
            each.contribution_rank <= len(image.decisive)
            for image in self.classes.values()
            for each in image.loud
        )

    @computed_field(json_schema_extra={"unit": "channels"})  # type: ignore[prop-decorator]
    @property
    def strong(self) -> Annotated[Count, means("Entries of the lists of loud channels that are strong.")]:
        """How many of the loudest are among the strongest."""
        return len(self._strong())

    @computed_field(json_schema_extra={"unit": "channels"})  # type: ignore[prop-decorator]
    @property
    def strong_for(
        self,
    ) -> Annotated[
        Count, means("Entries of the lists of loud channels that are strong and raise the score.")
    ]:
        """How many of the loudest are strong, with a contribution above zero."""
        return sum(each.contribution > 0 for each in self._strong())

    @computed_field(json_schema_extra={"unit": "channels"})  # type: ignore[prop-decorator]
    @property
    def strong_against(
        self,
    ) -> Annotated[
        Count, means("Entries of the lists of loud channels that are strong and lower the score.")
    ]:
        """How many of the loudest are strong, with a contribution below zero."""
        return sum(each.contribution < 0 for each in self._strong())

    def _strong(self) -> list[Channel]:
        return [
            each
            for image in self.classes.values()
            for each in image.loud
            # What adds nothing is not strong, however few channels there are.
            if each.strength_rank is not None and each.strength_rank <= len(image.loud) and each.contribution
        ]

    @computed_field(json_schema_extra={"unit": "channels"})  # type: ignore[prop-decorator]
    @property
    def loud_against(
        self,
    ) -> Annotated[Count, means("Entries of the lists of loud channels that lower the score.")]:
        """How many of the loudest have a contribution below zero."""
        return sum(each.contribution < 0 for image in self.classes.values() for each in image.loud)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def animal(self) -> OnAnimal | None:
        """The same of all annotated example images together; null without any."""
        counts = [image.on_animal for image in self.classes.values() if image.on_animal is not None]
        if not counts:
            return None
        unusual = [each.unusual for each in counts if each.unusual is not None]
        total = sum(each.total for each in counts)
        return OnAnimal(
            loud=sum(each.loud for each in counts),
            decisive=sum(each.decisive for each in counts),
            # Of all images or of none: it is printed beside counts of all.
            unusual=sum(unusual) if len(unusual) == len(counts) else None,
            total=total,
            # Weighted by neurons, as the counts beside it are.
            chance=min(1.0, sum(each.chance * each.total for each in counts) / total),
        )

    @computed_field(json_schema_extra={"unit": "channels"})  # type: ignore[prop-decorator]
    @property
    def listed(self) -> Annotated[Count, means("Entries of the lists of loud channels.")]:
        """How many entries the lists of the loudest have together."""
        return sum(len(image.loud) for image in self.classes.values())
