"""A report that was built from Python: its files and its results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.api.pictures import Figure, Figures, Page, render_thumbnails
from reportgen.api.request import Answer
from reportgen.contract.reader import LoadedResults, load_results
from reportgen.engine.record import read_record
from reportgen.errors import UserError

HTML_FILE, PDF_FILE = "report.html", "report.pdf"
_FIGURES = "figures/"


@dataclass(frozen=True)
class Report:
    """A finished report. In a notebook it shows itself in short, with small pictures; ``show`` gives the
    whole.

    ``results`` are as they were when it was built (:class:`reportgen.contract.reader.LoadedResults`:
    attributes, ``table``, ``at``, ``array``); the files are what stands in ``folder`` now. ``changed`` is
    False if the report was as it should be and nothing had to be done. ``problem`` is None or says why there
    is no PDF.
    """

    folder: Path
    results: LoadedResults = field(repr=False)
    changed: bool
    problem: UserError | None = None

    @property
    def html(self) -> Path:
        """The report as one self-contained HTML file."""
        return self.folder / HTML_FILE

    @property
    def pdf(self) -> Path | None:
        """The same, printed; None if it could not be, see ``problem``."""
        file = self.folder / PDF_FILE
        return file if self.problem is None and file.is_file() else None

    @property
    def figures(self) -> Mapping[str, Figure]:
        """Each figure by its name, as ``figures["patches-0"]``, in the order of the report.

        A number at the end is that of the class, from 0; gradient pictures have the class and the row of its
        table. A figure shows itself in a notebook and has ``path``, the file: JPEG, PNG or SVG.
        """
        files = sorted(file for file in read_record(self.folder).files if file.startswith(_FIGURES))
        figures = [Figure(self.folder / file) for file in files]
        return Figures({figure.name: figure for figure in figures})

    def show(self, height: int = 800) -> Page:
        """The whole report, to be shown in a notebook: a frame of ``height`` pixels.

        It carries the report with it, some megabytes, into the file of the notebook; the summary has some ten
        kilobytes.
        """
        return Page(self.html.read_text(encoding="utf-8"), height)

    def _repr_html_(self) -> str:
        from reportgen.api.pictures import link_to
        from reportgen.contract.summary_page import render_note, render_results

        files = [link_to(file) for file in (self.html, self.pdf) if file]
        lack = render_note(f"{self.problem.problem} {self.problem.remedy}") if self.problem else ""
        pictures = render_thumbnails(self.figures)
        return f"{render_results(self.results)}{pictures}<p>{' · '.join(files)}</p>{lack}"


def open_report(answer: Answer) -> Report:
    """The report that was answered with, its results read.

    Raises the error that came instead of a report, ``UserError`` if its results cannot be read.
    """
    if answer.folder is None:
        raise answer.error or ValueError("an answer without a report and without an error")
    return Report(answer.folder, load_results(answer.folder), answer.changed, answer.error)
