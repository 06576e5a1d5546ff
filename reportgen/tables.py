"""The tables of ``report.toml`` that are of no section, each with types, limits and defaults."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


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
