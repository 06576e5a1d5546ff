"""The printed document."""

from __future__ import annotations

import json

from reportgen.printing.attachment import Attachment
from reportgen.printing.pdf import print_pdf
from reportgen.printing.settings_file import write_settings
from reportgen.stages.files import HTML_FILE, PDF_FILE, RESULTS_FILE
from reportgen.stages.given import Bundle, Given

_SETTINGS_FILE = "report.toml"


def run(given: Given) -> Bundle:
    """Print the document, with the results and the settings attached.

    Raises ``PangoMissingError`` if the machine cannot print, and ``RenderError`` if the page is not whole.
    """
    html = given.bundle("html")[HTML_FILE].decode()
    results = given.bundle("results")[RESULTS_FILE]
    values = {name: given.setting(name) for name in given.stage.spec.settings}
    attached = (
        Attachment(RESULTS_FILE, results, "Every number of the report", "application/json", "Data"),
        Attachment(
            _SETTINGS_FILE, write_settings(values, _weights(results)),
            "The settings that the report was made with", "application/toml", "Source",
        ),
    )  # fmt: skip
    with given.progress.stage("Printing the PDF"):
        return {PDF_FILE: print_pdf(html, attached)}


def _weights(results: bytes) -> str:
    """The weights as ``report.toml`` names them: a source, or the name of a file."""
    weights = json.loads(results)["provenance"]["weights"]
    return str(weights["name"] if weights["source"] == "file" else weights["source"])
