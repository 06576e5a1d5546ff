"""The images that the report is about."""

from typing import Annotated, Literal

from pydantic import Field

from reportgen.results.base import BySplit, Count, ImagePath, Label, Result, Sha256, Split, means


class ImageFile(Result):
    """One image; ``file`` is relative to the data folder, with forward slashes."""

    file: Annotated[ImagePath, means("The image's file.")]
    split: Annotated[Split, means("The split it belongs to.")]
    label: Annotated[str, means("Its class.")]
    sha256: Annotated[Sha256, means("The hash of the file.")]


class Duplicate(Result):
    """Images of equal content that stand in more than one split."""

    sha256: Annotated[Sha256, means("The hash of each of the files.")]
    files: Annotated[
        list[Annotated[ImagePath, means("One of these files.")]], means("The files of equal content.")
    ]


class Dataset(Result):
    """The images, their classes and splits, and what is odd about them."""

    classes: Annotated[
        list[Annotated[str, means("The name of class i.")]],
        Field(min_length=2),
        means("The classes in order: class i of a confusion matrix or of an array name is item i, from 0."),
    ]
    counts: Annotated[
        BySplit[
            Annotated[
                dict[Label, Annotated[Count, means("Images of this class in this split.", "images")]],
                means("Images of each class in this split.", "images"),
            ]
        ],
        means("How many images each class has in each split.", "images"),
    ]
    layout: Annotated[
        Literal["split", "unsplit"], means("Whether the data came in splits or was split by the program.")
    ]
    validation_taken: Annotated[
        bool,
        means(
            "Whether the data came with training and test images only, so that the program took the "
            "validation images from the training images."
        ),
    ] = False
    colour_managed: Annotated[
        Count,
        means(
            "Images that came with a colour profile, as it says brought to sRGB; the others are sRGB as they "
            "are.",
            "images",
        ),
    ] = 0
    drawn_by_program: Annotated[bool, means("Whether these are the sample images that reportgen draws.")]
    annotated: Annotated[bool, means("Whether boxes of animals and heads came with the images.")]
    annotations_sha256: Annotated[
        Sha256 | None, means("The hash of the file of annotations; null without one.")
    ] = None
    examples: Annotated[
        dict[Label, Annotated[ImagePath, means("The example image of this class.")]],
        means("The one image of each class that is shown and explained."),
    ]
    duplicates: Annotated[
        list[Annotated[Duplicate, means("One content, and where it stands.")]],
        means("Equal images in more than one split: leakage."),
    ]
    warnings: Annotated[
        list[Annotated[str, means("One remark, in words.")]], means("What is odd about the data.")
    ]
    images: Annotated[list[Annotated[ImageFile, means("One image.")]], means("All images used.")]
