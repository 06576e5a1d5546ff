"""A section's outcome as byte strings, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reportgen.engine.stages.context import Artifacts
from reportgen.store.packing import pack_arrays, unpack_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reportgen.analysis.computed import Computed
    from reportgen.outline.section import Section

NUMBERS, ARRAYS = "numbers.json", "arrays.npz"


def pack_section(computed: Computed[Any]) -> dict[str, bytes]:
    """Numbers as JSON, arrays as an archive."""
    return {NUMBERS: computed.numbers.model_dump_json().encode(), ARRAYS: pack_arrays(computed.arrays)}


def read_numbers(section: Section, artifacts: Artifacts) -> Any:
    """The result object of a section."""
    return section.result_type.model_validate_json(artifacts[NUMBERS])


def read_arrays(artifacts: Artifacts) -> dict[str, NDArray[Any]]:
    """The arrays of a section by key."""
    return unpack_arrays(artifacts[ARRAYS])
