"""Prints the PDF."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reportgen.engine.stages.context import HTML_FILE, PDF_FILE, RESULTS_FILE, Artifacts, StageContext
from reportgen.networks import USUAL
from reportgen.pdf.printer import Attachment, print_pdf, sort_complaints, write_settings
from reportgen.system.libraries import describe_subsetter, propose_remedy
from reportgen.typefaces.face import describe_face
from reportgen.weights import Weights

NOTES = "notes"
_SETTINGS_FILE = "report.toml"

DESCRIPTIONS = {
    RESULTS_FILE: "Every number of the report",
    _SETTINGS_FILE: "The settings that the report was made with",
}
"""The attached files, each with what a viewer shows of it."""


def run(context: StageContext) -> Artifacts:
    """Print the document, with the results and the settings attached.

    Raises ``PangoMissingError`` if the machine cannot print, and ``RenderError`` if the page is not whole.
    """
    html = context.artifacts("html")[HTML_FILE].decode()
    results = context.artifacts("results")[RESULTS_FILE]
    values = {name: context.setting(name) for name in context.stage.spec.settings}
    # As the results name it: the settings may have a path of this machine.
    values |= _network(values, results)
    attached = (
        Attachment(RESULTS_FILE, results, DESCRIPTIONS[RESULTS_FILE], "application/json", "Data"),
        Attachment(
            # Written from the checked values: the user's own file may have comments, and paths of a machine.
            _SETTINGS_FILE, write_settings(values, _weights(results)),
            DESCRIPTIONS[_SETTINGS_FILE], "application/toml", "Source",
        ),
    )  # fmt: skip
    remarks: list[str] = []
    with context.progress.stage("Printing the PDF"):
        pdf = print_pdf(html, attached, remarks.append, whole_fonts=_has_whole_font(context))
    return {PDF_FILE: pdf, NOTES: json.dumps(_sum_up(remarks)).encode()}


def _network(values: Mapping[str, Any], results: bytes) -> dict[str, Any]:
    """The network as ``report.toml`` names it: None, which is not written, for what is usual; of a file of
    the authors' its name.
    """
    named = Weights.model_validate(json.loads(results)["provenance"]["weights"]).architecture
    chosen = {"layers": values["layers"] or None, "preprocessing": values["preprocessing"] or None}
    return {**chosen, "architecture": None if named == USUAL else named}


def _has_whole_font(context: StageContext) -> bool:
    """Whether the licence of a font forbids to embed a part of it."""
    return any(describe_face(face).embedding == "whole" for face in context.fonts)


def _sum_up(remarks: list[str]) -> list[str]:
    """Notes for the user on the PDF and on this machine; WeasyPrint logs the same once for each font."""
    about_the_pdf, about_the_machine = sort_complaints(remarks)
    if own := describe_subsetter():
        about_the_machine = [f"{own}. {propose_remedy(['harfbuzz-subset'])}"]
    return [f"Note: {remark}" for remark in (*about_the_pdf, *about_the_machine)]


def _weights(results: bytes) -> str:
    """The weights as ``report.toml`` names them: a source, or the name of a file."""
    return Weights.model_validate(json.loads(results)["provenance"]["weights"]).named
