"""The complete type of ``results.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from reportgen.results.fields import BySplit, Count, ImagePath, Label, Result, Sha256, Split, means, named
from reportgen.weights import Weights


class ImageFile(Result):
    """One image; ``file`` is relative to the data folder, with forward slashes."""

    file: Annotated[ImagePath, means("The image's file.")]
    split: Annotated[Split, means("The split it belongs to.")]
    label: Annotated[str, means("Its class.")]
    sha256: Annotated[Sha256, means("The hash of the file.")]


class Duplicate(Result):
    """Images of equal content in more than one split."""

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
    # A field with a default came later: documents of earlier versions lack it, and are read all the same.
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
        list[Annotated[Duplicate, means("One content, and the files that have it.")]],
        means("Equal images in more than one split: leakage."),
    ]
    warnings: Annotated[
        list[Annotated[str, means("One remark, in words.")]], means("What is odd about the data.")
    ]
    images: Annotated[list[Annotated[ImageFile, means("One image.")]], means("All images used.")]


class Author(Result):
    """One author, as printed on the title page."""

    name: Annotated[str, means("The author's name.")]
    roll_number: Annotated[str, means("The author's roll number, empty if none was given.")]


class Report(Result):
    """What the title page says."""

    course: Annotated[str, means("The course.")]
    assignment: Annotated[str, means("The assignment.")]
    group: Annotated[str, means("The group, empty if none was given.")]
    authors: Annotated[
        list[Annotated[Author, means("One author.")]], means("The authors, in the order of the title page.")
    ]
    date: Annotated[
        # Not \d, which in Python fits the digits of all scripts.
        Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None,
        means("The date that the settings give; null without one.", "YYYY-MM-DD"),
    ]
    theme: Annotated[
        Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")],
        means("The theme that the PDF is printed in."),
    ] = "report"


class Font(Result):
    """A font file that the report carries a copy of, beside those that come with matplotlib."""

    name: Annotated[str, means("The font's name, as it says itself.")]
    sha256: Annotated[Sha256, means("The hash of the font file.")]


class Provenance(Result):
    """Everything the numbers depend on besides the code."""

    seed: Annotated[int, means("The seed of the filters, of the new layer and of the split of unsplit data.")]
    data_fingerprint: Annotated[Sha256, means("One hash over the names and contents of all images used.")]
    weights: Annotated[Weights, means("The network and its weights.")]
    versions: Annotated[
        dict[Annotated[str, named("package")], Annotated[str, means("The version of this package.")]],
        means("The versions of reportgen, of Python and of the packages that compute and print."),
    ]
    processor: Annotated[
        str,
        means(
            "What of the processor decides how sums are rounded: its architecture, its instruction sets, its "
            "first cache; empty in documents before 1.1."
        ),
    ] = ""
    fonts: Annotated[
        list[Annotated[Font, means("One font file.")]],
        means(
            "The fonts that set words which the report's own lack: named in the settings, or of the machine. "
            "Schema 1.0 had no such list."
        ),
    ] = Field(default_factory=list)
    layers: Annotated[
        list[Annotated[str, means("The name of one layer.")]],
        means("The explained layers as the settings name them; none for the one that is usual."),
    ] = Field(default_factory=list)


SCHEMA_VERSION = "1.2"
"""Raised with every change of the types: the second number if all that reads the old can read the new (a key
was added), the first if not."""


class Check(Result):
    """A claim of the report, and whether the numbers bear it out."""

    name: Annotated[str, means("The claim's name.")]
    claim: Annotated[str, means("The sentence as it is in the report.")]
    passed: Annotated[bool, means("Whether the numbers bear it out.")]
    finding: Annotated[
        bool,
        means(
            "Whether it tells of these data, so that either answer is sound; if not, a failure is a fault."
        ),
    ] = False


class Kind(Result):
    """What the report is made of."""

    name: Annotated[str, means("The kind of report.")]
    version: Annotated[str, means("The version of this kind.")]
    sections: Annotated[
        list[Annotated[str, means("The key of one section in this document.")]],
        means("The sections in the order of the document; each is there by its name, and no other."),
    ]


BEFORE_KINDS = Kind(
    name="assignment",
    version="1.0",
    sections=["convolution", "conv_stack", "transfer", "neurons", "guided_backprop"],
)
"""What all documents before 1.2 are, which do not say it."""


class Results(Result):
    """What ``results.json`` has in every report. The sections come in by the kind of report, between the
    data and the checks: :func:`reportgen.contract.schema.results_type` makes the whole type.
    """

    schema_version: Annotated[
        str,
        Field(pattern=r"^[0-9]+\.[0-9]+$"),
        means(
            "The version of this contract: within 1.x keys are added, never removed or given another meaning."
        ),
    ] = SCHEMA_VERSION
    kind: Annotated[Kind, means("What the report is made of. Documents before 1.2 do not say it.")] = (
        BEFORE_KINDS
    )
    report: Annotated[Report, means("What the title page says.")]
    provenance: Annotated[Provenance, means("Everything the numbers depend on besides the code.")]
    dataset: Annotated[Dataset, means("The images that the report is about.")]

    # For type checkers: the sections become fields only at run time.
    if TYPE_CHECKING:
        checks: list[Check]

        def __getattr__(self, name: str) -> Any:
            """A section by its name."""

    def has(self, section: str) -> bool:
        """Whether the report has this section."""
        return getattr(self, section, None) is not None


Checks = Annotated[
    list[Annotated[Check, means("One claim.")]],
    means("The claims of the report, each decided by the numbers."),
]
