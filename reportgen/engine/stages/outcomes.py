"""Serialises what a section computed and drew to byte strings, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reportgen.engine.stages.context import Artifacts
from reportgen.figures.figure import EmbeddedData, Figure, Picture, Piece, Sheet
from reportgen.outline.section import SectionError
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


def require_outcome(section: Section, outcome: object) -> None:
    """Raise ``SectionError`` unless this is what ``pack_section`` gives of the section's own result type,
    with every array that the numbers describe and no other, and every file that the section declares.
    """
    if problem := _find_fault(section, outcome):
        place = section.folder / "compute.py"
        raise SectionError(f"section '{section.name}': {place}: what run returns {problem}")


def _find_fault(section: Section, outcome: object) -> str:
    """What is wrong with the outcome, "" if nothing is."""
    packed = "return pack_section(Computed(numbers, arrays))"
    if not isinstance(outcome, Mapping):
        return f"is a {type(outcome).__name__}, and must be bytes by name; {packed}."
    for name, data in outcome.items():
        if not isinstance(data, bytes):
            return f"has a {type(data).__name__} at '{name}', and must be bytes by name; {packed}."
    for name in (NUMBERS, ARRAYS, *section.files):
        if name not in outcome:
            remedy = "add it, or take it out of files in section.py" if name in section.files else packed
            return f"has no '{name}'; {remedy}."
    try:
        numbers = read_numbers(section, outcome)
    except ValueError as error:  # of pydantic
        return f"is no {section.result}, the result of section.py: {' '.join(str(error).split())}."
    described, stored = set(getattr(numbers, "arrays", {})), set(read_arrays(outcome))
    if more := sorted(stored - described):
        return (
            f"has the array '{more[0]}', which 'arrays' of the result does not describe; "
            f"give it summarise('{section.name}', arrays) of all arrays."
        )
    if missing := sorted(described - stored):
        return f"describes the array '{missing[0]}', which it does not have; pack it, too."
    return ""


def read_numbers(section: Section, artifacts: Artifacts) -> Any:
    """The result object of a section."""
    return section.result_type.model_validate_json(artifacts[NUMBERS])


def read_arrays(artifacts: Artifacts) -> dict[str, NDArray[Any]]:
    """The arrays of a section by key."""
    return unpack_arrays(artifacts[ARRAYS])


_LIST = "figures.json"


def pack_figures(figures: Sequence[Figure]) -> Artifacts:
    """Each picture under the figure's name, those of a sheet with a number behind it, what it carries below
    that; ``figures.json`` lists them in the order of the document.
    """
    packed: dict[str, bytes] = {}

    def keep(name: str, picture: Picture) -> dict[str, Any]:
        packed[name] = picture.data
        return {"file": name, "mime": picture.mime, "size": [picture.width, picture.height]}

    listed = [
        {
            "name": f.name,
            "alt": f.alt,
            "picture": keep(f.name, f.picture),
            "sheet": _pack_sheet(f, keep),
            "carried": [[each.name, each.mime, each.tolerance] for each in f.embedded],
        }
        for f in figures
    ]
    # Below a slash, which the name of no figure has.
    packed |= {f"{f.name}/{each.name}": each.data for f in figures for each in f.embedded}
    return {_LIST: json.dumps(listed).encode(), **packed}


def _pack_sheet(figure: Figure, keep: Callable[[str, Picture], dict[str, Any]]) -> dict[str, Any] | None:
    sheet = figure.sheet
    if sheet is None:
        return None
    return {
        "pieces": [
            {"picture": keep(f"{figure.name}-{k}", piece.picture), "name": piece.name, "look": piece.look}
            for k, piece in enumerate(sheet.pieces)
        ],
        "columns": sheet.columns,
        "cell": sheet.cell,
        "strip": keep(f"{figure.name}-strip", sheet.strip) if sheet.strip else None,
    }


def read_figures(artifacts: Artifacts) -> dict[str, Figure]:
    """The figures of a section by name."""

    def read(entry: dict[str, Any]) -> Picture:
        return Picture(artifacts[entry["file"]], entry["mime"], *entry["size"])

    return {
        entry["name"]: Figure(
            entry["name"],
            read(entry["picture"]),
            entry["alt"],
            _read_sheet(entry["sheet"], read),
            tuple(
                EmbeddedData(name, mime, artifacts[f"{entry['name']}/{name}"], tolerance)
                for name, mime, tolerance in entry["carried"]
            ),
        )
        for entry in json.loads(artifacts[_LIST])
    }


def _read_sheet(entry: dict[str, Any] | None, read: Callable[[dict[str, Any]], Picture]) -> Sheet | None:
    if entry is None:
        return None
    pieces = tuple(Piece(read(each["picture"]), each["name"], each["look"]) for each in entry["pieces"])
    across, down = entry["cell"]
    return Sheet(pieces, entry["columns"], (across, down), read(entry["strip"]) if entry["strip"] else None)
