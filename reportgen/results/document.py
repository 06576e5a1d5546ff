"""The whole of ``results.json``."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from reportgen.results.base import Result, means
from reportgen.results.convolution import Convolution, ConvStack
from reportgen.results.dataset import Dataset
from reportgen.results.guided_backprop import GuidedBackprop
from reportgen.results.neurons import Neurons
from reportgen.results.report import Provenance, Report
from reportgen.results.transfer import Transfer

SCHEMA_VERSION = "1.1"
"""Raised with every change of the types: the second number if all that reads the old can read the new (a key
was added), the first if not."""

SECTIONS: Mapping[str, type[Result]] = {
    "convolution": Convolution,
    "conv_stack": ConvStack,
    "transfer": Transfer,
    "neurons": Neurons,
    "guided_backprop": GuidedBackprop,
}
"""The computed sections in the order of the document."""


class Check(Result):
    """A claim of the report, and whether the numbers bear it out."""

    name: Annotated[str, means("The claim's name.")]
    claim: Annotated[str, means("The sentence as it stands in the report.")]
    passed: Annotated[bool, means("Whether the numbers bear it out.")]


class Results(Result):
    """The whole of ``results.json``."""

    schema_version: Annotated[
        str,
        Field(pattern=r"^[0-9]+\.[0-9]+$"),
        means(
            "The version of this contract: within 1.x keys are added, never removed or given another meaning."
        ),
    ] = SCHEMA_VERSION
    report: Annotated[Report, means("What the title page says.")]
    provenance: Annotated[Provenance, means("Everything the numbers depend on besides the code.")]
    dataset: Annotated[Dataset, means("The images that the report is about.")]
    convolution: Annotated[Convolution, means("One image of each class, convolved with one filter.")]
    conv_stack: Annotated[ConvStack, means("Two stacked convolution layers.")]
    transfer: Annotated[Transfer, means("VGG19 with a new layer, the only one trained.")]
    neurons: Annotated[Neurons, means("The most excited neurons, and what they see.")]
    guided_backprop: Annotated[GuidedBackprop, means("Guided backpropagation of chosen neurons.")]
    checks: Annotated[
        list[Annotated[Check, means("One claim.")]],
        means("The claims of the report, each decided by the numbers."),
    ]
