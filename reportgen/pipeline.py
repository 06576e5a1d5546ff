"""A whole build: compute, draw, print, and put the new report in the place of the last one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reportgen import store
from reportgen.errors import UserError
from reportgen.progress import Progress, Silent
from reportgen.resources import templates_folder
from reportgen.results import Results, load_results
from reportgen.settings import Settings
from reportgen.stages import Computation, compute, import_models

HEAD_FILE = "head.weights.h5"
MODEL_FILE = "model.keras"
RESULTS_FILE, HTML_FILE, PDF_FILE = "results.json", "report.html", "report.pdf"


@dataclass(frozen=True)
class Built:
    """What a build left behind: the folder, its results, and None or why there is no PDF."""

    folder: Path
    results: Results
    problem: UserError | None

    def path(self, name: str) -> Path:
        """Where a file of the build lies."""
        return self.folder / name


def build(settings: Settings, data: Path, progress: Progress | None = None) -> Built:
    """Compute, render and publish the report into ``settings.build``.

    Everything is made before anything is replaced, so that a failed build leaves the last report as it was.
    Without Pango the HTML is published all the same, an older PDF is moved to ``previous/`` so that no mixed
    pair stays, and ``Built.problem`` says what is missing. Raises ``UserError`` otherwise.
    """
    progress = progress or Silent()
    with store.locked(settings.build):
        computation = compute(settings, data, progress)
        files, problem = render(computation, settings, progress)
        with progress.stage("Writing the report"):
            store.publish(settings.build, files)
            if problem:
                store.set_aside(settings.build, PDF_FILE)
    return Built(settings.build, computation.results, problem)


def render(
    computation: Computation, settings: Settings, progress: Progress
) -> tuple[dict[str, bytes], UserError | None]:
    """Draw the figures, print the document; returns all files of the build, and why the PDF is missing."""
    from reportgen.figures.album import draw_album
    from reportgen.render.html import embedded_files, render_html
    from reportgen.render.pdf import PangoMissingError, print_pdf

    with progress.stage("Drawing the figures"):
        album = draw_album(computation.results, computation.arrays)
    with progress.stage("Writing the document"):
        commentary = settings.commentary.model_dump()
        document = render_html(computation.results, album, commentary, templates_folder())
    if document.missing_characters:
        progress.say(
            f"Warning: the report's typefaces have no {document.missing_characters}; a font of this machine "
            "is used for it, if there is one. Look at the PDF before you hand it in."
        )
    text = computation.results.model_dump_json(indent=2) + "\n"
    files = {RESULTS_FILE: text.encode(), HEAD_FILE: computation.head, HTML_FILE: document.html.encode()}
    files |= {f"arrays/{name}.npz": store.pack_arrays(arrays) for name, arrays in computation.arrays.items()}
    files |= {f"figures/{name}": data for name, data in embedded_files(album, document.numbers).items()}
    try:
        with progress.stage("Printing the PDF"):
            files[PDF_FILE] = print_pdf(document.html)
    except PangoMissingError as error:
        return files, error
    return files, None


def export(settings: Settings, out: Path | None, progress: Progress | None = None) -> Path:
    """Write the network of the last build, base and trained head, as a Keras model; returns its path.

    Raises ``UserError`` if there is no build, or if its weights are no longer the ones at hand.
    """
    progress = progress or Silent()
    file = settings.build / RESULTS_FILE
    try:
        last = load_results(file)
        head = (settings.build / HEAD_FILE).read_bytes()
    except (OSError, ValueError) as error:
        raise UserError(
            f"{file}: no results of a build: {error}", "Build a report first: reportgen build"
        ) from None
    models = import_models(progress)
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
    with progress.stage("Writing the model"), store.writing(path):
        store.write_atomically(path, models.model_file(backbone, head, last.transfer.classes))
    return path
