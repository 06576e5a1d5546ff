"""What the tests of one finished report share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from reportgen import stages

SECTIONS = {
    "convolution": "Convolution with one filter",
    "conv-stack": "Two convolution layers",
    "transfer": "VGG19 with a new output layer",
    "neurons": "Maximally activating patches",
    "guided-backprop": "Guided backpropagation",
    "observations": "Observations",
}

SETTINGS = """
group = "Group <12> & co"
date = 2026-01-31
weights = "embedded"

[[authors]]
name = "Zoë O'Neill"
roll_number = "CS-1"

[commentary]
transfer = "The *new* layer.<script>alert(2)</script> See [here](javascript:alert(3))."
"""


@dataclass(frozen=True)
class Rebuilt:
    folder: Path
    computation: stages.Computation


def snapshot(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file that a reader of the build may look at."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
