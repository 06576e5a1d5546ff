"""What the figures of a section are drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from reportgen.figures.colour import Rgb
from reportgen.typefaces.chain import OWN, Typefaces

NamedArrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class FigureData:
    """The section's ``numbers`` and ``arrays``; ``images`` are the example images (224, 224, 3) uint8 in the
    order of the classes if the section's figures ask for them; ``faces`` set the names of the classes.
    """

    numbers: Any
    arrays: NamedArrays
    images: Sequence[Rgb] = ()
    faces: Typefaces = OWN
