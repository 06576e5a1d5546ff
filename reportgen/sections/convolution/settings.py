"""What the section brings to report.toml: the size of the filter, its stride and the padding."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from reportgen.tables import Table


class Window(Table):
    """The filter's rows and columns F, its step S, and the zeros P around the image, all in pixels.

    Within these limits every filter has a position on an image of 224 × 224.
    """

    # The report.toml of this project names all defaults of settings, and a test compares them.
    filter_size: Annotated[int, Field(ge=1, le=31)] = 3
    stride: Annotated[int, Field(ge=1, le=31)] = 1
    padding: Annotated[int, Field(ge=0, le=31)] = 0


FIELDS: Final[dict[str, tuple[Any, Any]]] = {"convolution": (Window, Window())}
