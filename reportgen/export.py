"""The retrained network of the last report, as a Keras model."""

from __future__ import annotations

from pathlib import Path

from reportgen.errors import UserError
from reportgen.progress import Progress, Silent
from reportgen.settings import Settings
from reportgen.stages.files import HEAD_FILE, RESULTS_FILE
from reportgen.store.files import write_atomically, writing

MODEL_FILE = "model.keras"


def export(settings: Settings, out: Path | None, progress: Progress | None = None) -> Path:
    """Write the network of the last build, base and trained head, as a Keras model; returns its path.

    Raises ``UserError`` if there is no build, or if its weights are no longer the ones at hand.
    """
    from reportgen.contract.reader import load_results
    from reportgen.stages.tensorflow import load_tensorflow

    progress = progress or Silent()
    file = settings.build / RESULTS_FILE
    try:
        last = load_results(file)
        head = (settings.build / HEAD_FILE).read_bytes()
    except (OSError, UserError) as error:
        reason = error.problem if isinstance(error, UserError) else error
        raise UserError(
            f"{file}: no results of a build: {reason}", "Build a report first: reportgen build"
        ) from None
    load_tensorflow(progress)
    from reportgen import models

    weights = last.provenance.weights
    source = settings.weights if weights.source == "file" else weights.source
    backbone = models.load_backbone(source)
    if backbone.weights.sha256 != weights.sha256:
        raise UserError(
            f"{file}: was computed with weights of SHA-256 {weights.sha256}, "
            f"now at hand are {backbone.weights.sha256}.",
            "Build the report anew, then export.",
        )
    path = out or settings.build / MODEL_FILE
    with progress.stage("Writing the model"), writing(path):
        write_atomically(path, models.model_file(backbone, head, last.transfer.classes))
    return path
