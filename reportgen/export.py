"""Exports the retrained network of the last report as a Keras model."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from reportgen.engine.stages.context import RESULTS_FILE
from reportgen.errors import UserError
from reportgen.networks import USUAL
from reportgen.progress import Progress, Silent
from reportgen.sections.transfer.files import HEAD_FILE
from reportgen.settings import Settings
from reportgen.store.files import read_file
from reportgen.store.output import check_output, write_output
from reportgen.store.ownership import claim
from reportgen.weights import locate_weights, resolve_source

MODEL_FILE = "model.keras"
MODEL_NAME = "reportgen_vgg19"
"""The name that :func:`reportgen.models.backbone.compose` gives the network."""

_CONFIG_BYTES = 10**7


def export(settings: Settings, out: Path | None, progress: Progress | None = None) -> Path:
    """Write the network of the last build, base and trained head, as a Keras model; returns its path.

    Raises ``UserError`` if there is no build, or if its weights are not those on this machine.
    """
    from reportgen.contract.reader import load_results
    from reportgen.engine.stages.network import load_network, load_tensorflow

    progress = progress or Silent()
    file, path = settings.build / RESULTS_FILE, out or settings.build / MODEL_FILE
    check_output(path, is_own_model)
    try:
        last = load_results(file)
        head = read_file(settings.build / HEAD_FILE)
    except (OSError, UserError) as error:
        reason = error.problem if isinstance(error, UserError) else error
        raise UserError(
            f"{file}: no results of a build: {reason}", "Build a report first: reportgen build"
        ) from None
    if out is None:
        claim(settings.build, "report")
    # Only now: importing it takes seconds, and all that can be refused without it has been.
    load_tensorflow(progress)
    from reportgen.models.backbone import load_backbone, model_file

    weights = last.provenance.weights
    # The results have the name of a file of the user's; where it lies, the settings say.
    source = settings.weights if weights.source == "file" else weights.named
    if weights.architecture == USUAL and weights.source != "random":
        backbone = load_backbone(source)
    else:
        choice = replace(settings.network, seed=last.provenance.seed)
        source = resolve_source(source, network=choice).source
        backbone = load_network(locate_weights(source, network=choice), choice)
    if backbone.weights.sha256 != weights.sha256:
        raise UserError(
            f"{file}: was computed with weights of SHA-256 {weights.sha256}, "
            f"and those on this machine are {backbone.weights.sha256}.",
            "Build the report again, then export.",
        )
    with progress.stage("Writing the model"):
        write_output(path, model_file(backbone, head, last.transfer.classes), is_own_model)
    return path


def is_own_model(stream: BinaryIO) -> bool:
    """Whether a file is a model that :func:`export` wrote."""
    try:
        with zipfile.ZipFile(stream) as archive, archive.open("config.json") as config:
            # Within a limit, for somebody else's file may unpack to any size.
            return MODEL_NAME.encode() in config.read(_CONFIG_BYTES)
    # What is no such archive raises any of these, depending on what it is instead.
    except (OSError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return False
