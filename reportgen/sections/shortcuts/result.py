"""How well cues other than the object tell the classes, and what the network does without one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, computed_field

from reportgen.results.fields import (
    Arrays,
    Count,
    ImagePath,
    Label,
    Matrix,
    Positive,
    Result,
    Share,
    Size,
    means,
    named,
)
from reportgen.results.inference import fisher_p_value, mcnemar_p_value, wilson_interval

CueName = Annotated[str, named("cue")]


class ClassLook(Result):
    """What the images of one class are like, apart from what they show."""

    images: Annotated[Count, means("The images that were judged.", "images")]
    dark_frames: Annotated[Count, means("Those of them with a dark frame.", "images")]
    light_frames: Annotated[Count, means("Those of them with a light frame.", "images")]
    brightness: Annotated[Share, means("The mean luma of all their pixels, from 0 (black) to 1 (white).")]
    width: Annotated[Size, means("The median of their widths.", "pixels")]
    height: Annotated[Size, means("The median of their heights.", "pixels")]
    bytes_per_pixel: Annotated[Size, means("The median of the size of a file / its pixels.", "bytes")]
    exif: Annotated[Count, means("Those of them with EXIF data.", "images")]
    formats: Annotated[
        dict[
            Annotated[str, named("format")], Annotated[Count, means("Images of this file format.", "images")]
        ],
        means("Their file formats, as Pillow names them.", "images"),
    ]


class FrameApart(Result):
    """A class whose images have a frame of one kind more often than those of the other classes."""

    label: Annotated[str, means("The class.")]
    kind: Annotated[Literal["dark", "light"], means("Which frame it is.")]
    framed: Annotated[Count, means("Images of the class that have it.", "images")]
    images: Annotated[Count, means("Images of the class.", "images")]
    others_framed: Annotated[Count, means("Images of the other classes that have it.", "images")]
    others: Annotated[Count, means("Images of the other classes.", "images")]
    p_value: Annotated[
        Share,
        means("Fisher's exact test that the class has it no more often, times the tests made (Bonferroni)."),
    ]


class Trial(Result):
    """One test image, as the network takes it with its ring and without."""

    file: Annotated[ImagePath, means("The image's file.")]
    true: Annotated[str, means("Its class.")]
    as_it_is: Annotated[str, means("The class predicted for the image as it is.")]
    without_ring: Annotated[str, means("The class predicted when its ring has been replaced.")]


class Recognised(Result):
    """How many of the tested images of one class the network recognises."""

    images: Annotated[Count, means("The tested images of this class.", "images")]
    as_they_are: Annotated[Count, means("Those of them that are recognised as they are.", "images")]
    without_ring: Annotated[Count, means("Those that are when the ring has been replaced.", "images")]


# At most twelve pictures in all: three of each of up to four classes, or one of each of the first twelve.
_SHOWN, _MANY_CLASSES, _MOST_SHOWN = 3, 4, 12


def count_examples(classes: int) -> int:
    """How many examples of each class are shown: fewer if there are many classes."""
    return _SHOWN if classes <= _MANY_CLASSES else 1


def choose_classes(classes: Sequence[str]) -> Sequence[str]:
    """The classes of which examples are shown."""
    return classes[:_MOST_SHOWN]


class Shortcuts(Result):
    """How well what hardly shows the object tells the classes apart, and whether the network does so."""

    ring_width: Annotated[Positive, means("How wide the outermost ring is.", "pixels")]
    segments: Annotated[Positive, means("The parts of each side of the ring whose mean colour is taken.")]
    thumbnail_side: Annotated[Positive, means("Rows, and columns, of the thumbnail.", "pixels")]
    folds: Annotated[Count, means("The folds of the cross-validation; 0 if a class has too few images.")]
    fewest: Annotated[Positive, means("How many images each class must have.", "images")]
    smallest: Annotated[Count, means("How many the smallest class has.", "images")]
    regularisation: Annotated[
        float, Field(gt=0), means("The inverse strength of the L2 penalty, scikit-learn's C.")
    ]
    near: Annotated[
        Size, means("Images of a class are nearly equal if their thumbnails differ less.", "levels of 255")
    ]
    near_duplicates: Annotated[
        Count, means("Images left out since they are nearly equal to another one of their class.", "images")
    ]
    dark_below: Annotated[Share, means("The luma of a ring below which it may be a dark frame.")]
    light_above: Annotated[Share, means("The luma of a ring above which it may be a light frame.")]
    frame_step: Annotated[Share, means("By how much the luma of a frame differs from the pixels inside.")]
    features: Annotated[
        dict[CueName, Annotated[Positive, means("How many numbers this cue is.")]],
        means("How many numbers of each image a classifier is given."),
    ]
    confusion: Annotated[
        dict[
            CueName,
            Annotated[
                Matrix, means("Row i: the images of true class i; column j: those taken for j.", "images")
            ],
        ],
        means(
            "Images by true class and the one that each cue tells, each image judged by a model that was not "
            "fitted to it; empty if a class has too few images.",
            "images",
        ),
    ]
    file_alone: Annotated[
        dict[
            Annotated[str, named("property")],
            Annotated[Count, means("Images whose class this property of the file alone tells.", "images")],
        ],
        means("The same of single properties of the file; empty in documents before 1.2.", "images"),
    ] = Field(default_factory=dict)
    classes: Annotated[
        dict[Label, Annotated[ClassLook, means("What the images of this class are like.")]],
        means("What the images of each class are like."),
    ]
    examples: Annotated[
        dict[
            Label,
            Annotated[
                list[Annotated[ImagePath, means("One image.")]],
                means("Images of this class that the classifier is surest of."),
            ],
        ],
        means("The images that are shown for the strongest cue that a picture can show."),
    ]
    asked: Annotated[Positive, means("How many test images the settings ask for.", "images")]
    alpha: Annotated[Share, means("The level of McNemar's test.")]
    tested: Annotated[
        list[Annotated[Trial, means("One test image.")]],
        Field(min_length=1),
        means("The test images that the network saw without their ring, the classes in turn."),
    ]
    arrays: Annotated[
        Arrays,
        means(
            "cue_ring, cue_colour, cue_file and cue_thumbnail (images, numbers), what the classifiers were "
            "given of each image, and fold (images,), the fold it was judged in, -1 if it was left out, "
            "in the order of /dataset/images; probabilities_as_it_is and probabilities_without_ring "
            "(tested, classes); shown, the pixels of the examples, if there are any. In arrays/shortcuts.npz."
        ),
    ]

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def judged(self) -> Count:
        """Images that were judged: those in use without near-duplicates."""
        return sum(each.images for each in self.classes.values())

    @computed_field(json_schema_extra={"unit": "share, 0 to 1"})  # type: ignore[prop-decorator]
    @property
    def chance(self) -> Share:
        """The accuracy of always naming the largest class."""
        return max(each.images for each in self.classes.values()) / self.judged

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def correct(
        self,
    ) -> dict[CueName, Annotated[Count, means("Images whose class this cue tells correctly.", "images")]]:
        """Images whose class each cue tells correctly: the trace of its confusion matrix."""
        return {cue: sum(row[i] for i, row in enumerate(m)) for cue, m in self.confusion.items()}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def accuracy(
        self,
    ) -> dict[CueName, Annotated[Share, means("Images whose class this cue tells correctly / all judged.")]]:
        """Share of the judged images whose class each cue tells correctly."""
        return {cue: count / self.judged for cue, count in self.correct.items()}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def accuracy_interval(
        self,
    ) -> dict[
        CueName,
        Annotated[
            tuple[Annotated[Share, means("Its lower end.")], Annotated[Share, means("Its upper end.")]],
            means("The 95 % interval of this cue's accuracy (Wilson 1927)."),
        ],
    ]:
        """Wilson's interval of each accuracy at 95 %, for images drawn at random."""
        return {cue: wilson_interval(count, self.judged) for cue, count in self.correct.items()}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def lead(
        self,
    ) -> dict[
        CueName,
        Annotated[float, Field(ge=-1, le=1), means("This cue's accuracy minus chance.", "share, -1 to 1")],
    ]:
        """How much more than by always naming the largest class each cue tells."""
        return {cue: share - self.chance for cue, share in self.accuracy.items()}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def ranking(self) -> list[Annotated[str, means("One cue.")]]:
        """The cues by their accuracy, the highest first."""
        # Sorting is stable: of equal cues the earlier one stays first.
        return sorted(self.correct, key=lambda cue: -self.correct[cue])

    @computed_field  # type: ignore[prop-decorator]
    @property
    def found(self) -> list[Annotated[str, means("One cue.")]]:
        """The cues that give the class away, the strongest first: their whole interval is above chance."""
        return [cue for cue in self.ranking if self.accuracy_interval[cue][0] > self.chance]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def beyond_chance(self) -> list[Annotated[str, means("One cue.")]]:
        """Those that still do where 95 % hold for the intervals of all cues at once (Bonferroni)."""
        # Of four intervals of 95 %, one is above chance by luck in a tenth of all data sets.
        return [
            cue
            for cue in self.found
            if wilson_interval(self.correct[cue], self.judged, tried=len(self.correct))[0] > self.chance
        ]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def clear(self) -> list[Annotated[str, means("One cue.")]]:
        """Those whose whole interval is above the middle between chance and 1, the strongest first."""
        return [cue for cue in self.found if self.accuracy_interval[cue][0] > (1 + self.chance) / 2]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def shown(self) -> str | None:
        """The strongest cue that gives the class away and can be seen in a picture; null without one."""
        # Width, format and EXIF data are in no picture.
        return next((cue for cue in self.found if cue != "file"), None)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def framed(
        self,
    ) -> dict[Label, Annotated[Count, means("Images of this class with a dark or light frame.", "images")]]:
        """Images of each class with a frame; empty if there are none at all."""
        counts = {label: each.dark_frames + each.light_frames for label, each in self.classes.items()}
        return counts if any(counts.values()) else {}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def file_leader(self) -> str | None:
        """The property of the file that alone tells most; null if none tells more than chance explains."""
        leader = max(self.file_alone, key=lambda name: self.file_alone[name], default=None)
        if leader is None:
            return None
        # Bonferroni here as well: the property that leads is chosen from all of them.
        low, _ = wilson_interval(self.file_alone[leader], self.judged, tried=len(self.file_alone))
        return leader if low > self.chance else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def frame_apart(self) -> FrameApart | None:
        """The class and the kind of frame that are together most surely; null without any frame."""
        compared = [
            each
            for kind in ("dark", "light")
            for label in self.classes
            if (each := self._compare_frames(label, kind)) is not None
        ]
        # Of values that are cut off at 1 the largest difference decides.
        return min(
            compared,
            key=lambda each: (each.p_value, each.others_framed / each.others - each.framed / each.images),
            default=None,
        )

    def _compare_frames(self, label: str, kind: Literal["dark", "light"]) -> FrameApart | None:
        """How often a class has a frame beside the others; None if there is none, or no other image."""
        counts = {
            each: look.dark_frames if kind == "dark" else look.light_frames
            for each, look in self.classes.items()
        }
        framed, images = counts[label], self.classes[label].images
        others_framed, others = sum(counts.values()) - framed, self.judged - images
        if not framed or not others:
            return None
        p_value = fisher_p_value(framed, images, others_framed, others)
        return FrameApart(
            label=label,
            kind=kind,
            framed=framed,
            images=images,
            others_framed=others_framed,
            others=others,
            # Two kinds of frames, and all classes.
            p_value=min(1.0, p_value * 2 * len(self.classes)),
        )

    @computed_field  # type: ignore[prop-decorator]
    @property
    def recognised(
        self,
    ) -> dict[Label, Annotated[Recognised, means("How the network does on this class.")]]:
        """How many of the tested images of each class the network recognises."""
        return {
            label: _count_recognised([t for t in self.tested if t.true == label]) for label in self.classes
        }

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def correct_as_they_are(self) -> Count:
        """Trial images whose class the network recognises as they are."""
        return sum(each.as_it_is == each.true for each in self.tested)

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def correct_without_ring(self) -> Count:
        """Trial images whose class the network recognises when the ring has been replaced."""
        return sum(each.without_ring == each.true for each in self.tested)

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def changed(self) -> Count:
        """Trial images for which the network then predicts another class."""
        return sum(each.without_ring != each.as_it_is for each in self.tested)

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def lost(self) -> Count:
        """Trial images that are recognised only as they are."""
        return sum(each.as_it_is == each.true != each.without_ring for each in self.tested)

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def gained(self) -> Count:
        """Trial images that are recognised only when the ring has been replaced."""
        return sum(each.as_it_is != each.true == each.without_ring for each in self.tested)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def p_value(self) -> Share:
        """The exact two-sided p-value that both accuracies are equal (McNemar 1947)."""
        return mcnemar_p_value(self.lost, self.gained)


def _count_recognised(tested: list[Trial]) -> Recognised:
    return Recognised(
        images=len(tested),
        as_they_are=sum(each.as_it_is == each.true for each in tested),
        without_ring=sum(each.without_ring == each.true for each in tested),
    )
