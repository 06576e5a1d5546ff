"""The whole of ``results.json``."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from reportgen.results.base import Result, means
from reportgen.results.dataset import Dataset
from reportgen.results.report import Provenance, Report

SCHEMA_VERSION = "1.2"
"""Raised with every change of the types: the second number if all that reads the old can read the new (a key
was added), the first if not."""


class Check(Result):
    """A claim of the report, and whether the numbers bear it out."""

    name: Annotated[str, means("The claim's name.")]
    claim: Annotated[str, means("The sentence as it stands in the report.")]
    passed: Annotated[bool, means("Whether the numbers bear it out.")]


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
    data and the checks: :func:`reportgen.contract.document.results_type` makes the whole type.
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
