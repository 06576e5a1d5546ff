"""Serialises what a section computed and drew to byte strings, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reportgen.engine.stages.context import Artifacts
from reportgen.figures.figure import Figure, Picture
from reportgen.store.packing import pack_arrays, unpack_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reportgen.analysis.computed import Computed
    from reportgen.outline.section import Section


NUMBERS, ARRAYS = "numbers.json", "arrays.npz"


def pack_section(computed: Computed[Any]) -> dict[str, bytes]:
    """Numbers as JSON, arrays as an archive."""
    # No pickle, here or anywhere else: it could run code (docs/decisions/0001).
    return {NUMBERS: computed.numbers.model_dump_json().encode(), ARRAYS: pack_arrays(computed.arrays)}


def read_numbers(section: Section, artifacts: Artifacts) -> Any:
    """The result object of a section."""
    return section.result_type.model_validate_json(artifacts[NUMBERS])


def read_arrays(artifacts: Artifacts) -> dict[str, NDArray[Any]]:
    """The arrays of a section by key."""
    return unpack_arrays(artifacts[ARRAYS])


_LIST = "figures.json"


def pack_figures(figures: Sequence[Figure]) -> Artifacts:
    """Each picture under the figure's name; ``figures.json`` lists them in the order of the document."""
    listed = [
        {"name": f.name, "alt": f.alt, "mime": f.picture.mime, "size": [f.picture.width, f.picture.height]}
        for f in figures
    ]
    return {_LIST: json.dumps(listed).encode(), **{figure.name: figure.picture.data for figure in figures}}


def read_figures(artifacts: Artifacts) -> dict[str, Figure]:
    """The figures of a section by name."""
    return {
        entry["name"]: Figure(
            entry["name"], Picture(artifacts[entry["name"]], entry["mime"], *entry["size"]), entry["alt"]
        )
        for entry in json.loads(artifacts[_LIST])
    }
