"""The printed document."""

from __future__ import annotations

from reportgen.render.pdf import print_pdf
from reportgen.stages.files import HTML_FILE, PDF_FILE, RESULTS_FILE
from reportgen.stages.given import Bundle, Given


def run(given: Given) -> Bundle:
    """Print the document, with the results attached.

    Raises ``PangoMissingError`` if the machine cannot print, and ``RenderError`` if the page is not whole.
    """
    html = given.bundle("html")[HTML_FILE].decode()
    with given.progress.stage("Printing the PDF"):
        return {PDF_FILE: print_pdf(html, {RESULTS_FILE: given.bundle("results")[RESULTS_FILE]})}
