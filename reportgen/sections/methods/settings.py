"""What the section brings to report.toml: the methods, and the class that they explain."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator

from reportgen.tables import Table

Method = Literal[
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

    # A map by one of these takes less than a processor second; one by integrated gradients, SmoothGrad or
    # occlusion, of many passes, takes 20 to 40.
    shown: Annotated[tuple[Method, ...], Field(min_length=1, strict=False)] = (
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


FIELDS: Final[dict[str, tuple[Any, Any]]] = {"methods": (Explaining, Explaining())}
