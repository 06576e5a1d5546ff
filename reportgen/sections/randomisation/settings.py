"""What the section brings to report.toml: how its networks are drawn."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from reportgen.tables import Table


class Redrawing(Table):
    """How the networks with random weights are drawn, and for how many example images."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 671
    images: Annotated[int, Field(ge=1, le=20)] = 3


FIELDS: Final[dict[str, tuple[Any, Any]]] = {"randomisation": (Redrawing, Redrawing())}
