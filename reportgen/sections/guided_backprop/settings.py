"""What the section brings to report.toml: the rules that choose the neurons of its tables."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, field_validator

from reportgen.results import Position
from reportgen.tables import Table

_CHOICES = "allowed are zero, median, percentile:P, top:N, unusual:N and [row, column, channel]"

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


class GuidedTables(Table):
    """Which neurons the guided-backpropagation tables explain, and how the pictures are scaled."""

    # The last one stands where the fifth most excited neuron stood: five rows take no further page.
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


FIELDS: Final[dict[str, tuple[Any, Any]]] = {"guided_backprop": (GuidedTables, GuidedTables())}
