"""The tables of ``report.toml``, each with types, limits and defaults, and the rules that choose neurons."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

_CHOICES = "allowed are zero, median, percentile:P, top:N, unusual:N and [row, column, channel]"

Position = tuple[int, int, int]
NeuronChoice = str | Position
"""How a neuron of a guided-backpropagation table is chosen: a rule, or ``[row, column, channel]``."""


def parse_choice(text: str) -> tuple[Literal["zero", "median", "percentile", "top", "unusual"], float]:
    """Split a neuron rule such as ``percentile:10`` into its name and its number.

    Returns the name and P (0 to 100) or N (1 and up); the number is 0 for ``zero`` and ``median``.
    Raises ``ValueError`` naming the text and the rules there are.
    """
    name, _, number = text.partition(":")
    if name == "zero" and not number:
        return "zero", 0
    if name == "median" and not number:
        return "median", 0
    # Not isdigit(), which takes ² for a digit, as int() does not.
    if name == "percentile" and number.isdecimal() and int(number) <= 100:
        return "percentile", float(number)
    if name in ("top", "unusual") and number.isdecimal() and 1 <= int(number) <= 1000:
        return ("top" if name == "top" else "unusual"), float(number)
    raise ValueError(f"'{text}' is no rule for a neuron; {_CHOICES}")


def _as_choice(choice: Any) -> NeuronChoice:
    if isinstance(choice, str):
        try:
            parse_choice(choice)
        except ValueError:
            raise ValueError(f"no rule for a neuron; {_CHOICES}") from None
        return choice
    match choice:
        # Not isinstance(), to which true is a number.
        case [row, column, channel] if all(type(i) is int and i >= 0 for i in choice):
            return row, column, channel
    raise ValueError(f"no neuron; {_CHOICES}")


_Choice = Annotated[NeuronChoice, BeforeValidator(_as_choice)]


# Strict, so that "yes" is no truth value and "10" no number. Where a type has no form of its own in TOML, as
# tuples and paths, the field is not strict.
class Table(BaseModel):
    """A table of ``report.toml``."""

    # Unknown keys are an error, for a mistyped one would do nothing and nobody would notice.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Author(Table):
    """One author of the report."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    roll_number: Annotated[str, Field(max_length=60)] = ""


class Show(Table):
    """How much of each layer the document shows."""

    filters: Annotated[int, Field(ge=1, le=32)] = 10
    neurons: Annotated[int, Field(ge=1, le=20)] = 5
    colour: bool = False
    shared_scale: bool = False


Block = Literal["abstract", "contents", "lists", "findings", "explorers", "references", "files"]
"""What a report can do without. Checks, notes on them, and the sources of numbers are not among them: by
these a reader knows whether the rest is sound.
"""


class Printing(Table):
    """What is printed besides: the lists of figures and tables, and every value in the table of sources; and
    what is left out, of the HTML as of the PDF.
    """

    lists: bool = False
    long_sources: bool = False
    leave_out: Annotated[tuple[Block, ...], Field(strict=False)] = ()


class Occluding(Table):
    """How many random boxes the patches are compared with, and how densely better boxes are looked for."""

    random_boxes: Annotated[int, Field(ge=1, le=1000)] = 30
    step: Annotated[int, Field(ge=4, le=224)] = 48


class GuidedTables(Table):
    """Which neurons the guided-backpropagation tables explain, and how the pictures are scaled."""

    neurons: Annotated[tuple[_Choice, ...], Field(min_length=1, max_length=20)] = (
        "zero",
        "percentile:10",
        "median",
        "top:1",
        "unusual:1",
    )
    shared_scale: bool = False

    @field_validator("neurons", mode="before")
    @classmethod
    def _listed(cls, choices: Any) -> Any:
        if not isinstance(choices, list | tuple):
            raise ValueError("a list is needed; in it " + _CHOICES)
        return tuple(choices)


_Method = Literal[
    "gradient",
    "gradient_x_input",
    "deconvnet",
    "guided",
    "integrated_gradients",
    "smoothgrad",
    "grad_cam",
    "guided_grad_cam",
    "occlusion",
]


PREDICTED = "predicted"
"""Instead of the name of a class: the one that the network gives an image."""


class Explaining(Table):
    """Which methods explain the decision on each example image, and how closely two of them take sums.

    ``of``: the class that is explained, or ``predicted``, the one that an image is taken for.
    """

    shown: Annotated[tuple[_Method, ...], Field(min_length=1, strict=False)] = (
        "gradient",
        "gradient_x_input",
        "guided",
        "grad_cam",
        "guided_grad_cam",
    )
    of: Annotated[str, Field(min_length=1)] = PREDICTED
    steps: Annotated[int, Field(ge=2, le=1000)] = 32
    samples: Annotated[int, Field(ge=2, le=1000)] = 16
    located_over: Literal["examples", "test"] = "examples"

    @field_validator("shown")
    @classmethod
    def _distinct(cls, methods: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(methods)) < len(methods):
            raise ValueError("a method is named twice")
        return methods


class Redrawing(Table):
    """How the networks with random weights are drawn, and for how many example images."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 671
    images: Annotated[int, Field(ge=1, le=20)] = 3


class RingTest(Table):
    """How many test images the network sees without their outermost ring."""

    images: Annotated[int, Field(ge=1, le=1000)] = 60
