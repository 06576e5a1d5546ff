"""A group's process as it really is, but for the network in VGG19's place: ``stand_in_worker.py JOB``.

With ``NO_RECOMPUTATION`` in the environment, a report that would be recomputed fails.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> None:
    from stand_in import load_stand_in, print_nothing

    from reportgen.batch.worker import main as work

    patch = pytest.MonkeyPatch()
    patch.setattr("reportgen.models.backbone.load_backbone", load_stand_in)
    patch.setattr("reportgen.engine.stages.pdf.print_pdf", print_nothing)
    if "NO_RECOMPUTATION" in os.environ:
        patch.delattr("reportgen.batch.worker.examine_report")
    file, _, handle = sys.argv[1:]
    work(Path(file), int(handle))


if __name__ == "__main__":
    main()
