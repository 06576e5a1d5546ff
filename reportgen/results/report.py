"""What the title page says, and what the numbers depend on."""

from typing import Annotated

from pydantic import Field

from reportgen.results.base import Result, Sha256, means, named
from reportgen.weights import Weights


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
        Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None,
        means("The date that the settings give; null without one.", "YYYY-MM-DD"),
    ]


class Font(Result):
    """A font file that the report carries a copy of, beside those that come with matplotlib."""

    name: Annotated[str, means("The font's name, as it says itself.")]
    sha256: Annotated[Sha256, means("The hash of the font file.")]


class Provenance(Result):
    """Everything the numbers depend on besides the code."""

    seed: Annotated[int, means("The seed of the filters, of the new layer and of the split of unsplit data.")]
    data_fingerprint: Annotated[Sha256, means("One hash over the names and contents of all images used.")]
    weights: Annotated[Weights, means("The weights of VGG19.")]
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
