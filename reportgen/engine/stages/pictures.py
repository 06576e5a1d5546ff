"""Figures as byte strings, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence

from reportgen.engine.stages.context import Artifacts
from reportgen.figures.figure import Figure, Picture

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
