"""What the section brings to report.toml: how many boxes the patches are compared with."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from reportgen.tables import Table


class Occluding(Table):
    """How many random boxes the patches are compared with, and how densely better boxes are looked for."""

    # With these and the next a neuron takes some sixty boxes, each an eighth of a pass through VGG19.
    random_boxes: Annotated[int, Field(ge=1, le=1000)] = 30
    step: Annotated[int, Field(ge=4, le=224)] = 48


FIELDS: Final[dict[str, tuple[Any, Any]]] = {"occlusion": (Occluding, Occluding())}
