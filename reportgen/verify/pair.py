"""A section as it was handed in, beside the same section recomputed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reportgen.verify.tolerances import Tolerances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reportgen.engine.stages.context import Artifacts


@dataclass(frozen=True)
class Pair:
    """What the module ``comparison`` of a section is given.

    ``submitted`` and ``recomputed`` are the section's parts of the two documents, ``arrays`` its recomputed
    arrays; ``dataset`` describes the images, and ``stages`` are the outcomes of the shared stages that the
    section reads. Pointers of ``tolerances`` begin at the root of the document.
    """

    submitted: Mapping[str, Any]
    recomputed: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    dataset: Mapping[str, Any]
    tolerances: Tolerances
    stages: Mapping[str, Artifacts] = field(default_factory=dict)
