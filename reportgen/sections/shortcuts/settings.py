"""What the section brings to report.toml: how many images are tested without their ring."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from reportgen.tables import Table


class RingTest(Table):
    """How many test images the network sees without their outermost ring."""

    images: Annotated[int, Field(ge=1, le=1000)] = 60


FIELDS: Final[dict[str, tuple[Any, Any]]] = {"shortcuts": (RingTest, RingTest())}
